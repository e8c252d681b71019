"""What the closed forms take, checked at the door: n, M, γ and the estimator.

Room of floor 2: it knows numpy and the ground floor.
"""

from typing import Any

import numpy as np

from ..shares import ROUNDING
from ..validation import interval_array, option, refuse, whole_array

ESTIMATORS = ("mle", "unbiased")

Numbers = Any
"""A number or an array of numbers."""


def is_unbiased(estimator: str) -> bool:
    """Return whether the estimator is the unbiased one."""
    return option("estimator", estimator, ESTIMATORS) == "unbiased"


def checked_refits(refits: Numbers) -> np.ndarray:
    return whole_array("refits", refits, 1)


def checked_size(sample_size: Numbers) -> np.ndarray:
    return whole_array("sample_size", sample_size, 2)


def checked_single_size(sample_size: Numbers) -> int:
    """Check an M whose transition matrix, of (M + 1)² numbers, fits into memory."""
    size = checked_size(sample_size)
    if size.ndim or size > 4000:
        raise refuse("sample_size", sample_size, "one whole number of at most 4000")
    return int(size)


def checked_share(real_fraction: Numbers) -> np.ndarray:
    return interval_array("real_fraction", real_fraction, 0, 1)


def checked_row(probabilities: Numbers) -> np.ndarray:
    row = interval_array("probabilities", probabilities, 0, 1)
    if row.ndim != 1 or abs(row.sum() - 1) > 1e-6:
        raise refuse("probabilities", probabilities, "one row that adds up to 1")
    return row


def checked_temperature(temperature: Numbers) -> np.ndarray:
    checked = interval_array("temperature", temperature, 0)
    if np.any(checked == 0):
        raise refuse("temperature", temperature, "greater than 0")
    return checked


def checked_shrinkage(shrinkage: Numbers) -> np.ndarray:
    return interval_array("shrinkage", shrinkage, 0, 1)


def checked_replayed_share(
    real_fraction: Numbers, sample_size: np.ndarray
) -> np.ndarray:
    """Check γ and the number γM of replayed points, of which there must be one."""
    share = checked_share(real_fraction)
    if np.any(share * sample_size < 1 - ROUNDING):
        raise refuse(
            "real_fraction", real_fraction, "at least 1 / sample_size: one real point"
        )
    return share
