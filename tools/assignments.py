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
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from otter.assign import main as assign

ROOT = Path(__file__).resolve().parents[1]
MASTERS = ROOT / "assignments"
FORMAT = "md:myst"


def parameters(choices: dict[str, list], seed: int | None) -> dict[str, Any]:
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


def read_parameters(path: Path, seed: int | None = None) -> dict[str, Any]:
    """The numbers of one course: those of a master's metadata, re-rolled by a seed."""
    _, head, _ = path.read_text("utf-8").split("---\n", 2)
    return parameters(yaml.safe_load(head)["parameters"], seed)


def read_master(path: Path, seed: int | None = None) -> NotebookNode:
    """A master's notebook, with the numbers of one course in place of parameters."""
    return read_notebook(path, read_parameters(path, seed))


def read_notebook(path: Path, numbers: dict[str, Any]) -> NotebookNode:
    """A notebook in MyST Markdown, with numbers in place of parameters."""
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    syntax = jinja2.Environment(
        undefined=jinja2.StrictUndefined, comment_start_string="{##"
    )
    syntax.filters["spaced"] = spaced
    filled = syntax.from_string(body).render(numbers)
    return jupytext.reads(f"---\n{head}---\n{filled}", fmt=FORMAT)


# What otter-grader reads --------------------------------------------------------------


def raw(text: str) -> NotebookNode:
    return nbformat.v4.new_raw_cell(text)


def marked(cells: list[NotebookNode], name: str) -> list[NotebookNode]:
    return [raw(f"# BEGIN {name}"), *cells, raw(f"# END {name}")] if cells else []


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


def kind(cell: NotebookNode) -> str:
    """What a cell of a problem is: text, given code, a solution or a test."""
    tags = set(cell.metadata.get("tags", []))
    if tags & {"test", "hidden-test"}:
        return "test"
    is_solved = cell.cell_type == "code" and "SOLUTION" in cell.source
    return "solution" if is_solved or "solution" in tags else "prompt"


def test_cell(cell: NotebookNode) -> NotebookNode:
    """A test as otter-grader wants it. One that students can run earns nothing."""
    hidden = "hidden-test" in cell.metadata["tags"]
    about: dict[str, Any] = {"hidden": hidden}
    if not hidden or "points" in cell.metadata:
        about["points"] = cell.metadata.get("points", 0)
    head = yaml.safe_dump(about, sort_keys=False).strip()
    source = f'""" # BEGIN TEST CONFIG\n{head}\n""" # END TEST CONFIG\n{cell.source}'
    return nbformat.v4.new_code_cell(source)


def question(about: dict, cells: list[NotebookNode]) -> list[NotebookNode]:
    """A problem between otter-grader's marks."""
    about = {"name": about.pop("problem"), **about}
    parts: dict[str, list[NotebookNode]] = {"prompt": [], "solution": [], "test": []}
    for cell in cells:
        parts[kind(cell)].append(cell)
    is_manual = about.get("manual", False)
    if is_manual == bool(parts["test"]):
        raise ValueError(f"{about['name']}: either tests or manual, not both or none")
    if not parts["solution"]:
        raise ValueError(f"{about['name']}: no solution")
    prompt = parts["prompt"]
    return [
        raw("# BEGIN QUESTION\n" + yaml.safe_dump(about, sort_keys=False).strip()),
        *(marked(prompt, "PROMPT") if is_manual else prompt),
        *marked(parts["solution"], "SOLUTION"),
        *marked([test_cell(cell) for cell in parts["test"]], "TESTS"),
        raw("# END QUESTION"),
    ]


def for_otter(master: NotebookNode, name: str) -> NotebookNode:
    """A master as otter-grader reads it."""
    config = {
        "name": name,
        "tests": {"ok_format": False},
        "export_cell": {"pdf": False},
        "python_version": "3.12",
        "generate": {"show_stdout": False, "show_hidden": True},
    }
    cells = [raw("# ASSIGNMENT CONFIG\n" + yaml.safe_dump(config, sort_keys=False))]
    for about, group in problems(master):
        cells += question(about, group) if about.get("problem") else group
    for cell in cells:
        cell.metadata = {}
        cell.pop("id", None)
    return nbformat.v4.new_notebook(cells=cells, metadata=master.metadata)


def make(
    path: Path, folder: Path, seed: int | None = None, *, solve: bool = True
) -> None:
    """Make what students and graders get of one master.

    ``solve`` runs the solutions against the tests, as otter-grader does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    master = folder / f"{path.stem}.ipynb"
    nbformat.write(for_otter(read_master(path, seed), path.stem), master)
    assign(str(master), str(folder), no_pdfs=True, no_run_tests=not solve)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("masters", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "assignments")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    for path in options.masters or sorted(MASTERS.glob("*.md")):
        make(path.resolve(), options.folder / path.stem, options.seed)


if __name__ == "__main__":
    main()
