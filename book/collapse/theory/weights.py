"""Weights for real and synthetic points, and the mean that they give.

Room of floor 2: it knows numpy.
"""

import numpy as np

from ..validation import interval_array, refuse
from ._arguments import Numbers


def best_real_weight(synthetic_per_real: Numbers) -> np.ndarray:
    """Return the weight of real data that gives the best mean for ever after.

    ``(√(1 + 4k) - 1) / (2k)`` for k synthetic points per real one; k = 1 gives the
    inverse of the golden ratio, 0.618.

    Source: He, Xu & Cheng (2025), "Golden Ratio Weighting Prevents Model Collapse".
    """
    ratio = _ratio(synthetic_per_real)
    return 2 / (np.sqrt(1 + 4 * ratio) + 1)


def weighted_mean_variance(
    real_weight: Numbers, synthetic_per_real: Numbers
) -> np.ndarray:
    """Return the stationary variance of a weighted mean, relative to real data only.

    Each generation averages n fresh real points with weight w and kn points of
    N(last mean, 1) with weight 1 - w: ``(w² + (1-w)²/k) / (1 - (1-w)²)``, times 1/n.

    Source: derived in the appendix; He, Xu & Cheng (2025) for the setting.
    """
    weight = interval_array("real_weight", real_weight, 0, 1)
    if np.any(weight == 0):
        raise refuse("real_weight", real_weight, "in (0, 1]")
    rest = (1 - weight) ** 2
    return (weight**2 + rest / _ratio(synthetic_per_real)) / (1 - rest)


def _ratio(synthetic_per_real: Numbers) -> np.ndarray:
    ratio = interval_array("synthetic_per_real", synthetic_per_real, 0)
    if np.any(ratio == 0):
        raise refuse("synthetic_per_real", synthetic_per_real, "greater than 0")
    return ratio
