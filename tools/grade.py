"""Grade what students handed in: a folder of notebooks, or of zip files with one each.

Each is graded as Gradescope would, by the autograder of the assignment that it names,
without containers, several side by side. The points of each problem go to
``grades.csv`` in that folder, and what each student should read to ``feedback/``, as
soon as a hand-in is graded. An interrupted run leaves these; the next one starts anew.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import re
import sys
import tempfile
import zipfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbformat import NotebookNode
from otter.run import capture_run_output
from otter.run import main as run
from otter.test_files import GradingResults, TestFile

import assignments
import masters
from collapse.whole_file import replace_file

LARGEST = 2**26
"""Bytes of a notebook; a zip file may hold more than it seems to."""

MISSING = "❌ Not answered yet: "

UNREADABLE = (
    "the file is no notebook or is damaged: open it in Jupyter and save it again"
)


@dataclass
class Grade:
    """What a hand-in earned, or why it could not be graded."""

    hand_in: str
    assignment: str = ""
    title: str = ""
    points: dict[str, float] = field(default_factory=dict)
    possible: float = 0
    by_hand: dict[str, float] = field(default_factory=dict)
    """The points of the problems that people grade."""

    feedback: list[str] = field(default_factory=list)
    problem: str = ""

    def row(self, names: list[str]) -> dict[str, object]:
        """A line of the table."""
        return {
            "hand-in": as_text(self.hand_in),
            "assignment": as_text(self.assignment),
            "points": "" if self.problem else round(sum(self.points.values()), 4),
            "possible": self.possible,
            **{name: self.points.get(name, "") for name in names},
            "not graded because": as_text(self.problem),
        }


def as_text(cell: str) -> str:
    """A cell that a spreadsheet shows, whatever it begins with, and never computes."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


class NotGradedError(Exception):
    """Raised where there is nothing to grade; its text says why."""


def notebook_in(path: Path) -> bytes:
    """The notebook that was handed in, alone or in a zip file."""
    if path.suffix.lower() == ".ipynb":
        if path.stat().st_size > LARGEST:
            raise NotGradedError(f"the notebook has more than {LARGEST} bytes")
        return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as packed:
            names = [
                each
                for each in packed.infolist()
                if each.filename.lower().endswith(".ipynb")
                and not is_hidden(PurePosixPath(each.filename))
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


def is_hidden(path: PurePosixPath | Path) -> bool:
    """Whether a file is a program's own, such as Jupyter's copies of a notebook."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def read(notebook: bytes) -> NotebookNode:
    """A notebook in today's format, with cells that can be run."""
    try:
        read = nbformat.reads(notebook.decode("utf-8-sig"), 4)
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


def overview(autograder: Path) -> dict[str, Any]:
    """The title of an assignment, and its problems in order."""
    with zipfile.ZipFile(autograder) as packed:
        return json.loads(packed.read(assignments.OVERVIEW))


def no_grader(name: str, graders: dict[str, Path]) -> str:
    """Why a notebook of this name is not graded, and what to do."""
    base = re.sub("-[0-9a-f]{6}$", "", name)
    alike = [each for each in graders if re.sub("-[0-9a-f]{6}$", "", each) == base]
    if alike:
        return (
            f"it is a notebook of {base!r} with the numbers of another course (another "
            f"SEED, or none): the autograder here is {', '.join(alike)}, this notebook "
            f"is {name}. Hand in your own course's notebook; or, to grade this one, "
            "make the assignments of its course with its SEED"
        )
    there = ", ".join(graders) or "none: make assignments"
    return f"there is no autograder for {name!r}; there are {there}"


def grade(
    path: Path, top: Path, graders: dict[str, Path], *, is_told: bool = False
) -> Grade:
    """Grade one hand-in; whatever is wrong with it is said, not raised."""
    grade = Grade(str(path.relative_to(top)))
    try:
        notebook = read(notebook_in(path))
        grade.assignment = name_of(notebook, [*graders], is_told=is_told)
        if grade.assignment not in graders:
            raise NotGradedError(no_grader(grade.assignment, graders))
        results = results_of(notebook, graders[grade.assignment])
        said = overview(graders[grade.assignment])
    except NotGradedError as error:
        grade.problem = str(error)
    except Exception as error:  # one hand-in must not end the grading of the others
        said = " ".join(f"{type(error).__name__}: {error}".split())
        grade.problem = f"the grader stopped, for a reason of its own ({said})"
    else:
        grade.title, grade.possible = said["title"], results.possible
        for name, about in said["problems"].items():
            if about["by hand"]:
                grade.by_hand[name] = about["points"]
                line = f"{about['title']}: graded by hand, of {about['points']:g}"
                grade.feedback.append(line)
            else:
                file = results.results[name]
                grade.points[name] = file.score
                grade.feedback.append(told(file, about["title"]))
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
        if path.suffix.lower() in {".ipynb", ".zip"}
        and path.is_file()
        and not is_hidden(path.relative_to(folder))
    )


def left_out(folder: Path) -> list[str]:
    """The other files there, but for what grading writes: somebody may miss them."""
    written = {"grades.csv", "feedback"}
    read = {*hand_ins(folder)}
    names = (path.relative_to(folder) for path in {*folder.rglob("*")} - read)
    return sorted(
        str(name)
        for name in names
        if (folder / name).is_file()
        and not is_hidden(name)
        and name.parts[0] not in written
    )


def write(grades: list[Grade], folder: Path) -> None:
    """Write the table, in the order of the hand-ins' names; never half of it."""
    grades = sorted(grades, key=lambda grade: grade.hand_in)
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

    def fill(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, fields)
            table.writeheader()
            table.writerows(grade.row(names) for grade in grades)

    replace_file(folder / "grades.csv", fill)


def write_feedback(grade: Grade, folder: Path) -> None:
    """Write the text for a student."""
    path = folder / "feedback" / f"{grade.hand_in}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(feedback(grade), "utf-8")


def feedback(grade: Grade) -> str:
    """What a student reads."""
    if grade.problem:
        return f"Not graded: {grade.problem}.\n"
    total = sum(grade.points.values())
    head = f"{grade.title}: {total:g} of {grade.possible:g} points"
    return "\n\n".join([head, *grade.feedback]) + "\n"


def told(file: TestFile, title: str) -> str:
    """What is said of one problem: points, and hints for tests that failed, once."""
    failed = [each.message for each in file.test_case_results if not each.passed]
    lines = dict.fromkeys("\n".join(failed).splitlines())
    missing = dict.fromkeys(
        name
        for line in lines
        if line.startswith(MISSING)
        for name in line.removeprefix(MISSING).removesuffix(".").split(", ")
    )
    head = [f"{title}: {file.score:g} of {file.possible:g}"]
    if missing:
        head.append(f"{MISSING}{', '.join(missing)}.")
    return "\n".join(head + [line for line in lines if not line.startswith(MISSING)])


def grade_all(
    folder: Path,
    built: Path = assignments.BUILT,
    name: str = "",
    jobs: int | None = None,
) -> list[Grade]:
    """Grade all that lies in a folder, ``jobs`` at a time; write each grade at once."""
    graders = autograders(built / name if name else built)
    hidden = [str(masters.ROOT), str(folder.resolve()), str(built.resolve())]
    os.environ["COLLAPSE_HIDDEN_FOLDERS"] = os.pathsep.join(hidden)
    one = partial(grade, top=folder, graders=graders, is_told=bool(name))
    grades: list[Grade] = []
    with ProcessPoolExecutor(jobs) as pool:
        asked = [pool.submit(one, path) for path in hand_ins(folder)]
        try:
            for each in as_completed(asked):
                done = each.result()
                grades.append(done)
                write_feedback(done, folder)
                write(grades, folder)
                said = done.problem or sum(done.points.values())
                print(f"{done.hand_in}: {said}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    write(grades, folder)
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
    try:
        grades = grade_all(folder, options.built, options.name, options.jobs)
    except KeyboardInterrupt:
        sys.exit(
            f"Interrupted. What has been graded is in {folder / 'grades.csv'}; the "
            "next run starts anew."
        )
    print(f"{len(grades)} hand-ins: {folder / 'grades.csv'}")
    if others := left_out(folder):
        print(f"Not read, neither notebooks nor zip files: {', '.join(others)}")


if __name__ == "__main__":
    main()
