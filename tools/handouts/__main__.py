"""Make the book to hand out, from the built pages, into build/.

python -m handouts pdf [--paper a4] | epub | zip
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from build_book import Places
from citation import Book, read_book
from write_pages import ROOT

NAME = "model-collapse"
TOC = ROOT / "_toc.yml"


def make_pdf(site: Path, build: Path, book: Book, paper: str) -> Path:
    from handouts.formulas import drawn
    from handouts.paper import describe, document, print_book
    from handouts.plain import Cutter

    pdf = build / f"{NAME}-{paper}.pdf"
    chapters = Cutter(site, TOC, drawn, is_paper=True).chapters()
    pages = print_book(document(chapters, book, paper), pdf, paper)
    describe(pdf, book)
    print(f"{pages} pages")
    return pdf


def make_epub(site: Path, build: Path, book: Book) -> Path:
    from handouts.epub import problems, write_epub
    from handouts.formulas import spoken
    from handouts.plain import Cutter

    epub = build / f"{NAME}.epub"
    chapters = Cutter(site, TOC, spoken).chapters()
    write_epub(chapters, epub, book)
    if found := problems(epub):
        sys.exit(f"{found}\nEPUBCheck does not pass {epub.relative_to(ROOT)}.")
    print("EPUBCheck passes it.")
    return epub


def make_zip(site: Path, build: Path) -> Path:
    from handouts.offline import write_zip

    archive = build / f"{NAME}.zip"
    write_zip(site, archive)
    return archive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["pdf", "epub", "zip"])
    parser.add_argument("--paper", choices=["a4", "letter"], default="a4")
    options = parser.parse_args()
    site, build = Places(ROOT).site, ROOT / "build"
    build.mkdir(exist_ok=True)
    book = read_book(ROOT)
    match options.kind:
        case "pdf":
            made = make_pdf(site, build, book, options.paper)
        case "epub":
            made = make_epub(site, build, book)
        case _:
            made = make_zip(site, build)
    size = made.stat().st_size / 1e6
    print(f"The book is in {made.relative_to(ROOT)}: {size:.1f} MB")


if __name__ == "__main__":
    main()
