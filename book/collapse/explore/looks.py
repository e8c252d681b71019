"""How marks look: plain records of paints and clips, in several versions.

Over the page's own ground a mark follows the page's theme; over a ground that keeps its
colour it keeps its own. Knows nothing of matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Colour = tuple[float, float, float]
"""Red, green and blue between 0 and 1."""

Window = tuple[float, float, float, float]
"""Left, top, right and bottom, in a page's units."""


def overlap(one: Window, other: Window | None) -> Window:
    """What two windows share."""
    if other is None:
        return one
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return left, top, min(one[2], other[2]), min(one[3], other[3])


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour as an SVG attribute, and as a light and a dark theme show it."""

    attribute: str
    light: Colour
    dark: Colour


@dataclass(frozen=True, slots=True)
class Paint:
    """The colour of a fill or stroke, in the versions that `Look` names."""

    themed: Shade
    plain: Shade
    own: Shade
    alpha: float
    is_fill: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """The SVG attribute of a clip, and the window around what it leaves."""

    attribute: str = ""
    window: Window | None = None


Version = Literal["themed", "plain", "own"]


@dataclass(frozen=True, slots=True)
class Look:
    """All SVG attributes of a mark but its course, in three versions.

    ``themed`` follows the page's theme, words dark enough to be read on its paper;
    ``plain`` follows it as closely as other shapes do; ``own`` is what the author said.
    ``width`` is that of the stroke in units; nothing is seen beyond ``window``.
    """

    themed: str
    plain: str
    own: str
    paints: tuple[Paint, ...]
    width: float
    window: Window | None

    @property
    def follows(self) -> bool:
        """Whether the versions differ."""
        return self.themed != self.own

    def version(self, style: str) -> Version:
        """Return which version these attributes are."""
        if style == self.own:
            return "own"
        return "plain" if style == self.plain else "themed"


def look(
    paints: Sequence[Paint | None], rest: str, window: Window | None, width: float = 0
) -> Look | None:
    """Return the look of these paints, with other attributes; None without any."""
    seen = tuple(each for each in paints if each is not None)
    if not seen:
        return None
    return Look(
        themed=" ".join(each.themed.attribute for each in seen) + rest,
        plain=" ".join(each.plain.attribute for each in seen) + rest,
        own=" ".join(each.own.attribute for each in seen) + rest,
        paints=seen,
        width=width,
        window=window,
    )
