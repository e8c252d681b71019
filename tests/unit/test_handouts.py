"""What the PDF, the EPUB and the zip are made of: toy pages, cut and linked."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from PIL import Image

from collapse.exercises.check import SITE
from collapse.explore import explore, page
from collapse.explore.stills import caption, printed
from collapse.palette import MIXED, REAL, SECOND, SYNTHETIC, THEORY
from handouts.cover import cover, front
from handouts.epub import contents, item
from handouts.epub import page as epub_page
from handouts.figures import on_paper, printed_figure, told
from handouts.formulas import drawn, spoken
from handouts.offline import write_zip
from handouts.paper import PrintError, numbered, paged
from handouts.plain import Chapter, Cutter

FORMULA = (
    '<mjx-container class="MathJax" jax="CHTML"><mjx-math aria-hidden="true"><mjx-mi>'
    '<mjx-c class="mjx-c1D45B"></mjx-c></mjx-mi></mjx-math><mjx-assistive-mml><math>'
    '<mi data-mjx-variant="x">n</mi><mo>&lt;</mo></math></mjx-assistive-mml>'
    "</mjx-container>"
)
ARTICLE = f"""\
<main><article class="bd-article">
<section id="one">
<h1><span class="section-number">1. </span>One<a class="headerlink">#</a></h1>
<p>A <a href="words.html#term-model"><span class="std-term">model</span></a>, see
<a class="reference" href="words.html"><span class="doc">Words</span></a>,
<a class="reference" href="#part">below</a>, <a href="https://elsewhere.org/">there</a>,
<a class="explore-link" href="#bell?generation=3">three</a>,
<a href="slides/one.html">slides</a> and {FORMULA}.</p>
<div class="cell"><details class="admonition hide"><pre>fig</pre></details></div>
<div class="cell"><details class="admonition hide below-input"><summary>Show</summary>
<div class="output"><pre>def f(): ...</pre></div></details></div>
<div class="dropdown admonition"><pre>{"x = 1" + chr(10) * 70}</pre></div>
<div class="static-form sums" id="sums"><form hidden>Type</form>
<p>By hand.</p></div>
<div class="exercise admonition" id="ask">
<p class="admonition-title">Exercise 1.1</p></div>
<div class="solution dropdown admonition" id="answer">
<p class="admonition-title">Solution to <a href="#ask">Exercise 1.1</a></p>
<p>Yes.</p></div>
<section id="part"><h2>1.1. Part<a class="headerlink">#</a></h2><br></section>
</section>
<template class="hover-texts"><div>unseen</div></template>
</article></main>
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of two pages."""
    words = '<article><section id="words"><h1>Words</h1></section></article>'
    for name, text in (("one", ARTICLE), ("words", words)):
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
    toc = "format: jb-book\nroot: one\nchapters:\n- file: words\n"
    (tmp_path / "_toc.yml").write_text(toc, encoding="utf-8")
    return tmp_path


def cut(site: Path, formula=spoken) -> Chapter:
    return Cutter(site, site / "_toc.yml", formula).chapters()[0]


def test_a_chapter_is_xml_without_what_folds_or_hides(site):
    chapter = cut(site)
    ElementTree.fromstring(chapter.html)
    assert chapter.title == "1. One"
    assert chapter.sections == (
        ("one--part", "1.1. Part"),
        ("one--solutions", "Solutions"),
    )
    for gone in ("fig", "x = 1", "Type", "unseen", "headerlink", "mjx-"):
        assert gone not in chapter.html
    assert "By hand." in chapter.html
    assert "<pre>def f(): ...</pre>" in chapter.html
    assert "Show" not in chapter.html
    assert f"{SITE}one.html#sums" in chapter.html


def test_links_lead_into_the_book_or_to_the_site(site):
    found = re.findall(r'<a (?:class="([^"]*)" )?href="([^"]*)"', cut(site).html)
    leads = {address: classes.split()[-1:] for classes, address in found}
    assert leads["#words--term-model"] == []  # looked up by its name: no page number
    assert leads["#words"] == leads["#one--part"] == ["paged"]
    assert "https://elsewhere.org/" in leads
    assert f"{SITE}one.html#bell?generation=3" in leads
    assert f"{SITE}slides/one.html" in leads


def test_solutions_stand_at_the_end_and_exercises_say_where(site):
    tree = ElementTree.fromstring(cut(site).html)
    last = tree.findall("section")[-1]
    assert last.find("h2").get("id") == "one--solutions"
    assert last.find("div/p").get("id") == "one--answer"
    exercise = next(each for each in tree.iter() if each.get("id") == "one--ask")
    assert exercise.find("p[@class='where']/a").get("href") == "#one--answer"


def test_a_formula_is_mathml_or_a_picture_with_words():
    assert spoken(FORMULA) == "<math><mi>n</mi><mo>&lt;</mo></math>"
    picture = drawn(FORMULA)
    assert picture.startswith('<mjx-container role="img" aria-label="n &lt;" ')
    assert "<mjx-words>n &lt;</mjx-words>" in picture
    assert "math>" not in picture.replace("mjx-math>", "")
    assert "aria-hidden" not in picture


def make_figure():
    figure, axes = plt.subplots(figsize=(3, 2))
    (line,) = axes.plot([0, 1], [0, 1])
    axes.set_xlabel("years")
    axes.text(0, 0, "a grey word", color="0.6")

    def update(age, share):
        line.set_ydata([age, share])
        return f"Title {age}", f"At {age} & {share}."

    return explore(
        figure,
        update,
        name="ages",
        print_states=[{"age": 1}, {"age": 3, "share": 20}],
        age=[1, 2, 3],
        share=[10, 20],
    )


def taken_apart(tmp_path) -> dict:
    """A figure as a built page keeps it."""
    made = {}

    def write(opened, inside, data, identity):
        script = f'showFigure("ages.js",{data},"{identity}");'
        (tmp_path / "ages.js").write_text(script, encoding="utf-8")
        opened = opened.removesuffix(">") + ' data-figure="ages.js">'
        made.update(opened=opened, inside=inside, data=json.loads(data))
        return ""

    page.take_apart(make_figure().html(), write)
    return made


def test_a_figure_is_its_printed_states_with_their_words(tmp_path):
    """A picture is named by its caption; a page has nothing left to set in it."""
    made = taken_apart(tmp_path)
    html = printed_figure(tmp_path, "one.html", made["opened"], made["inside"])
    tree = ElementTree.fromstring(html)
    by_id = {each.get("id"): "".join(each.itertext()) for each in tree.iter()}
    pictures = [each for each in tree.iter() if each.get("role") == "img"]
    data = made["data"]
    assert [by_id[each.get("aria-labelledby")] for each in pictures] == [
        caption(data, state) for state in printed(data)
    ]
    settings = [each.text for each in tree.iter("p") if each.get("class") == "setting"]
    assert settings == ["Age: 1, Share: 10", "Age: 3, Share: 20"]
    assert f"{SITE}one.html#ages" in html
    assert 'xml:space="preserve"' in html  # or lines of code close up
    assert not re.search(r"var\(|calc\(|color-mix|data-layer", html)
    paper = printed_figure(tmp_path, "one.html", made["opened"], made["inside"], True)
    small, large = (
        [float(size) for size in re.findall(r'font-size="(\d+)"', each)]
        for each in (html, paper)
    )
    assert sum(large) > 1.1 * sum(small), "letters grow in narrow pictures"
    identities = re.findall(r'<clipPath[^>]* id="([^"]+)"', html)
    assert len(identities) == len({*identities})


def test_a_cover_shows_the_last_state_of_the_first_figure_below_the_title(tmp_path):
    made = taken_apart(tmp_path)
    html = printed_figure(tmp_path, "one.html", made["opened"], made["inside"])
    picture, words = front(Chapter("one", "One", (), html))
    assert words == "At 3 & 20."
    assert "Title 3" in picture
    bare, whole = (
        np.array(Image.open(io.BytesIO(cover("T: a book", "A", "1", svg))).convert("L"))
        for svg in ('<svg viewBox="0 0 1 1"></svg>', picture)
    )
    assert whole.shape == (1800, 1200)
    dark = {name: image < 100 for name, image in (("bare", bare), ("whole", whole))}
    assert dark["bare"][200:420].sum() > 1000, "the title"
    assert dark["bare"][560:1440].sum() == 0
    assert dark["whole"][560:1440].sum() > 1000, "the figure"


def printed_line(colour: str) -> tuple[float, str]:
    """The grey of a line on paper, and its width with its dashes."""
    line = on_paper(f'<path stroke="{colour}" fill="none" stroke-width="28" d=""/>', 1)
    found = re.fullmatch(r'<path stroke="(.*?)" fill="none" (.*) d=""/>', line)
    return float(np.dot(to_rgb(found[1]), [0.299, 0.587, 0.114])), found[2]


def test_lines_differ_in_black_and_white():
    """By their grey, or by what is no grey."""
    greys = [
        f"color-mix(in srgb,var(--ink,#000) {share}%,var(--paper,#fff))"
        for share in (55, 65)
    ]
    colours = (REAL, SYNTHETIC, MIXED, SECOND, THEORY, *greys)
    lines = dict(zip(colours, map(printed_line, colours), strict=True))
    for one, other in itertools.combinations(colours, 2):
        if {one, other} == {*greys}:
            continue  # they never stand in one figure
        apart = abs(lines[one][0] - lines[other][0])
        assert apart > 0.1 or lines[one][1] != lines[other][1], (one, other)


def test_a_line_that_is_dashed_stays_so():
    line = (
        f'<path stroke="{SECOND}" fill="none" stroke-width="28" stroke-dasharray="9"/>'
    )
    assert on_paper(line, 1) == line


def drawn_on_paper(colour: str, **text: object) -> tuple[str, str]:
    """A picture with a line of a colour and its name, on paper; and its caption."""
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([0, 1], [0, 1], color=colour, lw=2)
    axes.text(0.2, 0.8, "of 100", color=colour, **text)

    def update(age):
        return f"Title {age}", "A caption."

    html = explore(figure, update, name="ages", age=[1, 2]).html()
    inside = html[html.index("<svg") : html.index("</svg>") + 6]
    picture = on_paper(inside, 1)
    return picture, told("Green or purple: a line; orange or blue: words.", picture)


@pytest.mark.parametrize(
    ("colour", "manner", "words"),
    [
        (MIXED, 'stroke-width="46"', "Green (broad) or purple: a line"),
        (SECOND, 'dasharray="130 65 1 65"', "Green or purple (dash and dot): a line"),
        (SYNTHETIC, 'stroke-width="28"', "Green or purple: a line"),
    ],
)
def test_a_label_has_a_sample_of_its_line_and_the_caption_its_manner(
    colour: str, manner: str, words: str
):
    picture, caption = drawn_on_paper(colour)
    assert caption.startswith(words)
    sample = re.search(r'">of 100</text><path ([^>]*) d="M\d+ \d+h(\d+)"/>', picture)
    line = re.search(r'<path (stroke="#\w+" fill="none" stroke-width="\d\d")', picture)
    assert sample[1].startswith(line[1])
    assert manner in sample[1]
    assert 300 < int(sample[2]) < 900


def test_words_that_tell_by_their_colour_are_bold_or_underlined():
    """Not labels of lines: what a model wrote, and what was real."""
    real, caption = drawn_on_paper(REAL, family="monospace")
    assert 'text-decoration="underline"' in real
    assert "blue (underlined): words" in caption
    assert not re.search(r'd="M\d+ \d+h', real)
    bold, caption = drawn_on_paper(SYNTHETIC, family="monospace", weight="bold")
    assert "orange (bold) or blue: words" in caption
    assert told("bold orange", bold) == "bold orange"


def test_page_numbers_stand_behind_links_and_are_those_of_their_aims(site):
    text = paged(cut(site).html)
    places = {"words": 12, "one--part": 1, "one--answer": 2, "one--ask": 1}
    plain = re.sub(r"<[^>]+>", "", numbered(text, places))
    assert "Words (page 12)" in plain
    assert "model, see" in plain
    with pytest.raises(PrintError, match="'words'"):
        numbered(text, {})


def test_an_epub_lists_its_chapters_and_links_their_files(site):
    chapter = cut(site)
    assert 'href="words.xhtml#words--term-model"' in epub_page(chapter)
    assert 'href="words.xhtml"' in epub_page(chapter)
    assert 'href="one.xhtml#one--part"' in epub_page(chapter)
    assert 'properties="mathml svg"' in item(chapter)
    assert '<a href="one.xhtml#one--part">1.1. Part</a>' in next(contents([chapter]))


def test_the_offline_copy_has_no_button_without_a_file(tmp_path):
    site = tmp_path / "site"
    for name, text in {
        "index.html": '<ul><li><a href="_run/index.ipynb"\n>with outputs</a></li>'
        '<li><a href="_sources/index.ipynb">notebook</a></li></ul>'
        "<article><p>One</p></article>",
        "404.html": "<p>No page</p>",
        "_run/index.ipynb": "{}",
        "_sources/index.ipynb": "{}",
    }.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    write_zip(site, first)
    write_zip(site, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == [
            "model-collapse/_sources/index.ipynb",
            "model-collapse/index.html",
        ]
        index = archive.read("model-collapse/index.html").decode()
    assert "_run" not in index
    assert "notebook" in index
