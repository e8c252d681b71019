"""Controls of each kind, addresses, and what a reader takes along, in a browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from collapse.explore import explore
from controls import Control
from opened_figure import Opened, growing_axes, save
from support import figures


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Callable[[str], Path]:
    """The file of the figure of choices, which takes seconds to record, by its name."""

    @cache
    def path(figure_name: str) -> Path:
        figure, update, axes = figures.choices()
        explored = explore(figure, update, name=figure_name, **axes)
        return save(explored, tmp_path_factory.mktemp("choices"))

    return path


@pytest.fixture
def named(new_context, saved):
    """Opens the figure of choices, which has a name, at an address."""

    def opened(address="", figure_name="choices", **settings) -> Opened:
        context = new_context(**settings)
        return Opened(context, saved(figure_name), address)

    return opened


def address(opened: Opened) -> str:
    """The page's address once the reader has paused."""
    opened.page.wait_for_timeout(750)
    return opened.page.evaluate("location.hash")


def test_each_kind_of_values_has_its_control(named):
    opened = named()
    kinds = [Control(opened.figure, axis).kind for axis in range(4)]
    assert kinds == ["slider", "buttons", "list", "die"]
    roles = {
        ("slider", "Frequency"),
        ("radiogroup", "Estimator"),
        ("radio", "MLE"),
        ("radio", "unbiased"),
        ("combobox", "Landscape"),
        ("button", "Another history"),
        ("button", "Play: Frequency"),
    }
    for role, name in roles:
        found = opened.figure.get_by_role(role, name=name, exact=True)
        assert found.count() == 1, (role, name)
    assert not opened.troubles


def test_one_tab_stop_a_control(named):
    opened = named()
    opened.page.keyboard.press("Tab")
    stops = []
    while True:
        stop = opened.page.evaluate(
            """() => {
                const { activeElement: at } = document;
                if (at === document.body) return "";
                return at.closest("[data-control]")?.dataset.control ?? at.localName;
            }"""
        )
        if not stop:
            break
        stops.append(stop)
        opened.page.keyboard.press("Tab")
    assert stops == ["button", "summary", "slider", "buttons", "list", "die"]


def test_arrow_keys_choose_among_buttons(named):
    opened = named()
    buttons = Control(opened.figure, 1)
    buttons.press("ArrowRight")
    assert buttons.said() == "unbiased"
    assert "unbiased" in opened.caption
    buttons.press("ArrowRight")
    assert "MLE" in opened.caption


def test_the_die_goes_through_all_histories_and_says_which(named):
    opened = named()
    die = Control(opened.figure, 3)
    said, drawn = [], set()
    for _ in range(3):
        said.append(die.said())
        drawn.add(opened.figure.locator("svg").inner_html())
        die.press("Enter")
    assert said == ["history 1 of 3", "history 2 of 3", "history 3 of 3"]
    assert len(drawn) == 3
    assert die.said() == "history 1 of 3"
    output = opened.figure.locator(".explore-die + output")
    assert output.get_attribute("aria-live") == "polite"


@pytest.mark.parametrize(
    ("typed", "position"),
    [("2.5", 2), ("2,5", 2), ("9", 3), ("-4", 0), ("0", 0), ("3", 2), ("1e1", 3)],
)
def test_a_value_is_typed_on_its_slider(named, typed, position):
    opened = named()
    opened.slider(0).focus()
    opened.page.keyboard.type(typed)
    assert opened.page.evaluate("document.activeElement.value") == typed
    opened.page.keyboard.press("Enter")
    assert opened.positions()[0] == position
    role = opened.page.evaluate("document.activeElement.type")
    assert role == "range", "the focus is back on the slider"


def test_a_value_that_is_clicked_on_can_be_replaced(named):
    opened = named()
    opened.figure.locator("output").first.click()
    opened.page.keyboard.type("10")
    opened.page.keyboard.press("Tab")
    assert opened.positions()[0] == 3
    opened.figure.locator("output").first.click()
    opened.page.keyboard.type("0")
    opened.page.keyboard.press("Escape")
    assert opened.positions()[0] == 3, "Escape takes nothing"
    opened.figure.locator("output").first.click()
    opened.page.keyboard.type("a lot")
    opened.page.keyboard.press("Enter")
    assert opened.positions()[0] == 3, "words are no value"
    assert not opened.troubles


@pytest.mark.parametrize("width", [1280, 390])
def test_controls_can_be_hit_with_a_finger(named, width):
    """WCAG 2.2, 2.5.8: 24 pixels in both directions; nothing is cut off."""
    opened = named(width=width)
    parts = (
        "button:visible, select, summary, input[type=range], .explore-segments label"
    )
    for part in opened.figure.locator(parts).all():
        box = part.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    opened.figure.locator("summary").click()
    for item in opened.figure.locator(".explore-menu button").all():
        box = item.bounding_box()
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= width


def test_touch_moves_every_control(named):
    opened = named(width=390, has_touch=True, is_mobile=True)
    opened.figure.get_by_role("radio", name="unbiased").tap()
    opened.figure.locator(".explore-die").tap()
    opened.figure.locator("select").select_option("2")
    assert opened.positions()[1:] == [1, 2, 1]


# Addresses ----------------------------------------------------------------------------

STATE = (
    "#choices?frequency=2.5&estimator=unbiased&landscape=an+afternoon+by+the+sea"
    "&history=2"
)


def test_an_address_names_a_state_by_value(named):
    opened = named(STATE)
    assert opened.positions() == [2, 1, 1, 1]
    assert opened.figure.locator(".explore-note").inner_text() == ""
    assert "unbiased" in opened.caption


def test_the_address_follows_the_reader(named):
    opened = named()
    opened.put(0, 3)
    start = "&estimator=MLE&landscape=mountains+in+the+rain&history=1"
    assert address(opened) == f"#choices?frequency=10{start}"
    Control(opened.figure, 3).press("Enter")
    assert address(opened).endswith("history=2")


def test_back_and_forward_show_what_was_seen(named):
    opened = named()
    opened.put(0, 3)
    address(opened)
    Control(opened.figure, 1).press("ArrowRight")
    address(opened)
    assert opened.positions() == [3, 1, 0, 0]
    opened.page.go_back()
    opened.page.wait_for_function(
        "document.querySelector('figure').dataset.state[2] == 0"
    )
    assert opened.positions() == [3, 0, 0, 0]
    opened.page.go_back()
    opened.page.wait_for_function(
        "document.querySelector('figure').dataset.state[0] == 1"
    )
    assert opened.page.evaluate("location.hash") == ""
    opened.page.go_forward()
    opened.page.go_forward()
    opened.page.wait_for_function(
        "document.querySelector('figure').dataset.state[2] == 1"
    )
    assert opened.positions() == [3, 1, 0, 0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("frequency=7", "frequency = 7"),
        ("frequency=2.50", "frequency = 2.50"),
        ("colour=red&frequency=10", "colour = red"),
        ("history=4", "history = 4"),
        ("estimator=%3Cb%3E", "estimator = <b>"),
    ],
)
def test_what_an_address_asks_in_vain_is_said(named, query, said):
    opened = named(f"#choices?{query}")
    note = opened.figure.locator(".explore-note").inner_text()
    assert note == f"The address asks for {said}, which this figure does not have."
    assert opened.positions() == [3 if "=10" in query else 1, 0, 0, 0]
    opened.put(0, 0)
    assert opened.figure.locator(".explore-note").inner_text() == ""
    assert not opened.troubles


@pytest.mark.parametrize("hash_", ["#", "#100%", "#other?frequency=10", "#%E0%A4%A"])
def test_other_addresses_are_left_alone(named, hash_):
    opened = named(hash_)
    assert opened.positions() == [1, 0, 0, 0]
    assert opened.page.evaluate("location.hash").strip("#") == hash_.strip("#")
    assert not opened.troubles


def test_a_figure_without_a_name_leaves_the_address_alone(named):
    opened = named(figure_name="")
    opened.put(0, 3)
    assert address(opened) == ""
    opened.figure.locator("summary").click()
    assert opened.figure.get_by_role("button", name="Copy link").count() == 0


# What is taken along ------------------------------------------------------------------


def taken(opened: Opened, item: str):
    """The file that an item of the menu saves."""
    opened.figure.locator("summary").click()
    with opened.page.expect_download() as download:
        opened.figure.get_by_role("button", name=item).click()
    return download.value


def test_the_menu_opens_and_closes_by_keyboard(named):
    opened = named()
    menu = opened.figure.locator(".explore-menu")
    opened.figure.locator("summary").focus()
    opened.page.keyboard.press("Enter")
    assert menu.get_attribute("open") is not None
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert opened.page.evaluate("document.activeElement.localName") == "summary"
    opened.page.keyboard.press("Enter")
    opened.page.mouse.click(2, 2)
    assert menu.get_attribute("open") is None


def test_the_link_leads_to_the_state_in_a_fresh_browser(named, new_context):
    opened = named(permissions=["clipboard-read", "clipboard-write"])
    opened.put(0, 2)
    Control(opened.figure, 3).press("Enter")
    opened.figure.locator("summary").click()
    opened.figure.get_by_role("button", name="Copy link").click()
    opened.page.get_by_text("Link copied.").wait_for()
    link = opened.page.evaluate("navigator.clipboard.readText()")
    page = new_context().new_page()
    page.goto(link)
    state = page.locator("figure.explore").get_attribute("data-state")
    assert state == "2 0 0 1"
    assert page.locator("figcaption").inner_text() == opened.caption


def test_where_the_clipboard_is_closed_the_link_is_shown(named):
    opened = named()
    opened.page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: null })"
    )
    opened.figure.locator("summary").click()
    opened.figure.get_by_role("button", name="Copy link").click()
    field = opened.figure.locator(".explore-note textarea")
    assert field.input_value().endswith("landscape=mountains+in+the+rain&history=1")
    selected = opened.page.evaluate("getSelection().toString()")
    assert selected == field.input_value()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_is_that_of_the_screen(named, scheme):
    opened = named(STATE, color_scheme=scheme)
    shown = opened.figure.locator("svg.explore-picture").screenshot()
    download = taken(opened, "Save as PNG")
    assert download.suggested_filename == (
        "choices_2.5_unbiased_an-afternoon-by-the-sea_2.png"
    )
    saved = Image.open(download.path()).convert("RGB")
    screen = Image.open(io.BytesIO(shown)).convert("RGB")
    assert abs(saved.width - 2 * screen.width) <= 2
    small = np.asarray(saved.resize(screen.size, Image.Resampling.BOX), float)
    difference = np.abs(small - np.asarray(screen, float)).mean()
    assert difference < 3
    upside_down = np.abs(small[::-1] - np.asarray(screen, float)).mean()
    assert upside_down > 10, "the comparison sees another picture"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawing_stands_alone(named, new_context, tmp_path, scheme):
    opened = named(STATE, color_scheme=scheme)
    shown = opened.figure.locator("svg.explore-picture").screenshot()
    path = tmp_path / "state.svg"
    taken(opened, "Save as SVG").save_as(path)
    assert f"<title>{opened.caption}</title>" in path.read_text("utf-8")
    page = new_context(color_scheme="light").new_page()
    page.goto(path.as_uri())
    screen = Image.open(io.BytesIO(shown)).convert("RGB")
    size = {"x": 0, "y": 0, "width": screen.width, "height": screen.height}
    alone = Image.open(io.BytesIO(page.screenshot(clip=size))).convert("RGB")
    assert np.abs(np.asarray(alone, float) - np.asarray(screen, float)).mean() < 3


@pytest.mark.parametrize("positions", [(0, 0, 0, 0), (2, 1, 2, 1), (3, 1, 1, 2)])
def test_the_numbers_are_pythons(named, positions):
    """To what the drawing can tell: a tenth of a pixel."""
    figure, update, axes = figures.choices()
    explored = explore(figure, update, **axes)
    values = {
        slider.name: slider.values[place]
        for slider, place in zip(explored.sliders, positions, strict=True)
    }
    keys = [
        f"{slider.name}={slider.keys[place]}"
        for slider, place in zip(explored.sliders, positions, strict=True)
    ]
    opened = named(f"#choices?{'&'.join(keys)}")
    assert opened.positions() == list(positions)
    text = taken(opened, "Save data as CSV").path().read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    update(**values)
    left, right = figure.axes
    wave, level = left.lines
    expected = {
        ("1", "wave, of course"): wave.get_xydata(),
        ("1", "level"): None,
        ("1", "dots"): left.collections[0].get_offsets(),
        ("2", "heights"): [
            [bar.get_x() + bar.get_width() / 2, bar.get_height()]
            for bar in right.patches
        ],
        ("2", "text 1"): [[2, 20]],
    }
    assert {(row["panel"], row["series"]) for row in rows} == set(expected)
    for (panel, series), points in expected.items():
        found = [
            row for row in rows if (row["panel"], row["series"]) == (panel, series)
        ]
        assert all((row["text"] != "") == (series == "text 1") for row in found)
        numbers = np.array([[float(row["x"]), float(row["y"])] for row in found])
        if points is None:
            assert np.abs(numbers[:, 1] - level.get_ydata()).max() < 2e-3
            continue
        across = left.get_xlim() if panel == "1" else right.get_xlim()
        assert (
            np.abs(numbers[:, 0] - np.array(points)[:, 0]).max() < np.ptp(across) / 2000
        )
        y, exact = numbers[:, 1], np.array(points, float)[:, 1]
        if panel == "2":  # a logarithmic scale
            assert np.abs(np.log10(y / exact)).max() < 2 / 1000
        else:
            assert np.abs(y - exact).max() < np.ptp(left.get_ylim()) / 1000


def test_a_pinned_state_stays_behind_the_others(named):
    opened = named()
    picture = opened.figure.locator("svg.explore-picture")
    wave = picture.locator("g[data-series='0 line wave, of course'] path")
    before = wave.get_attribute("d")
    numbers = taken(opened, "Save data as CSV").path().read_text("utf-8")
    opened.figure.locator("summary").click()
    opened.figure.get_by_role("button", name="Pin this state").click()
    assert "Pinned, faint: Frequency 1, MLE" in (
        opened.figure.locator(".explore-note").inner_text()
    )
    opened.put(0, 3)
    pinned = picture.locator(".explore-faint")
    assert before in pinned.first.inner_html()
    assert wave.get_attribute("d") != before
    opened.put(0, 1)
    assert taken(opened, "Save data as CSV").path().read_text("utf-8") == numbers
    opened.figure.locator("summary").click()
    opened.figure.get_by_role("button", name="Remove the pin").click()
    assert pinned.count() == 0
    assert not opened.troubles


def test_a_pin_is_hidden_where_it_would_lie_elsewhere(new_context, tmp_path):
    explored = growing_axes()
    opened = Opened(new_context(), save(explored, tmp_path))
    opened.figure.locator("summary").click()
    opened.figure.get_by_role("button", name="Pin this state").click()
    pinned = opened.figure.locator(".explore-faint")
    opened.put(1, 1)
    assert pinned.is_visible()
    opened.put(0, 1)
    assert not pinned.is_visible()
    opened.put(0, 0)
    assert pinned.is_visible()


def test_forced_colours_show_which_button_is_pressed(named):
    opened = named(forced_colors="active")
    pressed, other = (
        opened.figure.locator(
            f".explore-segments label:nth-child({place}) span"
        ).evaluate("span => getComputedStyle(span).backgroundColor")
        for place in (1, 2)
    )
    assert pressed != other
    assert re.match(r"rgba?\(", pressed)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_track_of_a_slider_is_broken_where_it_leaps(
    color_scheme, new_context, tmp_path
):
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])

    def update(place):
        line.set_ydata([0, place])
        return f"At {place}."

    explored = explore(figure, update, place=[0, 1, 2, 3, 10, 20])
    opened = Opened(new_context(color_scheme=color_scheme), save(explored, tmp_path))
    opened.put(0, 4)
    track = Image.open(io.BytesIO(opened.slider(0).screenshot())).convert("RGB")
    thumb = (
        20  # pixels across, which the first and the last stop stand in the middle of
    )
    middles = [
        track.getpixel(
            (thumb / 2 + (step + 0.5) / 5 * (track.width - thumb), track.height / 2)
        )
        for step in range(5)
    ]
    filled, gap = middles[0], middles[3]
    assert middles == [filled, filled, filled, gap, gap]
    assert max(abs(a - b) for a, b in zip(filled, gap, strict=True)) > 80
