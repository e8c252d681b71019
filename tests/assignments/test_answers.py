"""Every problem's grader, tried both ways: right answers, wrong ones, and none.

An answer in ``assignments/answers`` says which problem it answers, which share of the
points it ``earns`` and what its author must read (``says``). Each is graded as
otter-grader grades it, after all earlier problems were solved, with the published
numbers and, in a rehearsal, with those of another course.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

import masters
from collapse.exercises import WrongAnswerError
from support.grading import run

OTHER_COURSE = pytest.param(7, marks=pytest.mark.rehearsal)
SEEDS = [None, OTHER_COURSE]
NAMES = [path.stem for path in sorted(masters.MASTERS.glob("*.md"))]
LEAST_WRONG = 4
SEEN = "finite|number of points is whole|no root can be taken"
"""What is said of answers that are no finite numbers."""


def master(name):
    return masters.MASTERS / f"{name}.md"


@cache
def tried(name, seed=None):
    """The answers to a set's problems: what they claim, and their code."""
    numbers = masters.read_parameters(master(name), seed)
    path = masters.MASTERS / "answers" / f"{name}.md"
    return [
        (about, [cell.source for cell in cells if cell.cell_type == "code"])
        for about, cells in masters.problems(masters.read_notebook(path, numbers))
        if about
    ]


ANSWERS = [
    pytest.param(name, number, id=f"{name}-{about['problem']}-{about['answer']}")
    for name in NAMES
    for number, (about, _) in enumerate(tried(name))
]
PROBLEMS = [
    pytest.param(name, about["problem"], id=f"{name}-{about['problem']}")
    for name in NAMES
    for about, _ in masters.problems(masters.read_master(master(name)))
    if about.get("problem") and not about.get("manual")
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "number"), ANSWERS)
def test_answer_earns_its_part_and_is_told_why(sets, name, number, seed):
    about, code = tried(name, seed)[number]
    problem_set = sets(name, seed)
    environment = problem_set.before(about["problem"])
    run(problem_set.problems[about["problem"]].code("prompt"), environment)
    run(code, environment)
    earned, said = problem_set.problems[about["problem"]].grade(environment)
    assert earned == pytest.approx(about["earns"], abs=0.01), said
    assert re.search(about.get("says", ""), said), said


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "problem"), PROBLEMS)
def test_solution_earns_everything_and_an_empty_answer_nothing(
    sets, name, problem, seed
):
    asked = sets(name, seed).problems[problem]
    environment = sets(name, seed).before(problem)
    run(asked.code("prompt"), environment)
    earned, said = asked.grade(dict(environment))
    assert earned == 0, said
    tests = asked.tests.test_cases
    assert said.count("NotAnsweredError: Not answered yet: ") == len(tests), said
    run(asked.code("solution"), environment)
    earned, said = asked.grade(environment)
    assert earned == 1, said


def is_function(value):
    return callable(value) and not isinstance(value, type)


def as_words(value):
    """An answer that looks like numbers, and is text: of a value, or of a function."""
    if is_function(value):
        return lambda *given: as_words(value(*given))
    return np.asarray(value).astype(str).tolist()


def in_brackets(value):
    """A number as an array of one, as some computations leave it."""
    return np.array([value]) if np.ndim(value) == 0 else value


@pytest.mark.parametrize(("name", "problem"), PROBLEMS)
def test_form_is_right_where_the_grader_can_read_the_answer(sets, name, problem):
    """A student reads of the form what the grader makes of it, no more and no less."""
    asked = sets(name, None).problems[problem]
    solved = sets(name, None).before(problem)
    run(asked.code("prompt", "solution"), solved)
    (form, *_) = (case.body for case in asked.tests.test_cases if not case.hidden)
    wanted = [*inspect.signature(form.test_func).parameters]
    form.call_func(solved)
    for each in wanted:
        with pytest.raises(WrongAnswerError):
            form.call_func(solved | {each: as_words(solved[each])})
        if is_function(solved[each]):
            with pytest.raises(WrongAnswerError, match="without brackets"):
                form.call_func(solved | {each: 0.5})
    numbers = {each: in_brackets(solved[each]) for each in wanted}
    numbers = {each: v for each, v in numbers.items() if not is_function(solved[each])}
    form.call_func(solved | numbers)
    earned, said = asked.grade(solved | numbers)
    assert earned == 1, said


def all_of(wrong, value):
    """An answer of the same form in which each number is a wrong one."""
    if is_function(value):
        return lambda *given: all_of(wrong, value(*given))
    return np.full(np.shape(value), wrong)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize(("name", "problem"), PROBLEMS)
def test_what_is_not_finite_earns_nothing_and_gets_no_other_hint(
    sets, name, problem, wrong
):
    """It compares with nothing, so a test that does not ask lets it pass."""
    asked = sets(name, None).problems[problem]
    solved = sets(name, None).before(problem)
    run(asked.code("prompt", "solution"), solved)
    cases = [case.body for case in asked.tests.test_cases]
    names = {
        name for case in cases for name in inspect.signature(case.test_func).parameters
    }
    earned, said = asked.grade(
        solved | {each: all_of(wrong, solved[each]) for each in names}
    )
    assert earned == 0, said
    hints = re.findall(r"(?:WrongAnswerError|AssertionError): (.+(?:\n(?! ).+)*)", said)
    assert len(hints) == len(cases), said
    assert not [each for each in hints if not re.search(SEEN, each)]


def test_a_hint_fits_both_mistakes_that_lead_to_its_number(sets):
    """In this course as many rare words are lost as occurrences are left."""
    problem = sets("rare-words", "abc").problems["speech"]
    solved = sets("rare-words", "abc").before("speech")
    run(problem.code("prompt", "solution"), solved)
    counts, kept = (solved[each][solved["is_rare"]] for each in ("counts", "is_kept"))
    length = masters.read_parameters(master("rare-words"), "abc")["new_length"]
    occurrences = counts.sum() * length / len(solved["speech"])
    assert occurrences == pytest.approx((1 - kept).sum(), rel=0.01)
    earned, said = problem.grade(solved | {"rare_kept": occurrences})
    assert earned == pytest.approx(0.6), said
    assert "lost, or so often they occur: how many different ones are left?" in said


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_has_wrong_answers_of_several_kinds(name):
    wrong = Counter(about["problem"] for about, _ in tried(name) if about["earns"] < 1)
    few = {p.values[1] for p in PROBLEMS if p.values[0] == name} - {
        problem for problem, count in wrong.items() if count >= LEAST_WRONG
    }
    assert not few


def test_given_texts_are_the_graders_own(sets):
    asked = sets("keeping-real-data", None).problems
    problem = next(each for each in asked.values() if "DICKENS" in str(each.cells))
    environment = sets("keeping-real-data", None).before(problem.name)
    run(problem.code("prompt", "solution"), environment)
    environment["DICKENS"] = "x x x x y"
    earned, said = problem.grade(environment)
    assert earned == 1, said
    environment["floor"] = 0.2  # the share of that text's rarest word
    earned, said = problem.grade(environment)
    assert earned < 1, said
