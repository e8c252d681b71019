"""Draws a state of a figure that was written as HTML, without a browser.

The other way round from `page`: takes its base SVG and its data, and returns the
picture that the script would draw. For cards, paper and previews.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib.colors import to_hex, to_rgb

SVG = "http://www.w3.org/2000/svg"
_PAIRS = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}
_PICTURE = re.compile(r'<svg class="explore-picture".*?</svg>', re.DOTALL)
_VARIABLE = re.compile(r"var\(--[\w-]+,([^()]*)\)")
_MIXTURE = re.compile(r"color-mix\(in srgb,([^()]*?) ([\d.]+)%,([^()]*)\)")
_GROWING = re.compile(r"calc\(([\d.]+)px\*min\([^()]*,([\d.]+)\)\)")


def printed(data: dict[str, Any]) -> list[list[int]]:
    """Return the states that paper shows, as their author chose them.

    Parameters
    ----------
    data : dict
        The figure's data, as `page.encode` makes them.

    Returns
    -------
    list of list of int
        Where each control stands; by default the first at its two ends.
    """
    ends = dict.fromkeys([0, len(data["keys"][0]) - 1])
    return data.get("printed") or [[end, *data["start"][1:]] for end in ends]


def caption(data: dict[str, Any], positions: Sequence[int]) -> str:
    """Return the caption of one state.

    Parameters
    ----------
    data : dict
        The figure's data, as `page.encode` makes them.
    positions : sequence of int
        Where each control stands.

    Returns
    -------
    str
    """
    return data["captions"][_looked_up(data["caption"], positions)]


def still(
    inside: str, data: dict[str, Any], identity: str, positions: Sequence[int]
) -> str:
    """Return the picture of one state as an SVG element, without a name of its own.

    Parameters
    ----------
    inside : str
        The figure's HTML, with its base picture.
    data : dict
        The figure's data, as `page.encode` makes them.
    identity : str
        Prefix of every id inside.
    positions : sequence of int
        Where each control stands.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no picture, or if it has other layers than the data.
    """
    found = _PICTURE.search(inside)
    if not found:
        raise ValueError(f"inside must hold a picture, got {inside[:60]!r}")
    ElementTree.register_namespace("", SVG)
    # An attribute without a value is HTML, not XML.
    picture = ElementTree.fromstring(found[0].replace(" data-layer", ' data-layer=""'))
    layers = [g for g in picture.iter(f"{{{SVG}}}g") if "data-layer" in g.attrib]
    if len(layers) != len(data["layers"]):
        raise ValueError(
            f"data must have the picture's {len(layers)} layers, got "
            f"{len(data['layers'])}"
        )
    for group, layer in zip(layers, data["layers"], strict=True):
        marks = layer["drawings"][_looked_up(layer, positions)]
        drawn = "".join(_markup(data, data["marks"][mark], identity) for mark in marks)
        group[:] = ElementTree.fromstring(f'<g xmlns="{SVG}">{drawn}</g>')
        del group.attrib["data-layer"]
        group.attrib.pop("data-series", None)
    for name in ("role", "aria-labelledby"):
        del picture.attrib[name]
    return ElementTree.tostring(picture, encoding="unicode")


def flat(picture: str, grow: float = 1.0) -> str:
    """Return a picture without what a page sets or computes, in the light theme.

    Parameters
    ----------
    picture : str
        One or more SVG elements, as `page` writes them.
    grow : float
        How far letters grow, where there is room for it.

    Returns
    -------
    str
    """

    def mixed(found: re.Match[str]) -> str:
        share = float(found[2]) / 100
        one, other = np.array(to_rgb(found[1])), np.array(to_rgb(found[3]))
        red, green, blue = share * one + (1 - share) * other
        return to_hex((red, green, blue))

    def grown(found: re.Match[str]) -> str:
        return f"{float(found[1]) * min(grow, float(found[2])):.0f}"

    return _GROWING.sub(grown, _MIXTURE.sub(mixed, _VARIABLE.sub(r"\1", picture)))


def _looked_up(layer: dict[str, Any], positions: Sequence[int]) -> int:
    """Which drawing, or sentence, a table of indices has for a state."""
    steps = zip(layer["strides"], positions, strict=True)
    return layer["table"][sum(step * at for step, at in steps)]


def _markup(data: dict[str, Any], mark: list[Any], identity: str) -> str:
    """One mark as an SVG element, as `page.mark_svg` writes it."""

    def text(number: int) -> str:
        return data["strings"][number].replace("#@", f"#{identity}")

    match mark:
        case [0, style, operations, x, y]:
            steps = re.findall(r"([A-Z])(\d*)", data["strings"][operations])
            letters = (
                letter for letter, times in steps for _ in range(int(times or 1))
            )
            return f'<path {text(style)} d="{_course(letters, _points(data, x, y))}"/>'
        case [1, style, stamp, is_merged, x, y]:
            shape = data["strings"][stamp]
            placed = [f"M{a} {b}{shape}" for a, b in _points(data, x, y)]
            if is_merged:
                return f'<path {text(style)} d="{"".join(placed)}"/>'
            paths = "".join(f'<path d="{d}"/>' for d in placed)
            return f"<g {text(style)}>{paths}</g>"
        case [2, clip, style, x, y, angle, size, growth, words]:
            where = f'x="{x}" y="{y}"'
            if angle:
                where = f'transform="translate({x} {y}) rotate({angle:g})"'
            size = f"calc({size}px*min(var(--grow,1),{growth:g}))"
            inner = (
                f'<text {text(style)} font-size="{size}" {where}>'
                f"{html.escape(words)}</text>"
            )
            return f"<g{text(clip)}>{inner}</g>" if text(clip) else inner
        case [_, clip, placement, source]:
            image = f'<image {text(placement)} href="{text(source)}"/>'
            return f"<g{text(clip)}>{image}</g>"
    raise ValueError(f"a mark must be one that page writes, got {mark!r}")


def _points(data: dict[str, Any], x: int, y: int) -> Iterator[tuple[int, int]]:
    places = data["coordinates"]
    return zip(_summed(places[x]), _summed(places[y]), strict=True)


def _summed(stored: list[int]) -> list[int]:
    """Coordinates from differences of some order, which stands first."""
    order, values = stored[0], np.array(stored[1:], dtype=np.int64)
    for start in range(order, 0, -1):
        values[start - 1 :] = values[start - 1 :].cumsum()
    return values.tolist()


def _course(letters: Iterator[str], points: Iterator[tuple[int, int]]) -> str:
    course = ""
    for letter in letters:
        pairs = itertools.islice(points, _PAIRS[letter])
        course += letter + " ".join(f"{x} {y}" for x, y in pairs)
    return course
