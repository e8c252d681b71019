"""Give a reader notebooks of their own: copies of those that the pages offer.

A chapter stays as it is, whatever the reader writes into its notebook; a notebook that
the reader has changed stays as it is, whatever becomes of the chapter.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

RECORD = ".copied.json"
"""Beside the copies: what each looked like when it was made."""


def copy_notebooks(made: Path, own: Path) -> Iterator[str]:
    """Bring the copies up to date; say which ones hold a reader's work and stay.

    Parameters
    ----------
    made : Path
        The folder of the notebooks that the book's build wrote.
    own : Path
        The reader's folder; it need not exist.

    Yields
    ------
    str
        A sentence for each notebook that was not simply copied.
    """
    own.mkdir(parents=True, exist_ok=True)
    record = own / RECORD
    copied = json.loads(record.read_text("utf-8")) if record.exists() else {}
    for path in sorted(made.rglob("*.ipynb")):
        name = path.relative_to(made).as_posix()
        target, content = own / name, path.read_bytes()
        now = _digest(content)
        if target.exists() and _digest(target.read_bytes()) != copied.get(name):
            if name in copied:
                if copied[name] != now:
                    yield (
                        f"{target} holds your work and stays as it is, though the "
                        "chapter has changed; rename it to get a new one beside it."
                    )
                continue
            before = target.with_stem(f"{target.stem}-before")
            target.replace(before)
            yield f"{target} was not made by `make lab`; it is called {before} now."
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        copied[name] = now
    record.write_text(json.dumps(copied, indent=1), encoding="utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    made, own = map(Path, sys.argv[1:])
    for sentence in copy_notebooks(made, own):
        print(sentence)


if __name__ == "__main__":
    main()
