"""Figures on the pages of the book: asleep until they are near, linked, framed."""

from __future__ import annotations

import re
from collections import defaultdict
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from controls import Control, awake
from watch import open_page

STRICT = "default-src 'self'; img-src 'self' data:"


def loaded(watched) -> set[str]:
    """The figures whose states have been asked for."""
    found = (re.search(r"_figures/(.*)\.js$", url) for url in watched.requests)
    return {match[1] for match in found if match}


def test_figures_sleep_until_they_are_near(base_url, new_context) -> None:
    watched = open_page(new_context(), base_url, "gaussian.html")
    assert loaded(watched) == {"gaussian-bell"}
    last = watched.page.locator("#gaussian-growth")
    assert last.get_attribute("data-state") is None
    awake(last)
    assert "gaussian-growth" in loaded(watched)
    assert watched.troubles == []


def test_an_address_wakes_its_figure_and_leads_to_it(base_url, new_context) -> None:
    path = "gaussian.html#gaussian-growth?power=0"
    watched = open_page(new_context(), base_url, path)
    figure = watched.page.locator("#gaussian-growth")
    figure.locator("xpath=self::*[@data-state='0']").wait_for()
    watched.page.wait_for_function(
        """() => {
            const box = document.getElementById("gaussian-growth")
                .getBoundingClientRect();
            return box.top < innerHeight && box.bottom > 0;
        }"""
    )
    assert watched.troubles == []


def test_an_address_that_names_no_figure_is_said_to(base_url, new_context) -> None:
    watched = open_page(new_context(), base_url, "gaussian.html#old-name?power=0")
    said = watched.page.locator(".explore-missing").inner_text()
    assert "“old-name”" in said
    watched = open_page(new_context(), base_url, "gaussian.html#the-loop")
    assert watched.page.locator(".explore-missing").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_words_move_the_figure_that_they_speak_of(base_url, new_context, width) -> None:
    watched = open_page(new_context(width=width), base_url, "gaussian.html")
    page = watched.page
    figure = page.locator("#gaussian-mixing")
    link = page.get_by_role("link", name="1 % of 1000 points")
    link.scroll_into_view_if_needed()
    link.click()
    figure.locator("xpath=self::*[@data-state='1 0 2']").wait_for()
    caption = figure.locator("figcaption").inner_text()
    assert caption.startswith("1000 points a generation, 10 of them real")
    query = "real_fraction=0.01&diet=fresh&sample_size=1000"
    assert page.evaluate("location.hash") == f"#gaussian-mixing?{query}"
    page.get_by_role("link", name="always the same ten").click()
    figure.locator("xpath=self::*[@data-state='4 1 1']").wait_for()
    page.go_back()
    figure.locator("xpath=self::*[@data-state='1 0 2']").wait_for()
    assert watched.troubles == []


def test_every_link_to_a_state_leads_to_it(site, base_url, new_context) -> None:
    pages, addresses = set(), defaultdict(set)
    for path in sorted(site.glob("*.html")) + sorted(site.glob("appendix/*.html")):
        soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        here = path.relative_to(site).as_posix()
        for link in soup.select("a.explore-link"):
            target, _, address = urljoin(here, link["href"]).partition("#")
            addresses[target].add(f"#{address}")
            pages.add(here)
    assert len(pages) >= 8, "in each chapter"
    context = new_context()
    for target, wanted in addresses.items():
        watched = open_page(context, base_url, target)
        for address in sorted(wanted):
            watched.page.evaluate("address => { location.hash = address; }", address)
            figure = watched.page.locator(f"[id='{address[1:].partition('?')[0]}']")
            awake(figure)
            assert figure.locator(".explore-note").inner_text() == "", address
            assert watched.page.locator(".explore-missing").count() == 0
        assert watched.troubles == []
        watched.page.close()


def test_on_paper_the_link_stands_beside_the_words(base_url, new_context) -> None:
    page = open_page(new_context(), base_url, "gaussian.html").page
    page.emulate_media(media="print")
    printed = page.locator("a.explore-link").first.evaluate(
        "link => getComputedStyle(link, '::after').content"
    )
    assert "#gaussian-mixing?real_fraction=0.1" in printed


def test_the_menu_of_a_page_shows_code_and_copies_a_frame(
    base_url, new_context
) -> None:
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    watched = open_page(context, base_url, "gaussian.html")
    page = watched.page
    figure = awake(page.locator("#gaussian-bell"))
    Control(figure, 1).step(2)
    figure.locator("summary").click()
    figure.get_by_role("button", name="Copy HTML to embed").click()
    page.get_by_text("HTML copied.").wait_for()
    markup = page.evaluate("navigator.clipboard.readText()")
    frame = BeautifulSoup(markup, "html.parser").iframe
    assert frame["src"].startswith(
        f"{base_url}/embed/gaussian-bell.html#gaussian-bell?"
    )
    assert "real_fraction=0.1" in frame["src"]
    assert frame["title"]
    assert 300 < int(frame["height"]) < 900

    figure.locator("summary").click()
    figure.get_by_role("button", name="Show the code").click()
    focused = page.evaluate("document.activeElement.closest('details').open")
    assert focused
    assert page.get_by_text("def bell_curve_figure").is_visible()
    assert watched.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_in_a_frame_moves_and_tells_its_height(
    base_url, new_context, tmp_path, scheme
) -> None:
    """Under a strict policy, in a page of somebody else's."""
    context = new_context(color_scheme=scheme)
    context.route(
        f"{base_url}/embed/**",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={**answer.headers, "content-security-policy": STRICT},
        ),
    )
    source = f"{base_url}/embed/words-list.html#words-list?generation=50&history=3"
    page = context.new_page()
    troubles = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{base_url}/search.html")
    troubles.clear()
    page.evaluate(
        """source => {
            window.heights = [];
            addEventListener("message", ({ data }) => heights.push(data));
            document.body.innerHTML = "<iframe width=600 height=600></iframe>";
            document.querySelector("iframe").src = source;
        }""",
        source,
    )
    frame = page.frame_locator("iframe")
    figure = frame.locator("figure.explore")
    figure.locator("xpath=self::*[@data-state]").wait_for()
    assert figure.get_attribute("data-state") == "17 0 2"
    Control(figure, 0).press("Home")
    assert figure.get_attribute("data-state") == "0 0 2"
    told = page.evaluate("heights.at(-1)")
    assert told["type"] == "explore-height"
    assert 300 < told["height"] < 1000
    assert (
        frame.get_by_role("link")
        .get_attribute("href")
        .endswith("rare-words.html#words-list")
    )
    assert troubles == []


def test_a_framed_figure_works_from_disk(site, new_context) -> None:
    page = new_context().new_page()
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto((site / "embed" / "gaussian-walks.html").as_uri() + "#gaussian-walks")
    figure = page.locator("figure.explore")
    figure.locator("xpath=self::*[@data-state]").wait_for()
    before = figure.locator("figcaption").inner_text()
    Control(figure, 0).press("End")
    assert figure.locator("figcaption").inner_text() != before
    assert troubles == []


@pytest.mark.parametrize("name", ["lm-towers", "lm-reading"])
def test_what_a_model_writes_can_be_read_on_a_phone(base_url, new_context, name):
    watched = open_page(new_context(width=390), base_url, "language-model.html")
    figure = awake(watched.page.locator(f"#{name}"))
    sizes = figure.locator("svg.explore-picture").evaluate(
        """svg => [...svg.querySelectorAll("text")]
            .filter(text => getComputedStyle(text).fontFamily.includes("mono"))
            .map(text => parseFloat(getComputedStyle(text).fontSize)
                * text.getScreenCTM().a)"""
    )
    assert len(sizes) > 5
    assert min(sizes) >= 14
    assert watched.page.evaluate("document.body.scrollWidth") <= 390


NARROW = {
    "lm-reading": "two texts need the height; lm-measures has both courses, wide",
    "vae-errors": "seven small panels with the same scales, to be compared at a glance",
    "vae-plane": "a square plane, beside the images that its points become",
    "gallery-contour": "a square",
    "gallery-polar": "a circle",
    "gallery-scatter": "the scale of its colours",
    "gallery-mesh": "the scale of its colours",
}
PANELS = """async () => Promise.all(
    [...document.querySelectorAll("figure.explore")].map(async (figure) => {
        const source = figure.dataset.up + figure.dataset.figure;
        const script = await (await fetch(source)).text();
        let panels;
        new Function("showFigure", script)((_, data) => { panels = data.panels[0]; });
        const svg = figure.querySelector("svg.explore-picture");
        const scale = svg.getScreenCTM();
        const images = [...svg.querySelectorAll("image")].map((image) => {
            const box = image.getBoundingClientRect();
            const middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
            return new DOMPoint(...middle).matrixTransform(scale.inverse());
        });
        const shown = panels.filter(([, , , left, right, , , , bottom, top]) =>
            !images.some(({ x, y }) =>
                left < x && x < right && top < y && y < bottom));
        const widths = shown.map((panel) => scale.a * (panel[4] - panel[3]));
        return [figure.id, widths];
    }))"""


def test_panels_are_wide_on_a_phone(site, base_url, new_context) -> None:
    """Panels that would be small side by side stand in rows; images may be small."""
    context, found = new_context(width=390), {}
    for path in sorted(site.glob("*.html")) + sorted(site.glob("appendix/*.html")):
        if "data-figure" in path.read_text("utf-8"):
            here = path.relative_to(site).as_posix()
            page = open_page(context, base_url, here).page
            found |= dict(page.evaluate(PANELS))
            page.close()
    assert len(found) > 50
    narrow = {name: w for name, w in found.items() if min(w, default=200) < 200}
    assert narrow.keys() == NARROW.keys(), narrow


def test_folded_code_stands_under_its_figure(base_url, new_context) -> None:
    watched = open_page(new_context(), base_url, "gaussian.html")
    page = watched.page
    cell = page.locator("div.cell").filter(has=page.locator("#gaussian-bell"))
    kinds = cell.evaluate("cell => [...cell.children].map(each => each.localName)")
    assert kinds == ["div", *["details"] * 4]
    begun = cell.locator("pre").all_text_contents()
    firsts = [text.lstrip().split()[0] for text in begun]
    assert firsts == ["import", "runs", "SHRINKS", "def"]
    assert page.locator("div.cell").first.locator("figure.explore").count() == 1
