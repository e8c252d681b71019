"""What a figure is made of on a page: plain records that can be compared and stored.

Coordinates are whole numbers, a tenth of a CSS pixel, with y pointing down; arrays of
them are kept as bytes, which hash fast. A mark's ``style`` is what its ``look`` says
for its ground, as SVG attributes. Knows numpy and nothing of matplotlib.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from .looks import Look, Window

UNITS_PER_PIXEL = 10

VERTICES = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 1}
"""How many vertices each operation of a path has, in matplotlib's count."""


@dataclass(frozen=True, slots=True)
class PathMark:
    """A path: its style, one letter an operation, and its coordinates as bytes."""

    style: str
    operations: str
    x: bytes
    y: bytes
    look: Look | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StampMark:
    """One small path, the stamp, repeated at many points.

    ``merged`` stamps become one SVG path; the others, translucent ones, one
    element each so that overlaps darken. ``reach`` is half a stamp's width and height.
    """

    style: str
    stamp: str
    merged: bool
    x: bytes
    y: bytes
    look: Look | None = field(default=None, compare=False, repr=False)
    reach: tuple[float, float] = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextMark:
    """A line of text at its anchor.

    ``growth`` bounds how much a phone enlarges it. It is about ``width`` units wide, of
    which the part ``before`` lies before the anchor.
    """

    clip: str
    style: str
    x: int
    y: int
    angle: float
    size: int
    growth: float
    text: str
    look: Look | None = field(default=None, compare=False, repr=False)
    width: float = field(default=0.0, compare=False, repr=False)
    before: float = field(default=0.0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ImageMark:
    """A raster image: attributes that place it and its PNG as a data URI.

    ``matrix`` takes a square of side 1, with y down, to the image on the page.
    """

    clip: str
    placement: str
    source: str
    matrix: tuple[float, ...] = field(default=(), compare=False, repr=False)
    window: Window | None = field(default=None, compare=False, repr=False)


Mark = PathMark | StampMark | TextMark | ImageMark


def quantise(points: np.ndarray) -> tuple[bytes, bytes]:
    """Return the x and the y of points (n, 2), in pixels, as marks keep them."""
    whole = np.rint(points * UNITS_PER_PIXEL).astype(np.int32)
    return whole[:, 0].tobytes(), whole[:, 1].tobytes()


def coordinates(kept: bytes) -> np.ndarray:
    """Return the whole numbers that a mark keeps as bytes."""
    return np.frombuffer(kept, np.int32)


def absolute_path(operations: str, x: bytes, y: bytes) -> str:
    """Write SVG path data from an operation string and coordinate bytes."""
    points = zip(coordinates(x), coordinates(y), strict=True)
    parts = []
    for letter in operations:
        if letter == "Z":
            parts.append("Z")
            continue
        count = VERTICES[letter]
        pairs = " ".join(f"{a} {b}" for a, b in (next(points) for _ in range(count)))
        parts.append(letter + pairs)
    return "".join(parts)


def relative_path(vertices: np.ndarray, operations: str) -> str:
    """SVG path data relative to wherever the pen is, ending anywhere."""
    points = np.rint(vertices * UNITS_PER_PIXEL).astype(int)
    parts, pen, start, index = [], np.zeros(2, int), np.zeros(2, int), 0
    for letter in operations:
        if letter == "Z":
            parts.append("z")
            pen = start
            continue
        count = VERTICES[letter]
        steps = points[index : index + count] - pen
        parts.append(letter.lower() + " ".join(f"{a} {b}" for a, b in steps))
        pen = points[index + count - 1]
        start = pen if letter == "M" else start
        index += count
    return "".join(parts)


def join_neighbouring_dots(marks: Iterable[Mark]) -> list[Mark]:
    """Join runs of equal stamps, which a scatter draws one at a time."""
    joined: list[Mark] = []
    for _, run in itertools.groupby(marks, _stamp):
        alike = list(run)
        stamps = [mark for mark in alike if isinstance(mark, StampMark)]
        if not stamps:
            joined.extend(alike)
            continue
        x = b"".join(mark.x for mark in stamps)
        y = b"".join(mark.y for mark in stamps)
        joined.append(replace(stamps[0], x=x, y=y))
    return joined


def _stamp(mark: Mark) -> tuple[str, str] | None:
    """What two stamps must share to be joined; nothing for other marks."""
    return (mark.style, mark.stamp) if isinstance(mark, StampMark) else None
