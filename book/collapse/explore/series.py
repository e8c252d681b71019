"""What a figure's artists show as numbers: series in panels, and the panels' scales.

A page reads the numbers of a state off its drawing, by the scales that are kept here.
Knows matplotlib's Axes; neither renderers nor pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, PathCollection
from matplotlib.container import BarContainer, Container
from matplotlib.dates import DateConverter
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from .marks import UNITS_PER_PIXEL

Kind = Literal["line", "points", "bar", "barh", "area", "text"]
Scale = Literal["linear", "log", "date", ""]
"""How a side of a panel counts; empty where a page cannot tell."""

Frame = tuple[Scale, float, float, float, float, Scale, float, float, float, float]
"""Across, then up: the scale, the limits, and where these lie in a page's units."""


@dataclass(frozen=True, slots=True)
class Series:
    """An artist that shows numbers: in which panel, called what, drawn how."""

    panel: int
    name: str
    kind: Kind


def series_of(artist: Artist, panel: int, axes: Axes | None) -> Series | None:
    """Return what an artist shows; None for titles, frames, legends and pictures.

    It is called as in a legend, or else by its kind and its number among its Axes'.
    """
    if axes is None or not isinstance(artist, Line2D | Collection | Patch | Text):
        return None
    kind: Kind
    among: Sequence[Artist | Container]
    named: Artist | Container = artist
    if isinstance(artist, Text):
        among, kind = axes.texts, "text"
    elif isinstance(artist, Line2D):
        is_drawn = artist.get_linestyle() != "None"
        among, kind = axes.lines, "line" if is_drawn else "points"
    elif isinstance(artist, Collection):
        is_scatter = isinstance(artist, PathCollection)
        among, kind = axes.collections, "points" if is_scatter else "area"
    else:
        among, kind = axes.patches, "area"
        for bars in axes.containers:
            if isinstance(bars, BarContainer) and artist in bars.patches:
                kind = "barh" if bars.orientation == "horizontal" else "bar"
                among, named = axes.containers, bars
    among = list(among)
    if named not in among:
        return None
    label = str(named.get_label() or "_")
    if label.startswith("_"):
        label = f"{kind.removesuffix('h')} {among.index(named) + 1}"
    return Series(panel, label, kind)


def frame_of(axes: Axes, height: float) -> Frame:
    """Return the scales of an Axes in a figure ``height`` pixels high."""
    box = axes.get_window_extent()
    x0, x1 = axes.get_xlim()
    y0, y1 = axes.get_ylim()
    top, bottom = height - box.y1, height - box.y0
    across = [value * UNITS_PER_PIXEL for value in (box.x0, box.x1)]
    up = [value * UNITS_PER_PIXEL for value in (bottom, top)]
    return (
        *(_scale(axes.xaxis), float(x0), float(x1), *map(round, across)),
        *(_scale(axes.yaxis), float(y0), float(y1), *map(round, up)),
    )


def _scale(axis: Axis) -> Scale:
    if isinstance(axis.get_converter(), DateConverter):
        return "date"
    match axis.get_scale():
        case "log":
            return "log"
        case "linear":
            return "linear"
    return ""
