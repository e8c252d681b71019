"""The end of each page: version, date, licences, its Markdown, how to cite it, and a
link that begins a report of a mistake with the page in it.

page_footers.js puts the state of the page's figures into the report, and copies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sphinx.application import Sphinx

from citation import CC_BY, MIT, bibtex, csl, plain, read_book
from site_address import address_of

WORDS = "I found a mistake here"


def mistake_link(repository: str, title: str, address: str, version: str) -> str:
    """Where a report begins; on other hosts than GitHub it is the repository."""
    if urlsplit(repository).hostname != "github.com":
        return repository
    body = (
        f"Page: {address}\nVersion: {version}\n\n"
        "Which sentence or figure is wrong?\n\n\nWhat should it say, and why?\n\n"
    )
    asked = urlencode({"title": f"A mistake in: {title}", "body": body})
    return f"{repository}/issues/new?{asked}"


def add_footer(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Hand the page's template what templates/page-footer.html shows."""
    if app.builder.name != "html":
        return
    book = read_book(Path(app.srcdir).parent)
    repository = app.config.html_theme_options["repository_url"]
    footer = {"book": book, "licences": {"CC BY 4.0": CC_BY, "MIT": MIT}}
    if doctree is not None:
        home = app.config.root_doc
        title = app.env.titles[pagename].astext()
        address = address_of(app, pagename)
        cited = "" if pagename == home else title
        key = "model-collapse" + f"-{pagename.rpartition('/')[2]}" * bool(cited)
        footer["mistake"] = mistake_link(repository, title, address, book.version)
        footer["citations"] = {
            "Text": plain(book, cited, address),
            "BibTeX": bibtex(book, cited, address, key),
            "CSL-JSON": csl(book, cited, address, key),
        }
        for group in context.get("header_buttons", []):
            for button in group.get("buttons", []):
                if button.get("label") == "source-issues-button":
                    button |= {
                        "url": footer["mistake"],
                        "text": WORDS,
                        "tooltip": WORDS,
                    }
    context["footer"] = footer


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_css_file("page_footers.css")
    # Before the theme's own, which end early where a page's inline scripts may not run.
    app.add_js_file("page_footers.js", priority=100)
    # After the theme's own buttons, and what `markdown_pages` wrote.
    app.connect("html-page-context", add_footer, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
