"""What the search shows of what it finds, on the web and in a copy opened from disk.

Sphinx fetches each page that it finds for a line of it: with the menus, and not at all
on a disk. Here a script, which is loaded with the first result, holds the words of all
articles; site_search.js hands them to Sphinx, looks for the best line, and puts terms
of the glossary and claims in their place among the results.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain

WORDS = "search_words.js"
SCRIPT = "site_search.js"
SEARCH = "search"
WITHOUT_WORDS = {"404.html", "genindex.html", "versions.html", f"{SEARCH}.html"}
"""Pages that search does not find."""
DRAWN = re.compile(
    r"<(svg|script|style|template)\b.*?</\1>"
    r"|<mjx-container.*?<mjx-assistive-mml>(.*?)</mjx-assistive-mml></mjx-container>",
    re.DOTALL,
)
"""What is no text, and formulas, of which MathML stays: most of a page's bytes."""
UNREAD = "form, summary, .headerlink, .hidden, [hidden], .colophon, .explore-controls"
BLOCKS = "p, li, dt, dd, th, td, pre, div, section, h1, h2, h3, h4, figcaption"


def words(page: str) -> str:
    """An article's words, and the ids to which search leads."""
    inside = page[page.index("<article") : page.rindex("</article>")]
    article = BeautifulSoup(
        DRAWN.sub(lambda found: found[2] or "", inside), "html.parser"
    ).article
    for unread in article.select(UNREAD):
        unread.decompose()
    for block in article.select(BLOCKS):
        block.insert(0, " ")
        block.append(" ")
    for code in article.select("pre"):
        article.append(code.extract())  # sentences come first
    for tag in article.find_all(True):
        if identity := tag.get("id"):
            tag.name, tag.attrs = "div", {"id": identity}
        else:
            tag.unwrap()
    return re.sub(r"\s+", " ", article.decode_contents()).strip()


def words_of_all(site: Path) -> str:
    """The script that knows the words of all pages, by how search asks for each."""
    pages = {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.html"))
    }
    known = {
        f"./{name}": words(text)
        for name, text in pages.items()
        if "<article" in text and name not in WITHOUT_WORDS
    }
    return f"window.wordsOfPages = {json.dumps(known, ensure_ascii=False)};\n"


def write_words(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    (site / WORDS).write_text(words_of_all(site), encoding="utf-8")


def add_script(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if pagename == SEARCH:
        app.add_js_file(SCRIPT)


def setup(app: Sphinx) -> dict[str, Any]:
    # Sphinx keeps terms of a glossary out of what the search knows by name.
    StandardDomain.object_types["term"].attrs["searchprio"] = 1
    app.connect("html-page-context", add_script)
    # After `joined_assets`, which looks for the names of classes in all scripts.
    app.connect("build-finished", write_words, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
