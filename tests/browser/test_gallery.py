"""The gallery: each kind of artist and of control once, judged by pixels, and light."""

from __future__ import annotations

import ast
import gzip
import itertools
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt

from collapse.explore.sliders import CONTROLS
from opened_figure import Opened, save
from support import pixels
from support.chapters import BOOK, run_chapter, sweep, with_chapter

PAGE = BOOK / "appendix" / "gallery.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMES = re.findall(r'name="(gallery-\w+)"', TEXT)
MOST_KB = 60
KINDS = {
    "a line, markers": "plot",
    "points coloured by numbers": "scatter",
    "a filled band": "fill_between",
    "bars": "bar",
    "a histogram": "hist",
    "error bars": "errorbar",
    "an image": "imshow",
    "cells of a mesh": "pcolormesh",
    "contours": "contour",
    "words": "text",
    "an annotation": "annotate",
    "a legend": "legend",
    "ticks": "set_yticks",
    "a scale beside colours": "colorbar",
}

pytestmark = with_chapter(PAGE)


def test_each_kind_of_artist_is_shown():
    cells = re.findall(
        r"^```\{code-cell\} ipython3\n(?:---.*?---\n)?(.*?)^```", TEXT, re.M | re.S
    )
    called = {
        node.func.attr
        for cell in cells
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert {what for what, call in KINDS.items() if call not in called} == set()
    assert "polar" in TEXT
    assert '"log"' in TEXT


def test_each_kind_of_control_is_shown():
    figures = run_chapter(PAGE).explorations
    found = [slider.control for each in figures for slider in each.sliders]
    assert set(found) == set(CONTROLS)


@pytest.mark.parametrize("most", [3, pytest.param(None, marks=pytest.mark.rehearsal)])
@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_it_looks_like_matplotlibs_own_picture(new_context, tmp_path, number, most):
    """At three stops of each slider and, in a rehearsal, in every state."""
    exploration = run_chapter(PAGE).explorations[number]
    assert exploration.name == NAMES[number]
    opened = Opened(new_context(width=900), save(exploration.explored, tmp_path))
    pixels.draw_alike(opened.page)
    sizes = [len(slider.values) for slider in exploration.sliders]
    states = {tuple(p) for _, p in sweep(sizes, exploration.start, most)}
    if most is None:
        states = set(itertools.product(*map(range, sizes)))
    for positions in sorted(states):
        for axis, place in enumerate(positions):
            opened.put(axis, place)
        assert opened.positions() == list(positions)
        exploration.draw(list(positions))
        with plt.rc_context(exploration.style):  # "C1" is looked up when it is drawn
            found = pixels.difference(opened.figure, exploration.figure)
        assert not found, f"{positions}: {found}"
    assert not opened.troubles


def test_the_figures_of_the_page_are_light(site: Path):
    files = [site / "_figures" / f"{name}.js" for name in NAMES]
    sizes = {path.stem: len(gzip.compress(path.read_bytes())) / 1000 for path in files}
    assert len(sizes) == len(run_chapter(PAGE).explorations) > 10
    assert sum(sizes.values()) <= MOST_KB, sizes


def test_the_page_shows_what_an_error_says(site: Path):
    html = (site / "appendix" / "gallery.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(html, "html.parser")
    shown = " ".join(soup.select("div.output")[-2].text.split())
    shown += " ".join(soup.select("div.output")[-1].text.split())
    for part in (
        "drawing: Gouraud shading cannot be carried",
        "drawing: sketched (xkcd) lines cannot be carried",
        "drawing: an agg_filter cannot be carried",
        "figure: update draws two different pictures at place=1",
        "figure: the slider 'place' moves nothing",
        "figure: update changed the size of the figure",
        "figure: 10000 states of the slider 'place' alone are more than the 5000",
    ):
        assert part in shown
