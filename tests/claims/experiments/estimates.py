"""An estimate from many chains, with the interval that holds the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, t


@dataclass(frozen=True)
class Estimate:
    """A number, and the interval that holds the truth with a given probability.

    ``values`` holds one number for each chain, shape (..., chains); ``statistic`` says
    what is estimated from them. The interval of a mean is Student's, that of a median
    lies between order statistics, which needs no assumption on the law.
    """

    values: np.ndarray
    statistic: str = "mean"

    @property
    def value(self) -> np.ndarray:
        """The point estimate, shape (...)."""
        centre = {"mean": np.mean, "median": np.median}[self.statistic]
        return centre(self.values, axis=-1)

    @property
    def standard_error(self) -> np.ndarray:
        """The standard error of the mean, shape (...)."""
        chains = self.values.shape[-1]
        return self.values.std(axis=-1, ddof=1) / np.sqrt(chains)

    def interval(self, false_alarm: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the two-sided interval that misses with probability `false_alarm`."""
        chains = self.values.shape[-1]
        if self.statistic == "mean":
            half = t.isf(false_alarm / 2, chains - 1) * self.standard_error
            return self.value - half, self.value + half
        # How many of the values lie below the true median follows the binomial law.
        below = int(binom.ppf(false_alarm / 2, chains, 0.5)) - 1
        if below < 0:
            raise ValueError(f"{chains} chains are too few for a median")
        ordered = np.sort(self.values, axis=-1)
        return ordered[..., below], ordered[..., chains - 1 - below]
