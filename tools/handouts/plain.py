"""The chapters as plain HTML, cut out of the built pages: nothing moves or loads.

Ids begin with their chapter's name, so that chapters can stand in one file, and links
to other chapters are ``#chapter--id``. Solutions stand at the end of a chapter.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx_external_toc.parsing import parse_toc_yaml

from handouts import SITE
from handouts.figures import live, on_paper, printed_figure

FIGURE = re.compile(
    r'(?P<opened><figure class="explore"[^>]*>)(?P<inside>.*?</figure>)', re.DOTALL
)
FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)
PICTURE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
PART = re.compile(r'<object data-part="(\d+)"></object>')
DROPPED = (
    ".headerlink, .colophon, .toctree-wrapper, template, link, script, [hidden], "
    "[role=status], details.hide"
)
EMPTY = "div:not([class]), .cell_input, .cell_output, .output, .cell, .explore.still"
HEADINGS = re.compile("^(h[1-6]|p)$")
LONGEST_CODE = 60
"""Lines of a cell; a longer listing, which a page folds, is a module that draws."""
UNPAGED = ".std-term, .doc.quiet"
"""Links to what is looked up by its name."""


@dataclass(frozen=True)
class Chapter:
    """A page of the book."""

    name: str
    """As the table of contents has it."""
    title: str
    """With the chapter's number, where it has one."""
    sections: tuple[tuple[str, str], ...]
    """Ids and titles of what the contents list below it."""
    html: str
    """One section, XML as well as HTML; its chapter's name is no id in it."""


def anchor(page: str, fragment: str = "") -> str:
    """The id of a page, or of a place in it."""
    name = page.replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


class Cutter:
    """Cuts chapters out of the pages of a site.

    Parameters
    ----------
    site : Path
        The folder of the built pages.
    toc : Path
        The file that puts them in order.
    formula : callable
        What becomes of a formula, given as the page draws it.
    is_paper : bool
        Whether a figure's states stand side by side, in narrow pictures.
    """

    def __init__(
        self,
        site: Path,
        toc: Path,
        formula: Callable[[str], str],
        is_paper: bool = False,
    ) -> None:
        self.site, self.formula, self.is_paper = site, formula, is_paper
        self.names = list(parse_toc_yaml(toc))

    def chapters(self) -> list[Chapter]:
        return [self.chapter(name) for name in self.names]

    def chapter(self, name: str) -> Chapter:
        """Cut one chapter out of its page."""
        page = f"{name}.html"
        text = (self.site / page).read_text(encoding="utf-8")
        text = text[text.index("<article") : text.index("</article>")]
        parts: list[str] = []

        def put(part: str) -> str:
            """Keep what no parser may touch; return what stands for it."""
            parts.append(part)
            return f'<object data-part="{len(parts) - 1}"></object>'

        text = FIGURE.sub(
            lambda found: put(
                printed_figure(self.site, page, found[1], found[2], self.is_paper)
            ),
            text,
        )
        text = FORMULA.sub(lambda found: put(self.formula(found[0])), text)
        text = PICTURE.sub(lambda found: put(on_paper(found[0], grow=1)), text)
        article = BeautifulSoup(text, "html.parser").article
        body = article.find("section", recursive=False)
        self.clear(body, page)
        self.gather_solutions(body)
        self.name_places(body, name)
        for link in body.find_all("a", href=True):
            self.lead(link, page)
        html = PART.sub(lambda found: parts[int(found[1])], str(body))
        html = re.sub(
            r'(<figure class="printed" id=")', rf"\g<1>{anchor(name)}--", html
        )
        sections = tuple(
            (part.find("h2")["id"], heading_of(part))
            for part in body.find_all("section", recursive=False)
        )
        return Chapter(name, heading_of(body, "h1"), sections, html)

    def clear(self, body: Tag, page: str) -> None:
        """Drop what only a screen has; say where what a form does is found."""
        for form in body.select(".static-form:not(.exercise-check)"):
            name = form.get("id") or form.select_one("[id]")["id"]
            where = live(f"{SITE}{page}#{name}", "This needs the web page:")
            form.insert_before(BeautifulSoup(where, "html.parser"))
        for printed in body.select("details.hide.below-input"):
            printed.summary.decompose()
            printed.unwrap()
        for unwanted in body.select(DROPPED):
            unwanted.decompose()
        for fold in body.select(".dropdown:not(.solution)"):
            if any(code.text.count("\n") > LONGEST_CODE for code in fold.select("pre")):
                fold.decompose()
        for form in body.select(".static-form"):
            form.attrs = {"id": form["id"]} if "id" in form.attrs else {}
        for kind in EMPTY.split(", "):
            for box in body.select(kind):
                if not box.get_text(strip=True) and not box.find("object"):
                    box.decompose()

    def gather_solutions(self, body: Tag) -> None:
        """Move solutions to the end, and say at their exercises where they are."""
        solutions = body.select(".solution")
        if not solutions:
            return
        end = BeautifulSoup(
            '<section id="solutions"><h2>Solutions</h2></section>', "html.parser"
        )
        for solution in solutions:
            exercise = solution.select_one(".admonition-title a")["href"].lstrip("#")
            where = f'<p class="where"><a href="#{solution["id"]}">Solution</a></p>'
            body.find(id=exercise).append(BeautifulSoup(where, "html.parser"))
            end.section.append(solution.extract())
        body.append(end.section)

    def name_places(self, body: Tag, name: str) -> None:
        """Give every id its chapter's name, and a section's to its heading.

        On paper a section may begin at the foot of a page, its heading on the next.
        """
        for place in (body, *body.find_all(id=True)):
            identity = anchor(name, place.attrs.pop("id"))
            is_box = place.name == "section" or "solution" in place.get("class", ())
            heading = place.find(HEADINGS) if is_box else place
            heading["id"] = identity

    def lead(self, link: Tag, page: str) -> None:
        """Let a link lead into the book, or to the site."""
        href = link["href"]
        if urlsplit(href).scheme:
            return
        path, _, fragment = href.partition("#")
        target = posixpath.join(posixpath.dirname(page), path) if path else page
        target = posixpath.normpath(target)
        name = target.removesuffix(".html")
        if "explore-link" in link.get("class", ()) or name not in self.names:
            link["href"] = SITE + target + (f"#{fragment}" if fragment else "")
            return
        link["href"] = f"#{anchor(name, fragment)}"
        if not link.select_one(UNPAGED) and not link.find_parent(
            class_=["bibtex-citation", "citation"]
        ):
            link["class"] = [*link.get("class", ()), "paged"]


def heading_of(section: Tag, level: str = "h2") -> str:
    """A section's title, as text."""
    return " ".join(section.find(level).get_text().split())
