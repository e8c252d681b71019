"""Experiments of the chapter on keeping real data."""

from __future__ import annotations

import numpy as np

from claims.experiments import gaussian
from claims.experiments.estimates import Estimate
from collapse import categorical


def variance(**protocol) -> list[Estimate]:
    """Measure σ² after the last refit."""
    return gaussian.variance(**protocol)


def by_size(*, sample_sizes, real_points, **protocol) -> list[Estimate]:
    """Measure σ² after the last refit for several sizes of a generation."""
    return [
        estimate
        for size in sample_sizes
        for estimate in variance(
            sample_size=size, real_fraction=real_points / size, engine="law", **protocol
        )
    ]


def by_diet(*, sample_size, real_points, chains, seed, **protocol) -> list[Estimate]:
    """Measure the squared mean with fresh points, after one fit, and with replayed."""
    once = np.random.default_rng([*seed, 1]).normal(0, real_points**-0.5, chains)
    (fresh,), (replayed,) = (
        lost(
            sample_size=sample_size,
            real_fraction=real_points / sample_size,
            replay=replay,
            chains=chains,
            seed=[*seed, 2 + replay],
            **protocol,
        )
        for replay in (False, True)
    )
    return [fresh, Estimate(once**2), replayed]


def lost(**protocol) -> list[Estimate]:
    """Measure the squared mean after the last refit, which is what σ² has lost."""
    return gaussian.squared_mean(engine="law", **protocol)


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
