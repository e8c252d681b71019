"""The texts that links show on hover: which they are, and what they leave alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from sphinx.testing.util import SphinxTestApp

import hover_texts

BOOK = {
    "conf.py": """
extensions = ["sphinxcontrib.bibtex", "prerendered_math", "claims_ledger"]
extensions += ["hover_texts"]
bibtex_bibfiles = ["books.bib"]
bibtex_reference_style = "author_year"
html_math_renderer = "prerendered"
""",
    "books.bib": """
@book{box, author = {George Box}, title = {All Models}, publisher = {A House},
  year = {1976}}
""",
    "index.rst": """
Start
=====

.. toctree::

   more/words
   more/books
   more/claims
   dull
   plain

A :term:`model` after :cite:t:`box` has :eq:`bell`: :claim:`one`. Two :term:`models
<model>`, one :term:`prototype`, :doc:`words <more/words>`, `elsewhere
<https://example.org/#model>`__ and :ref:`a section <section>`.

.. math:: e^{-x^2}
   :label: bell
""",
    "dull.rst": """
Dull
====

.. _section:

Section
-------

No word of it needs a definition.
""",
    "plain.rst": "Plain\n=====\n\nHas no formula, but a :term:`model`.\n",
    "more/words.rst": """
Words
=====

.. glossary::

   model
   prototype
      Has :term:`numbers <number>` such as :math:`\\mu`; see :cite:t:`box`.

      In two paragraphs.

   number
      Counts.
""",
    "more/books.rst": "Books\n=====\n\n.. bibliography::\n",
    "more/claims.rst": """
Claims
======

.. _claim-one:

.. container:: claim

   .. rubric:: one

   All is well, says :ref:`a section <section>`, with :math:`p < 1`.

   .. math:: p

   - Protocol
""",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SphinxTestApp]:
    """A small book, built."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "more").mkdir()
    for name, text in BOOK.items():
        (folder / name).write_text(text, encoding="utf-8")
    app = SphinxTestApp("html", srcdir=folder, warningiserror=True)
    app.build()
    assert app.warning.getvalue() == ""
    yield app
    app.cleanup()


def page(app: SphinxTestApp, name: str) -> BeautifulSoup:
    text = Path(app.outdir, f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def texts(app: SphinxTestApp, name: str) -> dict[str, Tag]:
    """The texts at the end of a page, by the address of their links."""
    templates = page(app, name).select("template.hover-texts")
    found = [
        text for each in templates for text in each.find_all("div", recursive=False)
    ]
    by_address = {each["data-for"]: each for each in found}
    assert len(by_address) == len(found), "a text is there twice"
    return by_address


def words(tag: Tag) -> str:
    return " ".join("".join(tag.find_all(string=True)).split())


def test_each_kind_of_link_has_the_text_of_what_it_leads_to(app: SphinxTestApp) -> None:
    found = texts(app, "index")
    model = found["more/words.html#term-model"]
    assert words(model).startswith("Has numbers such as ")
    assert words(model).endswith("see Box [1976]. In two paragraphs.")
    assert words(found["more/words.html#term-prototype"]) == words(model)
    (book,) = (text for link, text in found.items() if "books.html#" in link)
    assert words(book) == "George Box. All Models. A House, 1976."
    assert words(book.find("em")) == "All Models"
    claim = found["more/claims.html#claim-one"]
    assert words(claim).startswith("All is well, says a section, with ")
    assert "Protocol" not in words(claim)
    equation = found["#equation-bell"]
    assert equation.select_one("mjx-math[aria-hidden]")
    assert equation.select_one("mjx-assistive-mml msup")
    assert "(1)" not in words(equation)
    assert equation.select_one("[role=img]")["aria-label"] == "e^{-x^2}"


def test_no_other_link_has_a_text(app: SphinxTestApp) -> None:
    assert len(texts(app, "index")) == 5
    assert set(texts(app, "more/words")) == {
        "#term-number",
        *(link for link in texts(app, "more/words") if link.startswith("books.html#")),
    }
    assert texts(app, "dull") == {}


def test_each_text_is_that_of_a_link_of_its_page(app: SphinxTestApp) -> None:
    for name in ("index", "more/words"):
        addresses = {a.get("href") for a in page(app, name).select("a.reference")}
        assert texts(app, name).keys() <= addresses


def test_texts_hold_no_id_and_nothing_to_focus(app: SphinxTestApp) -> None:
    for name in ("index", "more/words"):
        for text in texts(app, name).values():
            assert text.select("[id], [name], a, button, [tabindex]") == []


def test_only_a_page_with_texts_loads_the_script_and_the_styles(
    app: SphinxTestApp,
) -> None:
    for name in ("index", "dull"):
        loaded = page(app, name).select("script[src], link[href]")
        files = [each.get("src") or each["href"] for each in loaded]
        ours = [file.split("?")[0] for file in files if "hover_texts" in file]
        wanted = ["_static/hover_texts.css", "_static/hover_texts.js"]
        assert sorted(ours) == (wanted if name == "index" else [])
    for name in ("hover_texts.css", "hover_texts.js"):
        assert Path(app.outdir, "_static", name).is_file()
    assert page(app, "index").select_one("script[src*=hover_texts]").has_attr("defer")


def test_a_text_alone_makes_no_page_load_the_fonts_of_formulas(
    app: SphinxTestApp,
) -> None:
    (text,) = texts(app, "plain").values()
    assert words(text.select_one("math > mi")) == "μ"
    assert text.select("mjx-container") == []
    assert page(app, "plain").select("link[href*='math.css']") == []
    assert page(app, "index").select("link[href*='math.css']") != []


def test_a_reference_is_still_once_in_its_bibliography(app: SphinxTestApp) -> None:
    (entry,) = page(app, "more/books").select("div.citation")
    assert len(entry.select("p")) == 1
    assert len(entry.select(".label")) == 1


def test_a_page_stays_as_it_is_for_notebooks_and_for_the_search(
    app: SphinxTestApp,
) -> None:
    for name in ("index", "more/words", "more/claims"):
        doctree = app.env.get_doctree(name)
        app.env.apply_post_transforms(doctree, name)
        before = doctree.pformat()
        hover_texts.html_of.cache_clear()
        hover_texts.texts_on.cache_clear()
        hover_texts.add_texts(app, name, "page.html", {"body": ""}, doctree)
        assert doctree.pformat() == before
    index = Path(app.outdir, "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    where = index["terms"]["paragraph"]  # a word of a definition, shown on two pages
    assert index["docnames"][where] == "more/words"


def test_a_page_without_a_source_has_no_texts(app: SphinxTestApp) -> None:
    context = {"body": "<p>As it was.</p>"}
    hover_texts.add_texts(app, "search", "search.html", context, None)
    assert context["body"] == "<p>As it was.</p>"
