"""Checkers of the chapter on language models (`language-model.md`). Floor 4."""

from __future__ import annotations

import math

import numpy as np

from ..numerals import per_cent
from .answers import (
    Checker,
    WrongAnswerError,
    callable_named,
    number_checker,
    numbers_returned,
    their_code,
)
from .tries import scores_of, share_preferred

_P = np.array([1 / 2, 1 / 4, 1 / 8])
_PERPLEXITY = float(np.exp(-np.mean(np.log(_P))))
_FREE_OF_SLIPS = 0.99**200


def _nucleus(answer: object) -> str:
    nucleus = callable_named(answer, "nucleus")
    cases = (
        ([0.5, 0.3, 0.15, 0.05], 0.9, [0.5, 0.3, 0.15, 0]),
        ([0.5, 0.3, 0.15, 0.05], 0.4, [0.5, 0, 0, 0]),
        ([0.05, 0.6, 0.15, 0.2], 0.7, [0, 0.6, 0, 0.2]),
        ([0.5, 0.25, 0.25], 0.5, [0.5, 0, 0]),
        ([0.1, 0.2, 0.7], 1.0, [0.1, 0.2, 0.7]),
        ([0.4, 0.3, 0.3], 0.6, [0.4, 0.3, 0]),
    )
    for p, mass, kept in cases:
        right = np.array(kept) / sum(kept)
        given = np.array(p)
        with their_code("function"):
            found = numbers_returned(nucleus(given, mass), "function")
        if not np.array_equal(given, p):
            raise WrongAnswerError("The probabilities that were handed over changed.")
        # Of two that are as likely either may stay; half precision is near enough.
        ways = [right, right[[0, 2, 1]]] if p[-1] == p[-2] else [right]
        near = [
            found.shape == way.shape and np.allclose(found, way, atol=1e-3)
            for way in ways
        ]
        if not any(near):
            raise WrongAnswerError(
                f"Of {p} with mass {mass} should be left {right.round(3).tolist()}, "
                f"not {np.round(found, 3).tolist()}."
            )
    return "The tail is cut off, and the rest adds up to 1."


def _verifier(answer: object) -> str:
    # Imported here: no other check needs the encyclopaedia.
    from ..corpus.encyclopaedia import encyclopaedia

    verifier = callable_named(answer, "verifier")
    texts = encyclopaedia().sample(300, np.random.default_rng(6))[:, 1:]
    wrong = texts.copy()
    # Two words that stand side by side in the first sentence change places.
    wrong[:, [2, 3]] = texts[:, [3, 2]]
    both = np.concatenate([texts, wrong]).reshape(3, 200, -1)
    scores = scores_of(verifier, both, "function", "text")
    right, broken = scores.reshape(2, 300)
    better = share_preferred(
        right, broken, ("real texts", "copies with two words exchanged")
    )
    if better < 0.9:
        raise WrongAnswerError(
            f"Only {per_cent(better)} of real texts beat a copy with two words "
            "exchanged."
        )
    return f"{per_cent(better)} of real texts beat a copy with two words exchanged."


CHECKERS: dict[str, Checker] = {
    "lm-hesitation": number_checker(
        right=_PERPLEXITY,
        praise="As if each word were one of four.",
        mistakes=[
            (
                float(np.mean(1 / _P)),
                "Average the logarithms, not the inverse probabilities.",
            ),
            (
                float(1 / np.prod(_P)),
                "Per word: divide the sum of the logarithms by 3.",
            ),
            (math.log(_PERPLEXITY), "That is the loss in nats; take exp of it."),
        ],
        otherwise="Among how many equally likely words does it choose, on average?",
        within=0.01,
    ),
    "lm-slips": number_checker(
        right=_FREE_OF_SLIPS,
        praise=f"{per_cent(_FREE_OF_SLIPS, 1)} are left, of {per_cent(0.99**40)} after "
        "generation 0.",
        mistakes=[
            (
                0.99**40,
                "That is after one generation.",
                "language-model.html#lm-measures?measure=texts+without+a+mistake"
                "&real_fraction=0",
            ),
            (0.99**160, "Generations 0 to 4 are five that write."),
            (0.99**240, "Generations 0 to 4 are five that write, not six."),
            (0.99**5, "That is for texts of one word."),
            (1 - _FREE_OF_SLIPS, "That share has slips."),
        ],
        otherwise="How many words have been written without a slip?",
        within=0.005,
        is_share=True,
    ),
    "lm-nucleus": _nucleus,
    "lm-verifier": _verifier,
}
