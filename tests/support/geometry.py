"""What a figure looks like, as numbers: by matplotlib's SVG backend and from a page.

The backend is the judge: it shares no code with `collapse.explore`. Both sides become
lists of outlines in CSS pixels and lists of words, which can be compared.
"""

from __future__ import annotations

import html
import io
import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
from matplotlib import cbook
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.path import Path
from matplotlib.text import Text

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
_TOKEN = re.compile(r"([A-Za-z])|(-?\d*\.?\d+(?:e-?\d+)?)")
POINTS_PER_PIXEL = 0.72  # all figures have 100 pixels an inch
_PAIRS = {"M": 1, "L": 1, "Q": 2, "C": 3}


def subpaths(d: str, is_line: bool = False) -> list[np.ndarray]:
    """Vertices (n, 2) of every subpath of SVG path data, absolute or relative.

    A line that is closed ends where it began; a shape does so anyway.
    """
    tokens = [letter or float(number) for letter, number in _TOKEN.findall(d)]
    found: list[list[tuple[float, float]]] = []
    pen, position, letter = (0.0, 0.0), 0, ""
    while position < len(tokens):
        if isinstance(tokens[position], str):
            letter = tokens[position]
            position += 1
        if letter in "zZ":
            pen = found[-1][0]
            if is_line and found[-1][-1] != pen:
                found[-1].append(pen)
            continue
        if letter in "hH":
            pen = (pen[0] + tokens[position], pen[1])
            position += 1
            found[-1].append(pen)
            continue
        origin = pen if letter.islower() else (0.0, 0.0)
        points = []
        for _ in range(_PAIRS[letter.upper()]):
            x, y = tokens[position : position + 2]
            points.append((origin[0] + x, origin[1] + y))
            position += 2
        pen = points[-1]
        if letter in "mM":
            if found and len(found[-1]) == 1:  # a stamp's pen moved before it drew
                found.pop()
            found.append([pen])
        else:
            found[-1].extend(points)
    return [np.array(points) for points in found]


def judged(figure) -> tuple[list[np.ndarray], list[str]]:
    """Outlines in CSS pixels and words of a figure, by matplotlib's SVG backend."""
    buffer, dpi = io.BytesIO(), figure.dpi
    settings = {"svg.fonttype": "none", "path.simplify": False, "svg.hashsalt": "x"}
    with matplotlib.rc_context(settings):
        # savefig would draw it once more, for a layout that is settled.
        FigureCanvasSVG(figure).print_svg(buffer)
    figure.dpi = dpi  # 72 is what the backend draws with
    root = ElementTree.fromstring(buffer.getvalue())
    scale = dpi / 72
    definitions = {
        path.get("id"): subpaths(path.get("d"))
        for defs in root.iter(f"{SVG}defs")
        for path in defs.iter(f"{SVG}path")
        if path.get("id")
    }
    outlines, words = [], []
    hidden = {id(node) for defs in root.iter(f"{SVG}defs") for node in defs.iter()}
    for node in root.iter():
        if id(node) in hidden:
            continue
        style = node.get("style", "")
        if node.tag == f"{SVG}path" and _is_seen(style):
            course = node.get("d", "")  # none where a contour is met nowhere
            found = subpaths(course, "fill: none" in style)
            outlines.extend(points * scale for points in found)
        elif node.tag == f"{SVG}use":
            place = np.array([float(node.get("x", 0)), float(node.get("y", 0))])
            shape = definitions[node.get(HREF).lstrip("#")]
            outlines.extend((points + place) * scale for points in shape)
        elif node.tag == f"{SVG}text":
            words.append("".join(node.itertext()))
    return outlines, words


def can_judge(figure) -> bool:
    """Whether the backend draws a figure as outlines and words.

    It writes formulas as words that are placed one by one, where a page has their
    glyphs, and the cells of a scale beside colours as an image.
    """
    is_formula = any(
        text.get_visible() and cbook.is_math_text(text.get_text())
        for text in figure.findobj(Text)
    )
    return not is_formula and not any(figure.findobj(Artist.get_rasterized))


def on_page(figure_handle) -> tuple[list[np.ndarray], list[str]]:
    """Outlines in CSS pixels and words of a figure in a browser.

    Parameters
    ----------
    figure_handle : playwright Locator or ElementHandle of the ``<figure>``.
    """
    paths, words, size = figure_handle.evaluate(
        """figure => {
            const svg = figure.querySelector("svg.explore-picture");
            // What stays faint behind is another state, a prediction is the reader's.
            const others = "defs, .explore-faint, .explore-named, .explore-predicted";
            const seen = (node) => !node.closest(others);
            return [
                [...svg.querySelectorAll("path")]
                    .filter(seen)
                    .map(n => [n.getAttribute("fill") || "", n.getAttribute("d")]),
                [...svg.querySelectorAll("text")].filter(seen).map(n => n.textContent),
                [svg.viewBox.baseVal.width / 10, svg.viewBox.baseVal.height / 10],
            ];
        }"""
    )
    return _in_pixels(paths, size), words


def in_markup(markup: str, size=(640, 480)) -> tuple[list[np.ndarray], list[str]]:
    """The same from the markup of a figure of some size, without a browser."""
    drawn = re.sub(r"<defs>.*?</defs>", "", markup, flags=re.DOTALL)
    paths = [
        (attribute("fill", tag), attribute("d", tag))
        for tag in re.findall(r"<path ([^>]*)>", drawn)
    ]
    words = re.findall(r"<text[^>]*>(.*?)</text>", drawn, flags=re.DOTALL)
    return _in_pixels(paths, size), [html.unescape(word) for word in words]


def attribute(name: str, tag: str) -> str:
    """The value of an attribute in the inside of a tag; '' where it has none."""
    found = re.search(rf"""(?:^|\s){name}=(?:'([^']*)'|"([^"]*)")""", tag)
    return (found[1] or found[2] or "") if found else ""


def difference(
    expected: tuple[list[np.ndarray], list[str]],
    drawn: tuple[list[np.ndarray], list[str]],
    tolerance: float = 0.2,
) -> str:
    """Say how two figures differ, or '' where every outline and word agrees.

    Each outline must have a partner with the same vertices to within ``tolerance``
    pixels, or with the same ends and course; circles are compared by their centre. What
    then has no partner may be a line that was drawn in pieces, one after the other, as
    where it enters and leaves a coloured ground.
    """
    if sorted(expected[1]) != sorted(drawn[1]):
        return f"words: expected {sorted(expected[1])}, drawn {sorted(drawn[1])}"
    theirs = [_summary(points) for points in expected[0]]
    ours = [_summary(points) for points in drawn[0]]
    alone = []
    for points in theirs:
        for index, candidate in enumerate(ours):
            if (
                candidate.shape == points.shape
                and np.abs(candidate - points).max(initial=0) <= tolerance
            ) or _have_one_course(points, candidate, tolerance):
                del ours[index]
                break
        else:
            alone.append(points)
    for points in alone:
        pieces = _in_pieces(points, ours, tolerance)
        if pieces is None:
            return f"no outline like {points[:4].round(2).tolist()}... ({len(points)})"
        del ours[pieces]
    if ours:
        return f"{len(theirs)} outlines expected, {len(ours)} too many drawn"
    return ""


def _in_pieces(
    line: np.ndarray, drawn: list[np.ndarray], tolerance: float
) -> slice | None:
    """Where the pieces of a line stand, one after the other; None: nowhere."""
    for first, piece in enumerate(drawn):
        last, joined = first, piece
        while last + 1 < len(drawn) and _goes_on(joined, drawn[last + 1]):
            last += 1
            joined = np.vstack([joined[:-1], drawn[last][1:]])
            if _have_one_course(line, joined, tolerance):
                return slice(first, last + 1)
    return None


def _have_one_course(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Whether two lines have the same ends and run through each other's corners."""
    if min(len(one), len(other)) < 2:
        return False
    apart = np.abs(one[[0, -1]] - other[[0, -1]]).max()
    if apart > tolerance:
        return False
    away = max(_distances(one, other).max(), _distances(other, one).max())
    return bool(away <= tolerance)


def _distances(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """How far points are from a line, shapes (n, 2) and (m, 2)."""
    edges = np.diff(line, axis=0)
    squares = np.maximum((edges**2).sum(axis=1), 1e-12)
    to_points = points[:, None] - line[:-1]
    along = np.clip((to_points * edges).sum(axis=2) / squares, 0, 1)
    return np.linalg.norm(to_points - along[..., None] * edges, axis=2).min(axis=1)


def _in_pixels(paths: list[tuple[str, str]], size) -> list[np.ndarray]:
    """Outlines of paths, each given by what fills it and its course."""
    outlines = []
    for fill, d in paths:
        for points in subpaths(d, fill == "none"):
            is_line = fill == "none" and len(points) > 1
            outlines.extend(_cut(points / 10, size) if is_line else [points / 10])
    return outlines


def _goes_on(before: np.ndarray, line: np.ndarray) -> bool:
    """Whether a line goes on where another ends, and straight, as if cut in an edge."""
    if min(len(before), len(line)) < 2 or np.abs(before[-1] - line[0]).max() > 1e-9:
        return False
    arrives, leaves = before[-1] - before[-2], line[1] - line[0]
    cross = arrives[0] * leaves[1] - arrives[1] * leaves[0]
    # Page coordinates are tenths: up to one of them the direction may turn.
    straight = abs(cross) <= 0.1 * (np.abs(arrives).max() + np.abs(leaves).max())
    short = min(np.hypot(*arrives), np.hypot(*leaves)) < 0.2
    return bool(straight and (short or arrives @ leaves > 0))


def _cut(line: np.ndarray, size) -> list[np.ndarray]:
    """Cut a line at the canvas, as the backend does; pages cut it at the axes."""
    margin = 1.4  # the backend's own, a point
    inside = (line > -margin) & (line < np.asarray(size) + margin)
    if inside.all():
        return [line]
    points = line * POINTS_PER_PIXEL
    window = (0, 0, *(np.asarray(size) * POINTS_PER_PIXEL))
    path = Path(points).cleaned(clip=window)
    pieces: list[list[np.ndarray]] = []
    for vertex, code in zip(path.vertices, path.codes, strict=True):
        if code == Path.MOVETO:
            pieces.append([])
        if code in (Path.MOVETO, Path.LINETO):
            pieces[-1].append(vertex)
    return [np.array(piece) / POINTS_PER_PIXEL for piece in pieces]


def _summary(points: np.ndarray) -> np.ndarray:
    """A circle, or the dot that stands for one, by its centre; others as they are."""
    if len(points) == 2 and (points[0] == points[1]).all():
        return points[:1]
    if len(points) >= 25:
        ring = points[:-1] if np.allclose(points[0], points[-1], atol=0.2) else points
        centre = (ring.min(axis=0) + ring.max(axis=0)) / 2
        radius = np.hypot(*(ring[0] - centre))
        corners = np.hypot(*(ring[::3] - centre).T)
        if len(ring) <= 26 and np.allclose(corners, radius, rtol=0.05, atol=0.2):
            return centre[None]
    return points


def _is_seen(style: str) -> bool:
    return "fill: none" not in style or "stroke:" in style
