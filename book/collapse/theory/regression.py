"""The error of least squares when models label the data of their successors.

Room of floor 2: it knows numpy and scipy.
"""

import numpy as np
from scipy.special import digamma

from ..validation import interval_array, refuse, whole_array
from ._arguments import Numbers, checked_refits, checked_size


def regression_error_replace(
    refits: Numbers, sample_size: Numbers, dimension: Numbers, noise: Numbers = 1.0
) -> np.ndarray:
    """Return the expected excess error of least squares when data is replaced.

    ``σ² d / (T - d - 1) · n``: linear in the number of refits. The excess error is
    |w - w_true|², the squared error on a fresh noiseless x ~ N(0, I).

    Source: Gerstgrasser et al. (2024), "Is Model Collapse Inevitable?", Theorem 1.

    Parameters
    ----------
    refits, sample_size, dimension : int or array
        n, T and d, with T > d + 1.
    noise : float or array
        σ, at least 0.
    """
    return checked_refits(refits) * _first_regression_error(
        sample_size, dimension, noise
    )


def regression_error_accumulate(
    refits: Numbers, sample_size: Numbers, dimension: Numbers, noise: Numbers = 1.0
) -> np.ndarray:
    """Return the expected excess error of least squares when data accumulates.

    ``σ² Σ_{i≤n} d / (i(iT - d - 1))``, with inputs that are fresh in each round. It
    stays below ``π²/6`` times the first error, which is the limit for T → ∞.

    Source: derived in the appendix; Gerstgrasser et al. (2024), "Is Model Collapse
    Inevitable?", Theorem 2, for the bound.

    Parameters
    ----------
    refits, sample_size, dimension, noise
        As for `regression_error_replace`.
    """
    rounds = checked_refits(refits) + 1
    first = _first_regression_error(sample_size, dimension, noise)
    c = (np.asarray(dimension, float) + 1) / np.asarray(sample_size, float)
    # Σ_{i≤n} 1/(i(i-c)) is [ψ(n+1-c) - ψ(1-c) - ψ(n+1) + ψ(1)] / c.
    total = digamma(rounds - c) - digamma(1 - c) - digamma(rounds) + digamma(1)
    return first * (1 - c) / c * total


def regression_error_accumulate_limit(
    sample_size: Numbers, dimension: Numbers, noise: Numbers = 1.0
) -> np.ndarray:
    """Return where the error of least squares ends when data accumulates.

    ``σ² d/(d+1) · [ψ(1) - ψ(1 - (d+1)/T)]``.

    Source: derived in the appendix.

    Parameters
    ----------
    sample_size, dimension, noise
        As for `regression_error_replace`.
    """
    first = _first_regression_error(sample_size, dimension, noise)
    c = (np.asarray(dimension, float) + 1) / np.asarray(sample_size, float)
    return first * (1 - c) / c * (digamma(1) - digamma(1 - c))


def _first_regression_error(
    sample_size: Numbers, dimension: Numbers, noise: Numbers
) -> np.ndarray:
    size, dimension = checked_size(sample_size), whole_array("dimension", dimension, 1)
    noise = interval_array("noise", noise, 0)
    if np.any(size <= dimension + 1):
        raise refuse("sample_size", sample_size, "greater than dimension + 1")
    return noise**2 * dimension / (size - dimension - 1)
