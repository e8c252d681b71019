"""Experiments of the chapter on the Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claims.experiments.estimates import Estimate
from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.measures import wasserstein2_squared
from collapse.recursion import Diet, recurse
from collapse.regression import LinearModel, LinearRegression, excess_error

TRUTH = GaussianModel(0.0, 1.0)


def _paths(
    *, refits, sample_size, chains, seed, engine="loop", estimator="mle", **diet
) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances after each refit, shape (refits, chains)."""
    rng = np.random.default_rng(seed)
    common = {
        "generations": refits - 1,
        "sample_size": sample_size,
        "chains": chains,
        "rng": rng,
    }
    if engine == "law":
        return exact_law(estimator=estimator, **common, **diet)
    history = recurse(
        Gaussian(estimator),
        TRUTH,
        diet=Diet(**diet),
        measures={
            "mean": lambda model, data: model.mean,
            "variance": lambda model, data: model.variance,
        },
        **common,
    )
    return history["mean"], history["variance"]


def variance(**protocol) -> list[Estimate]:
    """Measure σ² after the last refit."""
    _, variances = _paths(**protocol)
    return [Estimate(variances[-1])]


def total_variance(**protocol) -> list[Estimate]:
    """Measure E σ² + Var μ after the last refit; the true E μ is 0."""
    means, variances = _paths(**protocol)
    return [Estimate(variances[-1] + means[-1] ** 2)]


def squared_mean(**protocol) -> list[Estimate]:
    """Measure Var μ after the last refit; the true E μ is 0."""
    means, _ = _paths(**protocol)
    return [Estimate(means[-1] ** 2)]


def log_variance(**protocol) -> list[Estimate]:
    """Measure log σ² after the last refit."""
    _, variances = _paths(**protocol)
    return [Estimate(np.log(variances[-1]))]


def median_sd(**protocol) -> list[Estimate]:
    """Measure the median of σ after the last refit."""
    _, variances = _paths(**protocol)
    return [Estimate(np.sqrt(variances[-1]), "median")]


def growing_median_sd(*, refits, start, power, **protocol) -> list[Estimate]:
    """Measure the median of σ after the last refit, with M_i = start · (i+1)^p."""
    sizes = [start * (generation + 1) ** power for generation in range(refits)]
    return median_sd(refits=refits, sample_size=sizes, **protocol)


def wasserstein(*, refits, **protocol) -> list[Estimate]:
    """Measure squared W2 to the real distribution after each number of refits."""
    means, variances = _paths(refits=max(refits), **protocol)
    distances = wasserstein2_squared(means, variances)
    return [Estimate(distances[refit - 1]) for refit in refits]


def regression_replace_slope(
    *, refits, sample_size, dimension, noise, chains, seed
) -> list[Estimate]:
    """Measure what each refit after the first adds to the excess error, on average."""
    errors = _regression_errors(
        refits, sample_size, dimension, noise, chains, seed, "replace"
    )
    return [Estimate((errors[-1] - errors[0]) / (refits - 1))]


def regression_accumulate_ratio(
    *, refits, sample_size, dimension, noise, chains, seed
) -> list[Estimate]:
    """Measure the last excess error as a multiple of the exact first one."""
    errors = _regression_errors(
        refits, sample_size, dimension, noise, chains, seed, "accumulate"
    )
    first = noise**2 * dimension / (sample_size - dimension - 1)
    return [Estimate(errors[-1] / first)]


def _regression_errors(
    refits, sample_size, dimension, noise, chains, seed, memory
) -> np.ndarray:
    """Return excess errors after each refit, shape (refits, chains)."""
    weights = np.ones(dimension)
    history = recurse(
        LinearRegression(noise),
        LinearModel(weights, noise),
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        diet=Diet(memory=memory),
        rng=np.random.default_rng(seed),
        measures={"error": lambda model, data: excess_error(model.weights, weights)},
    )
    return history["error"]


@dataclass(frozen=True)
class _WeightedMean:
    """Estimate a mean with a weight for the real points, which come first."""

    real_weight: float
    real_points: int
    chain_axis = True

    def fit(self, data: np.ndarray) -> GaussianModel:
        """Weight the two parts of the batch, real and new."""
        real, new = np.split(data, [self.real_points], axis=-1)
        weight = self.real_weight
        return GaussianModel(
            weight * real.mean(axis=-1) + (1 - weight) * new.mean(axis=-1), 1.0
        )


def weighted_mean(
    *, real_weight, real_points, synthetic_per_real, refits, chains, seed
) -> list[Estimate]:
    """Measure Var μ relative to real points only; the true E μ is 0."""
    total = real_points * (1 + synthetic_per_real)
    history = recurse(
        _WeightedMean(real_weight, real_points),
        TRUTH,
        generations=refits - 1,
        sample_size=total,
        chains=chains,
        diet=Diet(real_fraction=real_points / total),
        rng=np.random.default_rng(seed),
        measures={"mean": lambda model, data: model.mean},
    )
    return [Estimate(real_points * history["mean"][-1] ** 2)]


@dataclass(frozen=True)
class _Shrinking:
    """A Gaussian family whose models sample with λ times the fitted variance."""

    family: Gaussian
    shrinkage: float
    chain_axis = True

    def fit(self, data: np.ndarray) -> _ShrinkingModel:
        """Fit as the family does."""
        return _ShrinkingModel(self.family.fit(data), self.shrinkage)


@dataclass(frozen=True)
class _ShrinkingModel:
    fitted: GaussianModel
    shrinkage: float

    def sample(self, n, rng):
        """Draw from N(μ, λ σ²)."""
        shrunk = self.shrinkage * self.fitted.variance
        return GaussianModel(self.fitted.mean, shrunk).sample(n, rng)


def shrunken_variance(
    *, refits, sample_size, chains, shrinkage, estimator, seed
) -> list[Estimate]:
    """Measure σ² after the last refit when every model samples too narrowly."""
    history = recurse(
        _Shrinking(Gaussian(estimator), shrinkage),
        TRUTH,
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        rng=np.random.default_rng(seed),
        measures={"variance": lambda model, data: model.fitted.variance},
    )
    return [Estimate(history["variance"][-1])]
