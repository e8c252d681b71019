"""An answer that is missing is told apart from a wrong one; what is not finite, too."""

from __future__ import annotations

import numpy as np
import pytest

from collapse.exercises import WrongAnswerError
from collapse.exercises.answers import numbers_returned
from collapse.exercises.form import NotAnsweredError, answered


def dots(p, *, refits): ...


def no_return(p):
    p = p + 1


def constant(p):
    return 0


def test_what_is_still_missing_is_named():
    with pytest.raises(NotAnsweredError, match=r"^Not answered yet: a, c, f\.$"):
        answered(a=..., b=0, c=None, d="", e=no_return, f=dots, g=constant)


@pytest.mark.parametrize("answer", [0, "", [], np.zeros(3), no_return, constant, int])
def test_what_is_there_is_left_to_the_tests(answer):
    answered(answer=answer)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_function_returns_finite_numbers_unless_a_test_looks_itself(wrong):
    with pytest.raises(WrongAnswerError, match="not finite"):
        numbers_returned([1.0, wrong], "function")
    given = numbers_returned([1.0, wrong], "function", finite=False)
    np.testing.assert_array_equal(given, [1.0, wrong])
