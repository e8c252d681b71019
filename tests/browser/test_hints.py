"""The figure states to which hints of checkers lead exist in the built book."""

import json
import re

import pytest
from sphinx.errors import ExtensionError

from page_figures import Figures

STATE = re.compile(r"([\w-]+\.html)#([\w-]+\?[^\s\"`]+)")
CHAPTERS = {
    "gaussian", "mixtures", "rare-words", "vae", "language-model",
    "keeping-real-data", "making-it-work",
}  # fmt: skip


@pytest.fixture(scope="module")
def states(root):
    """Where all checkers lead, as their source says it."""
    found = set()
    for path in (root / "book" / "collapse" / "exercises").glob("*.py"):
        # Strings that the source breaks are one.
        text = re.sub(r'"\s*\n\s*f?"', "", path.read_text("utf-8"))
        found |= set(STATE.findall(text))
    return found


@pytest.fixture(scope="module")
def figures(site):
    """What each named figure of the built book can show, and its page."""
    known = Figures.__new__(Figures)
    known.data, known.pages = {}, {}
    for path in sorted((site / "_figures").glob("*.js")):
        data = re.fullmatch(
            r"showFigure\(\"[^\"]*\",(.*),\"[^\"]*\"\);", path.read_text()
        )[1]
        known.data[path.stem] = json.loads(data)
    for page in site.glob("*.html"):
        for name in re.findall(
            r'data-figure="_figures/([\w-]+)\.js"', page.read_text()
        ):
            known.pages[name] = page.name
    return known


def test_every_chapter_has_hints_with_figures(states):
    assert {page.removesuffix(".html") for page, _ in states} == CHAPTERS


def test_every_state_is_on_its_page(states, figures):
    for page, address in states:
        figures.check(address, "a checker")
        assert figures.pages[address.partition("?")[0]] == page, address


def test_a_state_that_is_not_there_is_found(figures):
    with pytest.raises(ExtensionError, match="stops at"):
        figures.check("gaussian-walks?generation=151", "a checker")
