"""What a page is, in the words of schema.org: the book, a chapter of it, another page.

It stands in the page's head as JSON-LD, which no browser runs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from citation import CC_BY, MIT, Book, read_book
from page_cards import picture_of
from page_descriptions import description_of
from site_address import address_of


def of_the_book(book: Book, address: str, repository: str) -> dict[str, Any]:
    """The book, as each of its pages names what it is a part of."""
    more = {"sameAs": f"https://doi.org/{book.doi}"} if book.doi else {}
    return {
        "@type": "Book",
        "@id": f"{address}#book",
        "name": book.title,
        "url": address,
        "author": [author.schema for author in book.authors],
        "version": book.version,
        "datePublished": book.date.isoformat(),
        "inLanguage": "en",
        "license": [CC_BY, MIT],
        "isAccessibleForFree": True,
        "bookFormat": "https://schema.org/EBook",
        "learningResourceType": "textbook",
        "hasPart": {
            "@type": "SoftwareSourceCode",
            "name": "The code of the book",
            "codeRepository": repository,
            "license": MIT,
        },
        **more,
    }


def add_data(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    if app.builder.name != "html" or doctree is None or not app.config.html_baseurl:
        return
    home = app.config.root_doc
    book = read_book(Path(app.srcdir).parent)
    repository = app.config.html_theme_options["repository_url"]
    whole = of_the_book(book, address_of(app, home), repository)
    if pagename == home:
        data = whole
    else:
        number = app.env.toc_secnumbers.get(pagename, {}).get("")
        data = {
            "@type": "Chapter" if number else "WebPage",
            "name": app.env.titles[pagename].astext(),
            "url": address_of(app, pagename),
            "inLanguage": "en",
            "license": CC_BY,
            "isPartOf": whole,
            **({"position": number[0]} if number else {}),
        }
    data |= {"description": description_of(doctree), "image": picture_of(app, pagename)}
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    # No text can end the element or open another.
    text = text.replace("<", "\\u003c")
    tag = f'<script type="application/ld+json">{text}</script>'
    context["metatags"] = f"{context.get('metatags', '')}\n{tag}"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_data, priority=610)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
