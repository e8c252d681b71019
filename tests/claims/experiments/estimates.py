"""An estimate from many chains, with the interval that holds the truth."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A number, and the interval that holds the truth with a given probability.

    ``values`` holds one number for each chain; ``statistic`` says what is estimated
    from them. For a mean the interval is z standard errors wide, for a median it
    lies between order statistics, which needs no assumption on the law.
    """

    values: np.ndarray
    statistic: str = "mean"

    @property
    def value(self) -> float:
        """The point estimate."""
        return float(
            {"mean": np.mean, "median": np.median}[self.statistic](self.values)
        )

    @property
    def standard_error(self) -> float:
        """The standard error of the mean."""
        return float(self.values.std(ddof=1) / np.sqrt(len(self.values)))

    def interval(self, false_alarm: float) -> tuple[float, float]:
        """Return the two-sided interval that misses with probability `false_alarm`."""
        z = NormalDist().inv_cdf(1 - false_alarm / 2)
        if self.statistic == "mean":
            half = z * self.standard_error
            return self.value - half, self.value + half
        return _median_interval(self.values, z)


def _median_interval(values: np.ndarray, z: float) -> tuple[float, float]:
    """Count on the binomial law: how many of the values lie below the true median."""
    count = len(values)
    half = z * np.sqrt(count) / 2
    low, high = int(np.floor(count / 2 - half)), int(np.ceil(count / 2 + half))
    ordered = np.sort(values)
    return float(ordered[max(low - 1, 0)]), float(ordered[min(high, count - 1)])
