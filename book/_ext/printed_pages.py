"""What a printed page says beside its text, and a button that prints the solutions.

Paper has no address bar: a last paragraph, which only paper shows, names the book, the
chapter, the version, the licence and the address. The script book.js puts the page's
own address there; without it, it is that of the repository.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

COLOPHON = """\
<footer class="colophon">
<p>{chapter}<cite>{title}</cite>, version {version}. Text and figures: CC BY 4.0;
code: MIT licence. <span class="address">{address}</span></p>
</footer>
"""
BUTTON = {
    "type": "javascript",
    "javascript": "printWithSolutions()",
    "text": ".pdf with solutions",
    "tooltip": "Print to PDF with all solutions open",
    "icon": "fas fa-file-pdf",
    "label": "download-pdf-solutions-button",
}


def version(book: Path) -> str:
    """The version of the package, read without importing what it needs."""
    text = (book / "collapse" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"', text, re.MULTILINE)[1]


def add_colophon(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if doctree is None:
        return
    numbers = app.env.toc_secnumbers.get(pagename, {}).get("")
    number = ".".join(map(str, numbers or ()))
    context["body"] += COLOPHON.format(
        chapter=f"Chapter {number} of " if number else "",
        title=escape(app.config.html_title),
        version=version(Path(app.srcdir)),
        address=escape(app.config.html_theme_options["repository_url"]),
    )


def add_button(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Beside the button that prints the page, where it has solutions."""
    if doctree is None or 'class="solution' not in context["body"]:
        return
    for group in context["header_buttons"]:
        if group["label"] == "download-buttons":
            group["buttons"].append(BUTTON.copy())


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_colophon)
    app.connect("html-page-context", add_button, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
