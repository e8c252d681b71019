"""What the built pages say to search engines, cards, programs and who goes astray."""

from __future__ import annotations

import datetime
import io
import json
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
import schema_org
from bs4 import BeautifulSoup, Tag
from PIL import Image

import collapse
from collapse.exercises.check import SITE
from watch import CHAPTERS

PAGES = [path.removesuffix(".html") for path in CHAPTERS]
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


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
    tags = [
        (tag.get("property") or tag["name"], tag["content"])
        for tag in head.find_all("meta", content=True)
        if tag.get("property") or tag.get("name")
    ]
    said, names = dict(tags), [name for name, _ in tags]
    assert head.find("link", rel="canonical")["href"] == address_of(page)
    assert said["og:url"] == address_of(page)
    assert said["og:description"] == said["description"]
    assert said["og:type"] == ("website" if page == "index" else "article")
    assert said["twitter:card"] == "summary_large_image"
    assert head.title.text.startswith(said["og:title"])
    packed = (site / said["og:image"].removeprefix(SITE)).read_bytes()
    image = Image.open(io.BytesIO(packed))
    size = tuple(int(said[f"og:image:{name}"]) for name in ("width", "height"))
    assert image.size == size == (1200, 630)
    assert image.get_format_mimetype() == said["og:image:type"]
    assert len(packed) < 60_000
    assert said["og:title"] in said["og:image:alt"]
    graph = [name for name in names if name.startswith("og:")]
    assert len(graph) == len({*graph}), "each once"
    of_image = [name.startswith("og:image") for name in graph]
    first = of_image.index(True)
    assert all(of_image[first : first + sum(of_image)]), "they follow their image"

    data = data_of(head)
    assert data["url"] == address_of(page)
    assert data["image"] == said["og:image"]
    book = data if page == "index" else data["isPartOf"]
    assert book["@type"] == "Book"
    assert {"name", "author", "version", "datePublished", "license"} <= book.keys()


def data_of(head: Tag) -> dict:
    return json.loads(head.find("script", type="application/ld+json").text)


def understood(data: object) -> object:
    """JSON-LD in schema.org's terms.

    Raises
    ------
    ValueError
        If a type has no such property, or a property no such value.
    """
    if isinstance(data, list):
        return [understood(each) for each in data]
    if isinstance(data, str) and data.startswith("https://schema.org/"):
        return schema_org.BookFormatType(data)
    if not isinstance(data, dict):
        return data
    known = {
        name: datetime.date.fromisoformat(value)
        if name.startswith("date")
        else understood(value)
        for name, value in data.items()
        if not name.startswith("@")
    }
    return getattr(schema_org, data["@type"]).model_validate(known)


@pytest.mark.parametrize("page", PAGES)
def test_schema_org_understands_what_a_page_says(page: str, site: Path) -> None:
    data = data_of(read(site, f"{page}.html").head)
    assert data["@context"] == "https://schema.org"
    understood(data)
    with pytest.raises(ValueError, match="codeRepository"):
        understood(data | {"codeRepository": SITE})
    with pytest.raises(ValueError, match="author"):
        understood(data | {"author": {"@type": "Book", "name": "no person"}})


def test_each_chapter_has_a_card_and_a_number_of_its_own(site: Path) -> None:
    found = {}
    for page in PAGES:
        head = read(site, f"{page}.html").head
        data = data_of(head)
        if data["@type"] == "Chapter":
            assert data["image"] == f"{SITE}_cards/{page}.png"
            found[data["position"]] = page
    assert sorted(found) == list(range(1, 8))


def addresses(sitemap: bytes) -> list[str]:
    """What a sitemap lists, by the rules of https://www.sitemaps.org/protocol.html.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = sitemap.decode("utf-8")
    if not re.match(
        r"<\?xml version=['\"]1.0['\"] encoding=['\"]utf-8['\"]", text, re.I
    ):
        raise ValueError("no declaration of UTF-8")
    root = ElementTree.fromstring(text.encode())
    if root.tag != f"{SITEMAP}urlset" or root.attrib:
        raise ValueError(f"the root is {root.tag}")
    for url in root:
        inside = [(each.tag, each.attrib, len(each)) for each in url]
        if url.tag != f"{SITEMAP}url" or inside != [(f"{SITEMAP}loc", {}, 0)]:
            raise ValueError(f"{url.tag} holds {inside}")
    listed = [each.text or "" for each in root.iter(f"{SITEMAP}loc")]
    if not 0 < len(listed) <= 50_000 or len(sitemap) > 50 * 2**20:
        raise ValueError(f"{len(listed)} addresses in {len(sitemap)} bytes")
    for address in listed:
        # An address of the sitemap's own folder, as RFC 3986 has it.
        if not re.fullmatch(
            re.escape(SITE) + r"[\w.~:/?#@!$&'()*+,;=%-]*", address, re.A
        ):
            raise ValueError(f"{address!r} is no address of the site")
        if len(address) > 2048:
            raise ValueError(f"{address!r} is too long")
    return listed


def test_the_sitemap_lists_every_page_once(site: Path) -> None:
    listed = addresses((site / "sitemap.xml").read_bytes())
    assert sorted(listed) == sorted(map(address_of, PAGES))
    robots = RobotFileParser()
    robots.parse((site / "robots.txt").read_text("utf-8").splitlines())
    assert robots.site_maps() == [f"{SITE}sitemap.xml"]
    assert robots.can_fetch("*", address_of("gaussian"))


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("sitemaps.org", "sitemap.org", "root"),
        ("<loc>", "<loc><b />", "holds"),
        ("</loc>", "</loc><loc>x</loc>", "holds"),
        (SITE, "gaussian.html", "no address"),
        (SITE, f"{SITE}a b", "no address"),
        (SITE, SITE + "x" * 2048, "too long"),
        ("utf-8", "latin-1", "UTF-8"),
    ],
)
def test_a_wrong_sitemap_is_seen(right: str, wrong: str, told: str, site: Path) -> None:
    text = (site / "sitemap.xml").read_text("utf-8")
    assert right in text
    with pytest.raises(ValueError, match=told):
        addresses(text.replace(right, wrong, 1).encode())


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
    assert "Waiting." not in text  # where nothing runs
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
