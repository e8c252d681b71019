"""Makes what students, instructors and graders get of a master, with otter-grader."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbclient import NotebookClient
from nbformat import NotebookNode
from otter.assign import main as assign

from masters import (
    ABOUT,
    MASTERS,
    ROOT,
    BadMasterError,
    assignment_name,
    by_kind,
    examine,
    own_copies,
    problems,
    read_notebook,
    read_parameters,
    tags,
)
from reader_notebooks import archive, first_cell, further
from site_address import release

BUILT = ROOT / "build" / "assignments"
PYTHON = "3.12"
GUARD = "collapse.grading.guard.Guard"
OVERVIEW = "overview.json"
"""A file among the autograder's: the title of a set, and its problems in order."""

CLOSING = """\
## Hand in

Run all cells from the top once more, and save. The cell below then writes a zip file
beside this notebook: hand that in. On Colab, choose *File → Download → Download .ipynb*
instead, and hand in the notebook itself.
"""
EXPORT = "grader.export(pdf=False, run_tests=True, ignore_log=True)"
FORM_ONLY = "The form is right. Whether the answer is, the grader says."


# What otter-grader reads --------------------------------------------------------------


def raw(text: str) -> NotebookNode:
    return nbformat.v4.new_raw_cell(text)


def marked(cells: list[NotebookNode], name: str) -> list[NotebookNode]:
    return [raw(f"# BEGIN {name}"), *cells, raw(f"# END {name}")] if cells else []


def test_cell(cell: NotebookNode) -> NotebookNode:
    """A test as otter-grader wants it. One that students can run earns nothing."""
    hidden = "hidden-test" in tags(cell)
    about: dict[str, Any] = {"hidden": hidden}
    if not hidden:
        about |= {"points": 0, "success_message": FORM_ONLY}
    elif "points" in cell.metadata:
        about["points"] = cell.metadata["points"]
    head = yaml.safe_dump(about, sort_keys=False, width=1000).strip()
    head = f'""" # BEGIN TEST CONFIG\n{head}\n""" # END TEST CONFIG\n'
    return nbformat.v4.new_code_cell(head + asking_first(cell.source))


def asking_first(test: str) -> str:
    """A test that looks first whether what it asks for has been answered."""
    (function,) = ast.parse(test).body
    assert isinstance(function, ast.FunctionDef)
    names = [each.arg for each in function.args.args if each.arg != "env"]
    place = function.body[0].lineno - 1
    if not names or place < function.lineno:  # all stands in one line
        return test
    given = ", ".join(f"{name}={name}" for name in names)
    lines = test.splitlines()
    lines[place:place] = [
        "    from collapse.exercises.form import answered",
        "",
        f"    answered({given})",
    ]
    return "\n".join(lines)


def with_prompt(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Where a student writes: a text after the first, else otter-grader adds one."""
    has_prompt = any(cell.cell_type == "markdown" for cell in cells[1:])
    return [cells[0], *marked(cells[1:], "PROMPT")] if has_prompt else cells


def question(about: dict, cells: list[NotebookNode]) -> list[NotebookNode]:
    """A problem between otter-grader's marks."""
    settings = {"name": about["problem"], **{k: about[k] for k in about if k in ABOUT}}
    del settings["problem"]
    parts = by_kind(cells)
    is_public = any("test" in tags(cell) for cell in parts["test"])
    if parts["test"] and not is_public:
        settings["check_cell"] = False  # it would praise any answer
    points, is_manual = about["points"], about.get("manual", False)
    how = ", graded by hand" if is_manual else ""
    parts["prompt"][0].source += f"\n\n*{points} point{'s' * (points != 1)}{how}*"
    return [
        raw("# BEGIN QUESTION\n" + yaml.safe_dump(settings, sort_keys=False).strip()),
        *(with_prompt(parts["prompt"]) if is_manual else parts["prompt"]),
        *marked(parts["solution"], "SOLUTION"),
        *marked([test_cell(cell) for cell in parts["test"]], "TESTS"),
        raw("# END QUESTION"),
    ]


def config(name: str, sources: list[str]) -> NotebookNode:
    """What otter-grader should know of an assignment whose cells hold ``sources``."""
    settings = {
        "name": name,
        "init_cell": False,
        "export_cell": False,
        "tests": {"ok_format": False, "files": True},
        "python_version": PYTHON,
        # Its own list asks for what only other features need, such as Google's.
        "overwrite_requirements": True,
        "requirements": [
            f"otter-grader[grading]=={version('otter-grader')}",
            *needed(sources),
        ],
        "generate": {"show_stdout": False, "show_hidden": True, "plugins": [GUARD]},
    }
    return raw("# ASSIGNMENT CONFIG\n" + yaml.safe_dump(settings, sort_keys=False))


def for_otter(master: NotebookNode, name: str) -> NotebookNode:
    """A master as otter-grader reads it."""
    own_copies(master)
    cells = [config(name, code_of(master))]
    for about, group in problems(master):
        for cell in group:
            cell.metadata["problem"] = about.get("problem", "")
        cells += question(about, group) if about else group
    for cell in cells:
        cell.metadata = {k: cell.metadata[k] for k in cell.metadata if k == "problem"}
    made = nbformat.v4.new_notebook(cells=cells, metadata=master.metadata)
    made.metadata.pop("parameters", None)
    return made


# What comes out -----------------------------------------------------------------------


def repository() -> tuple[str, str]:
    """The book's address, and its branch or the tag of the release that is built."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    return settings["url"], release() or settings["branch"]


def needed(sources: list[str]) -> list[str]:
    """What some cells require: the book's package, which brings its own, and more."""
    package = f"model-collapse-textbook @ {archive(*repository())}"
    return [package, *further(sources, ROOT).values()]


def code_of(notebook: NotebookNode) -> list[str]:
    """The sources of a notebook's code."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def otter_line() -> str:
    """The requirement of otter-grader."""
    lines = (MASTERS / "requirements.txt").read_text("utf-8").splitlines()
    return next(line.split()[0] for line in lines if line.startswith("otter-grader"))


def code(source: str, **metadata: object) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def opening(sources: list[str], tests: dict[str, str]) -> list[NotebookNode]:
    """The cells that find what a notebook needs, and open the grader."""
    also = {"otter": otter_line()}
    folded = {"problem": "", "jupyter": {"source_hidden": True}}
    given = "".join(f"    {name}=r'''\n{tests[name]}''',\n" for name in sorted(tests))
    call = f"open_grader(\n{given})" if given else "open_grader()"
    return [
        code(first_cell(sources, *repository(), ROOT, also), **folded),
        code(f"from collapse.grading import open_grader\n\ngrader = {call}", **folded),
    ]


def closing() -> list[NotebookNode]:
    """The cells with which a student hands in."""
    return [
        nbformat.v4.new_markdown_cell(CLOSING, metadata={"problem": ""}),
        code(EXPORT, problem=""),
    ]


def for_students(
    notebook: NotebookNode, tests: dict[str, str], last: list[NotebookNode]
) -> NotebookNode:
    """The notebook that students get: it needs no file beside it."""
    sources = code_of(notebook)
    place = next(i for i, c in enumerate(notebook.cells) if c.cell_type == "code")
    notebook.cells[place:place] = opening(sources, tests)
    notebook.cells += last
    return notebook


def solved(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The solutions with what they show, and rubrics; no cell asks a grader."""
    notebook.cells = [c for c in notebook.cells if not c.source.startswith("grader.")]
    client = NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT / "book")})
    return notebook


def read_made(path: Path) -> NotebookNode:
    """What otter-grader wrote, without what jupytext noted."""
    notebook = nbformat.v4.reads(path.read_text("utf-8"))
    notebook.metadata.pop("jupytext", None)
    return notebook


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, the same bytes each time."""
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        # A chapter's cells that are linked to keep their names.
        if re.fullmatch("[0-9a-f]{8}", cell.get("id", "0" * 8)):
            cell.id = f"{path.stem}-{number}"
        if not cell.source.startswith("grader."):
            # Students may try out what they are given.
            cell.metadata.pop("editable", None)
            cell.metadata.pop("deletable", None)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")


def write_zip(files: dict[str, bytes], path: Path) -> None:
    """Pack files, in order and without dates, so that equal ones make equal zips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            about = zipfile.ZipInfo(name)
            about.external_attr = 0o644 << 16
            archive.writestr(about, files[name], zipfile.ZIP_DEFLATED)


@contextmanager
def quiet_kernels() -> Iterator[None]:
    """Let kernels report errors alone; they warn of how any kernel is reached."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "profile_default", "ipython_kernel_config.json")
        settings.parent.mkdir()
        settings.write_text(json.dumps({"IPKernelApp": {"log_level": logging.ERROR}}))
        before = os.environ.get("IPYTHONDIR")
        os.environ["IPYTHONDIR"] = folder
        try:
            yield
        finally:
            del os.environ["IPYTHONDIR"]
            if before is not None:
                os.environ["IPYTHONDIR"] = before


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Say of which master it is that something is wrong."""
    try:
        yield
    except BadMasterError as error:
        raise BadMasterError(f"{path.name}: {error}") from error


def make(path: Path, folder: Path, seed: object = None, *, solve: bool = True) -> None:
    """Make what students and graders get of one master.

    ``solve`` runs the solutions: otter-grader grades them, and they must earn all
    points; then the solutions' notebook is run for what it shows.
    """
    with told_of(path):
        numbers = read_parameters(path, seed)
        master = read_notebook(path, numbers)
        examine(master)
        name = assignment_name(path, numbers, seed)
        said = overview(master, path.stem)
        with tempfile.TemporaryDirectory() as scratch, quiet_kernels():
            make_from(for_otter(master, name), path.stem, Path(scratch), solve=solve)
            collect(path.stem, Path(scratch), folder, closing(), said, solve=solve)


def overview(master: NotebookNode, name: str) -> dict[str, Any]:
    """What feedback calls a set and its problems, in order, and what they are worth."""
    (_, opening), *asked = problems(master)
    return {
        "title": title(opening, name),
        "problems": {
            about["problem"]: {
                "title": title(cells, about["problem"]),
                "points": about["points"],
                "by hand": about.get("manual", False),
            }
            for about, cells in asked
        },
    }


def title(cells: list[NotebookNode], otherwise: str) -> str:
    """The first heading in some cells."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = re.search(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return found[1] if found else otherwise


def make_from(master: NotebookNode, stem: str, scratch: Path, *, solve: bool) -> None:
    """Let otter-grader make its two folders of a notebook."""
    source = scratch / f"{stem}.ipynb"
    nbformat.write(master, source)
    logging.getLogger("otter").setLevel(logging.ERROR)
    try:
        assign(str(source), str(scratch), no_pdfs=True, no_run_tests=not solve)
    except (RuntimeError, ValueError) as error:
        failed = ", ".join(re.findall(r"^ +(\w+) results:$", str(error), re.MULTILINE))
        which = f"the solution of {failed} fails its tests. " if failed else ""
        raise BadMasterError(f"{which}{error}") from error


def form_only(name: str, tests: str) -> str:
    """A problem's tests; where they look at the form alone, their title says so.

    otter-grader tells a student that all tests of this title have passed.
    """
    if FORM_ONLY not in tests:
        return tests
    return tests.replace(f'name = "{name}"', f'name = "{name} (form only)"', 1)


def collect(
    stem: str,
    scratch: Path,
    folder: Path,
    last: list[NotebookNode],
    said: dict[str, Any],
    *,
    solve: bool,
) -> None:
    """Bring what otter-grader made to its place, in the form that people get."""
    for each in ("student", "solutions", "autograder"):
        shutil.rmtree(folder / each, ignore_errors=True)
    made = scratch / "student"
    tests = {path.stem: path.read_text("utf-8") for path in made.glob("tests/*.py")}
    tests = {
        name: form_only(name, source)
        for name, source in tests.items()
        if "@test_case" in source
    }
    student = read_made(made / f"{stem}.ipynb")
    lines = [otter_line(), *needed(code_of(student))]
    student = for_students(student, tests, last)
    target = folder / "student" / f"{stem}.ipynb"
    write_notebook(student, target)
    files = {
        target.name: target.read_bytes(),
        "requirements.txt": "\n".join([*lines, ""]).encode(),
    }
    write_zip(files, folder / "student" / f"{stem}.zip")
    (archive,) = scratch.glob("autograder/*.zip")
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    files[OVERVIEW] = json.dumps(said).encode()
    write_zip(files, folder / "autograder" / f"{stem}-autograder.zip")
    if solve:
        key = read_made(scratch / "autograder" / f"{stem}.ipynb")
        write_notebook(solved(key, scratch), folder / "solutions" / f"{stem}.ipynb")
