"""Weights for real and synthetic points, and what they give; also a negative one.

Room of floor 2: it knows numpy.
"""

import numpy as np

from ..validation import interval_array, refuse
from ._arguments import Numbers, checked_size


def best_real_weight(synthetic_per_real: Numbers) -> np.ndarray:
    """Return the weight of real data that gives the best mean for ever after.

    ``(√(1 + 4m) - 1) / (2m)`` for m synthetic points per real one; m = 1 gives the
    inverse of the golden ratio, 0.618.

    Source: He, Xu & Cheng (2025), "Golden Ratio Weighting Prevents Model Collapse".
    """
    ratio = _ratio(synthetic_per_real)
    return 2 / (np.sqrt(1 + 4 * ratio) + 1)


def weighted_mean_variance(
    real_weight: Numbers, synthetic_per_real: Numbers
) -> np.ndarray:
    """Return the stationary variance of a weighted mean, relative to real data only.

    Each generation averages k fresh real points with weight w and mk points of
    N(last mean, 1) with weight 1 - w: ``(w² + (1-w)²/m) / (1 - (1-w)²)``, times 1/k.

    Source: derived in the appendix; He, Xu & Cheng (2025) for the setting.
    """
    weight = interval_array("real_weight", real_weight, 0, 1)
    if np.any(weight == 0):
        raise refuse("real_weight", real_weight, "in (0, 1]")
    rest = (1 - weight) ** 2
    return (weight**2 + rest / _ratio(synthetic_per_real)) / (1 - rest)


def pooled_mean_variance(synthetic_per_real: Numbers) -> np.ndarray:
    """Return the variance of a mean if all points weigh the same, as above.

    ``(1+m)/(1+2m)``, between 1 and a half: `weighted_mean_variance` at 1/(1+m). The
    best weight w* gives w*, which goes like 1/√m.

    Source: derived in the appendix; He, Xu & Cheng (2025) for the setting.
    """
    ratio = _ratio(synthetic_per_real)
    return (1 + ratio) / (1 + 2 * ratio)


def step_back_variance(sample_size: Numbers, step: Numbers = 1.0) -> np.ndarray:
    """Return E of v + s(v - v'), where v' is the fit to M samples of the fit v.

    v and v' are MLE variances of M points, those of v real with variance 1:
    ``(1 - 1/M)(1 + s/M)``. A step of 1 leaves a loss of 1/M², and s = M/(M-1) none.

    Source: derived in the appendix.

    Parameters
    ----------
    sample_size : int or array
        M.
    step : float or array
        s, at least 0.
    """
    size, step = checked_size(sample_size), interval_array("step", step, 0)
    return (1 - 1 / size) * (1 + step / size)


def _ratio(synthetic_per_real: Numbers) -> np.ndarray:
    ratio = interval_array("synthetic_per_real", synthetic_per_real, 0)
    if np.any(ratio == 0):
        raise refuse("synthetic_per_real", synthetic_per_real, "greater than 0")
    return ratio
