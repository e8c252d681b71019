"""Formulas of the built pages on paper and in an e-book.

Knows how `prerendered_math` writes them: drawn, and hidden in it the same as MathML.
"""

from __future__ import annotations

import re
import tempfile
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup

from prerendered_math import math_style_sheets

MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
HIDDEN = re.compile(r"<mjx-assistive-mml>.*?</mjx-assistive-mml>", re.DOTALL)
OWN = re.compile(r' data-mjx-[\w-]+="[^"]*"')


def spoken(formula: str) -> str:
    """A formula as MathML alone."""
    return OWN.sub("", MATHML.search(formula)[0])


def drawn(formula: str) -> str:
    """A formula as a page draws it, and its words for who cannot see it.

    The letters of the drawing are no text, and what holds no text has no tag in a PDF;
    so the words stand in it, white and a pixel high.
    """
    words = BeautifulSoup(spoken(formula), "html.parser").get_text(" ", strip=True)
    words = escape(words)
    shown = HIDDEN.sub(f"<mjx-words>{words}</mjx-words>", formula)
    shown = shown.replace(' aria-hidden="true"', "", 1)
    named = f'<mjx-container role="img" aria-label="{words}" '
    return shown.replace("<mjx-container ", named, 1)


def styles(html: str) -> str:
    """The rules and the fonts that draw the formulas of a piece of HTML."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        return "\n".join(math_style_sheets([page]))
