"""Writes a recording as HTML: base SVG, changes, native controls, one small script.

Knows recordings and text; needs neither matplotlib's state nor a kernel.
"""

from __future__ import annotations

import functools
import hashlib
import html
import itertools
import json
import re
from collections.abc import Callable, Hashable
from importlib import resources

import numpy as np

from .controls import controls_html
from .marks import (
    UNITS_PER_PIXEL,
    ImageMark,
    Mark,
    PathMark,
    StampMark,
    absolute_path,
    coordinates,
)
from .recording import Layer, Recording
from .sentences import typeset
from .story import moments_html, prediction_html

SCRIPTS = ("drawing", "controls", "address", "pins", "menu", "numbers")
STORY = ("compare", "story")
"""The scripts that only figures with a story need."""


@functools.cache
def asset(name: str) -> str:
    """Text of a file that ships beside this module."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def identify(recording: Recording) -> str:
    """A name for a recording's ids on a page: the same content, the same name."""
    base = json.dumps(encode(recording), sort_keys=True) + svg(recording, "")
    return "ex" + hashlib.sha256(base.encode()).hexdigest()[:10]


@functools.cache
def script(has_story: bool) -> str:
    """The functions that move a figure; `connect` is for pages.

    Without comments and indents: no text in them goes over two lines.
    """
    names = (*SCRIPTS, *STORY) if has_story else SCRIPTS
    whole = "".join(asset(f"{name}.js") for name in names)
    return re.sub(r"^\s*//.*\n|^\s+", "", whole, flags=re.MULTILINE)


@functools.cache
def style(has_story: bool) -> str:
    """The rules of figures."""
    return asset("explore.css") + (asset("story.css") if has_story else "")


def figure_html(recording: Recording, identity: str, live: str, own: bool) -> str:
    """The figure as HTML that shows its base state by itself.

    Its controls stay hidden until the script has connected them.

    Parameters
    ----------
    recording : Recording
    identity : str
        Prefix of every id inside.
    live : str
        What its model in a kernel calls it; empty if it has none.
    own : bool
        Whether the page is the figure's, so that its address may say the state.
    """
    named = f' data-live="{live}"' if live else ""
    named += " data-addressed" if own else ""
    caption = html.escape(typeset(recording.caption(recording.start)))
    longest = html.escape(typeset(max(recording.captions, key=len)))
    below = moments_html(recording.story)
    return (
        f'<figure class="explore" id="{recording.name or identity}"{named}>'
        f"<style>{style(bool(recording.story))}</style>"
        f"{prediction_html(recording.story, identity)}"
        f"{svg(recording, identity)}"
        f"{controls_html(recording.sliders, recording.start, identity, below)}"
        f'<figcaption id="{identity}caption" aria-live="polite" dir="auto" '
        f'data-longest="{longest}">{caption}</figcaption></figure>'
    )


def static_html(
    recording: Recording, identity: str, live: str = "", own: bool = False
) -> str:
    """The self-contained figure: works from disk, without network or kernel."""
    data = json.dumps(encode(recording), ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c")  # no text can end the script or open another
    figure = figure_html(recording, identity, live, own)
    has_story = bool(recording.story)
    more = ", addStory" if has_story else ""
    return (
        f'<div class="explore-box">{figure}<script>(() => {{\n{script(has_story)}'
        f"connect(document.currentScript.previousElementSibling, {data}, "
        f'"{identity}"{more});\n}})();</script></div>'
    )


_APART = re.compile(
    r'<div class="explore-box">(?P<figure><figure class="explore"[^>]*>)<style>.*?'
    r"</style>(?P<inside>.*?</figure>)<script>.*?connect\(document\.currentScript\."
    r'previousElementSibling, (?P<data>.*?), "(?P<identity>\w+)"(?:, addStory)?\);'
    r"\n\}\)\(\);</script></div>",
    re.DOTALL,
)


def take_apart(text: str, write: Callable[[str, str, str, str], str]) -> str:
    """Replace each figure in a page, so that figures can share styles and script.

    Parameters
    ----------
    text : str
        HTML that holds figures as `static_html` writes them.
    write : callable
        Gets a figure's opening tag, what is inside, the data as JSON, and the prefix
        of its ids; returns what stands in its place.
    """
    return _APART.sub(
        lambda found: write(*found.group("figure", "inside", "data", "identity")), text
    )


def notebook_html(recording: Recording, identity: str, live: str, picture: str) -> str:
    """The self-contained figure as a notebook keeps it.

    Where a notebook comes from somebody else, JupyterLab drops SVG, scripts and style
    sheets: what is left then is the picture, which a style sheet hides elsewhere, and
    what to do. It stands first, because VS Code runs a copy of the figure's script at
    the very end, which looks for the figure in what it stands behind.

    Parameters
    ----------
    recording : Recording
    identity : str
        Prefix of every id inside.
    live : str
        What its model in a kernel calls it.
    picture : str
        The base state as a PNG file in base 64.
    """
    caption = html.escape(recording.caption(recording.start))
    return (
        "<style>.explore-still{display:none!important}</style>"
        f'<div class="explore-still"><img width="{recording.width:.0f}" '
        f'alt="{caption}" src="data:image/png;base64,{picture}">'
        "<p><em>A picture: this notebook comes from somebody else. Its figures move "
        "once you choose Trust Notebook in the command palette, or run "
        "it.</em></p></div>"
        f"{static_html(recording, identity, live)}"
    )


def document(recording: Recording, identity: str, title: str) -> str:
    """A whole HTML page that holds one figure."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        "<style>:root{color-scheme:light dark}"
        "body{font:1rem/1.5 system-ui,sans-serif;margin:1rem auto;max-width:48rem;"
        "padding:0 1rem}</style></head><body><main>"
        f"{static_html(recording, identity, own=True)}</main></body></html>\n"
    )


def svg(recording: Recording, identity: str) -> str:
    """The base figure as an SVG element; layers that can change are marked."""
    groups = []
    drawings = recording.drawing(recording.start)
    for layer, drawing in zip(recording.layers, drawings, strict=True):
        marks = "".join(mark_svg(mark) for mark in drawing)
        groups.append(_group(layer, marks))
    definitions = "".join(recording.definitions.values())
    body = f"<defs>{definitions}</defs>{_margin(recording)}{''.join(groups)}"
    body = body.replace('id="@', f'id="{identity}').replace("#@", f"#{identity}")
    left, top, right, bottom = recording.view
    across, high = right - left, bottom - top
    return (
        f'<svg class="explore-picture" role="img" aria-labelledby="{identity}caption" '
        f'viewBox="{left:.0f} {top:.0f} {across:.0f} {high:.0f}" '
        f'width="{across / UNITS_PER_PIXEL:.0f}" '
        f'height="{high / UNITS_PER_PIXEL:.0f}" direction="ltr" stroke-miterlimit="10" '
        f'xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def _group(layer: Layer, marks: str) -> str:
    """The marks of a layer; in a group if they change, or show numbers."""
    attributes = " data-layer" if _changes(layer) else ""
    if series := layer.series:
        name = html.escape(series.name)
        attributes += f' data-series="{series.panel} {series.kind} {name}"'
    return f"<g{attributes}>{marks}</g>" if attributes else marks


def _margin(recording: Recording) -> str:
    """The figure's own ground under what a page shows beyond it."""
    left, top, right, bottom = recording.view
    size = [side * UNITS_PER_PIXEL for side in (recording.width, recording.height)]
    marks = itertools.chain.from_iterable(recording.drawing(recording.start))
    ground = next(marks, None)
    if [left, top, right, bottom] == [0, 0, *size] or not isinstance(ground, PathMark):
        return ""
    if set(coordinates(ground.x).tolist()) != {0, round(size[0])}:
        return ""
    return (
        f'<rect {ground.style} x="{left:.0f}" y="{top:.0f}" '
        f'width="{right - left:.0f}" height="{bottom - top:.0f}"/>'
    )


def mark_svg(mark: Mark) -> str:
    """One mark as an SVG element; the script writes the same markup."""
    if isinstance(mark, PathMark):
        d = absolute_path(mark.operations, mark.x, mark.y)
        return f'<path {mark.style} d="{d}"/>'
    if isinstance(mark, StampMark):
        points = zip(coordinates(mark.x), coordinates(mark.y), strict=True)
        placed = [f"M{x} {y}{mark.stamp}" for x, y in points]
        if mark.merged:
            return f'<path {mark.style} d="{"".join(placed)}"/>'
        paths = "".join(f'<path d="{d}"/>' for d in placed)
        return f"<g {mark.style}>{paths}</g>"
    if isinstance(mark, ImageMark):
        return f'<g{mark.clip}><image {mark.placement} href="{mark.source}"/></g>'
    where = f'x="{mark.x}" y="{mark.y}"'
    if mark.angle:
        turn = f"rotate({mark.angle:g})"
        where = f'transform="translate({mark.x} {mark.y}) {turn}"'
    size = f"calc({mark.size}px*min(var(--grow,1),{mark.growth:g}))"
    words = html.escape(mark.text)
    text = f'<text {mark.style} font-size="{size}" {where}>{words}</text>'
    # On the text itself the clip would move with it.
    return f"<g{mark.clip}>{text}</g>" if mark.clip else text


def encode(recording: Recording) -> dict:
    """What the script needs, as JSON: every distinct piece once, the rest indices."""
    strings, runs, marks = _Register(), _Register(), _Register()
    layers = []
    for layer in recording.layers:
        if not _changes(layer):
            continue
        drawings = [
            [marks.number(mark) for mark in drawing] for drawing in layer.drawings
        ]
        layers.append({"drawings": drawings, **_table(layer.table)})
    encoded = [_encode_mark(mark, strings, runs) for mark in marks.items]
    return {
        "name": recording.name,
        "start": list(recording.start),
        "names": [slider.name for slider in recording.sliders],
        "keys": [list(slider.keys) for slider in recording.sliders],
        "texts": [list(slider.texts) for slider in recording.sliders],
        "layers": layers,
        "captions": [typeset(sentence) for sentence in recording.captions],
        "caption": _table(recording.caption_table),
        "panels": recording.panels,
        "panel": _table(recording.panel_table),
        "marks": encoded,
        "strings": strings.items,
        "coordinates": [_differences(kept) for kept in runs.items],
        **_encode_story(recording),
    }


def _encode_story(recording: Recording) -> dict:
    """Nothing of a figure that only moves, and is printed as all are."""
    story = recording.story
    encoded: dict[str, object] = {}
    if story:
        encoded["labels"] = [slider.label for slider in recording.sliders]
    if story.ghost:
        encoded["ghost"] = True
    if story.moments:
        encoded["moments"] = [positions for _, positions in story.moments]
    if story.prediction:
        encoded["prediction"] = dict(story.prediction)
    if story.printed:
        encoded["printed"] = story.printed
    return encoded


class _Register:
    """Numbers distinct items in order of first use."""

    def __init__(self) -> None:
        self._numbers: dict = {}

    def number(self, item: Hashable) -> int:
        return self._numbers.setdefault(item, len(self._numbers))

    @property
    def items(self) -> list:
        return list(self._numbers)


def _encode_mark(mark: Mark, strings: _Register, runs: _Register) -> list:
    if isinstance(mark, PathMark):
        operations = strings.number(_shorten(mark.operations))
        x, y = runs.number(mark.x), runs.number(mark.y)
        return [0, strings.number(mark.style), operations, x, y]
    if isinstance(mark, StampMark):
        x, y = runs.number(mark.x), runs.number(mark.y)
        stamp = strings.number(mark.stamp)
        return [1, strings.number(mark.style), stamp, int(mark.merged), x, y]
    if isinstance(mark, ImageMark):
        texts = (mark.clip, mark.placement, mark.source)
        return [3, *(strings.number(text) for text in texts)]
    clip, style = strings.number(mark.clip), strings.number(mark.style)
    numbers = [mark.x, mark.y, mark.angle, mark.size, mark.growth]
    return [2, clip, style, *numbers, mark.text]


def _shorten(operations: str) -> str:
    """Write runs of a letter as the letter and a count: MLLL is ML3."""
    return re.sub(
        r"(.)\1+", lambda run: f"{run.group(1)}{len(run.group())}", operations
    )


def _differences(kept: bytes) -> list[int]:
    """Whole numbers as differences of the order that makes them shortest."""
    values = coordinates(kept).astype(np.int64)
    candidates = []
    for order in range(min(4, len(values))):
        if order:
            values = np.concatenate([values[:order], np.diff(values[order - 1 :])])
        candidates.append([order, *values.tolist()])
    return min(candidates, key=lambda c: sum(len(str(value)) for value in c))


def _changes(layer: Layer) -> bool:
    return layer.table.size > 1


def _table(table: np.ndarray) -> dict:
    """A table of indices and the step that each slider makes through it."""
    steps = np.array(table.strides) // table.itemsize if table.size else ()
    strides = [
        int(step) if length > 1 else 0
        for step, length in zip(steps, table.shape, strict=True)
    ]
    return {"table": table.ravel().tolist(), "strides": strides}
