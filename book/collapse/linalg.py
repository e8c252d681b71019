"""Covariance matrices by the stack: their principal axes, and those of data.

Ground floor: it knows numpy.
"""

from typing import NamedTuple

import numpy as np

# What rounding may do to a covariance, relative to its largest entry.
_ROUNDING = 1e-9

# Share of the largest variance below which a column is measured by its own spread: less
# would drown in the rounding of the others.
_UNLIKE = 1e-8


class PrincipalAxes(NamedTuple):
    """Standard deviations and directions of normal distributions.

    With ``U = diag(units)`` and orthonormal directions D, in columns, a covariance is
    ``U D diag(scales²) Dᵀ U``.

    Parameters
    ----------
    units : array, shape (..., d)
        1, but where columns are so unlike that each has a unit of its own.
    scales : array, shape (..., d)
        Ascending.
    directions : array, shape (..., d, d)
    """

    units: np.ndarray
    scales: np.ndarray
    directions: np.ndarray

    def roots(self) -> np.ndarray:
        """Return matrices A, shape (..., d, d), with ``Σ = A Aᵀ``."""
        stretch = self.directions * self.scales[..., None, :]
        return self.units[..., None] * stretch


def principal_axes(name: str, covariances: np.ndarray) -> PrincipalAxes:
    """Return standard deviations and directions of normal distributions.

    Parameters
    ----------
    name : str
        The argument's name.
    covariances : array, shape (..., d, d)
        They may be singular.

    Raises
    ------
    ValueError
        If a matrix is not symmetric or has a negative eigenvalue.
    """
    units = _units(np.diagonal(covariances, axis1=-2, axis2=-1))
    covariances = covariances / units[..., None] / units[..., None, :]
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
    scales = np.sqrt(np.maximum(variances, 0) * size[..., 0])
    return PrincipalAxes(units, scales, directions)


def _units(variances: np.ndarray) -> np.ndarray:
    """Return the standard deviations of columns that are unlike, or else 1."""
    varied = variances > 0
    least = np.where(varied, variances, np.inf).min(axis=-1, keepdims=True)
    unlike = least < _UNLIKE * variances.max(axis=-1, keepdims=True)
    return np.sqrt(np.where(varied & unlike, variances, 1.0))


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
