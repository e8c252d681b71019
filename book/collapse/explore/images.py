"""Raster images on the page: where they lie, and their smallest PNG.

Knows numpy, Pillow and matplotlib's transforms; neither renderers nor styles.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from matplotlib.transforms import Affine2D, Transform
from PIL import Image

from .marks import UNITS_PER_PIXEL


def upright(
    x: float, y: float, shape: tuple[int, int], scale: float, page_height: float
) -> str:
    """Return attributes that place an image of ``shape`` (height, width) upright.

    ``x`` and ``y`` are its lower left corner, in pixels with y up; ``scale`` is how
    many pixels of the page each of its own takes.
    """
    unit = UNITS_PER_PIXEL
    height, width = (side * scale * unit for side in shape)
    top = page_height * unit - y * unit - height
    return (
        f'x="{x * unit:.0f}" y="{top:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" preserveAspectRatio="none"'
    )


def transformed(
    x: float,
    y: float,
    shape: tuple[int, int],
    transform: Transform,
    page_height: float,
    alpha: float,
) -> str:
    """Return attributes that place an image by a matrix, its pixels sharp."""
    unit = UNITS_PER_PIXEL
    height, width = shape
    to_page = Affine2D().translate(x, y).scale(unit, -unit)
    to_page.translate(0, page_height * unit)
    matrix = (
        Affine2D().scale(1 / width, 1 / height) + transform + to_page
    ).get_matrix()
    values = " ".join(f"{value:.6g}" for value in matrix[:2].T.ravel())
    return (
        f'width="{width}" height="{height}" preserveAspectRatio="none" '
        f'transform="matrix({values})" style="image-rendering:pixelated'
        f';opacity:{alpha:.3g}"'
    )


def png_uri(rgba: np.ndarray) -> str:
    """Encode an (h, w, 4) image as the smallest PNG that shows the same pixels."""
    pixels = np.ascontiguousarray(rgba)
    if (pixels[..., 3] == 255).all():
        grey = (pixels[..., :1] == pixels[..., :3]).all()
        image = Image.fromarray(
            np.ascontiguousarray(pixels[..., 0] if grey else pixels[..., :3])
        )
    else:
        image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
