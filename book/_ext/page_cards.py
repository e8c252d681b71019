"""What a link to a page shows where it is posted: title, sentence, picture.

Each page gets the tags that Open Graph and Twitter's cards ask for. After the build
each chapter gets a picture: its title beside the figure that the first page shows of
it. Other pages share that of the book. Why not sphinxext-opengraph: it draws no figure,
and finds no description in the front matter.
"""

from __future__ import annotations

import io
import re
import textwrap
from html import escape, unescape
from pathlib import Path
from typing import Any

import matplotlib
import resvg_py
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx

from collapse.explore.stills import flat
from page_descriptions import WITHOUT_A_SOURCE, description_of
from site_address import address_of

FOLDER = "_cards"
SIZE = 1200, 630
LINE, STEP = 16, 56
"""Letters of a line of the title, pixels to the next."""
COLOURS = 64
"""More would not be seen, and weigh."""
STILL = re.compile(
    r'<span class="explore still"[^>]*>(<svg.*?</svg>)</span>.*?href="([^"#]+)\.html',
    re.DOTALL,
)
"""A chapter's picture on the first page, and its page."""
PICTURE = re.compile(r'<svg class="explore-picture".*?</svg>', re.DOTALL)
HEAD = re.compile(r"<svg ([^>]*?) width=\"\d+\" height=\"\d+\"")
LAYER = re.compile(r" data-layer(?==\"|>| )")
CARD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" \
font-family="DejaVu Sans">
<path fill="#fff" d="M0 0H1200V630H0Z"/>
<path fill="#2a86c6" d="M0 0H12V630H0Z"/>
<svg x="525" y="40" width="650" height="490" xml:space="preserve" {picture}
<g font-size="43" font-weight="bold" fill="#111">{title}</g>
<text font-size="26" x="60" y="585" fill="#555">{foot}</text>
</svg>
"""


def without_a_browser(picture: str) -> str:
    """A figure's picture as any program draws it, in the light theme's colours."""
    return LAYER.sub("", HEAD.sub(r"<svg \1", flat(picture), count=1))


def card(title: str, foot: str, picture: str) -> bytes:
    """A card as PNG.

    Parameters
    ----------
    title : str
        Stands beside the picture.
    foot : str
        The line below.
    picture : str
        SVG of a figure, as its page holds it.
    """
    lines = textwrap.wrap(title, LINE, break_long_words=False)
    first = 310 - STEP * (len(lines) - 1) // 2
    return drawn(
        CARD.format(
            title="".join(
                f'<text x="60" y="{first + STEP * at}">{escape(line)}</text>'
                for at, line in enumerate(lines)
            ),
            foot=escape(foot),
            picture=without_a_browser(picture).removeprefix("<svg "),
        )
    )


def drawn(svg: str) -> bytes:
    """SVG as PNG, in matplotlib's letters."""
    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        skip_system_fonts=True,
        font_dirs=[str(fonts)],
        monospace_family="DejaVu Sans Mono",
    )
    packed = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def pictures(first_page: str, home: str) -> dict[str, str]:
    """The SVG that stands for each page, as the first page shows it."""
    found = {page: svg for svg, page in STILL.findall(first_page)}
    if own := PICTURE.search(first_page):
        found[home] = own[0]
    return found


def write_cards(app: Sphinx, exception: Exception | None) -> None:
    """After the figures have been taken out of their pages."""
    if exception or app.builder.name != "html" or app.config.chapters_to_come:
        return
    out = Path(app.outdir)
    home = app.config.root_doc
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    text = (out / f"{home}.html").read_text(encoding="utf-8")
    for page, svg in pictures(text, home).items():
        number = ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get("", ())))
        foot = app.config.html_title
        title = app.env.titles[page].astext()
        if number:
            foot = f"Chapter {number} · {foot}"
        (folder / f"{page}.png").write_bytes(card(title, foot, svg))


def picture_of(app: Sphinx, page: str) -> str:
    """The address of a page's picture: a chapter's own, or that of the book."""
    is_chapter = bool(app.env.toc_secnumbers.get(page, {}).get(""))
    own = page if is_chapter else app.config.root_doc
    return f"{app.config.html_baseurl}{FOLDER}/{own}.png"


def tags(
    title: str, description: str, address: str, site: str, picture: str, kind: str
) -> str:
    """The tags of a page's head that a card is made from."""
    width, height = SIZE
    properties = {
        "og:type": kind,
        "og:site_name": site,
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:image": picture,
        "og:image:type": "image/png",
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": f"{title}: a figure of the page, beside its title",
    }
    lines = [
        f'<meta property="{name}" content="{escape(text)}" />'
        for name, text in properties.items()
    ]
    return "\n".join(
        [*lines, '<meta name="twitter:card" content="summary_large_image" />']
    )


def add_tags(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    if app.builder.name != "html" or not app.config.html_baseurl:
        return
    if doctree is None and pagename not in WITHOUT_A_SOURCE:
        return
    description = WITHOUT_A_SOURCE.get(pagename) or description_of(doctree)
    context["metatags"] = (
        context.get("metatags", "")
        + "\n"
        + tags(
            title=unescape(
                re.sub("<[^>]*>", "", context.get("title", app.config.html_title))
            ),
            description=description,
            address=address_of(app, pagename),
            site=app.config.html_title,
            picture=picture_of(app, pagename),
            kind="website" if pagename == app.config.root_doc else "article",
        )
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_tags, priority=600)
    # After `page_figures`, before what cuts style sheets.
    app.connect("build-finished", write_cards, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
