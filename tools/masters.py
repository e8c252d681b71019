"""Reads the masters of assignments and says what is wrong with one.

A master is a notebook in MyST Markdown. Its metadata name the parameters of its
problems and the values that each may take; ``{{ name }}`` stands for one. A block break
begins a problem (``+++ {"problem": "half_life", "points": 4}``), and tags say what a
cell is: ``test`` for a test that students have too, ``hidden-test`` for one that only
the grader has, ``solution`` for a text.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import jupytext
import yaml
from nbformat import NotebookNode

from collapse.glue import grouped

ROOT = Path(__file__).resolve().parents[1]
MASTERS = ROOT / "assignments"
PRIVATE = MASTERS / "private"
FORMAT = "md:myst"
TAGS = {"test", "hidden-test", "solution"}
ABOUT = {"problem", "points", "manual"}


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


def split(path: Path) -> tuple[str, str]:
    """The metadata and the text of a master."""
    parts = path.read_text("utf-8").split("---\n", 2)
    require(len(parts) == 3 and not parts[0], "begins with metadata between two ---")
    return parts[1], parts[2]


def read_parameters(path: Path, seed: object = None) -> dict[str, Any]:
    """The numbers of one course: those of a master's metadata, re-rolled by a seed."""
    try:
        # A line for the first ---, so that YAML counts as the file does.
        choices = yaml.safe_load("\n" + split(path)[0]).get("parameters", {})
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
    syntax.filters["spaced"] = grouped
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


def own_copies(master: NotebookNode) -> None:
    """Let tests hold the texts and numbers that are given: a student may change theirs.

    A test that asks for a given name, such as ``DICKENS``, gets what the master says.
    """
    given: dict[str, Any] = {}
    for cell in master.cells:
        if cell.cell_type != "code":
            continue
        if kind(cell) == "prompt":
            given |= literals(cell.source)
        elif kind(cell) == "test":
            cell.source = with_own(cell.source, given)


def literals(source: str) -> dict[str, Any]:
    """What some code sets to a plain value, by name; dots stand for an answer."""
    found = {}
    with contextlib.suppress(SyntaxError):  # a line for the shell
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                with contextlib.suppress(ValueError):  # it is computed
                    found[node.targets[0].id] = ast.literal_eval(node.value)
    return {name: value for name, value in found.items() if value is not ...}


def with_own(source: str, given: dict[str, Any]) -> str:
    """A test that has the given values it asks for in its first lines."""
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    own = [each.arg for each in function.args.args if each.arg in given]
    if not own:
        return source
    function.args.args = [a for a in function.args.args if a.arg not in given]
    lines = "\n".join(f"{name} = {given[name]!r}" for name in own)
    function.body[:0] = ast.parse(lines).body
    return ast.unparse(tree)


def assignment_name(path: Path, numbers: dict[str, Any], seed: object) -> str:
    """What the grader compares: a hand-in with another course's numbers is refused."""
    if seed is None:
        return path.stem
    text = json.dumps(numbers, sort_keys=True)
    return f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def find(private: Path = PRIVATE) -> dict[str, Path]:
    """The masters by name: the book's, and those of a folder of one's own instead."""
    found = sorted(MASTERS.glob("*.md")) + sorted(private.glob("*.md"))
    return {path.stem: path for path in found}
