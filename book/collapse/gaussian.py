"""The Gaussian family: one number or many, one chain or thousands side by side.

Also its exact law, which follows a chain's mean and variance without ever drawing
the samples. Floor 1: it knows numpy and the floor below, and no other family.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .linalg import mean_and_scatter, principal_axes
from .shares import share_counts, shares_of_chains
from .streams import Randomness, normals
from .validation import (
    boolean,
    finite_array,
    fraction,
    generator,
    option,
    refuse,
    sample_sizes,
    whole_number,
)

ESTIMATORS = ("mle", "unbiased")
"""Divide the squared deviations of n points by n, or by n - 1."""


@dataclass(frozen=True, eq=False)
class GaussianModel:
    """Normal distributions of one variable, one for each chain.

    Parameters
    ----------
    mean, variance : float or array, shape (...)
        Equal shapes, or shapes that broadcast; the axes are chains. The variance
        may be 0: a point mass.

    Raises
    ------
    ValueError
        If they are not finite, a variance is negative, or the shapes do not fit.
    """

    mean: Any
    variance: Any
    chain_axis = True

    def __post_init__(self) -> None:
        mean = finite_array("mean", self.mean).astype(float)
        variance = finite_array("variance", self.variance).astype(float)
        if (variance < 0).any():
            raise refuse("variance", self.variance, "at least 0")
        if mean.shape != variance.shape:
            mean, variance = _broadcast(mean, variance)
        object.__setattr__(self, "mean", mean[()])
        object.__setattr__(self, "variance", variance[()])

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points from each distribution.

        Returns
        -------
        array, shape (..., n)
            With streams for `rng`, (chains, n).
        """
        points = normals(rng, np.shape(self.mean), (whole_number("n", n, 1),))
        points = points * np.sqrt(self.variance)[..., None]
        points += self.mean[..., None]
        return points

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the log density of each point, shape (..., n) like `data`.

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

    Raises
    ------
    ValueError
        If they are not finite, do not fit together, or a covariance is none.
    """

    mean: Any
    covariance: Any
    _axes: tuple[np.ndarray, np.ndarray] = field(init=False, repr=False)
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
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "_axes", principal_axes("covariance", covariance))

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points from each distribution.

        Returns
        -------
        array, shape (..., n, d)
            With streams for `rng`, (chains, n, d).
        """
        n, dimension = whole_number("n", n, 1), self.mean.shape[-1]
        noise = normals(rng, self.mean.shape[:-1], (n, dimension))
        scales, directions = self._axes
        stretch = directions * scales[..., None, :]
        return noise @ np.swapaxes(stretch, -1, -2) + self.mean[..., None, :]

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the log density of each point: (..., n, d) to (..., n).

        Where a covariance is singular, the density is infinite on the subspace that
        carries the distribution and 0 off it.
        """
        offset = finite_array("data", data).astype(float) - self.mean[..., None, :]
        scales, directions = self._axes
        scales = scales[..., None, :]
        along = offset @ directions
        with np.errstate(divide="ignore", invalid="ignore"):
            standard = np.where(along == 0, 0.0, along / scales)
            square = np.sum(standard**2, axis=-1)
            volume = np.sum(np.log(scales), axis=-1)
            density = -0.5 * square - volume
        density -= 0.5 * self.mean.shape[-1] * np.log(2 * np.pi)
        return np.where(np.isinf(square), -np.inf, density)


@dataclass(frozen=True)
class Gaussian:
    """The family of normal distributions, fitted by mean and (co)variance.

    Parameters
    ----------
    estimator : {"mle", "unbiased"}
        Divide the squared deviations by n (maximum likelihood) or by n - 1.
    dimension : int, optional
        None: data of shape (..., n), one number a point. d: shape (..., n, d).

    Raises
    ------
    ValueError
        If the estimator is unknown or the dimension is not a positive whole number.
    """

    estimator: str = "mle"
    dimension: int | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        option("estimator", self.estimator, ESTIMATORS)
        if self.dimension is not None:
            whole_number("dimension", self.dimension, 1)

    def fit(self, data: Any) -> GaussianModel | MultivariateGaussianModel:
        """Fit one distribution to the points of each chain.

        Parameters
        ----------
        data : array, shape (..., n) or (..., n, d)
            At least two points; the leading axes are chains.

        Raises
        ------
        ValueError
            If there are fewer than two points, the shape does not fit, or a value
            is not finite.
        """
        axes = 1 if self.dimension is None else 2
        data = finite_array("data", data, axes=axes).astype(float, copy=False)
        if self.dimension is not None and data.shape[-1] != self.dimension:
            raise ValueError(
                f"data must have a last axis of {self.dimension} for dimension="
                f"{self.dimension}, got shape {data.shape}"
            )
        points = data.shape[-axes]
        if points < 2:
            raise ValueError(
                f"data must hold at least 2 points to fit a variance, got {points} "
                f"(shape {data.shape})"
            )
        divisor = points - 1 if self.estimator == "unbiased" else points
        if self.dimension is None:
            return _fit_one(data, divisor)
        return _fit_many(data, divisor)


def _fit_one(data: np.ndarray, divisor: int) -> GaussianModel:
    mean = data.mean(axis=-1)
    # The mean goes first, then the squares: no digits cancel when the spread is tiny.
    offset = data - mean[..., None]
    return GaussianModel(mean, np.vecdot(offset, offset) / divisor)


def _fit_many(data: np.ndarray, divisor: int) -> MultivariateGaussianModel:
    mean, scatter = mean_and_scatter(data)
    return MultivariateGaussianModel(mean, scatter / divisor)


def _broadcast(mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    try:
        return tuple(np.array(each) for each in np.broadcast_arrays(mean, variance))
    except ValueError:
        raise ValueError(
            f"mean and variance must have shapes that fit, "
            f"got {mean.shape} and {variance.shape}"
        ) from None


class _Moments(NamedTuple):
    """All that a Gaussian remembers of data; arrays of shape (chains,)."""

    size: int
    mean: np.ndarray
    square_sum: np.ndarray
    """Squared deviations from the mean, added up."""


def exact_law(
    *,
    generations: int,
    sample_size: int | Sequence[int],
    chains: int = 1,
    estimator: str = "mle",
    real_fraction: float | Sequence[float] = 0.0,
    replay: bool = False,
    memory: str = "replace",
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Follow Gaussian chains without drawing their samples.

    The mean of n points from N(μ, σ²) has the law N(μ, σ²/n), and the sum of squared
    deviations, independent of it, the law σ² χ²(n - 1). So a generation costs two
    random numbers, whatever its size, and the chains have the same law as those of
    ``recurse(Gaussian(estimator), GaussianModel(0, 1), ...)``. Where real and new
    points are mixed, their sums of squares add, and so does the square between
    their means.

    Parameters
    ----------
    generations : int
        How many generations follow generation 0; at least 1.
    sample_size : int or sequence of int
        M of at least 2, up to 10**12 and beyond, or M_0, ..., M_generations.
    chains : int
        How many independent chains.
    estimator : {"mle", "unbiased"}
        Divide by M or by M - 1.
    real_fraction : float or sequence of float
        γ in [0, 1], shared or one for each chain; round(γM) points are real.
    replay : bool
        Whether the real points are the first of generation 0's, each time.
    memory : {"replace", "accumulate"}
        Train on the newest batch or on all batches so far.
    rng : Generator
        The source of randomness. Chains share it: a chain's path depends on how
        many neighbours it has, its law does not.

    Returns
    -------
    means, variances : arrays, shape (generations + 1, chains)
        Row i is generation i, which has been refitted i + 1 times; the real
        distribution is N(0, 1). A variance below 1e-308 becomes 0.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    References
    ----------
    Cochran's theorem; the recursion is derived in the appendix.
    """
    generations = whole_number("generations", generations, 1)
    chains = whole_number("chains", chains, 1)
    sizes = sample_sizes(sample_size, generations, smallest=2)
    option("estimator", estimator, ESTIMATORS)
    option("memory", memory, ("replace", "accumulate"))
    boolean("replay", replay)
    generator("rng", rng)
    loss = 1 if estimator == "unbiased" else 0
    shares = shares_of_chains(
        "real_fraction", fraction("real_fraction", real_fraction), chains
    )
    different = np.unique(shares)
    if len(different) == 1:
        return _one_share(different[0], sizes, chains, loss, replay, memory, rng)
    means, variances = np.empty((2, len(sizes), chains))
    for share in different:
        alike = shares == share
        means[:, alike], variances[:, alike] = _one_share(
            share, sizes, int(alike.sum()), loss, replay, memory, rng
        )
    return means, variances


def _one_share(
    share: float,
    sizes: list[int],
    chains: int,
    loss: int,
    replay: bool,
    memory: str,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    reals = share_counts(share, sizes).tolist()
    if memory == "replace" and not any(reals[1:]):
        return _free_fall(np.array(sizes), chains, loss, rng)
    return _mixed_diet(sizes, reals, chains, loss, replay, memory, rng)


def _free_fall(
    sizes: np.ndarray, chains: int, loss: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Replace all data every time: a product of chi-squares, and a random walk."""
    shape = (len(sizes), chains)
    if (sizes == sizes[0]).all():
        # One number, not a column of equal ones: numpy's quick path.
        variances = rng.standard_gamma((sizes[0] - 1) / 2, shape)
    else:
        variances = rng.standard_gamma(((sizes - 1) / 2)[:, None], shape)
    variances *= (2 / (sizes - loss))[:, None]
    np.cumprod(variances, axis=0, out=variances)
    means = rng.standard_normal(shape)
    means[1:] *= np.sqrt(variances[:-1])
    means /= np.sqrt(sizes)[:, None]
    np.cumsum(means, axis=0, out=means)
    return means, variances


def _mixed_diet(
    sizes: list[int],
    reals: list[int],
    chains: int,
    loss: int,
    replay: bool,
    memory: str,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Go generation by generation, all chains at once."""
    nothing = _Moments(0, np.zeros(chains), np.zeros(chains))
    prefixes = _prefixes({sizes[0], *reals[1:]}, chains, rng) if replay else {}
    means, variances = np.empty((2, len(sizes), chains))
    training = nothing
    for generation, (size, real) in enumerate(zip(sizes, reals, strict=True)):
        real = size if generation == 0 else real
        batch = prefixes[real] if replay else _draw(real, 0.0, 1.0, chains, rng)
        if size > real:
            last = means[generation - 1], variances[generation - 1]
            batch = _pool(batch, _draw(size - real, *last, chains, rng))
        training = _pool(training, batch) if memory == "accumulate" else batch
        means[generation] = training.mean
        variances[generation] = training.square_sum / (training.size - loss)
    return means, variances


def _draw(
    count: int, mean: Any, variance: Any, chains: int, rng: np.random.Generator
) -> _Moments:
    """Draw the moments of `count` normal points without drawing the points."""
    if count == 0:
        return _Moments(0, np.zeros(chains), np.zeros(chains))
    centre = mean + np.sqrt(variance / count) * rng.standard_normal(chains)
    return _Moments(
        count, centre, 2 * variance * rng.standard_gamma((count - 1) / 2, chains)
    )


def _pool(first: _Moments, second: _Moments) -> _Moments:
    """Return the moments of two sets of points together."""
    count = first.size + second.size
    if count == 0:
        return first
    share = second.size / count
    gap = second.mean - first.mean
    between = first.size * share * gap**2
    return _Moments(
        count,
        first.mean + share * gap,
        first.square_sum + second.square_sum + between,
    )


def _prefixes(
    counts: set[int], chains: int, rng: np.random.Generator
) -> dict[int, _Moments]:
    """Return the moments of the first k real points, for each k in `counts`."""
    grown = _Moments(0, np.zeros(chains), np.zeros(chains))
    prefixes = {0: grown}
    for count in sorted(counts):
        more = _draw(count - grown.size, 0.0, 1.0, chains, rng)
        grown = _pool(grown, more)
        prefixes[count] = grown
    return prefixes
