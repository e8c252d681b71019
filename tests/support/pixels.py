"""Whether a figure on a page looks like matplotlib's own picture, by blurred pixels.

For what outlines and words cannot tell: images, formulas, colours, what hides what.
"""

from __future__ import annotations

import base64
import io
import itertools
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
    faces = ""
    for weight, file in (("normal", "DejaVuSans.ttf"), ("bold", "DejaVuSans-Bold.ttf")):
        font = Path(matplotlib.get_data_path(), "fonts", "ttf", file).read_bytes()
        address = f"data:font/ttf;base64,{base64.b64encode(font).decode()}"
        faces += f"@font-face {{ font-family: judged; font-weight: {weight};"
        faces += f" src: url({address}) }}"
    own = "svg.explore-picture { font-family: judged; max-width: none !important;"
    own += " --grow: 1 !important }"
    own += ".explore-faint, .explore-named { display: none !important }"
    page.add_style_tag(content=faces + own)
    page.evaluate(
        """() => {
          for (const svg of document.querySelectorAll("svg.explore-picture"))
            svg.style.setProperty(
              "width", `${svg.viewBox.baseVal.width / 10}px`, "important");
          return Promise.all(["10px judged", "bold 10px judged"]
            .map((font) => document.fonts.load(font)));
        }"""
    )


def brightness(part: Locator) -> np.ndarray:
    """Return what is seen of a part of a page, one number of 255 for each pixel."""
    picture = Image.open(io.BytesIO(part.screenshot()))
    return np.asarray(picture.convert("L"), float)


def difference(figure: Locator, drawn: Figure) -> str:
    """Say how far a figure on a page is from a figure as it stands, or ''."""
    svg = figure.locator("svg.explore-picture")
    buffer = io.BytesIO()
    with matplotlib.rc_context({"text.hinting": "none"}):  # as a browser sets words
        drawn.savefig(buffer, dpi="figure")
    judge = Image.open(buffer)
    # A page shows a margin where words leave the figure.
    left, top = svg.evaluate(
        "({ viewBox: { baseVal: { x, y } } }) => [-x / 10, -y / 10]"
    )
    picture = np.asarray(Image.open(io.BytesIO(svg.screenshot())).convert("RGB"), float)
    shape = (judge.height, judge.width)
    # On a page a figure may stand between two pixels: so do the lines of its axes.
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    expected, nearest = blurred(np.asarray(judge.convert("RGB"), float)), np.inf
    for down, right in itertools.product(range(3), repeat=2):
        rows = slice(round(top) + down, round(top) + down + shape[0])
        columns = slice(round(left) + right, round(left) + right + shape[1])
        apart = np.abs(blurred(padded[rows, columns]) - expected).max(axis=2)
        nearest = np.minimum(nearest, apart)
    worst = nearest.max()
    return f"a patch differs by {worst:.0f} of 255" if worst >= MOST else ""


def blurred(pixels: np.ndarray, patch: int = 8) -> np.ndarray:
    """Mean brightness of patches of 8 x 8 pixels, each channel by itself."""
    height, width = (size // patch * patch for size in pixels.shape[:2])
    tiles = pixels[:height, :width].reshape(
        height // patch, patch, width // patch, patch, 3
    )
    return tiles.mean(axis=(1, 3))
