"""How a word list speaks otherwise than it has learned: temperature and top-k."""

from typing import Any

import numpy as np

from ..validation import distributions, real_number, whole_number


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


def decode(learned: np.ndarray, temperature: float, top_k: int | None) -> np.ndarray:
    """Return what a model speaks that has learned these rows, shape (..., K)."""
    spoken = learned if temperature == 1 else _sharpen(learned, temperature)
    return spoken if top_k is None else _truncate(spoken, top_k)


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
