"""Gaussian chains against the one-chain loop that published notebooks use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.recursion import recurse

from .table import Row, ratio

GENERATIONS = 200
CHAINS = 1_000
LOOPS = 10


def one_chain(sample_size: int) -> list[tuple[float, float]]:
    """The loop that notebooks on model collapse publish: one universe, in a list."""
    mean, spread = 0.0, 1.0
    history = []
    for _ in range(GENERATIONS + 1):
        data = np.random.normal(mean, spread, sample_size)  # noqa: NPY002
        mean, spread = np.mean(data), np.std(data)
        history.append((mean, spread))
    return history


def measure() -> Iterator[Row]:
    """Time per chain and generation, ours against the loop's."""
    rng = np.random.default_rng(0)
    for sample_size in (10, 100, 1_000):

        def loop(sample_size=sample_size):
            for _ in range(LOOPS):
                one_chain(sample_size)

        def side_by_side(sample_size=sample_size):
            recurse(
                Gaussian(),
                GaussianModel(0.0, 1.0),
                generations=GENERATIONS,
                sample_size=sample_size,
                chains=CHAINS,
                rng=np.random.default_rng(1),
            )

        times = ratio(loop, side_by_side) * CHAINS / LOOPS
        yield Row(
            f"one-chain loop / recurse, {CHAINS} chains, M = {sample_size}",
            times,
            "times",
            at_least=50 if sample_size == 10 else None,
        )
    for sample_size in (100, 1_000, 10_000):

        def loop(sample_size=sample_size):
            for _ in range(LOOPS):
                one_chain(sample_size)

        def law(sample_size=sample_size):
            exact_law(
                generations=GENERATIONS,
                sample_size=sample_size,
                chains=CHAINS,
                rng=rng,
            )

        yield Row(
            f"one-chain loop / exact law, {CHAINS} chains, M = {sample_size}",
            ratio(loop, law) * CHAINS / LOOPS,
            "times",
            at_least=1_000 if sample_size >= 1_000 else None,
        )
