"""The solutions that chapters print run, and pass their own checks."""

import re
from functools import cache

import pytest
from matplotlib import pyplot as plt

from collapse.exercises import check
from support.chapters import BOOK, run_chapter, with_chapter

SOLUTION = re.compile(r"^`{4}\{solution\} (\S+)\n(.*?)^`{4}$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SOLUTIONS = {
    name: (path, "\n".join(CODE.findall(text)))
    for path in sorted(BOOK.glob("*.md"))
    for name, text in SOLUTION.findall(path.read_text(encoding="utf-8"))
}


def variable(exercise):
    """The name of an exercise's answer: each has its own, so that all are kept."""
    return exercise.replace("-", "_")


@cache
def solved(name):
    """Run a solution after its chapter, once; return all names."""
    path, code = SOLUTIONS[name]
    names = dict(run_chapter(path).names)
    with plt.rc_context():
        exec(compile(code, f"solution {name}", "exec"), names)
    return names


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=with_chapter(path))
        for name, (path, _) in SOLUTIONS.items()
    ],
)
def test_the_code_of_a_solution_is_right(name):
    feedback = check(name, solved(name)[variable(name)])
    assert feedback, feedback.message


@with_chapter(BOOK / "language-model.md")
def test_a_verifier_mends_texts_and_narrows_topics():
    """What the solution prints: correct texts are read, about fewer topics."""
    runs = solved("lm-verifier")["runs"]
    plain, verified = runs["without"], runs["with"]
    assert (plain["right"][1:, 0] < 0.5).all()
    assert (verified["right"][1:, 0] > 0.5).all()
    assert (verified["topics"][2:, 0] < plain["topics"][2:, 0]).all()


@pytest.mark.parametrize("path", sorted({path for path, _ in SOLUTIONS.values()}))
def test_each_exercise_has_an_answer_of_its_own(path):
    text = path.read_text(encoding="utf-8")
    asked = re.findall(r'^check\("([\w-]+)", (\w+)\)$', text, re.MULTILINE)
    assert len(asked) == text.count('\ncheck("')
    assert [name for _, name in asked] == [variable(exercise) for exercise, _ in asked]
    for _, name in asked:
        assert text.count(f"\n{name} = ...") == 1


def test_every_chapter_has_such_solutions():
    chapters = {path for path in BOOK.glob("*.md") if "check(" in path.read_text()}
    assert {path for path, _ in SOLUTIONS.values()} == chapters
