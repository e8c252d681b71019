"""Experiments of the chapter on the VAE; all but one share the same run."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scipy.optimize import minimize

from claims.experiments.estimates import Estimate
from collapse import measures
from collapse.digits import digit_classifier, load_digits
from collapse.recursion import Diet, recurse
from collapse.shares import share_counts
from collapse.streams import Streams
from collapse.vae import VAE

SHARES = (0.0, 0.1, 0.5, 1.0)
"""Shares of real data that are followed."""


@cache
def _autoencoders(
    refits: int, sample_size: int, steps: int, chains: int, seed: int
) -> dict[float, dict[str, np.ndarray]]:
    """Follow digits for each share of real data; all entries use this one run.

    Returns
    -------
    dict
        For each share the pixel variance and the number of classes held, shape
        (refits, chains).
    """
    classifier = digit_classifier()
    digits = load_digits().train_images
    # The same seeds for all measurements, which must not disturb the chains.
    seeds = np.random.SeedSequence([seed, 1]).spawn(chains * len(SHARES))

    def measure(model, data):
        images = model.sample(500, Streams([np.random.default_rng(s) for s in seeds]))
        return {
            "variance": measures.pixel_variance(images),
            "classes": measures.classes_held(classifier.probabilities(images)),
        }

    # Where other programs compute as well, two threads mostly wait for each other.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        history = recurse(
            VAE(steps=steps),
            digits,
            generations=refits - 1,
            sample_size=sample_size,
            chains=len(seeds),
            diet=Diet(real_fraction=np.repeat(SHARES, chains)),
            rng=np.random.default_rng([seed, 0]),
            measure=measure,
        )
    finally:
        torch.set_num_threads(threads)
    return {
        share: {
            name: history[name][:, index * chains : (index + 1) * chains]
            for name in ("variance", "classes")
        }
        for index, share in enumerate(SHARES)
    }


def _spread(seed, real_fraction=0.0, **arguments) -> np.ndarray:
    """Return pixel variances relative to generation 0's, shape (refits, chains)."""
    variance = _autoencoders(**arguments, seed=seed[0])[real_fraction]["variance"]
    return variance / variance[0]


def first_variance(*, seed, **arguments) -> list[Estimate]:
    """Measure generation 0's pixel variance, relative to that of real digits."""
    variance = _autoencoders(**arguments, seed=seed[0])[0.0]["variance"][0]
    real = measures.pixel_variance(load_digits().train_images)
    return [Estimate(variance / real)]


def last_spread(**arguments) -> list[Estimate]:
    """Measure the last generation's pixel variance, relative to generation 0's."""
    return [Estimate(_spread(**arguments)[-1])]


def spread_lost(**arguments) -> list[Estimate]:
    """Measure the share of generation 0's pixel variance that is lost at the end."""
    return [Estimate(1 - _spread(**arguments)[-1])]


def spread_lacking_without_real_data(**arguments) -> list[Estimate]:
    """Measure how much more is left without real data than with 10 %; below 0: less."""
    none, tenth = (
        _spread(**arguments, real_fraction=share)[-1] for share in (0.0, 0.1)
    )
    return [Estimate(none - tenth)]


def late_fall(**arguments) -> list[Estimate]:
    """Measure the fall over the last two generations, relative to the first two's."""
    spread = _spread(**arguments)
    return [Estimate((spread[-3] - spread[-1]) / (spread[0] - spread[2]))]


def loss_and_gain(**arguments) -> list[Estimate]:
    """Measure the pixel variance lost, and gained, since generation 0."""
    change = _spread(**arguments)[-1] - 1
    return [Estimate(-change), Estimate(change)]


def classes_held(*, seed, real_fraction=0.0, **arguments) -> list[Estimate]:
    """Measure how many classes the last generation still shows."""
    run = _autoencoders(**arguments, seed=seed[0])[real_fraction]
    return [Estimate(run["classes"][-1])]


def classes_lost(**arguments) -> list[Estimate]:
    """Measure how many of the ten classes the last generation has lost."""
    (held,) = classes_held(**arguments)
    return [Estimate(10 - held.values)]


def linear_autoencoder(
    *, refits, real_fraction, noise, beta, sample_size, chains, seed
) -> list[Estimate]:
    """Measure how much linear autoencoders' mean images vary, for each share."""
    rng, found = np.random.default_rng(seed), []
    for count, share in zip(refits, real_fraction, strict=True):
        ends = np.empty(chains)
        for chain in range(chains):
            data = rng.standard_normal(sample_size)
            for _ in range(count):
                scale = _best_decoder(np.mean(data**2), noise, beta)
                data = scale * rng.standard_normal(sample_size)
                real = share_counts(share, sample_size)
                data[:real] = rng.standard_normal(real)
            ends[chain] = scale**2
        found.append(Estimate(ends))
    return found


def _best_decoder(square: float, noise: float, beta: float) -> float:
    """Maximise the linear autoencoder's bound for data of this mean square; give w."""

    def loss(weights: np.ndarray) -> float:
        w, a, log_variance = weights
        error = (1 - a * w) ** 2 * square + w**2 * np.exp(log_variance)
        kl = a**2 * square + np.exp(log_variance) - 1 - log_variance
        return error / (2 * noise) + beta * kl / 2

    return float(minimize(loss, [0.5, 0.5, -1.0], tol=1e-8).x[0])
