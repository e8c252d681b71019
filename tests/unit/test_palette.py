"""The colours of the figures can be seen on light and on dark paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb

from collapse import palette
from support.colours import contrast, luminance

COLOURS = (
    palette.REAL,
    palette.SYNTHETIC,
    palette.MIXED,
    palette.SECOND,
    *palette.DIGITS,
)


@pytest.fixture(scope="module")
def papers(root: Path) -> list[str]:
    """White, and the backgrounds that the book's own style sheet sets."""
    style = (root / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    found = re.findall(r"--pst-color-background: (#\w{6});", style)
    assert len(found) == 2
    return ["#ffffff", *found]


@pytest.mark.parametrize("colour", COLOURS)
def test_lines_have_a_contrast_of_three(colour: str, papers: list[str]) -> None:
    for paper in papers:
        assert contrast(to_rgb(colour), to_rgb(paper)) >= 3, paper


def test_no_chapter_has_a_colour_of_its_own(root: Path) -> None:
    chapters = list((root / "book").glob("*.md"))
    assert len(chapters) > 5
    own = [
        (path.name, colour)
        for path in chapters
        for colour in re.findall(r"[\"']#[0-9a-fA-F]{6}\b", path.read_text("utf-8"))
    ]
    assert own == []


def test_digits_are_equally_bright_and_all_different() -> None:
    assert len(set(palette.DIGITS)) == 10
    for colour in palette.DIGITS:
        assert luminance(to_rgb(colour)) == pytest.approx(0.2, abs=0.01)
