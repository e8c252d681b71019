"""Whose a colour is: the page's, or the author's, who means a number or a ground by it.

Knows matplotlib's figures and artists; neither renderers nor styles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Transform

from .styles import is_grey

_DARK = 0.5  # a grey below is no paper


def is_mapped(artist: Artist) -> bool:
    """Whether the colours of an artist come from numbers, by a colour map."""
    if isinstance(artist, ContourSet) and artist.colors is not None:
        return False
    values = getattr(artist, "get_array", None)
    return values is not None and values() is not None


def are_numbers(figure: Figure, faces: Any, edges: Any) -> bool:
    """Whether colours that would follow the theme are those of a mapped artist."""
    if not is_grey(faces) and not is_grey(edges):
        return False
    return any(
        np.array_equal(artist.get_facecolor(), faces)
        and np.array_equal(artist.get_edgecolor(), edges)
        for artist in figure.findobj(is_mapped)
        if isinstance(artist, Collection)
    )


def is_backdrop(
    figure: Figure, face: Sequence[float] | None, path: Path, transform: Transform
) -> bool:
    """Whether a shape is a dark ground of the whole figure, or of Axes."""
    if face is None or not is_grey(face) or face[1] > _DARK:
        return False
    extents = path.get_extents(transform).get_points()
    grounds = [figure.bbox, *(axes.bbox for axes in figure.axes)]
    return any(np.allclose(extents, ground.get_points(), atol=1) for ground in grounds)
