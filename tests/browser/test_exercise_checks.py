"""Exercises on the pages: a form says of a number what `check` says of it."""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import exercise_checks
from collapse.exercises import check
from collapse.exercises.answers import NumberChecker
from collapse.exercises.check import _CHECKERS, Feedback
from support.chapters import BOOK
from watch import open_page, violations

NUMBERS = {
    name: checker
    for name, checker in _CHECKERS.items()
    if isinstance(checker, NumberChecker)
}
ASKED = {
    path.stem: names
    for path in sorted(BOOK.glob("*.md"))
    if (names := exercise_checks.CALL.findall(path.read_text("utf-8")))
}
"""The exercises of each chapter."""
SAY = """
([exercise, answers]) => {
  const field = document.getElementById(`answer-${exercise}`);
  const said = field.form.querySelector("output");
  return answers.map((answer) => {
    field.value = answer;
    field.form.requestSubmit();
    return [
      said.textContent,
      said.querySelector("a")?.getAttribute("href") ?? "",
      field.getAttribute("aria-invalid") ?? "false",
    ];
  });
}
"""
HEIGHTS = f"""
([exercise, answers]) => {{
  const box = document.getElementById(`answer-${{exercise}}`).closest("div");
  const say = {SAY};
  const said = (answer) => say([exercise, [answer]])[0][0];
  const height = () => box.getBoundingClientRect().height;
  return Object.fromEntries(answers.map((answer) => [said(answer), height()]));
}}
"""
WRONG_KINDS = ["six", "nan", "inf", "1e", "1 2", "1,2,3", "1/2/3", "0x10", "...", "[1]"]
SPELLINGS = {
    "0.25": 0.25, ".25": 0.25, " 0.250 ": 0.25, "+0.25": 0.25, "25e-2": 0.25,
    "2.5E-1": 0.25, "1/4": 0.25, "1 / 4": 0.25, "0,25": 0.25, ",25": 0.25,
    "0,250": 0.25, "12,5": 12.5, "−3": -3, "-3": -3, "3.": 3, "1e3": 1e3,
    "1000": 1e3, "1 000": 1e3, "1,000": 1e3, "1\u00a0000": 1e3, "1\u202f000": 1e3,
    "10 000,5": 10_000.5, "1,234.5": 1234.5, "1,234,567": 1_234_567, "2 000/8": 250,
}  # fmt: skip
SHARE, COUNT = "lm-slips", "gaussian-half-life"
WAITING = check(COUNT, ...).text
CHAPTER = {name: chapter for chapter, names in ASKED.items() for name in names}


def shown(feedback: Feedback, chapter: str) -> tuple[str, str]:
    """What the page should show, and where it should lead."""
    link = feedback.figure.removeprefix(f"{chapter}.html")
    return feedback.text + " See it." * bool(link), link


def tried(checker: NumberChecker) -> list[float]:
    """Both ends of every interval, what is right beside them, and many others."""
    ends = {float(end) for each in checker.table for end in (each.low, each.high)}
    beside = {math.nextafter(end, to) for end in ends for to in (-math.inf, math.inf)}
    numbers = {end for end in ends | beside if math.isfinite(end)}
    middles = [(a + b) / 2 for a, b in pairwise(sorted(numbers))]
    grid = [each / 200 for each in range(-20, 240)] + [*range(40), 1e4, -5, 1e9, 1e300]
    return [*numbers, *middles, *grid]


@pytest.fixture
def opened(base_url: str, new_context: Callable[..., BrowserContext]):
    """Opens a chapter."""

    def open_chapter(chapter: str, width: int = 1280, **settings: object) -> Page:
        context = new_context(width, **settings)
        return open_page(context, base_url, f"{chapter}.html").page

    return open_chapter


def form(page: Page, exercise: str):
    return page.locator(f".exercise-check:has(#answer-{exercise})")


@pytest.mark.parametrize("chapter", ASKED)
def test_the_page_says_of_each_number_what_python_says(opened, chapter: str):
    page = opened(chapter)
    asked = [name for name in ASKED[chapter] if name in NUMBERS]
    forms = page.locator(".exercise-check input").evaluate_all(
        "(fields) => fields.map((field) => field.id)"
    )
    assert forms == [f"answer-{name}" for name in asked]
    for name in asked:
        numbers = tried(NUMBERS[name])
        found = page.evaluate(SAY, [name, [repr(each) for each in numbers]])
        for number, (said, link, invalid) in zip(numbers, found, strict=True):
            assert (said, link) == shown(check(name, number), chapter), number
            assert invalid == "false"
        verdicts = {said for said, _, _ in found}
        assert sum(said.startswith("Right.") for said in verdicts) == 1


@pytest.mark.parametrize("name", [SHARE, COUNT])
def test_what_is_no_number_is_said_as_python_says_it(opened, name: str):
    page = opened(CHAPTER[name])
    found = page.evaluate(SAY, [name, [*WRONG_KINDS, "8" * 90 + "x", "1e400", "1/0"]])
    wanted = [*(check(name, each) for each in WRONG_KINDS), check(name, "8" * 90 + "x")]
    wanted += [check(name, math.inf)] * 2
    assert [said for said, _, _ in found] == [each.text for each in wanted]
    assert {invalid for _, _, invalid in found} == {"true"}


@pytest.mark.parametrize("name", [SHARE, COUNT])
def test_numbers_are_read_as_people_write_them(opened, name: str):
    """The sentence of a number that stands for it alone tells how it was read."""
    page = opened(CHAPTER[name])
    page.evaluate(
        """([exercise, numbers]) => {
          const box = document.getElementById(`answer-${exercise}`).closest("div");
          const known = JSON.parse(box.dataset.checker);
          const table = numbers.map((n) => [n, n, false, false, `read ${n}`, ""]);
          box.dataset.checker = JSON.stringify({ ...known, table });
          const script = document.createElement("script");
          script.src = document.querySelector("script[src*=exercise_checks]").src;
          // A fresh form, which the script meets as it meets it on a new page.
          box.replaceWith(box.cloneNode(true));
          document.body.append(script);
          return new Promise((resolve) => script.addEventListener("load", resolve));
        }""",
        [name, sorted(set(SPELLINGS.values()) | {0.25, 25})],
    )
    found = page.evaluate(SAY, [name, list(SPELLINGS)])
    wanted = [f"read {value:.10g}" for value in SPELLINGS.values()]
    assert [said for said, _, _ in found] == wanted
    per_cent = page.evaluate(SAY, [name, ["25 %", "25%", "25,0 %"]])
    read = "read 0.25" if NUMBERS[name].is_share else "read 25"
    assert [said for said, _, _ in per_cent] == [read] * 3


def test_a_comma_with_two_meanings_is_asked_about(opened):
    name = "words-first-reading"
    page = opened(CHAPTER[name])
    ((said, _, invalid),) = page.evaluate(SAY, [name, ["2,813"]])
    assert said == "The comma may mean two things: write 2813 or 2.813."
    assert invalid == "true"
    ((said, _, _),) = page.evaluate(SAY, [name, [""]])
    assert said == "Type a number first."


def test_it_works_by_keyboard_and_leads_to_the_figure(opened):
    page = opened("gaussian")
    page.locator(f"#answer-{COUNT}").focus()
    page.keyboard.type("1386")
    page.keyboard.press("Enter")
    said = form(page, COUNT).locator("output")
    expect(said).to_have_text(f"{check(COUNT, 1386).text} See it.")
    page.keyboard.press("Tab")
    expect(form(page, COUNT).get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Tab")
    expect(form(page, COUNT).get_by_role("link", name="See it.")).to_be_focused()
    page.keyboard.press("Enter")
    figure = page.locator("#gaussian-walks")
    expect(figure).to_be_in_viewport()
    expect(figure.locator("input[type=range]").first).to_have_attribute(
        "aria-valuetext", re.compile("140")
    )
    page.locator(f"#answer-{COUNT}").fill("69")
    assert said.inner_text() == "", "it was said of another number"
    form(page, COUNT).get_by_role("button", name="Check").click()
    expect(said).to_have_text(check(COUNT, 69).text)


def test_no_page_waits_and_every_notebook_does(site: Path):
    words = WAITING.split(".")[0]
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 20
    assert [path for path in pages if words in path.read_text("utf-8")] == []
    for chapter, names in ASKED.items():
        ran = (site / "_run" / f"{chapter}.ipynb").read_text("utf-8")
        assert ran.count(WAITING) == len(names)


def test_without_a_script_the_cell_and_the_solution_stand_there(opened):
    page = opened("gaussian", java_script_enabled=False)
    assert not form(page, COUNT).locator("form").is_visible()
    for name in (COUNT, "gaussian-own-family"):
        fold = page.locator("details", has_text=f'check("{name}"')
        fold.locator("summary").click()
        assert fold.locator("pre").is_visible()
        assert page.locator(f".solution:has(a[href='#{name}'])").is_visible()
    told = page.get_by_text(exercise_checks.TAKES_CODE).filter(visible=True)
    assert told.count() == len([n for n in ASKED["gaussian"] if n not in NUMBERS])


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_whatever_is_said(opened, width: int):
    for chapter, names in ASKED.items():
        page = opened(chapter, width)
        for name in filter(NUMBERS.get, names):
            answers = [repr(each) for each in tried(NUMBERS[name])]
            heights = page.evaluate(HEIGHTS, [name, [*answers, "six", "2,813", ""]])
            assert len(set(heights.values())) == 1, heights
        page.context.close()


def test_the_form_has_its_room_before_the_script(opened, base_url, new_context):
    context = new_context()
    context.route("**/exercise_checks.js*", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"{base_url}/gaussian.html")
    height = "each => each.getBoundingClientRect().height"
    before = form(page, COUNT).evaluate(height)
    assert not form(page, COUNT).locator("input").is_visible()
    assert form(opened("gaussian"), COUNT).evaluate(height) == before > 50


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(opened, width: int, scheme: str):
    page = opened("gaussian", width, color_scheme=scheme)
    page.evaluate(SAY, [COUNT, ["1386"]])
    page.evaluate(SAY, ["gaussian-real-points", ["10"]])
    assert violations(page, ".exercise-check") == []
    box = form(page, COUNT)
    assert box.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    for part in box.locator("input, button").all():
        assert min(part.bounding_box()[side] for side in ("width", "height")) >= 24


def test_with_forced_colours_edges_are_seen(opened):
    page = opened("gaussian", forced_colors="active")
    for part in form(page, COUNT).locator("input, button").all():
        style = part.evaluate(
            "each => [getComputedStyle(each)].map("
            "(style) => [style.borderTopColor, style.backgroundColor])[0]"
        )
        assert style[0] != style[1]


def test_it_works_from_disk_and_under_a_strict_policy(site, base_url, new_context):
    page = new_context().new_page()
    page.goto((site / "gaussian.html").as_uri())
    assert page.evaluate(SAY, [COUNT, ["693"]])[0][0] == check(COUNT, 693).text

    def strict(route):
        answer = route.fetch()
        headers = answer.headers | {"content-security-policy": "default-src 'self'"}
        route.fulfill(response=answer, headers=headers)

    context = new_context()
    context.route("**/gaussian.html", strict)
    page = context.new_page()
    page.goto(f"{base_url}/gaussian.html")
    page.locator(f"#answer-{COUNT}").fill("693")
    page.keyboard.press("Enter")
    expect(form(page, COUNT).locator("output")).to_have_text(check(COUNT, 693).text)


def test_the_script_is_small(site: Path):
    script = (site / "_static" / "exercise_checks.js").read_bytes()
    assert len(gzip.compress(script, mtime=0)) < 2000
