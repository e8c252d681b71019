"""Lines of a text, and words that a figure's edge would cut."""

import pytest
from matplotlib import pyplot as plt

from collapse.explore.marks import TextMark
from collapse.explore.page import svg
from collapse.explore.recorder import record
from collapse.explore.sliders import settle
from collapse.explore.words import shared_part
from support.grounds import moving

LINES = "one rather long line\nshort\nof middling length"


def recorded(figure):
    update, slider = moving(figure)
    return record(figure, update, settle(slider))


def words(recording, place=0):
    return {
        mark.text: mark
        for drawing in recording.drawing((place,))
        for mark in drawing
        if isinstance(mark, TextMark)
    }


@pytest.mark.parametrize(
    ("rotation", "place"), [(0, "left"), (0, "center"), (90, "right"), (30, "center")]
)
@pytest.mark.parametrize("alignment", ["left", "center", "right"])
def test_lines_are_anchored_where_they_are_aligned(rotation, place, alignment):
    figure, axes = plt.subplots()
    axes.text(0.05, 0.5, LINES, ha=place, multialignment=alignment, rotation=rotation)
    found = words(recorded(figure))
    part = {"left": 0.0, "center": 0.5, "right": 1.0}[alignment]
    anchor = {0.0: "", 0.5: "text-anchor='middle'", 1.0: "text-anchor='end'"}[part]
    for line in LINES.splitlines():
        assert found[line].before == part
        assert anchor in found[line].style
        assert ("text-anchor" in found[line].style) == bool(anchor)


def test_lines_of_one_length_are_anchored_where_they_start():
    assert shared_part([0, 0], [7, 7]) == 0
    assert shared_part([0, 2], [7, 3]) == 0.5


def test_a_formula_among_lines_counts_for_their_alignment():
    figure, axes = plt.subplots()
    axes.text(0.5, 0.5, "a long first line\n$x^2$", ha="right")
    assert words(recorded(figure))["a long first line"].before == 1


def growing(**settings):
    figure, axes = plt.subplots(figsize=(4, 3), **settings)
    (line,) = axes.plot([0, 1])
    axes.ticklabel_format(style="plain")

    def update(power):
        line.set_ydata([0, 10**power])
        axes.set_ylim(0, 10**power)

    return figure, update


def test_a_page_shows_the_labels_that_grow_out_of_the_figure():
    figure, update = growing()
    recording = record(figure, update, settle({"power": range(1, 9)}))
    left, top, right, bottom = recording.view
    assert left < -100
    assert (top, right, bottom) == (0, 4000, 3000)
    assert f'viewBox="{left:.0f} 0 {4000 - left:.0f} 3000"' in svg(recording, "id")


def test_a_figure_that_holds_its_words_is_shown_as_it_is():
    figure, update = growing(layout="constrained")
    recording = record(figure, update, settle({"power": [0, 1]}))
    assert recording.view == (0, 0, 4000, 3000)


@pytest.mark.parametrize("clip_on", [True, False])
def test_words_far_outside_do_not_shrink_the_figure(clip_on):
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(9, 0.5, "far away", clip_on=clip_on)
    axes.text(-0.5, 0.5, "a long text that begins well before the axes", clip_on=True)
    assert recorded(figure).view == (0, 0, 4000, 3000)
