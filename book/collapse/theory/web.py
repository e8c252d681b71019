"""A web that fills with synthetic text, year by year.

Room of floor 2: it knows numpy.
"""

import numpy as np

from ..validation import interval_array, refuse, whole_array
from ._arguments import Numbers, checked_shrinkage
from ._moments import add_batch


def web_real_fraction(
    years: Numbers,
    real_points: Numbers,
    synthetic_points: Numbers,
    growth: Numbers,
    mislabelled: Numbers = 0.0,
    kept_real: Numbers = 1.0,
    kept_synthetic: Numbers = 1.0,
) -> np.ndarray:
    """Return the share of the year's crawl that is real.

    A detector multiplies the odds of real against synthetic by `kept_real` over
    `kept_synthetic`, in expectation.

    Source: derived in the appendix.

    Parameters
    ----------
    years : int or array
        The year t, from 0.
    real_points : int or array
        k, new in each year.
    synthetic_points : float or array
        m of year 0.
    growth : float or array
        g: there are m·g^t synthetic points in year t.
    mislabelled : float or array
        Share of the points taken for real that are synthetic, in [0, 1].
    kept_real, kept_synthetic : float or array
        The shares of either kind that a detector lets through, in [0, 1].

    Raises
    ------
    ValueError
        If an argument is not allowed, or the detector leaves less than two points.
    """
    real, size = _crawl(
        whole_array("years", years, 0),
        real_points,
        synthetic_points,
        growth,
        mislabelled,
        kept_real,
        kept_synthetic,
    )
    return real / size


def web_variance(
    years: Numbers,
    real_points: Numbers,
    synthetic_points: Numbers,
    growth: Numbers,
    shrinkage: Numbers = 1.0,
    mislabelled: Numbers = 0.0,
    kept_real: Numbers = 1.0,
    kept_synthetic: Numbers = 1.0,
) -> np.ndarray:
    """Return E σ² of the model that is trained on the crawl of year t.

    The synthetic points of a year are samples of last year's model, those of year 0
    of N(0, 1), each with the push λ. Counts that are not whole stand for their
    expectation.

    Source: derived in the appendix.

    Parameters
    ----------
    years, real_points, synthetic_points, growth
        As for `web_real_fraction`.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    mislabelled, kept_real, kept_synthetic
        As for `web_real_fraction`.

    Raises
    ------
    ValueError
        As `web_real_fraction`.
    """
    last, factor = whole_array("years", years, 0), checked_shrinkage(shrinkage)
    shares = (mislabelled, kept_real, kept_synthetic)
    variance, scatter, result = 1.0, 0.0, np.array(1.0)
    for year in range(int(last.max()) + 1):
        real, size = _crawl(year, real_points, synthetic_points, growth, *shares)
        variance, scatter = add_batch(variance, scatter, 1, real / size, size, factor)
        result = np.where(year <= last, variance, result)
    return result[()]


def _crawl(
    year: Numbers,
    real_points: Numbers,
    synthetic_points: Numbers,
    growth: Numbers,
    mislabelled: Numbers,
    kept_real: Numbers,
    kept_synthetic: Numbers,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many real points, and how many in all, the crawl of a year has."""
    count = whole_array("real_points", real_points, 1)
    made = interval_array("synthetic_points", synthetic_points, 0)
    made = made * interval_array("growth", growth, 0) ** year
    wrong = count * interval_array("mislabelled", mislabelled, 0, 1)
    real = interval_array("kept_real", kept_real, 0, 1) * (count - wrong)
    size = real + interval_array("kept_synthetic", kept_synthetic, 0, 1) * (
        made + wrong
    )
    if np.any(size < 2):
        raise refuse(
            "kept_real", kept_real, "so large that the detector leaves two points"
        )
    return real, size
