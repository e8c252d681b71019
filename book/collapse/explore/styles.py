"""The CSS of colours and strokes: greys follow the page's theme, hues stay.

Knows matplotlib's graphics contexts; neither renderers nor what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase

from .marks import UNITS_PER_PIXEL

_WHITE = 0.95  # lighter words and lines are meant for coloured ground
# Per cent of the page's ink in coloured and in grey words, at least. Lines are seen at
# a contrast of 3:1; to be read, words need 4.5:1, on light paper and on dark.
_INK_IN_WORDS = 25
_INK_IN_GREY_WORDS = 65


def colour(
    name: str,
    rgb: Sequence[float],
    alpha: float | None,
    literal: bool = False,
    words: bool = False,
) -> str:
    """CSS of a colour; greys become mixtures of the page's ink and paper.

    So black text and white backgrounds follow a light or a dark theme, and the
    greys between them too, while hues stay what the author chose; only coloured
    ``words`` get some ink, to be read on either paper. A ``literal`` colour stays as
    well: white words and lines are there to be read on a hue.
    """
    red, green, blue = (round(255 * float(channel)) for channel in rgb[:3])
    if alpha is None:
        alpha = float(rgb[3]) if len(rgb) == 4 else 1.0
    if alpha == 0:
        return ""
    if not literal and max(red, green, blue) - min(red, green, blue) <= 2:
        ink = round(100 * (1 - green / 255))
        ink = max(ink, _INK_IN_GREY_WORDS) if words else ink
        value = {0: "var(--paper)", 100: "var(--ink)"}.get(
            ink, f"color-mix(in srgb,var(--ink) {ink}%,var(--paper))"
        )
    else:
        value = f"#{red:02x}{green:02x}{blue:02x}"
        if words and not literal:
            value = f"color-mix(in srgb,{value} {100 - _INK_IN_WORDS}%,var(--ink))"
    opacity = f"{name}-opacity:{alpha:.3g}" if alpha < 1 else ""
    return f"{name}:{value}" + (";" + opacity.lstrip(";") if opacity else "")


def path_style(
    gc: GraphicsContextBase,
    face: Sequence[float] | None,
    to_pixels: Callable[[float], float],
) -> str:
    """CSS of a path, or '' where nothing would be seen.

    ``to_pixels`` turns the points of line widths and dashes into pixels.
    """
    alpha = forced_alpha(gc)
    fill = "" if face is None else colour("fill", face, alpha)
    width = to_pixels(stroke_width(gc)) * UNITS_PER_PIXEL
    stroke = ""
    if width:
        stroke = colour(";stroke", gc.get_rgb(), alpha, literal=is_white(gc.get_rgb()))
    if not fill and not stroke:
        return ""
    style = fill or "fill:none"
    if not gc.get_antialiased():  # tiles that touch must not show seams
        style += ";shape-rendering:crispEdges"
    if not stroke:
        return style
    join, cap = gc.get_joinstyle(), gc.get_capstyle()
    style += f"{stroke};stroke-width:{width:.0f}"
    style += f";stroke-linejoin:{join}" if join != "miter" else ""
    if cap != "butt":
        style += f";stroke-linecap:{'square' if cap == 'projecting' else cap}"
    offset, pattern = gc.get_dashes()
    if pattern is not None:
        points = (offset, *np.asarray(pattern, float))
        start, *lengths = (to_pixels(length) * UNITS_PER_PIXEL for length in points)
        style += ";stroke-dasharray:" + " ".join(f"{length:.0f}" for length in lengths)
        style += f";stroke-dashoffset:{start:.0f}" if offset else ""
    return style


def stroke_width(gc: GraphicsContextBase) -> float:
    """Line width in points, nought where the edge is invisible."""
    rgb = gc.get_rgb()
    return 0.0 if len(rgb) == 4 and rgb[3] == 0 else gc.get_linewidth()


def forced_alpha(gc: GraphicsContextBase) -> float | None:
    """The opacity that overrides those of the colours, if there is one."""
    return gc.get_alpha() if gc.get_forced_alpha() else None


def is_white(rgb: Sequence[float]) -> bool:
    """Whether a colour is so light that it is meant for coloured ground."""
    return min(rgb[:3]) > _WHITE


def is_opaque(gc: GraphicsContextBase, face: Sequence[float] | None) -> bool:
    """Whether nothing shines through a filled shape."""
    alpha = forced_alpha(gc)
    if alpha is None:
        alpha = face[3] if face is not None and len(face) == 4 else 1.0
    return alpha >= 1


def has_one_colour(gc: GraphicsContextBase, face: Sequence[float] | None) -> bool:
    """Whether edge and face look the same, or one of them is not there."""
    if face is None or gc.get_linewidth() == 0:
        return True
    edge = (*gc.get_rgb(), 1.0)[:4]
    return edge[3] == 0 or np.allclose(edge, (*face, 1.0)[:4], atol=1 / 255)
