"""How much real data a tolerated loss asks for: the closed forms, turned around.

Room of floor 2: it knows the closed forms of the other rooms.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from ..shares import ROUNDING
from ..validation import option, real_number, refuse, whole_number
from ._arguments import Numbers
from .diets import (
    FEW_REAL_POINTS,
    accumulate_expected_variance,
    accumulate_limit,
    accumulate_subsample_expected_variance,
    accumulate_subsample_limit,
    few_real_points_variance,
    fresh_mixing_transient,
    fresh_mixing_variance,
    replay_transient,
    replay_variance,
)
from .gaussian import biased_sampling_variance

_PER_SIZE: dict[str, tuple[Callable[..., Numbers], Callable[..., Numbers]]] = {
    "replace": (biased_sampling_variance, lambda sample_size: 0.0),
    "accumulate": (accumulate_expected_variance, accumulate_limit),
    "accumulate-subsample": (
        accumulate_subsample_expected_variance,
        accumulate_subsample_limit,
    ),
}
"""What is kept after n refits to M points, and for ever without a push."""

DIETS = (*_PER_SIZE, *FEW_REAL_POINTS)
"""What `real_data_needed` answers for."""

_MOST = 10**15
"""The most points that are looked at; beyond it 1 - 1/M is not told from 1."""


@dataclass(frozen=True)
class RealDataNeeded:
    """The answer of `real_data_needed`.

    Parameters
    ----------
    count : int
        How many real points: of each generation with the diets "fresh" and "replay",
        and of the first with the others, where no generation after it has any.
    share : float or None
        The share of real points in each generation, where the answer has one.
    sample_size : int or None
        How many points a generation has, where the answer depends on it.
    """

    count: int
    share: float | None
    sample_size: int | None


def real_data_needed(
    loss: float,
    diet: str,
    horizon: int | None = None,
    shrinkage: float = 1.0,
    smallest_group: float | None = None,
    sample_size: int | None = None,
) -> RealDataNeeded:
    """Return the least real data with which a diet loses no more than is tolerated.

    The smallest whole number for which the closed form of the diet keeps 1 - ε of
    the expected variance after n refits. A group of share p is held if the variance
    of its share is at most p²(1-p)/(1+p), so that the share is off by less than
    itself: a loss of p/(1+p), by which fresh points are 1/(2p), as `minority_points`.

    A push is held by a share. So with fresh or replayed data and a push the answer
    has both: the count that drift asks for and the share that the push asks for, each
    as if the other cause were absent. For both causes at once pass a `sample_size`.

    What it bounds is an expected variance: not tails, and not one unlucky history.

    Source: derived in the appendix.

    Parameters
    ----------
    loss : float
        ε, the share of the variance that may be lost, in (0, 1).
    diet : {"replace", "accumulate", "accumulate-subsample", "fresh", "replay", "once"}
        "fresh" and "replay" have real points in each generation, the last is one fit
        to real points and no loop, where neither horizon nor push matter.
    horizon : int, optional
        n, how many refits; for ever, if nothing is given. Without a `sample_size`
        fresh and replayed data are asked to hold for ever.
    shrinkage : float
        λ in [0, 1] of the push: models sample from N(μ, λσ²).
    smallest_group : float, optional
        p in (0, 1/2], the share of the smallest group to be held. The push is one of
        the variance, so groups ask for drift to be held, and no more.
    sample_size : int, optional
        M, for the diets "fresh" and "replay"; if nothing is given, a generation is
        far larger than the count.

    Raises
    ------
    ValueError
        If an argument is not allowed, or no amount of real data is enough: replaced
        data for ever, a push for ever without real data, a push too strong for the
        horizon, a `sample_size` below what even real points alone would need.
    """
    losses = [(_positive("loss", loss, 1), real_number("shrinkage", shrinkage, 0, 1))]
    diet = option("diet", diet, DIETS)
    if horizon is not None:
        horizon = whole_number("horizon", horizon, 1)
    if smallest_group is not None:
        group = _positive("smallest_group", smallest_group, 0.5)
        losses.append((group / (1 + group), 1.0))
    if sample_size is not None:
        if diet not in ("fresh", "replay"):
            raise refuse("sample_size", sample_size, f"None with the diet {diet!r}")
        sample_size = whole_number("sample_size", sample_size, 2)
    count = max(_least(each, diet, horizon, push, sample_size) for each, push in losses)
    if sample_size is not None:
        return RealDataNeeded(count, count / sample_size, sample_size)
    if diet not in ("fresh", "replay"):
        return RealDataNeeded(count, None, count)
    pushed = (1 - shrinkage) * (1 - loss)
    return RealDataNeeded(count, pushed / (loss + pushed) if pushed else None, None)


def _least(
    loss: float, diet: str, horizon: int | None, push: float, size: int | None
) -> int:
    """Return the smallest number of real points that loses no more than `loss`."""

    def is_enough(count: int) -> bool:
        return _lost(count, diet, horizon, push, size) <= loss * (1 + ROUNDING)

    fewest = 2 if diet in _PER_SIZE else int(diet != "fresh" or size is None)
    counts = range(fewest, (size or _MOST) + 1)
    if not is_enough(counts[-1]):
        least = _lost(counts[-1], diet, horizon, push, size)
        raise ValueError(
            f"the loss must be at least {least:.3g} with diet={diet!r}, "
            f"horizon={horizon}, shrinkage={push:g} and sample_size={size}, "
            f"got {loss:.3g}: no number of real points is enough"
        )
    return counts[bisect_left(counts, True, key=is_enough)]


def _lost(
    count: int, diet: str, horizon: int | None, push: float, size: int | None
) -> float:
    """Return what is lost of the expected variance with a number of real points."""
    if diet in _PER_SIZE:
        during, for_ever = _PER_SIZE[diet]
        if horizon:
            # With samples shrunk to a third or less, many refits and a subsample,
            # more points keep a little less, of the hundredth that is left.
            kept = during(horizon, count, shrinkage=push)
        else:
            kept = for_ever(count) if push == 1 else 0.0
    elif size is None:
        kept = few_real_points_variance(count, diet)
    elif horizon:
        transient = fresh_mixing_transient if diet == "fresh" else replay_transient
        kept = transient(horizon, size, count / size, push)
    else:
        stationary = fresh_mixing_variance if diet == "fresh" else replay_variance
        kept = stationary(count / size, size, push)
    return 1 - float(kept)


def _positive(name: str, value: float, high: float) -> float:
    number = real_number(name, value, 0, high)
    if number in (0, 1):
        raise refuse(name, value, f"a number above 0 and below {min(1, 2 * high):g}")
    return number
