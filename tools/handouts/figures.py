"""Figures with controls where nothing moves: their printed states, side by side.

Knows how built pages keep a figure, and what `collapse.explore` writes into it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import segno
from bs4 import BeautifulSoup

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
LINE = re.compile(
    r'(stroke="(#\w{6})" fill="none") stroke-width="28"(?![^>]*dasharray)'
)
BESIDE = 1.8
"""How far letters grow in a picture that shares its row with another."""


def on_paper(picture: str, grow: float) -> str:
    """A picture, or several, in colours for paper, with letters that may `grow`."""
    for colour, printed_as in ON_PAPER.items():
        picture = picture.replace(colour, printed_as)
    # Letters of one width are set with spaces.
    plain = flat(picture.replace("<svg ", '<svg xml:space="preserve" '), grow)
    return LINE.sub(
        lambda line: f"{line[1]} {MANNERS[line[2]]}" if line[2] in MANNERS else line[0],
        plain,
    )


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
        words = escape(caption(data, state))
        shown.append(
            f'<div class="state">{heading}{picture}'
            f'<p class="caption" id="{own}-caption">{words}</p></div>'
        )
    where = live(f"{SITE}{page}#{name}")
    return (
        f'<figure class="printed" id="{name}">{question}'
        f'<div class="states states-{len(states)}">{"".join(shown)}{where}{lesson}'
        "</div></figure>"
    )
