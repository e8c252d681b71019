"""How a line of text stands on the page: its font, its anchor, its room to grow.

Knows matplotlib's texts and fonts; neither renderers nor the rest of a figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from .looks import Look, Window, look
from .marks import TextMark
from .styles import forced_alpha, paint

_LARGEST_GROWTH = 1.25
_ASCENT, _DESCENT = 0.95, 0.25  # of a line, in sizes of its font, about


def text_look(
    gc: GraphicsContextBase, prop: FontProperties, part: float, window: Window | None
) -> Look | None:
    """Return the look of a line of text, without its size and clip.

    ``part`` is its anchor's, as from `anchor_part`; nothing is seen beyond ``window``.
    None where nothing would be seen at all.
    """
    ink = paint("fill", gc.get_rgb(), forced_alpha(gc), words=True)
    anchor = ("", " text-anchor='middle'", " text-anchor='end'")[round(part * 2)]
    return look([ink], _font(prop) + anchor, window)


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


def is_framed(mtext: Text) -> bool:
    """Whether a text stands in a box, or in a legend's frame, which do not grow."""
    if mtext.get_bbox_patch() is not None:
        return True
    figure = mtext.get_figure(root=True)
    if figure is None:
        return False
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    return any(
        mtext in [*legend.get_texts(), legend.get_title()]
        for legend in legends
        if legend is not None and legend.get_frame_on()
    )


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


def box(mark: TextMark) -> Window:
    """Return the left, top, right and bottom of a line of text, about."""
    angle = np.deg2rad(mark.angle)
    along = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-along[1], along[0]])
    begin = np.array([mark.x, mark.y]) - mark.before * mark.width * along
    corners = [
        begin + part * mark.width * along + size * mark.size * down
        for part in (0, 1)
        for size in (-_ASCENT, _DESCENT)
    ]
    left, top = np.min(corners, axis=0).tolist()
    right, bottom = np.max(corners, axis=0).tolist()
    return left, top, right, bottom


def sets_columns(prop: FontProperties) -> bool:
    """Whether words may be set in columns: who chooses a monospaced face does so."""
    return "mono" in prop.get_family()[0].lower()


def shared_part(starts: Sequence[float], widths: Sequence[float]) -> float:
    """Which point of the lines of one text stands where that of the others does.

    Matplotlib hands over the lines of a longer text without their artist; how it
    aligned them can be seen from where they start along their direction.
    """
    spreads = {
        part: np.ptp([s + part * w for s, w in zip(starts, widths, strict=True)])
        for part in (0.0, 0.5, 1.0)
    }
    return min(spreads, key=lambda part: (max(spreads[part], 0.1), part))


def _font(prop: FontProperties) -> str:
    """Attributes of weight, slant and generic family; sans-serif is the page's own."""
    weight = prop.get_weight()
    if isinstance(weight, str):
        heavy = weight in {"bold", "heavy", "black", "semibold", "demibold", "demi"}
    else:
        heavy = weight >= 600
    family = prop.get_family()[0].lower()
    font = ""
    if "mono" in family or "courier" in family:
        font += " font-family='monospace'"
    elif "serif" in family and "sans" not in family:
        font += " font-family='serif'"
    font += " font-weight='bold'" if heavy else ""
    font += " font-style='italic'" if prop.get_style() in {"italic", "oblique"} else ""
    return font
