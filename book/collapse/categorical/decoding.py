"""How a word list speaks otherwise than it has learned: temperature, top-k, reward."""

from typing import Any

import numpy as np

from ..validation import distributions, finite_array, real_number, whole_number


def sharpen(probabilities: Any, temperature: float) -> np.ndarray:
    """Return the distributions at a temperature: ``p^(1/τ)``, made to add up to 1.

    All log-odds are multiplied by 1/τ. At τ = 0 only the most probable symbol is
    left (the first of several), and a symbol of probability 0 stays at 0.

    Parameters
    ----------
    probabilities : array, shape (..., K)
    temperature : float
        τ of at least 0; 1 changes nothing, below 1 sharpens, above 1 flattens.

    Raises
    ------
    ValueError
        If the temperature is negative or the rows are no distributions.
    """
    temperature = real_number("temperature", temperature, 0)
    return _sharpen(distributions("probabilities", probabilities), temperature)


def truncate(probabilities: Any, keep: int) -> np.ndarray:
    """Return the distributions of the `keep` most probable symbols alone (top-k).

    Of equally probable symbols the first ones are kept.

    Parameters
    ----------
    probabilities : array, shape (..., K)
    keep : int
        At least 1; K and more change nothing.

    Raises
    ------
    ValueError
        If `keep` is too small or the rows are no distributions.
    """
    keep = whole_number("keep", keep, 1)
    return _truncate(distributions("probabilities", probabilities), keep)


def best_of(probabilities: Any, candidates: int, reward: Any) -> np.ndarray:
    """Return the law of the best of several candidates, by a reward.

    Where F is the distribution function in order of reward, the law has F^K. Of
    candidates of equal reward one is taken at random.

    Parameters
    ----------
    probabilities : array, shape (..., S)
        What each candidate is drawn from.
    candidates : int
        K, at least 1; 1 changes nothing.
    reward : array, shape (S,)
        What each symbol earns; only the order counts.

    Raises
    ------
    ValueError
        If an argument is out of range, or the shapes do not fit.

    References
    ----------
    Ferbach et al., "Self-Consuming Generative Models with Curated Data Provably
    Optimize Human Preferences" (2024).
    """
    rows = distributions("probabilities", probabilities)
    reward = finite_array("reward", reward)
    if reward.shape != rows.shape[-1:]:
        raise ValueError(
            f"reward must have shape {rows.shape[-1:]}, one for each symbol, "
            f"got {reward.shape}"
        )
    return _best_of(rows, whole_number("candidates", candidates, 1), reward)


def decode(
    learned: np.ndarray,
    temperature: float,
    top_k: int | None,
    candidates: int = 1,
    reward: np.ndarray | None = None,
) -> np.ndarray:
    """Return what a model speaks that has learned these rows, shape (..., S)."""
    spoken = learned if temperature == 1 else _sharpen(learned, temperature)
    if top_k is not None:
        spoken = _truncate(spoken, top_k)
    if candidates == 1 or reward is None:
        return spoken
    return _best_of(spoken, candidates, reward)


def _sharpen(rows: np.ndarray, temperature: float) -> np.ndarray:
    if temperature == 0:
        return _truncate(rows, 1)
    # Relative to the largest, so that a low temperature does not make all of them 0.
    with np.errstate(under="ignore"):
        powers = (rows / rows.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def _truncate(rows: np.ndarray, keep: int) -> np.ndarray:
    if keep >= rows.shape[-1]:
        return rows
    order = np.argsort(-rows, axis=-1, kind="stable")[..., :keep]
    kept = np.zeros_like(rows)
    values = np.take_along_axis(rows, order, axis=-1)
    np.put_along_axis(kept, order, values, axis=-1)
    return kept / kept.sum(axis=-1, keepdims=True)


def _best_of(rows: np.ndarray, candidates: int, reward: np.ndarray) -> np.ndarray:
    order = np.argsort(reward, kind="stable")
    below = np.cumsum(rows[..., order], axis=-1)
    # The last of those that earn the same, and the last that earns less.
    ranked = reward[order]
    upto = below[..., np.searchsorted(ranked, ranked, side="right") - 1]
    first = np.searchsorted(ranked, ranked, side="left")
    less = np.where(first > 0, below[..., first - 1], 0.0)
    # (F^K - G^K) / (F - G), without the difference, in which digits would cancel.
    factor, power = np.ones_like(rows), np.ones_like(rows)
    for _ in range(candidates - 1):
        power = power * upto
        factor = factor * less + power
    best = np.empty_like(rows)
    best[..., order] = rows[..., order] * factor
    return best / best.sum(axis=-1, keepdims=True)
