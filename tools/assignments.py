"""Make the assignments of a course from their masters.

A master is a notebook in MyST Markdown. Its metadata name the parameters of its
problems and the values that each may take; ``{{ name }}`` stands for one. A block break
begins a problem (``+++ {"problem": "half_life", "points": 4}``), and tags say what a
cell is: ``test`` for a test that students have too, ``hidden-test`` for one that only
the grader has, ``solution`` for a text. otter-grader makes the students' notebook, the
solutions and the autograder of it.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
import jupytext
import nbformat
import yaml
from nbclient import NotebookClient
from nbformat import NotebookNode
from otter.assign import main as assign

from reader_notebooks import archive, first_cell, imported, requirements

ROOT = Path(__file__).resolve().parents[1]
MASTERS = ROOT / "assignments"
PRIVATE = MASTERS / "private"
BUILT = ROOT / "build" / "assignments"
FORMAT = "md:myst"
PYTHON = "3.12"
GUARD = "collapse.grading.guard.Guard"
TAGS = {"test", "hidden-test", "solution"}
ABOUT = {"problem", "points", "manual"}

CLOSING = """\
## Hand in

Run all cells from the top once more, and save. The cell below then writes a zip file
beside this notebook: hand that in. On Colab, choose *File → Download → Download .ipynb*
instead, and hand in the notebook itself.
"""
EXPORT = "grader.export(pdf=False, run_tests=True, ignore_log=True)"
FORM_ONLY = "The form is right. Whether the answer is, the grader says."


class BadMasterError(ValueError):
    """Raised for a master that cannot be made; names file, problem and what may be."""


def require(condition: object, message: str) -> None:
    """Raise what is wrong with a master unless the condition holds."""
    if not condition:
        raise BadMasterError(message)


# The numbers of a course --------------------------------------------------------------


def parameters(choices: dict[str, list], seed: object = None) -> dict[str, Any]:
    """One value for each parameter: the published ones, or others, drawn by a seed."""
    if seed is None:
        return {name: values[0] for name, values in choices.items()}
    return {
        name: random.Random(f"{seed} {name}").choice(values[1:])
        for name, values in choices.items()
    }


def spaced(number: int) -> str:
    """A whole number as the book writes it: thousands apart from 10 000 on."""
    return (
        f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
        if number > 9999
        else f"{number}"
    )


def split(path: Path) -> tuple[str, str]:
    """The metadata and the text of a master."""
    parts = path.read_text("utf-8").split("---\n", 2)
    require(len(parts) == 3 and not parts[0], "begins with metadata between two ---")
    return parts[1], parts[2]


def read_parameters(path: Path, seed: object = None) -> dict[str, Any]:
    """The numbers of one course: those of a master's metadata, re-rolled by a seed."""
    try:
        choices = yaml.safe_load(split(path)[0]).get("parameters", {})
    except (AttributeError, yaml.YAMLError) as error:
        raise BadMasterError(f"its metadata are no YAML mapping: {error}") from error
    require(isinstance(choices, dict), "parameters: names with lists of values")
    for name, values in choices.items():
        require(
            isinstance(values, list)
            and len(values) > 1
            and all(value not in values[:place] for place, value in enumerate(values)),
            f"parameter {name}: a list of two different values or more, the published "
            f"one first; got {values!r}",
        )
    return parameters(choices, seed)


def read_master(path: Path, seed: object = None) -> NotebookNode:
    """A master's notebook, with the numbers of one course in place of parameters."""
    return read_notebook(path, read_parameters(path, seed))


def read_notebook(path: Path, numbers: dict[str, Any]) -> NotebookNode:
    """A notebook in MyST Markdown, with numbers in place of parameters."""
    head, body = split(path)
    syntax = jinja2.Environment(
        undefined=jinja2.StrictUndefined, comment_start_string="{##"
    )
    syntax.filters["spaced"] = spaced
    try:
        filled = syntax.from_string(body).render(numbers)
    except jinja2.TemplateSyntaxError as error:
        line = error.lineno + head.count("\n") + 2
        raise BadMasterError(f"line {line}: {error.message}") from error
    except jinja2.UndefinedError as error:
        known = ", ".join(numbers) or "none"
        raise BadMasterError(f"{error.message}; its parameters: {known}") from error
    return jupytext.reads(f"---\n{head}---\n{filled}", fmt=FORMAT)


# What a master may hold ---------------------------------------------------------------


def problems(master: NotebookNode) -> Iterator[tuple[dict, list[NotebookNode]]]:
    """The cells of each problem with its metadata; those before the first have none."""
    about: dict = {}
    cells: list[NotebookNode] = []
    for cell in master.cells:
        if "problem" in cell.metadata:
            yield about, cells
            about, cells = dict(cell.metadata), []
        cells.append(cell)
    yield about, cells


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def kind(cell: NotebookNode) -> str:
    """What a cell of a problem is: text, given code, a solution or a test."""
    if tags(cell) & {"test", "hidden-test"}:
        return "test"
    is_solved = cell.cell_type == "code" and "SOLUTION" in cell.source
    return "solution" if is_solved or "solution" in tags(cell) else "prompt"


def by_kind(cells: list[NotebookNode]) -> dict[str, list[NotebookNode]]:
    parts: dict[str, list[NotebookNode]] = {"prompt": [], "solution": [], "test": []}
    for cell in cells:
        parts[kind(cell)].append(cell)
    return parts


def examine(master: NotebookNode) -> None:
    """Raise what is wrong with a master's problems."""
    names: list[str] = []
    for about, cells in problems(master):
        if not about:
            extra = {tag for cell in cells for tag in tags(cell) & TAGS}
            require(not extra, f"{extra} before the first problem")
            continue
        name = about["problem"]
        names.append(name)
        try:
            require(
                isinstance(name, str) and name.isidentifier(), "a name like snake_x"
            )
            require(names.count(name) == 1, "two problems have this name")
            examine_problem(about, cells)
        except BadMasterError as error:
            raise BadMasterError(f"problem {name}: {error}") from error
    require(
        names, "has no problem: one begins with +++ {'problem': ..., 'points': ...}"
    )


def examine_problem(about: dict, cells: list[NotebookNode]) -> None:
    """Raise what is wrong with one problem."""
    unknown = about.keys() - ABOUT
    require(not unknown, f"it may say {sorted(ABOUT)}, not {sorted(unknown)}")
    points, is_manual = about.get("points"), about.get("manual", False)
    is_number = isinstance(points, (int, float)) and not isinstance(points, bool)
    require(is_number and points > 0, f"points: a number above 0, got {points!r}")
    require(isinstance(is_manual, bool), f"manual: true or false, got {is_manual!r}")
    require(cells[0].cell_type == "markdown", "begins with a cell of text")
    for cell in cells:
        wrong = tags(cell) - TAGS
        require(not wrong, f"tags are {sorted(TAGS)}, not {sorted(wrong)}")
    parts = by_kind(cells)
    require(parts["solution"], "has no solution: a cell with # SOLUTION, or so tagged")
    if is_manual:
        require(not parts["test"], "is graded by hand (manual), so it has no tests")
        texts = [each for each in parts["solution"] if each.cell_type == "markdown"]
        require(texts, "is graded by hand, so a text tagged solution holds its rubric")
        return
    hidden = [cell for cell in parts["test"] if "hidden-test" in tags(cell)]
    require(hidden, "has no hidden-test: only these earn points (or it is manual)")
    names = [test_name(cell) for cell in parts["test"]]
    for each in names:
        require(
            names.count(each) == 1, f"two tests are called {each}: one would be lost"
        )


def test_name(cell: NotebookNode) -> str:
    """The name of the one function that a test's cell defines."""
    try:
        body = ast.parse(cell.source).body
    except SyntaxError as error:
        raise BadMasterError(f"a test has a mistake in line {error.lineno}") from error
    is_one = len(body) == 1 and isinstance(body[0], ast.FunctionDef)
    require(is_one, "a test's cell defines one function, with its imports inside")
    return body[0].name  # type: ignore[union-attr]


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
    source = f'""" # BEGIN TEST CONFIG\n{head}\n""" # END TEST CONFIG\n{cell.source}'
    return nbformat.v4.new_code_cell(source)


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
        *parts["prompt"],
        *marked(parts["solution"], "SOLUTION"),
        *marked([test_cell(cell) for cell in parts["test"]], "TESTS"),
        raw("# END QUESTION"),
    ]


def for_otter(master: NotebookNode, name: str) -> NotebookNode:
    """A master as otter-grader reads it."""
    _, address, branch, more = surroundings()
    used = imported([cell.source for cell in master.cells if cell.cell_type == "code"])
    config = {
        "name": name,
        "init_cell": False,
        "export_cell": False,
        "tests": {"ok_format": False, "files": True},
        "python_version": PYTHON,
        # Its own list asks for what only other features need, such as Google's.
        "overwrite_requirements": True,
        "requirements": [
            f"otter-grader[grading]=={version('otter-grader')}",
            f"model-collapse-textbook @ {archive(address, branch)}",
            *(line for module, line in more.items() if module in used),
        ],
        "generate": {"show_stdout": False, "show_hidden": True, "plugins": [GUARD]},
    }
    cells = [raw("# ASSIGNMENT CONFIG\n" + yaml.safe_dump(config, sort_keys=False))]
    for about, group in problems(master):
        whose = about.get("problem", "")
        for cell in group:
            cell.metadata["problem"] = whose
        cells += question(about, group) if about else group
    for cell in cells:
        cell.metadata = {k: cell.metadata[k] for k in cell.metadata if k == "problem"}
    made = nbformat.v4.new_notebook(cells=cells, metadata=master.metadata)
    made.metadata.pop("parameters", None)
    return made


# What comes out -----------------------------------------------------------------------


def surroundings() -> tuple[list[str], str, str, dict[str, str]]:
    """The lines of requirements, the repository's address and branch, and extras."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    more = requirements(ROOT)[1]
    return project["dependencies"], settings["url"], settings["branch"], more


def otter_line() -> str:
    """The requirement of otter-grader."""
    lines = (MASTERS / "requirements.txt").read_text("utf-8").splitlines()
    return next(line.split()[0] for line in lines if line.startswith("otter-grader"))


def code(source: str, **metadata: object) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def opening(sources: list[str], tests: dict[str, str]) -> list[NotebookNode]:
    """The cells that find what a notebook needs, and open the grader."""
    _, address, branch, _ = surroundings()
    also = {"otter": otter_line()}
    folded = {"problem": "", "jupyter": {"source_hidden": True}}
    given = "".join(f"    {name}=r'''\n{tests[name]}''',\n" for name in sorted(tests))
    call = f"open_grader(\n{given})" if given else "open_grader()"
    return [
        code(first_cell(sources, address, branch, ROOT, also), **folded),
        code(f"from collapse.grading import open_grader\n\ngrader = {call}", **folded),
    ]


def for_students(notebook: NotebookNode, tests: dict[str, str]) -> NotebookNode:
    """The notebook that students get: it needs no file beside it."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    place = next(i for i, c in enumerate(notebook.cells) if c.cell_type == "code")
    notebook.cells[place:place] = opening(sources, tests)
    notebook.cells += [
        nbformat.v4.new_markdown_cell(CLOSING, metadata={"problem": ""}),
        code(EXPORT, problem=""),
    ]
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


def assignment_name(path: Path, numbers: dict[str, Any], seed: object) -> str:
    """What the grader compares: a hand-in with another course's numbers is refused."""
    if seed is None:
        return path.stem
    text = json.dumps(numbers, sort_keys=True)
    return f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


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
        with tempfile.TemporaryDirectory() as scratch, quiet_kernels():
            make_from(for_otter(master, name), path.stem, Path(scratch), solve)
            collect(path.stem, Path(scratch), folder, solve)


def make_from(master: NotebookNode, stem: str, scratch: Path, solve: bool) -> None:
    """Let otter-grader make its two folders of a notebook."""
    source = scratch / f"{stem}.ipynb"
    nbformat.write(master, source)
    logging.getLogger("otter").setLevel(logging.ERROR)
    try:
        assign(str(source), str(scratch), no_pdfs=True, no_run_tests=not solve)
    except (RuntimeError, ValueError) as error:
        raise BadMasterError(str(error)) from error


def collect(stem: str, scratch: Path, folder: Path, solve: bool) -> None:
    """Bring what otter-grader made to its place, in the form that people get."""
    for each in ("student", "solutions", "autograder"):
        shutil.rmtree(folder / each, ignore_errors=True)
    made = scratch / "student"
    tests = {path.stem: path.read_text("utf-8") for path in made.glob("tests/*.py")}
    tests = {name: source for name, source in tests.items() if "@test_case" in source}
    student = for_students(read_made(made / f"{stem}.ipynb"), tests)
    target = folder / "student" / f"{stem}.ipynb"
    write_notebook(student, target)
    needed = "\n".join([*surroundings()[0], otter_line(), ""])
    files = {target.name: target.read_bytes(), "requirements.txt": needed.encode()}
    write_zip(files, folder / "student" / f"{stem}.zip")
    (archive,) = scratch.glob("autograder/*.zip")
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    write_zip(files, folder / "autograder" / f"{stem}-autograder.zip")
    if solve:
        key = read_made(scratch / "autograder" / f"{stem}.ipynb")
        write_notebook(solved(key, scratch), folder / "solutions" / f"{stem}.ipynb")


def masters(names: Iterable[str] = (), private: Path = PRIVATE) -> list[Path]:
    """The masters of the book, and of a folder of one's own, whose names come first."""
    found = {path.stem: path for path in sorted(MASTERS.glob("*.md"))}
    found |= {path.stem: path for path in sorted(private.glob("*.md"))}
    for name in names:
        require(name in found, f"no master is called {name}; there are {[*found]}")
    return [found[name] for name in names or found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="the sets to make; all")
    parser.add_argument("--private", type=Path, default=PRIVATE)
    parser.add_argument("--folder", type=Path, default=BUILT)
    parser.add_argument("--seed")
    options = parser.parse_args()
    try:
        for path in masters(options.names, options.private):
            make(path, options.folder / path.stem, options.seed)
            print(f"{path.stem}: {options.folder / path.stem}", flush=True)
    except BadMasterError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
