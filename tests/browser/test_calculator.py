"""The calculator "How much real data do I need?", against the theory in Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import BrowserContext, Page, expect

import calculator
from collapse import theory
from support.colours import contrast
from test_page_figures import STRICT
from test_pages import sideways_overflow
from watch import open_page, violations

PATH = "appendix/how-much.html"
FIELDS = ("loss", "horizon", "diet", "push", "group", "points")
SEEDS = 60

FILL = """
settings => {
  const form = document.querySelector("#how-much form");
  for (const [name, value] of Object.entries(settings))
    form.elements[name].value = value;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}
"""
READ = """
lines => {
  const text = query => document.querySelector(`#how-much ${query}`)?.textContent;
  const course = name =>
    document.querySelector(`.how-much-${name}`)?.getAttribute("points")
      .split(" ").map(pair => pair.split(",").map(Number));
  return {
    strong: [...document.querySelectorAll("#how-much strong")].map(e => e.textContent),
    said: text(".how-much-said"),
    call: text("code"),
    caption: text("figcaption"),
    lines: lines ? { expected: course("expected"), mean: course("mean") } : null,
    formulas: [...document.querySelectorAll("#how-much dd:not([hidden])")]
      .map(each => each.className),
  };
}
"""


@pytest.fixture
def page(base_url: str, new_context: Callable[..., BrowserContext]) -> Page:
    return open_page(new_context(), base_url, PATH).page


def tried(page: Page, lines: bool = False, **settings: object) -> dict:
    """What the page says when the form holds some settings, the others being empty."""
    start = {"loss": 5, "diet": "fresh"}
    filled = dict.fromkeys(FIELDS, "") | start | settings
    page.evaluate(FILL, {k: str(v) for k, v in filled.items()})
    return page.evaluate(READ, lines)


def called(call: str) -> theory.RealDataNeeded | str:
    """What Python answers to the call that the page shows, or its complaint."""
    try:
        return eval(call, {"theory": theory})
    except ValueError as error:
        return str(error)


def numbers_in(text: str) -> list[float]:
    plain = re.sub(r"(?<=\d)[\u202f ](?=\d{3})", "", text)
    return [float(each) for each in re.findall(r"\d+(?:\.\d+)?", plain)]


# What it answers -----------------------------------------------------------------

EDGES = [
    {"loss": 0.01, "diet": "accumulate-subsample"},
    {"loss": 99, "diet": "once"},
    {"loss": 99, "diet": "replace", "horizon": 1},
    {"loss": 0.01, "diet": "replace", "horizon": 10000},
    {"loss": 5, "diet": "fresh", "group": 0.001},
    {"loss": 5, "diet": "replay", "group": 50},
    {"loss": 50, "diet": "fresh", "points": 2},
    {"loss": 50, "diet": "replay", "points": 2, "push": 100},
    {"loss": 10, "diet": "fresh", "points": 100, "horizon": 2},
    {"loss": 5, "diet": "fresh", "push": 100},
    {"loss": 30, "diet": "accumulate-subsample", "push": 80, "horizon": 200},
    {"loss": 1, "diet": "fresh", "points": 1000000000},
]


def grid() -> Iterator[dict]:
    losses, horizons, pushes = (0.1, 1, 5, 7, 40), ("", 1, 3, 40), ("", 0.5, 10)
    for diet, loss, horizon, push in product(
        calculator.DIETS, losses, horizons, pushes
    ):
        for group, points in product(("", 0.7), ("", 60)):
            if points == "" or diet in ("fresh", "replay"):
                yield {
                    "loss": loss,
                    "horizon": horizon,
                    "diet": diet,
                    "push": push,
                    "group": group,
                    "points": points,
                }
    yield from EDGES


def test_answers_are_those_of_the_theory(page: Page) -> None:
    """Count, share, and whether there is an answer: those of the call it shows."""
    seen: dict[str, int] = {}
    for settings in grid():
        shown = tried(page, **settings)
        theirs = called(shown["call"])
        case = f"{settings}: {shown['said']}"
        if isinstance(theirs, str):
            assert shown["strong"] == ["No amount is enough"], f"{case}: {theirs}"
            lost = float(re.search(r"at least ([\d.e+-]+)", theirs)[1])
            is_all = "all of the variance is lost" in shown["said"]
            said = 1 if is_all else numbers_in(shown["said"])[0] / 100
            assert said == pytest.approx(lost, abs=1e-4, rel=5e-3), case
            kind = "none"
        else:
            kind = settings["diet"]
            # Against a push the share is what is said first.
            pushed = bool(settings.get("push")) and kind in ("fresh", "replay")
            share_first = shown["strong"][0].endswith("% must be real")
            assert share_first == pushed, case
            said = "".join(shown["strong"][1:]) or shown["said"].partition("real: ")[2]
            count = said if pushed else shown["strong"][0]
            assert numbers_in(count)[0] == theirs.count, case
            if theirs.share is not None:
                digits = re.findall(r"([\d.]+)\u00a0% must|: ([\d.]+)\u00a0%\.", case)
                share = float("".join(digits[0])) / 100
                assert theirs.share - 1e-12 <= share, case
                assert share <= theirs.share * 1.011 + 1e-12, case
        seen[kind] = seen.get(kind, 0) + 1
    assert all(seen[kind] > 30 for kind in ("none", "fresh", "replay", "accumulate"))


def test_the_call_holds_all_settings(page: Page) -> None:
    shown = tried(page, loss=7, horizon=9, push=10, group=1, points=500)
    assert shown["call"] == (
        'theory.real_data_needed(0.07, "fresh", horizon=9, shrinkage=0.9, '
        "smallest_group=0.01, sample_size=500)"
    )
    shown = tried(page, diet="once", horizon=9, push=10, points=500)
    assert shown["call"] == 'theory.real_data_needed(0.05, "once")'


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"diet": "replace"}, "No amount is enough"),
        ({"diet": "replace", "horizon": 9}, "grows with the horizon"),
        ({"diet": "accumulate", "push": 1}, "only a share of real data"),
        ({"diet": "accumulate", "push": 1, "horizon": 3}, "only a share of real"),
        ({"points": 9}, "a larger generation"),
        ({"push": 5}, "Both causes at once take"),
        ({"horizon": 9}, "for ever, whatever the horizon"),
        ({"group": 1}, "group asks for so many; for the tolerated loss 10 would do"),
        ({"group": 1, "push": 5}, "The group is held against chance"),
        ({"loss": 5}, "a group of less than 5\u00a0% may vanish"),
        ({"loss": 50}, "any group may vanish"),
        ({}, "some histories lose more"),
    ],
)
def test_it_warns_where_the_answer_does_not_hold(page: Page, settings, words) -> None:
    assert words in tried(page, **settings)["said"]


def test_a_group_that_is_held_is_not_warned_of(page: Page) -> None:
    assert "may vanish" not in tried(page, group=1)["said"]


FORMULAS = [
    ({"diet": "replace", "horizon": 3}, ["replace"]),
    ({"diet": "accumulate"}, ["accumulate-ever"]),
    ({"diet": "accumulate", "horizon": 3}, ["accumulate"]),
    ({"diet": "accumulate-subsample"}, ["accumulate-subsample-ever"]),
    (
        {"diet": "accumulate-subsample", "horizon": 3, "push": 1},
        ["accumulate-subsample"],
    ),
    ({"diet": "fresh", "horizon": 3}, ["fresh"]),
    ({"diet": "replay", "push": 3, "group": 2}, ["replay", "share", "group"]),
    ({"diet": "fresh", "points": 90}, ["fresh-size"]),
    ({"diet": "fresh", "points": 90, "horizon": 3}, ["fresh-size-during"]),
    ({"diet": "replay", "points": 90}, ["replay-size"]),
    ({"diet": "replay", "points": 90, "horizon": 3}, ["replay-size-during"]),
    ({"diet": "once", "push": 3}, ["once"]),
]


def test_the_formula_in_use_is_shown_and_each_is_used(page: Page) -> None:
    for settings, names in FORMULAS:
        shown = tried(page, **settings)["formulas"]
        assert shown == [f"how-much-{name}" for name in names], settings
    used = {name for _, names in FORMULAS for name in names}
    assert used == calculator.FORMULAS.keys()


# What it draws -------------------------------------------------------------------

MIXED = {
    "fresh": (theory.fresh_mixing_transient, theory.fresh_mixing_variance),
    "replay": (theory.replay_transient, theory.replay_variance),
}
DRAWN = [
    {"diet": "replace", "horizon": 12},
    {"diet": "replace", "horizon": 12, "push": 1, "loss": 30},
    {"diet": "accumulate"},
    {"diet": "accumulate", "horizon": 20, "push": 2, "loss": 20},
    {"diet": "accumulate-subsample"},
    {"diet": "accumulate-subsample", "horizon": 20, "push": 2, "loss": 20},
    {"diet": "fresh"},
    {"diet": "fresh", "push": 5, "loss": 20},
    {"diet": "fresh", "push": 5, "loss": 20, "points": 80, "horizon": 30},
    {"diet": "replay"},
    {"diet": "replay", "push": 5, "loss": 20, "points": 80, "horizon": 30},
    {"diet": "once"},
]


def expected(settings: dict, caption: str, fits: np.ndarray) -> np.ndarray:
    """What theory expects of the histories that a caption speaks of."""
    diet, push = settings["diet"], 1 - settings.get("push", 0) / 100
    sizes = numbers_in(caption)
    if diet in MIXED:
        _, size, count = sizes[:3]
        return MIXED[diet][0](fits, size, count / size, push)
    size = sizes[1]
    return {
        "replace": lambda: theory.biased_sampling_variance(fits, size, push),
        "accumulate": lambda: theory.accumulate_expected_variance(fits, size, 0, push),
        "accumulate-subsample": lambda: theory.accumulate_subsample_expected_variance(
            fits, size, push
        ),
        "once": lambda: np.full(len(fits), 1 - 1 / size),
    }[diet]()


@pytest.mark.parametrize("settings", DRAWN, ids=lambda each: "-".join(map(str, each)))
def test_the_dashed_line_is_what_theory_expects(page: Page, settings) -> None:
    shown = tried(page, lines=True, **settings)
    fits, heights = np.array(shown["lines"]["expected"]).T
    assert (fits[0], heights[0]) == (0, 1)
    theirs = expected(settings, shown["caption"], fits[1:])
    assert heights[1:] == pytest.approx(theirs, rel=1e-7)


@pytest.mark.parametrize("settings", DRAWN, ids=lambda each: "-".join(map(str, each)))
def test_simulated_means_lie_around_it(page: Page, settings) -> None:
    """60 seeds of all histories: 4.5 standard errors fail once in 30 000 runs."""
    again = page.get_by_role("button", name="Again")
    ends, middles = [], []
    tried(page, **settings)
    for _ in range(SEEDS):
        again.evaluate("button => button.click()")
        course = np.array(page.evaluate(READ, True)["lines"]["mean"])
        ends.append(course[-1, 1])
        middles.append(course[max(1, len(course) // 3), 1])
    line = np.array(tried(page, lines=True, **settings)["lines"]["expected"])
    assert len(set(ends)) == SEEDS
    for means, theirs in (
        (ends, line[-1, 1]),
        (middles, line[max(1, len(line) // 3), 1]),
    ):
        error = np.std(means, ddof=1) / np.sqrt(SEEDS)
        assert abs(np.mean(means) - theirs) < 4.5 * error, (np.mean(means), theirs)


def test_too_many_points_are_not_drawn_one_by_one(page: Page) -> None:
    shown = tried(page, lines=True, diet="accumulate-subsample", loss=0.05)
    assert shown["lines"]["mean"] is None
    assert len(shown["lines"]["expected"]) == 51
    assert "too many to draw" in shown["caption"]
    assert not page.get_by_role("button", name="Again").is_visible()


# The form ------------------------------------------------------------------------


def test_every_field_answers_to_the_keyboard(page: Page) -> None:
    names = {
        "Diet": "fresh",
        "Tolerated loss": "5",
        "Horizon": "",
        "Push": "",
        "Smallest group": "",
        "Generation size": "",
    }
    said = page.locator(".how-much-said")
    page.get_by_label("Diet").focus()
    for name, value in names.items():
        field = page.locator("#how-much :focus")
        assert field.evaluate("e => e.labels[0].innerText").startswith(name)
        assert field.input_value() == value
        before = said.inner_text()
        if name == "Diet":
            page.keyboard.press("ArrowDown")
        else:
            page.keyboard.press("ArrowUp")  # a number field's own key
            page.keyboard.press("ArrowUp")
        assert said.inner_text() != before, name
        page.keyboard.press("Tab")
    caption = page.locator("#how-much-caption")
    before = caption.inner_text()
    assert page.locator("#how-much :focus").inner_text() == "Again, with other luck"
    page.keyboard.press("Enter")
    assert caption.inner_text() != before


def test_a_screen_reader_hears_the_answer_and_what_is_drawn(page: Page) -> None:
    said = page.get_by_role("status").filter(has_text="real points a generation")
    assert said.count() == 1
    picture = page.locator("#how-much [role=img]")
    caption = page.locator("#how-much-caption")
    assert picture.get_attribute("aria-labelledby") == "how-much-caption"
    assert caption.get_attribute("aria-live") == "polite"
    assert "Dashed: the variance that the formula expects" in caption.inner_text()


def test_what_does_not_apply_cannot_be_filled(page: Page) -> None:
    tried(page, diet="once")
    disabled = page.locator("#how-much :disabled")
    names = disabled.evaluate_all("all => all.map(e => e.name)")
    assert names == ["horizon", "push", "points"]
    tried(page, diet="accumulate")
    assert disabled.evaluate_all("all => all.map(e => e.name)") == ["points"]
    tried(page, diet="replay")
    assert disabled.count() == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"loss": ""}, "Tolerated loss must be a number from 0.01 to 99."),
        ({"loss": 0}, "Tolerated loss must be a number from 0.01 to 99."),
        ({"horizon": 2.5}, "Horizon must be a whole number from 1 to 10000."),
        ({"push": -1}, "Push must be a number from 0 to 100."),
        ({"group": 60}, "Smallest group must be a number from 0.001 to 50."),
        ({"points": 1}, "Generation size must be a whole number from 2 to 1000000000."),
    ],
)
def test_wrong_settings_are_said_and_marked(page: Page, settings, complaint) -> None:
    assert tried(page, **settings)["said"] == complaint
    marked = page.locator("#how-much [aria-invalid]")
    assert marked.evaluate_all("all => all.map(e => e.name)") == [*settings]
    assert not page.locator("#how-much figure").is_visible()
    tried(page)
    assert marked.count() == 0
    assert page.locator("#how-much figure").is_visible()


# The address ---------------------------------------------------------------------


def test_the_address_carries_the_settings_and_the_luck(
    page: Page, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page.get_by_label("Push").fill("10")
    page.get_by_role("button", name="Again").click()
    page.wait_for_function("location.hash.includes('luck=2')")
    address = page.evaluate("location.hash")
    assert address == "#how-much?diet=fresh&loss=5&push=10&luck=2"
    drawn = page.locator("#how-much svg").inner_html()
    page = open_page(new_context(), base_url, PATH + address).page
    assert page.locator("#how-much svg").inner_html() == drawn
    assert page.get_by_label("Push").input_value() == "10"


def test_what_an_address_asks_in_vain_is_said_and_the_rest_is_taken(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    vain = "loss=many&diet=vegan&toString=1&luck=0&points=1"
    watched = open_page(new_context(), base_url, f"{PATH}#how-much?{vain}&push=10")
    said = watched.page.locator(".how-much-said p").first.inner_text()
    named = vain.replace("=", " = ").replace("&", " and ")
    assert said == (
        f"The address asks for {named}, which the calculator does not have."
    )
    code = watched.page.locator(".how-much-said code")
    expect(code).to_have_text('theory.real_data_needed(0.05, "fresh", shrinkage=0.9)')
    watched.page.evaluate("location.hash = '#how-much?diet=once&loss=2'")
    expect(code).to_have_text('theory.real_data_needed(0.02, "once")')
    watched.page.evaluate("location.hash = '#the-call'")
    expect(code).to_have_text('theory.real_data_needed(0.02, "once")')
    assert watched.troubles == []


# Where it stands -----------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_every_state_fits_and_is_accessible(
    width: int,
    scheme: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    watched = open_page(new_context(width, color_scheme=scheme), base_url, PATH)
    page = watched.page
    for settings, _ in FORMULAS:
        tried(page, **settings)
        assert sideways_overflow(page) == 0, settings
    assert watched.troubles == []
    for settings in ({"group": 1, "push": 5}, {"diet": "once"}, {"loss": 0}):
        tried(page, **settings)
        assert sideways_overflow(page) == 0, settings
        assert violations(page, "#how-much") == [], settings


def test_the_drawing_follows_the_window(page: Page) -> None:
    width = "document.querySelector('#how-much svg').getAttribute('width')"
    wide = float(page.evaluate(width))
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(f"+{width} < {wide / 1.5}")
    assert sideways_overflow(page) == 0


def test_with_forced_colours_words_and_edges_are_seen(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(forced_colors="active"), base_url, PATH).page
    ink, ground, edge = page.locator("#how-much svg text").first.evaluate(
        """text => [getComputedStyle(text).fill,
          getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.querySelector("#how-much input")).borderTopColor]"""
    )
    for colour in (ink, edge):
        rgb = [np.array(numbers_in(e)[:3]) / 255 for e in (colour, ground)]
        assert contrast(*rgb) > 4.5, (colour, ground)


def test_it_works_under_a_strict_policy(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    """The theme's own scripts in the page are refused; the calculator has none."""
    context = new_context()
    context.route(
        f"{base_url}/{PATH}",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={**answer.headers, "content-security-policy": STRICT},
        ),
    )
    page = open_page(context, base_url, PATH).page
    refused = "addEventListener('securitypolicyviolation', e => window.refused = true)"
    page.evaluate(refused)
    assert tried(page, push=10)["strong"][0].startswith("65.6")
    page.get_by_role("button", name="Again").click()
    assert not page.evaluate("window.refused")


def test_its_html_has_no_style_and_no_script(site: Path) -> None:
    soup = BeautifulSoup((site / PATH).read_text("utf-8"), "html.parser")
    box = soup.select_one("#how-much")
    own = [each for each in box.find_all(True) if not each.find_parent("dd")]
    wrong = [
        each
        for each in own
        if each.name in ("script", "style")
        or any(name == "style" or name.startswith("on") for name in each.attrs)
    ]
    assert wrong == []


def test_it_works_from_disk(
    site: Path, new_context: Callable[..., BrowserContext]
) -> None:
    address = f"{PATH}#how-much?diet=replay&loss=10"
    watched = open_page(new_context(), site.as_uri(), address)
    assert "15 real points a generation" in watched.page.locator("strong").inner_text()
    assert watched.page.locator("#how-much svg").is_visible()
    assert watched.troubles == []
    assert watched.requests_to_others() == []


def test_without_javascript_tables_and_formulas_answer(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context(java_script_enabled=False)
    page = open_page(context, base_url, PATH).page
    assert not page.locator("#how-much form").is_visible()
    assert not page.locator("#how-much figure").is_visible()
    shown = page.locator("#how-much dd:visible").count()
    assert shown == len(calculator.FORMULAS)
    assert page.locator("article table").count() == 2
    row = page.locator("article tr").filter(has_text="replayed").inner_text()
    counts = [theory.real_data_needed(e, "replay").count for e in (0.1, 0.05, 0.01)]
    assert row.split()[-3:] == [str(count) for count in counts]


def test_other_pages_do_not_load_it(site: Path) -> None:
    loading = [
        path.name
        for path in site.rglob("*.html")
        if "calculator.js" in path.read_text("utf-8")
    ]
    assert loading == ["how-much.html"]
