"""Checkers of the chapter on the Gaussian (`gaussian.md`). Floor 4."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import theory
from ..gaussian import GaussianModel
from ..numerals import grouped, per_cent
from ..recursion import recurse
from .answers import (
    NOT_WHOLE,
    SO_ARE_FEWER,
    Checker,
    NumberChecker,
    Verdict,
    WrongAnswerError,
    is_near,
    number_checker,
    numbers,
    numbers_returned,
    rest,
    returned,
    their_code,
)
from .tries import check_new_models, check_rng, three_draws

_HALF_LIFE = float(theory.half_life(1000))
_COUNT = "gaussian.html#gaussian-count?sample_size=3000"
_UNBIASED = (
    "gaussian.html#gaussian-walks?generation=50&estimator=unbiased&sample_size=100"
)


def _real_points() -> NumberChecker:
    size = 10_000
    counts = np.arange(1, size + 1)
    kept = theory.fresh_mixing_variance(counts / size, size)
    least = int(counts[kept >= 0.95][0])
    lost = (
        Verdict(
            count,
            count,
            False,
            f"With {count} real point{'s' * (count > 1)} only "
            f"{per_cent(kept[count - 1], 1)} is kept.",
            whole=True,
        )
        for count in range(1, least)
    )
    table = (
        Verdict(
            math.nextafter(0, 1),
            math.nextafter(1, 0),
            False,
            "That is a share; a number of points is whole.",
            _COUNT,
        ),
        Verdict(0, 0, False, "Without a real point the variance falls to 0."),
        *lost,
        Verdict(
            least,
            least,
            True,
            f"{least} real points of {grouped(size)} keep "
            f"{per_cent(kept[least - 1], 1)} of the variance.",
        ),
        Verdict(
            least,
            size,
            False,
            SO_ARE_FEWER,
            _COUNT,
            whole=True,
        ),
        rest(
            f"There are between 1 and {grouped(size)} points a generation.", whole=True
        ),
        rest(NOT_WHOLE),
    )
    return NumberChecker(table)


_HISTORIES, _POINTS, _FITS = 4000, 100, np.arange(1, 52)
_MEDIANS = theory.median_sd(_FITS, _POINTS, "unbiased") ** 2
# Standard errors, of the logarithms: a squared spread is a product of chi-squares.
_MEAN_ERROR = np.sqrt(((1 + 2 / (_POINTS - 1)) ** _FITS - 1) / _HISTORIES)
_MEDIAN_ERROR = np.sqrt(np.pi / 2 * _FITS * 2 / (_POINTS - 1) / _HISTORIES)


def _mean_and_median(answer: Any) -> str:
    """Compare whole courses: one value at the end does not show which generation's."""
    wanted = f"two rows, (means, medians), each of {len(_FITS)} numbers"
    rows = numbers(answer, wanted)
    if rows.shape == (2,):
        raise WrongAnswerError(
            "Two numbers do not show which generation they are from. Give "
            f"{wanted}: generations 0 to 50."
        )
    if rows.shape[:1] != (2,) or rows.ndim != 2:
        raise WrongAnswerError(f"Give {wanted}, got shape {rows.shape}.")
    if rows.shape[1] == _HISTORIES:
        raise WrongAnswerError("Average over the histories, not over generations.")
    if rows.shape[1] != len(_FITS):
        raise WrongAnswerError(
            f"Give {len(_FITS)} numbers in each row, for generations 0 to 50, got "
            f"{rows.shape[1]}."
        )
    means, medians = rows
    if (rows[:, 0] == 1).all():
        raise WrongAnswerError(
            "Your row begins with the truth; generation 0 has been fitted once."
        )
    if (rows <= 0).any():
        raise WrongAnswerError("A variance is above 0.")
    if np.allclose(means, medians, rtol=1e-6):
        said = "Both rows are the same; the second is the median."
        raise WrongAnswerError(said, _UNBIASED)
    falls = theory.expected_variance(_FITS, _POINTS)
    falling = theory.median_sd(_FITS, _POINTS, "mle") ** 2
    if any(
        _follows(means, middle, _MEDIAN_ERROR) and _follows(medians, mean, _MEAN_ERROR)
        for mean, middle in ((1, _MEDIANS), (falls, falling))
    ):
        raise WrongAnswerError("These are swapped: the means come first.")
    if _follows(means, falls, _MEAN_ERROR) and not _follows(means, 1, _MEAN_ERROR):
        said = "The mean has fallen: divide by M - 1, not by M."
        raise WrongAnswerError(said, _UNBIASED)
    if _follows(means[::-1], 1, _MEAN_ERROR) and _follows(
        medians[::-1], _MEDIANS, _MEDIAN_ERROR
    ):
        raise WrongAnswerError("Generation 0 comes first; these run backwards.")
    if not _follows(means, 1, _MEAN_ERROR):
        if _are_spreads(means, medians):
            raise WrongAnswerError("These are of σ, the square root: take σ².")
        worst = np.argmax(np.abs(np.log(means)) / _MEAN_ERROR)
        raise WrongAnswerError(
            f"The mean over histories is {means[worst]:.3f} in generation {worst}; it "
            "should stay at 1."
        )
    if not _follows(medians, _MEDIANS, _MEDIAN_ERROR):
        raise WrongAnswerError(
            f"The median ends at {medians[-1]:.2f} and is off: take it over the "
            "histories of each generation, of σ² and not of σ."
        )
    if (np.ptp(rows, axis=1) == 0).any():
        raise WrongAnswerError(
            "A row is the same in all generations; what histories show differs a "
            "little from what is expected."
        )
    return "The mean stays near 1 while the typical history has lost its spread."


def _are_spreads(means: np.ndarray, medians: np.ndarray) -> bool:
    """Whether both are courses of σ, of either estimator."""
    return any(
        _follows(means, theory.expected_sd(_FITS, _POINTS, name), _MEAN_ERROR / 2)
        and _follows(medians, theory.median_sd(_FITS, _POINTS, name), _MEDIAN_ERROR / 2)
        for name in ("unbiased", "mle")
    )


def _follows(course: np.ndarray, expected: Any, error: np.ndarray) -> bool:
    """Whether no generation is further off than chance: five standard errors."""
    return bool((np.abs(np.log(course / expected)) < 5 * error).all())


def _own_family(answer: Any) -> str:
    with their_code():
        if isinstance(answer, type):
            raise WrongAnswerError(
                f"Hand over an object, not its class: {answer.__name__}()."
            )
        if not callable(getattr(answer, "fit", None)):
            raise WrongAnswerError("Hand over a family: an object with a fit method.")
        _check_laplace(answer)
        _check_models(answer)
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
    data = rng.exponential(1.0, 20_000) ** 2
    model = returned(family.fit(data.copy()), "method fit")
    sample = numbers_returned(model.sample(20_000, rng), "method sample")
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
    # Five standard errors. From the mean these data deviate by a quarter more, and
    # their standard deviation, over the root of two, is two thirds more.
    if not is_near(found, scale, 0.035):
        raise WrongAnswerError(
            f"The samples deviate by {found:.2f} on average, the data by {scale:.2f}: "
            "the scale that fit finds is not the scale that sample uses."
        )
    # Within one scale of the centre lie 63 % of a Laplace law, 58 % of a normal one.
    inside = np.mean(np.abs(sample - np.median(sample)) < found)
    if abs(inside - (1 - np.exp(-1))) > 0.02:
        raise WrongAnswerError("The samples do not follow a Laplace distribution.")


def _check_models(family: Any) -> None:
    """Look whether models draw from `rng`, and stay what they are after other fits."""
    data = np.random.default_rng(9).exponential(1.0, 1000)
    model = family.fit(data.copy())
    draws = three_draws(lambda rng: model.sample(100, rng), "method sample")
    check_rng(*draws, "points")
    check_new_models(
        family.fit,
        (data.copy(), 100 - data),
        lambda model: model.sample(100, np.random.default_rng(4)),
    )


def _sample_plan(answer: Any) -> str:
    sizes = numbers(answer, "201 whole numbers")
    if sizes.shape != (201,):
        raise WrongAnswerError(f"Give 201 sizes, one a generation, got {sizes.shape}.")
    if (sizes != np.floor(sizes)).any():
        raise WrongAnswerError("Every size is a whole number.")
    if (sizes < 2).any():
        raise WrongAnswerError("A variance needs at least 2 points a generation.")
    budget = 100_000
    if sizes.sum() > budget:
        raise WrongAnswerError(
            f"The plan uses {grouped(sizes.sum())} points, more than {grouped(budget)}."
        )
    median = float(theory.growing_median_sd(sizes.astype(int))[-1])
    best = float(theory.growing_median_sd(np.full(201, budget // 201))[-1])
    # A hundredth of a per cent: sizes that differ by a few points are as good.
    if median < (1 - 1e-4) * best:
        if (left := budget - sizes.sum()) >= 201:
            raise WrongAnswerError(f"The plan leaves {left:.0f} points unused.")
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
                "gaussian.html#gaussian-walks?generation=140&estimator=MLE"
                "&sample_size=100",
            ),
            (
                _HALF_LIFE / 2,
                "That is when the variance halves, not the spread.",
                "gaussian.html#gaussian-walks?generation=35&estimator=MLE"
                "&sample_size=100",
            ),
        ],
        otherwise="Use the drift -2/M of log σ², and log σ = ½ log σ².",
        within=0.02,
    ),
    "gaussian-real-points": _real_points(),
    "gaussian-mean-and-median": _mean_and_median,
    "gaussian-own-family": _own_family,
    "gaussian-sample-plan": _sample_plan,
}
