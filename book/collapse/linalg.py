"""Covariance matrices by the stack: their principal axes, and those of data.

Ground floor: it knows numpy.
"""

import numpy as np

# What rounding may do to a covariance, relative to its largest entry.
_ROUNDING = 1e-9


def principal_axes(name: str, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standard deviations and directions of normal distributions.

    Parameters
    ----------
    name : str
        The argument's name.
    covariances : array, shape (..., d, d)
        They may be singular.

    Returns
    -------
    scales : array, shape (..., d)
        Ascending.
    directions : array, shape (..., d, d)
        Orthonormal, in columns: ``Σ = D diag(scales²) Dᵀ``.

    Raises
    ------
    ValueError
        If a matrix is not symmetric or has a negative eigenvalue.
    """
    # Scaled to 1, so that a tolerance and the solver see no tiny numbers.
    size = np.abs(covariances).max(axis=(-2, -1), keepdims=True)
    size = np.where(size > 0, size, 1.0)
    scaled = covariances / size
    if not np.allclose(scaled, np.swapaxes(scaled, -1, -2), rtol=0, atol=_ROUNDING):
        raise ValueError(f"{name} must be symmetric")
    variances, directions = np.linalg.eigh(scaled)
    if (variances < -_ROUNDING).any():
        raise ValueError(
            f"{name} must not have negative eigenvalues, "
            f"got {variances.min():.3g} times its largest entry"
        )
    return np.sqrt(np.maximum(variances, 0) * size[..., 0]), directions


def mean_and_scatter(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of points and the sum of squared deviations from it.

    Parameters
    ----------
    points : array, shape (..., n, d)

    Returns
    -------
    mean : array, shape (..., d)
    scatter : array, shape (..., d, d)
        Divided by n or n - 1 it is the covariance.
    """
    mean = points.mean(axis=-2)
    # The mean goes first, then the squares: no digits cancel when the spread is tiny.
    offset = points - mean[..., None, :]
    return mean, np.swapaxes(offset, -1, -2) @ offset
