"""Each page once more as plain Markdown, beside the page: `gaussian.md`.

For programs that read, and for who quotes. The text is that of the notebook: numbers,
citations and references are text and links. Code stands there where the page shows it
unfolded; a figure is what it says in its first state, and a link to the one that moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

from citation import read_book
from exercise_checks import CALL
from reader_notebooks import Page
from site_address import address_of

FIGURE = re.compile(r'<figure class="explore" id="([^"]+)"')
UNSEEN = {"remove-cell", "remove-input", "hide-cell", "hide-input"}
"""Tags of cells whose code a page folds or leaves out."""
SILENT = {"remove-cell", "remove-output"}


class MarkdownPage(Page):
    """A resolved page, whose links lead to the site."""

    def address(self, page: str, identity: str) -> str:
        """Where an id is on the site."""
        return address_of(self.app, page, identity)

    def markdown(self) -> str:
        """The whole page, with where it is from at its end."""
        texts = self.texts()
        ran = self.ran().cells if self.has_run else self.cells
        parts = []
        for number, cell in enumerate(self.cells or [None]):
            if cell is None or cell.cell_type == "markdown":
                parts += texts.get(number, {}).values()
            else:
                parts += self.code(cell, ran[number].get("outputs", []))
        book = read_book(Path(self.app.srcdir).parent)
        parts += [
            "---",
            f"From *{book.title}*, version {book.version}, {book.day}, "
            f"by {book.names}. Text and figures: CC BY 4.0; code: MIT licence. "
            f"{address_of(self.app, self.name)}",
        ]
        return "\n\n".join(parts) + "\n"

    def code(self, cell: NotebookNode, outputs: list[NotebookNode]) -> Iterator[str]:
        """What the page shows of a cell, without folds: its code and what it said."""
        tags = set(cell.metadata.get("tags", []))
        if not tags & UNSEEN:
            yield fenced(cell.source, "python")
        if not tags & SILENT and not CALL.search(cell.source):
            for output in outputs:
                if text := self.said(output):
                    yield text

    def said(self, output: NotebookNode) -> str:
        """An output in words."""
        if "data" not in output:
            return fenced(output.get("text", ""), "text")
        words = output.data.get("text/plain", "")
        html = output.data.get("text/html", "")
        if found := FIGURE.search(html):
            address = address_of(self.app, self.name, found[1])
            return f"> **Figure.** {words} ([Move it]({address}))"
        return fenced(words, "text")


def fenced(text: str, language: str) -> str:
    text = text.rstrip()
    return f"```{language}\n{text}\n```" if text else ""


def write_markdown(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    if doctree is None or app.builder.name != "html":
        return
    context["markdown_page"] = f"{pagename}.md"
    path = Path(app.outdir, f"{pagename}.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    page = MarkdownPage(app, pagename, doctree)
    path.write_text(page.markdown(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", write_markdown, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
