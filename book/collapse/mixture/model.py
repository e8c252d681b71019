"""Mixtures of Gaussians, one for each chain: samples and densities."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..linalg import PrincipalAxes, principal_axes
from ..streams import Randomness, normals, uniforms
from ..validation import distributions, finite_array, read_only, whole_number


@dataclass(frozen=True, eq=False)
class Convergence:
    """How the fits of all chains ended; arrays of shape (...).

    Attributes
    ----------
    iterations : array of int
        Steps of EM, each an expectation and a maximisation.
    converged : array of bool
        Whether the last step gained less than the tolerance.
    log_likelihood : array
        Of the fitted model, in nats per point of its training data; infinite where
        all points are equal.
    floored : array of bool
        Whether some variance of the model was held at the floor. How narrow its
        component is, the data then do not say.
    """

    iterations: np.ndarray
    converged: np.ndarray
    log_likelihood: np.ndarray
    floored: np.ndarray


@dataclass(frozen=True, eq=False)
class GaussianMixtureModel:
    """Mixtures of K normal distributions, one mixture for each chain.

    Parameters
    ----------
    weights : array, shape (..., K)
        Each row adds up to 1; a weight may be 0.
    means : array, shape (..., K), or (..., K, d) for points of d numbers
    covariances : array, shape (..., K) of variances, or (..., K, d, d)
        Symmetric, without negative eigenvalues; they may be singular.
    convergence : Convergence, optional
        How the fit ended, if it was one.

    Raises
    ------
    ValueError
        If they are not finite, do not fit together, or are no weights or
        covariances.
    """

    weights: Any
    means: Any
    covariances: Any
    convergence: Convergence | None = None
    _axes: PrincipalAxes = field(init=False, repr=False)
    chain_axis = True

    def __post_init__(self) -> None:
        weights = distributions("weights", self.weights)
        means = finite_array("means", self.means, axes=1).astype(float)
        covariances = finite_array("covariances", self.covariances, axes=1)
        covariances = covariances.astype(float)
        flat = means.ndim == weights.ndim
        shape = weights.shape if flat else (*weights.shape, means.shape[-1])
        if means.shape != shape:
            raise ValueError(
                f"means must have shape {weights.shape} or {weights.shape} and d to "
                f"fit the weights, got {means.shape}"
            )
        shape = shape if flat else (*shape, shape[-1])
        if covariances.shape != shape:
            raise ValueError(
                f"covariances must have shape {shape} to fit the means, "
                f"got {covariances.shape}"
            )
        object.__setattr__(self, "weights", read_only(weights))
        object.__setattr__(self, "means", read_only(means))
        object.__setattr__(self, "covariances", read_only(covariances))
        matrices = covariances[..., None, None] if flat else covariances
        axes = principal_axes("covariances", matrices)
        object.__setattr__(self, "_axes", axes)

    @property
    def dimension(self) -> int | None:
        """The d of the points; None where a point is one number."""
        flat = self.means.ndim == self.weights.ndim
        return None if flat else self.means.shape[-1]

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points from each mixture.

        Returns
        -------
        array, shape (..., n) or (..., n, d)
            With streams for `rng`, (chains, n) or (chains, n, d).
        """
        n, leading = whole_number("n", n, 1), self.weights.shape[:-1]
        below = np.cumsum(self.weights, axis=-1)
        # Divided by itself the last entry is 1, and no draw falls beyond it.
        below /= below[..., -1:]
        draws = uniforms(rng, leading, (n,))
        chosen = np.zeros(draws.shape, dtype=np.intp)
        for k in range(self.weights.shape[-1] - 1):
            chosen += draws >= below[..., k, None]
        if self.dimension is None:
            noise = normals(rng, leading, (n,))
            return _look_up(self.means, chosen) + noise * np.sqrt(
                _look_up(self.covariances, chosen)
            )
        noise = normals(rng, leading, (n, self.dimension))
        roots = self._axes.roots()
        points = np.empty(noise.shape)
        for k in range(self.weights.shape[-1]):
            mine = chosen == k
            spread = noise @ np.swapaxes(roots[..., k, :, :], -1, -2)
            points[mine] = (spread + self.means[..., k, None, :])[mine]
        return points

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the log density of each point: (..., n[, d]) to (..., n).

        Raises
        ------
        ValueError
            If the points are not finite or of another dimension.
        """
        data = points_in_rows("data", data, self.dimension)
        means = self.means if self.dimension else self.means[..., None]
        offset = np.swapaxes(data, -1, -2)[..., None, :, :] - means[..., None]
        units, scales, directions = self._axes
        along = np.swapaxes(directions, -1, -2) @ (offset / units[..., None])
        with np.errstate(divide="ignore", invalid="ignore"):
            standard = np.where(along == 0, 0.0, along / scales[..., None])
            square = np.sum(standard**2, axis=-2)
            volume = np.sum(np.log(scales) + np.log(units), axis=-1)
            height = np.log(self.weights) - volume
            height -= 0.5 * scales.shape[-1] * np.log(2 * np.pi)
            joint = height[..., None] - 0.5 * square
        # A point off the subspace of a singular covariance, or a component of weight 0.
        nowhere = np.isinf(square) | (self.weights == 0)[..., None]
        joint = np.where(nowhere, -np.inf, joint)
        return np.logaddexp.reduce(joint, axis=-2)


def points_in_rows(name: str, data: Any, dimension: int | None) -> np.ndarray:
    """Return data as (..., n, d), also where a point is one number.

    Parameters
    ----------
    name : str
        The argument's name.
    data : array, shape (..., n) or (..., n, d)
    dimension : int, optional
        The d, or None where a point is one number.

    Raises
    ------
    ValueError
        If they are not finite or of another dimension.
    """
    data = finite_array(name, data, axes=1 if dimension is None else 2)
    if dimension is None:
        return data[..., None]
    if data.shape[-1] != dimension:
        raise ValueError(
            f"{name} must have a last axis of {dimension} for dimension={dimension}, "
            f"got shape {data.shape}"
        )
    return data


def _look_up(parameters: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Take each point's parameter: (..., K) and (..., n) to (..., n)."""
    rows = np.broadcast_to(parameters, chosen.shape[:-1] + parameters.shape[-1:])
    return np.take_along_axis(rows, chosen, axis=-1)
