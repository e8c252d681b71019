"""Each term of the glossary is linked where a reader meets it first."""

from __future__ import annotations

import re

import pytest
import yaml

from support.chapters import BOOK

TOC = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [each["file"] for each in TOC["parts"][0]["chapters"]]
GLOSSARY = (BOOK / "appendix/glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^(\w[^\n]*)\n  ", GLOSSARY.split("```{glossary}")[1], re.MULTILINE)
# Code, formulas, headings and what stands in directives that show something else.
UNREAD = re.compile(
    r"\A---\n.*?\n---\n|^(`{3,})(?:\{(?:code-cell|math|literalinclude)\}|python).*?^\1$"
    r"|^#.*?$|\$\$?.*?\$\$?",
    re.DOTALL | re.MULTILINE,
)
ROLE = re.compile(r"(\{[\w:-]+\})?(`+)(.*?)\2", re.DOTALL)


def prose(chapter: str) -> str:
    """What a reader reads: links to terms as they are, links to figures as words."""

    def words(found: re.Match[str]) -> str:
        role, _, text = found.groups()
        if role == "{term}":
            return found[0]
        return text.partition("<")[0] if role == "{explore}" else ""

    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    return " ".join(ROLE.sub(words, UNREAD.sub("", text)).split())


@pytest.fixture(scope="module")
def chapters() -> dict[str, str]:
    return {name: prose(name) for name in CHAPTERS}


def first_use(term: str, chapters: dict[str, str]) -> tuple[str, str]:
    """The chapter in which a term is met first, and what stands there."""
    link = rf"\{{term\}}`(?:[^<`]*<)?{re.escape(term)}>?`"
    either = re.compile(rf"{link}|(?<![\w-]){re.escape(term)}s?(?![\w-])", re.I)
    for name, text in chapters.items():
        if found := either.search(text):
            return name, found[0]
    raise AssertionError(f"no chapter speaks of {term!r}")


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_linked_at_its_first_use_in_reading_order(term, chapters):
    name, words = first_use(term, chapters)
    assert words.startswith("{term}"), f"{name}.md says {words!r} without a link"


def test_a_use_without_a_link_is_seen():
    assert first_use("nat", {"one": "in nats, later {term}`nats <nat>`"})[1] == "nats"
    assert first_use("nat", {"one": "in {term}`nats <nat>`"})[1].startswith("{term}")
