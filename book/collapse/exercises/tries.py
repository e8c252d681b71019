"""Tries a reader's function more than once: its draws, its models and its scores.

Floor 4. Knows no exercise and no chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..numerals import per_cent
from .answers import WrongAnswerError, numbers_returned, their_code


def three_draws(
    draw: Callable[[np.random.Generator], object], what: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what a reader's function draws: twice from equal generators, once more.

    Raises
    ------
    WrongAnswerError
        If it raises something, or returns nothing.
    """
    with their_code(what):
        first, same, other = (
            numbers_returned(draw(np.random.default_rng(seed)), what)
            for seed in (4, 4, 5)
        )
    return first, same, other


def check_rng(
    first: np.ndarray, same: np.ndarray, other: np.ndarray, things: str
) -> None:
    """Check that `three_draws` are from the generator, and from nothing else.

    Raises
    ------
    WrongAnswerError
        If they are not.
    """
    if not np.array_equal(first, same):
        raise WrongAnswerError(
            f"The same rng gives other {things}: draw from rng alone."
        )
    if np.array_equal(first, other):
        raise WrongAnswerError(f"Another rng gives the same {things}: draw from rng.")


def check_new_models(
    fit: Callable[[Any], Any], data: Iterable[Any], look: Callable[[Any], object]
) -> None:
    """Check that a model stays what it is when the family fits again.

    Parameters
    ----------
    fit : callable
        Returns the model of some data.
    data : iterable
        The data of both fits.
    look : callable
        Returns the numbers by which a model is known.

    Raises
    ------
    WrongAnswerError
        If it does not.
    """
    first, second = data
    model = fit(first)
    before = numbers_returned(look(model), "model")
    fit(second)
    if not np.array_equal(numbers_returned(look(model), "model"), before):
        raise WrongAnswerError(
            "A second fit changes the model of the first one: fit should return a new "
            "object each time, not the family itself."
        )


def scores_of(
    answer: Callable[[np.ndarray], object], shown: np.ndarray, what: str, thing: str
) -> np.ndarray:
    """Return the scores (chains, n) that a reader's function gives to (chains, n, ...).

    Raises
    ------
    WrongAnswerError
        If it raises something, or if the scores have another shape or are no
        numbers.
    """
    # In any order, or a score of the place would tell the good ones from the bad.
    places = np.prod(shown.shape[:2], dtype=int)
    order = np.random.default_rng(1).permutation(places)
    mixed = shown.reshape(places, *shown.shape[2:])[order].reshape(shown.shape)
    with their_code(what):
        scores = numbers_returned(answer(mixed), what, finite=False)
    if scores.shape != shown.shape[:2]:
        raise WrongAnswerError(
            f"{thing.capitalize()}s of shape {shown.shape} got scores of shape "
            f"{scores.shape}; one score for each {thing} is wanted."
        )
    if np.isnan(scores).any():
        raise WrongAnswerError("A score is not a number.")
    return scores.ravel()[np.argsort(order)].reshape(scores.shape)


def share_preferred(good: np.ndarray, bad: np.ndarray, names: tuple[str, str]) -> float:
    """Return how often the good one of a pair has the better score.

    Raises
    ------
    WrongAnswerError
        If most pairs have equal scores, or three of four bad ones the better score;
        the hint uses the ``names`` of the good and of the bad ones.
    """
    goods, bads = names
    if (equal := np.mean(good == bad)) > 0.5:
        raise WrongAnswerError(
            f"{per_cent(equal)} of {goods} get exactly the score of {bads}: a score "
            "must depend on what it is given."
        )
    if np.mean(good < bad) > 0.75:  # more than by chance
        raise WrongAnswerError(
            f"{bads.capitalize()} get better scores than {goods}: the best are kept."
        )
    return float(np.mean(good > bad))
