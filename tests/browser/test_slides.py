"""The decks of slides: what they hold, how they move, and what paper gets of them."""

from __future__ import annotations

import gzip
import re

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from controls import Control
from test_pages import sideways_overflow
from watch import open_page, violations

pytestmark = pytest.mark.pages
NAMES = [
    "gaussian",
    "mixtures",
    "rare-words",
    "vae",
    "language-model",
    "keeping-real-data",
    "making-it-work",
]
FIRST = {"gaussian", "language-model"}
"""The shortest and the longest; all others wait for a rehearsal."""
BUDGET_KB = 350
SHEET = {"width": 1122, "height": 631}
"""A sheet of 297 by 167 mm, in pixels."""

CUT = """
() => [...document.querySelectorAll(".slides > section")].flatMap((section, n) => {
  const sheet = section.getBoundingClientRect();
  if (Math.abs(sheet.height - innerHeight) > 1) return [`slide ${n + 1} is no sheet`];
  return [...section.querySelectorAll("h1, h2, p, li, pre, table, svg, figcaption")]
    .filter(each => each.checkVisibility() && !each.closest(".notes"))
    .filter(each => {
      const box = each.getBoundingClientRect();
      return box.right > sheet.right + 1 || box.bottom > sheet.bottom + 1
        || box.top < sheet.top - 1 || box.left < sheet.left - 1;
    })
    .map(each => `slide ${n + 1}: ${each.outerHTML.slice(0, 80)}`);
})
"""


def schemes(first, other):
    """A wide window in one scheme, a phone in the other; a rehearsal sees all four."""
    return [first, pytest.param(other, marks=pytest.mark.rehearsal)]


@pytest.fixture(
    params=[
        pytest.param(name, marks=() if name in FIRST else pytest.mark.rehearsal)
        for name in NAMES
    ]
)
def name(request):
    return request.param


def soup(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def words(tag):
    for hidden in tag.select(".headerlink, .section-number"):
        hidden.decompose()
    return " ".join(tag.get_text().split())


def slides_of(page):
    return page.locator(".deck .slides > section")


def present(page):
    return page.locator(".deck .slides > section.present")


# What they hold ------------------------------------------------------------------


def test_there_is_a_deck_for_each_numbered_chapter(site):
    home = soup(site / "index.html")
    numbered = [
        link["href"].removesuffix(".html")
        for link in home.select("nav.bd-links a.reference.internal")
        if re.match(r"\d+\. ", words(link))
    ]
    assert numbered == NAMES
    assert sorted(path.stem for path in (site / "slides").glob("*.html")) == sorted(
        NAMES
    )


def test_a_deck_is_its_chapter_in_short(site, name):
    chapter = soup(site / f"{name}.html").select_one("article > section")
    deck = soup(site / "slides" / f"{name}.html")
    assert words(deck.h1) == words(chapter.h1)
    figures = [each["id"] for each in chapter.select("figure.explore")]
    assert [each["id"] for each in deck.select("figure.explore")] == figures
    headings = [words(each) for each in deck.select("h2")]
    assert headings[0].endswith("?")
    expected = [words(each) for each in chapter.select("section > h2")]
    in_order = iter(headings)
    assert all(each in in_order for each in expected), headings
    (remember,) = [h for h in deck.select("h2") if words(h) == "Remember"]
    assert len(remember.parent.select("li")) == 3
    (discuss,) = [h for h in deck.select("h2") if words(h) == "To discuss"]
    assert len(discuss.parent.select("li")) >= 2
    for figure in deck.select("section:has(figure)"):
        assert words(figure.select_one("aside.notes"))


def test_solutions_are_on_no_slide(site, name):
    deck = soup(site / "slides" / f"{name}.html")
    assert not deck.select(".solution, .toggle, input[name=answer]")


def test_chapter_leads_to_its_slides_and_back(base_url, new_context, name):
    context = new_context()
    page = open_page(context, base_url, f"{name}.html").page
    page.locator("button[aria-label='Download this page']").click()
    with context.expect_page() as opened:
        page.get_by_text("slides", exact=True).click()
    deck = opened.value
    deck.wait_for_url(f"**/slides/{name}.html*")
    deck.get_by_role("link", name="The chapter", exact=True).click()
    deck.wait_for_url(f"**/{name}.html")


# How they move -------------------------------------------------------------------


@pytest.mark.parametrize("scheme", schemes("light", "dark"))
def test_slides_turn_and_figures_move_by_keyboard(base_url, new_context, name, scheme):
    watched = open_page(
        new_context(color_scheme=scheme), base_url, f"slides/{name}.html"
    )
    page = watched.page
    count = slides_of(page).count()
    for number in range(count):
        slide = present(page)
        assert slide.evaluate("s => [...s.parentNode.children].indexOf(s)") == number
        figure = slide.locator("figure.explore")
        if figure.count():
            figure.locator("xpath=self::*[@data-state]").wait_for()
            control = Control(figure, 0)
            seen = set()
            for key in control.keys_to_two_values():
                control.press(key)
                seen.add(figure.locator("figcaption").inner_text())
            assert len(seen) == 2, seen
            page.keyboard.press("Escape")
            assert not page.evaluate("document.activeElement.closest('figure')")
        found = violations(page, ".deck .slides > section.present", "serious")
        assert found == []
        page.keyboard.press("ArrowRight")
    assert watched.troubles == []
    assert watched.requests_to_others() == []


def test_a_key_in_a_figure_turns_no_slide(base_url, new_context):
    page = open_page(new_context(), base_url, "slides/gaussian.html#/1").page
    figure = present(page).locator("figure.explore")
    figure.locator("xpath=self::*[@data-state]").wait_for()
    slider = figure.locator("input[type=range]").first
    before = figure.get_attribute("data-state")
    slider.focus()
    for key in ("ArrowRight", "PageDown", "End"):
        page.keyboard.press(key)
    assert figure.get_attribute("data-state") != before
    assert page.evaluate("location.hash") == "#/1"
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**#/2")


def test_after_the_mouse_the_next_key_turns_the_slide(base_url, new_context):
    page = open_page(new_context(), base_url, "slides/gaussian.html#/1").page
    figure = present(page).locator("figure.explore")
    figure.locator("xpath=self::*[@data-state]").wait_for()
    figure.locator("input[type=range]").first.click()
    page.wait_for_function("!document.activeElement.closest('figure')")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**#/2")


def test_the_speaker_sees_the_notes(base_url, new_context):
    context = new_context()
    watched = open_page(context, base_url, "slides/gaussian.html#/1")
    with context.expect_page() as opened:
        watched.page.keyboard.press("s")
    view = opened.value
    problems = []
    view.on("pageerror", lambda error: problems.append(error))
    expect(view.locator(".speaker-controls-notes .value")).to_contain_text(
        "A model sees 100 points"
    )
    for place, shown in (("current", "What is left"), ("upcoming", "The loop")):
        frame = view.frame_locator(f"#{place}-slide iframe")
        expect(frame.locator("section.present h2")).to_contain_text(shown)
    for frame in view.frames:
        frame.wait_for_load_state()
    assert problems == []
    assert watched.requests_to_others() == []
    assert watched.troubles == []


def test_a_deck_opens_from_disk(site, new_context, name):
    watched = open_page(new_context(), site.as_uri(), f"slides/{name}.html#/1")
    present(watched.page).locator("figure.explore[data-state], h2").first.wait_for()
    assert watched.troubles == []
    assert watched.requests_to_others() == []


# On a phone, without a script, and on paper --------------------------------------


@pytest.mark.parametrize("scheme", schemes("dark", "light"))
def test_on_a_phone_a_deck_is_a_page_to_scroll(base_url, new_context, name, scheme):
    context = new_context(390, color_scheme=scheme)
    watched = open_page(context, base_url, f"slides/{name}.html")
    page = watched.page
    assert sideways_overflow(page) == 0
    assert page.locator(".reveal").count() == 0
    for slide in slides_of(page).all():
        assert slide.is_visible()
    assert violations(page, least="serious") == []
    figure = page.locator("figure.explore").first
    figure.scroll_into_view_if_needed()
    figure.locator("xpath=self::*[@data-state]").wait_for()
    control, seen = Control(figure, 0), set()
    for key in control.keys_to_two_values():
        control.press(key)
        seen.add(figure.locator("figcaption").inner_text())
    assert len(seen) == 2, seen
    assert watched.troubles == []


def test_without_a_script_all_slides_can_be_read(base_url, new_context, name):
    context = new_context(java_script_enabled=False)
    page = open_page(context, base_url, f"slides/{name}.html").page
    for slide in slides_of(page).all():
        assert slide.is_visible()
        assert len(slide.inner_text()) > 10


@pytest.mark.parametrize("width", [1280, 390])
def test_on_paper_each_slide_is_a_sheet_and_nothing_is_cut(
    base_url, new_context, name, width
):
    page = open_page(new_context(width), base_url, f"slides/{name}.html#/1").page
    count = slides_of(page).count()
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == count
    page.set_viewport_size(SHEET)
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []


def test_a_deck_with_all_it_loads_is_light(base_url, new_context, name):
    watched = open_page(new_context(), base_url, f"slides/{name}.html")
    page = watched.page
    for _ in range(slides_of(page).count()):
        page.keyboard.press("ArrowRight")
        watched.rest()
    sizes = {
        url: len(gzip.compress(each.body(), mtime=0))
        for each in watched.responses
        for url in [each.url]
    }
    total = sum(sizes.values())
    assert total <= BUDGET_KB * 1000, f"{total / 1000:.0f} KB: {sizes}"
