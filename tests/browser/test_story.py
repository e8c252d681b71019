"""Predictions, moments and ghosts, as a reader meets them in a browser."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from collapse.explore import Estimate, Pick, Sketch, explore
from controls import Control
from opened_figure import Opened, growing_axes, save
from support.pixels import brightness

SHOW = "Show what happens"
LAST = 20


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def decay(**story):
    """The variance that is left, drawn up to the generation of the slider."""
    figure, axes = plt.subplots(figsize=(6, 3))
    axes.axhline(1, color="black", label="real")
    (curve,) = axes.plot([], [], label="model")
    axes.set(xlim=(0, LAST), ylim=(0, 1.2), xlabel="generation")
    generations = np.arange(LAST + 1)

    def update(generation, points):
        shown = generations[: generation + 1]
        curve.set_data(shown, (1 - 1 / points) ** shown)
        return f"After {generation} generations of {points} points."

    made = {
        name: make(axes, curve) if callable(make) else make
        for name, make in story.items()
    }
    sliders = {"generation": range(LAST + 1), "points": [5, 10, 40]}
    return explore(figure, update, name="decay", **made, **sliders)


PREDICTIONS = {
    "pick": Pick(
        "How much is left?",
        ["all", "half", "next to nothing"],
        "next to nothing",
        "A fifth goes each time.",
        {"generation": LAST},
    ),
    "estimate": lambda axes, _: Estimate(
        "How much?", 0.01, "A fifth goes each time.", {"generation": LAST}, axes=axes
    ),
    "sketch": lambda _, curve: Sketch(
        "Draw it.", curve, "A fifth goes each time.", {"generation": LAST}
    ),
}


@pytest.fixture
def told(new_context, tmp_path):
    """Opens the figure with a story; with reduced motion it moves at once."""

    def opened(reduced_motion="reduce", **story) -> Opened:
        path = save(decay(**story), tmp_path)
        return Opened(new_context(reduced_motion=reduced_motion), path)

    return opened


def pin(opened: Opened) -> None:
    opened.figure.locator("summary").click()
    opened.figure.get_by_role("button", name="Pin this state").click()


def saved(opened: Opened) -> str:
    """The numbers of the state on show, as a reader saves them."""
    opened.figure.locator("summary").click()
    with opened.page.expect_download() as begun:
        opened.figure.get_by_role("button", name="Save data as CSV").click()
    return begun.value.path().read_text("utf-8")


def lesson(opened: Opened) -> str:
    said = opened.figure.locator(".explore-lesson").inner_text()
    return said.removesuffix("Predict again").strip()


def draw(opened: Opened, heights) -> None:
    """Draw from left to right, through these shares of the panel's height."""
    box = opened.figure.locator(".explore-sheet").bounding_box()
    mouse, last = opened.page.mouse, len(heights) - 1
    for number, height in enumerate(heights):
        place = box["x"] + 1 + (box["width"] - 2) * number / last
        mouse.move(place, box["y"] + box["height"] * (1 - height))
        if number == 0:
            mouse.down()
    mouse.up()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("half", "You said “half”; it is “next to nothing”."),
        ("next to nothing", "“next to nothing” is right."),
    ],
)
def test_an_answer_is_picked_by_keyboard_and_the_figure_goes_there(told, answer, said):
    opened = told(prediction=PREDICTIONS["pick"])
    asked = opened.figure.get_by_role("radiogroup", name=re.compile("How much is left"))
    asked.get_by_label(answer).focus()
    opened.page.keyboard.press("Space")
    opened.page.keyboard.press("Enter")
    assert lesson(opened) == f"{said} A fifth goes each time."
    assert opened.positions() == [LAST, 0]
    assert not opened.troubles


def test_a_number_is_typed_and_drawn_across_the_panel(told):
    opened = told(prediction=PREDICTIONS["estimate"])
    field = opened.figure.get_by_role("textbox", name=re.compile("How much?"))
    field.press("Enter")
    assert lesson(opened) == "Type a number."
    assert opened.positions() == [0, 0]
    field.fill("0,6")
    field.press("Enter")
    assert lesson(opened) == "You said 0.6; it is 0.01. A fifth goes each time."
    line = opened.figure.locator(".explore-predicted").bounding_box()
    panel = opened.figure.locator("[data-series='0 line real']").bounding_box()
    assert line["width"] == pytest.approx(panel["width"], abs=3)
    # The real line lies at 1 and the panel's foot, where the curve ends, near 0.
    truth = opened.figure.locator("[data-series='0 line model']").bounding_box()
    foot = truth["y"] + truth["height"]
    share = (foot - line["y"]) / (foot - panel["y"])
    assert share == pytest.approx(0.6, abs=0.03)
    assert not opened.troubles


def test_a_curve_is_drawn_and_the_truth_laid_over_it(told):
    opened = told(prediction=PREDICTIONS["sketch"])
    button = opened.figure.get_by_role("button", name=SHOW)
    button.click()
    assert lesson(opened) == "Draw a curve across most of the panel."
    draw(opened, [1 / 1.2] * 6)  # it stays at 1
    button.click()
    said = lesson(opened)
    assert re.fullmatch(
        "You are farthest off at generation 20: you drew 1, and it is 0.01[12]. "
        "A fifth goes each time.",
        said,
    )
    assert opened.positions() == [LAST, 0]
    drawn = opened.figure.locator(".explore-predicted").get_attribute("d")
    assert len(drawn.split("L")) == 48
    assert not opened.figure.locator(".explore-sheet").is_visible()
    assert not opened.troubles


def test_a_curve_that_is_the_truth_is_nowhere_far_off(told):
    opened = told(prediction=PREDICTIONS["sketch"])
    draw(opened, 0.8 ** np.arange(LAST + 1) / 1.2)
    opened.figure.get_by_role("button", name=SHOW).click()
    yours, truth = map(
        float,
        re.search("you drew (.*?), and it is (.*?)\\. A", lesson(opened)).groups(),
    )
    assert abs(yours - truth) < 0.05


def test_the_heights_of_a_curve_can_be_typed(told):
    opened = told(prediction=PREDICTIONS["sketch"])
    opened.figure.get_by_text("type a few heights").focus()
    opened.page.keyboard.press("Enter")
    for place, height in (("0", "1"), ("10", ".5"), ("20", "0")):
        opened.figure.get_by_label(f"generation {place}", exact=True).fill(height)
    opened.figure.get_by_role("button", name=SHOW).click()
    assert re.match("You are farthest off at generation (6|7|8)", lesson(opened))


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_an_answer_stays_in_the_browser_until_it_is_asked_again(told, kind):
    opened = told(prediction=PREDICTIONS[kind])
    if kind == "sketch":
        draw(opened, [0.5] * 6)
    elif kind == "pick":
        opened.figure.get_by_label("half").check()
    else:
        opened.figure.locator(".explore-prediction input").fill("0.5")
    opened.figure.get_by_role("button", name=SHOW).click()
    said = lesson(opened)
    opened.page.wait_for_timeout(1000)  # until the browser has written it down
    opened.page.reload()
    assert lesson(opened) == said
    assert not opened.figure.get_by_role("button", name=SHOW).is_visible()
    opened.figure.get_by_role("button", name="Predict again").click()
    assert lesson(opened) == ""
    assert opened.figure.get_by_role("button", name=SHOW).is_visible()
    opened.page.wait_for_timeout(1000)
    opened.page.reload()
    assert lesson(opened) == ""
    assert not opened.troubles


def test_the_figure_plays_to_the_answer(told):
    opened = told(reduced_motion="no-preference", prediction=PREDICTIONS["pick"])
    opened.put(1, 2)
    opened.figure.get_by_label("half").check()
    opened.figure.get_by_role("button", name=SHOW).click()
    assert opened.positions()[0] < LAST
    opened.page.wait_for_function(
        f"document.querySelector('figure').dataset.state === '{LAST} 0'"
    )
    pause = opened.figure.get_by_role("button", name="Play: Generation")
    pause.wait_for()
    assert not opened.troubles


def test_moments_are_ticks_and_a_list_that_leads_to_them(told):
    moments = {"a half": {"generation": 3}, "more points": {"points": 40}}
    opened = told(moments=moments)
    half = opened.figure.get_by_role("button", name="a half")
    more = opened.figure.get_by_role("button", name="more points")
    half.click()
    assert opened.positions() == [3, 0]
    assert half.get_attribute("aria-pressed") == "true"
    more.focus()
    opened.page.keyboard.press("Enter")
    assert opened.positions() == [3, 2]
    assert more.get_attribute("aria-pressed") == "true"
    Control(opened.figure, 0).press("Home")
    assert half.get_attribute("aria-pressed") == "false"
    ticks = opened.slider(0).evaluate(
        "slider => slider.style.getPropertyValue('--moments')"
    )
    assert "15%" in ticks
    assert not opened.troubles


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_of_a_prediction_is_read_with_forced_colours(told, scheme):
    opened = told(prediction=PREDICTIONS["pick"])
    opened.page.emulate_media(forced_colors="active", color_scheme=scheme)
    grey = brightness(opened.figure.locator(".explore-prediction [type=submit]"))
    down, right = np.array(grey.shape) // 3  # within the plate behind the words
    middle = grey[down:-down, right:-right]
    assert (np.abs(middle - np.median(middle)) > 100).mean() > 0.05


def test_moments_wait_for_the_answer(told):
    moments = {"the end": {"generation": LAST}}
    opened = told(moments=moments, prediction=PREDICTIONS["pick"])
    button = opened.figure.get_by_role("button", name="the end")
    look = "slider => getComputedStyle(slider).backgroundImage"
    assert button.count() == 0
    assert "gradient" not in opened.slider(0).evaluate(look)
    opened.figure.get_by_label("half").check()
    opened.figure.get_by_role("button", name=SHOW).click()
    assert button.is_visible()
    assert "gradient" in opened.slider(0).evaluate(look)


def test_what_was_left_is_seen_in_each_panel(new_context, tmp_path):
    """A panel's background lies below what stays of it."""
    figure, panels = plt.subplots(2, 1)
    lines = [ax.plot([0, 1], [0, 0], lw=8)[0] for ax in panels]
    for ax in panels:
        ax.set_ylim(-1, 3)

    def update(place, level):
        for line in lines:
            line.set_ydata([level, level])
        panels[0].set_title(f"{place}")
        return f"At {place} the level is {level}."

    explored = explore(figure, update, place=[0, 1], level=[0, 2], ghost=True)
    opened = Opened(new_context(), save(explored, tmp_path))
    opened.put(1, 1)
    seen = opened.figure.evaluate(
        """figure => [...figure.querySelectorAll(".explore-faint path")].map((path) => {
            const box = path.getBoundingClientRect();
            path.style.pointerEvents = "all";
            const middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
            return document.elementsFromPoint(...middle)[0] === path;
        })"""
    )
    assert seen == [True, True]


def test_the_faint_picture_has_no_words_below_others(new_context, tmp_path):
    figure, ax = plt.subplots()
    (line,) = ax.plot([0, 1], [0, 0])
    words = ax.text(0.1, 0.5, "")

    def update(place, level):
        line.set_ydata([level, level])
        words.set_text(f"level {level}")
        ax.set_title(f"{place}")
        return f"At {place} the level is {level}."

    explored = explore(figure, update, place=[0, 1], level=[0, 2], ghost=True)
    opened = Opened(new_context(), save(explored, tmp_path))
    opened.put(1, 1)
    faint = opened.figure.locator(".explore-faint")
    assert faint.locator("path").count() == 1
    assert faint.locator("text").count() == 0


PAUSE = 800
"""Milliseconds after which a control that moves begins anew."""


def test_the_setting_that_was_left_stays_until_it_is_dismissed(told):
    opened = told(ghost=True, prediction=PREDICTIONS["estimate"])
    curve = opened.figure.locator("[data-series='0 line model'] path")
    ghost = opened.figure.locator(".explore-faint")
    named = opened.figure.locator(".explore-named")
    opened.put(0, 10)
    before = curve.get_attribute("d")
    opened.put(1, 1)
    assert before in ghost.inner_html()
    said = opened.figure.locator(".explore-compared")
    assert said.inner_text().startswith("Before: points 5.")
    assert named.text_content() == "before: points 5"
    opened.put(0, 12)
    now = curve.get_attribute("d")
    assert f'{before}"' not in ghost.inner_html(), "the ghost follows the first control"
    opened.put(1, 0)
    assert said.inner_text().startswith("Before: points 10.")
    assert now in ghost.inner_html()
    said.get_by_role("button", name="Dismiss").click()
    assert ghost.count() == said.count() == named.count() == 0
    assert not opened.troubles


def test_the_place_of_the_first_control_stays_where_it_began_to_move(told):
    opened = told(ghost=True)
    curve = opened.figure.locator("[data-series='0 line model'] path")
    said = opened.figure.locator(".explore-compared")
    opened.put(0, 10)
    opened.page.wait_for_timeout(PAUSE)
    before = curve.get_attribute("d")
    opened.put(0, 15)
    ghost = opened.figure.locator(".explore-faint")
    assert said.inner_text().startswith("Before: generation 10.")
    assert before in ghost.inner_html()
    opened.put(0, 10)
    assert ghost.count() == said.count() == 0, "nothing differs"
    opened.put(0, 12)
    assert said.inner_text().startswith("Before: generation 10.")
    opened.put(1, 2)
    assert said.inner_text().startswith("Before: points 5."), "a setting goes first"
    assert not opened.troubles


def test_what_plays_leaves_no_ghost(told):
    opened = told(reduced_motion="no-preference", ghost=True)
    opened.put(0, LAST - 2)
    said = opened.figure.locator(".explore-compared")
    assert said.inner_text().startswith("Before: generation 0.")
    opened.figure.get_by_role("button", name="Play").click()
    state = f"document.querySelector('figure').dataset.state === '{LAST} 0'"
    opened.page.wait_for_function(state)
    assert said.count() == 0


def test_a_pin_is_named_and_dismissed(told):
    opened = told(moments={"the end": {"generation": LAST}})
    opened.put(0, 10)
    pin(opened)
    said = opened.figure.locator(".explore-compared")
    assert said.inner_text().startswith("Pinned: this state.")
    opened.put(0, 12)
    opened.put(1, 2)
    assert said.inner_text().startswith("Pinned: generation 10, points 5.")
    label = opened.figure.locator(".explore-named")
    assert label.text_content() == "pinned: generation 10, points 5"
    assert label.locator("text").count() == 2
    said.get_by_role("button", name="Dismiss").click()
    faint = opened.figure.locator(".explore-faint")
    assert faint.count() == label.count() == said.count() == 0
    opened.figure.locator("summary").click()
    assert opened.figure.get_by_role("button", name="Pin this state").is_visible()
    assert not opened.troubles


def test_it_is_said_that_a_pin_is_not_drawn(new_context, tmp_path):
    explored = growing_axes(ghost=True)
    opened = Opened(new_context(), save(explored, tmp_path))
    pin(opened)
    opened.put(0, 1)
    said = opened.figure.locator(".explore-compared")
    assert said.inner_text().startswith("Pinned: size 1, not drawn: other axes.")
    assert not opened.figure.locator(".explore-named").is_visible()


@pytest.mark.parametrize("has_image", [False, True])
def test_a_pin_of_words_is_a_copy_under_them(has_image, new_context, tmp_path):
    """Words behind words, and images behind images, could not be seen."""
    figure, axes = plt.subplots()
    words = axes.text(0.5, 0.5, "")
    if has_image:
        image = axes.imshow(np.zeros((2, 2)), vmin=0, vmax=9)
        (line,) = axes.plot([0, 1], [0, 0])

    def update(page, size):
        words.set_text(f"page {page}, size {size}")
        if has_image:
            image.set_data(np.full((2, 2), page))
            line.set_ydata([0, page / 9])
        return f"Page {page} in size {size}."

    explored = explore(figure, update, ghost=True, page=range(9), size=[1, 2])
    opened = Opened(new_context(), save(explored, tmp_path))
    opened.put(0, 7)
    numbers = saved(opened)
    pin(opened)
    opened.put(0, 2)
    opened.put(1, 1)
    shown, copied = opened.figure.locator("svg.explore-picture").all()
    assert "page 2, size 2" in shown.text_content()
    assert "page 7, size 1" in copied.text_content()
    assert copied.get_attribute("aria-label") == "Page 7 in size 1."
    said = opened.figure.locator(".explore-compared")
    assert said.inner_text().startswith("Pinned: page 7, size 1.")
    gap = copied.bounding_box()["y"] - said.bounding_box()["y"]
    assert 0 < gap < 60, "its name stands above it"
    opened.put(0, 7)
    opened.put(1, 0)
    assert saved(opened) == numbers
    said.get_by_role("button", name="Dismiss").click()
    assert copied.count() == 0
    assert not opened.troubles


def test_a_pin_takes_the_place_of_a_ghost(told):
    """Of two faint curves nobody could say which is which."""
    opened = told(ghost=True)
    opened.put(0, LAST)
    opened.put(1, 1)
    pin(opened)
    opened.put(1, 2)
    said = opened.figure.locator(".explore-compared")
    assert said.inner_text().startswith("Pinned: points 10.")
    assert opened.figure.locator(".explore-faint").count() == 1
    said.get_by_role("button", name="Dismiss").click()
    opened.page.wait_for_timeout(PAUSE)
    opened.put(1, 0)
    assert said.inner_text().startswith("Before: points 40.")


def test_the_name_of_a_ghost_stands_where_nothing_is_drawn(new_context, tmp_path):
    figure, axes = plt.subplots()
    (line,) = axes.plot([], [], label="line")
    axes.set(xlim=(0, 1), ylim=(-1.1, 1.1))
    places = np.linspace(0, 1, 17)  # a line runs between its few points, too

    def update(place, waves):
        line.set_data(places, np.sin(2 * np.pi * (waves * places + place / 8)))
        return f"At {place} there are {waves} waves."

    explored = explore(figure, update, place=range(8), waves=[0.5, 1], ghost=True)
    opened = Opened(new_context(), save(explored, tmp_path))
    places_taken = set()
    for place in range(8):
        opened.put(0, place)
        opened.put(1, 1 - opened.positions()[1])
        opened.figure.locator(".explore-named").wait_for()
        name = opened.figure.locator(".explore-named").bounding_box()
        places_taken.add((name["x"], name["y"]))
        assert not opened.figure.evaluate(CROSSED), f"at {place}"
        opened.figure.get_by_role("button", name="Dismiss").click()
    assert len(places_taken) > 1


def test_the_name_of_a_ghost_makes_way_for_words(new_context, tmp_path):
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1], [0, 0])
    axes.set(xlim=(0, 1), ylim=(-1.1, 1.1))
    moving = axes.text(0, 0, "words")

    def update(place, level):
        moving.set_position((0.85 - 0.17 * (place % 6), 0.45 * (place // 6) - 0.9))
        line.set_ydata([level, level])
        return f"At {place} the line lies at {level}."

    explored = explore(figure, update, place=range(30), level=[0.9, 1], ghost=True)
    opened = Opened(new_context(), save(explored, tmp_path))
    opened.put(1, 1)
    name = opened.figure.locator(".explore-named")
    name.wait_for()
    word = opened.figure.locator("[data-series='0 text'], [data-series^='0 text ']")
    places_taken = set()
    for place in range(1, 30):
        opened.put(0, place)
        opened.page.wait_for_timeout(60)
        mine, its = name.bounding_box(), word.bounding_box()
        places_taken.add((mine["x"], mine["y"]))
        apart = [
            max(mine[low], its[low]) - min(mine[low] + mine[far], its[low] + its[far])
            for low, far in (("x", "width"), ("y", "height"))
        ]
        assert max(apart) > -1, f"at {place}"
    assert 1 < len(places_taken) < 15, "it stays while nothing comes under it"


CROSSED = """figure => {
    const name = figure.querySelector(".explore-named").getBoundingClientRect();
    const lines = "[data-series='0 line line'] path, .explore-faint path";
    return [...figure.querySelectorAll(lines)].some((line) => {
        const length = line.getTotalLength(), at = line.getScreenCTM();
        return Array.from({ length: 1001 }, (_, n) =>
            line.getPointAtLength((length * n) / 1000).matrixTransform(at)
        ).some(({ x, y }) =>
            x > name.left && x < name.right && y > name.top && y < name.bottom);
    });
}"""
"""Whether a line of a figure, or of its ghost, runs through the ghost's name."""
