"""Checkers of the chapter on mixtures (`mixtures.md`). Floor 4."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import theory
from ..mixture import GaussianMixtureModel
from ..numerals import per_cent
from ..recursion import recurse
from ..shares import share_counts
from .answers import (
    Checker,
    NumberChecker,
    Verdict,
    WrongAnswerError,
    callable_named,
    no_share,
    number_checker,
    returned,
    their_code,
)
from .tries import check_new_models

_SIZE, _MOST = 200, 0.25


def _last_share(count: int) -> float:
    """Return the largest share that is so many of the points."""
    low, high = count / _SIZE, (count + 1) / _SIZE
    while low < (middle := (low + high) / 2) < high:
        is_more = share_counts(middle, _SIZE) > count
        low, high = (low, middle) if is_more else (middle, high)
    return low


def _keep_minority() -> NumberChecker:
    """Look at one share for each count of real points: only the count matters."""
    limit = f"{_MOST:g} is the limit; find a share below it."
    table = [*no_share(_MOST), Verdict(_MOST, _MOST, False, limit)]
    for count in range(_SIZE):
        gone = float(theory.loss_probability(51, _SIZE, 0.05, count / _SIZE))
        if gone <= 0.05:  # and less with more points
            break
        said = f"Then {per_cent(gone, 1)} of the histories have lost it."
        table.append(Verdict(0, _last_share(count), False, said))
    said = f"Then at most {per_cent(gone, 1)} of the histories have lost the minority."
    return NumberChecker((*table, Verdict(0, _MOST, True, said)), is_share=True)


def _choosing(answer: object) -> str:
    family = callable_named(answer, "Choosing", "class")
    # Twice the gain in log-likelihood is about 250, 5, 14 and 29, where the criterion
    # asks for 3 log 200 = 16. A constant penalty gives way in the third case, half the
    # gain in the last.
    cases = (
        (1, 0.2, 6.0, 2),
        (2, 0.0, 6.0, 1),
        (15, 0.2, 2.5, 1),
        (72, 0.2, 2.5, 2),
    )
    with their_code():
        for seed, minority, centre, right in cases:
            rng = np.random.default_rng(seed)
            labels = rng.random(200) < minority
            few, many = rng.normal(centre, 0.5, 200), rng.normal(0, 1, 200)
            data = np.where(labels, few, many)
            found = _components(family(), data)
            if found != right:
                raise WrongAnswerError(
                    f"Where {per_cent(minority)} of 200 points lie around {centre:g}, "
                    f"your family takes {found} components; the criterion "
                    f"takes {right}."
                )
        groups = np.random.default_rng(3).normal(np.repeat([-9, 0, 9], 70), 1)
        if (found := _components(family(), groups)) != 2:
            raise WrongAnswerError(
                f"Of three groups your family makes {found} components; it may choose "
                "one or two."
            )
        fits = family()
        check_new_models(
            lambda points: fits.fit(points, np.random.default_rng(0)),
            (data, 100 - data),
            lambda model: model.sample(100, np.random.default_rng(4)),
        )
        recurse(
            family(),
            GaussianMixtureModel([0.9, 0.1], [0.0, 6.0], [1.0, 0.25]),
            generations=3,
            sample_size=100,
            chains=2,
            rng=np.random.default_rng(3),
        )
    return "It takes two components for two groups and one for one."


def _components(family: Any, data: np.ndarray) -> int:
    model = returned(family.fit(data, np.random.default_rng(0)), "method fit")
    return np.size(model.weights)


CHECKERS: dict[str, Checker] = {
    "mixtures-average": number_checker(
        right=8,
        praise="Lost in some histories, gained in others: 8 % on average.",
        mistakes=[
            (
                5.6,
                "The histories that still hold it do not stay at 8 %.",
                "mixtures.html#mixtures-loss?generation=50&real_fraction=0&sample_size=200",
            ),
            (0.08, "Give the share in per cent."),
            (
                0.056,
                "Per cent are asked for, and histories do not stay at 8 %.",
                "mixtures.html#mixtures-loss?generation=50&real_fraction=0&sample_size=200",
            ),
        ],
        otherwise="Is there anything that pushes a weight up or down?",
        within=0.05,
    ),
    "mixtures-keep": _keep_minority(),
    "mixtures-choosing": _choosing,
}
