"""What the built pages say to search engines, cards, programs and who goes astray."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from PIL import Image

import collapse
from collapse.exercises.check import SITE
from watch import CHAPTERS

PAGES = [path.removesuffix(".html") for path in CHAPTERS]
NAME = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def read(site: Path, path: str) -> BeautifulSoup:
    return BeautifulSoup((site / path).read_text("utf-8"), "html.parser")


def address_of(page: str) -> str:
    return SITE if page == "index" else f"{SITE}{page}.html"


def there(site: Path, address: str) -> bool:
    """Whether an address of the site leads to a file, and to its id if it has one."""
    path, _, identity = address.removeprefix(SITE).partition("#")
    file = site / (path or "index.html")
    if not file.exists():
        return False
    return not identity or f'id="{identity}"' in file.read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_itself_to_engines_and_cards(page: str, site: Path) -> None:
    head = read(site, f"{page}.html").head
    said = {
        tag.get("property") or tag["name"]: tag["content"]
        for tag in head.find_all("meta", content=True)
        if tag.get("property") or tag.get("name")
    }
    assert head.find("link", rel="canonical")["href"] == address_of(page)
    assert said["og:url"] == address_of(page)
    assert said["og:description"] == said["description"]
    assert said["twitter:card"] == "summary_large_image"
    assert head.title.text.startswith(said["og:title"])
    packed = (site / said["og:image"].removeprefix(SITE)).read_bytes()
    assert Image.open(io.BytesIO(packed)).size == (1200, 630)
    assert len(packed) < 60_000

    data = json.loads(head.find("script", type="application/ld+json").text)
    assert data["@context"] == "https://schema.org"
    assert data["url"] == address_of(page)
    assert data["image"] == said["og:image"]
    book = data if page == "index" else data["isPartOf"]
    assert book["@type"] == "Book"
    assert {"name", "author", "version", "datePublished", "license"} <= book.keys()


def test_each_chapter_has_a_card_and_a_number_of_its_own(site: Path) -> None:
    found = {}
    for page in PAGES:
        head = read(site, f"{page}.html").head
        data = json.loads(head.find("script", type="application/ld+json").text)
        if data["@type"] == "Chapter":
            assert data["image"] == f"{SITE}_cards/{page}.png"
            found[data["position"]] = page
    assert sorted(found) == list(range(1, 8))


def test_the_sitemap_lists_every_page_once(site: Path) -> None:
    tree = ElementTree.parse(site / "sitemap.xml")
    assert tree.getroot().tag == NAME.replace("loc", "urlset")
    listed = [each.text for each in tree.iter(NAME)]
    assert sorted(listed) == sorted(map(address_of, PAGES))
    robots = RobotFileParser()
    robots.parse((site / "robots.txt").read_text("utf-8").splitlines())
    assert robots.site_maps() == [f"{SITE}sitemap.xml"]
    assert robots.can_fetch("*", address_of("gaussian"))


def test_programs_find_each_page_as_markdown(site: Path) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    assert text.startswith("# Model Collapse")
    links = re.findall(r"^- \[[^]]+\]\((\S+)\): \w.*\.$", text, re.MULTILINE)
    assert sorted(links) == sorted(f"{SITE}{page}.md" for page in PAGES)
    assert [each for each in links if not there(site, each)] == []


@pytest.mark.parametrize("page", PAGES)
def test_markdown_of_a_page_is_plain_and_whole(page: str, site: Path) -> None:
    text = (site / f"{page}.md").read_text("utf-8")
    prose = re.sub(r"^ *(`{3,})[^`].*?^ *\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r"\{[a-z:-]+\}`|^`{3,}\{|glue:", prose, re.MULTILINE) == []
    article = read(site, f"{page}.html").article
    title = article.h1
    for link in title.select(".headerlink, .section-number"):
        link.decompose()
    assert text.startswith(f"# {title.get_text().strip()}")
    links = re.findall(rf"\]\(({re.escape(SITE)}[^)\s]*)\)", text)
    assert [each for each in links if not there(site, each)] == []
    figures = {each["id"] for each in article.select("figure.explore")}
    moved = {
        each.partition("#")[2] for each in re.findall(r"\[Move it\]\(([^)\s]+)\)", text)
    }
    assert moved == figures
    assert collapse.__version__ in text.splitlines()[-1]


def test_the_page_of_no_page_works_at_any_depth(site: Path) -> None:
    page = read(site, "404.html")
    root = urlsplit(SITE).path
    wanted = [
        tag[name]
        for name in ("href", "src", "action", "data-content_root")
        for tag in page.find_all(attrs={name: True})
    ]
    local = [each for each in wanted if not re.match(r"[a-z]+:|//|#", each)]
    assert len(local) > 10
    assert [each for each in local if not each.startswith(root)] == []
    for each in local:
        path = each.removeprefix(root).partition("?")[0].partition("#")[0]
        assert (site / path).exists(), each
    assert "no page here" in page.find(id="no-page").h1.text
