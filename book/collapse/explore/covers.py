"""Marks as grounds for others: where they lie, and in which colours.

Knows marks and their looks; not what drew them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from matplotlib.path import Path
from numpy.typing import ArrayLike

from . import images
from .looks import Paint, Shade, Window
from .marks import ImageMark, Mark, PathMark, StampMark, TextMark, coordinates
from .outlines import is_inside, path_of, polylines
from .styles import DARK_PAPER

_BROAD = 80.0  # units: a line as wide is a ground
_CORNERS = {"MLLLZ", "MLLLLZ"}


def is_ground(mark: Mark) -> bool:
    """Whether other marks can lie on a mark."""
    if isinstance(mark, PathMark):
        look = mark.look
        return look is not None and (look.width >= _BROAD or look.paints[0].is_fill)
    return isinstance(mark, (StampMark, ImageMark))


class Ground:
    """The colours under points (n, 2) of a page, in a light and in a dark theme."""

    def __init__(self, points: np.ndarray, covers: Sequence[Cover]) -> None:
        self.points = points
        self.light = np.ones((len(points), 3))
        self.dark = np.tile(DARK_PAPER, (len(points), 1))
        self.kept = np.zeros(len(points))  # how much keeps its colour
        is_paper = True
        for cover in covers:
            is_paper &= cover.tint == 0  # paper on paper changes nothing
            if not is_paper:
                cover.lie_on(self)

    def lay(
        self, light: ArrayLike, dark: ArrayLike, alpha: np.ndarray, kept: bool
    ) -> None:
        """Lay colours on top, as opaque as ``alpha`` says at each point."""
        share = alpha[:, None]
        self.light += share * (np.asarray(light) - self.light)
        self.dark += share * (np.asarray(dark) - self.dark)
        self.kept += alpha * (kept - self.kept)


class Cover:
    """A mark that others may lie on, in the version in which it is shown."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self._shades: list[tuple[Paint, Shade]] = []
        if not isinstance(mark, ImageMark) and mark.look is not None:
            version = mark.look.version(mark.style)
            self._shades = [(each, getattr(each, version)) for each in mark.look.paints]

    @cached_property
    def tint(self) -> float:
        """How far its colours are from the page's paper, in one theme or the other."""
        if isinstance(self.mark, ImageMark):
            return 1.0
        return max(
            (
                paint.alpha
                * max(1 - min(shade.light), max(shade.dark) - max(DARK_PAPER))
                for paint, shade in self._shades
            ),
            default=0.0,
        )

    def lie_on(self, ground: Ground) -> None:
        """Lay the mark on a ground."""
        near = is_within(window(self.mark), ground.points)
        if isinstance(self.mark, ImageMark):
            source, matrix = self.mark.source, self.mark.matrix
            colours, alpha = images.colours_at(source, matrix, ground.points)
            ground.lay(colours, colours, alpha * near, kept=True)
        for paint, shade in self._shades:
            alpha = paint.alpha * (near & self._covers(paint.is_fill, ground.points))
            ground.lay(paint.own.light, shade.dark, alpha, shade == paint.own)

    def _covers(self, is_fill: bool, points: np.ndarray) -> np.ndarray:
        """Whether the fill or the stroke covers each point."""
        mark = self.mark
        assert not isinstance(mark, ImageMark)
        width = mark.look.width if mark.look else 0.0
        is_dot = isinstance(mark, StampMark) and mark.stamp == "h0"
        if width < _BROAD and not is_fill and not is_dot:
            return np.zeros(len(points), bool)
        if isinstance(mark, StampMark):
            places = np.column_stack([coordinates(mark.x), coordinates(mark.y)])
            away = np.abs(points[:, None] - places) / np.maximum(mark.reach, 1)
            if is_dot:
                return ((away**2).sum(axis=2) <= 1).any(axis=1)
            return (away <= 1).all(axis=2).any(axis=1)
        if is_fill:
            if self._rectangle is not None:
                return is_within(self._rectangle, points)
            return is_inside(self._path, points)
        return _distances(polylines(self._path), points) <= width / 2

    @cached_property
    def _path(self) -> Path:
        assert isinstance(self.mark, PathMark)
        return path_of(self.mark.operations, self.mark.x, self.mark.y)

    @cached_property
    def _rectangle(self) -> Window | None:
        """Left, top, right and bottom of an upright rectangle."""
        if not isinstance(self.mark, PathMark) or self.mark.operations not in _CORNERS:
            return None
        sides = []
        for kept in (self.mark.x, self.mark.y):
            values = sorted(set(coordinates(kept)[:4].tolist()))
            if len(values) != 2:
                return None
            sides.append(values)
        (left, right), (top, bottom) = sides
        return left, top, right, bottom


def boxes(marks: Sequence[Mark]) -> np.ndarray:
    """Return the left, top, right and bottom of each mark, shape (marks, 4)."""
    if not marks:
        return np.zeros((0, 4))
    points = [corners(mark) for mark in marks]
    starts = np.cumsum([0, *(len(each) for each in points[:-1])])
    together, reach = np.concatenate(points), np.array([_reach(mark) for mark in marks])
    low = np.minimum.reduceat(together, starts) - reach
    high = np.maximum.reduceat(together, starts) + reach
    windows = np.array([window(mark) for mark in marks])
    low, high = np.maximum(low, windows[:, :2]), np.minimum(high, windows[:, 2:])
    return np.column_stack([low, high])


def corners(mark: Mark) -> np.ndarray:
    """Return points (n, 2) between which a mark extends, but for its pen's width."""
    if isinstance(mark, ImageMark):
        return images.corners(mark.matrix)
    if isinstance(mark, TextMark):
        return np.array([[mark.x, mark.y]])
    return np.column_stack([coordinates(mark.x), coordinates(mark.y)])


def _reach(mark: Mark) -> tuple[float, float]:
    """How far a mark extends beyond its corners, in x and y."""
    if isinstance(mark, StampMark):
        return mark.reach
    half = mark.look.width / 2 if isinstance(mark, PathMark) and mark.look else 0.0
    return half, half


def window(mark: Mark) -> Window:
    """Return what is seen of a mark at most."""
    look = None if isinstance(mark, ImageMark) else mark.look
    seen = mark.window if isinstance(mark, ImageMark) else look and look.window
    return seen or (-np.inf, -np.inf, np.inf, np.inf)


def is_within(where: Window, points: np.ndarray) -> np.ndarray:
    """Whether points (n, 2) lie in a window."""
    left, top, right, bottom = where
    x, y = points[:, 0], points[:, 1]
    return (x >= left) & (x <= right) & (y >= top) & (y <= bottom)


def _distances(lines: Sequence[np.ndarray], points: np.ndarray) -> np.ndarray:
    """How far each point is from the nearest of some polylines."""
    nearest = np.full(len(points), np.inf)
    for line in lines:
        start, along = line[:-1], np.diff(line, axis=0)
        from_start = points[:, None] - start
        length = np.maximum((along**2).sum(axis=1), 1e-9)
        place = np.clip((from_start * along).sum(axis=2) / length, 0, 1)
        gap = from_start - place[..., None] * along
        nearest = np.minimum(nearest, np.hypot(*gap.T).T.min(axis=1, initial=np.inf))
    return nearest
