"""Every page, at desktop and phone width, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext
from sphinx_external_toc.parsing import parse_toc_yaml

from watch import open_page

ROOT = Path(__file__).parents[2]
CHAPTERS = [f"{name}.html" for name in sorted(parse_toc_yaml(ROOT / "_toc.yml"))]
PAGES = [*CHAPTERS, "search.html", "genindex.html"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PAGES)
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
    unread = page.locator(
        "article svg[role=img]:not([aria-label]):not([aria-labelledby])"
    )
    assert unread.count() == 0
    serious = [
        f"{finding['id']}: {node['html'][:200]} {node['failureSummary']}"
        for finding in Axe().run(page).response["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]
    assert serious == []


def sideways_overflow(page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


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
        "?urlpath=lab/tree/book/gaussian.md"
    ]
