"""A wide table of words stands row below row on a phone, and its cells name columns.

Side by side its columns would be out of sight or a word wide. The style sheet does it;
here such tables get the class ``stacked`` and their cells the names.
"""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

TABLE = re.compile(r'<table class="table">.*?</table>', re.DOTALL)
FEW_COLUMNS = 3
"""So many have room on a phone."""
FEW_WORDS = 3
"""A cell of numbers or names has no more, on average over the table."""


def stacked(found: re.Match[str]) -> str:
    """A table as it was, or with what stacks it."""
    table = BeautifulSoup(found[0], "html.parser").table
    columns = [each.get_text(" ", strip=True) for each in table.select("thead th")]
    cells = table.select("tbody td")
    words = sum(len(cell.get_text(" ").split()) for cell in cells)
    if len(columns) <= FEW_COLUMNS or words <= FEW_WORDS * len(cells):
        return found[0]
    table["class"].append("stacked")
    for number, cell in enumerate(cells):
        if column := number % len(columns):  # the first cell heads its row
            cell["data-column"] = columns[column]
    return str(table)


def stack_tables(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if "body" in context:
        context["body"] = TABLE.sub(stacked, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", stack_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
