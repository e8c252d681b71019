"""Checks a reader's answer to an exercise and says what may have gone wrong.

Floor 4. A *checker* takes an answer; it returns a sentence about a right one, and
raises a `WrongAnswerError` whose text is the hint for a wrong one. It computes what is
right from `collapse.theory` or by running the loop, and never holds a list of answers.
Each chapter has a module that ends in a table of its checkers by the exercises' names;
where the answer is one number, `number_checker` makes the checker of what is right and
what each mistake would give: a `NumberChecker`, whose table the site's pages use too.
`check` knows the chapters: add a new one there.
"""

from .answers import WrongAnswerError
from .check import Feedback, check

__all__ = ["Feedback", "WrongAnswerError", "check"]
