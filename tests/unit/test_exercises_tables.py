"""The tables of checkers of one number: they say what theory says, of every number."""

import itertools
import math

import numpy as np
import pytest

from collapse import theory
from collapse.exercises import WrongAnswerError, check
from collapse.exercises.answers import NumberChecker, is_near, number_checker
from collapse.exercises.check import _CHECKERS
from collapse.numerals import per_cent

TABLES = {
    name: checker.table
    for name, checker in _CHECKERS.items()
    if isinstance(checker, NumberChecker)
}


def boundaries(table):
    """The ends of a table's intervals, and the numbers right beside them."""
    ends = {float(end) for each in table for end in (each.low, each.high)}
    beside = {math.nextafter(e, to) for e in ends for to in (-math.inf, math.inf)}
    return sorted(filter(math.isfinite, ends | beside))


def said(table, value):
    return next(each for each in table if each.holds(value))


def grid(low, high, *tables):
    """A dense grid, and every boundary of some tables in it."""
    ends = itertools.chain(*map(boundaries, tables))
    inside = [end for end in ends if low <= end <= high]
    return np.concatenate([np.linspace(low, high, 501), inside]).tolist()


def passes(name, value):
    return check(name, value).correct


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_something_of_every_number(name):
    table = TABLES[name]
    for value in (*boundaries(table), 0.0, 0.5, 1e300, -1e300, 5e-324):
        feedback = check(name, value)
        assert feedback.correct == said(table, value).correct
        assert feedback.message == said(table, value).message
        assert feedback.figure == said(table, value).figure


@pytest.mark.parametrize("name", TABLES)
def test_no_hint_is_in_vain(name):
    """But those for few digits, and few fits, where another hint stands before."""
    table = TABLES[name]
    ends = boundaries(table)
    tried = [*ends, *(np.add(ends[1:], ends[:-1]) / 2).tolist(), ends[-1] + 1.5]
    found = {said(table, value) for value in tried}
    vain = [each.message for each in table if each not in found]
    assert not set(vain) - {
        "Right so far: give one more digit.",
        f"After 3 fits {per_cent(0.262, 1)} are left.",
    }


@pytest.mark.parametrize("name", TABLES)
def test_what_is_right_is_one_interval(name):
    (right,) = [each for each in TABLES[name] if each.correct]
    assert math.isfinite(right.high - right.low)


def test_the_minority_is_kept_where_theory_says_so():
    """Theory looks at the count of real points, and knows no table."""
    name = "mixtures-keep"
    for real in grid(0, 0.25, TABLES[name]):
        gone = float(theory.loss_probability(51, 200, 0.05, real))
        feedback = check(name, real)
        assert feedback.correct == (gone <= 0.05 and real < 0.25), real
        if gone > 0.05:
            assert f"Then {per_cent(gone, 1)} of" in feedback.message, real


def test_real_points_are_enough_where_theory_says_so():
    name, size = "gaussian-real-points", 10_000
    for count in range(1, 60):
        kept = float(theory.fresh_mixing_variance(count / size, size))
        fewer = float(theory.fresh_mixing_variance((count - 1) / size, size))
        feedback = check(name, count)
        assert feedback.correct == (kept >= 0.95 > fewer), count
        if kept < 0.95 or feedback:
            assert f"{count} real point{'s' * (count > 1)} " in feedback.message
            assert per_cent(kept, 1) in feedback.message
        else:
            assert "so are fewer" in feedback.message
        assert "whole" in check(name, count + 0.5).message
    for count, words in (
        (size, "so are fewer"),
        (size + 1, "between"),
        (-3, "between"),
    ):
        assert words in check(name, count).message


@pytest.mark.parametrize(
    ("name", "is_enough"),
    [
        (
            "keep-halve",
            lambda count: (
                2 * (1 - theory.fresh_mixing_variance(count / 1000, 1000))
                <= 1 - theory.fresh_mixing_variance(10 / 1000, 1000)
            ),
        ),
        (
            "keep-group-risk",
            lambda count: theory.minority_shortfall(0.05, count, 0.5) <= 0.1,
        ),
    ],
)
def test_a_count_is_right_where_it_is_the_least_that_is_enough(name, is_enough):
    for count in range(1, 80):
        is_least = is_enough(count) and not (count > 1 and is_enough(count - 1))
        feedback = check(name, count)
        assert feedback.correct == is_least, count
        assert ("fewer" in feedback.message) == (is_enough(count) and not is_least)
        for beside in (count - 0.5, math.nextafter(count, 0), count + 1e-6):
            assert "is whole" in check(name, beside).message, beside


def test_fits_are_enough_where_little_is_left():
    name = "vae-generations"
    for fits in range(60):
        is_first = 0.64**fits < 0.01 <= 0.64 ** (fits - 1)
        feedback = check(name, fits)
        assert feedback.correct == is_first, fits
        assert not passes(name, fits + 1e-9)
        if fits < 11 and fits != 3:
            assert f"After {fits} fits {per_cent(0.64**fits, 1)}" in feedback.message


@pytest.mark.parametrize("right", [0.02, 0.764, 8, 693.1, -4.2])
@pytest.mark.parametrize("within", [0.004, 0.02])
def test_a_number_is_near_what_is_right_or_a_mistake(right, within):
    """Against the rule itself: near is by at most a share, the mistakes first."""
    mistakes = {"half": right / 2, "almost": right * (1 + 1.5 * within)}
    checker = number_checker(
        right, "yes", [(wrong, name) for name, wrong in mistakes.items()], "no", within
    )
    beside = [
        edge * (1 + e) for edge in boundaries(checker.table) for e in (-1e-9, 1e-9)
    ]
    tried = np.array([*np.linspace(-1, 2, 3001) * abs(right), *beside])
    tried = tried[np.isfinite(tried) & (np.abs(tried) < 1e6)]
    # On an edge itself the last bit decides.
    edges = np.array(boundaries(checker.table))[:, None]
    for value in tried[~np.isclose(tried, edges, rtol=1e-12, atol=0).any(axis=0)]:
        wanted = "yes" if is_near(value, right, within) else "no"
        for name, wrong in mistakes.items():
            if is_near(value, wrong, within):
                wanted = name
        try:
            heard = checker(value)
        except WrongAnswerError as hint:
            heard = str(hint)
        assert heard == wanted or "one more digit" in heard, value
    assert checker(right) == "yes"


def test_too_few_digits_are_told_from_a_wrong_number():
    checker = number_checker(0.7640, "yes", [], "no", within=0.001)
    for value, words in ((0.8, "more digit"), (0.76, "more digit"), (0.77, "no")):
        with pytest.raises(WrongAnswerError, match=words):
            checker(value)
    assert checker(0.764) == "yes"
