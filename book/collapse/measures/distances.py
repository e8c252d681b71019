"""How far a distribution has moved from another one.

Leading axes are chains; each function returns one number for each.
"""

from typing import Any

import numpy as np
from scipy.special import rel_entr

from ..linalg import mean_and_scatter, principal_axes
from ..validation import distributions, finite_array, refuse, wide


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
    mean = wide(finite_array("mean", mean))
    other_mean = wide(finite_array("other_mean", other_mean))
    sd = np.sqrt(_not_negative("variance", variance))
    other_sd = np.sqrt(_not_negative("other_variance", other_variance))
    return (mean - other_mean) ** 2 + (sd - other_sd) ** 2


def gaussian_frechet_distance(
    mean: Any, covariance: Any, other_mean: Any, other_covariance: Any
) -> np.ndarray:
    """Return the Fréchet distance (squared W2) of normals in d dimensions.

    ``|μ - μ'|² + tr(Σ + Σ' - 2 (Σ^½ Σ' Σ^½)^½)``. Source: Dowson & Landau (1982);
    as a measure of generated images, Heusel et al. (2017). A difference below 1e-15 of
    all variances together is lost to rounding.

    Parameters
    ----------
    mean : array, shape (..., d)
    covariance : array, shape (..., d, d)
        May be singular.
    other_mean : array, shape (..., d)
    other_covariance : array, shape (..., d, d)
        May be singular, too.

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
    # The trace of (Σ^½ Σ' Σ^½)^½ is the sum of singular values of AᵀB with Σ = AAᵀ
    # and Σ' = BBᵀ; from them small eigenvalues come out accurately, where squares
    # would lose half the digits.
    root = principal_axes("covariance", covariance).roots()
    other_root = principal_axes("other_covariance", other_covariance).roots()
    overlap = np.linalg.svd(
        np.swapaxes(root, -1, -2) @ other_root, compute_uv=False
    ).sum(axis=-1)
    traces = _trace(covariance) + _trace(other_covariance)
    shift = np.sum((mean - other_mean) ** 2, axis=-1)
    return shift + np.maximum(traces - 2 * overlap, 0)


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


def mixture_l2_distance(
    weights: Any,
    means: Any,
    covariances: Any,
    other_weights: Any,
    other_means: Any,
    other_covariances: Any,
) -> np.ndarray:
    """Return the L2 distance of two Gaussian mixture densities, ``(∫ (f - g)²)^½``.

    By the closed form ``∫ N(x; a, A) N(x; b, B) dx = N(a; b, A + B)`` for each pair
    of components. A difference below 1e-8 of the densities' own norm is lost to
    rounding. Source: Petersen & Pedersen (2012), "The Matrix Cookbook", section
    8.1.8; for mixtures, Scott (1999), "Parametric modeling by minimum L2 error".

    Parameters
    ----------
    weights : array, shape (..., K)
    means : array, shape (..., K), or (..., K, d)
    covariances : array, shape (..., K) of variances, or (..., K, d, d)
    other_weights, other_means, other_covariances : array
        As above, with a number of components of its own; the leading axes
        broadcast.

    Returns
    -------
    array, shape (...)
        Its square has the unit of a density.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, weights are none, or the sum of
        two covariances is singular.
    """
    one = _mixture("", weights, means, covariances)
    other = _mixture("other_", other_weights, other_means, other_covariances)
    if one[1].shape[-1] != other[1].shape[-1]:
        raise ValueError(
            "means and other_means must be of equal dimension, "
            f"got {one[1].shape[-1]} and {other[1].shape[-1]}"
        )
    # One signed mixture, f - g.
    weights = _joined(one[0], -other[0], axes=1)
    means = _joined(one[1], other[1], axes=2)
    covariances = _joined(one[2], other[2], axes=3)
    sums = covariances[..., :, None, :, :] + covariances[..., None, :, :, :]
    gaps = means[..., :, None, :] - means[..., None, :, :]
    volumes = np.linalg.det(sums)
    if (volumes <= 0).any():
        raise ValueError("covariances must be positive definite")
    square = np.vecdot(gaps, np.linalg.solve(sums, gaps[..., None])[..., 0])
    overlaps = np.exp(-0.5 * square) / np.sqrt(volumes)
    overlaps /= (2 * np.pi) ** (means.shape[-1] / 2)
    total = np.vecdot(weights, np.matvec(overlaps, weights))
    return np.sqrt(np.maximum(total, 0))


def jensen_shannon_divergence(
    probabilities: Any, other_probabilities: Any
) -> np.ndarray:
    """Return the Jensen-Shannon divergence in nats, between 0 and log 2.

    The mean of both Kullback-Leibler divergences to the average of the two. Source:
    Lin (1991), "Divergence measures based on the Shannon entropy".

    Parameters
    ----------
    probabilities, other_probabilities : array, shape (..., K)
        Rows that add up to 1; the leading axes broadcast.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution or K differs.
    """
    one = distributions("probabilities", probabilities)
    other = distributions("other_probabilities", other_probabilities)
    if one.shape[-1] != other.shape[-1]:
        raise ValueError(
            "probabilities and other_probabilities must have equal last axes, "
            f"got {one.shape} and {other.shape}"
        )
    middle = (one + other) / 2
    terms = rel_entr(one, middle) + rel_entr(other, middle)
    return np.maximum(0.5 * terms.sum(axis=-1), 0)


def _mixture(
    prefix: str, weights: Any, means: Any, covariances: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights (..., K), means (..., K, d), covariances (..., K, d, d)."""
    weights = distributions(f"{prefix}weights", weights)
    means = finite_array(f"{prefix}means", means, axes=1).astype(float)
    covariances = finite_array(f"{prefix}covariances", covariances, axes=1)
    covariances = covariances.astype(float)
    if means.ndim == weights.ndim:
        means = means[..., None]
        if covariances.shape == weights.shape:
            covariances = covariances[..., None, None]
    d = means.shape[-1]
    if means.shape[:-1] != weights.shape or covariances.shape != (*means.shape, d):
        raise ValueError(
            f"{prefix}weights, {prefix}means and {prefix}covariances must have "
            "shapes (..., K), (..., K, d) and (..., K, d, d), or three times "
            f"(..., K), got {weights.shape}, {means.shape} and {covariances.shape}"
        )
    return weights, means, covariances


def _joined(one: np.ndarray, other: np.ndarray, axes: int) -> np.ndarray:
    """Join the components of two mixtures, whose own axes are the last `axes`."""
    leading = np.broadcast_shapes(one.shape[:-axes], other.shape[:-axes])
    parts = [
        np.broadcast_to(each, leading + each.shape[-axes:]) for each in (one, other)
    ]
    return np.concatenate(parts, axis=-axes)


def _fit(name: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    data = finite_array(name, data, axes=2)
    if data.shape[-2] < 2:
        raise ValueError(f"{name} must hold at least 2 points, got shape {data.shape}")
    # In single precision a covariance gets negative eigenvalues by rounding.
    mean, scatter = mean_and_scatter(data.astype(float))
    return mean, scatter / data.shape[-2]


def _not_negative(name: str, variance: Any) -> np.ndarray:
    array = finite_array(name, variance)
    if (array < 0).any():
        raise refuse(name, variance, "at least 0")
    return wide(array)


def _moments(prefix: str, mean: Any, covariance: Any) -> tuple[np.ndarray, np.ndarray]:
    mean = wide(finite_array(f"{prefix}mean", mean, axes=1))
    covariance = wide(finite_array(f"{prefix}covariance", covariance, axes=2))
    dimension = mean.shape[-1]
    if covariance.shape[-2:] != (dimension, dimension):
        raise ValueError(
            f"{prefix}covariance must end in ({dimension}, {dimension}) to fit "
            f"{prefix}mean, got shape {covariance.shape}"
        )
    return mean, covariance


def _trace(matrices: np.ndarray) -> np.ndarray:
    return np.trace(matrices, axis1=-2, axis2=-1)
