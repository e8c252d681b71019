"""Which colours follow the page's theme, and which belong to the author."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

from collapse.explore import explore
from collapse.explore.marks import PathMark, StampMark, TextMark, coordinates
from collapse.explore.recorder import record
from collapse.explore.sliders import settle
from support.grounds import moving

THEMED = "var(--"


def marks(figure):
    update, slider = moving(figure)
    recording = record(figure, update, settle(slider))
    return [mark for drawing in recording.drawing((0,)) for mark in drawing]


def styles_of_words(figure):
    return {
        mark.text: mark.style for mark in marks(figure) if isinstance(mark, TextMark)
    }


def strokes(figure, width):
    """The lines of this width, in tenths of a pixel."""
    return [
        mark
        for mark in marks(figure)
        if isinstance(mark, PathMark) and f"stroke-width='{width}'" in mark.style
    ]


# -- on the page's paper --------------------------------------------------------------


def test_black_and_grey_follow_the_theme_and_hues_stay():
    figure, axes = plt.subplots()
    axes.plot([0, 1], color="black", lw=3.6)
    axes.plot([1, 0], color="#d9630f", lw=3.6)
    axes.plot([1, 1], color="0.5", lw=3.6)
    black, hue, grey = (mark.style for mark in strokes(figure, 50))
    assert "stroke='var(--ink,#000)'" in black
    assert "stroke='#d9630f'" in hue
    assert "stroke='color-mix(in srgb,var(--ink,#000) 50%,var(--paper,#fff))'" in grey


def test_words_are_dark_enough_to_read_on_either_paper():
    figure, axes = plt.subplots()
    axes.text(0.5, 0.5, "hue", color="#d9630f")
    axes.text(0.5, 0.4, "pale", color="0.5")
    axes.text(0.5, 0.2, "unseen", color="white")
    styles = styles_of_words(figure)
    assert "fill='color-mix(in srgb,#d9630f 75%,var(--ink,#000))'" in styles["hue"]
    mixture = "color-mix(in srgb,var(--ink,#000) 65%,var(--paper,#fff))"
    assert f"fill='{mixture}'" in styles["pale"]
    assert "fill='var(--paper,#fff)'" in styles["unseen"]


def test_every_colour_is_an_attribute_that_stands_without_styles():
    figure, axes = plt.subplots()
    axes.bar([1, 2], [1, 2], hatch="x", edgecolor="0.4")
    axes.imshow(np.eye(3), interpolation="none", alpha=0.5)
    axes.scatter([1, 2], [1, 2], alpha=0.5)
    update, slider = moving(figure)
    html = explore(figure, update, **slider).html()
    markup = html.partition("<script>")[0]
    assert " style=" not in markup
    assert not re.search(r"var\(--(?:ink|paper)\)", markup.partition("<svg")[2])


def test_the_edge_of_a_dot_that_shows_a_number_is_ink():
    """A black dot with a black edge would be lost on dark paper."""
    figure, axes = plt.subplots()
    axes.scatter([0, 1], [0, 1], s=90, c=[0, 1], cmap="gray", edgecolors="k")
    dots = [mark.style for mark in marks(figure) if "fill='#" in mark.style]
    assert [re.search("fill='(#[0-9a-f]+)'", style)[1] for style in dots] == [
        "#000000",
        "#ffffff",
    ]
    assert all("stroke='var(--ink,#000)'" in style for style in dots)


def test_between_cells_that_show_numbers_lines_stay_as_they_are():
    figure, axes = plt.subplots()
    axes.pcolormesh([[0.0, 1.0]], cmap="gray", edgecolors="k", linewidth=1)
    cells = [mark.style for mark in marks(figure) if "fill='#" in mark.style]
    assert len(cells) == 2
    assert all("stroke='#000000'" in style for style in cells)


# -- on grounds that keep their colour ------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "words", "follows"),
    [
        ({"color": "gold"}, "black", False),
        ({"color": "navy"}, "white", False),
        ({"color": "navy"}, "0.8", False),
        ({"color": "gold", "alpha": 0.3}, "black", True),
        ({"color": "gold", "alpha": 0.8}, "black", False),
        ({"color": "0.2"}, "white", True),
        ({"color": "0.8"}, "black", True),
        ({"color": "white"}, "black", True),
        ({"color": "gold"}, "#1f77b4", False),
    ],
)
@pytest.mark.parametrize(
    "kind",
    [
        "bar",
        "axes",
        "mesh",
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in ("span", "box", "line", "dot", "markers")
        ),
    ],
)
def test_words_are_seen_on_their_ground_as_the_author_saw_them(
    kind, ground, words, follows
):
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    box, ground = None, dict(ground)
    if kind == "bar":
        axes.bar([0.5], [1], width=0.8, **ground)
    elif kind == "span":
        axes.axhspan(0.3, 0.7, **ground)
    elif kind == "box":
        box = {"facecolor": ground["color"], "alpha": ground.get("alpha")}
    elif kind == "axes":
        axes.patch.set(facecolor=ground["color"], alpha=ground.get("alpha"))
        follows &= ground["color"] != "0.2"  # a dark ground of a whole figure stays
    elif kind == "line":
        axes.plot([0.1, 0.9], [0.5, 0.5], lw=40, **ground)
    elif kind == "mesh":
        colours = ListedColormap([ground.pop("color")])
        axes.pcolormesh([[1]], cmap=colours, **ground)
        follows &= ground.get("alpha") == 0.3  # its colours are numbers
    elif kind == "markers":
        face = {"facecolors": ground.pop("color"), "edgecolors": "black"}
        axes.scatter([0.2, 0.5], [0.5, 0.5], s=9000, marker="s", **face, **ground)
    else:
        axes.plot([0.5], [0.5], "o", ms=200, mew=0, **ground)
    axes.text(0.5, 0.5, "word", color=words, ha="center", va="center", bbox=box)
    assert (THEMED in styles_of_words(figure)["word"]) == follows


def test_words_change_their_colour_where_a_bar_grows_under_them():
    figure, axes = plt.subplots()
    (bar,) = axes.bar([0], [1], color="gold")
    axes.set_ylim(0, 2)
    axes.text(0, 1.5, "above", ha="center")
    recording = record(figure, lambda y: bar.set_height(y), settle({"y": [1, 1.8]}))
    styles = [
        next(
            mark.style
            for drawing in recording.drawing((place,))
            for mark in drawing
            if isinstance(mark, TextMark) and mark.text == "above"
        )
        for place in range(2)
    ]
    assert THEMED in styles[0]
    assert "fill='#000000'" in styles[1]


def test_a_hole_is_no_ground():
    figure, axes = plt.subplots()
    axes.pie([1], wedgeprops={"width": 0.4}, colors=["gold"])
    axes.text(0, 0, "hole", ha="center")
    axes.text(0.8, 0, "ring", ha="center")
    styles = styles_of_words(figure)
    assert THEMED in styles["hole"]
    assert THEMED not in styles["ring"]


def test_what_is_clipped_away_is_no_ground():
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axhspan(0, 5, color="gold")
    axes.text(0.5, 1.05, "above the axes")
    assert THEMED in styles_of_words(figure)["above the axes"]


def test_formulas_lie_on_their_ground_as_words_do():
    figure, axes = plt.subplots(facecolor="wheat")
    axes.set_title("$x^2$")
    glyphs = [
        m for m in marks(figure) if isinstance(m, PathMark) and "Q" in m.operations
    ]
    assert glyphs
    assert all("fill='#000000'" in mark.style for mark in glyphs)


def test_a_line_changes_its_colour_where_it_leaves_a_ground():
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axvspan(0.5, 1, color="gold")
    axes.plot([0, 1], [0.5, 0.5], "--", color="black", lw=3.6)
    first, second = strokes(figure, 50)
    assert "stroke='var(--ink,#000)'" in first.style
    assert "stroke='#000000'" in second.style
    middle = 80 + 496 / 2
    for mark, place in ((first, -1), (second, 0)):
        assert coordinates(mark.x)[place] / 10 == pytest.approx(middle, abs=2)
    assert "stroke-dashoffset='2480'" in second.style


@pytest.mark.parametrize(
    ("apart", "stroke"), [(0.05, "var(--ink,#000)"), (0, "#000000")]
)
def test_a_line_among_points_follows_where_there_is_page_between_them(apart, stroke):
    figure, axes = plt.subplots()
    x = np.arange(0.1, 0.9, 0.01)
    x = x[(x < 0.5) | (x > 0.5 + apart)]
    axes.plot(x, 0 * x, "o", color="gold", ms=9)
    axes.plot(x[[0, -1]], [0, 0], color="black", lw=3.6)
    (line,) = strokes(figure, 50)
    assert f"stroke='{stroke}'" in line.style


@pytest.mark.parametrize("draw", ["plot", "scatter"])
def test_points_beside_a_ground_follow_and_those_on_it_do_not(draw):
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axvspan(0, 0.5, color="lightyellow")
    x, y = [0.2, 0.7, 0.3, 0.8, 0.9], [0.7] * 5
    if draw == "plot":
        axes.plot(x, y, "ko", ms=8)
    else:
        axes.scatter(x, y, c="k", marker="s")
    beside, on, _ = (mark for mark in marks(figure) if isinstance(mark, StampMark))
    assert "var(--ink,#000)" in beside.style
    assert "#000000" in on.style
    assert (len(coordinates(beside.x)), len(coordinates(on.x))) == (3, 2)


@pytest.mark.parametrize("dots", ["black", "darkorange"])
@pytest.mark.parametrize("height", [0.2, 0.5])
def test_a_line_that_leaves_a_ground_is_cut_whatever_points_it_meets(dots, height):
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axvspan(0, 0.5, color="lightyellow")
    axes.plot([0.1, 0.2, 0.9], [height, 0.2, 0.5], "o", color=dots, ms=8)
    axes.plot([0, 1], [0, 1], color="black", lw=3.6)
    first, second = strokes(figure, 50)
    assert "stroke='#000000'" in first.style
    assert "stroke='var(--ink,#000)'" in second.style


def test_of_many_points_those_on_a_ground_are_seen():
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axvspan(0, 0.5, color="lightyellow")
    axes.plot([0.25, 0.75], [0.5, 0.5], "o", color="darkorange", ms=8)
    x, y = np.random.default_rng(0).uniform(0.01, 0.99, (2, 3000))
    axes.plot(x, y, "ko", ms=3)
    stamps = [mark for mark in marks(figure) if isinstance(mark, StampMark)]
    beside, on = (
        next(mark for mark in stamps if ink in mark.style)
        for ink in ("var(--ink,#000)", "#000000")
    )
    assert len(coordinates(beside.x)) + len(coordinates(on.x)) == 3000
    assert coordinates(on.x).max() <= coordinates(beside.x).min()


def test_lines_on_one_ground_stay_whole():
    figure, axes = plt.subplots()
    axes.set_facecolor("lightyellow")
    axes.plot([0, 1], [0, 1], color="black", lw=3.6)
    (line,) = strokes(figure, 50)
    assert "stroke='#000000'" in line.style


# -- colours that are numbers, and grounds of the author's own ------------------------


@pytest.mark.parametrize("projection", [None, "polar"])
def test_greys_of_a_colour_map_stay(projection):
    figure = plt.figure()
    axes = figure.add_subplot(projection=projection)
    axes.scatter([1, 2, 3], [1, 2, 3], c=[0, 0.5, 1], cmap="gray", s=300)
    axes.scatter([2], [1], c="0.5", s=300)
    dots = [m.style for m in marks(figure) if isinstance(m, StampMark)]
    dots = [style for style in dots if "stroke-linecap='round'" in style]
    kept = [style for style in dots if THEMED not in style]
    assert len(kept) == 3 + 1, "three grey dots and the one that the slider moves"
    assert len(dots) == 5


def test_lines_of_a_contour_plot_stay_only_if_their_colours_are_numbers():
    x = np.linspace(-1, 1, 9)
    z = np.add.outer(x**2, x**2)
    for colours, follows in (({"colors": "black"}, True), ({"cmap": "gray"}, False)):
        figure, axes = plt.subplots()
        axes.contour(z, levels=[0.4, 0.9], linewidths=3.6, **colours)
        styles = [mark.style for mark in strokes(figure, 50)]
        assert len(styles) == 2
        assert all((THEMED in style) == follows for style in styles)


@pytest.mark.parametrize(
    ("colour", "follows"),
    [("white", True), ("0.9", True), ("black", False), ("0.2", False)],
)
def test_a_dark_ground_of_a_figure_stays_dark_and_a_light_one_follows(colour, follows):
    for where in ("figure", "axes"):
        figure, axes = plt.subplots()
        (figure if where == "figure" else axes).patch.set_facecolor(colour)
        grounds = [m.style for m in marks(figure) if isinstance(m, PathMark)][:2]
        ground = grounds[0 if where == "figure" else 1]
        assert (THEMED in ground) == follows, where


# -- clips ----------------------------------------------------------------------------


def test_an_artist_with_a_clip_path_stays_within_its_axes_too():
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    (line,) = axes.plot([0, 20], [0, 20], lw=3.6)
    line.set_clip_path(plt.Circle((10, 10), 6, transform=axes.transData))
    update, slider = moving(figure)
    recording = record(figure, update, settle(slider))
    (style,) = {
        mark.style
        for drawing in recording.drawing((0,))
        for mark in drawing
        if isinstance(mark, PathMark) and "stroke-width='50'" in mark.style
    }
    inner = recording.definitions[re.search(r"url\(#@(\w+)\)", style)[1]]
    outer = re.search(r"clip-path='url\(#@(\w+)\)'", inner)
    assert "C" in inner
    assert (
        "C" not in recording.definitions[outer[1]].partition("d=")[2].partition('"')[2]
    )
