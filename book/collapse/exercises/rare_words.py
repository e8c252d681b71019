"""Checkers of the chapter on rare words (`rare-words.md`). Floor 4."""

from __future__ import annotations

import numpy as np

from .. import theory
from ..categorical import CategoricalModel, sharpen, zipf
from ..numerals import per_cent
from ..recursion import recurse
from .answers import (
    Checker,
    WrongAnswerError,
    callable_named,
    number_checker,
    numbers_returned,
    returned,
    their_code,
)
from .tries import check_new_models

_WORDS = 10_000
_READ = float(np.sum(-np.expm1(_WORDS * np.log1p(-zipf(_WORDS)))))


def _sharpened(generations: int) -> float:
    """Share of the first of two words, 0.6 at first, at temperature 0.9."""
    return float(sharpen(np.array([0.6, 0.4]), 0.9**generations)[0])


def _discounting(answer: object) -> str:
    family = callable_named(answer, "Discounting", "class")
    cases: dict[str, tuple[list[int], list[float]]] = {
        "three seen of five": ([0, 0, 0, 1, 1, 2], [2.5, 1.5, 0.5, 0.75, 0.75]),
        "one seen of four": ([3, 3], [1 / 6, 1 / 6, 1 / 6, 1.5]),
        "all seen": ([0, 1, 1, 2], [1, 2, 1]),
    }
    with their_code():
        for name, (data, kept) in cases.items():
            right = np.array(kept) / len(data)
            model = family(len(kept)).fit(np.array(data))
            returned(model, "method fit")
            found = numbers_returned(model.probabilities, "probabilities")
            if found.shape != right.shape or not np.allclose(found, right):
                raise WrongAnswerError(
                    f"For {name}, data {data}, the probabilities should be "
                    f"{np.round(right, 3).tolist()}, not "
                    f"{np.round(found, 3).tolist()}."
                )
        check_new_models(
            family(4).fit,
            (np.array([3, 3]), np.array([0, 1])),
            lambda model: model.probabilities,
        )
        left = recurse(
            family(300),
            CategoricalModel(zipf(300)),
            generations=10,
            sample_size=300,
            chains=4,
            rng=np.random.default_rng(3),
            measures={"p": lambda model, data: np.atleast_2d(model.probabilities)},
        )["p"][-1]
    if not (left > 0).all():
        raise WrongAnswerError("In the loop some words end with a probability of 0.")
    return "After ten generations every word still has a chance."


CHECKERS: dict[str, Checker] = {
    "words-last-word": number_checker(
        right=float(theory.fixation_probability(0.2)),
        praise="A word wins with a probability equal to its frequency.",
        mistakes=[
            (
                1 / 3,
                "The words are not equally likely to win.",
                "rare-words.html#words-fate?frequency=0.05&sample_size=50",
            )
        ],
        otherwise="A frequency is a martingale: what is its expectation?",
        within=0.02,
        is_share=True,
    ),
    "words-first-reading": number_checker(
        right=_READ,
        praise=f"{_READ:.0f} words, {per_cent(_READ / _WORDS)} of the list.",
        mistakes=[
            (
                float(theory.expected_support(1, 1000, zipf(1000))),
                "That is for 1000 words and 1000 draws.",
            ),
            (_WORDS - _READ, "So many words are not drawn."),
            (_READ / _WORDS, "That is their share of the list; how many are they?"),
            (100 * _READ / _WORDS, "That is per cent of the list; how many are they?"),
        ],
        otherwise="Add up, over the words, the chance of being drawn.",
        within=0.02,
    ),
    "words-sharpening": number_checker(
        right=_sharpened(10),
        praise=f"The first word has grown from 0.6 to {_sharpened(10):.3f}, without "
        "any chance.",
        mistakes=[
            (
                _sharpened(1),
                "That is after one generation.",
                "rare-words.html#words-temperature?temperature=0.9",
            ),
            (_sharpened(9), "That is after nine generations."),
            (_sharpened(11), "That is after eleven generations."),
            (1 - _sharpened(10), "That is the frequency of the second word."),
        ],
        otherwise="What does a temperature do to the log-odds of two words, and how "
        "often does it happen here?",
        within=0.005,
        is_share=True,
    ),
    "words-discounting": _discounting,
}
