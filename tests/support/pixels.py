"""Whether a figure on a page looks like matplotlib's own picture, by blurred pixels.

For what outlines and words cannot tell: images, formulas, colours, what hides what.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from playwright.sync_api import Locator, Page

MOST = 45
"""How far two patches may be apart in mean brightness, of 255."""


def draw_alike(page: Page) -> None:
    """Let a page draw figures in matplotlib's own font, as large as they were made."""
    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    address = f"data:font/ttf;base64,{base64.b64encode(font.read_bytes()).decode()}"
    page.add_style_tag(
        content=f"@font-face {{ font-family: judged; src: url({address}) }}"
        "svg.explore-picture { font-family: judged; max-width: none !important;"
        "width: auto !important }"
    )
    page.evaluate("document.fonts.load('10px judged')")


def difference(figure: Locator, drawn: Figure) -> str:
    """Say how far a figure on a page is from a figure as it stands, or ''."""
    picture = figure.locator("svg.explore-picture").screenshot()
    buffer = io.BytesIO()
    drawn.savefig(buffer, dpi="figure")
    ours, judge = (blurred(Image.open(each)) for each in (io.BytesIO(picture), buffer))
    if ours.shape != judge.shape:
        return f"its size is {ours.shape} patches, not {judge.shape}"
    worst = np.abs(ours - judge).max()
    return f"a patch differs by {worst:.0f} of 255" if worst >= MOST else ""


def blurred(image: Image.Image, patch: int = 8) -> np.ndarray:
    """Mean brightness of patches of 8 x 8 pixels, each channel by itself."""
    pixels = np.asarray(image.convert("RGB"), float)
    height, width = (size // patch * patch for size in pixels.shape[:2])
    tiles = pixels[:height, :width].reshape(
        height // patch, patch, width // patch, patch, 3
    )
    return tiles.mean(axis=(1, 3))
