"""Figures with sliders in a browser: every state is what matplotlib would draw."""

from __future__ import annotations

import itertools

import pytest
from matplotlib import pyplot as plt

from collapse.explore import Slider, explore
from collapse.explore.page import document, static_html
from collapse.explore.sentences import typeset
from opened_figure import Opened, save
from support import figures, geometry, pixels
from support.chapters import sweep
from watch import violations


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("make", figures.OUTLINED, ids=lambda make: make.__name__)
def test_every_slider_moved_by_keyboard_shows_what_python_draws(open_figure, make):
    opened, figure, update, explored = open_figure(make)
    sizes = [len(slider.values) for slider in explored.sliders]
    start = list(explored.recording.start)
    for _, positions in sweep(sizes, start):
        for number, position in enumerate(positions):
            if opened.positions()[number] != position:
                opened.put(number, position)
        assert opened.positions() == positions
        values = {
            slider.name: slider.values[place]
            for slider, place in zip(explored.sliders, positions, strict=True)
        }
        caption = update(**values) or ""
        found = geometry.difference(
            geometry.judged(figure), geometry.on_page(opened.figure)
        )
        assert not found, f"{values}: {found}"
        assert opened.caption == typeset(caption)
    assert not opened.troubles


@pytest.mark.parametrize(
    "make", [*figures.SEEN, figures.lines, figures.scatters], ids=lambda m: m.__name__
)
def test_a_page_looks_like_matplotlibs_own_picture(open_figure, make):
    """Compare blurred pixels: nothing may be missing, wherever it comes from."""
    opened, figure, _, _ = open_figure(make, width=900)
    pixels.draw_alike(opened.page)
    found = pixels.difference(opened.figure, figure)
    assert not found, found


def test_images_change_with_the_slider(open_figure):
    opened, _, _, explored = open_figure(figures.images)
    seen = set()
    for place in range(4):
        opened.put(0, place)
        drawn = opened.figure.locator("image").evaluate_all(
            "images => images.map(image => image.getAttribute('href'))"
        )
        expected = [
            mark.source
            for marks in explored.recording.drawing((place,))
            for mark in marks
            if hasattr(mark, "source")
        ]
        assert drawn == expected
        seen.update(drawn)
    assert len(seen) == 8


def test_home_end_and_page_keys_work_and_values_are_spoken(open_figure):
    opened, _, _, _ = open_figure(figures.three_sliders)
    slider = opened.slider(2)
    assert slider.get_attribute("aria-valuetext") == "0\N{NO-BREAK SPACE}%"
    slider.focus()
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "100\N{NO-BREAK SPACE}%"
    assert opened.figure.locator("output").nth(2).inner_text() == (
        "100\N{NO-BREAK SPACE}%"
    )
    slider.press("Home")
    assert opened.positions()[2] == 0
    slider.press("PageUp")
    assert opened.positions()[2] > 0
    slider.press("PageDown")
    assert opened.positions()[2] == 0
    assert opened.page.get_by_label("Real fraction").count() == 1


def test_the_play_button_runs_to_the_end_and_can_be_stopped(open_figure):
    opened, _, _, _ = open_figure()
    button = opened.figure.get_by_role("button")
    assert button.get_attribute("aria-label") == "Play: Height"
    button.click()
    assert button.get_attribute("aria-label") == "Pause: Height"
    assert opened.figure.locator("figcaption").get_attribute("aria-live") == "off"
    opened.page.wait_for_function(
        "document.querySelector('figure.explore').dataset.state.startsWith('2')"
    )
    opened.page.wait_for_function(
        "document.querySelector('figure.explore button').dataset.does === 'Play'"
    )
    assert opened.figure.locator("figcaption").get_attribute("aria-live") == "polite"
    button.click()  # from the end it begins again
    opened.page.wait_for_function(
        "document.querySelector('figure.explore').dataset.state.startsWith('1')"
    )
    button.click()
    place = opened.positions()
    opened.page.wait_for_timeout(1200)
    assert opened.positions() == place


def test_play_shows_each_value_as_long_as_is_asked_for(new_context, tmp_path):
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])

    def update(size):
        line.set_ydata([0, size])
        return f"Size {size}."

    explored = explore(figure, update, size=Slider([1, 2, 3], seconds=3))
    context = new_context(reduced_motion="no-preference")
    opened = Opened(context, save(explored, tmp_path))
    opened.page.clock.install()
    opened.figure.get_by_role("button", name="Play: Size").click()
    for milliseconds, place in ((2900, 0), (200, 1), (2700, 1), (200, 2)):
        opened.page.clock.run_for(milliseconds)
        assert opened.positions() == [place]
    assert not opened.troubles


def test_with_reduced_motion_the_button_makes_one_step(open_figure):
    opened, _, _, _ = open_figure(reduced_motion="reduce")
    button = opened.figure.get_by_role("button")
    assert button.get_attribute("aria-label") == "Step: Height"
    button.click()
    opened.page.wait_for_timeout(1200)
    assert opened.positions()[0] == 1


def test_without_javascript_the_base_figure_and_its_caption_stand(open_figure):
    opened, _, update, _ = open_figure(java_script_enabled=False)
    controls = opened.figure.locator(".explore-controls")
    assert not controls.is_visible()
    assert opened.caption == update(height=0.5, phase=0.0)
    box = opened.figure.locator("svg").bounding_box()
    assert box["width"] > 300
    assert box["height"] > 200


def test_two_figures_on_a_page_move_by_themselves(new_context, tmp_path):
    one, two = (
        explore(figure, update, **axes)
        for figure, update, axes in (figures.lines(), figures.bands())
    )
    text = document(one.recording, "exone", "Two").replace(
        "</main>", static_html(two.recording, "extwo") + "</main>"
    )
    path = tmp_path / "two.html"
    path.write_text(text, encoding="utf-8")
    opened = Opened(new_context(), path)
    second = opened.page.locator("figure.explore").nth(1)
    before = geometry.on_page(opened.figure)
    second.locator("input").focus()
    second.locator("input").press("End")
    assert not geometry.difference(before, geometry.on_page(opened.figure))
    assert second.get_attribute("data-state") == "3"
    ids = opened.page.evaluate("[...document.querySelectorAll('[id]')].map(n => n.id)")
    assert len(ids) == len(set(ids)), "ids repeat"
    assert not opened.troubles


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_axes_take_the_ink_of_the_page(open_figure, scheme):
    opened, _, _, _ = open_figure(color_scheme=scheme)
    ink, text, paper = opened.page.evaluate(
        """() => [
            getComputedStyle(document.body).color,
            getComputedStyle(document.querySelector("svg.explore-picture text")).fill,
            getComputedStyle(document.querySelector("svg.explore-picture > path")).fill,
        ]"""
    )
    assert text == ink
    assert paper != ink


@pytest.mark.parametrize("width", [320, 1280])
def test_what_lies_below_a_figure_stays_where_it_is(open_figure, width):
    opened, _, _, _ = open_figure(talkative, width=width)
    heights, lines = set(), set()
    for place in range(5):
        opened.put(0, place)
        assert opened.caption == said(place)
        box = opened.figure.bounding_box()
        heights.add(round(box["y"] + box["height"]))
        lines.add(
            opened.page.evaluate(
                """() => {
                    const words = document.createRange();
                    words.selectNodeContents(document.querySelector("figcaption"));
                    return Math.round(words.getBoundingClientRect().height);
                }"""
            )
        )
    assert len(heights) == 1
    assert len(lines) > 1, "the captions are equally long"
    named = opened.page.locator("svg.explore-picture").aria_snapshot()
    assert named.count("word") == 40, "a screen reader hears more than the caption"


def said(place: int) -> str:
    return " ".join([f"State {place}.", *["word"] * 10 * place])


def talkative():
    """A figure whose captions have from no to forty words."""
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])

    def update(state):
        line.set_ydata([0, state])
        return said(state)

    return figure, update, {"state": Slider(range(5))}


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_overflows_the_page(open_figure, width):
    opened, _, _, _ = open_figure(figures.three_sliders, width=width)
    excess = opened.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert excess <= 0
    for box in opened.figure.locator("svg, input, figcaption").all():
        edges = box.bounding_box()
        assert edges["x"] >= 0
        assert edges["x"] + edges["width"] <= width + 0.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(open_figure, scheme, width):
    opened, _, _, _ = open_figure(color_scheme=scheme, width=width)
    assert violations(opened.page, least="serious") == []


def test_hostile_labels_and_captions_stay_text(new_context, tmp_path):
    figure, axes = plt.subplots()
    words = axes.set_title("")
    evil = "</script><img src=x onerror=\"document.title='broken'\">"

    def update(n):
        words.set_text(evil + str(n))
        return evil + str(n)

    slider = Slider([1, 2], label=evil, unit=evil)
    opened = Opened(new_context(), save(explore(figure, update, n=slider), tmp_path))
    opened.put(0, 1)
    assert opened.caption == evil + "2"
    assert opened.page.title() == "Figure"
    assert opened.page.locator("img").count() == 0


def test_corners_of_the_grid_are_reached_in_any_order(open_figure):
    opened, figure, update, explored = open_figure(figures.three_sliders)
    for positions in itertools.permutations([0, 1, 2]):
        for number, place in enumerate(positions):
            opened.put(number, place)
        values = {
            slider.name: slider.values[place]
            for slider, place in zip(explored.sliders, positions, strict=True)
        }
        update(**values)
        assert not geometry.difference(
            geometry.judged(figure), geometry.on_page(opened.figure)
        )
