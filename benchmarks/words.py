"""A million words: the exact law of their counts against drawing them one by one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np

from collapse.categorical import Categorical, CategoricalModel, exact_law, zipf
from collapse.recursion import recurse

from .table import Row, ratio, seconds

WORDS = 10**6


def measure() -> Iterator[Row]:
    """Time and memory of one chain of a million Zipf words, as many draws each time."""
    words = zipf(WORDS)

    def left(p, symbols=None):
        return np.sum(p > 0, axis=1)

    def by_law(generations=5, **diet):
        exact_law(
            words,
            generations=generations,
            sample_size=WORDS,
            measures={"left": left},
            rng=np.random.default_rng(0),
            **diet,
        )

    def one_by_one():
        recurse(
            Categorical(WORDS),
            CategoricalModel(words),
            generations=5,
            sample_size=WORDS,
            chains=1,
            measures={"left": lambda model, data: left(model.probabilities)},
            rng=np.random.default_rng(0),
        )

    name = "a million words, a million draws"
    hundred = seconds(lambda: by_law(100), repeats=3)
    yield Row(f"{name}, 100 generations by the exact law", hundred, "s")
    mixed = seconds(lambda: by_law(real_fraction=0.1), repeats=3) / 6
    yield Row(f"{name}, a generation with 10 % real", 1000 * mixed, "ms")
    yield Row(f"{name}, memory beyond the list itself", _peak(by_law), "MB", 50)
    times = ratio(one_by_one, by_law, repeats=3)
    yield Row(f"{name}, 5 generations: draws one by one / exact law", times, "times")


def _peak(work: Callable[[], object]) -> float:
    """Return the most memory in use at once during a call, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20
