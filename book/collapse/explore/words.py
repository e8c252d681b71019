"""How a line of text stands on the page: its font, its anchor, its room to grow.

Knows matplotlib's texts and fonts; neither renderers nor the rest of a figure.
"""

from __future__ import annotations

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from .styles import colour, forced_alpha, is_white

_LARGEST_GROWTH = 1.25


def text_style(
    gc: GraphicsContextBase, prop: FontProperties, mtext: Text | None, part: float
) -> str:
    """CSS of a line of text, without its size and clip; ``part`` is its anchor's."""
    literal = _is_on_colour(gc, mtext)
    ink = colour("fill", gc.get_rgb(), forced_alpha(gc), literal=literal, words=True)
    anchor = ("", ";text-anchor:middle", ";text-anchor:end")[round(part * 2)]
    return _font_style(prop) + ink + anchor


def anchor_part(mtext: Text | None, angle: float) -> float:
    """Which point of a line of text stays put: 0 its start, ½ its middle, 1 its end."""
    if mtext is None:
        return 0.0
    horizontal = {"left": 0.0, "center": 0.5, "right": 1.0}[
        mtext.get_horizontalalignment()
    ]
    if angle % 360 == 0 or mtext.get_rotation_mode() == "anchor":
        return horizontal
    vertical = mtext.get_verticalalignment()
    upwards = {"bottom": 0.0, "baseline": 0.0, "center": 0.5, "top": 1.0}
    upwards["center_baseline"] = 0.5
    if angle % 360 == 90:
        return upwards[vertical]
    if angle % 360 == 270:
        return 1.0 - upwards[vertical]
    return 0.5


def room_to_grow(
    anchor: tuple[float, float],
    width: float,
    part: float,
    angle: float,
    page: tuple[float, float],
) -> float:
    """How much larger a text may get before it leaves the figure.

    Parameters
    ----------
    anchor : tuple of float
        In pixels, y down.
    width : float
        Of the text, in pixels.
    part : float
        Which point of the text the anchor is, as from `anchor_part`.
    angle : float
        Of the text, in degrees.
    page : tuple of float
        Width and height of the figure, in pixels.
    """
    if width == 0:
        return 1.0
    if angle % 180 == 90:
        room = page[1]
        begin = room - anchor[1] if angle % 360 == 270 else anchor[1]
    elif angle % 180 == 0:
        begin, room = anchor[0], page[0]
    else:
        return 1.0
    before = begin / (part * width) if part else np.inf
    after = (room - begin) / ((1 - part) * width) if part < 1 else np.inf
    growth = min(before, after, _LARGEST_GROWTH)
    return round(max(1.0, float(growth)), 2)


def is_set_in_rows(mtext: Text | None, prop: FontProperties) -> bool:
    """Whether a line has others that it must stay aligned with.

    Matplotlib hands over the lines of a longer text without their artist; and who
    chooses a monospaced face sets words in columns.
    """
    return mtext is None or "mono" in prop.get_family()[0].lower()


def _is_on_colour(gc: GraphicsContextBase, mtext: Text | None) -> bool:
    """Whether a text keeps its own colour: white ones, and those in a coloured box."""
    if is_white(gc.get_rgb()):
        return True
    box = mtext.get_bbox_patch() if mtext is not None else None
    if box is None:
        return False
    red, green, blue, alpha = to_rgba(box.get_facecolor())
    return alpha > 0 and max(red, green, blue) - min(red, green, blue) > 0.05


def _font_style(prop: FontProperties) -> str:
    """CSS for weight, slant and generic family; sans-serif is the page's own."""
    weight = prop.get_weight()
    if isinstance(weight, str):
        heavy = weight in {"bold", "heavy", "black", "semibold", "demibold", "demi"}
    else:
        heavy = weight >= 600
    family = prop.get_family()[0].lower()
    css = ""
    if "mono" in family or "courier" in family:
        css += "font-family:monospace;"
    elif "serif" in family and "sans" not in family:
        css += "font-family:serif;"
    css += "font-weight:bold;" if heavy else ""
    css += "font-style:italic;" if prop.get_style() in {"italic", "oblique"} else ""
    return css
