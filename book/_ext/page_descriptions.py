"""What a page says of itself where it is found: the sentence below a search's result.

A page writes it into its front matter, as MyST does it: ``myst: html_meta:
description``. Pages that Sphinx makes without a source have theirs here. A page without
one, or with one that is cut off or says too little, is a warning and so an error.
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

SHORTEST, LONGEST = 50, 160
"""In characters; search engines cut off what is longer."""

WITHOUT_A_SOURCE = {
    "genindex": (
        "The index of the textbook on model collapse: terms, named formulas and claims "
        "from A to Z, with a link to where each is explained."
    ),
    "search": (
        "Search the chapters, derivations, claims and glossary of the interactive "
        "textbook on model collapse."
    ),
    "versions": (
        "All versions of the textbook on model collapse: the newest, and each release "
        "as it was."
    ),
    "404": (
        "This address has no page; the first page and the search of the textbook on "
        "model collapse lead on."
    ),
}


def description_of(doctree: nodes.document) -> str:
    """What the front matter of a page says of it; empty where it says nothing."""
    return next(
        (
            meta["content"]
            for meta in doctree.findall(nodes.meta)
            if meta.get("name") == "description"
        ),
        "",
    )


def fault_of(description: str) -> str:
    """Why a description is none; empty where nothing is wrong with it."""
    if not description:
        return "the page has no description: add myst: html_meta: description"
    if not SHORTEST <= len(description) <= LONGEST:
        return (
            f"the description has {len(description)} characters; "
            f"{SHORTEST} to {LONGEST} are wanted"
        )
    return ""


def describe(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Look for a page's description, or add it where the page has no source."""
    if doctree is None:
        description = WITHOUT_A_SOURCE.get(pagename, "")
        if description:
            tag = f'<meta name="description" content="{escape(description)}" />'
            context["metatags"] = context.get("metatags", "") + tag
    else:
        description = description_of(doctree)
    if fault := fault_of(description):
        logger.warning(fault, location=pagename, type="description")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
