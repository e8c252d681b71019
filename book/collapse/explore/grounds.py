"""What lies under each mark, and so whether it follows the page's theme.

Black words follow a dark theme, but not on a yellow tile, which does not. For each
mark that would follow, the ground under it is put together as a light theme and as a
dark one show it; the mark keeps its own colour where its contrast to the ground is then
more like what its author chose. Knows marks and their looks; not what drew them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from . import styles
from .covers import Cover, Ground, boxes, corners, is_ground, is_within, window
from .looks import Look, Version
from .marks import UNITS_PER_PIXEL, ImageMark, Mark, PathMark, StampMark, TextMark
from .outlines import path_of, polylines
from .recording import Drawing, LayerKey

_ENOUGH = 0.35  # cover by what keeps its colour that can make a mark keep its own
_SAMPLES = 24  # points of a mark at which its ground is looked at
_STEP = 15.0  # units between such points of a line that leaves a ground
_FINEST = 400  # such points
_MOST_PIECES = 24  # of a line that changes its colour on its way
_X_HEIGHT = 0.35  # half the height of small letters, in sizes of the font: about


class Grounds:
    """Settles the marks of one state after the other; remembers the last one.

    Parameters
    ----------
    width, height : float
        Of the page, in pixels.
    """

    def __init__(self, width: float, height: float) -> None:
        self._size = np.array([width, height]) * UNITS_PER_PIXEL
        self._layers: dict[LayerKey, _Layer] = {}

    def settle(self, drawings: dict[LayerKey, Drawing]) -> dict[LayerKey, Drawing]:
        """Return the drawings of a state, each mark as it looks on its ground.

        Parameters
        ----------
        drawings : dict of Drawing
            Of each layer, in painting order.
        """
        below: list[_Covers] = []
        settled = {}
        for key, drawing in drawings.items():
            layer = self._layers.get(key)
            if layer is None or layer.drawing is not drawing:
                layer = self._layers[key] = _Layer(drawing, self._size)
            settled[key] = layer.settle(below)
            if layer.covers.all:
                below.append(layer.covers)
        return settled


class _Covers:
    """The marks of a layer that others may lie on."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.all = [Cover(mark) for mark in marks]
        self.tints = np.array([cover.tint for cover in self.all])
        self.tint = float(self.tints.sum())

    @cached_property
    def boxes(self) -> np.ndarray:
        """Left, top, right and bottom of each, shape (covers, 4)."""
        return boxes([cover.mark for cover in self.all])

    @cached_property
    def extent(self) -> np.ndarray:
        """Left, top, right and bottom of all that is not like paper."""
        return _union(self.boxes[self.tints > 0])


class _Layer:
    """A drawing, and how it was settled last."""

    def __init__(self, drawing: Drawing, size: np.ndarray) -> None:
        self.drawing = drawing
        self._size = size
        self._inks = [i for i, mark in enumerate(drawing) if _follows(mark)]
        self._own = [i for i, mark in enumerate(drawing) if is_ground(mark)]
        self._plain = _Covers([drawing[index] for index in self._own])
        self.covers = self._plain
        self._below: list[_Covers] | None = None
        self._settled = drawing

    def settle(self, below: list[_Covers]) -> Drawing:
        """Return the drawing as it looks over these grounds."""
        if not self._inks:
            return self.drawing
        if self._below is None or not _are_the_same(self._below, below):
            self._below = list(below)
            self._settled, self.covers = self.drawing, self._plain
            grounds = [*below, self._plain]
            touching = (
                each.tint
                for each in grounds
                if each.tint and _overlap(each.extent, self._extent)
            )
            if sum(touching) >= _ENOUGH:
                self._lie_on(grounds)
        return self._settled

    def _lie_on(self, grounds: Sequence[_Covers]) -> None:
        """Settle the marks over all these grounds, of which the last are their own."""
        under = [cover for each in grounds for cover in each.all]
        first = len(under) - len(self._own)  # of the own
        extents = np.concatenate([each.boxes for each in grounds])
        hit = _overlap(extents, self._boxes[:, None])
        hit[:, first:] &= np.array(self._own) < np.array(self._inks)[:, None]
        tinted = hit @ np.concatenate([g.tints for g in grounds]) >= _ENOUGH
        if not tinted.any():
            return
        inks = {self._inks[row]: row for row in np.flatnonzero(tinted)}
        own = {index: first + place for place, index in enumerate(self._own)}
        settled: list[Mark] = []
        for index, mark in enumerate(self.drawing):
            row = inks.get(index)
            if row is None:
                settled.append(mark)
                continue
            ground = [under[place] for place in np.flatnonzero(hit[row])]
            seen = _settle(mark, self._samples[row], ground)
            settled.extend(seen)
            if index in own:
                under[own[index]] = Cover(seen[0])
        self._settled = tuple(settled)
        self.covers = _Covers([mark for mark in settled if is_ground(mark)])

    @cached_property
    def _samples(self) -> list[np.ndarray]:
        # Words that the page's edge cuts lie on what ends there.
        points = (_sample(self.drawing[index]) for index in self._inks)
        return [np.clip(each, 1, self._size - 1) for each in points]

    @cached_property
    def _boxes(self) -> np.ndarray:
        """Left, top, right and bottom of the samples of each ink."""
        return np.array([[*s.min(axis=0), *s.max(axis=0)] for s in self._samples])

    @cached_property
    def _extent(self) -> np.ndarray:
        return _union(self._boxes)


def _union(boxes: np.ndarray) -> np.ndarray:
    """The box around boxes (n, 4), of which there is at least one."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _overlap(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether boxes (..., 4) share more than a border."""
    low, high = some[..., :2], some[..., 2:]
    shared = np.logical_and(low < others[..., 2:], high > others[..., :2])
    return np.asarray(shared.all(axis=-1))


def _are_the_same(some: Sequence[object], others: Sequence[object]) -> bool:
    return len(some) == len(others) and all(
        one is other for one, other in zip(some, others, strict=True)
    )


def _follows(mark: Mark) -> bool:
    """Whether a mark may look otherwise on another ground."""
    return not isinstance(mark, ImageMark) and bool(mark.look and mark.look.follows)


def _sample(mark: Mark) -> np.ndarray:
    """Points (n, 2) at which a mark is to be seen."""
    if isinstance(mark, TextMark):
        angle = np.deg2rad(mark.angle)
        along = np.array([np.cos(angle), np.sin(angle)])
        middle = _X_HEIGHT * mark.size * np.array([np.sin(angle), -np.cos(angle)])
        parts = np.linspace(0.1, 0.9, 5)[:, None] - mark.before
        return np.array([mark.x, mark.y]) + middle + parts * mark.width * along
    if isinstance(mark, PathMark):
        lines = polylines(path_of(mark.operations, mark.x, mark.y))
        points = np.concatenate([_at_equal_steps(line, _SAMPLES)[0] for line in lines])
        if mark.look is None or mark.look.width == 0:  # the inside, near its border
            points += 0.1 * (points.mean(axis=0) - points)
    else:
        points = corners(mark)
    points = points[:: -(-len(points) // _SAMPLES)].astype(float)
    seen = points[is_within(window(mark), points)]
    return seen if len(seen) else points


def _at_equal_steps(line: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points (count, 2) of a polyline, and how far along it each one is."""
    lengths = _lengths(line)
    places = np.linspace(0, lengths[-1], count)
    return np.column_stack(
        [np.interp(places, lengths, side) for side in line.T]
    ), places


def _lengths(line: np.ndarray) -> np.ndarray:
    """How far along a polyline each of its points is."""
    return np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def _settle(mark: Mark, points: np.ndarray, under: Sequence[Cover]) -> list[Mark]:
    """Return a mark as it looks on these grounds, a line in pieces if it must be."""
    if isinstance(mark, ImageMark) or mark.look is None:
        return [mark]
    look, ground = mark.look, Ground(points, under)
    version: Version = "themed"
    if look.plain != look.themed and (
        _stands_out(look, "plain", ground) > _stands_out(look, "themed", ground)
    ):
        version = "plain"
    keeps, gain = _keeps(look, version, ground)
    if keeps.any() and not keeps.all():
        # Points are too small to part a mark; between them it lies on what they lie on.
        broad = [each for each in under if not isinstance(each.mark, StampMark)]
        part = _in_groups if isinstance(mark, StampMark) else _in_pieces
        if pieces := part(mark, look, version, broad):
            return pieces
    among_points = isinstance(mark, PathMark) and _leaves_points(mark, look, under)
    if ground.kept.mean() >= _ENOUGH and gain.mean() > 0 and not among_points:
        version = "own"
    return [
        mark if version == "themed" else replace(mark, style=getattr(look, version))
    ]


def _in_groups(
    mark: Mark, look: Look, version: Version, under: Sequence[Cover]
) -> list[Mark]:
    """Part points on a ground that keeps its colour from those beside it."""
    assert isinstance(mark, StampMark)
    places = corners(mark)
    keeps, _ = _keeps(look, version, Ground(places, under))
    groups: list[Mark] = []
    for kept, style in ((False, getattr(look, version)), (True, look.own)):
        x, y = (side.tobytes() for side in places[keeps == kept].astype(np.int32).T)
        if x:
            groups.append(replace(mark, style=style, x=x, y=y))
    return groups


def _in_pieces(
    mark: Mark, look: Look, version: Version, under: Sequence[Cover]
) -> list[Mark]:
    """Cut a line where it leaves a ground that keeps its colour, or enters one.

    Nothing where that happens nowhere, or too often, or if it is no single line.
    """
    if not isinstance(mark, PathMark) or not _is_line(mark, look):
        return []
    (line,) = polylines(path_of(mark.operations, mark.x, mark.y))
    lengths = _lengths(line)
    points, places = _at_equal_steps(line, _finely(lengths))
    keeps, _ = _keeps(look, version, Ground(points, under))
    keeps &= is_within(window(mark), points)
    flips = np.flatnonzero(np.diff(keeps))
    if not 0 < len(flips) < _MOST_PIECES:
        return []
    cuts = [0.0, *(places[flips] + places[flips + 1]) / 2, lengths[-1]]
    pieces: list[Mark] = []
    for begin, end, last in zip(cuts[:-1], cuts[1:], [*flips, -1], strict=True):
        inner = line[(lengths > begin) & (lengths < end)]
        ends = [[np.interp(at, lengths, s) for s in line.T] for at in (begin, end)]
        course = np.rint(np.vstack([ends[:1], inner, ends[1:]])).astype(np.int32)
        style = look.own if keeps[last] else getattr(look, version)
        operations = "M" + "L" * (len(course) - 1)
        x, y = (side.tobytes() for side in course.T)
        pieces.append(PathMark(styles.shifted(style, begin), operations, x, y, look))
    return pieces


def _leaves_points(mark: PathMark, look: Look, under: Sequence[Cover]) -> bool:
    """Whether a line lies on points, and on the page between them."""
    if not _is_line(mark, look) or not _has_points(under):
        return False
    (line,) = polylines(path_of(mark.operations, mark.x, mark.y))
    points, _ = _at_equal_steps(line, _finely(_lengths(line)))
    return bool((Ground(points, under).kept < _ENOUGH).any())


def _is_line(mark: PathMark, look: Look) -> bool:
    is_one = mark.operations.count("M") == 1 and "Z" not in mark.operations
    return is_one and not any(each.is_fill for each in look.paints)


def _has_points(under: Sequence[Cover]) -> bool:
    return any(isinstance(each.mark, StampMark) for each in under)


def _finely(lengths: np.ndarray) -> int:
    """How many points tell where a line leaves its ground."""
    return int(np.clip(lengths[-1] / _STEP, _SAMPLES, _FINEST))


def _keeps(
    look: Look, version: Version, ground: Ground
) -> tuple[np.ndarray, np.ndarray]:
    """Whether its own colour suits each point better, and by how much."""
    if ground.kept.max() < _ENOUGH:
        return np.zeros(len(ground.points), bool), np.zeros(len(ground.points))
    gain = _strays(look, version, ground) - _strays(look, "own", ground)
    return (ground.kept >= _ENOUGH) & (gain > 0), gain


def _stands_out(look: Look, version: Version, ground: Ground) -> float:
    """The least contrast of a version of a look to a ground, in either theme."""
    contrasts = []
    for paint in look.paints:
        shade = getattr(paint, version)
        contrasts.append(_contrast(shade.light, paint.alpha, ground.light).mean())
        contrasts.append(_contrast(shade.dark, paint.alpha, ground.dark).mean())
    return min(contrasts)


def _strays(look: Look, version: Version, ground: Ground) -> np.ndarray:
    """How far its contrast in a dark theme is from its author's, at each point."""
    gaps = np.zeros(len(ground.points))
    for paint in look.paints:
        wanted = _contrast(paint.own.light, paint.alpha, ground.light)
        dark = getattr(paint, version).dark
        gaps += np.abs(_contrast(dark, paint.alpha, ground.dark) - wanted)
    return gaps


def _contrast(colour: ArrayLike, alpha: float, ground: np.ndarray) -> np.ndarray:
    """Logarithm of the contrast (WCAG 2) of a paint to each colour (n, 3) below it."""
    painted = alpha * np.asarray(colour) + (1 - alpha) * ground
    return np.abs(np.log((_luminance(painted) + 0.05) / (_luminance(ground) + 0.05)))


def _luminance(colours: np.ndarray) -> np.ndarray:
    linear = np.where(
        colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]
