"""Matplotlib's paths as pixel vertices and a letter for each operation.

Knows matplotlib's paths and transforms; neither renderers nor styles.
"""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Bbox, Transform

from .marks import VERTICES, coordinates

FAR = 8.0
"""Figure sizes beyond which a path is cut, so that numbers stay short."""

_LETTER = {
    Path.MOVETO: "M",
    Path.LINETO: "L",
    Path.CURVE3: "Q",
    Path.CURVE4: "C",
    Path.CLOSEPOLY: "Z",
}
_CODE = {letter: int(code) for code, letter in _LETTER.items()}
_CIRCLE = Path.unit_circle()
_CODES_OF_CIRCLE = np.asarray(_CIRCLE.codes)
_FLAT = 0.05  # pixels between a curve and its chord
_DEEPEST = 64  # halvings of a curve, enough for any that a float can hold


def outline(
    path: Path, transform: Transform, width: float, height: float, filled: bool = False
) -> tuple[np.ndarray, str, bool]:
    """Return pixel vertices (n, 2), y up, the letters of the operations, whether cut.

    What lies far outside a figure of ``width`` times ``height`` pixels is cut away: of
    a line what is drawn there, of a ``filled`` shape so that what is seen of its inside
    stays. The border of a shape that was cut is not its outline any more.
    """
    vertices = np.asarray(transform.transform(path.vertices), float)
    codes = None if path.codes is None else np.asarray(path.codes)
    limit = FAR * max(width, height)
    is_cut = not np.abs(vertices).max(initial=0) <= limit  # so is not a number
    if is_cut:
        margin = limit / 2
        window = (-margin, -margin, width + margin, height + margin)
        vertices, codes = _cut(vertices, codes, window, filled)
    if len(vertices) == 0:
        return vertices, "", is_cut
    if codes is None:
        return vertices, "M" + "L" * (len(vertices) - 1), is_cut
    kept, operations = _operations(codes)
    return vertices[kept], operations, is_cut


def path_of(operations: str, x: bytes, y: bytes) -> Path:
    """Return a path that a mark keeps, in a page's units, as matplotlib's."""
    codes: list[int] = []
    for letter in operations:
        codes.extend([_CODE[letter]] * VERTICES[letter])
    numbers = np.array(codes, Path.code_type)
    vertices = np.zeros((len(codes), 2))  # a closed path's last one does not count
    vertices[numbers != Path.CLOSEPOLY] = np.column_stack(
        [coordinates(x), coordinates(y)]
    )
    return Path(vertices, numbers)


def polylines(path: Path) -> list[np.ndarray]:
    """Return a path's pieces (n, 2), curves as chords; a single point as a piece."""
    pieces = [np.asarray(piece) for piece in path.to_polygons(closed_only=False)]
    return pieces or [np.asarray(path.vertices)]


def is_inside(path: Path, points: np.ndarray) -> np.ndarray:
    """Whether a fill of a path covers each of the points (n, 2); holes are none of it.

    Like a renderer, and unlike `matplotlib.path.Path.contains_points`, it counts how
    often the pieces turn around a point.
    """
    turns = np.zeros(len(points))
    for piece in polylines(path):
        x, y = (piece - piece[0]).T
        area = np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])
        turns += np.sign(area) * Path(piece).contains_points(points)
    return turns != 0


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


Window = tuple[float, float, float, float]
"""Left, bottom, right and top, in pixels."""


def _cut(
    vertices: np.ndarray, codes: np.ndarray | None, window: Window, filled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and codes of what a window shows of a line or a shape."""
    pieces = _polylines(Path(vertices, codes), window)
    if not pieces:
        return np.zeros((0, 2)), np.zeros(0, Path.code_type)
    if filled:  # matplotlib closes shapes before it fills them
        shapes = [
            Path(piece).clip_to_bbox(Bbox.from_extents(*window)) for piece in pieces
        ]
        found = Path.make_compound_path(*shapes)
    else:
        lines = Path.make_compound_path(*map(Path, pieces))
        found = lines.cleaned(clip=window)
    drawn = np.asarray(found.codes) != Path.STOP
    return np.asarray(found.vertices)[drawn], np.asarray(found.codes)[drawn]


def _polylines(path: Path, window: Window) -> list[np.ndarray]:
    """Return a path's pieces (n, 2) without curves; closed ones end where they began.

    Curves become chords that cannot be told from them inside the window.
    """
    pieces: list[list[np.ndarray]] = []
    for numbers, code in path.iter_segments(simplify=False, curves=True):
        points = np.reshape(numbers, (-1, 2))
        if code == Path.MOVETO:
            pieces.append([points[0]])
        elif code == Path.CLOSEPOLY:
            pieces[-1].append(pieces[-1][0])
        elif code == Path.LINETO:
            pieces[-1].append(points[0])
        else:
            control = np.vstack([pieces[-1][-1], points])
            pieces[-1].extend(_chords(control, np.reshape(window, (2, 2))))
    return [np.array(piece) for piece in pieces if len(piece) > 1]


def _chords(
    control: np.ndarray, window: np.ndarray, depth: int = 0
) -> list[np.ndarray]:
    """Return the ends of the chords of a Bézier curve of any order, after its first."""
    low, high = control.min(axis=0), control.max(axis=0)
    is_seen = (low < window[1]).all() and (high > window[0]).all()
    along = np.linspace(control[0], control[-1], len(control))
    is_flat = np.abs(control - along).max() < _FLAT
    if not is_seen or is_flat or depth == _DEEPEST:
        return [control[-1]]
    level, left, right = control, [control[0]], [control[-1]]
    while len(level) > 1:  # de Casteljau
        level = (level[:-1] + level[1:]) / 2
        left.append(level[0])
        right.append(level[-1])
    halves = np.array(left), np.array(right[::-1])
    return [end for half in halves for end in _chords(half, window, depth + 1)]


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
