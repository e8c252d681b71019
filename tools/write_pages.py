"""Write the pages with Jupyter Book: `build_book.py` runs this in a process of its own.

    write_pages.py FOLDER CACHE [CHAPTER ...]

The pages go to FOLDER/html; what the chapters showed is taken from CACHE. The CHAPTERs
have not run yet: their pages say so and warnings are no errors. What Sphinx says goes
to stdout, its warnings to stderr.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import nocolor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))  # the book's extensions import its package
WRITTEN = "the pages are written"


def settings(cache: Path) -> dict[str, object]:
    """What Sphinx is told beside `_config.yml`, with Jupyter Book or without it."""
    return {
        "external_toc_path": str(ROOT / "_toc.yml"),
        "latex_individualpages": False,
        "nb_execution_cache_path": str(cache),
        "nitpicky": True,
    }


def main(folder: Path, cache: Path, to_come: list[str]) -> int:
    nocolor()  # who reads what it says puts it into a log
    result = build_sphinx(
        ROOT / "book",
        folder / "html",
        doctreedir=folder / "doctrees",
        path_config=ROOT / "_config.yml",
        noconfig=True,
        confoverrides={**settings(cache), "chapters_to_come": to_come},
        warningiserror=not to_come,
        keep_going=True,
    )
    print(WRITTEN, flush=True)
    if isinstance(result, int):
        return result
    if not isinstance(result, SphinxError):  # whose message stands last already
        print(f"\n{type(result).__name__}: {result}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
