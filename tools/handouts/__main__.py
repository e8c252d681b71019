"""Make the book to hand out, from the built pages, into build/.

    python -m handouts pdf [--paper a4] | epub | zip
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from html import escape
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from build_book import Places
from handouts.plain import Cutter, spoken
from write_pages import ROOT

TOC = ROOT / "_toc.yml"
HIDDEN = re.compile(r"<mjx-assistive-mml>.*?</mjx-assistive-mml>", re.DOTALL)


def drawn(formula: str) -> str:
    """A formula as a page draws it, and its words for who cannot see it.

    The letters of the drawing are no text, and what holds no text has no tag in a PDF;
    so the words stand in it, white and a pixel high.
    """
    words = escape(BeautifulSoup(spoken(formula), "html.parser").get_text(" ", strip=True))
    shown = HIDDEN.sub(f"<mjx-words>{words}</mjx-words>", formula)
    shown = shown.replace(' aria-hidden="true"', "", 1)
    return shown.replace("<mjx-container ", f'<mjx-container role="img" aria-label="{words}" ', 1)


def math_styles(html: str) -> str:
    """The rules and fonts of the formulas in a piece of HTML."""
    from prerendered_math import math_style_sheets

    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        return "\n".join(math_style_sheets([page]))


def make_pdf(site: Path, build: Path, config: dict, paper: str) -> Path:
    from handouts.paper import document, print_book

    chapters = Cutter(site, TOC, drawn).chapters()
    pdf = build / f"model-collapse-{paper}.pdf"
    html = document(chapters, config["title"], config["author"], paper, math_styles)
    pages = print_book(html, pdf)
    print(f"{pages} pages, {pdf.stat().st_size / 1e6:.1f} MB")
    return pdf


def make_epub(site: Path, build: Path, config: dict) -> Path:
    from handouts.epub import problems, write_epub
    from printed_pages import version

    epub = build / "model-collapse.epub"
    chapters = Cutter(site, TOC, spoken).chapters()
    number = version(ROOT / "book")
    write_epub(chapters, epub, config["title"], config["author"], number)
    if found := problems(epub):
        sys.exit(f"{found}\nEPUBCheck does not pass {epub.relative_to(ROOT)}.")
    print(f"EPUBCheck passes it, {epub.stat().st_size / 1e6:.1f} MB")
    return epub


def make_zip(site: Path, build: Path) -> Path:
    from handouts.offline import write_zip

    archive = build / "model-collapse.zip"
    write_zip(site, archive)
    print(f"{archive.stat().st_size / 1e6:.1f} MB")
    return archive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["pdf", "epub", "zip"])
    parser.add_argument("--paper", choices=["a4", "letter"], default="a4")
    options = parser.parse_args()
    site, build = Places(ROOT).site, ROOT / "build"
    build.mkdir(exist_ok=True)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    if options.kind == "pdf":
        made = make_pdf(site, build, config, options.paper)
    elif options.kind == "epub":
        made = make_epub(site, build, config)
    else:
        made = make_zip(site, build)
    print(f"The book is in {made.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
