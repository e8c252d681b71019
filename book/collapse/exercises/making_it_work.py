"""Checkers of the chapter on pushes (`making-it-work.md`). Floor 4."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from .. import theory
from ..categorical import zipf
from ..numerals import per_cent
from .answers import (
    Checker,
    WrongAnswerError,
    callable_named,
    is_near,
    number_checker,
    numbers_returned,
    returned,
    their_code,
)
from .tries import check_new_models, check_rng

_BIAS = 0.1
_COLD = 0.9
_PER_REAL = 4


def _cold_words(share: float) -> float:
    """Effective words that a share of real ones leaves of a Zipf list of 1000."""
    return float(theory.tempered_effective_words(400, zipf(1000), _COLD, share))


_HALF = float(brentq(lambda share: _cold_words(share) - _cold_words(1) / 2, 0.3, 0.6))

_POINTS, _REPEATS = 80, 24_000
_LIMIT = 4 * np.sqrt(2 / _POINTS / _REPEATS)  # four standard errors of a ratio


def _step_back(answer: object) -> str:
    family = callable_named(answer, "StepBack", "class")
    # Evenly spread, as no draws from a normal law are: who draws these again shows.
    data = np.linspace(-3.0, 7.0, _POINTS)
    with their_code():
        fits = family()

        def fit(seed: int) -> Any:
            return returned(
                fits.fit(data.copy(), np.random.default_rng([2, seed])), "fit"
            )

        check_new_models(fit, (0, 1), lambda model: (model.mean, model.variance))
        models = [fit(seed) for seed in (0, *range(_REPEATS))]
        means, variances = (
            numbers_returned([getattr(each, name) for each in models], name).ravel()
            for name in ("mean", "variance")
        )
    if not np.allclose(means, data.mean()):
        raise WrongAnswerError("The mean should be that of the data: it takes no step.")
    check_rng(variances[0], variances[1], variances[2], "variances")
    ratio = variances[1:].mean() / data.var()
    _check_ratio(ratio)
    spread = 2 * (_POINTS - 1) / _POINTS**2
    # Four standard errors; with n - 1 for n in both variances it is a twentieth more.
    if not is_near(variances[1:].var() / data.var() ** 2, spread, 0.04):
        raise WrongAnswerError(
            "The mean variance is right, but from one rng to the next variances differ "
            "otherwise than those of as many normal points as there are data, divided "
            "by n."
        )
    return f"On average the variance is {ratio:.3f} of the fitted one, 1 + 1/n."


def _check_ratio(ratio: float) -> None:
    """Compare the mean variance, over the fitted one, with what mistakes give."""
    one = 1 / _POINTS
    mistakes = {
        1 - one: "That is the variance of the samples, not a step away from it.",
        1: "That is right on average for the data, so it is a step of no size: is one "
        "of the variances divided by n - 1?",
        1 + 2 * one: "That is two steps back, or the step is right and one of the "
        "variances is divided by n - 1.",
    }
    for wrong, hint in mistakes.items():
        if abs(ratio - wrong) < _LIMIT:
            raise WrongAnswerError(hint)
    if abs(ratio - (1 + one)) > _LIMIT:
        raise WrongAnswerError(
            f"On average 2v - v' is {1 + one:.3f} times v here; yours is {ratio:.3f} "
            "times v."
        )


CHECKERS: dict[str, Checker] = {
    "push-five-offers": number_checker(
        right=float(theory.best_of_threshold(5)),
        praise="With four real words of five the best of five stays rare.",
        mistakes=[
            (
                1 - float(theory.best_of_threshold(5)),
                "That is the share of the others.",
            ),
            (
                0.5,
                "That is for the best of two; for four it is too little already.",
                "making-it-work.html#push-curators?generation=20&real_fraction=0.5"
                "&candidates=4",
            ),
        ],
        otherwise="By what is the share of a rare best word multiplied each time?",
        within=0.01,
        is_share=True,
    ),
    "push-worth": number_checker(
        right=1 / _BIAS**2,
        praise="In the end the verifier is worth a hundred real points.",
        mistakes=[
            (
                1 / _BIAS,
                "The error of a mean is compared squared, 1/k.",
                "making-it-work.html#push-verifier?generation=30&real_fraction=0"
                "&verifier_off=0.1",
            ),
            (_BIAS**2, "That is the squared error; how many points have it?"),
            (1 / (2 * _BIAS) ** 2, "Nobody asked for two standard errors."),
        ],
        otherwise="Which error is left when the real points have lost all weight?",
        within=1e-6,  # a number of points, but 1 / 0.1**2 is off in its last digits
    ),
    "push-four-to-one": number_checker(
        right=float(theory.best_real_weight(_PER_REAL)),
        praise="The least error is the same number.",
        mistakes=[
            (
                1 / (1 + _PER_REAL),
                "That is the share of the real points: pooling.",
                "making-it-work.html#push-weights?generation=30&real_fraction=0.1"
                "&real_weight=0.1",
            ),
            (float(theory.best_real_weight(1)), "That is for one to one."),
            (float(theory.best_real_weight(1 / _PER_REAL)), "That is for one to four."),
            (
                float(theory.pooled_mean_variance(_PER_REAL)),
                "That is the error that pooling leaves.",
            ),
            (
                1 - float(theory.best_real_weight(_PER_REAL)),
                "That is the other weight.",
            ),
        ],
        otherwise="Try many weights and take the one with the least lasting error.",
        within=0.003,
        is_share=True,
    ),
    "push-half-the-words": number_checker(
        right=_HALF,
        praise=f"With {per_cent(_HALF, 1)} real words {_cold_words(_HALF):.0f} are "
        "left.",
        mistakes=[
            (
                1 - _COLD,
                "That would prevent the loss of equal words.",
                "making-it-work.html#push-temperature?generation=120&real_fraction=0.1"
                "&words=1000+Zipf+words",
            ),
            (
                float(theory.cure_share(_COLD, 1000)),
                "That would cure 1000 equal words.",
            ),
            (
                0.5,
                f"With a half {_cold_words(0.5):.0f} words are left.",
                "making-it-work.html#push-temperature?generation=120&real_fraction=0.5"
                "&words=1000+Zipf+words",
            ),
            (1 - _HALF, "That is the share of the others."),
        ],
        otherwise="Compute what is left for several shares and halve the interval.",
        within=0.013,
        is_share=True,
    ),
    "push-step-back": _step_back,
}
