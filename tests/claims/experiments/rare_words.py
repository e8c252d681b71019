"""Experiments of the chapter on rare words."""

from __future__ import annotations

import numpy as np

from claims.experiments.estimates import Estimate
from collapse import categorical, measures
from collapse.categorical import Categorical, CategoricalModel, zipf
from collapse.recursion import Diet, recurse


def _measured(
    probabilities, measure, *, refits, sample_size, chains, seed, engine="loop", **other
) -> np.ndarray:
    """Measure the learned probabilities after each refit, (refits, chains, ...)."""
    common = {
        "generations": refits - 1,
        "sample_size": sample_size,
        "chains": chains,
        "rng": np.random.default_rng(seed),
    }
    if engine == "law":
        return categorical.exact_law(
            probabilities,
            measures={"measured": lambda learned, symbols: measure(learned)},
            **common,
            **other,
        )["measured"]
    real_fraction = other.pop("real_fraction", 0.0)
    return recurse(
        Categorical(len(probabilities), **other),
        CategoricalModel(probabilities),
        diet=Diet(real_fraction=real_fraction),
        measures={"measured": lambda model, data: measure(model.probabilities)},
        **common,
    )["measured"]


def heterozygosity(*, symbols, **protocol) -> list[Estimate]:
    """Measure H after the last refit; all symbols begin equally frequent."""
    words = np.full(symbols, 1 / symbols)
    return [Estimate(_measured(words, measures.heterozygosity, **protocol)[-1])]


def fixation(*, frequency, **protocol) -> list[Estimate]:
    """Measure how often the first of two symbols ends as the only one."""
    words = np.array([frequency, 1 - frequency])
    # Thousands of chains never lose a word all together: its column stays the first.
    won = _measured(words, lambda learned: learned[:, 0] == 1, **protocol)
    return [Estimate(won[-1].astype(float))]


def zipf_support(*, refits, symbols, exponent, **protocol) -> list[Estimate]:
    """Measure how many different words are left after each number of refits."""
    words = zipf(symbols, exponent)
    left = _measured(words, measures.support, refits=max(refits), **protocol)
    return [Estimate(left[refit - 1].astype(float)) for refit in refits]


def word_alive(*, occurrences, sample_size, **protocol) -> list[Estimate]:
    """Measure how often a word, seen so many times in a text, is still in use."""
    share = occurrences / sample_size
    words = np.array([share, 1 - share])
    # Thousands of chains never lose the word all together: its column stays the first.
    alive = _measured(
        words,
        lambda learned: learned[:, 0] > 0,
        sample_size=sample_size,
        **protocol,
    )
    return [Estimate(alive[-1].astype(float))]


def smoothing_forgets(*, symbols, **protocol) -> list[Estimate]:
    """Measure how much nearer a smoothed list is than a flat one; below 0: farther."""
    real = zipf(symbols)
    flat = measures.jensen_shannon_divergence(np.full(symbols, 1 / symbols), real)
    off = _measured(
        real,
        lambda learned: measures.jensen_shannon_divergence(learned, real),
        **protocol,
    )
    return [Estimate(flat - off[-1])]


def log_odds(**protocol) -> list[Estimate]:
    """Measure the first word's log-odds against the others, relative to the real."""
    words = np.array([0.5, 0.3, 0.2])

    def gains(learned):
        real = np.log(words[0] / words[1:])
        return np.log(learned[:, :1] / learned[:, 1:]) / real

    return [Estimate(gain) for gain in _measured(words, gains, **protocol)[-1].T]
