"""What a link shows on hover and focus, on the built pages (WCAG 1.4.13)."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import BrowserContext, Locator, Page, expect

from support.colours import contrast
from watch import open_page, violations

PAGE = "gaussian.html"
KINDS = {
    "term": "a[href='appendix/glossary.html#term-martingale']",
    "citation": "article a[href*='bibliography.html#']",
    "equation": "a.reference[href='#equation-chi-square']",
    "claim": "a[href='appendix/claims.html#claim-gaussian-total-variance']",
}
BOX = "[role=tooltip]"
HIDDEN_AFTER = 300
"""Milliseconds that the pointer has to reach the box."""

of_each_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def words(text: Tag | str) -> str:
    text = text if isinstance(text, str) else "".join(text.find_all(string=True))
    return " ".join(text.split())


def opened(context: BrowserContext, base_url: str, path: str = PAGE) -> Page:
    """A page that is whole: its texts are at its end."""
    page = open_page(context, base_url, path).page
    page.wait_for_load_state("load")
    return page


def text_there(thing: Tag) -> list[Tag]:
    """What a page says of a thing that a link leads to, if that is worth a box."""
    classes = thing.get("class", [])
    if thing.name == "dt":
        return thing.find_next_sibling("dd").find_all(recursive=False)
    if "citation" in classes or "claim" in classes:
        return thing.select(":scope > p:not(.rubric)")
    return thing.select(".formula") if "math" in classes else []


def wanted(site: Path, page: str) -> Iterator[tuple[str, str]]:
    """The links of a page that must have a text, with the text where they lead to."""
    for link in soup(site / page).select("article a.reference.internal"):
        address, _, identity = link["href"].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
        path = site / target if address else site / page
        thing = soup(path).find(id=identity) if identity else None
        if thing and (text := text_there(thing)):
            yield link["href"], words(" ".join(map(words, text)))


def expected(site: Path, link: Locator) -> str:
    return dict(wanted(site, PAGE))[link.get_attribute("href")]


def test_every_link_to_something_short_has_its_text_once(site: Path) -> None:
    kinds: Counter[str] = Counter()
    for path in sorted(site.rglob("*.html")):
        page = path.relative_to(site).as_posix()
        if page.startswith("_static"):
            continue
        there = {
            each["data-for"]: words(" ".join(words(part) for part in each.children))
            for template in soup(path).select("template.hover-texts")
            for each in template.find_all("div", recursive=False)
        }
        must = dict(wanted(site, page))
        assert there.keys() == must.keys(), page
        for address, text in must.items():
            assert there[address].split() == text.split(), f"{page}: {address}"
        kinds.update(address.partition("#")[2][:6] for address in must)
    assert {"term-m", "claim-", "equati", "id2"} <= kinds.keys()


# One box -------------------------------------------------------------------------


@pytest.fixture
def page(base_url: str, new_context: Callable[..., BrowserContext]) -> Page:
    return opened(new_context(), base_url)


def rest_on(link: Locator) -> None:
    """Put the pointer on a link, from elsewhere."""
    link.page.mouse.move(2, 2)
    link.scroll_into_view_if_needed()
    link.hover()


def focus(link: Locator) -> None:
    """Give a link the focus as a keyboard does, without the way to it."""
    link.page.keyboard.press("Shift")
    link.evaluate(
        """link => {
          link.scrollIntoView({ block: "center", behavior: "instant" });
          link.focus({ preventScroll: true });
        }"""
    )


def away(page: Page) -> None:
    page.mouse.move(2, 2)


def pause(page: Page) -> None:
    """Let pass what would hide a box."""
    page.wait_for_timeout(2 * HIDDEN_AFTER)


def assert_shows(page: Page, link: Locator, text: str) -> None:
    box = page.locator(BOX)
    expect(link).to_have_attribute("aria-describedby", "hover-text")
    expect(box).to_be_visible()
    assert box.get_attribute("id") == "hover-text"
    assert words(box.text_content()) == text
    assert box.locator("a, button, [tabindex]").count() == 0
    doubled = page.evaluate(
        """() => {
          const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
          return ids.filter((id, place) => ids.indexOf(id) !== place);
        }"""
    )
    assert doubled == []


def assert_hidden(page: Page) -> None:
    expect(page.locator(BOX)).to_have_count(0)
    assert page.locator("[aria-describedby=hover-text]").count() == 0


@of_each_kind
def test_hover_shows_the_text_until_the_pointer_leaves(
    kind: str, page: Page, site: Path
) -> None:
    link = page.locator(KINDS[kind]).first
    rest_on(link)
    assert_shows(page, link, expected(site, link))
    assert not link.get_attribute("title"), "the browser shows a box of its own"
    pause(page)
    assert_shows(page, link, expected(site, link))
    away(page)
    assert_hidden(page)


@of_each_kind
def test_focus_by_keyboard_shows_the_text_until_it_moves_on(
    kind: str, page: Page, site: Path
) -> None:
    link = page.locator(KINDS[kind]).first
    focus(link)
    assert_shows(page, link, expected(site, link))
    pause(page)
    assert_shows(page, link, expected(site, link))
    focus(page.locator("nav.bd-links a").first)
    assert_hidden(page)


@of_each_kind
def test_pointer_can_go_onto_the_box(kind: str, page: Page, site: Path) -> None:
    # The middle of a link that is broken over two lines lies beside it.
    is_whole = "links => links.findIndex(link => link.getClientRects().length === 1)"
    links = page.locator(KINDS[kind])
    link = links.nth(links.evaluate_all(is_whole))
    rest_on(link)
    box = page.locator(BOX)
    expect(box).to_be_visible()
    start, place = link.bounding_box(), box.bounding_box()
    x = min(start["x"] + start["width"] / 2, place["x"] + place["width"] - 4)
    height = 1 if place["y"] > start["y"] else -1
    middle = place["y"] + place["height"] / 2
    y = start["y"] + start["height"] / 2
    while (middle - y) * height > 0:  # slower than the delay would allow
        page.mouse.move(x, y)
        page.wait_for_timeout(60)
        y += 2 * height
    pause(page)
    assert_shows(page, link, expected(site, link))
    away(page)
    assert_hidden(page)


@of_each_kind
def test_escape_closes_the_box_and_moves_neither_pointer_nor_focus(
    kind: str, page: Page
) -> None:
    link = page.locator(KINDS[kind]).first
    focus(link)
    expect(page.locator(BOX)).to_be_visible()
    page.keyboard.press("Escape")
    assert_hidden(page)
    assert link.evaluate("link => link === document.activeElement")

    link.evaluate("link => link.blur()")
    rest_on(link)
    expect(page.locator(BOX)).to_be_visible()
    place = page.evaluate("scrollY")
    page.keyboard.press("Escape")
    assert_hidden(page)
    assert link.evaluate("link => link.matches(':hover')")
    assert page.evaluate("scrollY") == place
    pause(page)
    assert_hidden(page)


def test_escape_closes_before_the_box_is_there(page: Page) -> None:
    rest_on(page.locator(KINDS["term"]))
    page.keyboard.press("Escape")
    pause(page)
    assert_hidden(page)


def test_newest_of_pointer_and_focus_is_shown(page: Page, site: Path) -> None:
    term, claim = page.locator(KINDS["term"]), page.locator(KINDS["claim"])
    rest_on(term)
    assert_shows(page, term, expected(site, term))
    focus(claim)
    assert_shows(page, claim, expected(site, claim))
    assert not term.get_attribute("aria-describedby")
    rest_on(term)
    assert_shows(page, term, expected(site, term))
    away(page)
    assert_shows(page, claim, expected(site, claim))


# Where it is ---------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("letters", ["100%", "200%"])
@pytest.mark.parametrize("path", [PAGE, "vae.html", "appendix/claims.html"])
def test_every_box_lies_in_a_narrow_window_beside_its_link(
    path: str,
    letters: str,
    direction: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    page = opened(new_context(390), base_url, path)
    page.evaluate(
        """([direction, letters]) => {
          document.documentElement.dir = direction;
          document.documentElement.style.fontSize = letters;
          document.documentElement.style.scrollBehavior = "auto";
        }""",
        [direction, letters],
    )
    page.keyboard.press("Shift")
    wrong = page.evaluate(
        """() => {
          const known = [...document.querySelector("template.hover-texts")
            .content.children].map(each => each.dataset.for);
          const wrong = [];
          for (const link of document.querySelectorAll("article a.reference")) {
            if (!known.includes(link.getAttribute("href"))) continue;
            if (!link.checkVisibility({ visibilityProperty: true })) continue;
            for (const block of ["start", "center", "end"]) {
              link.scrollIntoView({ block });
              link.blur();
              link.focus({ preventScroll: true });
              const box = document.querySelector("[role=tooltip]");
              const place = box.getBoundingClientRect();
              const line = link.getClientRects()[0];
              const inside = place.left >= 0 && place.right <= innerWidth &&
                place.top >= 0 && place.bottom <= innerHeight;
              const beside = place.top >= line.bottom - 1 ||
                place.bottom <= line.top + 1;
              const near = Math.min(Math.abs(place.top - line.bottom),
                Math.abs(place.bottom - line.top)) <= 1;
              const seen = box.firstChild.clientHeight > 16;
              if (!(inside && beside && near && seen)) {
                wrong.push([link.textContent, block, JSON.stringify(place)]);
              }
            }
          }
          return wrong;
        }"""
    )
    assert wrong == []
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_box_comes_along_when_focus_scrolls_the_page(page: Page) -> None:
    link = page.locator("article a[href*='glossary.html#']").last
    page.keyboard.press("Shift")
    assert link.bounding_box()["y"] > 2000
    link.evaluate("link => link.focus()")
    page.wait_for_function(
        """() => {
          const place = document.querySelector("[role=tooltip]")
            .getBoundingClientRect();
          const line = document.activeElement.getBoundingClientRect();
          return place.top >= 0 && place.bottom <= innerHeight && (
            Math.abs(place.top - line.bottom) <= 1 ||
            Math.abs(place.bottom - line.top) <= 1);
        }""",
        timeout=60_000,  # a long way, perhaps smooth, on a busy machine
    )


def test_box_of_a_broken_link_is_at_the_line_of_the_pointer(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = opened(new_context(390), base_url)
    link = page.locator(KINDS["term"])
    link.evaluate("link => { link.textContent = 'martingale '.repeat(12); }")
    link.scroll_into_view_if_needed()
    lines = link.evaluate("link => [...link.getClientRects()].map(r => r.toJSON())")
    assert len(lines) > 2
    page.mouse.move(lines[1]["left"] + 5, lines[1]["top"] + 5)
    expect(page.locator(BOX)).to_be_visible()
    place = page.locator(BOX).bounding_box()
    below, above = place["y"], place["y"] + place["height"]
    gap = min(abs(below - lines[1]["bottom"]), abs(above - lines[1]["top"]))
    assert gap <= 1


# Who else reads ------------------------------------------------------------------


@of_each_kind
def test_works_from_disk(
    kind: str, site: Path, new_context: Callable[..., BrowserContext]
) -> None:
    watched = open_page(new_context(), site.as_uri(), PAGE)
    before = len(watched.requests)
    link = watched.page.locator(KINDS[kind]).first
    rest_on(link)
    assert_shows(watched.page, link, expected(site, link))
    # On the way to the link figures wake; nothing else is asked for.
    others = re.compile(r"favicon|/_figures/")
    assert [url for url in watched.requests[before:] if not others.search(url)] == []
    assert watched.troubles == []


def test_works_where_only_the_books_own_files_may_run(
    site: Path, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context()

    def with_policy(route) -> None:
        answer = route.fetch()
        policy = "default-src 'self' data:; script-src 'self'; style-src 'self'"
        headers = {**answer.headers, "content-security-policy": policy}
        route.fulfill(response=answer, headers=headers)

    context.route("**/*.html", with_policy)
    page = opened(context, base_url)
    page.evaluate(
        """() => {
          window.refused = [];
          addEventListener("securitypolicyviolation",
            event => refused.push(event.violatedDirective + event.sourceFile));
        }"""
    )
    for selector in KINDS.values():
        link = page.locator(selector).first
        rest_on(link)
        assert_shows(page, link, expected(site, link))
    assert not any("hover_texts" in each for each in page.evaluate("window.refused"))


def test_touch_follows_the_link_and_shows_nothing(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = opened(new_context(390, has_touch=True), base_url)
    page.locator(KINDS["equation"]).first.tap()
    page.wait_for_url("**#equation-chi-square")
    pause(page)
    assert_hidden(page)
    page.locator(KINDS["term"]).tap()
    page.wait_for_url("**/appendix/glossary.html#term-martingale")


def test_click_follows_the_link_and_leaves_no_box(page: Page) -> None:
    link = page.locator(KINDS["equation"]).first
    rest_on(link)
    expect(page.locator(BOX)).to_be_visible()
    link.click()
    page.wait_for_url("**#equation-chi-square")
    assert_hidden(page)


def test_links_of_the_frame_and_of_headings_show_nothing(page: Page) -> None:
    page.locator("#equation-chi-square").hover()
    page.locator("#equation-chi-square a.headerlink").hover()
    pause(page)
    assert_hidden(page)
    page.locator("nav.bd-links a").last.hover()
    pause(page)
    assert_hidden(page)


def test_paper_shows_no_box(page: Page) -> None:
    focus(page.locator(KINDS["term"]))
    expect(page.locator(BOX)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(BOX)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@of_each_kind
def test_box_can_be_read_in_every_colour(
    kind: str,
    scheme: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    page = opened(new_context(color_scheme=scheme), base_url)
    focus(page.locator(KINDS[kind]).first)
    expect(page.locator(BOX)).to_be_visible()
    assert violations(page, BOX) == []
    # axe says of most boxes that it cannot tell: they lie over other things.
    ink, ground = page.locator(f"{BOX} > div").evaluate(
        """card => ["color", "backgroundColor"]
          .map(name => getComputedStyle(card)[name])
          .map(colour => colour.match(/[\\d.]+/g).map(part => part / 255))"""
    )
    assert len(ground) == 3, "the ground is transparent"
    assert contrast(ink, ground) >= 7


def test_box_has_an_edge_with_forced_colours(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = opened(new_context(forced_colors="active"), base_url)
    focus(page.locator(KINDS["term"]))
    edge, ground = page.locator(f"{BOX} > div").evaluate(
        """card => [getComputedStyle(card).borderTopColor,
                    getComputedStyle(card).backgroundColor]"""
    )
    assert edge != ground
