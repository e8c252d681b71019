"""Finds the checker of an exercise and turns what it says into feedback.

Floor 4. The one place that knows which chapters have exercises.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from . import (
    gaussian,
    keeping_real_data,
    language_model,
    making_it_work,
    mixtures,
    rare_words,
    vae,
)
from .answers import Checker, WrongAnswerError

_CHECKERS: dict[str, Checker] = {
    **gaussian.CHECKERS,
    **mixtures.CHECKERS,
    **rare_words.CHECKERS,
    **vae.CHECKERS,
    **language_model.CHECKERS,
    **keeping_real_data.CHECKERS,
    **making_it_work.CHECKERS,
}


SITE = "https://model-collapse.github.io/textbook/"
"""Where the book is read; hints lead to its figures."""


@dataclass(frozen=True)
class Feedback:
    """Whether an answer is right, and a sentence about it; shows itself."""

    correct: bool | None
    message: str
    figure: str = ""
    """The state of a figure that refutes the answer, from the site's address on."""

    def __bool__(self) -> bool:
        return self.correct is True

    def __repr__(self) -> str:
        seen = f" See {SITE}{self.figure}" if self.figure else ""
        return f"{self.text}{seen}"

    def _repr_html_(self) -> str | None:
        """Show the address as a link; without one the text is enough."""
        if not self.figure:
            return None
        link = f'<a href="{escape(SITE + self.figure)}" target="_blank">See it.</a>'
        return f"<p>{escape(self.text)} {link}</p>"

    @property
    def text(self) -> str:
        """Whether the answer is right, and the sentence."""
        sign = {True: "Right.", False: "Not yet.", None: "Waiting."}[self.correct]
        return f"{sign} {self.message}"


def checker_of(exercise: str) -> Checker:
    """Return the checker of an exercise.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    if exercise not in _CHECKERS:
        raise ValueError(
            f"exercise must be one of {sorted(_CHECKERS)}, got {exercise!r}"
        )
    return _CHECKERS[exercise]


def check(exercise: str, answer: object) -> Feedback:
    """Check the answer to an exercise.

    Parameters
    ----------
    exercise : str
        The exercise's name, as its cell gives it.
    answer : object
        What the exercise asks for; ``...`` stands for no answer yet.

    Returns
    -------
    Feedback
        True where the answer is right; shows a hint where it is not.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    checker = checker_of(exercise)
    if answer is ...:
        return Feedback(None, "Put your answer where the dots are and run the cell.")
    try:
        return Feedback(True, checker(answer))
    except WrongAnswerError as hint:
        return Feedback(False, str(hint), hint.figure)
