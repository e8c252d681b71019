"""The exact law of Gaussian chains: their moments, without their samples."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..shares import Shares, share_counts, shares_by_generation
from ..validation import (
    boolean,
    fraction,
    generator,
    option,
    positive_number,
    refuse,
    sample_sizes,
    whole_number,
)
from .family import Gaussian


class _Moments(NamedTuple):
    """All that a Gaussian remembers of data; numbers or arrays of shape (chains,)."""

    weight: Any
    """What all points weigh together: their number, if each weighs 1."""
    squares: Any
    """The squares of their weights, added up."""
    mean: Any
    square_sum: Any
    """Squared deviations from the mean, times the weights, added up."""

    def times(self, weight: float) -> "_Moments":
        """Return the moments of points that weigh more or less by a factor."""
        if weight == 1:
            return self
        return _Moments(
            weight * self.weight,
            weight**2 * self.squares,
            self.mean,
            weight * self.square_sum,
        )


_NOTHING = _Moments(0, 0, 0.0, 0.0)


def exact_law(
    *,
    generations: int,
    sample_size: int | Sequence[int],
    chains: int = 1,
    estimator: str = "mle",
    real_fraction: Shares = 0.0,
    replay: bool = False,
    memory: str = "replace",
    mislabelled: Shares = 0.0,
    real_weight: float = 1.0,
    sampling_bias: float = 1.0,
    verifier: tuple[float, float] | None = None,
    known_variance: float | None = None,
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
        γ in [0, 1], one for all or of shape (chains,), (generations, chains) or
        (generations, 1), as `Diet` takes it; round(γM) points are real.
    replay : bool
        Whether the real points are the first of generation 0's, each time.
    memory : {"replace", "accumulate"}
        Train on the newest batch or on all batches so far.
    mislabelled : float or array of float
        The rate in [0, 1], of the same shapes, at which a point taken for real is
        new in truth; 0 with `replay`.
    real_weight : float
        What a point taken for real weighs, against 1 for a new one; above 0.
    sampling_bias, verifier, known_variance
        As for `Gaussian`.
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
    family = Gaussian(estimator, None, sampling_bias, verifier, known_variance)
    option("memory", memory, ("replace", "accumulate"))
    generator("rng", rng)
    shares, rates = (
        shares_by_generation(name, fraction(name, share), generations, chains)
        for name, share in [
            ("real_fraction", real_fraction),
            ("mislabelled", mislabelled),
        ]
    )
    if boolean("replay", replay) and rates.any():
        raise refuse("mislabelled", mislabelled, "0 with replay=True")
    real_weight = positive_number("real_weight", real_weight)

    kinds = [
        (alike, _Diet(sizes, share, rate, replay, memory, real_weight))
        for alike, share, rate in _kinds(shares, rates)
    ]
    if len(kinds) == 1:
        return _follow(family, kinds[0][1], chains, rng)
    means, variances = np.empty((2, len(sizes), chains))
    for alike, diet in kinds:
        means[:, alike], variances[:, alike] = _follow(
            family, diet, int(alike.sum()), rng
        )
    return means, variances


def _kinds(
    shares: np.ndarray, rates: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield which chains eat alike, with their share and rate in each generation."""
    if all((each == each[:, :1]).all() for each in (shares, rates)):
        yield np.ones(shares.shape[1], bool), shares[:, 0], rates[:, 0]
        return
    both = np.concatenate([shares, rates])
    different, kind = np.unique(both, axis=1, return_inverse=True)
    for place, column in enumerate(different.T):
        share, rate = np.split(column, 2)
        yield kind == place, share, rate


class _Diet:
    """What each generation of some chains eats: `Diet` for moments."""

    def __init__(
        self,
        sizes: list[int],
        shares: np.ndarray,
        rates: np.ndarray,
        replay: bool,
        memory: str,
        real_weight: float,
    ) -> None:
        self.sizes = sizes
        self.reals = [sizes[0], *share_counts(shares, sizes[1:]).tolist()]
        self.rates = [0.0, *rates.tolist()]
        self.replay, self.memory, self.real_weight = replay, memory, real_weight


def _follow(
    family: Gaussian, diet: _Diet, chains: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Follow chains that eat alike."""
    plain = family == Gaussian(family.estimator)
    if plain and diet.memory == "replace" and not any(diet.reals[1:]):
        return _free_fall(np.array(diet.sizes), chains, family.ddof, rng)
    return _mixed_diet(family, diet, chains, rng)


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
    family: Gaussian, diet: _Diet, chains: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Go generation by generation, all chains at once."""
    prefixes = _prefixes(set(diet.reals), chains, rng) if diet.replay else {}
    means, variances = np.empty((2, len(diet.sizes), chains))
    training = _NOTHING
    spoken: tuple[Any, Any] = (0.0, 1.0)
    rows = zip(diet.sizes, diet.reals, diet.rates, strict=True)
    for generation, (size, real, rate) in enumerate(rows):
        if generation > 0:
            spoken = family.spoken(means[generation - 1], variances[generation - 1])
        if diet.replay:
            batch = prefixes[real]
        elif rate == 0 or real == 0:
            batch = _draw(real, 0.0, 1.0, chains, rng)
        else:
            wrong = rng.binomial(real, rate, chains)
            batch = _draw(real - wrong, 0.0, 1.0, chains, rng)
            batch = _pool(batch, _draw(wrong, *spoken, chains, rng))
        batch = batch.times(diet.real_weight)
        if size > real:
            batch = _pool(batch, _draw(size - real, *spoken, chains, rng))
        training = _pool(training, batch) if diet.memory == "accumulate" else batch
        means[generation] = training.mean
        if family.known_variance is None:
            lost = family.ddof * (training.squares / training.weight)
            variances[generation] = training.square_sum / (training.weight - lost)
        else:
            variances[generation] = family.known_variance
    return means, variances


def _draw(
    count: Any, mean: Any, variance: Any, chains: int, rng: np.random.Generator
) -> _Moments:
    """Draw the moments of `count` normal points without drawing the points.

    The number is one for all chains or, shape (chains,), one for each.
    """
    if not np.any(count):
        return _NOTHING
    some = np.maximum(count, 1)
    centre = mean + np.sqrt(variance / some) * rng.standard_normal(chains)
    square_sum = 2 * variance * rng.standard_gamma((some - 1) / 2, chains)
    return _Moments(count, count, centre, square_sum)


def _pool(first: _Moments, second: _Moments) -> _Moments:
    """Return the moments of two sets of points together, one of which may be empty."""
    weight = first.weight + second.weight
    if not np.any(second.weight):
        return first
    share = second.weight / weight
    gap = second.mean - first.mean
    between = first.weight * share * gap**2
    return _Moments(
        weight,
        first.squares + second.squares,
        first.mean + share * gap,
        first.square_sum + second.square_sum + between,
    )


def _prefixes(
    counts: set[int], chains: int, rng: np.random.Generator
) -> dict[int, _Moments]:
    """Return the moments of the first k real points, for each k in `counts`."""
    grown, drawn = _NOTHING, 0
    prefixes = {0: grown}
    for count in sorted(counts):
        more = _draw(count - drawn, 0.0, 1.0, chains, rng)
        grown, drawn = _pool(grown, more), count
        prefixes[count] = grown
    return prefixes
