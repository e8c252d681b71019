"""Every slider of every page, moved by keyboard, against what Python computes."""

from __future__ import annotations

import re

import pytest
from matplotlib import pyplot as plt
from sphinx_external_toc.parsing import parse_toc_yaml

from collapse.explore.sentences import typeset
from controls import Control, awake
from support import geometry, pixels
from support.chapters import BOOK, run_chapter, sweep, with_chapter
from support.colours import contrast
from watch import open_page

CHAPTERS = sorted(
    name
    for name in parse_toc_yaml(BOOK.parent / "_toc.yml")
    if "explore(" in (BOOK / f"{name}.md").read_text(encoding="utf-8")
)

every_chapter = pytest.mark.parametrize(
    "chapter",
    [pytest.param(name, marks=with_chapter(BOOK / f"{name}.md")) for name in CHAPTERS],
)


GALLERY = "appendix/gallery"


def visits():
    """Each chapter with three stops of each slider and, in a rehearsal, with all.

    Of the gallery test_gallery.py compares such states with matplotlib's own picture.
    """
    for name in CHAPTERS:
        marks = [with_chapter(BOOK / f"{name}.md")]
        if name != GALLERY:
            yield pytest.param(name, 3, id=f"{name}-three stops", marks=marks)
        marks = [*marks, pytest.mark.rehearsal]
        yield pytest.param(name, None, id=f"{name}-every stop", marks=marks)


def test_there_are_chapters_with_figures():
    assert {"index", "gaussian"} <= set(CHAPTERS)


@pytest.mark.pages
@pytest.mark.parametrize(("chapter", "most"), [*visits()])
def test_states_on_the_page_are_what_python_draws(new_context, base_url, chapter, most):
    watched = open_page(new_context(), base_url, f"{chapter}.html")
    pixels.draw_alike(watched.page)
    figures = watched.page.locator("figure.explore")
    explorations = run_chapter(BOOK / f"{chapter}.md").explorations
    assert figures.count() == len(explorations)
    compared = set()
    for number, exploration in enumerate(explorations):
        figure = figures.nth(number)
        awake(figure)
        for positions in _move(figure, exploration, most):
            if (number, *positions) in compared:  # a corner, where several ways meet
                continue
            caption = exploration.draw(positions)
            if geometry.can_judge(exploration.figure):
                found = geometry.difference(
                    geometry.judged(exploration.figure), geometry.on_page(figure)
                )
            else:
                with plt.rc_context(exploration.style):
                    found = pixels.difference(figure, exploration.figure)
            assert not found, f"figure {number + 1} at {positions}: {found}"
            assert figure.locator("figcaption").text_content() == typeset(caption)
            compared.add((number, *positions))
    assert compared
    assert not watched.troubles


def _move(figure, exploration, most):
    """Visit stops of every control by keyboard; yield where they stand."""
    sliders, start = exploration.sliders, exploration.start
    sizes = [len(slider.values) for slider in sliders]
    controls = [Control(figure, axis) for axis in range(len(sizes))]
    current = start
    assert figure.get_attribute("data-state") == " ".join(map(str, current))
    for _, positions in sweep(sizes, start, most):
        for axis, place in enumerate(positions):
            controls[axis].step(place - current[axis])
            assert controls[axis].said() == sliders[axis].texts[place]
        current = positions
        yield positions


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_chapter
def test_words_in_figures_can_be_read(new_context, base_url, chapter, scheme):
    """WCAG 2, 1.4.3: small text has a contrast of 4.5:1 with its ground.

    Each figure is looked at as it opens. Words that keep a colour of their own in both
    themes stand on a coloured ground, which this test does not know.
    """
    watched = open_page(new_context(color_scheme=scheme), base_url, f"{chapter}.html")
    colours = watched.page.evaluate(
        """() => [...document.querySelectorAll("svg.explore-picture")].flatMap(
            (picture) => {
                picture.style.color = "var(--paper)";
                const paper = getComputedStyle(picture).color;
                picture.style.color = "";
                return [...picture.querySelectorAll("text")]
                    .filter((text) => text.getAttribute("fill").includes("var("))
                    .map((text) => [
                        text.textContent, getComputedStyle(text).fill, paper
                    ]);
            })"""
    )
    faint = set()
    for words, fill, paper in colours:
        found = contrast(channels(fill), channels(paper))
        if found < 4.5:
            faint.add((words, round(found, 2)))
    assert colours
    assert not faint


def channels(colour: str) -> list[float]:
    """Return red, green and blue in [0, 1] of a colour as a browser writes it."""
    numbers = [float(each) for each in re.findall(r"[\d.]+", colour)][:3]
    return [each / 255 for each in numbers] if colour.startswith("rgb") else numbers
