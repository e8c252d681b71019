"""Make the book to hand out, from the built pages, into build/.

python -m handouts pdf [--paper a4] | epub | zip
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from build_book import Places
from printed_pages import version
from write_pages import ROOT

NAME = "model-collapse"
TOC = ROOT / "_toc.yml"


def make_pdf(site: Path, build: Path, config: dict, paper: str) -> Path:
    from handouts.formulas import drawn
    from handouts.paper import document, print_book
    from handouts.plain import Cutter

    pdf = build / f"{NAME}-{paper}.pdf"
    chapters = Cutter(site, TOC, drawn, is_paper=True).chapters()
    html = document(chapters, config["title"], config["author"], paper)
    pages = print_book(html, pdf, paper)
    print(f"{pages} pages")
    return pdf


def make_epub(site: Path, build: Path, config: dict) -> Path:
    from handouts.epub import problems, write_epub
    from handouts.formulas import spoken
    from handouts.plain import Cutter

    epub = build / f"{NAME}.epub"
    chapters = Cutter(site, TOC, spoken).chapters()
    number = version(ROOT / "book")
    write_epub(chapters, epub, config["title"], config["author"], number)
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
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    match options.kind:
        case "pdf":
            made = make_pdf(site, build, config, options.paper)
        case "epub":
            made = make_epub(site, build, config)
        case _:
            made = make_zip(site, build)
    size = made.stat().st_size / 1e6
    print(f"The book is in {made.relative_to(ROOT)}: {size:.1f} MB")


if __name__ == "__main__":
    main()
