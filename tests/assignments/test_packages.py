"""What students, instructors and graders get of a master, and what they must not."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from functools import partial

import nbformat
import pytest
from nbclient import NotebookClient

import assignments
import course
import grade
import masters
from collapse.grading import open_grader

NAMES = [path.stem for path in sorted(masters.MASTERS.glob("*.md"))]
RIGHT = {
    "mean = ...": "mean = data.mean()",
    "width = ...": "width = np.ptp(data)",
    "    ...": "    return np.var(points, ddof=1)",
}


def student_notebook(folder):
    (path,) = folder.glob("student/*.ipynb")
    return nbformat.read(path, 4)


def handed_in(built, path, changes):
    """Write a hand-in: the student's notebook with answers in place of dots."""
    notebook = student_notebook(built)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("problem"):
            for dots, answer in changes.items():
                cell.source = cell.source.replace(dots, answer)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def at_the_end(built):
    """A hand-in with all answers in one new cell at its end."""
    notebook = student_notebook(built)
    answers = (
        "mean = data.mean()\nwidth = len(data) - 1\n\n\n"
        "def spread(points):\n    return np.var(points, ddof=1)"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(answers))
    return nbformat.writes(notebook).encode("utf-8-sig")


@pytest.fixture(scope="module")
def grades(built, tmp_path_factory):
    """The grades of a folder of hand-ins, by the real autograder."""
    folder = tmp_path_factory.mktemp("handed in")
    handed_in(built, folder / "ann" / "right.ipynb", RIGHT)
    part = RIGHT | {"width = ...": "width = len(data)"}
    handed_in(built, folder / "part.ipynb", part)
    handed_in(built, folder / "harm.ipynb", RIGHT | {"width = ...": "exit()"})
    packed = folder / "empty.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(next(built.glob("student/*.ipynb")), "sample.ipynb")
        archive.writestr(".OTTER_LOG", "no pickle")
        archive.writestr(".ipynb_checkpoints/sample-checkpoint.ipynb", "a copy")
    (folder / "text.ipynb").write_text("not a notebook")
    (folder / "late.ipynb").write_bytes(at_the_end(built))
    graded = grade.grade_all(folder, built.parent, jobs=1)
    return {each.hand_in: each for each in graded}, folder


@pytest.mark.slow
def test_a_folder_of_hand_ins_is_graded(grades):
    graded, folder = grades
    points = {name: each.points for name, each in graded.items()}
    assert points == {
        "ann/right.ipynb": {"middle": 4, "spread": 2},
        "part.ipynb": {"middle": 3, "spread": 2},
        "harm.ipynb": {"middle": 0, "spread": 2},
        "empty.zip": {"middle": 0, "spread": 0},
        "text.ipynb": {},
        "late.ipynb": {"middle": 4, "spread": 2},
    }
    table = (folder / "grades.csv").read_text()
    assert table.startswith(
        "hand-in,assignment,points,possible,middle,spread,"
        "reason (by hand: 3),not graded because\n"
    )
    assert "ann/right.ipynb,sample,6.0,6.0,4.0,2.0,,\n" in table
    assert f"text.ipynb,,,0,,,,{grade.UNREADABLE}" in table


@pytest.mark.slow
def test_feedback_names_the_idea_and_no_line_of_a_test(grades):
    _, folder = grades
    said = (folder / "feedback" / "part.ipynb.txt").read_text()
    assert said == (
        "A set to try the tools with: 5 of 6 points\n\n"
        "Problem 1. The middle: 3 of 4\n"
        "❌ How far is the last point from the first?\n\n"
        "Problem 2. A function: 2 of 2\n\n"
        "Problem 3. Why: graded by hand, of 3\n"
    )
    harm = (folder / "feedback" / "harm.ipynb.txt").read_text()
    assert (
        "Problem 1. The middle: 0 of 4\n❌ No points for this problem: its code ends"
    ) in harm


@pytest.mark.slow
def test_who_has_not_answered_reads_just_that(grades):
    _, folder = grades
    assert (folder / "feedback" / "empty.zip.txt").read_text() == (
        "A set to try the tools with: 0 of 6 points\n\n"
        "Problem 1. The middle: 0 of 4\n"
        "❌ Not answered yet: mean, width.\n\n"
        "Problem 2. A function: 0 of 2\n❌ Not answered yet: spread.\n\n"
        "Problem 3. Why: graded by hand, of 3\n"
    )


def test_problems_are_told_in_the_order_of_the_set():
    numbers = masters.read_master(masters.MASTERS / "gaussian.md")
    said = assignments.overview(numbers, "gaussian")
    assert said["title"] == "Problem set 1. Refitting a Gaussian"
    titles = [about["title"] for about in said["problems"].values()]
    assert [each[:10] for each in titles] == [f"Problem {n}." for n in range(1, 7)]
    assert titles[1] == "Problem 2. A noisy ruler"


@pytest.mark.parametrize(
    "name",
    [
        "x/y/gaussian.ipynb",
        "GAUSSIAN.IPYNB",
        "a.ipynb",
    ],
)
def test_copies_that_programs_keep_are_no_hand_ins(name, tmp_path):
    path = tmp_path / "mine.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "the notebook")
        archive.writestr("x/.ipynb_checkpoints/gaussian-checkpoint.ipynb", "a copy")
        archive.writestr("__MACOSX/x/y/._gaussian.ipynb", "a note")
        archive.writestr("__MACOSX/x/y/gaussian.ipynb", "a note")
    assert grade.notebook_in(path) == b"the notebook"


def test_files_that_are_not_read_are_listed(tmp_path):
    for name in (
        *("s8.IPYNB", "s11.pdf", "b/s12.zip", "b/notes.txt", "grades.csv"),
        *("feedback/s8.IPYNB.txt", ".git/x", "b/.ipynb_checkpoints/s.ipynb"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    read = [str(path.relative_to(tmp_path)) for path in grade.hand_ins(tmp_path)]
    assert read == ["b/s12.zip", "s8.IPYNB"]
    assert grade.left_out(tmp_path) == ["b/notes.txt", "s11.pdf"]


def test_a_notebook_may_begin_with_a_byte_order_mark():
    text = nbformat.writes(nbformat.v4.new_notebook())
    assert grade.read(text.encode("utf-8-sig")).cells == []


def test_no_name_becomes_a_formula_of_a_spreadsheet(tmp_path):
    formula = "=cmd|'x'!A1"
    names = [f"{sign}{formula[1:]}" for sign in "=+-@"]
    grade.write([grade.Grade(name, name, problem=name) for name in names], tmp_path)
    with (tmp_path / "grades.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    assert sorted(row[0] for row in rows) == sorted(f"'{name}" for name in names)
    assert not [cell for row in rows for cell in row if cell[:1] in [*"=+-@"]]


def test_numbers_of_another_course_are_told_with_what_to_do():
    said = grade.no_grader("gaussian", {"gaussian-6f04a6": None, "vae": None})
    assert "numbers of another course" in said
    assert "gaussian-6f04a6" in said
    assert "SEED" in said
    assert "vae" not in said
    other = grade.no_grader("gaussian-6f04a6", {"gaussian": None})
    assert "numbers of another course" in other
    assert grade.no_grader("essay", {"vae": None}) == (
        "there is no autograder for 'essay'; there are vae"
    )


def graded_until_interrupted(path, top, graders, *, is_told):
    """Stand in for the grader: the second hand-in is where somebody presses Ctrl-C."""
    if path.stem == "b":
        raise KeyboardInterrupt
    return grade.Grade(path.name, problem="tried out")


def test_an_interrupted_run_leaves_what_is_graded(tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / f"{name}.ipynb").write_text("")
    monkeypatch.setattr(grade, "grade", graded_until_interrupted)
    monkeypatch.setattr("sys.argv", ["grade.py", str(tmp_path), "--jobs", "1"])
    with pytest.raises(SystemExit, match="next run starts anew"):
        grade.main()
    table = (tmp_path / "grades.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in table] == ["hand-in", "a.ipynb"]
    assert [path.name for path in (tmp_path / "feedback").iterdir()] == ["a.ipynb.txt"]


@pytest.mark.parametrize(
    ("name", "is_built"),
    [("gaussian", False), ("gaussian chapters/gaussian", True), ("", True)],
)
def test_chapters_are_made_of_a_built_book(name, is_built, root):
    """In a fresh clone there is none, so `make` builds it first."""
    command = ["make", "--no-print-directory", "--dry-run", "assignments"]
    told = subprocess.run(
        [*command, f"NAME={name}", f"PYTHON={sys.executable}"],
        cwd=root,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
        check=True,
    )
    assert ("tools/build_book.py" in told.stdout) == is_built


BROKEN = {
    "not JSON": "not a notebook",
    "no notebook": "[1]",
    "an old format": '{"nbformat": 1, "nbformat_minor": 0}',
    "a newer format": '{"nbformat": 99, "nbformat_minor": 0}',
    "no list of cells": (
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": {}}'
    ),
    "no code": (
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": '
        '[{"cell_type": "code", "source": 3, "metadata": {}}]}'
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_notebook_is_refused_in_plain_words(kind, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text(BROKEN[kind])
    assert grade.grade(path, tmp_path, {}).problem == grade.UNREADABLE


def test_a_hand_in_that_lost_its_name_is_taken_for_the_one_that_is_graded():
    def name(names, *, is_told, **metadata):
        notebook = nbformat.v4.new_notebook(metadata=metadata)
        return grade.name_of(notebook, names, is_told=is_told)

    assert name(["sample"], is_told=True) == "sample"
    assert name(["sample"], is_told=True, otter={"assignment_name": "b"}) == "b"
    for names, is_told in ((["sample"], False), (["sample", "b"], True)):
        with pytest.raises(grade.NotGradedError, match="of which assignment"):
            name(names, is_told=is_told)


@pytest.mark.slow
def test_a_student_can_check_and_export(built, tmp_path):
    """In a real kernel, under a name of the student's own."""
    handed_in(built, tmp_path / "my own.ipynb", RIGHT | {"width = ...": "width = 3"})
    notebook = nbformat.read(tmp_path / "my own.ipynb", 4)
    notebook.cells.insert(-1, nbformat.v4.new_code_cell("grader.check_all()"))
    client = NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    )
    places = os.pathsep.join([str(masters.ROOT / "book")])
    with assignments.quiet_kernels():
        client.execute(env=os.environ | {"PYTHONPATH": places})
    shown = {
        cell.source: "".join(
            str(output.get("text") or output.get("data", {}).get("text/plain"))
            for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.source.startswith("grader.")
    }
    passed = "middle (form only) results: All test cases passed!"
    for source in ('grader.check("middle")', "grader.check_all()", assignments.EXPORT):
        assert passed in shown[source], shown
        assert assignments.FORM_ONLY in shown[source]
    (archive,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(archive) as packed:
        assert "my own.ipynb" in packed.namelist()
        assert ".OTTER_LOG" not in packed.namelist()


@pytest.mark.slow
def test_two_builds_are_equal_and_another_course_differs(built, tmp_path, sample):
    assignments.make(sample, tmp_path / "again")
    files = [path for path in sorted(built.rglob("*")) if path.is_file()]
    assert len(files) == 4
    for path in files:
        again = tmp_path / "again" / path.relative_to(built)
        assert path.read_bytes() == again.read_bytes(), path.name


def test_the_zip_lists_the_book_s_package_and_what_the_cells_import(tmp_path, sample):
    path = tmp_path / "mine.md"
    mark = "import numpy as np\n"
    given = f"{mark}from sklearn.datasets import load_wine\n"
    path.write_text(sample.read_text().replace(mark, given, 1))
    assignments.make(path, tmp_path, solve=False)
    with zipfile.ZipFile(tmp_path / "student" / "mine.zip") as packed:
        lines = packed.read("requirements.txt").decode().splitlines()
    names = {re.split("[=<>@ ]", line)[0] for line in lines}
    assert names == {"otter-grader", "model-collapse-textbook", "scikit-learn"}


def test_the_solutions_show_rubrics_and_ask_no_grader(built):
    text = (built / "solutions" / "sample.ipynb").read_text()
    assert "**Rubric.** 3 points" in text
    assert "np.ptp(data)" in text
    assert "grader" not in text


@pytest.mark.parametrize("own", ["", "*Write here.*"])
def test_there_is_one_place_to_write_to_a_problem_graded_by_hand(own, tmp_path, sample):
    path = tmp_path / "mine.md"
    mark = '+++ {"tags": ["solution"]}'
    path.write_text(sample.read_text().replace(mark, f"+++\n\n{own}\n\n{mark}"))
    assignments.make(path, tmp_path, solve=False)
    cells = student_notebook(tmp_path).cells
    place = next(i for i, cell in enumerate(cells) if "Problem 3" in cell.source)
    texts = [cell.source for cell in cells[place:] if cell.cell_type == "markdown"]
    assert texts[1].strip("_") == (own or "Type your answer here, replacing this text.")
    assert "Hand in" in texts[-1]
    assert sum("rite here" in text or "Type your" in text for text in texts) == 1


def test_the_autograder_says_what_it_needs(built):
    with zipfile.ZipFile(built / "autograder" / "sample-autograder.zip") as packed:
        settings = json.loads(packed.read("otter_config.json"))
        environment = packed.read("environment.yml").decode()
    assert settings["plugins"] == [assignments.GUARD]
    assert "python=3.12" in environment
    assert re.search(r"otter-grader\[grading\]==7\.\d", environment)
    assert "model-collapse-textbook @ https://" in environment


def secrets(master):
    """What a master has beyond what students are given: solutions and hidden tests.

    Lines of code and text, and the words in tests.
    """
    given = "\n".join(
        cell.source
        for cell in master.cells
        if masters.kind(cell) == "prompt" or "test" in masters.tags(cell)
    )
    found = []
    for cell in master.cells:
        lines = cell.source.splitlines()
        if "hidden-test" in masters.tags(cell):
            tree = ast.parse(cell.source)
            found += [ast.unparse(each) for each in tree.body[0].body]
            constants = (n for n in ast.walk(tree) if isinstance(n, ast.Constant))
            found += [n.value for n in constants if isinstance(n.value, str)]
        elif masters.kind(cell) == "solution" and cell.cell_type == "code":
            left = {line.strip() for line in kept(lines)}
            lines = [line.partition("# SOLUTION")[0] for line in lines]
            found += [line for line in lines if line.strip() not in left]
        elif masters.kind(cell) == "solution":
            found += lines
    found = [secret.strip() for secret in found if "import " not in secret]
    return [each for each in found if len(each) > 12 and each not in given]


def values(problem_set):
    """The numbers that solutions find, to four digits, where these tell something."""
    problems = problem_set.problems.values()
    *_, last = problem_set.problems
    environment = problem_set.before(last)
    for problem in problems:
        for source in problem.code("solution"):
            for node in ast.walk(ast.parse(source)):
                is_name = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                value = environment.get(node.id) if is_name else None
                if isinstance(value, float) and len(f"{value:.4g}".strip("-0.")) > 4:
                    yield f"{value:.4g}"


def kept(lines):
    """The lines of a solution's cell that students get."""
    from otter.assign.solutions import replace_solutions

    return replace_solutions(lines, "python")


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize("name", NAMES)
def test_a_student_finds_no_solution_and_no_hidden_test(sets, name, seed):
    made = sets(name, seed)
    (notebook,) = made.folder.glob("student/*.ipynb")
    (packed,) = made.folder.glob("student/*.zip")
    with zipfile.ZipFile(packed) as archive:
        assert set(archive.namelist()) == {notebook.name, "requirements.txt"}
        assert archive.read(notebook.name) == notebook.read_bytes()
    student = nbformat.read(notebook, 4)
    text = "\n".join(cell.source for cell in student.cells)
    text += json.dumps([cell.metadata for cell in student.cells])
    assert not any(cell.get("outputs") for cell in student.cells)
    path = masters.MASTERS / f"{name}.md"
    found = [each for each in secrets(masters.read_master(path, seed)) if each in text]
    assert not found
    assert not [word for word in ("hidden=True", "SOLUTION", "ubric") if word in text]


@pytest.mark.parametrize("name", NAMES)
def test_a_student_finds_no_value_of_a_solution(sets, name):
    made = sets(name, None)
    student = student_notebook(made.folder)
    text = "\n".join(cell.source for cell in student.cells)
    assert not [value for value in values(made) if value in text]


def test_a_leak_is_found(sample):
    """The search above sees each kind of what students must not have."""
    found = list(secrets(masters.read_master(sample)))
    for secret in (
        "mean = data.mean()",
        "return np.sum(deviations**2) / (len(points) - 1)",
        "Deviations of independent points cancel.",
        "How far is the last point from the first?",
    ):
        assert secret in found


@pytest.mark.parametrize("name", NAMES)
def test_another_course_has_other_numbers_in_every_parameter(name):
    path = masters.MASTERS / f"{name}.md"
    published = masters.read_parameters(path)
    for seed in range(1, 6):
        course = masters.read_parameters(path, seed)
        assert course == masters.read_parameters(path, str(seed))
        same = [each for each in published if course[each] == published[each]]
        assert not same


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_that_is_graded_depends_on_a_parameter(name):
    path = masters.MASTERS / f"{name}.md"
    one, other = (
        {about.get("problem"): [cell.source for cell in cells] for about, cells in made}
        for made in (
            masters.problems(masters.read_master(path, seed)) for seed in (None, 7)
        )
    )
    graded = {
        about["problem"]
        for about, _ in masters.problems(masters.read_master(path))
        if about and not about.get("manual")
    }
    assert not [each for each in graded if one[each] == other[each]]


def test_a_course_refuses_the_hand_in_of_another(sample):
    names = {
        masters.assignment_name(sample, masters.read_parameters(sample, seed), seed)
        for seed in (None, 1)
    }
    assert len(names) == 2
    assert "sample" in names


def test_a_private_master_is_made_by_the_same_command(tmp_path, sample):
    assert masters.PRIVATE == masters.MASTERS / "private"
    mine = tmp_path / "mine.md"
    mine.write_text(sample.read_text())
    assert masters.find(tmp_path) == masters.find() | {"mine": mine}
    instead = tmp_path / f"{NAMES[0]}.md"
    instead.write_text(sample.read_text())
    assert masters.find(tmp_path)[NAMES[0]] == instead


def test_git_ignores_private_masters(root):
    assert "assignments/private/" in (root / ".gitignore").read_text().splitlines()


WRONG = {
    "no metadata": (("---\njupytext", "jupytext"), "metadata between two ---"),
    "one value": (("[20, 30, 40]", "[20]"), "size: a list of two different values"),
    "a value twice": (("[20, 30, 40]", "[20, 20]"), "size: a list of two different"),
    "unknown parameter": (("{{ size }} points", "{{ seize }}"), "parameters: size"),
    "template": (("{{ size }} points", "{{ size"), r"line \d+"),
    "no points": (('"points": 4', '"points": 0'), "middle: points: a number above 0"),
    "unknown key": (('"points": 4', '"point": 4'), "middle: it may say"),
    "name twice": (('"spread"', '"middle"'), "two problems have this name"),
    "bad name": (('"spread"', '"a spread"'), "a name like snake_x"),
    "tag": (("[hidden-test]", "[hidden]"), "tags are"),
    "no solution": (("# SOLUTION", "# ANSWER"), "middle: has no solution"),
    "no rubric": (('"tags": ["solution"]', '"tags": []'), "reason: has no solution"),
    "manual with tests": (
        ('"points": 4', '"points": 4, "manual": true'),
        "middle: is graded by hand",
    ),
    "no hidden test": (
        (', "manual": true', ""),
        "reason: has no hidden-test",
    ),
    "test twice": (("def test_width(", "def test_mean("), "two tests are called"),
    "no function": (("def test_width(width):\n   ", "if True:\n   "), "one function"),
    "syntax": (
        ("def test_width(width):", "def test_width(width:"),
        "mistake in line 1",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_bad_master_is_told_with_its_name_and_what_may_be(kind, tmp_path, sample):
    (right, wrong), message = WRONG[kind]
    text = sample.read_text()
    assert right in text
    path = tmp_path / "mine.md"
    path.write_text(text.replace(right, wrong))
    with pytest.raises(masters.BadMasterError, match=message) as raised:
        assignments.make(path, tmp_path / "made", solve=False)
    assert str(raised.value).startswith("mine.md: ")


@pytest.mark.slow
def test_a_solution_that_fails_its_tests_is_told(tmp_path, sample):
    path = tmp_path / "mine.md"
    path.write_text(sample.read_text().replace("np.ptp(data)", "3"))
    with pytest.raises(masters.BadMasterError, match="How far is the last point") as no:
        assignments.make(path, tmp_path / "made")
    assert str(no.value).startswith("mine.md: the solution of middle fails its tests. ")


def test_a_set_that_fails_leaves_no_old_files_and_the_others_are_made(
    tmp_path, monkeypatch, sample
):
    masters_of_mine, built = tmp_path / "masters", tmp_path / "built"
    masters_of_mine.mkdir()
    right = sample.read_text()
    (masters_of_mine / "a.md").write_text(right.replace('"points": 4', '"points": 0'))
    (masters_of_mine / "b.md").write_text(right)
    (built / "a" / "student").mkdir(parents=True)
    (built / "a" / "student" / "a.ipynb").write_text("of before")
    monkeypatch.setattr(assignments, "make", partial(assignments.make, solve=False))
    told = ["course.py", "a", "b", "--seed", "7"]
    told += ["--private", str(masters_of_mine), "--folder", str(built)]
    monkeypatch.setattr("sys.argv", told)
    with pytest.raises(SystemExit) as stopped:
        course.main()
    assert str(stopped.value).startswith(
        "a was not made with the seed 7: a.md: problem middle: points: "
    )
    assert not (built / "a").exists()
    assert (built / "b" / "student" / "b.ipynb").exists()


def test_the_grader_opens_where_several_notebooks_lie(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    (tmp_path / "one.ipynb").write_text("{}")
    (tmp_path / "two.ipynb").write_text("{}")
    grader = open_grader(a="name = 'a'\nOK_FORMAT = False\npoints = 0\n")
    assert grader.check("a", {}).passed_all


@pytest.mark.parametrize(("tag", "branch"), [("", "main"), ("v0.1.0", "v0.1.0")])
def test_a_set_of_a_release_installs_the_code_of_that_release(tag, branch, monkeypatch):
    monkeypatch.setenv("RELEASE", tag)
    assert assignments.needed([])[0].endswith(f"/archive/{branch}.zip")
