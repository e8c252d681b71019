"""Figures with controls where nothing moves: their printed states, side by side.

Knows how built pages keep a figure, and what `collapse.explore` writes into it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import segno
from bs4 import BeautifulSoup
from matplotlib.colors import to_hex, to_rgb
from PIL import ImageFont

from collapse.explore.stills import caption, flat, printed, still
from collapse.palette import MIXED, REAL, SECOND
from handouts import SITE

ON_PAPER = {REAL: "#1c5f92", MIXED: "#4db791"}
"""Darker and lighter, so that they differ from what models made in black and white."""
BROKEN = 'stroke-width="28" stroke-dasharray="{}"'
MANNERS = {
    ON_PAPER[MIXED]: 'stroke-width="46"',
    SECOND: BROKEN.format("130 65 1 65"),
    # Greys for data; thin ones are left as they are.
    "#737373": BROKEN.format("1 60"),
    "#595959": BROKEN.format("1 60"),
}
"""Broad, dash and dot, dotted: where greys do not suffice. Dashes are for theory."""
QUOTED = re.compile(r"='([^'\"]*)'")
LINE = re.compile(
    r'(stroke="(#\w{6})" fill="none") stroke-width="28"(?![^>]*dasharray)'
)
IN_COLOUR = re.compile(
    r'<text fill="(#\w{6})"(?P<anchor>[^>]*?) font-size="(?P<size>\d+)" '
    r'x="(?P<x>-?\d+)" y="(?P<y>-?\d+)">(?P<words>[^<]*)</text>'
)
DRAWN = re.compile(
    r'stroke="(#\w{6})" fill="none" (?P<manner>stroke-width="(?:28|46)")'
    r'(?:[^>]*?(?P<dashes> stroke-dasharray="[^"]*"))?'
)
UNDERLINED = 'text-decoration="underline"'
SIGNS = {
    "green": (f'{ON_PAPER[MIXED]}" fill="none" {MANNERS[ON_PAPER[MIXED]]}', "broad"),
    "purple": (f'{SECOND}" fill="none" {MANNERS[SECOND]}', "dash and dot"),
    "grey": ('stroke-dasharray="1 60"', "dotted"),
    "orange": ('font-family="monospace" font-weight="bold"', "bold"),
    "blue": (UNDERLINED, "underlined"),
}
"""Colours that captions name: how they are known on paper, if the picture has this."""
HUE_IN_WORDS = 0.75
"""Of a colour, where letters have it; the rest is black."""
LETTERS = "font_source_sans_pro/files/SourceSansPro-Regular.ttf"
BESIDE = 1.8
"""How far letters grow in a picture that shares its row with another."""


@cache
def in_words(colour: str) -> str:
    """A line's colour as the words that name the line have it."""
    red, green, blue = HUE_IN_WORDS * np.array(to_rgb(colour))
    return to_hex((red, green, blue))


REAL_WORDS = re.compile(
    rf'(<text fill="{in_words(ON_PAPER[REAL])}" font-family="monospace"[^>]*>\s*)'
    r"([^<]*[^<\s])(\s*</text>)"
)


def on_paper(picture: str, grow: float) -> str:
    """A picture, or several, in colours for paper, with letters that may `grow`."""
    picture = QUOTED.sub(r'="\1"', picture)
    for colour, printed_as in ON_PAPER.items():
        picture = picture.replace(colour, printed_as)
    # Letters of one width are set with spaces.
    plain = flat(picture.replace("<svg ", '<svg xml:space="preserve" '), grow)
    plain = LINE.sub(
        lambda line: f"{line[1]} {MANNERS[line[2]]}" if line[2] in MANNERS else line[0],
        plain,
    )
    plain = REAL_WORDS.sub(rf"\1<tspan {UNDERLINED}>\2</tspan>\3", plain)
    lines: dict[str, set[str]] = {}
    for line in DRAWN.finditer(plain):
        manner = f"{line['manner']}{line['dashes'] or ''}"
        lines.setdefault(in_words(line[1]), set()).add(
            f'stroke="{line[1]}" fill="none" {manner}'
        )
    return IN_COLOUR.sub(lambda text: text[0] + sample(text, lines), plain)


@cache
def letters() -> ImageFont.FreeTypeFont:
    package, name = LETTERS.split("/", 1)
    return ImageFont.truetype(str(files(package) / name), 100)


def sample(text: re.Match[str], lines: dict[str, set[str]]) -> str:
    """A piece of the line that a label names, below the label.

    Nothing, where no line has its colour, or lines of several manners have.
    """
    drawn = lines.get(text[1], set())
    if len(drawn) != 1 or "monospace" in text["anchor"]:
        return ""
    (line,) = drawn
    size, x, y = (int(text[name]) for name in ("size", "x", "y"))
    wide = round(letters().getlength(unescape(text["words"])) * size / 100)
    for where, share in (("middle", 0.5), ("end", 1)):
        x -= round(wide * share) * (f'"{where}"' in text["anchor"])
    return f'<path {line} d="M{x} {y + round(0.15 * size)}h{wide}"/>'


def told(words: str, picture: str) -> str:
    """A caption that says of the colours it names how paper shows them."""
    for colour, (sign, manner) in SIGNS.items():
        if sign in picture:
            named = rf"(?<!bold )(?<!\w)({colour})(?!\w)"
            words = re.sub(
                named, rf"\1 ({manner})", words, count=1, flags=re.IGNORECASE
            )
    return words


def labels(inside: str) -> list[str]:
    """What a figure's controls are called; a die has no name that paper needs."""
    rows = BeautifulSoup(inside[inside.index("</svg>") :], "html.parser")
    controls = rows.select(".explore-rows > .explore-control")
    named = [control.select_one("label, .explore-label") for control in controls]
    return [name.get_text() if name else "" for name in named]


def settings(data: dict[str, Any], inside: str) -> Iterator[str]:
    """Of each printed state, the controls that stand elsewhere than in the others."""
    states, names = printed(data), labels(inside)
    moved = [
        axis for axis, at in enumerate(zip(*states, strict=True)) if len({*at}) > 1
    ]
    for state in states:
        yield ", ".join(
            f"{names[axis]}: {data['texts'][axis][state[axis]]}" for axis in moved
        )


def asked(data: dict[str, Any]) -> tuple[str, str]:
    """What a figure asks before it is looked at, and what the answer teaches."""
    if not (question := data.get("prediction")):
        return "", ""
    words = escape(question["question"])
    if "options" in question:
        words += f" <em>{escape(' / '.join(question['options']))}?</em>"
    lesson = escape(question["lesson"])
    return (
        f'<p class="asked"><strong>First predict.</strong> {words}</p>',
        f'<p class="lesson"><strong>What happens.</strong> {lesson}</p>',
    )


def qr(address: str) -> str:
    """An address to be photographed."""
    made = segno.make(address, error="m", micro=False)
    drawn = made.svg_inline(border=0, svgclass="qr", omitsize=True, lineclass=None)
    return drawn.replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" aria-hidden="true" ', 1
    )


def live(address: str, words: str = "Move this figure:") -> str:
    """Where something moves: a link, and the same to be photographed."""
    shown = (
        address.removeprefix("https://").replace("/", "/<wbr/>").replace("#", "<wbr/>#")
    )
    return (
        f'<div class="live">{qr(address)}<p>{words} '
        f'<a class="plain" href="{escape(address)}">{shown}</a></p></div>'
    )


def printed_figure(
    site: Path, page: str, opened: str, inside: str, is_paper: bool = False
) -> str:
    """A figure of a page, as its printed states.

    Parameters
    ----------
    site : Path
        The folder of the built pages.
    page : str
        The page's file, below `site`.
    opened : str
        The figure's opening tag.
    inside : str
        What the page holds of it.
    is_paper : bool
        Whether states stand side by side, in narrow pictures.
    """
    name = re.search(r' id="([^"]+)"', opened)[1]
    source = re.search(r' data-figure="([^"]+)"', opened)[1]
    script = (site / source).read_text(encoding="utf-8")
    data, end = json.JSONDecoder().raw_decode(script, script.index("{"))
    identity = re.search(r'"(\w+)"', script[end:])[1]
    states = printed(data)
    grow = BESIDE if is_paper and len(states) > 1 else 1
    question, lesson = asked(data)
    shown = []
    for number, (state, setting) in enumerate(
        zip(states, settings(data, inside), strict=True)
    ):
        own = f"{identity}p{number}"
        picture = on_paper(still(inside, data, identity, state), grow)
        picture = picture.replace(identity, own).replace(
            "<svg ", f'<svg role="img" aria-labelledby="{own}-caption" ', 1
        )
        heading = f'<p class="setting">{escape(setting)}</p>' if setting else ""
        words = escape(told(caption(data, state), picture))
        shown.append(
            f'<div class="state">{heading}{picture}'
            f'<p class="caption" id="{own}-caption">{words}</p></div>'
        )
    where = live(f"{SITE}{page}#{name}")
    # A group: what a PDF calls figures are the pictures in it, each with its words.
    return (
        f'<figure class="printed" id="{name}" role="group">{question}'
        f'<div class="states states-{len(states)}">{"".join(shown)}{where}{lesson}'
        "</div></figure>"
    )
