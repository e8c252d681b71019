"""How far a distribution has moved: distances, divergences and spread.

Every function takes arrays whose leading axes are chains and returns one number for
each. Floor 2: it knows numpy and no model.
"""

from typing import Any

import numpy as np

from .validation import finite_array, refuse

# Eigenvalues may come out this far below 0, relative to the largest entry.
_ROUNDING = 1e-9


def wasserstein2_squared(
    mean: Any, variance: Any, other_mean: Any = 0.0, other_variance: Any = 1.0
) -> np.ndarray:
    """Return the squared 2-Wasserstein distance of normal distributions on a line.

    ``(μ - μ')² + (σ - σ')²``. Source: Dowson & Landau (1982), "The Fréchet distance
    between multivariate normal distributions", in one dimension.

    Parameters
    ----------
    mean, variance, other_mean, other_variance : float or array
        Shapes that broadcast. The other distribution is N(0, 1) unless given.

    Raises
    ------
    ValueError
        If a value is not finite or a variance is negative.
    """
    mean = finite_array("mean", mean)
    other_mean = finite_array("other_mean", other_mean)
    sd = np.sqrt(_not_negative("variance", variance))
    other_sd = np.sqrt(_not_negative("other_variance", other_variance))
    return (mean - other_mean) ** 2 + (sd - other_sd) ** 2


def kl_divergence(
    mean: Any, variance: Any, other_mean: Any = 0.0, other_variance: Any = 1.0
) -> np.ndarray:
    """Return KL(N(μ, σ²) || N(μ', σ'²)) in nats, for distributions on a line.

    ``(r - 1 - log r + (μ - μ')²/σ'²) / 2`` with r = σ²/σ'². Source: Kullback &
    Leibler (1951), "On information and sufficiency".

    Parameters
    ----------
    mean, variance, other_mean, other_variance : float or array
        Shapes that broadcast. The other distribution is N(0, 1) unless given. A
        variance of 0 gives infinity.

    Raises
    ------
    ValueError
        If a value is not finite, a variance is negative, or the other is 0.
    """
    mean = finite_array("mean", mean)
    other_mean = finite_array("other_mean", other_mean)
    other_variance = _not_negative("other_variance", other_variance)
    if np.any(other_variance == 0):
        raise refuse("other_variance", other_variance, "greater than 0")
    ratio = _not_negative("variance", variance) / other_variance
    with np.errstate(divide="ignore"):
        # log1p: near equality, ratio - 1 and its logarithm all but cancel.
        spread = (ratio - 1) - np.log1p(ratio - 1)
    return 0.5 * (spread + (mean - other_mean) ** 2 / other_variance)


def log_variance(data: Any) -> np.ndarray:
    """Return the log of the points' variance (divided by n), one for each chain.

    The fair way to average spread over chains: the variance itself is so skewed
    that a few chains carry its mean. Equal points give minus infinity.

    Parameters
    ----------
    data : array, shape (..., n)

    Raises
    ------
    ValueError
        If it is empty or not finite.
    """
    variance = finite_array("data", data, axes=1).var(axis=-1)
    with np.errstate(divide="ignore"):
        return np.log(variance)


def gaussian_frechet_distance(
    mean: Any, covariance: Any, other_mean: Any, other_covariance: Any
) -> np.ndarray:
    """Return the Fréchet distance (squared W2) of normals in d dimensions.

    ``|μ - μ'|² + tr(Σ + Σ' - 2 (Σ^½ Σ' Σ^½)^½)``. Source: Dowson & Landau (1982);
    as a measure of generated images, Heusel et al. (2017).

    Parameters
    ----------
    mean, other_mean : array, shape (..., d)
    covariance, other_covariance : array, shape (..., d, d)
        May be singular.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, or a covariance is none.
    """
    mean, covariance = _moments("", mean, covariance)
    other_mean, other_covariance = _moments("other_", other_mean, other_covariance)
    root = _square_root("covariance", covariance)
    # The trace of (Σ^½ Σ' Σ^½)^½ is the sum of singular values of AᵀB; from
    # them small eigenvalues come out accurately, where squares would lose half the
    # digits.
    other_root = _square_root("other_covariance", other_covariance)
    overlap = np.linalg.svd(
        np.swapaxes(root, -1, -2) @ other_root, compute_uv=False
    ).sum(axis=-1)
    traces = _trace(covariance) + _trace(other_covariance)
    shift = np.sum((mean - other_mean) ** 2, axis=-1)
    return shift + np.maximum(traces - 2 * overlap, 0)


def gaussian_kl_divergence(
    mean: Any, covariance: Any, other_mean: Any, other_covariance: Any
) -> np.ndarray:
    """Return KL(N(μ, Σ) || N(μ', Σ')) in nats, in d dimensions.

    ``(tr S - d - log det S + |L⁻¹(μ - μ')|²) / 2`` with Σ' = LLᵀ and
    S = L⁻¹ Σ L⁻ᵀ. Source: Kullback (1959), "Information Theory and Statistics",
    chapter 9.

    Parameters
    ----------
    mean, other_mean : array, shape (..., d)
    covariance, other_covariance : array, shape (..., d, d)
        The first may be singular: infinity. The other may not.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, a covariance is none, or the
        other is singular.
    """
    mean, covariance = _moments("", mean, covariance)
    other_mean, other_covariance = _moments("other_", other_mean, other_covariance)
    try:
        factor = np.linalg.cholesky(other_covariance)
    except np.linalg.LinAlgError:
        raise ValueError("other_covariance must be positive definite") from None
    white = np.linalg.solve(factor, _square_root("covariance", covariance))
    shift = np.linalg.solve(factor, (mean - other_mean)[..., None])[..., 0]
    ratios = np.linalg.svd(white, compute_uv=False) ** 2
    with np.errstate(divide="ignore"):
        spread = np.sum((ratios - 1) - np.log1p(ratios - 1), axis=-1)
    return 0.5 * (spread + np.sum(shift**2, axis=-1))


def frechet_distance(data: Any, other_data: Any) -> np.ndarray:
    """Return the Fréchet distance of two sets of points, each seen as a normal.

    Means and covariances (divided by n) go into `gaussian_frechet_distance`.

    Parameters
    ----------
    data : array, shape (..., n, d)
    other_data : array, shape (..., m, d)
        Leading axes broadcast: one reference set may serve all chains.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a set holds fewer than 2 points, is not finite, or d differs.
    """
    mean, covariance = _fit("data", data)
    other_mean, other_covariance = _fit("other_data", other_data)
    if mean.shape[-1] != other_mean.shape[-1]:
        raise ValueError(
            f"data and other_data must have points of the same dimension, got "
            f"{mean.shape[-1]} and {other_mean.shape[-1]}"
        )
    return gaussian_frechet_distance(mean, covariance, other_mean, other_covariance)


def _fit(name: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    data = finite_array(name, data, axes=2)
    if data.shape[-2] < 2:
        raise ValueError(f"{name} must hold at least 2 points, got shape {data.shape}")
    mean = data.mean(axis=-2)
    offset = data - mean[..., None, :]
    return mean, np.swapaxes(offset, -1, -2) @ offset / data.shape[-2]


def _not_negative(name: str, variance: Any) -> np.ndarray:
    array = finite_array(name, variance)
    if (array < 0).any():
        raise refuse(name, variance, "at least 0")
    return array


def _moments(prefix: str, mean: Any, covariance: Any) -> tuple[np.ndarray, np.ndarray]:
    mean = finite_array(f"{prefix}mean", mean, axes=1)
    covariance = finite_array(f"{prefix}covariance", covariance, axes=2)
    dimension = mean.shape[-1]
    if covariance.shape[-2:] != (dimension, dimension):
        raise ValueError(
            f"{prefix}covariance must end in ({dimension}, {dimension}) to fit "
            f"{prefix}mean, got shape {covariance.shape}"
        )
    return mean, covariance


def _square_root(name: str, covariance: np.ndarray) -> np.ndarray:
    """Return A with A Aᵀ = Σ, for a covariance that may be singular."""
    size = np.abs(covariance).max(axis=(-2, -1), keepdims=True)
    size = np.where(size > 0, size, 1.0)
    scaled = covariance / size
    if np.abs(scaled - np.swapaxes(scaled, -1, -2)).max() > _ROUNDING:
        raise ValueError(f"{name} must be symmetric")
    values, vectors = np.linalg.eigh(scaled)
    if (values < -_ROUNDING).any():
        raise ValueError(f"{name} must not have negative eigenvalues")
    scales = np.sqrt(np.maximum(values, 0) * size[..., 0])
    return vectors * scales[..., None, :]


def _trace(matrices: np.ndarray) -> np.ndarray:
    return np.trace(matrices, axis1=-2, axis2=-1)
