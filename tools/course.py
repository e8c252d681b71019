"""Make the assignments of a course: problem sets, and chapters to hand in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import assignments
import chapter_assignments
import masters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="sets, or chapters/NAME; all")
    parser.add_argument("--private", type=Path, default=masters.PRIVATE)
    parser.add_argument("--folder", type=Path, default=assignments.BUILT)
    parser.add_argument("--seed")
    options = parser.parse_args()
    found = masters.find(options.private)
    chapters = chapter_assignments.find()
    try:
        for name in options.names or [*found, *chapters]:
            folder = options.folder / name
            if name in found:
                assignments.make(found[name], folder, options.seed)
            elif name in chapters:
                chapter_assignments.make(chapters[name], folder)
            else:
                there = ", ".join([*found, *chapters])
                sys.exit(f"no assignment is called {name}; there are {there}")
            print(f"{name}: {folder}", flush=True)
    except masters.BadMasterError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
