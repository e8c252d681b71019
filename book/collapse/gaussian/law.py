"""The exact law of Gaussian chains: their moments, without their samples."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..shares import Shares, share_counts, shares_by_generation
from ..validation import (
    boolean,
    fraction,
    generator,
    option,
    sample_sizes,
    whole_number,
)
from .family import ESTIMATORS


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
    real_fraction: Shares = 0.0,
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
    real_fraction : float or array of float
        γ in [0, 1], in the shapes that `Diet` takes; round(γM) points are real.
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
    share = fraction("real_fraction", real_fraction)
    shares = shares_by_generation("real_fraction", share, generations, chains)
    if (shares == shares[:, :1]).all():
        return _one_share(shares[:, 0], sizes, chains, loss, replay, memory, rng)
    means, variances = np.empty((2, len(sizes), chains))
    different, kind = np.unique(shares, axis=1, return_inverse=True)
    for place, column in enumerate(different.T):
        alike = kind == place
        means[:, alike], variances[:, alike] = _one_share(
            column, sizes, int(alike.sum()), loss, replay, memory, rng
        )
    return means, variances


def _one_share(
    shares: np.ndarray,
    sizes: list[int],
    chains: int,
    loss: int,
    replay: bool,
    memory: str,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    reals = [sizes[0], *share_counts(shares, sizes[1:]).tolist()]
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
    prefixes = _prefixes(set(reals), chains, rng) if replay else {}
    means, variances = np.empty((2, len(sizes), chains))
    training = nothing
    for generation, (size, real) in enumerate(zip(sizes, reals, strict=True)):
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
