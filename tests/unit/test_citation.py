"""Citations of the book and its pages, read by the programs they are for."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_string

from citation import Author, Book, bibtex, csl, plain, read_book

ADDRESS = "https://example.org/book/gaussian.html"
GROUP = Author("The Textbook Authors")
PEOPLE = (Author("Lovelace", "Ada", "https://orcid.org/0"), Author("Wright", "Sewall"))


def book(*authors: Author, doi: str = "") -> Book:
    return Book("Loss & gain", authors, "1.2.0", datetime.date(2026, 3, 5), doi)


@pytest.mark.parametrize(
    ("authors", "last_names"),
    [((GROUP,), ["The Textbook Authors"]), (PEOPLE, ["Lovelace", "Wright"])],
)
def test_bibtex_reads_names_and_titles_as_they_are(authors, last_names) -> None:
    text = bibtex(book(*authors, doi="10.1/x"), "A bell curve", ADDRESS, "key")
    entry = parse_string(text, "bibtex").entries["key"]
    names = [" ".join(each.last_names).strip("{}") for each in entry.persons["author"]]
    assert names == last_names
    assert entry.type == "incollection"
    assert entry.fields["title"] == "{A bell curve}"
    assert entry.fields["booktitle"] == r"{Loss \& gain}"
    assert entry.fields["note"] == "Version 1.2.0, 5 March 2026"
    assert (entry.fields["doi"], entry.fields["url"]) == ("10.1/x", ADDRESS)


def test_the_book_itself_is_no_part_of_a_book() -> None:
    entry = parse_string(bibtex(book(GROUP), "", ADDRESS, "key"), "bibtex").entries[
        "key"
    ]
    assert entry.type == "misc"
    assert not {"booktitle", "doi"} & set(entry.fields)
    (known,) = json.loads(csl(book(GROUP), "", ADDRESS, "key"))
    assert known["type"] == "book"
    assert known["author"] == [{"literal": "The Textbook Authors"}]
    assert "In Loss" not in plain(book(GROUP), "", ADDRESS)


def test_csl_tells_a_chapter_its_day_and_its_people() -> None:
    (known,) = json.loads(csl(book(*PEOPLE, doi="10.1/x"), "A bell", ADDRESS, "key"))
    assert (known["type"], known["container-title"]) == ("chapter", "Loss & gain")
    assert known["issued"] == {"date-parts": [[2026, 3, 5]]}
    assert known["author"][1] == {"family": "Wright", "given": "Sewall"}
    assert (known["DOI"], known["version"]) == ("10.1/x", "1.2.0")


def test_plain_text_names_page_version_and_day() -> None:
    assert plain(book(*PEOPLE), "A bell", ADDRESS) == (
        "Ada Lovelace and Sewall Wright (2026). A bell. In Loss & gain, version 1.2.0, "
        f"5 March 2026. {ADDRESS}"
    )


def test_the_file_of_the_repository_is_read(root: Path) -> None:
    known = read_book(root)
    assert known.title == "Model Collapse: an interactive textbook"
    assert known.authors
    assert known.date.year >= 2026


def test_a_file_that_is_no_yaml_is_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "CITATION.cff").write_text("title: Loss\nauthors: [Ada\nversion: 1\n")
    with pytest.raises(yaml.YAMLError, match=r'CITATION\.cff", line 3'):
        read_book(tmp_path)
