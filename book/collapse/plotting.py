"""What the figures of this book draw again and again, each in one place.

Bands over chains, dashed theory, the grey line at the state shown, logarithmic axes,
pairs of histograms, grids of images. All else in a figure is ordinary matplotlib: a
helper takes the Axes that a chapter made, and returns what its `update` moves. Floor
4: knows matplotlib and the palette, and no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from .numerals import grouped
from .palette import SYNTHETIC, THEORY
from .validation import plain_array

GREY = "0.5"  # what is neither data nor model: a place on an axis, a comparison


@dataclass(frozen=True)
class BandedLine:
    """A line in a band of the same colour, as `banded_line` draws it."""

    line: Line2D
    band: FillBetweenPolyCollection

    def show(
        self,
        low: ArrayLike,
        middle: ArrayLike,
        high: ArrayLike,
        x: ArrayLike | None = None,
    ) -> None:
        """Move the line to ``middle`` and the band to between ``low`` and ``high``.

        A single value stands as a dot, since a line through it has no length.

        Parameters
        ----------
        low, middle, high : array_like, shape (points,)
        x : array_like, shape (points,), optional
            Where they lie; by default where the line was.
        """
        x = self.line.get_xdata() if x is None else x
        self.line.set_data(x, middle)
        self.line.set_marker("o" if np.size(middle) == 1 else "none")
        self.band.set_data(x, low, high)


def banded_line(
    ax: Axes, x: ArrayLike, color: str, alpha: float = 0.3, label: str | None = None
) -> BandedLine:
    """Draw a line with a band around it, for an `update` to ``show`` values in.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : array_like, shape (points,)
    color : str
    alpha : float
        How opaque the band is.
    label : str, optional
        The line's name in a legend.

    Returns
    -------
    BandedLine
        At 1 until its ``show(low, middle, high)`` is called.
    """
    x = np.asarray(x)
    band = ax.fill_between(x, 1, 1, color=color, alpha=alpha)
    (line,) = ax.plot(x, np.ones(len(x)), color=color, label=label)
    return BandedLine(line, band)


def over_chains(
    values: ArrayLike, inner: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean of all chains, and between which values the inner ones lie.

    Parameters
    ----------
    values : array_like, shape (points, chains)
    inner : float
        The share of the chains, about their median, that the band holds: all of them,
        or 0.9 for nine of ten.

    Returns
    -------
    low, mean, high : numpy.ndarray, shape (points,)
        What `BandedLine.show` takes.

    Raises
    ------
    ValueError
        If values are masked or cannot be one array.
    """
    chains, outside = plain_array("values", values), (1 - inner) / 2
    low, high = np.quantile(chains, [outside, 1 - outside], axis=1)
    return low, chains.mean(axis=1), high


def share_of_chains(
    shares: ArrayLike, chains: int, confidence: float = 0.9
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return shares of so many chains with a confidence interval about each.

    Clopper and Pearson's interval, which is not fooled where all chains or none
    did what is counted.

    Parameters
    ----------
    shares : array_like, shape (points,)
        In [0, 1], each a whole number of chains over ``chains``.
    chains : int
    confidence : float

    Returns
    -------
    low, shares, high : numpy.ndarray, shape (points,)
        What `BandedLine.show` takes.

    Raises
    ------
    ValueError
        If shares are masked or cannot be one array.
    """
    counted = plain_array("shares", shares)
    limits = [
        binomtest(round(share * chains), chains).proportion_ci(confidence)
        for share in counted.tolist()
    ]
    low, high = np.transpose(limits)
    return low, counted, high


def theory_line(ax: Axes, x: ArrayLike, lw: float | None = None) -> Line2D:
    """Draw the dashed black line of theory, for an `update` to ``set_ydata`` of.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : array_like, shape (points,)
    lw : float, optional
        Its width in points; by default the style's.

    Returns
    -------
    matplotlib.lines.Line2D
    """
    x = np.asarray(x)
    (line,) = ax.plot(x, np.ones(len(x)), "--", color=THEORY, lw=lw)
    return line


def here_line(ax: Axes) -> Line2D:
    """Draw the grey upright line at the generation shown, to ``set_xdata`` of."""
    return ax.axvline(1, color=GREY, lw=1.2)


def log_axes(
    ax: Axes, x: Sequence[float] | None = None, y: Sequence[float] | None = None
) -> None:
    """Make the axes that have ticks here logarithmic, with numbers in full.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : sequence of float, optional
        The only ticks of that axis, below a million.
    """
    if x is not None:
        ax.set_xscale("log")
        ax.set_xticks(x, [grouped(tick) for tick in x])
    if y is not None:
        ax.set_yscale("log")
        ax.set_yticks(y, [grouped(tick) for tick in y])
    ax.minorticks_off()


@dataclass(frozen=True)
class TwoHistograms:
    """A filled histogram and the outline of another, as `two_histograms` draws them."""

    now: StepPatch
    first: StepPatch

    def show(self, now: ArrayLike, first: ArrayLike) -> None:
        """Set the heights of both.

        Parameters
        ----------
        now, first : array_like, shape (bins,)
        """
        self.now.set_data(now)
        self.first.set_data(first)


def two_histograms(ax: Axes, edges: ArrayLike, baseline: float = 0.0) -> TwoHistograms:
    """Draw what a generation made over a grey outline of what the first one made.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    edges : array_like, shape (bins + 1,)
    baseline : float
        Where columns begin; above 0 on a logarithmic axis.

    Returns
    -------
    TwoHistograms
        Of height 1 until its ``show(now, first)`` is called.
    """
    level = np.ones(len(np.asarray(edges)) - 1)
    return TwoHistograms(
        now=ax.stairs(
            level, edges, baseline=baseline, fill=True, color=SYNTHETIC, alpha=0.5
        ),
        first=ax.stairs(level, edges, baseline=baseline, color=GREY, lw=1.2),
    )


@dataclass(frozen=True)
class ImageGrid:
    """Small images side by side, as `image_grid` draws them."""

    picture: AxesImage
    columns: int
    white: float
    levels: int | None

    def show(self, images: ArrayLike) -> None:
        """Show as many other images.

        Parameters
        ----------
        images : array_like, shape (images, pixels)
        """
        shown = plain_array("images", images)
        if self.levels is not None:
            steps = self.levels - 1
            shown = np.rint(shown / self.white * steps) / steps * self.white
        self.picture.set_data(tiled(shown, self.columns))


def image_grid(
    ax: Axes,
    images: ArrayLike,
    columns: int,
    white: float = 255,
    levels: int | None = None,
) -> ImageGrid:
    """Draw small images side by side, grey, without axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    images : array_like, shape (images, pixels)
        Square ones, row by row from the top; 0 is black.
    columns : int
        How many stand in a row; it divides their number.
    white : float
        The value of a white pixel.
    levels : int, optional
        To how many greys, black and white among them, images are rounded: a page with
        hundreds of them is a third lighter in those of the originals.

    Returns
    -------
    ImageGrid
        Its ``show(images)`` shows others.
    """
    blank = tiled(np.zeros(np.shape(images)), columns)
    picture = ax.imshow(blank, cmap="gray", vmin=0, vmax=white, interpolation="none")
    ax.axis("off")
    grid = ImageGrid(picture, columns, white, levels)
    grid.show(images)
    return grid


def tiled(images: ArrayLike, columns: int) -> np.ndarray:
    """Put small square images side by side, each in a black frame of one pixel.

    Parameters
    ----------
    images : array_like, shape (images, pixels)
    columns : int
        How many stand in a row; it divides their number.

    Returns
    -------
    numpy.ndarray, shape (height, width)
    """
    stack = plain_array("images", images)
    side = round(stack.shape[-1] ** 0.5)
    framed = np.pad(stack.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    rows = framed.reshape(-1, columns, side + 2, side + 2)
    return rows.transpose(0, 2, 1, 3).reshape(-1, columns * (side + 2))
