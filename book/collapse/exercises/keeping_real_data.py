"""Checkers of the chapter on keeping real data (`keeping-real-data.md`). Floor 4."""

from __future__ import annotations

import numpy as np

from .. import theory
from ..numerals import per_cent
from ..theory._moments import add_batch
from .answers import (
    Checker,
    WrongAnswerError,
    callable_named,
    count_checker,
    number_checker,
    numbers_returned,
    returned,
    their_code,
)

_COUNTS = np.arange(1, 1000)


def _least(enough: np.ndarray) -> int:
    """Return the least count of real points that is enough."""
    return int(_COUNTS[enough][0])


_WITH_TEN = 1 - float(theory.fresh_mixing_variance(0.01, 1000))
_HALVED = theory.real_data_needed(_WITH_TEN / 2, "fresh", sample_size=1000).count
_RISK = theory.minority_shortfall(0.05, _COUNTS, 0.5)
_POOL, _GENERATIONS, _SIZE = 200, 100, 100


def _share_against(push: float, kept: float) -> float:
    """Return the share of real points that keeps so much of the variance."""
    share = theory.real_data_needed(1 - kept, "fresh", shrinkage=push).share
    assert share is not None
    return share


def _last_variance(plan: np.ndarray) -> float:
    """Return the expected variance of the last model, by number of real points."""
    variance, scatter = 1 - 1 / _SIZE, 1 / _SIZE
    for share in plan / _SIZE:
        variance, scatter = add_batch(variance, scatter, 1, share, _SIZE, 1)
    return variance


def _pool(answer: object) -> str:
    plan = callable_named(answer, "plan")
    with their_code("plan"):
        given = [
            returned(plan(generation), "plan")
            for generation in range(1, _GENERATIONS + 1)
        ]
        points = numbers_returned(given, "plan")
    if points.size != _GENERATIONS:
        raise WrongAnswerError("Your plan should return one number a generation.")
    points = points.ravel()
    if not np.array_equal(points, np.rint(points)):
        raise WrongAnswerError("A generation has a whole number of real points.")
    if points.min() < 0 or points.max() > _SIZE:
        raise WrongAnswerError(
            f"A generation has 0 to {_SIZE} real points, yours from {points.min():g} "
            f"to {points.max():g}."
        )
    if points.sum() > _POOL:
        raise WrongAnswerError(
            f"Your plan uses {points.sum():g} points, and there are {_POOL}."
        )
    kept = _last_variance(points)
    if kept < 0.985:
        raise WrongAnswerError(
            f"Your last model keeps {kept:.3f} of the variance. More is possible: how "
            "much of an early point is left at the end?"
        )
    return f"The last model keeps {kept:.3f} of the variance."


CHECKERS: dict[str, Checker] = {
    "keep-halve": count_checker(
        right=_HALVED,
        praise="A count twice as large, but for half a point, halves the loss.",
        mistakes=[
            (20, "Nearly: 1/(2k+1), not 1/(2k), is lost. Round up."),
            (5, "Fewer points lose more."),
            (
                990,
                "More synthetic points change nothing.",
                "keeping-real-data.html#keep-count?generation=60&real_points=10&push=1",
            ),
        ],
        otherwise="The loss is 1/(2k+1). Which k halves it?",
    ),
    "keep-push-share": number_checker(
        right=_share_against(0.95, 0.9),
        praise=f"{per_cent(_share_against(0.95, 0.9))}, and no number of points would "
        "do.",
        mistakes=[
            (
                _share_against(0.95, 0.1),
                "With that share 10 % is kept, not 90 %.",
                "keeping-real-data.html#keep-variety?refits=1000&push=0.95",
            ),
            (0.9, "That is what should be kept."),
        ],
        otherwise="In the end v = γ + (1-γ) λ v: real points, and pushed ones.",
        within=0.02,
        is_share=True,
    ),
    "keep-group-risk": count_checker(
        right=_least(_RISK <= 0.1),
        praise="An average of the group's share would be whole with a single point.",
        mistakes=[
            (
                float(theory.minority_points(0.05)),
                "Then the peak at zero goes, only.",
                "keeping-real-data.html#keep-minority?generation=200&real_points=10"
                "&group=0.05",
            ),
            (_least(_RISK <= 0.5), "So many hold it in half of the histories."),
            (_least(_RISK <= 0.9), "So many hold it in one history of ten."),
        ],
        otherwise="Look up theory.minority_shortfall for several counts of points.",
    ),
    "keep-pool": _pool,
}
