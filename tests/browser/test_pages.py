"""Every page, at desktop and phone width, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import BrowserContext, expect

import collapse
from controls import awake
from watch import CHAPTERS, open_page, violations

pytestmark = pytest.mark.pages
PAGES = [*CHAPTERS, "search.html", "genindex.html", "versions.html"]


def screens() -> Iterator[tuple[str, int, str]]:
    """Each page wide and narrow, light and dark; a chapter in each pair of these.

    What surrounds the article is the same on all pages.
    """
    yield from ((path, 1280, "light") for path in PAGES)
    yield from ((path, 390, "dark") for path in PAGES)
    yield "gaussian.html", 1280, "dark"
    yield "gaussian.html", 390, "light"


@pytest.mark.parametrize(("path", "width", "scheme"), [*screens()])
def test_page_is_whole_quiet_and_accessible(
    path: str,
    width: int,
    scheme: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    watched = open_page(new_context(width, color_scheme=scheme), base_url, path)
    page = watched.page

    assert page.locator("html").get_attribute("data-theme") == scheme
    assert watched.troubles == []
    assert watched.requests_to_others() == []
    assert sideways_overflow(page) == 0, "the page scrolls sideways"
    assert page.locator("article img:not([alt]), article img[alt='']").count() == 0
    page.keyboard.press("Tab")  # who uses a keyboard finds what scrolls sideways
    unread = page.locator(
        "article svg[role=img]:not([aria-label]):not([aria-labelledby])"
    )
    assert unread.count() == 0
    assert violations(page, least="serious") == []


@pytest.mark.parametrize("path", CHAPTERS)
def test_large_letters_fit_on_a_narrow_screen(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    """WCAG 1.4.4 and 1.4.10: letters of twice the size, 320 pixels."""
    page = open_page(new_context(320), base_url, path).page
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert sideways_overflow(page) == 0, "the page scrolls sideways"
    header, title = (
        page.locator(each).first.bounding_box()
        for each in (".bd-header-article", "article h1")
    )
    assert header["y"] + header["height"] <= title["y"] + 1
    for button in page.locator(".article-header-buttons > *").all():
        if button.is_visible():
            place = button.bounding_box()
            assert place["x"] + place["width"] <= 320
            assert place["y"] + place["height"] <= header["y"] + header["height"] + 1


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_screen_says_what_happens_and_plays_it(
    width: int, height: int, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(width), base_url, "index.html").page
    page.set_viewport_size({"width": width, "height": height})
    figure = awake(page.locator("figure.explore").first)
    page.evaluate("scrollTo(0, 0)")
    seen = {
        "the title": page.locator("article h1", has_text="Model collapse"),
        "the finding": page.locator("article p", has_text="topics become"),
        "the way on": page.get_by_role("link", name="Start with a bell curve"),
        "the button": figure.get_by_role("button", name="Play: Generation"),
        "the sliders": figure.locator("[data-control=slider]").last,
    }
    ends = {name: part.bounding_box() for name, part in seen.items()}
    below = {
        name: box["y"] + box["height"] - height
        for name, box in ends.items()
        if box["y"] + box["height"] > height
    }
    assert not below, f"pixels below the first screen: {below}"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", CHAPTERS)
def test_plots_span_the_text_and_pages_of_text_begin_where_it_begins(
    path: str, width: int, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(width), base_url, path).page
    pictures = page.evaluate(
        """() => [...document.querySelectorAll("figure .explore-picture")].map(
          (picture) => [picture.getAttribute("width"),
            ...[picture, picture.closest("figure")].flatMap((node) => {
              const { left, right } = node.getBoundingClientRect();
              return [left, right];
            })])"""
    )
    for natural, begin, end, left, right in pictures:
        assert begin == pytest.approx(left, abs=1)
        if natural == "450":
            assert end <= right + 1
        else:
            assert end == pytest.approx(right, abs=1)


@pytest.mark.parametrize("path", CHAPTERS)
def test_no_formula_is_cut_on_a_phone(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(390), base_url, path).page
    cut = page.locator("div.math > .formula").evaluate_all(
        "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1)"
        ".map((one) => one.parentElement.id)"
    )
    assert cut == []


def sideways_overflow(page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("path", CHAPTERS)
def test_no_column_of_words_is_out_of_sight_on_a_phone(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(390), base_url, path).page
    page.evaluate("document.documentElement.dataset.whole = ''")
    cut = page.eval_on_selector_all(
        "article table.stacked",
        """tables => tables
             .filter(each => each.parentElement.scrollWidth
                             > each.parentElement.clientWidth)
             .map(each => each.innerText.slice(0, 80))""",
    )
    assert cut == []


@pytest.mark.parametrize("path", CHAPTERS)
def test_page_is_drawn_alike_when_opened_from_disk(
    path: str, site: Path, new_context: Callable[..., BrowserContext]
) -> None:
    watched = open_page(new_context(), site.as_uri(), path)

    assert watched.troubles == []
    assert watched.requests_to_others() == []
    assert watched.page.locator("article h1").is_visible()
    fonts = watched.page.evaluate(
        "document.fonts.ready.then(fonts =>"
        " [...fonts].filter(font => font.status === 'error').length)"
    )
    assert fonts == 0


@pytest.mark.parametrize("path", CHAPTERS)
def test_page_can_be_read_without_javascript(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    watched = open_page(new_context(java_script_enabled=False), base_url, path)
    page = watched.page

    assert watched.troubles == []
    article = page.locator("article.bd-article")
    assert len(article.inner_text()) > 200
    # The theme's colours are there without the script that chooses between them.
    assert page.locator("html").get_attribute("data-theme") == "light"
    for figure in page.locator("figure.explore").all():
        assert figure.locator("svg.explore-picture").is_visible()
        assert figure.locator("figcaption").inner_text().strip()
        # Controls that cannot do anything are not shown.
        assert not figure.locator("input[type=range]").first.is_visible()
    for formula in page.locator("mjx-container").all()[:20]:
        assert formula.bounding_box()["width"] > 0


def test_formulas_are_drawn_with_their_own_fonts(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page

    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror").count() == 0
    # A character that no rule of math.css names would have no width.
    invisible = page.evaluate(
        """[...document.querySelectorAll("mjx-math mjx-c")]
          .filter(c => getComputedStyle(c, "::before").content === "none")
          .map(c => c.className)"""
    )
    assert invisible == []
    families = page.evaluate(
        """[...document.querySelectorAll("mjx-math mjx-c")].map(c =>
          getComputedStyle(c).fontFamily.split(",").map(name => name.trim()))"""
    )
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    )
    without = [names for names in families if not set(names) & set(loaded)]
    assert without == []


def test_icons_are_drawn(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page

    blank = page.evaluate(
        """[...document.querySelectorAll(".fas, .far, .fab, .fa-solid, .fa-brands")]
          .filter(icon => getComputedStyle(icon, "::before").content === "none")
          .map(icon => icon.className)"""
    )
    assert blank == []


def test_reader_can_switch_to_the_dark_and_it_stays(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context(color_scheme="light")
    page = open_page(context, base_url, "index.html").page
    switch = page.locator("button.theme-switch-button").first
    for _ in range(3):
        if page.locator("html").get_attribute("data-mode") == "dark":
            break
        switch.click()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    page = open_page(context, base_url, "gaussian.html").page
    assert page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_has_the_focus_has_a_ring(
    scheme: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(color_scheme=scheme), base_url, "gaussian.html").page
    reached, without = 0, []
    for _ in range(40):
        page.keyboard.press("Tab")
        name, is_button, ring = page.evaluate(
            """() => {
              const on = document.activeElement, style = getComputedStyle(on);
              const width = parseFloat(style.outlineWidth);
              const line = style.outlineStyle !== "none" && width > 0;
              return [
                on.ariaLabel || on.textContent.trim(),
                on.matches(".article-header-buttons button"),
                line || / [1-9]\\d*px/.test(style.boxShadow),
              ];
            }"""
        )
        reached += is_button
        without += [] if ring else [name]
    assert reached >= 5
    assert without == []


def test_the_search_field_gives_the_focus_back(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "rare-words.html").page
    slider = page.locator("#words-list input[type=range]").first
    awake(page.locator("#words-list"))
    slider.focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input:visible")).to_be_focused()
    page.keyboard.press("Escape")
    expect(slider).to_be_focused()


def test_search_finds_the_chapter(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    watched = open_page(new_context(), base_url, "search.html?q=variance")

    watched.page.locator("ul.search li a").first.wait_for()
    assert "gaussian.html" in watched.page.locator("ul.search").inner_html()
    assert watched.troubles == []


def test_launch_button_opens_the_chapter_on_binder(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page

    links = page.locator("a[href*='mybinder']").evaluate_all(
        "all => all.map(a => a.href)"
    )
    assert links == [
        "https://mybinder.org/v2/gh/model-collapse/textbook/main"
        "?urlpath=lab/tree/notebooks/gaussian.ipynb"
    ]


def text_of(path: str, site: Path) -> str:
    article = BeautifulSoup((site / path).read_text("utf-8"), "html.parser").article
    for code in article.select("pre, svg, .math, script, style"):
        code.decompose()
    return " ".join(article.get_text(" ").split())


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_link_reads_as_a_part_of_its_sentence(path: str, site: Path) -> None:
    """A title that begins with an article, put into a sentence, gives a second one."""
    doubled = r"\b(?:an?|the|its|this|each)\s+(?:an?|the)\s+\w+"
    assert re.findall(doubled, text_of(path, site), re.IGNORECASE) == []


# On paper ------------------------------------------------------------------------

BRIGHTNESS = """
const bright = color => {
  const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
  const solid = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return a === 0 ? null : a * solid + (1 - a) * 255;  // on white paper
};
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["gaussian.html", "appendix/claims.html"])
def test_words_on_paper_are_dark_on_white(
    path: str,
    scheme: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    """With printed grounds and without: all words dark, all grounds bright."""
    page = open_page(new_context(color_scheme=scheme), base_url, path).page
    page.emulate_media(media="print")
    pale = page.evaluate(
        "() => {"
        + BRIGHTNESS
        + """
          const words = new Set();
          const walker = document.createTreeWalker(
            document.querySelector("article"), NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            const shown = element.checkVisibility({ visibilityProperty: true });
            if (!walker.currentNode.data.trim() || !shown) continue;
            if (element.closest("svg")) continue;  // its hues are its own
            const style = getComputedStyle(element);
            if (bright(style.color) > 130) words.add(element.outerHTML.slice(0, 120));
          }
          return [...words];
        }"""
    )
    assert pale == []
    dark = page.evaluate(
        "() => {"
        + BRIGHTNESS
        + """
          return [document.documentElement, document.body,
                  ...document.querySelectorAll("article, article *:not(svg *)")]
            .filter(e => e.checkVisibility())
            .filter(e => (bright(getComputedStyle(e).backgroundColor) ?? 255) < 200)
            .map(e => e.outerHTML.slice(0, 120));
        }"""
    )
    assert dark == []
    figure = page.evaluate(
        "() => {"
        + BRIGHTNESS
        + """
          const text = document.querySelector("article figure.explore svg text, " +
            "article figure.explore svg use, article p");
          return bright(getComputedStyle(text).color);
        }"""
    )
    assert figure < 130


def test_a_printed_chapter_names_its_number_licence_version_and_address(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page
    assert not page.locator(".colophon").is_visible()
    page.emulate_media(media="print")
    said = page.locator(".colophon").inner_text()
    for part in ("Chapter 1 of", "CC BY 4.0", "MIT", collapse.__version__):
        assert part in said
    assert f"{base_url}/gaussian.html" in said
    title = page.locator("article h1").first
    assert title.is_visible()
    assert title.inner_text().startswith("1")


def test_solutions_are_printed_folded_or_with_the_button_open(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page
    page.evaluate(
        """() => {
          window.printed = [];
          window.print = () => window.printed.push(
            document.querySelectorAll(".solution.toggle-hidden").length);
        }"""
    )
    solutions = page.locator(".solution").count()
    folded = page.locator(".solution.toggle-hidden")
    assert folded.count() == solutions > 2
    page.locator(".solution .toggle-button").first.click()

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert folded.count() == solutions - 1, "printing opened what was folded"
    page.emulate_media(media="screen")

    page.locator("button[aria-label='Download this page']").click()
    page.get_by_text(".pdf with solutions").click()
    assert page.evaluate("window.printed") == [0]
    assert folded.count() == solutions - 1, "what the reader had open is closed"


def test_no_box_of_code_is_longer_than_a_sheet_or_broken_in_two(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    for path in CHAPTERS:
        context = new_context()
        page = open_page(context, base_url, path).page
        page.emulate_media(media="print")
        boxes = page.evaluate(
            """[...document.querySelectorAll("article div.highlight")]
              .filter(box => box.checkVisibility())
              .map(box => [box.getBoundingClientRect().height,
                           getComputedStyle(box).breakInside])"""
        )
        context.close()
        # A4 without margins of 10 mm is 277 mm high, at 96 pixels an inch.
        assert [box for box in boxes if box[0] > 277 / 25.4 * 96] == [], path
        assert {box[1] for box in boxes} <= {"avoid"}, path
