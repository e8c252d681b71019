"""Checkers of the chapter on the Gaussian (`gaussian.md`). Floor 4."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import theory
from ..gaussian import GaussianModel
from ..recursion import recurse
from .answers import (
    Checker,
    WrongAnswerError,
    is_near,
    number,
    number_checker,
    their_code,
)

_HALF_LIFE = float(theory.half_life(1000))


def _real_points(answer: object) -> str:
    value = number(answer)
    if not float(value).is_integer():
        raise WrongAnswerError("A number of points is whole.")
    value = int(value)
    size = 10_000
    if not 1 <= value <= size:
        raise WrongAnswerError(f"There are between 1 and {size} points a generation.")
    kept = float(theory.fresh_mixing_variance(value / size, size))
    if kept < 0.95:
        raise WrongAnswerError(f"With {value} real points only {kept:.1%} is kept.")
    fewer = value - 1
    if fewer and theory.fresh_mixing_variance(fewer / size, size) >= 0.95:
        raise WrongAnswerError(f"{value} are enough, but so are fewer.")
    return f"{value} real points of {size} keep {kept:.1%} of the variance."


def _mean_and_median(answer: Any) -> str:
    try:
        mean, median = (number(np.asarray(part).item()) for part in answer)
    except (TypeError, ValueError):
        raise WrongAnswerError(
            f"Give two numbers, (mean, median), got {answer!r}."
        ) from None
    right = float(theory.median_sd(51, 100, "unbiased")) ** 2
    biased = float(theory.expected_variance(51, 100))
    if is_near(mean, biased, 0.05):
        raise WrongAnswerError("The mean has fallen: divide by M - 1, not by M.")
    if not is_near(mean, 1, 0.1):
        raise WrongAnswerError(
            f"The mean over universes is {mean:.2f}; it should stay."
        )
    if not is_near(median, right, 0.1):
        raise WrongAnswerError(
            f"The median {median:.2f} is off: take it over the universes of generation "
            "50, of σ² and not of σ."
        )
    return "The mean stays near 1 while the typical universe has lost its spread."


def _own_family(answer: Any) -> str:
    if not callable(getattr(answer, "fit", None)):
        raise WrongAnswerError("Hand over a family: an object with a fit method.")
    with their_code():
        _check_laplace(answer)
        spreads = recurse(
            answer,
            GaussianModel(0.0, 1.0),
            generations=60,
            sample_size=40,
            chains=40,
            rng=np.random.default_rng(5),
            measures={"spread": lambda _model, data: np.std(data, axis=-1)},
        )["spread"]
    last = np.median(spreads[-1])
    if last > 0.8:
        raise WrongAnswerError(
            f"After 60 generations the median spread is {last:.2f}. Does sample draw "
            "new points from the fitted model?"
        )
    return f"Your family collapses too: the median spread fell to {last:.2f}."


def _check_laplace(family: Any) -> None:
    """Fit skewed data, whose mean is not its median, and look at what is sampled."""
    rng = np.random.default_rng(9)
    data = rng.exponential(1.0, 20_000)
    sample = np.asarray(family.fit(data).sample(20_000, rng), float)
    if sample.shape != (20_000,) or not np.isfinite(sample).all():
        raise WrongAnswerError(
            f"sample(20000, rng) gave an array of shape {sample.shape}; it should be "
            "20000 finite numbers."
        )
    if np.isin(sample, data).mean() > 0.01:
        raise WrongAnswerError("sample hands out old points; draw new ones.")
    centre, scale = np.median(data), np.abs(data - np.median(data)).mean()
    if abs(np.median(sample) - centre) > 0.1:
        raise WrongAnswerError(
            f"The samples lie around {np.median(sample):.2f}; the median of the data "
            f"is {centre:.2f}. Does fit take the median?"
        )
    found = np.abs(sample - np.median(sample)).mean()
    if not is_near(found, scale, 0.1):
        raise WrongAnswerError(
            f"The samples deviate by {found:.2f} on average, the data by {scale:.2f}: "
            "the scale that fit finds is not the scale that sample uses."
        )
    # Within one scale of the centre lie 63 % of a Laplace law, 58 % of a normal one.
    inside = np.mean(np.abs(sample - np.median(sample)) < found)
    if abs(inside - (1 - np.exp(-1))) > 0.02:
        raise WrongAnswerError("The samples do not follow a Laplace distribution.")


def _sample_plan(answer: Any) -> str:
    try:
        sizes = np.asarray(answer, float)
    except (TypeError, ValueError):
        raise WrongAnswerError(f"Give 201 whole numbers, got {answer!r}.") from None
    if sizes.shape != (201,):
        raise WrongAnswerError(f"Give 201 sizes, one a generation, got {sizes.shape}.")
    if not np.isfinite(sizes).all() or (sizes != np.floor(sizes)).any():
        raise WrongAnswerError("Every size is a whole number.")
    if (sizes < 2).any():
        raise WrongAnswerError("A variance needs at least 2 points a generation.")
    if sizes.sum() > 100_000:
        raise WrongAnswerError(
            f"The plan uses {sizes.sum():.0f} points, more than 100000."
        )
    median = float(theory.growing_median_sd(sizes.astype(int))[-1])
    best = float(theory.growing_median_sd(np.full(201, 497))[-1])
    if median < 0.99 * best:
        raise WrongAnswerError(
            f"The median spread ends at {median:.3f}; {best:.3f} can be had. What "
            "makes the sum of 1/M smallest when the sum of M is given?"
        )
    return f"The median spread ends at {median:.3f}, as high as it can."


CHECKERS: dict[str, Checker] = {
    "gaussian-half-life": number_checker(
        right=_HALF_LIFE,
        praise=f"The median spread halves every {_HALF_LIFE:.0f} refits: 0.69 M.",
        mistakes=[
            (
                float(theory.half_life(1000, "unbiased")),
                "That is the unbiased estimator; np.std divides by M.",
            ),
            (_HALF_LIFE / 2, "That is when the variance halves, not the spread."),
        ],
        otherwise="Use the drift -2/M of log σ², and log σ = ½ log σ².",
        within=0.02,
    ),
    "gaussian-real-points": _real_points,
    "gaussian-mean-and-median": _mean_and_median,
    "gaussian-own-family": _own_family,
    "gaussian-sample-plan": _sample_plan,
}
