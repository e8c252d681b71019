"""Raster images on the page: where they lie, and their pixels as a small file.

Knows numpy, Pillow and matplotlib's transforms; neither renderers nor styles.
"""

from __future__ import annotations

import base64
import functools
import io

import numpy as np
from matplotlib.transforms import Affine2D, Transform
from PIL import Image

from .marks import UNITS_PER_PIXEL

Matrix = tuple[float, ...]
"""Takes a square of side 1 with y down to an image on the page; in the order of SVG."""


def upright(
    x: float, y: float, shape: tuple[int, int], scale: float, page_height: float
) -> tuple[str, Matrix]:
    """Return attributes, and a matrix, that place an image of ``shape`` upright.

    ``shape`` is its height and width, ``x`` and ``y`` its lower left corner, in pixels
    with y up; ``scale`` is how many pixels of the page each of its own takes.
    """
    unit = UNITS_PER_PIXEL
    height, width = (side * scale * unit for side in shape)
    top = page_height * unit - y * unit - height
    attributes = (
        f"x='{x * unit:.0f}' y='{top:.0f}' width='{width:.0f}' "
        f"height='{height:.0f}' preserveAspectRatio='none'"
    )
    return attributes, (width, 0, 0, height, x * unit, top)


def transformed(
    x: float,
    y: float,
    shape: tuple[int, int],
    transform: Transform,
    page_height: float,
    alpha: float,
) -> tuple[str, Matrix]:
    """Return attributes, and a matrix, that place an image, its pixels sharp."""
    unit = UNITS_PER_PIXEL
    height, width = shape
    to_page = Affine2D().translate(x, y).scale(unit, -unit)
    to_page.translate(0, page_height * unit)
    placed = (
        Affine2D().scale(1 / width, 1 / height) + transform + to_page
    ).get_matrix()
    values = placed[:2].T.ravel().tolist()
    attributes = (
        f"width='{width}' height='{height}' preserveAspectRatio='none' "
        f"transform='matrix({' '.join(f'{value:.6g}' for value in values)})' "
        f"image-rendering='pixelated' opacity='{alpha:.3g}'"
    )
    sizes = (width, width, height, height, 1, 1)
    return attributes, tuple(v * size for v, size in zip(values, sizes, strict=True))


def corners(matrix: Matrix) -> np.ndarray:
    """Return the four corners (4, 2) of an image on a page."""
    square = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])
    return Affine2D.from_values(*matrix).transform(square)


def colours_at(
    source: str, matrix: Matrix, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return colours (n, 3) and opacities (n,) of an image at points (n, 2) of a page.

    ``source`` is what `image_uri` returned.
    """
    pixels = _pixels(source)
    height, width = pixels.shape[:2]
    placed = Affine2D.from_values(*matrix).inverted().transform(points)
    column, row = np.floor(placed * (width, height)).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    seen = pixels[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)] / 255
    return seen[:, :3], np.where(inside, seen[:, 3], 0.0)


@functools.lru_cache(maxsize=16)
def _pixels(source: str) -> np.ndarray:
    """Decode what `image_uri` returned to shape (height, width, 4)."""
    file = base64.b64decode(source.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGBA"))


def image_uri(rgba: np.ndarray) -> str:
    """Encode an (h, w, 4) image as a lossless WebP, a fifth smaller than its PNG."""
    image, buffer = Image.fromarray(np.ascontiguousarray(rgba)), io.BytesIO()
    image.save(buffer, format="webp", lossless=True, exact=True, quality=75, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
