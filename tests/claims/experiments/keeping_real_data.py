"""Experiments of the chapter on keeping real data."""

from __future__ import annotations

import numpy as np

from claims.experiments.estimates import Estimate
from collapse import categorical
from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.recursion import Diet, recurse


def _last(*, refits, seed, **protocol) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances after the last refit, by the exact law."""
    rng = np.random.default_rng(seed)
    means, variances = exact_law(generations=refits - 1, rng=rng, **protocol)
    return means[-1], variances[-1]


def by_size(*, sample_sizes, real_points, **protocol) -> list[Estimate]:
    """Measure σ² after the last refit for several sizes of a generation."""
    return [
        Estimate(
            _last(sample_size=size, real_fraction=real_points / size, **protocol)[1]
        )
        for size in sample_sizes
    ]


def by_diet(*, sample_size, real_points, chains, seed, **protocol) -> list[Estimate]:
    """Measure the squared mean with fresh points, after one fit, and with replayed."""
    share = real_points / sample_size
    once = np.random.default_rng([seed, 1]).normal(0, real_points**-0.5, chains)
    fresh, replayed = (
        _last(
            sample_size=sample_size,
            real_fraction=share,
            replay=replay,
            chains=chains,
            seed=[seed, 2 + replay],
            **protocol,
        )[0]
        for replay in (False, True)
    )
    return [Estimate(means**2) for means in (fresh, once, replayed)]


def variance(*, refits, sample_size, chains, seed, **diet) -> list[Estimate]:
    """Measure σ² after the last refit of the loop."""
    history = recurse(
        Gaussian(),
        GaussianModel(0.0, 1.0),
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        diet=Diet(**diet),
        rng=np.random.default_rng(seed),
        measures={"variance": lambda model, data: model.variance},
    )
    return [Estimate(history["variance"][-1])]


def lost(**protocol) -> list[Estimate]:
    """Measure the squared mean after the last refit, which is what σ² has lost."""
    return [Estimate(_last(**protocol)[0] ** 2)]


def group_spread(
    *, refits, sample_size, real_points, frequency, chains, seed
) -> list[Estimate]:
    """Measure the squared distance of a group's share from the true one."""
    shares = categorical.exact_law(
        [frequency, 1 - frequency],
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        real_fraction=real_points / sample_size,
        measures={"p": lambda learned, symbols: learned[:, 0]},
        rng=np.random.default_rng(seed),
    )["p"][-1]
    return [Estimate((shares - frequency) ** 2)]
