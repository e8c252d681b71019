"""Reads answers: numbers, functions, and what a reader's own code returns or raises.

Floor 4. Knows no exercise and no chapter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from numbers import Real

import numpy as np

Checker = Callable[[object], str]
"""Takes an answer, returns praise; raises a `WrongAnswerError` with a hint."""


class WrongAnswerError(Exception):
    """Raised inside a checker; its text is the hint that the reader sees."""


def number_checker(
    right: float,
    praise: str,
    mistakes: Iterable[tuple[float, str]],
    otherwise: str,
    within: float,
) -> Checker:
    """Return the checker of an exercise whose answer is one number.

    Parameters
    ----------
    right : float
        The right answer.
    praise : str
        What the reader is told who finds it.
    mistakes : iterable of (float, str)
        What a plausible mistake would give, and the hint for it.
    otherwise : str
        The hint for all other wrong answers.
    within : float
        By how much an answer may differ from a number, as a share of that number.

    Returns
    -------
    Checker
    """
    known = tuple(mistakes)

    def checker(answer: object) -> str:
        value = number(answer)
        for mistake, hint in known:
            if is_near(value, mistake, within):
                raise WrongAnswerError(hint)
        if not is_near(value, right, within):
            raise WrongAnswerError(otherwise)
        return praise

    return checker


def number(answer: object) -> float:
    """Return an answer that is one finite number.

    Raises
    ------
    WrongAnswerError
        If it is anything else.
    """
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, Real):
        raise WrongAnswerError(f"The answer should be one number, got {answer!r}.")
    try:
        value = float(answer)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise WrongAnswerError("The answer should be a finite number of sensible size.")
    return value


def is_near(value: float, target: float, share: float) -> bool:
    """Whether a value differs from a target by at most a share of the target."""
    return abs(value - target) <= share * abs(target)


def callable_named(answer: object, name: str, kind: str = "function") -> Callable:
    """Return an answer that is a function or a class; ``name`` is the exercise's.

    Raises
    ------
    WrongAnswerError
        If it is anything else, such as what the function returned.
    """
    if not callable(answer):
        raise WrongAnswerError(f"Hand over the {kind}: answer = {name}.")
    return answer


@contextmanager
def their_code(what: str = "family") -> Iterator[None]:
    """Turn what a reader's own code raises into a hint.

    Yields
    ------
    None
        While the code runs.

    Raises
    ------
    WrongAnswerError
        If it raises anything; the hint names it.
    """
    try:
        yield
    except WrongAnswerError:
        raise
    except Exception as error:
        raise WrongAnswerError(
            f"Your {what} stopped with {type(error).__name__}: {error}"
        ) from error


def scores_of(
    answer: Callable[[np.ndarray], object], shown: np.ndarray, what: str, thing: str
) -> np.ndarray:
    """Return the scores (chains, n) that a reader's function gives to (chains, n, ...).

    Raises
    ------
    WrongAnswerError
        If it raises something, or if the scores have another shape.
    """
    with their_code(what):
        scores = np.asarray(answer(shown), float)
    if scores.shape != shown.shape[:2]:
        raise WrongAnswerError(
            f"{thing.capitalize()}s of shape {shown.shape} got scores of shape "
            f"{scores.shape}; one score for each {thing} is wanted."
        )
    return scores
