"""The whole book as one PDF: the chapters in one file, printed by Chromium.

CSS cannot ask a browser on which page a link's aim has come to lie. So the book is
printed until the numbers in it are those of its pages: the first print says where each
aim lies, the next has the numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from html import escape
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader, PdfWriter

from citation import Book
from find_browser import ARGUMENTS, find_browser
from handouts import SITE, formulas
from handouts.figures import live
from handouts.plain import Chapter, anchor

HERE = Path(__file__).parent
PAPERS = {"a4": (210, 297), "letter": (215.9, 279.4)}
"""Width and height in millimetres."""
MARGINS = 21, 25, 22
"""Above, at both sides, below; in millimetres."""
MOST_BLANK = 0.25
"""Of a page: where a figure would leave more blank, text that follows it goes first."""
FACES = {
    ("Serif", 400, "normal"): "font_source_serif_pro/SourceSerifPro-Regular",
    ("Serif", 400, "italic"): "font_source_serif_pro/SourceSerifPro-It",
    ("Serif", 700, "normal"): "font_source_serif_pro/SourceSerifPro-Semibold",
    ("Serif", 700, "italic"): "font_source_serif_pro/SourceSerifPro-SemiboldIt",
    ("Sans", 400, "normal"): "font_source_sans_pro/SourceSansPro-Regular",
    ("Sans", 400, "italic"): "font_source_sans_pro/SourceSansPro-It",
    ("Sans", 700, "normal"): "font_source_sans_pro/SourceSansPro-Semibold",
}
PAGED = re.compile(
    r'<a class="[^"]*\bpaged"[^>]*href="#([^"]+)"[^>]*>.*?</a>', re.DOTALL
)
NUMBER = re.compile(r'<span class="page" data-to="([^"]+)">\d*</span>')
MOST_PRINTS = 5
LONGEST_SECONDS = 120
"""The book opens in two; a busy machine takes longer."""
DOCUMENT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header class="cover">
<p class="kind">{kind}</p>
<h1>{name}</h1>
<p class="author">{author}</p>
<div class="about">
<p>Version {version}. Text and figures are under CC BY 4.0, code is under the MIT
licence.</p>
<p>On the web every figure moves. Here each shows two or three of its states, with the
address of the one that moves. A link with a page number leads to that page. Code that
only draws a figure is left out; solutions stand at the end of each chapter.</p>
{live}
</div>
</header>
<nav class="contents">
<h1>Contents</h1>
<ol>
{contents}
</ol>
</nav>
{chapters}
</body>
</html>
"""


class PrintError(Exception):
    """The book could not be printed; the message says why."""


def faces() -> Iterator[str]:
    """The style sheet's fonts, as files of their packages."""
    for (family, weight, style), path in FACES.items():
        package, name = path.split("/")
        file = files(package) / "files" / f"{name}.ttf"
        yield (
            f'@font-face {{ font-family: "Book {family}"; font-weight: {weight}; '
            f'font-style: {style}; src: url("{Path(str(file)).as_uri()}"); }}'
        )


def running_heads(chapters: list[Chapter]) -> Iterator[str]:
    """A kind of page for each chapter, which has its title above the text."""
    for chapter in chapters:
        title = json.dumps(chapter.title, ensure_ascii=False)
        name = anchor(chapter.name)
        yield f"@page {name} {{ @top-right {{ content: {title}; }} }}"
        yield f"#{name} {{ page: {name}; }}"


def line(target: str, words: str) -> str:
    """A line of the contents."""
    return (
        f'<a href="#{target}"><span>{escape(words)}</span>'
        f'<span class="page" data-to="{target}">000</span></a>'
    )


def contents(chapters: list[Chapter]) -> Iterator[str]:
    for chapter in chapters:
        below = "".join(f"<li>{line(*section)}</li>" for section in chapter.sections)
        below = f"<ol>{below}</ol>" if below else ""
        yield f"<li>{line(anchor(chapter.name), chapter.title)}{below}</li>"


def paged(html: str) -> str:
    """Room for a page number behind each link that needs one."""
    return PAGED.sub(
        lambda found: (
            f'{found[0]}<span class="at"> (page <span class="page" '
            f'data-to="{found[1]}">000</span>)</span>'
        ),
        html,
    )


def document(
    chapters: list[Chapter],
    book: Book,
    paper: str,
) -> str:
    """The book as one page, with 000 for all numbers of pages.

    Parameters
    ----------
    chapters : list of Chapter
    book : Book
        What the cover says of it.
    paper : str
        One of `PAPERS`.
    """
    (wide, high), (top, side, foot) = PAPERS[paper], MARGINS
    shown = "\n".join(
        f'<div class="chapter" id="{anchor(chapter.name)}">{paged(chapter.html)}</div>'
        for chapter in chapters
    )
    style = [
        *faces(),
        formulas.styles(shown),
        (HERE / "paper.css").read_text(encoding="utf-8"),
        f"@page {{ size: {wide}mm {high}mm; margin: {top}mm {side}mm {foot}mm; }}",
        *running_heads(chapters),
    ]
    name, _, kind = book.title.partition(": ")
    return DOCUMENT.format(
        title=escape(book.title),
        style="\n".join(style),
        name=escape(name),
        kind=escape(kind),
        author=escape(book.names),
        version=f"{escape(book.version)}, {book.day}",
        live=live(SITE, "The book on the web:"),
        contents="\n".join(contents(chapters)),
        chapters=shown,
    )


def numbered(html: str, pages: dict[str, int]) -> str:
    """Write the numbers of pages into a document.

    Raises
    ------
    PrintError
        If a link leads to what no page holds.
    """

    def number(found: re.Match[str]) -> str:
        if found[1] not in pages:
            raise PrintError(f"no page of the PDF holds {found[1]!r}, a link's aim")
        return f'<span class="page" data-to="{found[1]}">{pages[found[1]]}</span>'

    return NUMBER.sub(number, html)


def places(pdf: Path) -> dict[str, int]:
    """On which page, from 1, each aim of a link lies."""
    reader = PdfReader(pdf)
    order = {
        page.indirect_reference.idnum: number
        for number, page in enumerate(reader.pages, 1)
    }
    return {
        name.removeprefix("/"): order[aim.page.idnum]
        for name, aim in reader.named_destinations.items()
    }


def fill_pages(page: Page, paper: str) -> str:
    """Let text fill what figures leave blank; return the document."""
    (wide, high), (top, side, foot) = PAPERS[paper], MARGINS
    floats = (HERE / "floats.js").read_text(encoding="utf-8")
    page.emulate_media(media="print")
    page.evaluate(floats, [wide - 2 * side, high - top - foot, MOST_BLANK])
    return page.content()


def print_book(html: str, pdf: Path, paper: str) -> int:
    """Print a document until its numbers are right; return how many pages it has.

    Raises
    ------
    PrintError
        If a link leads nowhere, or if the pages do not come to rest.
    """
    source = pdf.with_suffix(".html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=ARGUMENTS
        )
        page = browser.new_page()
        page.set_default_timeout(LONGEST_SECONDS * 1000)
        before: dict[str, int] = {}
        for _ in range(MOST_PRINTS):
            source.write_text(html, encoding="utf-8")
            page.goto(source.as_uri())
            page.evaluate("document.fonts.ready")
            html = fill_pages(page, paper)
            page.pdf(
                path=pdf,
                prefer_css_page_size=True,
                print_background=True,
                tagged=True,
                outline=True,
            )
            now = places(pdf)
            if now == before:
                browser.close()
                source.unlink()
                return len(PdfReader(pdf).pages)
            html, before = numbered(html, now), now
    raise PrintError(f"the pages still move after {MOST_PRINTS} prints")


def describe(pdf: Path, book: Book) -> None:
    """Add to a PDF what a page of HTML cannot say of itself: authors and date."""
    writer = PdfWriter(pdf, incremental=True)
    day = datetime.combine(book.date, time(), UTC)
    writer.add_metadata(
        {
            "/Author": book.names,
            "/Subject": f"Version {book.version}, {book.day}. Text and figures: CC BY "
            f"4.0; code: MIT licence. {SITE}",
            "/CreationDate": f"D:{day:%Y%m%d%H%M%S}Z",
        }
    )
    writer.write(pdf)
