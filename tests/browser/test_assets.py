"""What stands before the first paint, and that nothing looks otherwise for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from support.whole_styles import whole_styles
from test_pages import PAGES
from watch import open_page

MOST_BLOCKING = 1
"""Requests that must be answered before a page is painted, besides the page itself."""

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
    link.onload = () => { joined.sheet.disabled = true; done(); };
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
        """performance.getEntriesByType("resource")
             .filter(each => each.renderBlockingStatus === "blocking")
             .map(each => each.name)"""
    )
    assert len(blocking) <= MOST_BLOCKING, blocking
    assert page.locator("head script[src]").count() == 0


@pytest.fixture(scope="module")
def whole(root: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The rules of all style sheets, used or not."""
    return whole_styles(root, site, tmp_path_factory.mktemp("one-page") / "book")


def open_what_opens(page: Page) -> None:
    """Show what is seen only after a click: menus, solutions, the search, a sidebar."""
    page.evaluate(
        """() => {
          for (const each of document.querySelectorAll(
            "details:not([open]) > summary, .toggle-button, [data-bs-toggle=dropdown],"
            + " .search-button__button, .primary-toggle, .copybtn"
          )) each.click();
          document.querySelector("[data-bs-toggle=tooltip]")
            .dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        }"""
    )
    page.wait_for_timeout(500)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "width"), [("rare-words.html", 390), ("appendix/glossary.html", 1280)]
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
