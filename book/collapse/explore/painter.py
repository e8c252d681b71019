"""Draws a figure layer by layer: the artists that paint one after another.

For each state a painter asks which layers changed and draws those on a
:class:`~.renderer.MarkRenderer`. It knows matplotlib's figures; not what changes them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.text import Annotation, Text

from . import owners
from .recording import Drawing, LayerKey
from .renderer import MarkRenderer
from .series import Frame, Series, frame_of, series_of
from .stage import as_saved


class Painter:
    """Draws a figure layer by layer, repeating what has not changed.

    Lines, patches, plain texts and axes that changed say so to matplotlib (their
    ``stale`` flag) or have other vertices. All other artists may change unheard: an
    annotation follows what it points at, a legend looks for the best place, images
    and collections share arrays with their author. They are drawn for every state,
    and so is everything in an Axes whose limits moved.
    """

    def __init__(self, figure: Figure) -> None:
        figure.draw_without_rendering()  # settles layout, ticks and title positions
        figure.set_layout_engine("none")
        self.figure = figure
        self.renderer = MarkRenderer(figure)
        self.size = self.renderer.get_canvas_width_height()
        self.series: dict[LayerKey, Series | None] = {}
        """What each layer shows as numbers, if anything."""
        self.anew: dict[LayerKey, int] = {}
        """Hashes of the layers that the last painting drew and did not repeat."""
        self._drawn: dict[LayerKey, _Drawn] = {}
        self._views: dict[Axes, tuple] = {}

    def paint(self, everything: bool = False) -> dict[LayerKey, Drawing]:
        """Return the drawing of each layer, in painting order."""
        size = tuple(float(v) for v in self.figure.get_size_inches() * self.figure.dpi)
        if size != self.size:
            raise ValueError(
                f"update changed the size of the figure from {self.size} to {size} "
                "pixels; a page keeps the size of its figure"
            )
        moved = self._moved_axes()
        drawings = {}
        self.anew = {}
        with as_saved(self.figure):
            for key, axes, artist in _layers_of(self.figure):
                known = self._drawn.get(key)
                if everything or axes in moved or known is None or known.is_out(artist):
                    self.renderer.shows_numbers = owners.is_mapped(artist)
                    artist.draw(self.renderer)
                    known = self._drawn[key] = _Drawn(artist, self.renderer.take())
                    self.anew[key] = hash(known.drawing)
                    if key not in self.series:
                        self.series[key] = series_of(artist, key[0], axes)
                drawings[key] = known.drawing
        return drawings

    def frames(self) -> tuple[Frame, ...]:
        """Return the scales of each Axes as they stand."""
        return tuple(frame_of(axes, self.size[1]) for axes in self.figure.axes)

    def paint_whole(self) -> Drawing:
        """Draw everything in one go, by matplotlib's own rules of order."""
        self.renderer.shows_numbers = False
        with as_saved(self.figure):
            self.figure.draw(self.renderer)
        return self.renderer.take()

    def _moved_axes(self) -> set[Axes]:
        moved = set()
        for axes in self.figure.axes:
            view = (
                axes.viewLim.get_points().tobytes(),
                axes.get_xscale(),
                axes.get_yscale(),
                axes.get_position().get_points().tobytes(),
                axes.axison,
            )
            if self._views.get(axes, view) != view:
                axes.apply_aspect()
                moved.add(axes)
            self._views[axes] = view
        return moved


class _Drawn:
    """An artist's last drawing, and how to tell that it no longer holds."""

    def __init__(self, artist: Artist, drawing: Drawing) -> None:
        self.artist = artist
        self.drawing = drawing
        self.tells = isinstance(artist, (Line2D, Patch, Text, Axis)) and not isinstance(
            artist, (Annotation, FancyArrowPatch)
        )
        self.parts = artist.findobj() if self.tells else []
        self.vertices = self._vertices()
        for part in self.parts:
            part.stale = False

    def is_out(self, artist: Artist) -> bool:
        """Whether another drawing may be due."""
        return (
            artist is not self.artist
            or not self.tells
            or any(part.stale for part in self.parts)
            or self._vertices() != self.vertices
        )

    def _vertices(self) -> bytes:
        """The course of a line or patch, which its author may edit in place."""
        if isinstance(self.artist, (Line2D, Patch)):
            return np.asarray(self.artist.get_path().vertices).tobytes()
        return b""


class ThoroughPainter(Painter):
    """Draws every layer for every state.

    For update functions that change data in place, of which matplotlib never hears.
    """

    def paint(self, everything: bool = True) -> dict[LayerKey, Drawing]:
        return super().paint(everything=True)


class WholePainter(Painter):
    """Draws the figure as one layer, as matplotlib itself would.

    For figures whose artists cannot be told apart in painting order.
    """

    def paint(self, everything: bool = True) -> dict[LayerKey, Drawing]:
        return {(-1, "Figure", 0, 0): self.paint_whole()}


def _layers_of(figure: Figure) -> Iterator[tuple[LayerKey, Axes | None, Artist]]:
    """Yield (key, axes, artist) in the order in which matplotlib paints.

    A key names an artist by where it is and what it is, not by its identity, so that
    a band removed and filled anew in each state stays one layer.
    """
    seen: dict[LayerKey, int] = {}
    numbers: dict[Axes | None, int] = {
        axes: index for index, axes in enumerate(figure.axes)
    }

    def keyed(
        artist: Artist, axes: Axes | None
    ) -> tuple[LayerKey, Axes | None, Artist]:
        kind = (numbers.get(axes, -1), type(artist).__name__, artist.zorder)
        seen[kind] = seen.get(kind, -1) + 1
        return (*kind, seen[kind]), axes, artist

    yield keyed(figure.patch, None)
    children = [child for child in figure.get_children() if child is not figure.patch]
    for child in sorted(children, key=lambda artist: artist.zorder):
        if not isinstance(child, Axes):
            yield keyed(child, None)
        elif type(child).draw is not Axes.draw:  # a projection paints in its own way
            yield keyed(child, child)
        elif child.get_visible():
            for artist in _artists_of(child):
                yield keyed(artist, child)


def _artists_of(axes: Axes) -> list[Artist]:
    """The artists of an Axes in painting order."""
    hidden: set[Artist] = {axes.patch}
    framed = axes.axison and axes.get_frame_on()
    if not framed:
        hidden.update(axes.spines.values())
    if not axes.axison:
        hidden.update((axes.xaxis, axes.yaxis))
    artists = [artist for artist in axes.get_children() if artist not in hidden]
    artists.sort(key=lambda artist: artist.zorder)
    return [axes.patch, *artists] if framed else artists
