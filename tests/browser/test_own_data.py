"""The reader's own points: how they are put in, and by which law they fade."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from scipy import stats

import own_data
from collapse.gaussian import Gaussian
from collapse.recursion import Diet, recurse
from watch import open_page, violations

LUCKS = 400
SPREADS = """
([generation, real, lucks]) => {
  const root = document.getElementById("own-data");
  const { elements } = root.querySelector("form");
  for (const [name, value] of Object.entries({ generation, real })) {
    elements[name].value = value;
    elements[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
  const again = root.querySelector("button[name=again]");
  return Array.from({ length: lucks }, () => {
    again.click();
    return +root.dataset.spread;
  });
}
"""


@pytest.fixture
def page(base_url: str, new_context: Callable[..., BrowserContext]) -> Page:
    return open_page(new_context(), base_url, "index.html").page


def field(page: Page):
    return page.locator("#own-data-points")


def button(page: Page, name: str):
    return page.locator("#own-data").get_by_role("button", name=name)


def said(page: Page) -> str:
    return page.locator("#own-data figcaption").inner_text()


def tap(page: Page, value: float) -> None:
    """Tap the line where a value is: it has 14 pixels beside it on either side."""
    box = page.locator(".own-data-picture").bounding_box()
    at = 14 + value / 100 * (box["width"] - 28)
    page.locator(".own-data-picture").click(position={"x": at, "y": 100})


@pytest.mark.parametrize("real", [0, 6])
@pytest.mark.parametrize("generation", [1, 12])
def test_the_spread_has_the_law_of_python(page: Page, generation: int, real: int):
    """False alarms: one in a million for all four together."""
    spreads = page.evaluate(SPREADS, [generation, real, LUCKS])
    points = np.array(own_data.EXAMPLE, dtype=float)
    history = recurse(
        Gaussian(),
        points,
        generations=generation,
        sample_size=len(points),
        diet=Diet(real_fraction=real / len(points)),
        chains=4000,
        rng=np.random.default_rng(1),
        measures={"spread": lambda model, data: np.sqrt(model.variance)},
    )
    expected = history["spread"][generation]
    assert len(set(spreads)) > LUCKS / 2
    assert stats.ks_2samp(spreads, expected).pvalue > 2.5e-7


def test_a_tap_adds_a_point_and_a_tap_on_it_takes_it_away(page: Page):
    button(page, "No points").click()
    assert said(page) == "Tap at least two points onto the line."
    assert button(page, "Play").is_disabled()
    for value in (20, 60, 90):
        tap(page, value)
    assert field(page).input_value() == "20, 60, 90"
    assert "The spread of your 3 points" in said(page)
    assert f"is {np.std([20, 60, 90]):.2g}." in said(page)
    tap(page, 60.3)
    assert field(page).input_value() == "20, 90"
    assert page.locator("circle.own-data-real").count() == 2


@pytest.mark.parametrize(
    ("typed", "wrong"), [("3 101", "101"), ("3, -1", "-1"), ("3, x", "x")]
)
def test_what_is_no_point_is_said_and_loses_nothing(page: Page, typed, wrong):
    before = page.locator("circle.own-data-real").count()
    field(page).fill(typed)
    assert said(page) == f"A point is a number from 0 to 100; “{wrong}” is not."
    assert field(page).get_attribute("aria-invalid") is not None
    assert page.locator("circle.own-data-real").count() == before
    field(page).fill("3; 4.5\n5")
    assert field(page).get_attribute("aria-invalid") is None
    assert page.locator("circle.own-data-real").count() == 3


def test_points_that_leave_the_line_are_counted(page: Page):
    field(page).fill("0, 100")
    page.locator("#own-data-generation").fill("1")
    lucks = range(20)
    for _ in lucks:
        if page.locator("circle.own-data-made").count() < 2:
            break
        button(page, "Again, with other luck").click()
        button(page, "Pause").click()
        page.locator("#own-data-generation").fill("1")
    made = page.locator("circle.own-data-made").count()
    assert made < 2
    assert f"; {2 - made} of all points lie beyond its ends" in said(page)


def test_points_that_are_one_have_nothing_to_lose(page: Page):
    field(page).fill("5, 5, 5")
    assert said(page).startswith("All your points are one")


def test_play_tells_the_whole_story_and_ends(page: Page):
    button(page, "Play").click()
    button(page, "Pause").wait_for()
    slider = page.locator("#own-data-generation")
    expect(slider).to_have_value(str(own_data.GENERATIONS), timeout=20_000)
    button(page, "Play").wait_for()
    rows = own_data.GENERATIONS * len(own_data.EXAMPLE)
    made = page.locator("circle.own-data-made").count()
    beyond = re.search(r"; (\d+) of all points lie beyond its ends", said(page))
    assert made + int(beyond[1] if beyond else 0) == rows
    assert f"Generation {own_data.GENERATIONS} has learned" in said(page)
    first = float(page.locator("#own-data").get_attribute("data-spread"))
    button(page, "Again, with other luck").click()
    button(page, "Play").wait_for()
    assert float(page.locator("#own-data").get_attribute("data-spread")) != first


def test_all_of_the_points_in_each_generation_keep_the_spread(page: Page):
    slider = page.locator("#own-data-real")
    slider.focus()
    page.keyboard.press("End")
    page.locator("#own-data-generation").focus()
    page.keyboard.press("End")
    spread = float(page.locator("#own-data").get_attribute("data-spread"))
    assert spread == pytest.approx(np.std(own_data.EXAMPLE))
    assert page.locator("circle.own-data-made").count() == 0


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(base_url, new_context, width, scheme):
    context = new_context(width, color_scheme=scheme)
    page = open_page(context, base_url, "index.html").page
    page.locator("#own-data-generation").fill("20")
    assert violations(page, "#own-data") == []
    inside = page.locator("#own-data").evaluate(
        "each => each.scrollWidth - each.clientWidth"
    )
    assert inside <= 0


def test_without_a_script_the_loop_stands_there_and_runs(
    base_url: str, new_context: Callable[..., BrowserContext], capsys
):
    context = new_context(java_script_enabled=False)
    page = open_page(context, base_url, "index.html").page
    assert not page.locator("#own-data form").is_visible()
    code = page.locator(".own-data-loop pre").inner_text()
    assert code.strip() == own_data.LOOP.strip()
    exec(code, {})
    assert 0 < float(capsys.readouterr().out) < 100
