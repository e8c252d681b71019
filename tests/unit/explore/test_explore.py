"""The figure with sliders: what is recorded is what matplotlib draws."""

import gzip
import itertools
import json
import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from collapse.explore import Slider, UnsupportedDrawingError, explore
from collapse.explore.page import asset, encode, mark_svg
from collapse.explore.recorder import MAX_STATES, record
from collapse.explore.sliders import settle
from support import figures, geometry


def line_figure():
    figure, axes = plt.subplots()
    (curve,) = axes.plot([0, 1], [0, 0])
    axes.set_ylim(-1, 1)

    def update(height):
        curve.set_ydata([0, height])
        return f"Height {height}."

    return figure, update


def states(axes):
    """Every state as (positions, keyword arguments)."""
    values = [list(stops) for stops in axes.values()]
    for positions in itertools.product(*(range(len(stops)) for stops in values)):
        chosen = (stops[i] for stops, i in zip(values, positions, strict=True))
        yield positions, dict(zip(axes, chosen, strict=True))


@pytest.mark.parametrize("make", figures.OUTLINED, ids=lambda make: make.__name__)
def test_every_state_is_what_the_svg_backend_draws(make):
    figure, update, axes = make()
    explored = explore(figure, update, **axes)
    for positions, arguments in states(axes):
        update(**arguments)
        drawing = explored.recording.drawing(positions)
        ours = "".join(mark_svg(mark) for marks in drawing for mark in marks)
        found = geometry.difference(geometry.judged(figure), geometry.in_markup(ours))
        assert not found, f"{arguments}: {found}"


def test_images_carry_the_pixels_of_each_state():
    figure, update, axes = figures.images()
    recording = explore(figure, update, **axes).recording
    sources = {
        mark.source
        for state in range(4)
        for marks in recording.drawing((state,))
        for mark in marks
        if hasattr(mark, "source")
    }
    assert len(sources) == 8, "four sharp and four resampled images"


@pytest.mark.parametrize(
    ("name", "figure", "update"),
    list(figures.unheard_changes()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_that_no_artist_announces_is_recorded_all_the_same(
    name, figure, update
):
    recording = explore(figure, update, place=range(20)).recording
    for place in (6, 7, 8, 9):
        update(place)
        drawing = recording.drawing((place,))
        fresh = record(figure, update, settle({"place": [place, 0]})).drawing((0,))
        assert [m for marks in drawing for m in marks] == [
            m for marks in fresh for m in marks
        ], f"{name} at {place}"
    assert recording.drawing((7,)) != recording.drawing((6,))


def test_a_caption_drawn_by_lot_is_refused():
    figure, update = line_figure()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="first seen in the caption"):
        explore(figure, lambda n: str(update(n)) + str(rng.random()), n=range(4))


def test_two_displays_of_a_figure_share_no_id():
    figure, update = line_figure()
    explored = explore(figure, update, height=[0, 1])
    shown = [explored._repr_mimebundle_()[0]["text/html"] for _ in range(2)]
    one, two = (set(re.findall(r' id="([^"]*)"', html)) for html in shown)
    assert one
    assert not one & two


def test_captions_belong_to_their_states():
    figure, update, axes = figures.lines()
    recording = explore(figure, update, **axes).recording
    for positions, arguments in states(axes):
        assert recording.caption(positions) == update(**arguments)


def test_a_layer_that_depends_on_one_slider_is_stored_once_for_the_other():
    figure, (left, right) = plt.subplots(1, 2)
    (one,) = left.plot([0, 1])
    (two,) = right.plot([0, 1])

    def update(a, b):
        one.set_ydata([0, a / 10])
        two.set_ydata([0, b / 10])

    recording = explore(figure, update, a=range(10), b=range(10)).recording
    sizes = sorted(layer.table.size for layer in recording.layers)
    assert sizes[-2:] == [10, 10], f"tables have {sizes} entries"


def test_the_base_figure_is_the_start_state():
    figure, update = line_figure()
    explored = explore(figure, update, height=Slider([0.0, 0.5, 1.0], start=0.5))
    update(0.5)
    drawn = geometry.in_markup(explored.html().partition("<script>")[0])
    assert not geometry.difference(geometry.judged(figure), drawn)
    assert "Height 0.5." in explored.html()


def test_coordinates_survive_their_encoding():
    figure, update, axes = figures.lines()
    recording = explore(figure, update, **axes).recording
    encoded = encode(recording)
    decoded = set()
    for order, *values in encoded["coordinates"]:
        for number in range(order, 0, -1):
            values[number - 1 :] = np.cumsum(values[number - 1 :]).tolist()
        decoded.add(tuple(values))
    stored = {
        tuple(np.frombuffer(axis, np.int32).tolist())
        for layer in recording.layers
        if layer.table.size > 1
        for drawing in layer.drawings
        for mark in drawing
        if hasattr(mark, "operations")
        for axis in (mark.x, mark.y)
    }
    assert stored == decoded


def test_the_piece_of_html_is_complete_and_small():
    figure, update, axes = figures.lines()
    html = explore(figure, update, **axes).html()
    outside = re.findall(r'(?:src|href)="(?!data:|#|\$)([^"]*)"', html)
    assert not outside, f"the figure refers to {outside}"
    script = re.search(r"<script>(.*?)connect\(document", html, re.DOTALL).group(1)
    # What draws, and with it what steers, addresses and takes along.
    assert len(gzip.compress(asset("drawing.js").encode())) < 3_000
    assert len(gzip.compress(script.encode())) < 7_500


def test_the_same_figure_gives_the_same_html():
    first, second = (
        explore(figure, update, **axes).html()
        for figure, update, axes in (figures.lines(), figures.lines())
    )
    assert first == second


def test_text_cannot_break_out_of_the_page():
    figure, axes = plt.subplots()
    title = axes.set_title("")
    evil = "</script><script>alert(1)</script><!--"

    def update(n):
        title.set_text(evil * n)
        return evil * n

    html = explore(figure, update, n=Slider([1, 2], label=evil)).html()
    assert html.count("<script>") == 1
    assert html.count("</script>") == 1
    data = re.search(r'previousElementSibling, (\{.*\}), "ex', html).group(1)
    assert json.loads(data)["captions"] == [evil, evil * 2]


def test_no_line_of_a_caption_ends_before_a_per_cent():
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])

    def update(y):
        line.set_ydata([0, y])
        return f"{y} % and so on, % by %"

    html = explore(figure, update, y=[1, 2]).html()
    assert "1\N{NO-BREAK SPACE}% and so on, % by %</figcaption>" in html
    assert "2\N{NO-BREAK SPACE}% and so on" in html


# -- titles ---------------------------------------------------------------------------


def two_panels(layout):
    figure, panels = plt.subplots(1, 2, layout=layout)
    curves = [panel.plot([0, 1], [0, 0])[0] for panel in panels]
    panels[0].set_title("stays")

    def update(height):
        for curve, way in zip(curves, (1, -1), strict=True):
            curve.set_ydata([0, way * height])
        lines = "\n".join(["Two lines"] * (1 + (height > 1)))
        return f"{lines} of height {height}", f"Height {height}."

    return figure, panels, update


@pytest.mark.parametrize(
    "layout",
    [
        None,
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("constrained", "tight")
        ),
    ],
)
@pytest.mark.parametrize("location", ["left", "center"])
@pytest.mark.parametrize("panel", [0, 1])
def test_a_returned_title_is_drawn_as_one_set_by_hand(layout, location, panel):
    heights = Slider([0, 1, 2, 3], start=2)
    with plt.rc_context({"axes.titlelocation": location, "axes.titlecolor": "blue"}):
        figure, panels, update = two_panels(layout)
        title = panels[panel].set_title("")

        def by_hand(height):
            words, caption = update(height)
            title.set_text(words)
            return caption

        expected = explore(figure, by_hand, height=heights).html()
        figure, panels, update = two_panels(layout)
        axes = {"title_axes": panels[1]} if panel else {}
        assert explore(figure, update, **axes, height=heights).html() == expected


def test_every_display_of_a_figure_shows_the_title_of_the_start_state():
    figure, _, update = two_panels("constrained")
    explored = explore(figure, update, height=Slider([0, 1], start=1))
    shown = explored._repr_mimebundle_()[0]["text/html"]
    assert ">Two lines of height 1</text>" in shown
    for title in ("Two lines of height 0", "Two lines of height 1"):
        assert f'"{title}"' in shown
    assert figure.axes[0].get_title() == "Two lines of height 1"
    assert explored._repr_mimebundle_()[0]["text/plain"] == "Height 1."


def test_a_title_that_update_styles_itself_stays_so():
    figure, panels, update = two_panels("constrained")

    def styled(height):
        title, caption = update(height)
        panels[1].set_title(title, loc="right", style="italic")
        return caption

    html = explore(figure, styled, height=[0, 1]).html()
    assert re.search(r"font-style='italic'[^>]*text-anchor='end'[^>]*>Two lines", html)
    assert ">stays</text>" in html


# -- sliders --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "texts"),
    [
        ("real_fraction", [0, 0.001, 0.1, 1], ["0 %", "0.1 %", "10 %", "100 %"]),
        ("sample_size", [10, 3000, 10_000], ["10", "3000", "10 000"]),
        ("temperature", np.array([0.1, 0.7], np.float16), ["0.1", "0.7"]),
        ("temperature", [0.8, 1.0], ["0.8", "1"]),
        ("estimator", ["mle", "unbiased"], ["mle", "unbiased"]),
        ("sample_size", np.array([3, 4]), ["3", "4"]),
    ],
)
def test_values_read_as_a_person_would_say_them(name, values, texts):
    (slider,) = settle({name: values})
    plain = [re.sub(r"\s", " ", text) for text in slider.texts]
    assert plain == texts


def test_a_slider_can_have_a_label_a_unit_a_format_and_a_start():
    slider = Slider([1, 2], label="Wait", unit="s", format="{:.1f}".format, start=2)
    (slider,) = settle({"t": slider})
    assert slider.label == "Wait"
    assert slider.texts == ("1.0 s", "2.0 s")
    assert slider.start_index == 1


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({}, "got 0; give each its values by the name of update's argument"),
        ({name: [1, 2] for name in "abcd"}, "got 4"),
        ({"n": []}, "'n' has no values"),
        ({"n": 3}, "'n' needs a list of values, got 3"),
        ({"n": "abc"}, "needs a list of values, got 'abc'"),
        ({"n": None}, "got None"),
        ({"n": [1, 1]}, "both read '1'"),
        ({"n": Slider([1, 2], start=3)}, "cannot start at 3"),
        (
            {"n": Slider([1, 2], seconds=0)},
            "must be a number above 0, at most 60, got 0",
        ),
        ({"n": Slider([1, 2], seconds="2")}, "seconds of the slider 'n'"),
        (
            {"n": [1, 2], "m": Slider([1, 2], seconds=2)},
            "play moves the first one, 'n'",
        ),
        ({"_n": [1, 2]}, "'_n' cannot name a slider"),
        ({"save": [1, 2]}, "cannot be called 'save'"),
        ({"sliders": [1, 2]}, "cannot be called 'sliders'"),
        ({"height": range(MAX_STATES + 1)}, f"{MAX_STATES + 1} states"),
    ],
)
def test_bad_sliders_are_refused_at_the_door(axes, message):
    figure, update = line_figure()
    with pytest.raises(ValueError, match=re.escape(message)):
        explore(figure, update, **axes)


def test_ten_thousand_states_are_refused_before_the_first_is_drawn():
    calls = []
    figure, _ = line_figure()
    with pytest.raises(ValueError, match=r"10000 states .*more than the 5000"):
        explore(figure, lambda a, b: calls.append(a), a=range(100), b=range(100))
    assert not calls


# -- update functions that cannot be recorded -----------------------------------------


def test_an_error_in_update_is_passed_on_with_its_state():
    figure, _ = line_figure()

    def update(n):
        if n == 3:
            raise KeyError("lost")

    with pytest.raises(KeyError, match="lost") as caught:
        explore(figure, update, n=range(5))
    assert caught.value.__notes__ == ["while explore recorded n=3"]


def test_a_slider_that_moves_nothing_is_refused_even_if_the_caption_changes():
    figure, update = line_figure()
    with pytest.raises(ValueError, match=r"'idle' moves nothing.*all its 2 values"):
        explore(
            figure,
            lambda height, idle: update(height) + str(idle),
            height=[0, 1],
            idle=[1, 2],
        )


def test_random_numbers_in_update_are_refused():
    figure, update = line_figure()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="two different pictures"):
        explore(figure, lambda n: update(rng.random()), n=range(4))


def test_artists_that_pile_up_are_refused_with_advice():
    figure, axes = plt.subplots()
    with pytest.raises(ValueError, match=r"move artists in place of adding more"):
        explore(figure, lambda n: axes.axvline(n) and None, n=range(4))


def test_memory_between_calls_is_refused():
    figure, update = line_figure()
    total = []

    def remembering(n):
        total.append(n)
        update(sum(total) % 7 / 7)

    with pytest.raises(ValueError, match="keep nothing between calls"):
        explore(figure, remembering, n=range(5))


def caption_of_what_was_seen(axes, curve):
    seen = set()
    return lambda k: seen.add(k) or f"seen {len(seen)}"


def highest_so_far(axes, curve):
    heights = []
    return lambda k: heights.append(k) or curve.set_xdata([0, max(heights)])


def settings_that_stay(axes, curve):
    def update(k):
        plt.rcParams.update({"lines.linewidth": 7} if k == 2 else {})
        axes.clear()
        axes.plot([0, k])

    return update


def colour_that_stays(axes, curve):
    return lambda k: curve.set_color("#d62728") if k == 2 else None


def words_that_go(axes, curve):
    words = axes.text(0, 0, "words")
    return lambda k: words.remove() if k == 2 and words in axes.texts else None


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (caption_of_what_was_seen, "caption"),
        (highest_so_far, "Line2D"),
        (settings_that_stay, "Line2D"),
        (colour_that_stays, "Line2D"),
        (words_that_go, "Text"),
    ],
)
def test_memory_that_has_come_to_rest_after_one_pass_is_refused(make, layer):
    figure, axes = plt.subplots()
    (curve,) = axes.plot([0, 1])
    remember = make(axes, curve)

    def update(k):
        curve.set_ydata([0, k])
        return remember(k)

    message = rf"two different pictures at k=1 \(first seen in the {layer}\)"
    with plt.rc_context(), pytest.raises(ValueError, match=message):
        explore(figure, update, k=[1, 2, 3])


@pytest.mark.parametrize("start", [1, 3])
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_a_title_that_gives_way_to_ticks_is_no_memory(start, layout):
    figure, axes = plt.subplots(layout=layout)
    axes.set_title("title")
    axes.xaxis.tick_top()

    def update(k):
        axes.tick_params(labelsize=6 * k)

    recording = explore(figure, update, k=Slider([1, 2, 3, 4], start=start)).recording
    update(4)
    drawn = "".join(
        mark_svg(mark) for marks in recording.drawing((3,)) for mark in marks
    )
    assert not geometry.difference(geometry.judged(figure), geometry.in_markup(drawn))


@pytest.mark.parametrize(
    "said", [7, (), ("title",), ("title", "caption", "note"), ("title", None), [7, "c"]]
)
def test_what_is_neither_a_caption_nor_a_title_and_a_caption_is_refused(said):
    figure, update = line_figure()
    message = f"returned {said!r} at height=0; it must return the caption, a str"
    with pytest.raises(ValueError, match=re.escape(message)):
        explore(figure, lambda height: update(height) and said, height=[0, 1])


def test_a_title_in_some_states_only_is_refused():
    figure, update = line_figure()

    def forgetful(height):
        return ("Up", update(height)) if height else update(height)

    with pytest.raises(ValueError, match=r"at height=1; .* in every state or in none"):
        explore(figure, forgetful, height=[0, 1])


def test_a_title_of_a_figure_without_axes_is_refused():
    figure = plt.figure()
    words = figure.text(0.5, 0.5, "")

    def update(n):
        words.set_text(n)
        return "A title", "A caption."

    with pytest.raises(ValueError, match=r"'A title' at n=1, .* has no axes"):
        explore(figure, update, n=[1, 2])


@pytest.mark.parametrize("title_axes", [0, plt.Figure().subplots()])
def test_only_axes_of_the_figure_can_carry_its_title(title_axes):
    figure, update = line_figure()
    with pytest.raises(ValueError, match="title_axes must be Axes of fig, got "):
        explore(figure, update, title_axes, height=[0, 1])


def test_a_figure_that_changes_size_is_refused():
    figure, update = line_figure()

    def growing(height):
        update(height)
        figure.set_size_inches(4 + height, 4)

    with pytest.raises(ValueError, match="changed the size of the figure"):
        explore(figure, growing, height=[0, 1])


def test_shading_that_svg_cannot_carry_is_refused():
    figure, axes = plt.subplots()
    mesh = axes.pcolormesh(np.eye(3), shading="gouraud")
    with pytest.raises(UnsupportedDrawingError, match="Gouraud"):
        explore(figure, lambda n: mesh.set_array(np.eye(3) * n), n=[1, 2])


@pytest.mark.parametrize("figure", [None, "figure", 3])
def test_only_a_figure_can_be_explored(figure):
    with pytest.raises(ValueError, match="fig must be a matplotlib Figure"):
        explore(figure, lambda n: None, n=[1, 2])


def test_what_subplots_returns_beside_the_figure_gets_a_hint():
    both = plt.subplots()
    for given, hint in [
        (both, "got tuple: plt.subplots() returns fig, ax"),
        (both[1], "got Axes: theirs is ax.figure"),
    ]:
        with pytest.raises(ValueError, match=re.escape(hint)):
            explore(given, lambda n: None, n=[1, 2])


def test_only_a_function_can_update():
    figure, _ = line_figure()
    with pytest.raises(ValueError, match="update must be a function, got 3"):
        explore(figure, 3, n=[1, 2])


# -- the object in a notebook ---------------------------------------------------------


def test_sliders_are_widgets_that_can_be_observed():
    figure, update = line_figure()
    explored = explore(figure, update, height=Slider([0, 1, 2], start=1))
    heard = []
    explored.height.observe(lambda change: heard.append(change.new), names="value")
    assert explored.height.value == 1
    explored.height.value = 2
    assert heard == [2]
    with pytest.raises(AttributeError, match="'depth'"):
        _ = explored.depth


def test_a_notebook_keeps_a_page_and_two_pictures_and_nothing_that_needs_a_kernel():
    figure, update = line_figure()
    bundle, _ = explore(figure, update, height=[0, 1])._repr_mimebundle_()
    assert set(bundle) == {
        "text/html",
        "image/png",
        "application/pdf",
        "text/plain",
    }
    assert bundle["text/plain"] == "Height 0."


def test_the_figure_is_not_shown_twice():
    figure, update = line_figure()
    assert plt.fignum_exists(figure.number)
    explore(figure, update, height=[0, 1])
    assert not plt.fignum_exists(figure.number)


def test_recording_does_not_depend_on_what_was_recorded_before():
    figure, update, axes = figures.bands()
    first = record(figure, update, settle(axes))
    again = record(figure, update, settle(axes))
    for positions, _ in states(axes):
        assert first.drawing(positions) == again.drawing(positions)


def test_lines_that_must_stay_aligned_do_not_grow_on_a_phone():
    figure, axes = plt.subplots()
    axes.axis("off")
    label = axes.text(0, 0.9, "label")
    axes.text(0, 0.5, "of several\nlines")
    axes.text(0, 0.1, "in columns", family="monospace")
    axes.text(0.5, 0.1, "boxed", bbox={"facecolor": "white"})
    axes.plot([0, 1], [1, 1], label="in a frame")
    axes.legend(loc="center", title="its title", frameon=True)

    def update(n):
        label.set_alpha(n)
        return f"{n}"

    recording = record(figure, update, settle({"n": [0.5, 1]}))
    marks = [mark for drawing in recording.drawing([0]) for mark in drawing]
    growth = {mark.text: mark.growth for mark in marks if hasattr(mark, "text")}
    assert growth.pop("label") > 1
    assert set(growth) == {
        *("of several", "lines", "in columns", "boxed", "in a frame", "its title")
    }
    assert set(growth.values()) == {1}
