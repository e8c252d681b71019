"""Figures taken out of pages, and the links that move them."""

import json
import re

import pytest
from matplotlib import pyplot as plt
from sphinx.errors import ExtensionError

from collapse.explore import explore
from page_figures import FOLDER, FRAMES, Figures

PAGE = "<html><head><title>A &amp; B</title></head><body>{}</body></html>"


def figure_html(name: str) -> str:
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])

    def update(height, kind):
        line.set_ydata([0, height])
        line.set_linestyle(kind)
        return f"Height {height} </script>."

    explored = explore(figure, update, name=name, height=[0.1, 2], kind=["-", ":"])
    plt.close(figure)
    return explored.html()


@pytest.fixture(scope="module")
def one():
    return figure_html("one-line")


def write(folder, **pages):
    for name, body in pages.items():
        path = folder / f"{name.replace('__', '/')}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(PAGE.format(body), "utf-8")
        yield path


def take_out(folder, is_whole=True, **pages):
    paths, figures = list(write(folder, **pages)), Figures(folder, is_whole)
    for path in paths:
        figures.take_out(path)
    for path in paths:
        figures.link(path)
    return [path.read_text("utf-8") for path in paths]


def test_a_page_keeps_the_picture_and_asks_for_the_rest(tmp_path, one):
    (page,) = take_out(tmp_path, chapter=f"<p>Before.</p>{one}{figure_html('')}<p>")
    assert page.startswith("<html>")
    assert page.count("<figure") == page.count("</figure>") == 2
    assert "<script" not in page
    assert "<style" not in page
    assert "hidden" not in page
    assert page.count('class="explore-controls"') == 2
    sources = re.findall(r'data-figure="([^"]+)"', page)
    assert sources == [f"{FOLDER}/one-line.js", f"{FOLDER}/chapter-2.js"]
    for source in sources:
        script = (tmp_path / source).read_text("utf-8")
        called = re.fullmatch(r'showFigure\("(.*?)",(.*),"(\w+)"\);', script, re.DOTALL)
        assert called[1] == source
        assert json.loads(called[2])["names"] == ["height", "kind"]
        assert f'id="{called[3]}s0"' in page


def test_a_named_figure_has_a_page_for_frames(tmp_path, one):
    (page,) = take_out(tmp_path, part__chapter=one)
    assert 'data-up="../"' in page
    assert f'data-embed="../{FRAMES}/one-line.html"' in page
    frame = (tmp_path / FRAMES / "one-line.html").read_text("utf-8")
    assert "<title>A &amp; B</title>" in frame
    assert 'href="../part/chapter.html#one-line"' in frame
    assert f'data-figure="{FOLDER}/one-line.js" data-up="../"' in frame
    assert len(frame) < len(one) / 2


def test_what_an_earlier_build_wrote_is_gone(tmp_path, one):
    take_out(tmp_path, chapter=one)
    take_out(tmp_path, chapter="")
    assert not (tmp_path / FOLDER).exists()
    assert not (tmp_path / FRAMES).exists()


def test_two_figures_of_one_name_are_refused(tmp_path, one):
    with pytest.raises(ExtensionError, match=r"'one-line', in a\.html and b\.html"):
        take_out(tmp_path, a=one, b=one)


def test_links_lead_to_the_page_of_the_figure(tmp_path, one):
    link = '<a href="explore:one-line?height=0.1&amp;kind=-">'
    here, beside, below = take_out(tmp_path, a=one + link, b=link, c__d=link)
    assert 'href="#one-line?height=0.1&amp;kind=-"' in here
    assert 'href="a.html#one-line?height=0.1&amp;kind=-"' in beside
    assert 'href="../a.html#one-line?height=0.1&amp;kind=-"' in below


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("two-lines", r"links to the figure 'two-lines'; the figures are one-line"),
        ("one-line?width=1", r"'width' is no control of that figure, which has height"),
        ("one-line?height=3", r"height stops at 0\.1, 2"),
        ("one-line?kind=", None),
    ],
)
def test_a_link_to_nothing_fails_the_build(tmp_path, one, address, fault):
    page = f'{one}<a href="explore:{address}">'
    if fault is None:  # an empty value is left out of the query
        take_out(tmp_path, a=page)
        return
    with pytest.raises(ExtensionError, match=fault):
        take_out(tmp_path, a=page)


def test_links_to_figures_that_are_still_computed_lead_nowhere(tmp_path, one):
    """While chapters run, the pages that are there can be read."""
    links = "<a href='x'></a>".replace("'x'", '"explore:not-yet?height=2"')
    links += '<a href="explore:one-line?height=2"></a>'
    (page,) = take_out(tmp_path, is_whole=False, chapter=one + links)
    assert 'href="#"' in page
    assert 'href="#one-line?height=2"' in page
