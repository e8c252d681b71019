"""Matplotlib's paths as pixel vertices and a letter for each operation.

Knows matplotlib's paths and transforms; neither renderers nor styles.
"""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Transform

from .marks import VERTICES

FAR = 8.0
"""Figure sizes beyond which a path is cut, so that numbers stay short."""

_LETTER = {
    Path.MOVETO: "M",
    Path.LINETO: "L",
    Path.CURVE3: "Q",
    Path.CURVE4: "C",
    Path.CLOSEPOLY: "Z",
}
_CIRCLE = Path.unit_circle()
_CODES_OF_CIRCLE = np.asarray(_CIRCLE.codes)


def outline(
    path: Path, transform: Transform, width: float, height: float
) -> tuple[np.ndarray, str]:
    """Return pixel vertices (n, 2), y up, and the letters of the operations.

    What lies far outside a figure of ``width`` times ``height`` pixels is cut away.
    """
    vertices = np.asarray(transform.transform(path.vertices), float)
    codes = None if path.codes is None else np.asarray(path.codes)
    finite = np.isfinite(vertices).all()
    limit = FAR * max(width, height)
    if not finite or np.abs(vertices).max(initial=0) > limit:
        margin = limit / 2
        window = (-margin, -margin, width + margin, height + margin)
        # A filled outline must not be cut open: only its holes (NaN) go.
        closed = codes is not None and (codes == Path.CLOSEPOLY).any()
        clean = Path(vertices, codes).cleaned(
            remove_nans=True, clip=None if closed else window, curves=True
        )
        codes = np.asarray(clean.codes)
        keep = codes != Path.STOP
        vertices, codes = np.asarray(clean.vertices)[keep], codes[keep]
        vertices = np.clip(vertices, -10 * limit, 10 * limit)
    if len(vertices) == 0:
        return vertices, ""
    if codes is None:
        return vertices, "M" + "L" * (len(vertices) - 1)
    kept, operations = _operations(codes)
    return vertices[kept], operations


def circle(path: Path, transform: Transform) -> tuple[np.ndarray, float] | None:
    """Return the centre (2,), y up, and the diameter of a path that is a circle."""
    vertices, codes = np.asarray(path.vertices), path.codes
    if len(vertices) != len(_CODES_OF_CIRCLE) or codes is None:
        return None
    if path is not _CIRCLE and not np.array_equal(codes, _CODES_OF_CIRCLE):
        return None
    points = transform.transform(vertices[:-1])
    low, high = points.min(axis=0), points.max(axis=0)
    across = high - low
    if not np.isfinite(across).all() or abs(across[0] - across[1]) > 0.01:
        return None
    centre = (low + high) / 2
    if not np.allclose(np.hypot(*(points[0] - centre)), across[0] / 2, rtol=0.02):
        return None
    return centre, across[0]


def _operations(codes: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the indices of the vertices that count and a letter an operation."""
    kept: list[int] = []
    letters, index = [], 0
    numbers = codes.tolist()
    while index < len(numbers) and numbers[index] != Path.STOP:
        letter = _LETTER[numbers[index]]
        letters.append(letter)
        count = VERTICES[letter]
        if letter != "Z":
            kept.extend(range(index, index + count))
        index += count
    return np.array(kept, int), "".join(letters)
