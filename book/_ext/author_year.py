"""What an entry of the bibliography is called: as the text calls it.

The text cites an author and a year; the styles that come with pybtex number entries, or
shorten names. Where two entries would be called the same, `references.bib` has letters
behind their years.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pybtex.database import Entry
from pybtex.plugin import find_plugin, register_plugin
from pybtex.style.formatting.plain import Style as Plain
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.template import join, year

NAME = "author_year"


class Labels(BaseLabelStyle):
    """Labels that repeat how an entry is cited."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        style = AuthorYearReferenceStyle()
        cited = join(sep=style.author_year_sep)[
            style.person.author_or_editor_or_title(full=False), year
        ]
        for entry in sorted_entries:
            yield str(cited.format_data({"entry": entry, "style": style}))


class Style(Plain):
    """Pybtex's plain style, with these labels."""

    default_label_style = NAME


def setup(app: Sphinx) -> dict[str, Any]:
    register_plugin("pybtex.style.labels", NAME, Labels)
    register_plugin("pybtex.style.formatting", NAME, Style)
    # Each citation asks for it: all installed packages would be searched each time.
    plain_text = "pybtex.backends", "plaintext"
    register_plugin(*plain_text, find_plugin(*plain_text), force=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
