"""Plays an update function through all its states and keeps what changed.

The figure is cut into *layers*, the artists that paint one after another. For each
state the recorder asks which layers changed, draws those on a
:class:`~.renderer.MarkRenderer`, and stores every distinct drawing once. It knows
matplotlib figures and sliders; it does not know how a recording is shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.text import Annotation, Text

from .marks import Mark, join_neighbouring_dots
from .player import Player, Said
from .renderer import MarkRenderer
from .sliders import Slider

MAX_STATES = 5_000
_AUDITED_STATES = 3

Drawing = tuple[Mark, ...]
LayerKey = tuple


@dataclass(frozen=True)
class Layer:
    """One artist's drawings and which of them each state shows.

    ``table`` has one axis a slider (length 1 where that slider does not matter) and
    holds indices into ``drawings``.
    """

    drawings: tuple[Drawing, ...]
    table: np.ndarray


@dataclass(frozen=True)
class Recording:
    """Everything a page needs to show a figure in all its states.

    Attributes
    ----------
    width, height : float
        Size of the figure in CSS pixels.
    sliders : tuple of Slider
    layers : tuple of Layer
        In painting order.
    captions : Layer-like pair
        Distinct sentences, and a table of indices like a layer's.
    definitions : dict
        SVG markup of clip paths and hatches by name.
    start : tuple of int
        The position of each slider in the base figure.
    """

    width: float
    height: float
    sliders: tuple[Slider, ...]
    layers: tuple[Layer, ...]
    captions: tuple[str, ...]
    caption_table: np.ndarray
    definitions: dict[str, str]
    start: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each slider."""
        return tuple(len(slider.values) for slider in self.sliders)

    def caption(self, positions: Sequence[int]) -> str:
        """The sentence at these slider positions."""
        return self.captions[_look_up(self.caption_table, positions)]

    def drawing(self, positions: Sequence[int]) -> list[Drawing]:
        """What each layer shows at these slider positions."""
        return [
            layer.drawings[_look_up(layer.table, positions)] for layer in self.layers
        ]


def record(
    figure: Figure,
    update: Callable[..., Said],
    sliders: Sequence[Slider],
    title_axes: Axes | None = None,
) -> Recording:
    """Call ``update`` for every state and keep what changed.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    update : callable
        Called with one keyword argument a slider; returns the caption, or the title
        and the caption, or None.
    sliders : sequence of Slider
    title_axes : matplotlib.axes.Axes, optional
        Carries the title; by default the figure's first Axes.

    Returns
    -------
    Recording

    Raises
    ------
    ValueError
        If there are too many states, a slider moves nothing, ``update`` returns
        anything else, or the same state drawn twice gives two pictures.
    """
    sliders = tuple(sliders)
    shape = tuple(len(slider.values) for slider in sliders)
    count = int(np.prod(shape))
    if count > MAX_STATES:
        sizes = " x ".join(f"{s.name}: {len(s.values)}" for s in sliders)
        raise ValueError(
            f"{count} states ({sizes}) are more than the {MAX_STATES} that a page "
            "can carry; give a slider fewer values"
        )
    start = tuple(slider.start_index for slider in sliders)
    player = Player(update, sliders, title_axes or next(iter(figure.axes), None))
    player.play(start)  # the layout is that of the state shown first
    # Later ones are slower and hear of more; the audit says which one is needed.
    for painter_class in (_Painter, _ThoroughPainter, _WholePainter):
        painter = painter_class(figure)
        states = list(itertools.product(*(range(n) for n in shape)))
        tape = _Tape()
        captions = []
        for state in states:
            captions.append(player.play(state))
            tape.add(painter.paint())
        differing = _audit(painter, tape, states, captions, player)
        if differing is None:
            break
    else:
        state, layer = differing
        raise ValueError(
            f"update draws two different pictures at {player.describe(state)} "
            f"(first seen in the {layer}); it must depend on its arguments alone: "
            "draw random numbers before explore, keep nothing between calls"
        )
    player.play(start)
    layers = tuple(
        Layer(drawings, _drop_idle_axes(np.reshape(table, shape)))
        for drawings, table in tape.layers()
    )
    _refuse_dead_sliders(sliders, layers)
    sentences = dict.fromkeys(captions)
    order = {sentence: index for index, sentence in enumerate(sentences)}
    table = np.reshape([order[sentence] for sentence in captions], shape)
    return Recording(
        width=painter.renderer.width,
        height=painter.renderer.height,
        sliders=sliders,
        layers=layers,
        captions=tuple(sentences),
        caption_table=_drop_idle_axes(table),
        definitions=dict(painter.renderer.definitions.markup),
        start=start,
    )


class _Painter:
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
        width, height = (float(v) for v in figure.get_size_inches() * figure.dpi)
        self.size = (width, height)
        self.renderer = MarkRenderer(width, height, figure.dpi)
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
        for key, axes, artist in _layers_of(self.figure):
            known = self._drawn.get(key)
            if everything or axes in moved or known is None or known.is_out(artist):
                artist.draw(self.renderer)
                known = self._drawn[key] = _Drawn(artist, self.renderer.take())
            drawings[key] = known.drawing
        return drawings

    def paint_whole(self) -> Drawing:
        """Draw everything in one go, by matplotlib's own rules of order."""
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
            return self.artist.get_path().vertices.tobytes()
        return b""


class _ThoroughPainter(_Painter):
    """Draws every layer for every state.

    For update functions that change data in place, of which matplotlib never hears.
    """

    def paint(self, everything: bool = True) -> dict[LayerKey, Drawing]:
        return super().paint(everything=True)


class _WholePainter(_Painter):
    """Draws the figure as one layer, as matplotlib itself would.

    For figures whose artists cannot be told apart in painting order.
    """

    def paint(self, everything: bool = True) -> dict[LayerKey, Drawing]:
        return {(-1, "Figure", 0, 0): self.paint_whole()}


class _Tape:
    """Collects the drawings of each layer, each distinct one once."""

    def __init__(self) -> None:
        self._order: list[LayerKey] = []
        self._numbers: dict[LayerKey, dict[Drawing, int]] = {}
        self._tables: dict[LayerKey, list[int]] = {}
        self._length = 0

    def add(self, drawings: dict[LayerKey, Drawing]) -> None:
        """Append one state."""
        if list(drawings) != self._order:
            self._insert_new_layers(list(drawings))
        for key in self._order:
            drawing = drawings.get(key, ())
            numbers = self._numbers[key]
            self._tables[key].append(numbers.setdefault(drawing, len(numbers)))
        self._length += 1

    def _insert_new_layers(self, keys: list[LayerKey]) -> None:
        place = 0
        for key in keys:
            if key in self._numbers:
                index = self._order.index(key)
                if index < place:
                    raise ValueError(
                        f"update changes the painting order of a {key[1]}; "
                        "give artists a zorder that stays"
                    )
                place = index + 1
            else:
                self._order.insert(place, key)
                self._numbers[key] = {(): 0} if self._length else {}
                self._tables[key] = [0] * self._length
                place += 1

    def seen(self, key: LayerKey, state: int) -> Drawing:
        """What a layer showed in a state; nothing where it did not exist."""
        if key not in self._tables:
            return ()
        return list(self._numbers[key])[self._tables[key][state]]

    def keys(self) -> list[LayerKey]:
        return list(self._order)

    def layers(self) -> Iterator[tuple[tuple[Drawing, ...], list[int]]]:
        """Distinct drawings and the table of each layer, in painting order."""
        for key in self._order:
            yield tuple(self._numbers[key]), self._tables[key]


def _layers_of(figure: Figure) -> Iterator[tuple[LayerKey, Axes | None, Artist]]:
    """Yield (key, axes, artist) in the order in which matplotlib paints.

    A key names an artist by where it is and what it is, not by its identity, so that
    a band removed and filled anew in each state stays one layer.
    """
    seen: dict[LayerKey, int] = {}
    numbers = {axes: index for index, axes in enumerate(figure.axes)}

    def keyed(artist: Artist, axes: Axes | None):
        kind = (numbers.get(axes, -1), type(artist).__name__, artist.zorder)
        seen[kind] = seen.get(kind, -1) + 1
        return (*kind, seen[kind]), axes, artist

    yield keyed(figure.patch, None)
    children = [child for child in figure.get_children() if child is not figure.patch]
    for child in sorted(children, key=lambda artist: artist.zorder):
        if type(child).draw is not Axes.draw:
            yield keyed(child, child if isinstance(child, Axes) else None)
        elif child.get_visible():
            for artist in _artists_of(child):
                yield keyed(artist, child)


def _artists_of(axes: Axes) -> list[Artist]:
    """The artists of an Axes in painting order."""
    hidden = {axes.patch}
    framed = axes.axison and axes.get_frame_on()
    if not framed:
        hidden.update(axes.spines.values())
    if not axes.axison:
        hidden.update((axes.xaxis, axes.yaxis))
    artists = [artist for artist in axes.get_children() if artist not in hidden]
    artists.sort(key=lambda artist: artist.zorder)
    return [axes.patch, *artists] if framed else artists


def _audit(painter, tape, states, captions, player):
    """Draw a few states again, in another order, in full; name the first difference.

    This finds changes made in place, update functions that remember or that draw
    random numbers, and layers that together are not what matplotlib would draw.
    """
    others = np.random.default_rng(0).permutation(len(states))[: _AUDITED_STATES - 2]
    audited = [len(states) - 1, 0, *others.tolist()]
    for number in audited:
        if player.play(states[number]) != captions[number]:
            return states[number], "caption"
        drawings = painter.paint(everything=True)
        for key in dict.fromkeys([*tape.keys(), *drawings]):
            if drawings.get(key, ()) != tape.seen(key, number):
                return states[number], key[1]
        if number != audited[0]:
            continue
        together = itertools.chain.from_iterable(drawings.values())
        if join_neighbouring_dots(together) != join_neighbouring_dots(
            painter.paint_whole()
        ):
            return states[number], "Figure"
    return None


def _refuse_dead_sliders(sliders: Sequence[Slider], layers: Sequence[Layer]) -> None:
    for axis, slider in enumerate(sliders):
        if len(slider.values) == 1:
            continue
        if all(layer.table.shape[axis] == 1 for layer in layers):
            raise ValueError(
                f"the slider {slider.name!r} moves nothing: the picture is the same "
                f"for all its {len(slider.values)} values"
            )


def _drop_idle_axes(table: np.ndarray) -> np.ndarray:
    """Keep one entry along every axis that makes no difference."""
    for axis in range(table.ndim):
        first = table.take([0], axis=axis)
        if (table == first).all():
            table = first
    return table


def _look_up(table: np.ndarray, positions: Sequence[int]) -> int:
    place = tuple(
        index if length > 1 else 0
        for index, length in zip(positions, table.shape, strict=True)
    )
    return int(table[place])
