"""Makes a chapter that students hand in: without solutions, its checks are graded.

It starts from the notebook of the built page, which reads like the page. Each exercise
becomes a question of otter-grader whose test asks `collapse.exercises.check`, as the
chapter does.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

import assignments
from collapse.exercises.check import SITE
from masters import ROOT

PAGES = ROOT / "_build" / "html" / "_sources"
CHECK = re.compile(r'^check\("([\w-]+)", (\w+)\)$', re.MULTILINE)
SOLUTION = re.compile(r"<details>\s*<summary><b>Solution to")
OTHER_PAGE = re.compile(r"\]\((?!https?:|#)([\w/.-]+)\.ipynb[^)\s]*\)")
TEST = """\
def test_answer({variable}):
    from collapse.exercises import check
    from collapse.exercises.form import answered

    answered({variable}={variable})
    feedback = check("{exercise}", {variable})
    assert feedback, repr(feedback)
"""
CLOSING = """\
## Hand in

The next cell says which answers are right. Save; then the last cell writes a zip file
beside this notebook: hand that in. On Colab, choose *File → Download → Download .ipynb*
instead, and hand in the notebook itself.
"""
EXPORT = "grader.export(pdf=False, ignore_log=True)"


def find() -> dict[str, Path]:
    """The notebooks of built chapters that have checks, by the assignment's name."""
    return {
        f"chapters/{path.stem}": path
        for path in sorted(PAGES.glob("*.ipynb"))
        if exercises(nbformat.read(path, 4))
    }


def exercises(page: NotebookNode) -> dict[str, str]:
    """The names of a chapter's exercises, and of the variables of their answers."""
    sources = [cell.source for cell in page.cells if cell.cell_type == "code"]
    return dict(pair for source in sources for pair in CHECK.findall(source))


def question(cell: NotebookNode) -> list[NotebookNode]:
    """The cell of an exercise's answer, as a question with a test."""
    exercise, variable = CHECK.search(cell.source).groups()
    about = {"name": variable, "points": 1, "check_cell": False}
    cell.metadata = {"problem": variable}
    test = nbformat.v4.new_code_cell(TEST.format(exercise=exercise, variable=variable))
    return [
        assignments.raw("# BEGIN QUESTION\n" + yaml.safe_dump(about, sort_keys=False)),
        *assignments.marked([cell], "SOLUTION"),
        *assignments.marked([test], "TESTS"),
        assignments.raw("# END QUESTION"),
    ]


def cells_of(page: NotebookNode) -> Iterator[NotebookNode]:
    """The cells as otter-grader reads them, without solutions."""
    for cell in page.cells:
        if cell.cell_type == "markdown":
            if SOLUTION.match(cell.source):
                continue
            cell.source = OTHER_PAGE.sub(rf"]({SITE}\1.html)", cell.source)
        cell.metadata = {"problem": ""}
        is_asked = cell.cell_type == "code" and CHECK.search(cell.source)
        yield from question(cell) if is_asked else [cell]


def make(path: Path, folder: Path) -> None:
    """Make what students and graders get of a chapter."""
    page = nbformat.read(path, 4)
    page.cells = [cell for cell in page.cells if cell.id != "install"]
    sources = [cell.source for cell in page.cells if cell.cell_type == "code"]
    config = assignments.config(f"chapter-{path.stem}", sources)
    said = {
        "title": assignments.title(page.cells, path.stem),
        "problems": {
            name: {"title": name, "points": 1, "by hand": False}
            for name in exercises(page).values()
        },
    }
    page.cells = [config, *cells_of(page)]
    last = [
        nbformat.v4.new_markdown_cell(CLOSING, metadata={"problem": ""}),
        assignments.code("grader.check_all()", problem=""),
        assignments.code(EXPORT, problem=""),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        assignments.make_from(page, path.stem, Path(scratch), solve=False)
        assignments.collect(path.stem, Path(scratch), folder, last, said, solve=False)
