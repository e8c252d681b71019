"""Make the assignments of a course: problem sets, and chapters to hand in."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import assignments
import chapter_assignments
import masters


def make_all(makers: dict[str, Callable[[Path], None]], built: Path) -> dict[str, str]:
    """Make each assignment in a folder of its name; return what failed, and why.

    One that fails keeps no folder of before, which would pass for today's.
    """
    failed = {}
    for name, make in makers.items():
        folder = built / name
        try:
            make(folder)
        except Exception as error:  # of one, which must not end the making of others
            shutil.rmtree(folder, ignore_errors=True)
            is_told = isinstance(error, masters.BadMasterError)
            failed[name] = f"{error}" if is_told else f"{type(error).__name__}: {error}"
            print(f"{name}: failed", flush=True)
        else:
            print(f"{name}: {folder}", flush=True)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="sets, or chapters/NAME; all")
    parser.add_argument("--private", type=Path, default=masters.PRIVATE)
    parser.add_argument("--folder", type=Path, default=assignments.BUILT)
    parser.add_argument("--seed")
    options = parser.parse_args()
    found = masters.find(options.private)
    chapters = chapter_assignments.find()
    makers: dict[str, Callable[[Path], None]] = {
        name: partial(assignments.make, path, seed=options.seed)
        for name, path in found.items()
    } | {
        name: partial(chapter_assignments.make, path) for name, path in chapters.items()
    }
    names = options.names or [*makers]
    if unknown := [name for name in names if name not in makers]:
        there = ", ".join(makers)
        sys.exit(f"no assignment is called {', '.join(unknown)}; there are {there}")
    failed = make_all({name: makers[name] for name in names}, options.folder)
    if failed:
        seed = f" with the seed {options.seed}" if options.seed else ""
        said = [f"{name} was not made{seed}: {why}" for name, why in failed.items()]
        sys.exit("\n\n".join(said))


if __name__ == "__main__":
    main()
