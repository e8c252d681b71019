"""Sees whether a problem of a set has been answered at all. Floor 4.

The tools that make problem sets put `answered` first in every test.
"""

from __future__ import annotations

from .answers import WrongAnswerError


class NotAnsweredError(WrongAnswerError):
    """Raised where an answer is still missing; its text names it."""


def answered(**answers: object) -> None:
    """Do nothing if all answers are there.

    Parameters
    ----------
    **answers : object
        What a notebook holds under each name; None where it holds nothing.

    Raises
    ------
    NotAnsweredError
        If one is missing, is still the dots that students get, or is a function whose
        body is still these dots.
    """
    missing = [name for name, answer in answers.items() if _is_missing(answer)]
    if missing:
        raise NotAnsweredError(f"Not answered yet: {', '.join(missing)}.")


def _is_missing(answer: object) -> bool:
    code, dots = getattr(answer, "__code__", None), _dots.__code__
    is_dots = code and (code.co_code, code.co_consts) == (dots.co_code, dots.co_consts)
    return answer is None or answer is ... or bool(is_dots)


def _dots() -> None: ...
