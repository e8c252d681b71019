"""One row of the table, and how repeated measurements become one number."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """What was measured, the number, and the budget it has to keep."""

    what: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.at_most is not None:
            return self.measured <= self.at_most
        if self.at_least is not None:
            return self.measured >= self.at_least
        return None

    def __str__(self) -> str:
        budget = ""
        if self.at_most is not None:
            budget = f"≤ {self.at_most:,g} {self.unit}"
        elif self.at_least is not None:
            budget = f"≥ {self.at_least:,g} {self.unit}"
        verdict = {True: "yes", False: "**no**", None: ""}[self.met]
        number = f"{self.measured:,.3g}"
        if self.measured >= 1000:
            number = f"{self.measured:,.0f}"
        return f"| {self.what} | {number} {self.unit} | {budget} | {verdict} |"


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of a call, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def ratio(
    other: Callable[[], object], ours: Callable[[], object], repeats: int = 7
) -> float:
    """How many times longer the other takes: median over pairs taken in turn."""
    other(), ours()
    ratios = []
    for _ in range(repeats):
        start = time.perf_counter()
        other()
        middle = time.perf_counter()
        ours()
        ratios.append((middle - start) / (time.perf_counter() - middle))
    return statistics.median(ratios)
