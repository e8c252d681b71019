"""A hand-in that does harm loses the problem in which it does, and no other."""

from __future__ import annotations

import pytest

from collapse.grading.guard import outcomes
from collapse.grading.supervisor import Limits, Verdict, owners, supervise

HARM = {
    "loops": ("while True: pass", "runs for over 2 seconds"),
    "loops_in_c": ("sum(iter(int, 1))", "runs for over 2 seconds"),
    "loops_when_called": ("def f(): sum(iter(int, 1))", "runs for over 2 seconds"),
    "sleeps": ("import time; time.sleep(99)", "runs for over 2 seconds"),
    "ignores": (
        "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
        "runs for over 2 seconds",
    ),
    "eats": ("[0] * 10**9", "asks for more memory"),
    "prints": ("print('a' * 10**6)", "prints more than 500000 characters"),
    "prints_ever": ("while True: print('a' * 100)", "prints more than"),
    "exits": ("exit()", "ends the program"),
    "exits_too": ("import sys; sys.exit(0)", "ends the program"),
    "dies": ("import os; os._exit(0)", "ends the program"),
    "kills": ("import os; os.kill(os.getpid(), 9)", "tried to end a program"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "ends the program"),
    "reads": ("open('HIDDEN/key.py').read()", "tried to open 'key.py'"),
    "reads_quietly": (
        "try: open('HIDDEN/key.py')\nexcept OSError: pass",
        "tried to open 'key.py'",
    ),
    "lists": ("import os; os.listdir('HIDDEN')", "tried to open 'key"),
    "reads_when_called": ("def f(): open('HIDDEN/key.py')", "tried to open 'key.py'"),
    "replaces": ("import builtins; builtins.abs = len", "replaced builtins.abs"),
    "replaces_checker": (
        "from collapse.exercises import answers\nanswers.is_near = lambda *_: True",
        "replaced collapse.exercises.answers.is_near",
    ),
    "replaces_module": (
        "import sys; sys.modules['collapse.theory'] = None",
        "replaced collapse.theory",
    ),
}
FORBIDDEN = (
    "A hand-in must not start other programs or use the network while it is graded."
)
HARMLESS = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "starts": ("!cat HIDDEN/key.py", FORBIDDEN),
    "starts_too": ("import subprocess; subprocess.run(['ls'])", FORBIDDEN),
    "calls_out": (
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        FORBIDDEN,
    ),
    "looks": (
        "open('tests/loop.py')",
        "Only the notebook is graded: no file 'tests/loop.py' is beside it.",
    ),
}
TEST = """\
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = 2

@test_case(points=None, hidden=True)
def test_answer({name}, f):
    if f is not None:
        f()
    assert {name} == abs(-1), "not one"
"""
LIMITS = Limits(seconds=2, patience=4, megabytes=300)


def cell(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata}


def graded(names, cells, hidden="", limits=LIMITS):
    tests = {name: TEST.format(name=name) for name in names}
    return supervise(cells, tests, limits, [hidden] if hidden else [])


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """One hand-in with all kinds of harm, each in a problem of its own."""
    hidden = tmp_path_factory.mktemp("key")
    (hidden / "key.py").write_text("answer = 1")
    cells = [cell("given = 1", problem="")]
    kinds = HARM | HARMLESS
    for name, (source, _) in kinds.items():
        cells += [
            cell(f"f = None; {name} = 1", problem=name),
            cell(source.replace("HIDDEN", str(hidden))),
        ]
    cells.append(cell("f = None; good = given", problem="good"))
    return graded([*kinds, "good"], cells, str(hidden))


@pytest.mark.slow
@pytest.mark.parametrize("name", HARM)
def test_harm_costs_the_problem_and_is_named(verdicts, name):
    ((passed, said),) = outcomes(verdicts[name], 1)
    assert not passed
    assert "No points for this problem" in said
    assert HARM[name][1] in said


@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_what_fails_without_harm_costs_nothing(verdicts, name):
    assert outcomes(verdicts[name], 1) == [(True, "✅ Passed.")]
    assert verdicts[name].remarks == [HARMLESS[name][1]]


@pytest.mark.slow
def test_the_others_are_graded(verdicts):
    assert outcomes(verdicts["good"], 1) == [(True, "✅ Passed.")]


@pytest.mark.slow
def test_no_later_cell_takes_back_a_penalty_or_a_remark(tmp_path):
    (tmp_path / "key.py").write_text("answer = 1")
    cells = [
        cell(f"open({str(tmp_path / 'key.py')!r})", problem="a"),
        cell("b = 2; f = None; 1 / 0", problem="b"),
        cell("a = 1", problem="a"),
        cell("b = 3", problem="b"),
    ]
    verdicts = graded("ab", cells, str(tmp_path))
    ((passed, said),) = outcomes(verdicts["a"], 1)
    assert not passed
    assert "tried to open 'key.py'" in said
    ((passed, said),) = outcomes(verdicts["b"], 1)
    assert not passed
    assert said.startswith("❌ not one\n")
    assert "ZeroDivisionError" in said


@pytest.mark.slow
def test_a_notebook_as_a_whole_has_a_limit():
    cells = [
        cell("a = 1; f = None", problem="a"),
        cell("while True: pass", problem="b"),
    ]
    limits = Limits(seconds=60, total_seconds=8)
    verdicts = graded(["a", "b", "c"], cells, limits=limits)
    assert outcomes(verdicts["a"], 1) == [(True, "✅ Passed.")]
    for late in "bc":
        assert "over 8 s" in outcomes(verdicts[late], 1)[0][1]


OPEN = TEST.replace(
    "    if f",
    "    from collapse.exercises.form import answered\n"
    "    answered({name}={name})\n    if f",
)


@pytest.mark.slow
def test_what_is_not_answered_in_its_place_may_be_answered_later():
    tests = {name: OPEN.format(name=name) for name in "abcde"}
    cells = [
        cell("f = None; a = 1", problem="a"),
        cell("b = ...", problem="b"),
        cell("c = 2", problem="c"),
        cell("d = ...", problem="d"),
        cell("a = ...; b = 1; c = 1", problem=""),
    ]
    verdicts = supervise(cells, tests, LIMITS)
    told = {name: outcomes(verdicts[name], 1) for name in tests}
    assert told == {
        "a": [(True, "✅ Passed.")],
        "b": [(True, "✅ Passed.")],
        "c": [(False, "❌ not one")],  # it was answered, and wrong
        "d": [(False, "❌ Not answered yet: d.")],
        "e": [(False, "❌ Not answered yet: e.")],
    }


def test_a_remark_says_what_stopped_a_cell():
    verdict = Verdict(cases=[(False, "not one")], remarks=["NameError: x"])
    ((passed, said),) = outcomes(verdict, 1)
    assert not passed
    assert said == "❌ not one\nA cell of this problem stopped: NameError: x"


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "!pip install --quiet none",
        "%pip install none",
        "if True:\n    !python -m pip install none",
    ],
)
def test_who_installs_a_package_is_graded_and_told(line):
    first = cell(f"{line}\na = 1; f = None", problem="a")
    wrong = cell(f"{line}\nb = 2; f = None", problem="b")
    verdicts = graded("ab", [first, wrong])
    assert outcomes(verdicts["a"], 1) == [(True, "✅ Passed.")]
    ((passed, said),) = outcomes(verdicts["b"], 1)
    assert not passed
    command = line[line.index("pip") :]
    assert said == (
        f"❌ not one\nNothing is installed for grading: {command!r} was left out."
    )


def test_a_cell_belongs_to_the_problem_before_it_as_metadata_say():
    cells = [cell("a", problem=""), cell("b", problem="one"), cell("added")]
    assert owners([*cells, cell("c", problem="two")]) == ["", "one", "one", "two"]
    cells[2]["metadata"]["problem"] = ["not", "a", "name"]
    assert owners(cells) == ["", "one", "one"]


def test_where_metadata_are_lost_checks_end_a_problem():
    checks = [cell("a"), cell('grader.check("one")'), cell("b"), cell("c")]
    assert owners([*checks, cell("grader.check( 'two' )"), cell("end")]) == [
        *("one", "one", "two", "two", "two", ""),
    ]
