"""Texts that a link shows in a small box, on hover and on focus.

A link to a term of the glossary, to a reference, an equation or a claim: the reader
sees what is there without going there. A page holds the texts of its own links, each
once, in a template: a browser draws nothing of it, and says nothing of it, until
hover_texts.js asks for one. The links themselves stay as they are.

Why not a library: sphinx-hoverxref fetches its texts from a server; the boxes of
sphinx-tippy do not close on Escape, and all texts of a page run as a script on each
load.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils import new_document
from pybtex.plugin import find_plugin
from sphinx.application import Sphinx
from sphinx.config import Config

STATIC = Path(__file__).parent / "static"
DROPPED = (nodes.target, nodes.footnote_reference, nodes.raw)
"""What has no use in a copy, or may hold ids."""

DRAWN = re.compile(
    r"<mjx-container.*?<mjx-assistive-mml>(.*?)</mjx-assistive-mml></mjx-container>",
    re.DOTALL,
)
"""A formula as prerendered_math draws it, and its MathML."""


def text_of(node: nodes.Element) -> list[nodes.Node]:
    """What is worth showing of a thing that can be linked to; nothing of most."""
    if isinstance(node, nodes.term):
        definitions = node.parent.findall(nodes.definition)
        return next((list(each.children) for each in definitions), [])
    if isinstance(node, nodes.math_block):
        return [node]
    if "claim" in node.get("classes", []):
        return [each for each in node.children if isinstance(each, nodes.paragraph)]
    return []


def plain(node: nodes.Element) -> None:
    """Leave in a copy no id, no number, and no link: the box takes no focus."""
    for each in list(node.findall(nodes.Element)):
        for name in ("ids", "names", "dupnames", "backrefs"):
            each[name] = []
        if isinstance(each, nodes.math_block):
            each["number"] = each["label"] = None
        elif isinstance(each, DROPPED):
            each.parent.remove(each)
        elif isinstance(each, nodes.reference):
            each.replace_self(each.children)


@cache
def references(app: Sphinx) -> dict[tuple[str, str], nodes.paragraph]:
    """The entries of the bibliographies: page and id -> text.

    Asked of the extension for BibTeX, because an entry comes into its page only when
    that is written, and twice if this is done twice.
    """
    backend = find_plugin("pybtex.backends", "docutils")()
    return {
        (each.bibliography_key.docname, each.citation_id): backend.paragraph(
            each.formatted_entry
        )
        for each in app.env.get_domain("cite").citations
    }


@cache
def read(app: Sphinx, page: str) -> nodes.document:
    """A page as it was read: to be copied from. Unpickling one takes a while."""
    return app.env.get_doctree(page)


@cache
def texts_on(app: Sphinx, page: str) -> dict[str, list[nodes.Node]]:
    """The texts of what can be linked to on a page, by its id."""
    texts = {
        identity: [entry]
        for (place, identity), entry in references(app).items()
        if place == page
    }
    for node in read(app, page).findall(nodes.Element):
        if text := node.get("ids") and text_of(node):
            texts |= dict.fromkeys(node["ids"], text)
    return texts


@cache
def html_of(app: Sphinx, page: str, identity: str) -> str:
    """The text of a thing as its page shows it; empty where a box would not help."""
    text = texts_on(app, page).get(identity, [])
    if not text:
        return ""
    copy = new_document(page, read(app, page).settings)
    copy += [each.deepcopy() for each in text]
    app.env.apply_post_transforms(copy, page)
    plain(copy)
    parts = [app.builder.render_partial(each)["fragment"] for each in copy.children]
    html = "".join(parts).strip()
    if isinstance(text[0], nodes.math_block):
        # A description is plain text: of MathML "s 2", where TeX says "s^2".
        tex = " ".join(text[0].astext().split())
        return f'<div role="img" aria-label="{escape(tex)}">{html}</div>'
    return html


def links(
    app: Sphinx, page: str, doctree: nodes.document
) -> Iterator[tuple[str, str, str]]:
    """Each link of a page into the book: its address, the page and the id there."""
    pages = {app.builder.get_target_uri(name): name for name in app.env.all_docs}
    folder = posixpath.dirname(app.builder.get_target_uri(page))
    for link in doctree.findall(nodes.reference):
        if "refid" in link:
            yield f"#{link['refid']}", page, link["refid"]
        elif link.get("internal"):
            path, _, identity = link["refuri"].partition("#")
            target = posixpath.normpath(posixpath.join(folder, path))
            there = pages.get(target) if path else page
            if there and identity:
                yield link["refuri"], there, identity


def add_texts(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the texts of a page's links at its end, and the script that shows them."""
    if doctree is None:
        return
    texts = {
        address: html
        for address, page, identity in links(app, pagename, doctree)
        if (html := html_of(app, page, identity))
    }
    if not texts:
        return
    parts = [
        f'<div data-for="{escape(address)}">{html}</div>'
        for address, html in texts.items()
    ]
    html = "\n".join(['<template class="hover-texts">', *parts, "</template>\n"])
    if "<mjx-container" not in context["body"]:
        # Fonts and styles of formulas weigh more than such a page: the browser's serve.
        html = DRAWN.sub(r"\1", html)
    context["body"] += html
    app.add_css_file("hover_texts.css")
    app.add_js_file("hover_texts.js", loading_method="defer")


def add_static_files(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(STATIC))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", add_static_files)
    app.connect("html-page-context", add_texts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
