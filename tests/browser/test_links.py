"""Every link inside the book leads somewhere; every id on a page is there once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup, NavigableString

from chapters import read_chapters


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, BeautifulSoup]:
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(site.rglob("*.html"))
        # What 404.html leads to is counted from the server: test_found_pages.py.
        if "_static" not in path.parts and path.name != "404.html"
    }


@pytest.fixture(scope="module")
def anchors(pages: dict[Path, BeautifulSoup]) -> dict[Path, set[str]]:
    return {
        path: {tag["id"] for tag in soup.select("[id]")} for path, soup in pages.items()
    }


def test_links_and_anchors_inside_the_book_resolve(
    pages: dict[Path, BeautifulSoup], anchors: dict[Path, set[str]]
) -> None:
    broken = []
    for path, soup in pages.items():
        for link in soup.select("[href], [src]"):
            address = link.get("href") or link.get("src")
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            file, anchor = urldefrag(address)
            file = file.split("?")[0]
            anchor = anchor.split("?")[0]  # the build checks what follows: a state
            target = (path.parent / unquote(file)).resolve() if file else path
            if not target.is_file():
                broken.append(f"{path.name}: {address} is no file")
            elif (
                anchor and target in anchors and unquote(anchor) not in anchors[target]
            ):
                broken.append(f"{path.name}: {address} has no such anchor")
    assert broken == []


def test_a_notebook_that_lies_alone_leads_to_the_site(
    pages: dict[Path, BeautifulSoup], anchors: dict[Path, set[str]], site: Path
) -> None:
    (canonical,) = pages[site / "index.html"].select("link[rel=canonical]")
    home = canonical["href"].removesuffix("index.html")
    followed = 0
    for folder in ("_sources", "_run"):
        for path in (site / folder).rglob("*.ipynb"):
            cells = nbformat.read(path, 4).cells
            text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
            for address in re.findall(r"\]\(([^)#\s][^)\s]*)\)", text):
                assert urlsplit(address).scheme, f"{path.name}: {address}"
                if not address.startswith(home):
                    continue
                file, anchor = urldefrag(address.removeprefix(home))
                target = site / (file or "index.html")
                assert target.is_file(), f"{path.name}: {address}"
                at = unquote(anchor.split("?")[0])
                assert not at or at in anchors[target], f"{path.name}: {address}"
                followed += 1
    assert followed > 100


def test_the_bibliography_calls_an_entry_as_the_text_does(
    pages: dict[Path, BeautifulSoup], site: Path
) -> None:
    entries = pages[site / "bibliography.html"].select(".citation")
    called = {
        entry["id"]: entry.select_one(".label").get_text().strip("[]")
        for entry in entries
    }
    assert len({*called.values()}) == len(called) > 40
    cited = [
        (link["href"].rpartition("#")[2], " ".join(link.get_text().split()))
        for soup in pages.values()
        for link in soup.select('article a.internal[href*="bibliography.html#"]')
    ]
    assert len(cited) > 100
    assert [(at, name) for at, name in cited if called[at] != name] == []


def test_launch_buttons_open_a_notebook_that_is_there(
    pages: dict[Path, BeautifulSoup], site: Path
) -> None:
    """Binder and the branch that Colab reads hold what the build wrote."""
    repository = "model-collapse/textbook"
    to_notebooks = (
        f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/notebooks/",
        f"https://colab.research.google.com/github/{repository}/blob/notebooks/",
    )
    codespace = f"https://codespaces.new/{repository}?quickstart=1"
    have = {}
    for path, soup in pages.items():
        name = path.relative_to(site).with_suffix("").as_posix()
        found = [a["href"] for a in soup.select(".dropdown-launch-buttons a")]
        if found:
            have[name] = soup.select_one('[href*="_run/"]')["href"]
            wanted = [f"{stem}{name}.ipynb" for stem in to_notebooks]
            assert found == [*wanted, codespace]
            assert (site / "_sources" / f"{name}.ipynb").is_file()
    chapters = {each.name for each in read_chapters(Path(__file__).parents[2])}
    assert have.keys() == chapters
    assert all(file.endswith(f"_run/{name}.ipynb") for name, file in have.items())


def test_no_formula_is_left_in_its_source(pages: dict[Path, BeautifulSoup]) -> None:
    """A line of a paragraph that begins with a plus makes a list of its formula."""
    left = {}
    for path, page in pages.items():
        shown = [
            text
            for text in page.find_all(string=re.compile(r"\$|\\[a-z]{2,}"))
            if not text.find_parent(
                ["script", "style", "pre", "code", "math", "textarea"]
            )
            and type(text) is NavigableString
        ]
        if shown:
            left[path.name] = shown
    assert not left


def test_ids_are_unique_on_each_page(pages: dict[Path, BeautifulSoup]) -> None:
    doubled = {
        path.name: [name for name, count in ids.items() if count > 1]
        for path, soup in pages.items()
        if (ids := Counter(tag["id"] for tag in soup.select("[id]")))
    }
    assert {page: names for page, names in doubled.items() if names} == {}


def test_pages_carry_no_widget_state_and_no_foreign_script(
    pages: dict[Path, BeautifulSoup],
) -> None:
    for path, soup in pages.items():
        html = str(soup)
        for unwanted in (
            "widget-state+json",
            "require.min.js",
            "html-manager",
            "thebe",
        ):
            assert unwanted not in html, f"{path.name} holds {unwanted}"
        loaded = soup.select("script[src], img[src], link[rel=stylesheet], iframe[src]")
        outside = [
            address
            for tag in loaded
            if (address := tag.get("src") or tag.get("href")).startswith(("http", "//"))
        ]
        assert outside == [], path.name
