"""What the search shows of what it finds, on the web and in a copy opened from disk.

Sphinx fetches each page that it finds for a line of it: with the menus, and not at all
on a disk. Here a script, which is loaded with the first result, holds the words of all
articles; site_search.js hands them to Sphinx, looks for the best line, and puts terms
of the glossary and claims in their place among the results.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, NavigableString, Tag
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment.adapters.indexentries import IndexEntries

from formula_text import in_one_line

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
UNREAD = {"form", "summary"}
UNREAD_CLASSES = {"headerlink", "hidden", "colophon", "explore-controls"}
BLOCKS = {"p", "li", "dt", "dd", "th", "td", "pre", "div", "section", "figcaption"}
BLOCKS |= {"h1", "h2", "h3", "h4"}
ENDS = {"dt": ":", "td": " \N{MIDDLE DOT}", "th": " \N{MIDDLE DOT}"}
"""What stands between a term, or a cell of a table, and what follows it."""


def words(page: str) -> str:
    """An article's words, and the ids to which search leads."""
    inside = page[page.index("<article") : page.rindex("</article>")]
    article = BeautifulSoup(
        DRAWN.sub(lambda found: found[2] or "", inside), "html.parser"
    ).article
    code: list[Tag] = []
    parts = [*_words_in(article, code)]
    for each in code:  # sentences come first
        parts += _words_of(each, code)
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def _words_in(tag: Tag, code: list[Tag]) -> Iterator[str]:
    """The words in a tag; code is left out and gathered in `code`."""
    for child in tag.children:
        if type(child) is NavigableString:  # and no comment
            yield escape(child, quote=False)
        elif not isinstance(child, Tag) or _is_unread(child):
            continue
        elif child.name == "pre":
            code.append(child)
        elif child.name == "math":
            yield escape(in_one_line(child), quote=False)
        else:
            yield from _words_of(child, code)


def _words_of(tag: Tag, code: list[Tag]) -> Iterator[str]:
    around = " " if tag.name in BLOCKS else ""
    if identity := tag.get("id"):
        yield f'<div id="{escape(identity)}">'
    yield around
    inside = _words_in(tag, code)
    if (end := ENDS.get(tag.name)) and tag.find_next_sibling(["dd", "td", "th"]):
        yield "".join(inside).rstrip() + end
    else:
        yield from inside
    yield around
    if identity:
        yield "</div>"


def _is_unread(tag: Tag) -> bool:
    classes = UNREAD_CLASSES.intersection(tag.get("class", []))
    return tag.name in UNREAD or bool(classes) or tag.has_attr("hidden")


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
    if pagename != SEARCH:
        return
    app.add_js_file(SCRIPT)
    names = {
        place: entry
        for _, entries in IndexEntries(app.env).create_index(app.builder)
        for entry, (places, *_) in entries
        for _, place in places
    }
    body = f"window.namesInIndex = {json.dumps(names, ensure_ascii=False)};"
    app.add_js_file(None, body=body)


def setup(app: Sphinx) -> dict[str, Any]:
    # Sphinx keeps terms of a glossary out of what the search knows by name.
    StandardDomain.object_types["term"].attrs["searchprio"] = 1
    app.connect("html-page-context", add_script)
    # After `joined_assets`, which looks for the names of classes in all scripts.
    app.connect("build-finished", write_words, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
