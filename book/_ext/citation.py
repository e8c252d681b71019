"""How the book, or one page of it, is cited: plain text, BibTeX, CSL-JSON, schema.org.

`CITATION.cff` names the authors, the version, its date and the DOI; nothing of these is
written anywhere else.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MIT = "https://spdx.org/licenses/MIT"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
TEX = re.compile(r"[&%$#_{}]")


@dataclass(frozen=True)
class Author:
    """A person, or a group that has one name."""

    family: str
    given: str = ""
    orcid: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}".strip()

    @property
    def bibtex(self) -> str:
        """The name so that BibTeX does not take a group for a person."""
        return f"{self.family}, {self.given}" if self.given else f"{{{self.family}}}"

    @property
    def csl(self) -> dict[str, str]:
        if self.given:
            return {"family": self.family, "given": self.given}
        return {"literal": self.family}

    @property
    def schema(self) -> dict[str, str]:
        kind = "Person" if self.given else "Organization"
        more = {"@id": self.orcid} if self.orcid else {}
        return {"@type": kind, "name": self.name, **more}


@dataclass(frozen=True)
class Book:
    """What `CITATION.cff` says of the book."""

    title: str
    authors: tuple[Author, ...]
    version: str
    date: datetime.date
    doi: str = ""

    @property
    def names(self) -> str:
        *others, last = [author.name for author in self.authors]
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def day(self) -> str:
        return f"{self.date.day} {self.date:%B %Y}"


@cache
def read_book(repository: Path) -> Book:
    """The book as the file in its repository names it."""
    with (repository / "CITATION.cff").open(encoding="utf-8") as file:
        known = yaml.safe_load(file)
    authors = [
        Author(
            each.get("family-names") or each["name"],
            each.get("given-names", ""),
            each.get("orcid", ""),
        )
        for each in known["authors"]
    ]
    return Book(
        title=known["title"],
        authors=tuple(authors),
        version=str(known["version"]),
        date=datetime.date.fromisoformat(str(known["date-released"])),
        doi=known.get("doi", ""),
    )


def plain(book: Book, title: str, address: str) -> str:
    """A line for a list of references; of the book itself if ``title`` is empty."""
    where = f"{title}. In {book.title}" if title else book.title
    where = f"{where}, version {book.version}, {book.day}."
    doi = f" https://doi.org/{book.doi}." if book.doi else ""
    return f"{book.names} ({book.date.year}). {where}{doi} {address}"


def bibtex(book: Book, title: str, address: str, key: str) -> str:
    """An entry for BibTeX; of the book itself if ``title`` is empty."""
    fields = {
        "author": " and ".join(author.bibtex for author in book.authors),
        "title": f"{{{_tex(title or book.title)}}}",
        "booktitle": f"{{{_tex(book.title)}}}" if title else "",
        "year": str(book.date.year),
        "month": f"{book.date:%b}".lower(),
        "note": f"Version {book.version}, {book.day}",
        "doi": book.doi,
        "url": address,
    }
    lines = [
        f"  {name} = {text}," if name == "month" else f"  {name} = {{{text}}},"
        for name, text in fields.items()
        if text
    ]
    kind = "incollection" if title else "misc"
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def csl(book: Book, title: str, address: str, key: str) -> str:
    """An entry of a list in CSL-JSON; of the book itself if ``title`` is empty."""
    date = book.date
    entry: dict[str, Any] = {
        "id": key,
        "type": "chapter" if title else "book",
        "title": title or book.title,
        "author": [author.csl for author in book.authors],
        "issued": {"date-parts": [[date.year, date.month, date.day]]},
        "version": book.version,
        "URL": address,
    }
    entry |= {"container-title": book.title} if title else {}
    entry |= {"DOI": book.doi} if book.doi else {}
    lines = (
        f"  {json.dumps(n)}: {json.dumps(v, ensure_ascii=False)}"
        for n, v in entry.items()
    )
    return "[{\n" + ",\n".join(lines) + "\n}]"


def _tex(text: str) -> str:
    return TEX.sub(r"\\\g<0>", text)
