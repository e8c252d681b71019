"""Normal distributions, of one variable or of several, one for each chain."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..linalg import PrincipalAxes, principal_axes
from ..streams import Randomness, normals
from ..validation import finite_array, read_only, refuse, whole_number


@dataclass(frozen=True, eq=False)
class GaussianModel:
    """Normal distributions of one variable, one for each chain.

    Parameters
    ----------
    mean, variance : float or array, shape (...)
        Equal shapes, or shapes that broadcast; the axes are chains. The variance
        may be 0: a point mass.
    spoken : GaussianModel, optional
        What `sample` draws from, if a bias or a verifier makes the model speak
        otherwise than it has learned.

    Raises
    ------
    ValueError
        If they are not finite, a variance is negative, or the shapes do not fit.
    """

    mean: Any
    variance: Any
    spoken: "GaussianModel | None" = None
    chain_axis = True

    def __post_init__(self) -> None:
        mean = finite_array("mean", self.mean).astype(float)
        variance = finite_array("variance", self.variance).astype(float)
        if (variance < 0).any():
            raise refuse("variance", self.variance, "at least 0")
        if mean.shape != variance.shape:
            mean, variance = _broadcast(mean, variance)
        object.__setattr__(self, "mean", read_only(mean)[()])
        object.__setattr__(self, "variance", read_only(variance)[()])
        _check_spoken(self)

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points from each distribution.

        Returns
        -------
        array, shape (..., n)
            With streams for `rng`, (chains, n).
        """
        law = self if self.spoken is None else self.spoken
        points = normals(rng, np.shape(law.mean), (whole_number("n", n, 1),))
        points = points * np.sqrt(law.variance)[..., None]
        points += law.mean[..., None]
        return points

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the learned log density of each point, shape (..., n) like `data`.

        A point mass has density infinity at its point and 0 elsewhere.
        """
        offset = finite_array("data", data).astype(float) - self.mean[..., None]
        spread = np.sqrt(self.variance)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            density = -0.5 * (offset / spread) ** 2 - np.log(spread)
        density -= 0.5 * np.log(2 * np.pi)
        return np.where(spread > 0, density, np.where(offset == 0, np.inf, -np.inf))


@dataclass(frozen=True, eq=False)
class MultivariateGaussianModel:
    """Normal distributions of d variables, one for each chain.

    Parameters
    ----------
    mean : array, shape (..., d)
    covariance : array, shape (..., d, d)
        Symmetric, without negative eigenvalues; it may be singular.
    spoken : MultivariateGaussianModel, optional
        What `sample` draws from, if a bias makes the model speak otherwise than it
        has learned.

    Raises
    ------
    ValueError
        If they are not finite, do not fit together, or a covariance is none.
    """

    mean: Any
    covariance: Any
    spoken: "MultivariateGaussianModel | None" = None
    _axes: PrincipalAxes = field(init=False, repr=False)
    chain_axis = True

    def __post_init__(self) -> None:
        mean = finite_array("mean", self.mean, axes=1).astype(float)
        covariance = finite_array("covariance", self.covariance, axes=2).astype(float)
        expected = (*mean.shape, mean.shape[-1])
        if covariance.shape != expected:
            raise ValueError(
                f"covariance must have shape {expected} to fit the mean, "
                f"got {covariance.shape}"
            )
        object.__setattr__(self, "mean", read_only(mean))
        object.__setattr__(self, "covariance", read_only(covariance))
        object.__setattr__(self, "_axes", principal_axes("covariance", covariance))
        _check_spoken(self)

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points from each distribution.

        Returns
        -------
        array, shape (..., n, d)
            With streams for `rng`, (chains, n, d).
        """
        law = self if self.spoken is None else self.spoken
        n, dimension = whole_number("n", n, 1), law.mean.shape[-1]
        noise = normals(rng, law.mean.shape[:-1], (n, dimension))
        return noise @ np.swapaxes(law._axes.roots(), -1, -2) + law.mean[..., None, :]

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the learned log density of each point: (..., n, d) to (..., n).

        Where a covariance is singular, the density is infinite on the subspace that
        carries the distribution and 0 off it.
        """
        offset = finite_array("data", data).astype(float) - self.mean[..., None, :]
        units, scales, directions = self._axes
        scales = scales[..., None, :]
        along = offset / units[..., None, :] @ directions
        with np.errstate(divide="ignore", invalid="ignore"):
            standard = np.where(along == 0, 0.0, along / scales)
            square = np.sum(standard**2, axis=-1)
            volume = np.sum(np.log(scales) + np.log(units)[..., None, :], axis=-1)
            density = -0.5 * square - volume
        density -= 0.5 * self.mean.shape[-1] * np.log(2 * np.pi)
        return np.where(np.isinf(square), -np.inf, density)


def _check_spoken(model: GaussianModel | MultivariateGaussianModel) -> None:
    spoken, kind, shape = model.spoken, type(model), np.shape(model.mean)
    if spoken is None or (isinstance(spoken, kind) and spoken.mean.shape == shape):
        return
    raise refuse("spoken", spoken, f"a {kind.__name__} whose mean has shape {shape}")


def _broadcast(mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    try:
        return tuple(np.array(each) for each in np.broadcast_arrays(mean, variance))
    except ValueError:
        raise ValueError(
            f"mean and variance must have shapes that fit, "
            f"got {mean.shape} and {variance.shape}"
        ) from None
