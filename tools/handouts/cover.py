"""The cover of the EPUB: the title above a picture of the book's first figure."""

from __future__ import annotations

import re
from html import escape, unescape

from handouts.plain import Chapter
from page_cards import drawn, without_a_browser

STATE = re.compile(
    r'<div class="state">.*?(<svg.*?</svg>)<p class="caption"[^>]*>(.*?)</p>', re.DOTALL
)
FIGURE = re.compile(r'<figure class="printed".*?</figure>', re.DOTALL)
COVER = """\
<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="1800" \
font-family="DejaVu Sans">
<path fill="#fff" d="M0 0H1200V1800H0Z"/>
<path fill="#2a86c6" d="M0 0H1200V36H0Z"/>
<text font-size="46" x="100" y="250" fill="#555">{kind}</text>
<text font-size="112" font-weight="bold" x="95" y="390" fill="#111">{name}</text>
<svg x="100" y="560" width="1000" height="880" {picture}
<path fill="#2a86c6" d="M100 1548H1100V1552H100Z"/>
<text font-size="40" x="100" y="1640" fill="#111">{author}</text>
<text font-size="32" x="100" y="1700" fill="#555">{foot}</text>
</svg>
"""


def front(chapter: Chapter) -> tuple[str, str]:
    """The last state that paper shows of a chapter's first figure, and its caption."""
    figure = FIGURE.search(chapter.html)[0]
    picture, caption = STATE.findall(figure)[-1]
    return picture, unescape(caption)


def cover(title: str, author: str, foot: str, picture: str) -> bytes:
    """The cover as PNG.

    Parameters
    ----------
    title : str
        What stands behind its colon is the kind of book.
    author, foot : str
        The lines below the picture.
    picture : str
        SVG of a figure's state.
    """
    name, _, kind = map(escape, title.partition(": "))
    return drawn(
        COVER.format(
            name=name,
            kind=kind,
            author=escape(author),
            foot=escape(foot),
            picture=without_a_browser(picture).removeprefix("<svg "),
        )
    )
