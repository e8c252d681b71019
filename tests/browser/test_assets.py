"""What stands before the first paint, and that nothing looks otherwise for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from support.whole_styles import whole_styles
from test_pages import PAGES
from watch import open_page

pytestmark = pytest.mark.pages
MOST_BLOCKING = 1
"""Requests that must be answered before a page is painted, besides the page itself."""
MOST_LEAP = 0.1
"""Cumulative layout shift; up to here the Web Vitals call a page good."""

LEAPS = """
window.leap = 0;
new PerformanceObserver(list => {
  for (const each of list.getEntries()) window.leap += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""

STYLES = """
() => {
  const still = document.createElement("style");
  still.textContent =
    "*, ::before, ::after { transition: none !important; animation: none !important }";
  document.head.append(still);
  const elements = [...document.querySelectorAll("html, body, body :not(svg *)")]
    .filter(each => !/^(script|style|link)$/i.test(each.tagName));
  const texts = new Map();  // the names and values of all properties -> a number
  const names = [...getComputedStyle(document.body)].filter(p => !p.startsWith("--"));
  const numbered = style => {
    const text = names.map(p => `${p}: ${style.getPropertyValue(p)}`).join("; ");
    if (!texts.has(text)) texts.set(text, texts.size);
    return texts.get(text);
  };
  const part = (each, name) => {
    const style = getComputedStyle(each, name);
    return name && style.content === "none" ? -1 : numbered(style);
  };
  const text = number => number < 0 ? [] : [...texts.keys()][number].split("; ");
  window.allStyles = () =>
    elements.map(each => ["", "::before", "::after"].map(name => part(each, name)));
  window.differences = (before, after) => elements.flatMap((each, i) =>
    [0, 1, 2].filter(k => before[i][k] !== after[i][k]).map(k => {
      const was = text(before[i][k]);
      const others = text(after[i][k]).filter(line => !was.includes(line));
      return `${each.outerHTML.slice(0, 120)} ${k}: ${others.slice(0, 5).join("; ")}`;
    }));
}
"""

SWITCH = """
whole => {
  const joined = document.querySelector("link[rel=stylesheet][href*='joined.css']");
  const there = document.getElementById("whole");
  if (there) {
    there.sheet.disabled = !whole;
    joined.sheet.disabled = whole;
    return;
  }
  return new Promise((done, failed) => {
    const link = document.createElement("link");
    Object.assign(link, { id: "whole", rel: "stylesheet", onerror: failed });
    link.href = joined.href.replace("joined", "whole");
    link.onload = () => {
      joined.sheet.disabled = true;
      document.body.getBoundingClientRect();
      document.fonts.ready.then(done);
    };
    joined.after(link);
  });
}
"""


@pytest.mark.parametrize("path", PAGES)
def test_one_style_sheet_stands_before_the_first_paint(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, path).page
    blocking = page.evaluate(
        # A script at the very end blocks nothing, but is said to where it comes early.
        """[...document.head.querySelectorAll("link[rel=stylesheet], script[src]")]
             .map(each => each.href || each.src)
             .filter(name => performance.getEntriesByName(name).some(
               each => each.renderBlockingStatus === "blocking"))"""
    )
    assert len(blocking) <= MOST_BLOCKING, blocking
    assert page.locator("head script[src]:not([defer])").count() == 0


@pytest.mark.parametrize(
    ("path", "width"),
    [*((path, 390) for path in PAGES), ("appendix/how-much.html", 1280)],
)
def test_no_page_leaps_when_its_scripts_come_late(
    path: str, width: int, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context(width)
    context.add_init_script(LEAPS)
    context.route("**/*.js*", lambda route: (time.sleep(0.2), route.continue_()))
    page = open_page(context, base_url, path).page
    assert page.evaluate("window.leap") < MOST_LEAP


@pytest.fixture(scope="module")
def whole(root: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The rules of all style sheets, used or not."""
    return whole_styles(root, site, tmp_path_factory.mktemp("one-page") / "book")


def open_what_opens(page: Page) -> None:
    """Show what is seen only after a click: menus, solutions, the search, a sidebar."""
    page.evaluate(
        """() => {
          for (const each of document.querySelectorAll(
            "details:not([open]) > summary, .toggle-button, .search-button__button,"
            + " .primary-toggle"
          )) each.click();
          document.querySelector("[data-bs-toggle=dropdown]").click();
          document.querySelector("[data-bs-toggle=tooltip]")
            .dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        }"""
    )
    page.wait_for_timeout(1000)
    page.evaluate("document.activeElement.blur()")
    assert page.locator(".dropdown-menu.show").count() == 1


@pytest.mark.parametrize(
    ("path", "width", "scheme"),
    [("rare-words.html", 390, "dark"), ("appendix/glossary.html", 1280, "light")],
)
def test_all_elements_look_as_with_all_rules(
    path: str,
    width: int,
    scheme: str,
    whole: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    context = new_context(width, color_scheme=scheme)
    context.route(
        "**/_static/whole.css*",
        lambda route: route.fulfill(body=whole, content_type="text/css"),
    )
    page = open_page(context, base_url, path).page
    page.evaluate("document.documentElement.dataset.whole = ''")
    page.evaluate(STYLES)
    open_what_opens(page)
    for medium in ("screen", "print"):
        page.emulate_media(media=medium)
        assert different_with_all_rules(page) == []


def different_with_all_rules(page: Page) -> list[str]:
    """The elements that look otherwise with the other style sheet, and how."""
    joined = page.evaluate("window.allStyles()")
    assert len(joined) > 200
    page.evaluate(SWITCH, True)
    whole = page.evaluate("window.allStyles()")
    page.evaluate(SWITCH, False)
    return page.evaluate("([a, b]) => window.differences(a, b)", [joined, whole])


# Far from the screen -------------------------------------------------------------

HIDDEN = """\
[...document.querySelectorAll("article section, article .claim")].filter(part =>
  getComputedStyle(part).contentVisibility === "auto"
  && !part.firstElementChild.checkVisibility({ contentVisibilityAuto: true })).length\
"""
LONG = ["gaussian.html", "appendix/claims.html", "appendix/derivations.html"]


def test_what_is_far_is_not_laid_out_until_it_is_near(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    for path in LONG:
        context = new_context()
        context.add_init_script(
            f"addEventListener('load', () => requestAnimationFrame(() =>"
            f" setTimeout(() => window.hiddenAtFirst = {HIDDEN})))"
        )
        page = open_page(context, base_url, path).page
        page.wait_for_function("hiddenAtFirst >= 4")
        last = "[...document.querySelectorAll('article > section > * p')].at(-1)"
        page.evaluate(f"{last}.scrollIntoView({{ behavior: 'instant' }})")
        seen = f"{last}.checkVisibility({{ contentVisibilityAuto: true }})"
        page.wait_for_function(seen)
        page.wait_for_function(f"{HIDDEN} === 0")  # for whoever stays


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", LONG)
def test_a_link_leads_to_its_part(
    path: str, width: int, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    """Whether it is followed on the page or the page is opened there."""
    parts = "[...document.querySelectorAll('article > section > section')]"
    page = open_page(new_context(width), base_url, path).page
    name = page.evaluate(f"{parts}.at(-2).id")
    top = "id => document.getElementById(id).getBoundingClientRect().top"
    for begin in ("there", "above"):
        if begin == "above":
            page = open_page(new_context(width), base_url, path).page
            page.evaluate(
                "id => document.querySelector(`a[href='#${id}']`).click()", name
            )
        else:
            page = open_page(new_context(width), base_url, f"{path}#{name}").page
        near = f"id => -20 <= ({top})(id) && ({top})(id) < 200"
        page.wait_for_function(near, arg=name)
        page.wait_for_timeout(1000)  # the way there may be smooth, and must end there
        found = page.evaluate(top, name)
        assert -20 <= found < 200, f"{begin}: {found}"


def test_words_far_away_are_found(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page
    page.evaluate("getSelection().setPosition(document.querySelector('article h1'), 0)")
    assert page.evaluate("window.find('Their count decides')")
    page.wait_for_function(
        """() => {
          const { top } = getSelection().getRangeAt(0).getBoundingClientRect();
          return 0 <= top && top < innerHeight;
        }"""
    )


def test_paper_holds_all_of_a_page(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(), base_url, "appendix/derivations.html").page
    page.emulate_media(media="print")
    assert page.evaluate(HIDDEN) == 0
    assert page.evaluate(
        """[...document.querySelectorAll("article section")]
             .every(part => getComputedStyle(part).contentVisibility === "visible")"""
    )


def test_the_first_tab_finds_what_scrolls_sideways(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = open_page(new_context(390), base_url, "gaussian.html").page
    wide = page.locator("article [role=region][tabindex='0']")
    assert wide.count() == 0
    page.keyboard.press("Tab")
    assert wide.count() > 3
    assert "scrolls sideways" in wide.first.get_attribute("aria-label")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_timeout(300)
    assert page.locator("article .formula[role=region]").count() == 0
