"""Reads answers: numbers, functions, and what a reader's own code returns or raises.

Floor 4. Knows no exercise and no chapter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..validation import is_masked, shown

Mistake = tuple[float, str] | tuple[float, str, str]
"""What a mistake gives, the hint for it and, where one refutes it, a figure's state."""

Checker = Callable[[object], str]
"""Takes an answer, returns praise; raises a `WrongAnswerError` with a hint."""

NO_NUMBER = "The answer should be one number, got"
NOT_FINITE = "The answer should be a finite number of sensible size."
SO_ARE_FEWER = "So many are enough, but so are fewer."
NOT_WHOLE = "A number of points is whole."

_DIGITS = 1, 2, 3
"""To how many digits an answer is often rounded, which may be too few."""


class WrongAnswerError(Exception):
    """Raised inside a checker; its text is the hint that the reader sees.

    Parameters
    ----------
    hint : str
        The text.
    figure : str
        The state of a figure that refutes the mistake, if there is one, as the site
        addresses it: ``gaussian.html#gaussian-mixing?real_fraction=0.1``.
    """

    def __init__(self, hint: str, figure: str = "") -> None:
        super().__init__(hint)
        self.figure = figure


@dataclass(frozen=True)
class Verdict:
    """What is said about the numbers from ``low`` to ``high``."""

    low: float
    high: float
    correct: bool
    message: str
    figure: str = ""
    """The state of a figure that refutes them; see `WrongAnswerError`."""
    whole: bool = False
    """Whether it is said of whole numbers only."""

    def holds(self, value: float) -> bool:
        """Whether it is said about this number."""
        inside = self.low <= value <= self.high
        return inside and (value.is_integer() or not self.whole)


@dataclass(frozen=True)
class NumberChecker:
    """The checker of an exercise whose answer is one number, as a table.

    The site's pages look answers up in the same table.

    Parameters
    ----------
    table : tuple of Verdict
        The first that holds is said; the last one holds for all numbers.
    is_share : bool
        Whether a share is asked for, so that 25 % means 0.25.
    """

    table: tuple[Verdict, ...]
    is_share: bool = False

    def __call__(self, answer: object) -> str:
        """Return praise, as every `Checker` does.

        Raises
        ------
        WrongAnswerError
            If the answer is wrong, or not one number.
        """
        value = number(answer)
        said = next(each for each in self.table if each.holds(value))
        if not said.correct:
            raise WrongAnswerError(said.message, said.figure)
        return said.message


def rest(message: str, *, whole: bool = False) -> Verdict:
    """Return what is said about all other numbers, or all other whole ones."""
    return Verdict(-math.inf, math.inf, False, message, whole=whole)


def no_share(most: float = 1) -> tuple[Verdict, ...]:
    """Return what is said about numbers that are no share between 0 and ``most``."""
    said = f"Give a share between 0 and {most:g}"
    large = f"{said}, not per cent, odds or a count."
    table = (
        Verdict(math.nextafter(1, 2), math.inf, False, large),
        Verdict(math.nextafter(most, 2), 1, False, f"{said}."),
        Verdict(-math.inf, math.nextafter(0, -1), False, f"{said}."),
    )
    return tuple(each for each in table if each.low <= each.high)


def number_checker(
    right: float,
    praise: str,
    mistakes: Iterable[Mistake],
    otherwise: str,
    within: float,
    *,
    is_share: bool = False,
) -> NumberChecker:
    """Return the checker of an exercise whose answer is one number.

    The right answer in too few digits gets a hint of its own.

    Parameters
    ----------
    right : float
        The right answer.
    praise : str
        What the reader is told who finds it.
    mistakes : iterable of (float, str) or (float, str, str)
        What a plausible mistake would give, the hint for it, and the state of a figure
        that refutes it; see `WrongAnswerError`. What is ``within`` the right answer is
        no mistake.
    otherwise : str
        The hint for all other wrong answers.
    within : float
        By how much an answer may differ from a number, as a share of that number.
    is_share : bool
        Whether the answer lies between 0 and 1.

    Returns
    -------
    NumberChecker
    """

    def near(target: float) -> tuple[float, float]:
        return target - within * abs(target), target + within * abs(target)

    rounded = {float(f"{right:.{digits}g}") for digits in _DIGITS}
    too_short = sorted(each for each in rounded if not is_near(each, right, within))
    more = "Right so far: give one more digit."
    table = (
        *(no_share() if is_share else ()),
        # With some numbers a mistake leads to what is right, and is none.
        *(
            Verdict(*near(each[0]), False, each[1], *each[2:])
            for each in mistakes
            if not is_near(each[0], right, within)
        ),
        Verdict(*near(right), True, praise),
        *(Verdict(each, each, False, more) for each in too_short),
        rest(otherwise),
    )
    return NumberChecker(table, is_share)


def count_checker(
    right: int, praise: str, mistakes: Iterable[Mistake], otherwise: str
) -> NumberChecker:
    """Return the checker of an exercise that asks for the least number of points.

    No other number is near enough, and no fraction is a number of points.

    Parameters
    ----------
    right : int
        The right answer.
    praise : str
        What the reader is told who finds it.
    mistakes : iterable of (float, str) or (float, str, str)
        As for `number_checker`.
    otherwise : str
        The hint for all other numbers of points that are too small.

    Returns
    -------
    NumberChecker
    """
    table = (
        *(Verdict(each[0], each[0], False, *each[1:]) for each in mistakes),
        Verdict(right, right, True, praise),
        Verdict(-math.inf, right, False, otherwise, whole=True),
        rest(SO_ARE_FEWER, whole=True),
        rest(NOT_WHOLE),
    )
    return NumberChecker(table)


def number(answer: object) -> float:
    """Return an answer that is one finite number, of whatever library.

    Raises
    ------
    WrongAnswerError
        If it is anything else.
    """
    with their_code("answer"):
        value = _as_float(answer)
        if value is None:
            raise WrongAnswerError(f"{NO_NUMBER} {shown(answer)}.")
    if not math.isfinite(value):
        raise WrongAnswerError(NOT_FINITE)
    return value


def _as_float(answer: Any) -> float | None:
    """Return a number as a float; None if it is none, or several."""
    if is_masked(answer):
        return None
    if callable(getattr(answer, "to_numpy", None)):  # a table
        answer = answer.to_numpy()
    while isinstance(answer, (list, tuple)) and len(answer) == 1:
        (answer,) = answer
    # Arrays, tensors and columns of one element, and numpy's own numbers.
    if callable(getattr(answer, "item", None)):
        try:
            answer = answer.item()
        except (TypeError, ValueError, RuntimeError):
            return None
    if isinstance(answer, (bool, str, bytes)) or not hasattr(answer, "__float__"):
        return None
    try:
        return float(answer)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        return None


def share(answer: object, most: float = 1) -> float:
    """Return an answer that is a share between 0 and ``most``.

    Raises
    ------
    WrongAnswerError
        If it is anything else, such as a percentage.
    """
    value = number(answer)
    for said in no_share(most):
        if said.holds(value):
            raise WrongAnswerError(said.message)
    return value


def numbers(answer: object, wanted: str) -> np.ndarray:
    """Return an answer that is an array of finite numbers.

    Raises
    ------
    WrongAnswerError
        If it is anything else, words that look like numbers among it; the hint says
        what was ``wanted``.
    """
    with their_code("answer"):
        values = _as_floats(answer, "iufO")
    if values is None:
        raise WrongAnswerError(f"Give {wanted}, got {shown(answer)}.")
    if not np.isfinite(values).all():
        raise WrongAnswerError(f"Give {wanted}: some are not finite.")
    return values


def _as_floats(answer: Any, kinds: str) -> np.ndarray | None:
    """Return numbers of some kinds as a new array; None if one is of another kind."""
    if _has_gradient(answer):
        raise WrongAnswerError("A tensor has a gradient: call .detach() first.")
    try:
        array = np.asarray(answer)
        if array.dtype.kind not in kinds or is_masked(answer):
            return None
        # An array of objects may hold numbers of other libraries, and words.
        is_mixed = array.dtype.kind == "O"
        if is_mixed and any(_as_float(value) is None for value in array.flat):
            return None
        return array.astype(float)
    except (TypeError, ValueError):
        return None


def _has_gradient(answer: Any) -> bool:
    """Whether a tensor, or a part of a list, is one that a gradient is asked of."""
    if isinstance(answer, (list, tuple)):
        return any(map(_has_gradient, answer))
    return getattr(answer, "requires_grad", False) is True


def is_near(value: float, target: float, share: float) -> bool:
    """Whether a value differs from a target by at most a share of the target."""
    return abs(value - target) <= share * abs(target)


def callable_named(answer: Any, name: str, kind: str = "function") -> Callable:
    """Return an answer that is a function or a class; ``name`` is the exercise's.

    Raises
    ------
    WrongAnswerError
        If it is anything else, such as what the function returned, or an object of
        the class.
    """
    with their_code("answer"):
        is_object = not isinstance(answer, type) and hasattr(answer, "fit")
        wrong = is_object if kind == "class" else isinstance(answer, type)
        if wrong or not callable(answer):
            raise WrongAnswerError(
                f"Hand over the {kind} itself: {name}, without brackets."
            )
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
        If it raises anything, ``SystemExit`` too; the hint names it. Only the reader
        can interrupt it.
    """
    try:
        yield
    except (WrongAnswerError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise WrongAnswerError(
            f"Your {what} stopped with {type(error).__name__}: {error}"
        ) from error


def returned(value: Any, what: str) -> Any:
    """Return what a reader's function returned.

    Raises
    ------
    WrongAnswerError
        If that is nothing.
    """
    if value is None:
        raise WrongAnswerError(f"Your {what} returned nothing: is a return missing?")
    return value


def numbers_returned(value: Any, what: str, *, finite: bool = True) -> np.ndarray:
    """Return the array of numbers, or truth values, that a reader's function returned.

    Where ``finite`` is false, infinity and NaN are left to who asks.

    Raises
    ------
    WrongAnswerError
        If that is nothing, or no numbers, words that look like numbers among it.
    """
    values = _as_floats(returned(value, what), "biufO")
    if values is None:
        raise WrongAnswerError(
            f"Your {what} should return numbers, and returned {shown(value)}."
        )
    if finite and not np.isfinite(values).all():
        raise WrongAnswerError(
            f"Your {what} returned a number that is not finite (NaN or infinity)."
        )
    return values
