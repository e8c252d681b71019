"""What lists the pages of the site, for those who look for them, and the page for who
finds none: sitemap.xml, robots.txt, llms.txt and 404.html; and versions.html, to which
`tools/old_versions.py` adds the releases.

Why not sphinx-sitemap: it starts a process and asks git, for a list of twenty lines.
Why not sphinx-notfound-page: it makes addresses whole, which `joined_assets`, later,
takes for files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from sphinx.application import Sphinx

from citation import read_book
from page_descriptions import description_of
from site_address import address_of, release

NOT_FOUND = "404"
VERSIONS = "versions"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
LOCAL = re.compile(
    r"(\b(?:href|src|action|data-content_root)=\")(?![a-z]+:|[/#])([^\"]*)"
)
NO_PAGE = """\
<section id="no-page"><h1>There is no page here</h1>
<p>The address may be old, or a letter of it wrong. <a href="{home}">The first page</a>
shows all chapters, and <a href="search.html">the search</a> finds terms, formulas and
claims.</p></section>
"""
ALL_VERSIONS = """\
<section id="versions"><h1>Versions of this book</h1>
<p>A page that is cited should stay as it was. So each release keeps a folder of its
own, with its pages, figures and slides, and notebooks that run with its code.</p>
<ul class="versions">
<li><a href="{home}">{name}</a></li>
{others}</ul>
<p>{files}<a href="{changes}">What has changed</a> from one to the next stands in the
list of changes.</p></section>
"""
FILES = """\
<a href="{repository}/releases">Their files</a> are a PDF, an e-book, a copy of the site
to read from disk, problem sets and the list of packages with which they were built.
"""


def listed(app: Sphinx) -> list[str]:
    """All pages with a source, in the book's order."""
    order = [app.config.root_doc]
    for page in order:
        order += app.env.toctree_includes.get(page, [])
    return order


def sitemap(addresses: list[str]) -> bytes:
    root = ElementTree.Element("urlset", xmlns=SITEMAP)
    for address in addresses:
        ElementTree.SubElement(
            ElementTree.SubElement(root, "url"), "loc"
        ).text = address
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def overview(app: Sphinx, pages: list[str]) -> str:
    """The site for programs that read: https://llmstxt.org says how."""
    book = read_book(Path(app.srcdir).parent)
    described = {page: description_of(app.env.get_doctree(page)) for page in pages}

    def items(wanted: bool) -> Iterator[str]:
        for page in pages:
            number = app.env.toc_secnumbers.get(page, {}).get("")
            if bool(number) == wanted:
                title = app.env.titles[page].astext()
                address = f"{app.config.html_baseurl}{page}.md"
                before = f"{number[0]}. " if number else ""
                yield f"- [{before}{title}]({address}): {described[page]}"

    return "\n".join(
        [
            f"# {book.title}",
            "",
            f"> {described[app.config.root_doc]}",
            "",
            f"Version {book.version}, {book.day}. Text and figures: CC BY 4.0; code: "
            "MIT licence. Cite it when you use it. Each page is there as HTML, whose "
            "figures move, and as the Markdown linked here.",
            "",
            "## Chapters",
            "",
            *items(True),
            "",
            "## Other pages",
            "",
            *items(False),
            "",
        ]
    )


def write_lists(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html" or not app.config.html_baseurl:
        return
    out, pages = Path(app.outdir), listed(app)
    address = app.config.html_baseurl
    (out / "sitemap.xml").write_bytes(sitemap([address_of(app, p) for p in pages]))
    (out / "robots.txt").write_text(
        f"User-agent: *\nDisallow:\n\nSitemap: {address}sitemap.xml\n", "utf-8"
    )
    (out / "llms.txt").write_text(overview(app, pages), "utf-8")


def all_versions(app: Sphinx, home: str) -> str:
    """The page of versions, which knows this one."""
    options = app.config.html_theme_options
    repository, branch = options["repository_url"], options["repository_branch"]
    book = read_book(Path(app.srcdir).parent)
    name = f"version {book.version}, {book.day}"
    root = app.config.html_baseurl.removesuffix(f"{release()}/")
    others = f'<li><a href="{root}{VERSIONS}.html">All others</a></li>\n'
    on_github = urlsplit(repository).hostname == "github.com"
    return ALL_VERSIONS.format(
        home=home,
        name=f"V{name[1:]}" if release() else f"The newest: {name}, and changes since",
        others=others if release() and root else "",
        files=FILES.format(repository=repository) if on_github else "",
        changes=f"{repository}/blob/{branch}/CHANGELOG.md",
    )


def pages_of_its_own(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """All versions, and what is shown in the place of a page that is not there."""
    if app.builder.name != "html":
        return
    home = app.builder.get_target_uri(app.config.root_doc)
    for page, title, body in (
        (NOT_FOUND, "There is no page here", NO_PAGE.format(home=home)),
        (VERSIONS, "Versions of this book", all_versions(app, home)),
    ):
        yield page, {"title": title, "body": body}, "page.html"


def make_whole(app: Sphinx, exception: Exception | None) -> None:
    """Let its addresses count from the site: it is shown at any depth."""
    path = Path(app.outdir, f"{NOT_FOUND}.html")
    if exception or not path.exists():
        return
    root = urlsplit(app.config.html_baseurl).path or "/"
    text = path.read_text(encoding="utf-8")
    path.write_text(LOCAL.sub(rf"\g<1>{root}\g<2>", text), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-collect-pages", pages_of_its_own)
    app.connect("build-finished", write_lists)
    # After `joined_assets`, which knows files by addresses that count from their page.
    app.connect("build-finished", make_whole, priority=960)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
