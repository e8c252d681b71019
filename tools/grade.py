"""Grade what students handed in: a folder of notebooks, or of zip files with one each.

Each is graded as Gradescope would, by the autograder of the assignment that it names,
without containers, several side by side. The points of each problem go to
``grades.csv`` in that folder, and what each student should read to ``feedback/``.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import sys
import tempfile
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from otter.run import capture_run_output
from otter.run import main as run
from otter.test_files import GradingResults, TestFile

import assignments
import masters

LARGEST = 2**26
"""Bytes of a notebook; a zip file may hold more than it seems to."""

UNREADABLE = (
    "the file is no notebook or is damaged: open it in Jupyter and save it again"
)


@dataclass
class Grade:
    """What a hand-in earned, or why it could not be graded."""

    hand_in: str
    assignment: str = ""
    points: dict[str, float] = field(default_factory=dict)
    possible: float = 0
    by_hand: dict[str, float] = field(default_factory=dict)
    """The points of the problems that people grade."""

    feedback: list[str] = field(default_factory=list)
    problem: str = ""

    def row(self, names: list[str]) -> dict[str, object]:
        """A line of the table."""
        return {
            "hand-in": self.hand_in,
            "assignment": self.assignment,
            "points": "" if self.problem else round(sum(self.points.values()), 4),
            "possible": self.possible,
            **{name: self.points.get(name, "") for name in names},
            "not graded because": self.problem,
        }


class NotGradedError(Exception):
    """Raised where there is nothing to grade; its text says why."""


def notebook_in(path: Path) -> bytes:
    """The notebook that was handed in, alone or in a zip file."""
    if path.suffix == ".ipynb":
        if path.stat().st_size > LARGEST:
            raise NotGradedError(f"the notebook has more than {LARGEST} bytes")
        return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as packed:
            names = [
                each
                for each in packed.infolist()
                if each.filename.endswith(".ipynb")
                and not Path(each.filename).name.startswith(".")
                and "__MACOSX" not in each.filename
            ]
            if len(names) != 1:
                raise NotGradedError(
                    f"the zip file has {len(names)} notebooks, not one"
                )
            if names[0].file_size > LARGEST:
                raise NotGradedError(f"the notebook has more than {LARGEST} bytes")
            return packed.read(names[0])
    except zipfile.BadZipFile as error:
        raise NotGradedError("the file is no zip file") from error


def read(notebook: bytes) -> NotebookNode:
    """A notebook in today's format, with cells that can be run."""
    try:
        read = nbformat.reads(notebook.decode("utf-8"), 4)
        is_sound = isinstance(read.cells, list) and all(
            isinstance(cell.cell_type, str)
            and isinstance(cell.source, str)
            and isinstance(cell.metadata, dict)
            for cell in read.cells
        )
    except Exception as error:  # of many kinds, in words for programmers
        raise NotGradedError(UNREADABLE) from error
    if not is_sound:
        raise NotGradedError(UNREADABLE)
    return read


def name_of(notebook: NotebookNode, names: list[str], *, is_told: bool) -> str:
    """The assignment that a notebook says it is, or else the one that is graded.

    What edits or converts a notebook may drop the note. Then an assignment is assumed
    if whoever grades has named it (``is_told``), and there is one of this name.
    """
    about = notebook.metadata.get("otter")
    noted = about.get("assignment_name") if isinstance(about, dict) else None
    if noted:
        return str(noted)
    if is_told and len(names) == 1:
        notebook.metadata["otter"] = {"assignment_name": names[0]}
        return names[0]
    raise NotGradedError(
        "the notebook does not say of which assignment it is: put it into a folder "
        "with others of that one alone, and grade these with NAME=..."
    )


def autograders(built: Path) -> dict[str, Path]:
    """The autograders that were made, by the name of the assignment of each."""
    found = {}
    for path in sorted(built.rglob("autograder/*.zip")):
        with zipfile.ZipFile(path) as packed:
            settings = json.loads(packed.read("otter_config.json"))
        found[settings["assignment_name"]] = path
    return found


def by_hand(autograder: Path) -> dict[str, float]:
    """The points of an assignment's problems that people grade."""
    with zipfile.ZipFile(autograder) as packed:
        return json.loads(packed.read(assignments.BY_HAND))


def grade(
    path: Path, top: Path, graders: dict[str, Path], *, is_told: bool = False
) -> Grade:
    """Grade one hand-in; whatever is wrong with it is said, not raised."""
    grade = Grade(str(path.relative_to(top)))
    try:
        notebook = read(notebook_in(path))
        grade.assignment = name_of(notebook, [*graders], is_told=is_told)
        if grade.assignment not in graders:
            raise NotGradedError(
                f"there is no autograder for {grade.assignment!r}; there are "
                f"{', '.join(graders) or 'none: make assignments'}"
            )
        results = results_of(notebook, graders[grade.assignment])
    except NotGradedError as error:
        grade.problem = str(error)
    except Exception as error:  # one hand-in must not end the grading of the others
        said = " ".join(f"{type(error).__name__}: {error}".split())
        grade.problem = f"the grader stopped, for a reason of its own ({said})"
    else:
        grade.points = {name: file.score for name, file in results.results.items()}
        grade.possible = results.possible
        grade.by_hand = by_hand(graders[grade.assignment])
        grade.feedback = [told(file) for file in results.results.values()]
    return grade


def results_of(notebook: NotebookNode, autograder: Path) -> GradingResults:
    """Let otter-grader grade a notebook, as on Gradescope."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hand-in.ipynb")
        nbformat.write(notebook, path)
        silent = contextlib.redirect_stdout(io.StringIO())
        with silent, capture_run_output(), assignments.quiet_kernels():
            results = run(
                str(path), autograder=str(autograder), output_dir=None, no_logo=True
            )
    if results.has_catastrophic_failure():
        raise results.catastrophic_error
    return results


def hand_ins(folder: Path) -> list[Path]:
    """The notebooks and zip files in a folder and its folders."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in {".ipynb", ".zip"}
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def write(grades: list[Grade], folder: Path) -> None:
    """Write the table, and a text for each student."""
    names = list(
        dict.fromkeys(
            [name for grade in grades for name in grade.points]
            + [
                f"{name} (by hand: {points:g})"
                for grade in grades
                for name, points in grade.by_hand.items()
            ]
        )
    )
    fields = list(Grade("").row(names))
    with (folder / "grades.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, fields)
        table.writeheader()
        table.writerows(grade.row(names) for grade in grades)
    for grade in grades:
        path = folder / "feedback" / f"{grade.hand_in}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(feedback(grade), "utf-8")


def feedback(grade: Grade) -> str:
    """What a student reads."""
    if grade.problem:
        return f"Not graded: {grade.problem}.\n"
    total = sum(grade.points.values())
    head = f"{grade.assignment}: {total:g} of {grade.possible:g} points"
    if grade.by_hand:
        is_one, points = len(grade.by_hand) == 1, sum(grade.by_hand.values())
        head += (
            f"\n{'Problem' if is_one else 'Problems'} {', '.join(grade.by_hand)} "
            f"({points:g} point{'s' * (points != 1)}) {'is' if is_one else 'are'} "
            "graded by hand."
        )
    return "\n\n".join([head, *grade.feedback]) + "\n"


def told(file: TestFile) -> str:
    """What is said of one problem: points, and hints for tests that failed."""
    hints = [each.message for each in file.test_case_results if not each.passed]
    return "\n".join(
        [f"{file.name}: {file.score:g} of {file.possible:g}", *dict.fromkeys(hints)]
    )


def grade_all(
    folder: Path,
    built: Path = assignments.BUILT,
    name: str = "",
    jobs: int | None = None,
) -> list[Grade]:
    """Grade all that lies in a folder, ``jobs`` at a time."""
    graders = autograders(built / name if name else built)
    hidden = [str(masters.ROOT), str(folder.resolve()), str(built.resolve())]
    os.environ["COLLAPSE_HIDDEN_FOLDERS"] = os.pathsep.join(hidden)
    one = partial(grade, top=folder, graders=graders, is_told=bool(name))
    with ProcessPoolExecutor(jobs) as pool:
        grades = []
        for done in pool.map(one, hand_ins(folder)):
            print(
                f"{done.hand_in}: {done.problem or sum(done.points.values())}",
                flush=True,
            )
            grades.append(done)
    return grades


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", default="", help="one assignment alone")
    parser.add_argument("--built", type=Path, default=assignments.BUILT)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        sys.exit(f"HANDINS names a folder of hand-ins, got {options.folder!r}")
    folder = Path(options.folder)
    grades = grade_all(folder, options.built, options.name, options.jobs)
    write(grades, folder)
    print(f"{len(grades)} hand-ins: {folder / 'grades.csv'}")


if __name__ == "__main__":
    main()
