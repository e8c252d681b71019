"""The site as one zip, to be opened from disk on a machine without network.

It leaves out the notebooks that hold what the build showed, which are most of the
site's weight, and the buttons that lead to them. Notebooks to run are in it.

For the lines below what it finds, search fetches pages, which a browser refuses on a
disk. So the search page gets the words of all pages, and a `fetch` that looks there.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from bs4 import BeautifulSoup

RUN = "_run"
"""The folder of notebooks with outputs."""
BUTTON = re.compile(rf'<li><a href="[^"]*\b{RUN}/(?:(?!</li>).)*</li>', re.DOTALL)
SEARCH = "search.html"
WORDS = "search_words.js"
SEARCHES = '<script src="_static/searchtools.js'
UNREAD = "svg, script, style, template, form, .headerlink, .hidden, [hidden]"
FETCH = """\
// What search shows of the pages it finds, where it cannot fetch them.
const wordsOf = {};
window.fetch = async page => new Response(wordsOf[page]);
"""
FOLDER = "model-collapse"
"""What the zip unpacks to; `index.html` in it is the book."""


def words(page: str) -> str:
    """An article's words, and the ids to which search leads."""
    article = BeautifulSoup(page, "html.parser").article
    for unread in article.select(UNREAD):
        unread.decompose()
    for tag in article.find_all(True):
        if identity := tag.get("id"):
            tag.name, tag.attrs = "div", {"id": identity}
        else:
            tag.unwrap()
    text = re.sub(r"\s+", " ", article.decode_contents())
    return f'<main role="main">{text}</main>'


def words_of_all(site: Path) -> str:
    """The script that knows the words of all pages, by how search asks for each."""
    pages = {
        f"./{source.relative_to(site).as_posix()}": source.read_text(encoding="utf-8")
        for source in sorted(site.rglob("*.html"))
    }
    known = {name: words(text) for name, text in pages.items() if "<article" in text}
    return FETCH.replace("{}", json.dumps(known, ensure_ascii=False), 1)


def write_zip(site: Path, archive: Path) -> None:
    """Write the site's files, the same bytes for the same site."""
    with zipfile.ZipFile(archive, "w") as offline:

        def add(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}")
            entry.external_attr = 0o644 << 16
            offline.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)

        add(WORDS, words_of_all(site).encode("utf-8"))
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name = path.relative_to(site)
            if name.parts[0] in (RUN, ".buildinfo"):
                continue
            content = path.read_bytes()
            if path.suffix in (".html", ".js"):
                text = BUTTON.sub("", content.decode("utf-8"))
                if name.name == SEARCH:
                    before = f'<script src="{WORDS}"></script>{SEARCHES}'
                    text = text.replace(SEARCHES, before)
                content = text.encode("utf-8")
            add(name.as_posix(), content)
