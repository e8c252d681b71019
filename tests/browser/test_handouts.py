"""The whole book as PDF, EPUB and zip: made by their commands, and read again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page
from pypdf import PageObject, PdfReader
from pypdf.generic import DictionaryObject

from citation import read_book
from handouts.paper import MARGINS, fill_pages
from handouts.plain import Cutter
from watch import Watched

pytestmark = [pytest.mark.slow, pytest.mark.rehearsal]
XHTML = "{http://www.w3.org/1999/xhtml}"
MEGABYTE = 1e6
POINTS = {"a4": (595, 842), "letter": (612, 792)}
MILLIMETRE = 72 / 25.4
FIGURES = re.compile(r'<figure class="printed".*?</figure>', re.DOTALL)


def make(root: Path, *arguments: str) -> None:
    folders = os.pathsep.join(str(root / f) for f in ("book", "book/_ext", "tools"))
    made = subprocess.run(
        [sys.executable, "-m", "handouts", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]


def squeezed(text: str) -> str:
    """Text without spaces, and without ligatures, which a PDF may keep."""
    return "".join(normalize("NFKC", text).split())


# PDF ------------------------------------------------------------------------------


class Printed:
    """A PDF, and on which pages each of its elements lies."""

    def __init__(self, path: Path) -> None:
        self.path, self.reader = path, PdfReader(path)
        self.number = {
            page.indirect_reference.idnum: number
            for number, page in enumerate(self.reader.pages, 1)
        }
        self.texts = [page.extract_text() for page in self.reader.pages]
        self.elements: list[tuple[str, str, set[int]]] = []
        """The kind of each, its words for who cannot see it, and its pages."""
        tree = self.reader.trailer["/Root"]["/StructTreeRoot"]["/K"]
        self._walk(tree[0].get_object() if isinstance(tree, list) else tree)

    def _walk(self, element: DictionaryObject) -> set[int]:
        inside = element.get("/K", [])
        pages: set[int] = set()
        for each in inside if isinstance(inside, list) else [inside]:
            if isinstance(each, int):
                pages.add(self.number[element.raw_get("/Pg").idnum])
                continue
            kid = each.get_object()
            if "/S" in kid:
                pages |= self._walk(kid)
            elif "/Pg" in kid:
                pages.add(self.number[kid.raw_get("/Pg").idnum])
        words = str(element.get("/Alt", ""))
        self.elements.append((str(element["/S"]), words, pages))
        return pages


@pytest.fixture(scope="module", params=["a4", "letter"])
def pdf(request: pytest.FixtureRequest, root: Path, site: Path) -> Printed:
    make(root, "pdf", "--paper", request.param)
    return Printed(root / "build" / f"model-collapse-{request.param}.pdf")


@pytest.fixture(scope="module")
def chapters(root: Path, site: Path) -> list:
    return Cutter(site, root / "_toc.yml", lambda formula: "").chapters()


def test_it_is_small_and_has_the_size_of_its_paper(pdf: Printed):
    assert pdf.path.stat().st_size < 15 * MEGABYTE
    asked = POINTS[pdf.path.stem.rpartition("-")[2]]
    for page in pdf.reader.pages:
        assert (page.mediabox.width, page.mediabox.height) == pytest.approx(
            asked, abs=1
        )


def test_it_says_who_wrote_it_and_when(pdf: Printed, root: Path):
    book = read_book(root)
    known = pdf.reader.metadata
    assert known.title == book.title
    assert known.author == book.names
    assert known.creation_date.date() == book.date
    assert squeezed(f"Version {book.version}, {book.day}") in squeezed(pdf.texts[0])
    assert squeezed(book.names) in squeezed(pdf.texts[0])


def outlined(reader: PdfReader, entries: list, levels: int) -> Iterator[tuple]:
    """The titles of an outline, and the pages to which they lead."""
    for each in entries:
        if not isinstance(each, list):
            yield each.title, reader.get_destination_page_number(each) + 1
        elif levels > 1:
            yield from outlined(reader, each, levels - 1)


def test_its_outline_and_its_contents_agree_with_its_pages(pdf: Printed, chapters):
    """The running head and the number on the page are those that lead there."""
    entries = list(outlined(pdf.reader, pdf.reader.outline, levels=2))
    title, first = entries[2]
    assert (entries[1], title) == (("Contents", 2), chapters[0].title)
    listed = "".join(f"{words}{page}" for words, page in entries[2:])
    lines = [
        line for text in pdf.texts[1 : first - 1] for line in text.splitlines()[2:]
    ]
    assert squeezed("".join(lines)) == squeezed(f"Contents{listed}")
    starts = dict(entries)
    for chapter in chapters:
        start = starts[chapter.title]
        head = squeezed(pdf.texts[start - 1])
        assert head.startswith(squeezed(f"Model Collapse{chapter.title}{start}"))


def test_every_page_number_in_a_link_is_that_of_its_aim(pdf: Printed):
    reader = pdf.reader
    aims = {
        name: pdf.number[aim.page.idnum]
        for name, aim in reader.named_destinations.items()
    }
    said = wrong = 0
    for page, text in zip(reader.pages, pdf.texts, strict=True):
        numbers = [int(n) for n in re.findall(r"\(page\s(\d+)\)", text)]
        links = [each.get_object() for each in page.get("/Annots", [])]
        here = {aims[each["/Dest"]] for each in links if "/Dest" in each}
        said += len(numbers)
        wrong += sum(number not in here for number in numbers)
    assert said > 200
    assert wrong <= 2, wrong  # a link may end a page, its number begin the next


def test_no_figure_and_no_code_box_is_cut(pdf: Printed, chapters):
    cut = [e for e in pdf.elements if e[0] == "/Figure" and len(e[2]) > 1]
    assert cut == []
    pages = [squeezed(text) for text in pdf.texts]
    for chapter in chapters:
        for figure in FIGURES.findall(chapter.html):
            tree = ElementTree.fromstring(figure)
            words = [
                squeezed("".join(each.itertext()))
                for each in tree.iter("p")
                if each.get("class") in ("asked", "caption", "lesson")
            ]
            assert any(all(each in page for each in words) for page in pages), words
    boxes = 0
    for chapter in chapters:
        for box in re.findall(r"<pre>(.*?)</pre>", chapter.html, re.DOTALL):
            tree = ElementTree.fromstring(f"<pre>{box}</pre>")
            code = squeezed("".join(tree.itertext()))
            boxes += 1
            assert any(code in page for page in pages), (chapter.name, code[:80])
    assert boxes > 120


def lowest(page: PageObject) -> float:
    """How far down the last line of a page lies; a figure ends with one, too."""
    high, foot = float(page.mediabox.height), MARGINS[2] * MILLIMETRE
    ends = []

    def visit(text: str, matrix: list, place: list, *_: object) -> None:
        # Where the text begins, in the units of the page.
        up = place[4] * matrix[1] + place[5] * matrix[3] + matrix[5]
        if text.strip() and up > foot:
            ends.append(up)

    page.extract_text(visitor_text=visit)
    return 1 - (min(ends) - foot) / (high - foot - MARGINS[0] * MILLIMETRE)


def test_few_pages_are_half_blank(pdf: Printed, chapters):
    """What does not fit leaves a page blank, unless text goes before it."""
    starts = dict(outlined(pdf.reader, pdf.reader.outline, levels=1))
    firsts = {starts[chapter.title] for chapter in chapters} | {len(pdf.texts) + 1}
    inner = [
        number
        for number in range(min(firsts), len(pdf.texts) + 1)
        if number + 1 not in firsts
    ]
    blank = [n for n in inner if lowest(pdf.reader.pages[n - 1]) < 0.6]
    assert len(blank) < len(inner) / 30, blank


FIGURE = "<div class='cell'><figure style='height: {}mm'>fig</figure></div>"


@pytest.mark.parametrize(
    ("heights", "after", "order"),
    [
        ((100, 200), "<p>1</p><p>2</p>", "fig 0 1 fig 2"),
        ((100, 60), "<p>1</p><p>2</p>", "fig 0 fig 1 2"),  # it fits
        ((170, 60), "<p>1</p><p>2</p>", "fig 0 fig 1 2"),  # little is blank
        ((100, 200), "<p>1</p><div class='math'>=</div><p>2</p>", "fig 0 1 = 2 fig"),
        ((100, 200), "<p>1</p><div class='cell'>code</div>", "fig 0 fig 1 code"),
        ((100, 200), "<section><p>1</p></section>", "fig 0 fig 1"),
    ],
)
def test_text_goes_before_a_figure_that_does_not_fit(
    heights: tuple[int, int], after: str, order: str, new_context
):
    """But none that leads to code, and no half of a sentence."""
    first, second = map(FIGURE.format, heights)
    page: Page = new_context().new_page()
    page.set_content(
        "<style>figure {break-inside: avoid} * {margin: 0} p {height: 60mm}</style>"
        f"<div class='chapter'>{first}<p>0</p>{second}{after}</div>"
    )
    fill_pages(page, "a4")
    assert page.locator(".chapter").inner_text().split() == order.split()


def test_all_figures_are_there_with_their_words(pdf: Printed, chapters):
    shown = {words for kind, words, _ in pdf.elements if kind == "/Figure"}
    assert "" not in shown
    for chapter in chapters:
        captions = re.findall(r'<p class="caption"[^>]*>(.*?)</p>', chapter.html)
        for caption in captions:
            words = "".join(ElementTree.fromstring(f"<p>{caption}</p>").itertext())
            assert words in shown, chapter.name


# EPUB -----------------------------------------------------------------------------


def test_an_epub_passes_epubcheck_with_all_figures_and_formulas(root, site, chapters):
    """The command fails where EPUBCheck finds anything."""
    make(root, "epub")
    figures = 0
    with zipfile.ZipFile(root / "build" / "model-collapse.epub") as book:
        assert 'href="cover.png" media-type="image/png" properties="cover-image"' in (
            book.read("book/package.opf").decode()
        )
        front = ElementTree.fromstring(book.read("book/front.xhtml"))
        (picture,) = front.iter(f"{XHTML}img")
        assert picture.get("src") == "cover.png"
        assert picture.get("alt").startswith("Model Collapse: an interactive textbook")
        assert "Generation 8" in picture.get("alt")
        for chapter in chapters:
            name = f"book/{chapter.name.replace('/', '-')}.xhtml"
            text = book.read(name).decode()
            assert "mjx-" not in text
            tree = ElementTree.fromstring(text)
            by_id = {each.get("id"): each for each in tree.iter()}
            for picture in tree.iter():
                if picture.get("role") == "img":
                    words = by_id[picture.get("aria-labelledby")]
                    assert len("".join(words.itertext())) > 20
            page = (site / f"{chapter.name}.html").read_text(encoding="utf-8")
            count = page.count('<figure class="explore"')
            printed = [
                each
                for each in tree.iter(f"{XHTML}figure")
                if each.get("class") == "printed"
            ]
            assert len(printed) == count, chapter.name
            figures += count
        derivations = book.read("book/appendix-derivations.xhtml").decode()
    assert figures > 50
    assert derivations.count("<math") > 500


# The zip --------------------------------------------------------------------------


def test_an_offline_copy_moves_and_finds_from_disk(
    root: Path, site: Path, new_context, tmp_path: Path
):
    make(root, "zip")
    archive = root / "build" / "model-collapse.zip"
    assert archive.stat().st_size < 10 * MEGABYTE
    with zipfile.ZipFile(archive) as copy:
        copy.extractall(tmp_path)
    folder = tmp_path / "model-collapse"
    page: Page = new_context(offline=True).new_page()
    watched = Watched(page, tmp_path.as_uri())
    page.goto((folder / "gaussian.html").as_uri())
    figure = page.locator("#gaussian-bell")
    figure.scroll_into_view_if_needed()
    slider = figure.locator("input[type=range]").first
    slider.wait_for()
    before = figure.locator("figcaption").inner_text()
    slider.fill(slider.get_attribute("max"))
    assert figure.locator("figcaption").inner_text() != before
    for query in ("martingale", "digamma", "jackrabbit"):
        page.goto((folder / "search.html").as_uri() + f"?q={query}")
        page.get_by_text("Search finished").wait_for()
        found = page.locator("#search-results li").filter(has=page.locator("p.context"))
        found.first.wait_for()
        excerpts = found.all_inner_texts()
        assert any(query in text for text in excerpts), excerpts
        assert not any("skip to main" in text for text in excerpts)
    assert "jackrabbits" in "".join(excerpts)
    page.goto((folder / "slides" / "gaussian.html").as_uri())
    page.locator(".reveal.ready").wait_for()
    assert watched.troubles == []
    assert not any(each.startswith("http") for each in watched.requests)
