"""The SVG attributes of colours and strokes: greys follow the page's theme, hues stay.

Attributes, because a page may forbid styles. Knows matplotlib's graphics contexts;
neither renderers nor what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase

from .looks import Clip, Colour, Look, Paint, Shade, look
from .marks import UNITS_PER_PIXEL

# Per cent of the page's ink in coloured and in grey words, at least. Lines are seen at
# a contrast of 3:1; to be read, words need 4.5:1, on light paper and on dark.
_INK_IN_WORDS = 25
_INK_IN_GREY_WORDS = 65
_NO_INK = 5  # per cent; lighter words are meant for a darker ground
_INK = "var(--ink,#000)"  # the page's, or an author's where the page forbids styles
_PAPER = "var(--paper,#fff)"
# A dark theme's, as they are in most: to judge what can be seen there.
DARK_INK, DARK_PAPER = (0.82, 0.84, 0.86), (0.07, 0.07, 0.09)


def paint(
    name: Literal["fill", "stroke"],
    colour: Sequence[float],
    alpha: float | None = None,
    literal: bool = False,
    words: bool = False,
) -> Paint | None:
    """Return the paint of a colour; None where nothing would be seen.

    Black text and white backgrounds follow a light or a dark theme, and the greys
    between them too, as mixtures of the page's ink and paper, while hues stay what the
    author chose; ``words`` get some more ink, to be read on either paper. A ``literal``
    colour stays as well: it stands for a number, or it is a ground of the author's own.
    """
    rgb = [round(255 * float(channel)) for channel in colour[:3]]
    if alpha is None:
        alpha = float(colour[3]) if len(colour) == 4 else 1.0
    if alpha == 0:
        return None
    own = _own(rgb)
    ink = None if literal or max(rgb) - min(rgb) > 2 else 100 - rgb[1] / 2.55
    plain = own if ink is None else _mixed(ink)
    themed = plain
    if words and ink is None and not literal:
        themed = _inked(own)
    elif words and ink is not None and ink > _NO_INK:
        themed = _mixed(max(ink, _INK_IN_GREY_WORDS))
    opacity = f" {name}-opacity='{alpha:.3g}'" if alpha < 1 else ""
    themed, plain, own = (
        replace(shade, attribute=f"{name}='{shade.attribute}'{opacity}")
        for shade in (themed, plain, own)
    )
    return Paint(themed, plain, own, alpha, is_fill=name == "fill")


def _own(rgb: Sequence[int]) -> Shade:
    red, green, blue = (channel / 255 for channel in rgb)
    name = "#{:02x}{:02x}{:02x}".format(*rgb)
    return Shade(name, (red, green, blue), (red, green, blue))


def _mixed(ink: float) -> Shade:
    """A mixture of the page's ink, in per cent, and its paper."""
    share = round(ink)
    name = {0: _PAPER, 100: _INK}.get(
        share, f"color-mix(in srgb,{_INK} {share}%,{_PAPER})"
    )
    return Shade(
        name,
        _between((0, 0, 0), (1, 1, 1), share / 100),
        _between(DARK_INK, DARK_PAPER, share / 100),
    )


def _inked(shade: Shade) -> Shade:
    """A hue with some of the page's ink."""
    name = f"color-mix(in srgb,{shade.attribute} {100 - _INK_IN_WORDS}%,{_INK})"
    return Shade(
        name,
        _between((0, 0, 0), shade.light, _INK_IN_WORDS / 100),
        _between(DARK_INK, shade.dark, _INK_IN_WORDS / 100),
    )


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (
        share * a + (1 - share) * b for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def path_look(
    gc: GraphicsContextBase,
    face: Sequence[float] | None,
    to_pixels: Callable[[float], float],
    clip: Clip,
    literal: tuple[bool, bool] = (False, False),
    border: bool = True,
) -> Look | None:
    """Return the look of a path; None where nothing would be seen.

    ``to_pixels`` turns the points of line widths and dashes into pixels; ``literal``
    says of face and edge whether the theme leaves their colour as it is. A shape
    without a ``border`` is filled only.
    """
    own_face, own_edge = literal
    alpha = forced_alpha(gc)
    fill = None if face is None else paint("fill", face, alpha, own_face)
    width = to_pixels(stroke_width(gc)) * UNITS_PER_PIXEL if border else 0.0
    stroke = paint("stroke", gc.get_rgb(), alpha, own_edge) if width else None
    rest = "" if fill else " fill='none'"
    if not gc.get_antialiased():  # tiles that touch must not show seams
        rest += " shape-rendering='crispEdges'"
    rest += _pen(gc, width, to_pixels) if stroke else ""
    return look([fill, stroke], rest + clip.attribute, clip.window, width)


def dot_look(
    colour: Sequence[float],
    alpha: float | None,
    width: float,
    clip: Clip,
    literal: bool,
) -> Look | None:
    """Return the look of points that are drawn as ends of a round pen."""
    ink = paint("stroke", colour, alpha, literal)
    rest = f" fill='none' stroke-width='{width:.0f}' stroke-linecap='round'"
    return look([ink], rest + clip.attribute, clip.window, width)


def _pen(
    gc: GraphicsContextBase, width: float, to_pixels: Callable[[float], float]
) -> str:
    """Attributes of a stroke but for its colour; ``width`` is in units."""
    join, cap = gc.get_joinstyle(), gc.get_capstyle()
    pen = f" stroke-width='{width:.0f}'"
    pen += f" stroke-linejoin='{join}'" if join != "miter" else ""
    if cap != "butt":
        pen += f" stroke-linecap='{'square' if cap == 'projecting' else cap}'"
    offset, pattern = gc.get_dashes()
    if pattern is not None:
        points = (offset, *np.asarray(pattern, float))
        start, *lengths = (to_pixels(length) * UNITS_PER_PIXEL for length in points)
        pen += f" stroke-dasharray='{' '.join(f'{n:.0f}' for n in lengths)}'"
        pen += f" stroke-dashoffset='{start:.0f}'" if offset else ""
    return pen


def shifted(attributes: str, begin: float) -> str:
    """The attributes of a stroke for a piece that begins so many units along it."""
    if "stroke-dasharray" not in attributes:
        return attributes
    bare, _, offset = attributes.partition(" stroke-dashoffset='")
    number, _, rest = offset.partition("'")
    return f"{bare} stroke-dashoffset='{float(number or 0) + begin:.0f}'{rest}"


def stroke_width(gc: GraphicsContextBase) -> float:
    """Line width in points, nought where the edge is invisible."""
    rgb = gc.get_rgb()
    return 0.0 if len(rgb) == 4 and rgb[3] == 0 else gc.get_linewidth()


def forced_alpha(gc: GraphicsContextBase) -> float | None:
    """The opacity that overrides those of the colours, if there is one."""
    return gc.get_alpha() if gc.get_forced_alpha() else None


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


def is_grey(colours: object) -> bool:
    """Whether one of these colours, of shape (4,) or (n, 4), follows the theme."""
    rgb = np.atleast_2d(np.asarray(colours, float))[:, :3]
    return bool((np.ptp(rgb, axis=1) <= 2 / 255).any()) if rgb.size else False
