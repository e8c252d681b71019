"""Plays an update function through all its states and keeps what changed.

The figure is cut into *layers*; for each state a painter draws those that changed, and
every distinct drawing is kept once. Knows figures and sliders; not how a recording is
shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import words
from .grounds import Grounds
from .looks import Window
from .marks import UNITS_PER_PIXEL, TextMark, join_neighbouring_dots
from .mistakes import noted
from .painter import Painter, ThoroughPainter, WholePainter
from .player import Player, Said
from .recording import Drawing, Layer, LayerKey, Recording
from .series import Frame
from .sliders import MAX_STATES, SettledSlider
from .story import NO_STORY, Story

_Item = TypeVar("_Item", bound=Hashable)
_AUDITED_STATES = 3
_WIDEST_MARGIN = 0.15  # of a figure's side, for words that it cuts


def record(
    figure: Figure,
    update: Callable[..., Said],
    sliders: Sequence[SettledSlider],
    title_axes: Axes | None = None,
    name: str = "",
    story: Story = NO_STORY,
) -> Recording:
    """Call ``update`` for every state and keep what changed.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    update : callable
        Called with one keyword argument a slider; returns the caption, or the title
        and the caption, or None.
    sliders : sequence of SettledSlider
    title_axes : matplotlib.axes.Axes, optional
        Carries the title; by default the figure's first Axes.
    name : str
        What an address calls the figure.
    story : Story
        What it asks of its reader, and points at.

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
    player = Player(figure, update, sliders, title_axes)
    states = list(itertools.product(*(range(n) for n in shape)))
    painter, tape, captions, frames = _play_all(figure, player, states, start)
    player.play(start)
    layers = tuple(
        Layer(drawings, _by_state(table, shape), painter.series.get(key))
        for key, drawings, table in tape.layers()
    )
    _refuse_dead_sliders(sliders, layers)
    size = painter.renderer.get_canvas_width_height()
    sentences, caption_table = _each_once(captions)
    panels, panel_table = _each_once(frames)
    return Recording(
        width=size[0],
        height=size[1],
        sliders=sliders,
        layers=layers,
        captions=sentences,
        caption_table=_by_state(caption_table, shape),
        definitions=dict(painter.renderer.definitions.markup),
        start=start,
        view=view_of(layers, *size),
        panels=panels,
        panel_table=_by_state(panel_table, shape),
        name=name,
        story=story,
    )


def view_of(layers: Sequence[Layer], width: float, height: float) -> Window:
    """Return the figure and what it cuts off words in any state, in a page's units.

    Its margins are those of the state shown first; tick labels grow.
    """
    page = np.array([0, 0, width, height]) * UNITS_PER_PIXEL
    farthest = page + _WIDEST_MARGIN * page[[2, 3, 2, 3]] * [-1, -1, 1, 1]
    drawings = itertools.chain.from_iterable(layer.drawings for layer in layers)
    view = page
    for mark in set(itertools.chain.from_iterable(drawings)):
        if isinstance(mark, TextMark) and not mark.clip:
            box = np.array(words.box(mark))
            if (box[:2] < farthest[2:]).all() and (box[2:] > farthest[:2]).all():
                view = np.concatenate(
                    [np.minimum(view[:2], box[:2]), np.maximum(view[2:], box[2:])]
                )
    left, top, right, bottom = np.clip(
        view, farthest[[0, 1, 0, 1]], farthest[[2, 3, 2, 3]]
    ).tolist()
    return left, top, right, bottom


def _play_all(
    figure: Figure,
    player: Player,
    states: Sequence[tuple[int, ...]],
    start: tuple[int, ...],
) -> tuple[Painter, _Tape, list[str], list[tuple[Frame, ...]]]:
    """Return who drew all states, the drawings, the captions and the panels' scales.

    Each painter is slower than the one before and hears of more; the audit says which
    one is needed. What an update function remembers differs between their passes,
    even where it has come to rest when the second one begins.
    """
    passes: list[list[tuple[str, dict[LayerKey, int]]]] = []
    for painter_class in (Painter, ThoroughPainter, WholePainter):
        player.play(start)  # the layout is that of the state shown first
        with noted(
            f"while matplotlib laid the figure out for {player.describe(start)}"
        ):
            painter, tape = painter_class(figure), _Tape()
        grounds = Grounds(*painter.size)
        captions, frames, seen = [], [], []
        for state in states:
            captions.append(player.play(state))
            with noted(f"while matplotlib drew {player.describe(state)}"):
                tape.add(grounds.settle(painter.paint()))
                frames.append(painter.frames())
            seen.append((captions[-1], painter.anew))
        passes.append(seen)
        remembered = _first_change(*passes[-2:]) if passes[1:] else None
        differing = remembered or _audit(
            painter, grounds, tape, states, captions, player
        )
        if differing is None:
            return painter, tape, captions, frames
        number, layer = differing
        fault = (
            f"update draws two different pictures at {player.describe(states[number])} "
            f"(first seen in the {layer}); it must depend on its arguments alone: "
            "draw random numbers before explore, keep nothing between calls, and move "
            "artists in place of adding more, or begin with ax.clear()"
        )
        if remembered:
            break
    raise ValueError(fault)


def _first_change(
    one: Sequence[tuple[str, dict[LayerKey, int]]],
    other: Sequence[tuple[str, dict[LayerKey, int]]],
) -> tuple[int, str] | None:
    """Name the first difference of two passes in captions and what both drew anew."""
    for number, ((said, drawn), (again, redrawn)) in enumerate(
        zip(one, other, strict=True)
    ):
        if said != again:
            return number, "caption"
        for key in drawn if redrawn else ():
            if redrawn.get(key) != drawn[key]:
                return number, key[1]
    return None


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
        position = 0
        for key in keys:
            if key in self._numbers:
                index = self._order.index(key)
                if index < position:
                    raise ValueError(
                        f"update changes the painting order of a {key[1]}; "
                        "give artists a zorder that stays"
                    )
                position = index + 1
            else:
                self._order.insert(position, key)
                self._numbers[key] = {(): 0} if self._length else {}
                self._tables[key] = [0] * self._length
                position += 1

    def seen(self, key: LayerKey, state: int) -> Drawing:
        """What a layer showed in a state; nothing where it did not exist."""
        if key not in self._tables:
            return ()
        return list(self._numbers[key])[self._tables[key][state]]

    def keys(self) -> list[LayerKey]:
        return list(self._order)

    def layers(self) -> Iterator[tuple[LayerKey, tuple[Drawing, ...], list[int]]]:
        """Key, distinct drawings and table of each layer, in painting order."""
        for key in self._order:
            yield key, tuple(self._numbers[key]), self._tables[key]


def _audit(
    painter: Painter,
    grounds: Grounds,
    tape: _Tape,
    states: Sequence[tuple[int, ...]],
    captions: Sequence[str],
    player: Player,
) -> tuple[int, str] | None:
    """Draw a few states again, in another order, in full; name the first difference.

    This finds changes made in place, update functions that remember or that draw
    random numbers, and layers that together are not what matplotlib would draw.
    """
    others = np.random.default_rng(0).permutation(len(states))[: _AUDITED_STATES - 2]
    audited = [len(states) - 1, 0, *others.tolist()]
    for number in audited:
        if player.play(states[number]) != captions[number]:
            return number, "caption"
        drawings = painter.paint(everything=True)
        settled = grounds.settle(drawings)
        for key in dict.fromkeys([*tape.keys(), *settled]):
            if settled.get(key, ()) != tape.seen(key, number):
                return number, key[1]
        if number != audited[0]:
            continue
        together = itertools.chain.from_iterable(drawings.values())
        if join_neighbouring_dots(together) != join_neighbouring_dots(
            painter.paint_whole()
        ):
            return number, "Figure"
    return None


def _refuse_dead_sliders(
    sliders: Sequence[SettledSlider], layers: Sequence[Layer]
) -> None:
    for axis, slider in enumerate(sliders):
        if len(slider.values) == 1:
            continue
        if all(layer.table.shape[axis] == 1 for layer in layers):
            raise ValueError(
                f"the slider {slider.name!r} moves nothing: the picture is the same "
                f"for all its {len(slider.values)} values"
            )


def _each_once(items: Sequence[_Item]) -> tuple[tuple[_Item, ...], list[int]]:
    """Return the distinct items, and for each one its place among them."""
    order = {item: index for index, item in enumerate(dict.fromkeys(items))}
    return tuple(order), [order[item] for item in items]


def _by_state(numbers: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """Return a number for each state, once along an axis that makes no difference."""
    table = np.reshape(numbers, shape)
    for axis in range(table.ndim):
        first = table.take([0], axis=axis)
        if (table == first).all():
            table = first
    return table
