"""A deck of slides for each numbered chapter, cut from the chapter's own page.

After the pages are written, `slides/NAME.html` gets the chapter's question, each
section's heading with its figures, which move and ask as on the page, the exercises,
the sentences to remember, and the questions that the teaching page has for it. Speaker
notes are the section's first paragraph. reveal.js moves the slides; its files come from
the package sphinx-revealjs. Its own way to build, a second run of Sphinx over sources
written as slides, is not used.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import ReferenceRole

from printed_pages import version

FOLDER = "slides"
QUESTIONS = "appendix/teaching"
"""The page with the questions to discuss, in a section of this id:"""
DISCUSSION = "discussion-questions"
REVEAL = {
    "dist/reveal.css": "reveal.css",
    "dist/reveal.js": "reveal.js",
    "plugin/notes/notes.js": "notes.js",
}
"""Where the package keeps the files of reveal.js, and what the site calls them."""
UNWANTED = ["headerlink", "section-number", "caption-number", "eqno"]
LONGEST_CODE = 14
"""Lines of code that a slide can show."""

FIGURE = re.compile(
    r'<figure class="explore" id="(?P<name>[^"]*)"[^>]*>.*?</figure>', re.DOTALL
)
FORMULA = re.compile(
    r"<mjx-container.*?(<math.*?</math>).*?</mjx-container>", re.DOTALL
)
FOLDED = re.compile(r"<(details|template)\b.*?</\1>", re.DOTALL)
CODE = re.compile(r"(?<=<pre>).*?(?=</pre>)", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
FRAMED = re.compile(r"<main>(.*)</main>", re.DOTALL)
ADDRESSED = re.compile(r" data-addressed(?=[ >])")
DECK = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="../_static/favicon.svg" type="image/svg+xml">
<title>Slides: {title}</title>
<link rel="stylesheet" href="reveal.css" media="screen">
<link rel="stylesheet" href="../_static/explore.css">
<link rel="stylesheet" href="../_static/slides.css">
<script defer src="reveal.js"></script>
<script defer src="notes.js"></script>
<script defer src="../_static/explore.js"></script>
<script defer src="../_static/slides.js"></script>
</head>
<body>
<main class="deck"><div class="slides">
{slides}
</div></main>
</body>
</html>
"""
SLIDE = """\
<section{kind}>
<h{level}>{heading}</h{level}>
{body}
{notes}</section>
"""
COLOPHON = """\
<p class="colophon">{book}, version {version}. Text and figures: CC BY 4.0.
<a href="../{page}">The chapter</a></p>
<p class="keys">Keys: <kbd>←</kbd> <kbd>→</kbd> turn slides, <kbd>S</kbd> opens speaker
notes, <kbd>O</kbd> shows all, <kbd>F</kbd> fills the screen. Inside a figure the arrow
keys move its controls; <kbd>Tab</kbd> enters it and <kbd>Esc</kbd> leaves it.</p>
"""


class SlidesLink(nodes.inline):
    """Words that lead to a deck; on paper and in a notebook, words."""


class SlidesRole(ReferenceRole):
    """The role ``{slides}`words <chapter>``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        up = "../" * self.env.docname.count("/")
        address = f"{up}{FOLDER}/{self.target}.html"
        return [SlidesLink(self.rawtext, self.title, address=address)], []


def open_link(self: Any, node: SlidesLink) -> None:
    self.body.append(f'<a href="{escape(node["address"])}">')


def close_link(self: Any, node: SlidesLink) -> None:
    self.body.append("</a>")


def pass_by(self: Any, node: SlidesLink) -> None:
    """Where there are no decks, the words stand alone."""


def slide(
    heading: str, body: str, notes: str = "", kind: str = "", level: int = 2
) -> str:
    return SLIDE.format(
        heading=heading,
        body=body,
        level=level,
        kind=f' class="{kind}"' if kind else "",
        notes=f'<aside class="notes">{notes}</aside>\n' if notes else "",
    )


def from_decks(address: str, page: str) -> str:
    """An address as it stands on a page, as a deck has to write it."""
    if urlsplit(address).scheme:
        return address
    path, mark, anchor = address.partition("#")
    target = posixpath.join(posixpath.dirname(page), path) if path else page
    return posixpath.normpath(f"../{target}") + mark + anchor


def plain_article(text: str, page: str) -> Tag:
    """The article of a page without what slides have in another way.

    Figures are empty, formulas are MathML, and links count from the folder of slides.
    """
    text = text[text.index("<article") : text.index("</article>")]
    text = FIGURE.sub(r'<figure data-name="\g<name>"></figure>', text)
    text = FOLDED.sub("", FORMULA.sub(r"\1", text))
    text = CODE.sub(lambda found: TAG.sub("", found[0]), text)
    article = BeautifulSoup(text, "html.parser").article
    for unwanted in article.find_all(class_=UNWANTED):
        unwanted.decompose()
    for tag in article.find_all(id=True):
        if tag.name != "section":
            del tag["id"]
    for link in article.find_all("a", href=True):
        link["href"] = from_decks(link["href"], page)
    return article


def words(tag: Tag | None) -> str:
    """What is inside a tag, as HTML."""
    return tag.decode_contents().strip() if tag else ""


def question_of(lead: Tag) -> str:
    """The last question of a chapter's first paragraph."""
    text = " ".join(lead.get_text().split())
    if "?" not in text:
        raise ExtensionError(f"no question for its slides to begin with in: {text}")
    return escape(re.findall(r"[^.?]*[.?]", text[: text.rindex("?") + 1])[-1].strip())


def code_of(section: Tag) -> str:
    """The first code that a section shows, if a slide can hold it."""
    for box in section.select(".cell:not(.tag_hide-input) > .cell_input pre"):
        code = box.get_text().strip("\n")
        if code.count("\n") < LONGEST_CODE:
            return f'<pre tabindex="0"><code>{escape(code)}</code></pre>'
    return ""


def opening_of(section: Tag) -> str:
    """What a section without a figure begins with: a paragraph and what follows."""
    first = section.find("p", recursive=False)
    following = first.find_next_sibling()
    shown = str(first)
    if following and "math" in following.get("class", []):
        following["tabindex"] = "0"  # on a phone it scrolls, as code does
        shown += str(following)
    if code := code_of(section):
        return shown + code
    return shown + str(section.select_one("table") or "")


class Deck:
    """The slides of one chapter.

    Parameters
    ----------
    out : Path
        The folder of the built pages.
    name : str
        The chapter's page, without its ending.
    """

    def __init__(self, out: Path, name: str) -> None:
        self.out, self.page = out, f"{name}.html"
        text = (out / self.page).read_text(encoding="utf-8")
        self.chapter = plain_article(text, self.page).select_one("section")
        self.title = words(self.chapter.select_one("h1"))
        self.lead = self.chapter.find("p", recursive=False)

    def figure(self, name: str) -> str:
        """A figure as the page for frames has it; the deck's address is not its own."""
        frame = (self.out / "embed" / f"{name}.html").read_text(encoding="utf-8")
        return ADDRESSED.sub("", FRAMED.search(frame)[1], count=1)

    def slides(self, questions: list[str], book: str, number: str) -> Iterator[str]:
        colophon = COLOPHON.format(
            book=f"Chapter {number} of {escape(book)}",
            version=version(Path(__file__).parent.parent),
            page=self.page,
        )
        yield slide(self.title, f"<p>{words(self.lead)}</p>{colophon}", "", "title", 1)
        yield from self.moving(self.chapter, question_of(self.lead), words(self.lead))
        for section in self.chapter.find_all("section", recursive=False):
            yield from self.section(section)
        if questions:
            yield slide("To discuss", f"<ol>{''.join(questions)}</ol>")

    def section(self, section: Tag) -> Iterator[str]:
        heading = words(section.find("h2"))
        first = words(section.find("p", recursive=False))
        if section["id"] == "exercises":
            titles = section.select(".exercise > .admonition-title")
            items = "".join(
                f"<li>{escape(each.get_text().strip(' ()'))}</li>" for each in titles
            )
            yield slide(heading, f"<ul>{items}</ul>")
        elif section["id"] == "remember":
            yield slide(heading, str(section.find("ol")))
        elif section.select_one("figure[data-name]"):
            yield from self.moving(section, heading, first)
        else:
            yield from self.moving(section, heading, first)
            yield slide(heading, opening_of(section), first)

    def moving(self, section: Tag, heading: str, notes: str) -> Iterator[str]:
        """What a section shows, in its order; figures ask what they are to be asked."""
        for part in section.find_all(["div", "figure"], recursive=False):
            for figure in part.select("figure[data-name]"):
                shown = self.figure(figure["data-name"])
                yield slide(heading, shown, notes, "moving")


def discussed(out: Path) -> dict[str, list[str]]:
    """The teaching page's questions for each chapter, as items of a list."""
    page = f"{QUESTIONS}.html"
    article = plain_article((out / page).read_text(encoding="utf-8"), page)
    found = {}
    for term in article.select(f"#{DISCUSSION} dt:has(a)"):
        chapter = Path(term.a["href"].partition("#")[0]).stem
        found[chapter] = [str(each) for each in term.find_next("dd").select("li")]
    return found


def numbered(app: Sphinx) -> dict[str, str]:
    """The chapters that have a number and have run: name and number."""
    return {
        name: ".".join(map(str, numbers[""]))
        for name, numbers in app.env.toc_secnumbers.items()
        if numbers.get("") and name not in app.config.chapters_to_come
    }


def write_decks(app: Sphinx, exception: Exception | None) -> None:
    """After all else: so what reveal.js names keeps no rule of the pages' style."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    folder = out / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    package = Path(find_spec("sphinx_revealjs").origin).parent
    for source, name in REVEAL.items():
        text = (package / "_static" / "revealjs" / source).read_text(encoding="utf-8")
        text = re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
        (folder / name).write_text(text, encoding="utf-8")
    questions = discussed(out)
    for name, number in numbered(app).items():
        deck = Deck(out, name)
        slides = deck.slides(questions.get(name, []), app.config.html_title, number)
        title = escape(BeautifulSoup(deck.title, "html.parser").get_text())
        (folder / f"{name}.html").write_text(
            DECK.format(title=title, slides="".join(slides)), encoding="utf-8"
        )


def add_button(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Beside the buttons that download a chapter, one that opens its slides."""
    if doctree is None or app.builder.name != "html" or pagename not in numbered(app):
        return
    for group in context["header_buttons"]:
        if group["label"] == "download-buttons":
            group["buttons"].append(
                {
                    "type": "link",
                    "url": context["pathto"](f"{FOLDER}/{pagename}.html", 1),
                    "text": "slides",
                    "tooltip": "Slides of this chapter",
                    "icon": "fas fa-display",
                    "label": "slides-button",
                }
            )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("slides", SlidesRole())
    silent, links = (pass_by, pass_by), (open_link, close_link)
    app.add_node(SlidesLink, html=links, latex=silent, text=silent)
    app.connect("html-page-context", add_button, priority=900)
    app.connect("build-finished", write_decks, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
