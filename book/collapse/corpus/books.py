"""98 books in the public domain, 37 million characters in eight topics.

The package holds their list, in ``books.tsv``, and none of their words: a folder must
hold them, or Project Gutenberg is asked. Each text is judged by its hash, so everyone
who has it has the same one. Floor 1: it knows files and addresses, and no model.
"""

import csv
import hashlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path

from tqdm import tqdm

from ..validation import boolean, real_number, refuse
from ..whole_file import download, replace_file
from .cleaning import clean

GUTENBERG = "https://aleph.gutenberg.org/"
"""Where `fetch_books` looks unless told otherwise: Gutenberg's server for programs."""

PAUSE = 2.0
"""Seconds between two requests, which is what Gutenberg asks of programs."""

_NAMED = 5
"""How many books a message names before it counts the others."""

_FILES = ("{id}-0.txt", "{id}-8.txt", "{id}.txt", "pg{id}.txt")
"""How Gutenberg names a text: in UTF-8, in Latin-1, in ASCII, in its newest form."""


@dataclass(frozen=True)
class Book:
    """What the list says of a book.

    Attributes
    ----------
    topic : str
    id : int
        Its number at Project Gutenberg.
    author, title : str
    year : int or None
        When it was first published; None where that is not certain.
    characters : int
        Of its cleaned text.
    sha256 : str
        Of its cleaned text in UTF-8.
    """

    topic: str
    id: int
    author: str
    title: str
    year: int | None
    characters: int
    sha256: str

    @property
    def place(self) -> str:
        """Its file in a folder of cleaned books, such as ``music/17474.txt``."""
        return f"{self.topic}/{self.id}.txt"


@cache
def list_books() -> tuple[Book, ...]:
    """Return the list of all books, topic by topic."""
    list_file = Path(__file__).with_name("books.tsv")
    with list_file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(
            Book(
                row["topic"],
                int(row["id"]),
                row["author"],
                row["title"],
                int(row["year"]) if row["year"] else None,
                int(row["characters"]),
                row["sha256"],
            )
            for row in rows
        )


def list_topics() -> tuple[str, ...]:
    """Return the topics of the list, in its order."""
    return tuple(dict.fromkeys(book.topic for book in list_books()))


def read_books(
    folder: str | os.PathLike, topics: Sequence[str] | None = None
) -> dict[Book, str]:
    """Return the texts that a folder holds, each checked by its hash.

    Parameters
    ----------
    folder : path
        With cleaned books, ``architecture/19424.txt`` and so on, or with raw ones under
        the names that Gutenberg gives them, ``19424-8.txt``, in folders of topics or
        not. To clean a raw one takes a second.
    topics : sequence of str, optional
        Some of `list_topics`; by default all.

    Returns
    -------
    dict of Book to str
        In the order of the list: one paragraph a line, a blank line between two.
        `collapse.corpus.text.paragraph_lines` leaves one line end of the two.

    Raises
    ------
    ValueError
        If a book is missing, or is another text than that of the list; the message
        says which.
    """
    folder, books = Path(folder), _chosen(topics)
    texts = {book: _found(folder, book) for book in books}
    lacking = [book for book, text in texts.items() if text is None]
    if lacking:
        raise ValueError(
            f"folder must hold {len(books)} books, but {_told(folder, lacking)}; "
            "collapse.corpus.books.fetch_books fetches what is missing"
        )
    return {book: text for book, text in texts.items() if text is not None}


def fetch_books(
    folder: str | os.PathLike,
    topics: Sequence[str] | None = None,
    source: str = GUTENBERG,
    pause: float = PAUSE,
    progress: bool = True,
) -> None:
    """Fetch from Project Gutenberg the books that a folder lacks, and clean them.

    One file after the other is asked for. A book is in its place when it is whole and
    has the hash of the list; it is not fetched again, so a call that was broken off is
    simply repeated. A file that is there is never written over.

    Parameters
    ----------
    folder : path
        Made if it is not there. As `read_books` reads it.
    topics : sequence of str, optional
        Some of `list_topics`; by default all.
    source : str
        The address above Gutenberg's folders, of a mirror for instance.
    pause : float
        Seconds between two requests, at least 0.
    progress : bool
        Whether a bar is shown, on standard output.

    Raises
    ------
    OSError
        If the network fails; the message says what is still missing. What has been
        fetched stays.
    ValueError
        After all others have been fetched, if Gutenberg has a book no longer, or a
        later edition of it, or if the folder holds another text in its place.
    """
    folder, books = Path(folder), _chosen(topics)
    pause = real_number("pause", pause, 0)
    lacking = [book for book in books if _found(folder, book) is None]
    waiting = [book for book in lacking if not _files(folder, book)]
    refused = []
    with tqdm(
        total=len(books),
        initial=len(books) - len(lacking),
        desc="books",
        disable=not boolean("progress", progress),
        # In words, as a sweep shows it: a saved notebook keeps that.
        file=sys.stdout,
    ) as bar:
        for book in waiting:
            try:
                text = _fetched(book, source, pause)
            except LookupError as error:
                refused.append(f"{book.place} {error}")
                continue
            except OSError as error:
                still = [each for each in lacking if _found(folder, each) is None]
                raise OSError(
                    f"{error}; {_told(folder, still)}, {len(books) - len(still)} of "
                    f"{len(books)} are there and stay: call fetch_books again"
                ) from error
            target = folder / book.place
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, partial(_write, text))
            bar.update()
    others = [book for book in lacking if book not in waiting]
    if others:
        refused.append(f"{_told(folder, others)}: remove them, and they are fetched")
    if refused:
        raise ValueError(
            f"{source} has not given all {len(books)} books: {'; '.join(refused)}"
        )


def _chosen(topics: Sequence[str] | None) -> list[Book]:
    """Return the books of some topics."""
    known = list_topics()
    if topics is None:
        topics = known
    if not topics or not set(topics) <= set(known):
        raise refuse("topics", topics, f"a list of some of {', '.join(known)}")
    return [book for book in list_books() if book.topic in topics]


def _files(folder: Path, book: Book) -> list[Path]:
    """Return the files that may be this book, cleaned or raw."""
    places = (folder / book.topic, folder)
    paths = [place / name.format(id=book.id) for place in places for name in _FILES]
    return [path for path in paths if path.is_file()]


def _found(folder: Path, book: Book) -> str | None:
    """Return the text of a book, if the folder holds the right one."""
    texts = (_checked(path.read_bytes(), book) for path in _files(folder, book))
    return next((text for text in texts if text is not None), None)


def _checked(content: bytes, book: Book) -> str | None:
    """Return the text if the content is the book, cleaned or to be cleaned."""
    # Some programs write other ends of lines when they copy a text.
    content = content.replace(b"\r\n", b"\n")
    if hashlib.sha256(content).hexdigest() == book.sha256:
        return content.decode()
    text = clean(content)
    right = hashlib.sha256(text.encode()).hexdigest() == book.sha256
    return text if right else None


def _fetched(book: Book, source: str, pause: float) -> str:
    """Return the text of a book as Gutenberg has it, in the first file that is right.

    Raises
    ------
    LookupError
        If no file is; the message goes on after the book's name.
    OSError
        If the network fails.
    """
    number, found = str(book.id), 0
    # 19424 lies in 1/9/4/2/19424.
    above = "/".join((*number[:-1], number))
    folders = (above, f"{above}/old", f"cache/epub/{number}")
    for folder, name in product(folders, _FILES):
        # Only the newest form lies in the cache, and it alone.
        if ("cache" in folder) != name.startswith("pg"):
            continue
        time.sleep(pause)
        address = f"{source.rstrip('/')}/{folder}/{name.format(id=number)}"
        try:
            content = download(address)
        except FileNotFoundError:
            continue
        found += 1
        text = _checked(content, book)
        if text is not None:
            return text
    raise LookupError("is another edition there" if found else "is not there")


def _write(text: str, path: Path) -> None:
    path.write_bytes(text.encode())


def _told(folder: Path, lacking: list[Book]) -> str:
    """Say which books a folder lacks: they are missing, or other texts."""
    missing = [book.place for book in lacking if not _files(folder, book)]
    other = [book.place for book in lacking if _files(folder, book)]
    told = []
    if missing:
        told.append(f"{len(missing)} missing ({_some(missing)})")
    if other:
        told.append(f"{len(other)} with another text than the list's ({_some(other)})")
    return f"{folder} has {' and '.join(told)}"


def _some(places: list[str]) -> str:
    """Name the first of them, and count the others."""
    more = len(places) - _NAMED
    named = ", ".join(places[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named
