"""Grades answers to the problems of an assignment: otter-grader's tests, in-process."""

from __future__ import annotations

import zipfile
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import matplotlib.pyplot as plt
from nbformat import NotebookNode
from otter.test_files import ExceptionTestFile

import assignments
import masters


@dataclass
class Problem:
    """A problem's cells, and the tests of the autograder that was made of them."""

    name: str
    is_manual: bool
    cells: list[NotebookNode]
    tests: ExceptionTestFile | None

    def code(self, *kinds: str) -> list[str]:
        """The code that it is given with (`prompt`), or that solves it, in order."""
        return [
            cell.source
            for cell in self.cells
            if cell.cell_type == "code" and masters.kind(cell) in kinds
        ]

    def grade(self, environment: dict[str, Any]) -> tuple[float, str]:
        """The share of the points that an answer earns, and what its author reads."""
        self.tests.run(environment)
        return self.tests.score / self.tests.possible, self.tests.summary()


@dataclass
class ProblemSet:
    """An assignment of one course: what comes first, and its problems."""

    folder: Path
    opening: list[str]
    problems: dict[str, Problem]
    starts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def before(self, name: str) -> dict[str, Any]:
        """What is defined where a problem begins, all earlier ones solved."""
        if not self.starts:
            environment: dict[str, Any] = {"__name__": "__main__"}
            run(self.opening, environment)
            for problem in self.problems.values():
                self.starts[problem.name] = copied(environment)
                run(problem.code("prompt", "solution"), environment)
        return copied(self.starts[name])


def copied(environment: dict[str, Any]) -> dict[str, Any]:
    """The same values, and functions that see these, so that nothing is shared."""
    copy: dict[str, Any] = {}
    for name, value in environment.items():
        if isinstance(value, FunctionType) and value.__globals__ is environment:
            copy[name] = FunctionType(
                value.__code__, copy, name, value.__defaults__, value.__closure__
            )
            copy[name].__kwdefaults__ = value.__kwdefaults__
        elif isinstance(value, ModuleType) or name == "__builtins__":
            copy[name] = value
        else:
            copy[name] = deepcopy(value)
    return copy


def run(sources: list[str], environment: dict[str, Any]) -> None:
    """Run cells as a notebook would, and close what they draw."""
    for source in sources:
        exec(compile(source, "<answer>", "exec"), environment)
    plt.close("all")


def made(path: Path, folder: Path, seed: int | None = None) -> ProblemSet:
    """Make a master's assignment in a folder and read its problems and tests."""
    assignments.make(path, folder, seed, solve=False)
    (archive,) = folder.glob("autograder/*.zip")
    with zipfile.ZipFile(archive) as files:
        tests = {
            Path(name).stem: ExceptionTestFile.from_string(files.read(name).decode())
            for name in files.namelist()
            if name.startswith("tests/")
        }
    opening, problems = [], {}
    for about, cells in masters.problems(masters.read_master(path, seed)):
        if name := about.get("problem"):
            manual = about.get("manual", False)
            problems[name] = Problem(name, manual, cells, tests.get(name))
        elif not problems:
            opening = [cell.source for cell in cells if cell.cell_type == "code"]
    return ProblemSet(folder, opening, problems)
