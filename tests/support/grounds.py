"""Figures whose words and lines lie on coloured grounds; each word occurs once.

Each function returns a figure; all can be explored with `moving`.
"""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt


def moving(figure):
    """An update function and its slider: a dot above the first Axes."""
    (dot,) = figure.axes[0].plot(
        [0.1], [1.03], "o", transform=figure.axes[0].transAxes, clip_on=False
    )
    return (lambda place: dot.set_xdata([0.1 * place])), {"place": [1, 2]}


def heat_map():
    figure, axes = plt.subplots()
    values = np.linspace(0, 1, 12).reshape(3, 4)
    axes.imshow(np.where(values == values[1, 1], np.nan, values), cmap="viridis")
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if value < 0.6 and value != values[1, 1] else "black"
        axes.text(column, row, f"{value:.2f}", color=ink, ha="center", va="center")
    return figure


def grey_tiles():
    figure, axes = plt.subplots()
    values = np.linspace(0, 1, 12).reshape(3, 4)
    figure.colorbar(axes.pcolormesh(values, cmap="gray"))
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if value < 0.5 else "black"
        axes.text(column + 0.5, row + 0.5, f"tile {value:.2f}", color=ink, ha="center")
    return figure


def labelled_bars():
    figure, axes = plt.subplots()
    bars = axes.bar(range(4), [2, 3, 4, 5], color=["gold", "wheat", "0.2", "0.8"])
    for bar, word in zip(bars, ["one", "two", "three", "four"], strict=True):
        x, ink = bar.get_x() + 0.4, "white" if word == "three" else "black"
        axes.text(x, 1, word, color=ink, ha="center")
        axes.text(x, 0.3, f"{word} deep", color=ink, ha="center", rotation=90)
    return figure


def tinted_axes():
    figure, (left, right) = plt.subplots(1, 2)
    for axes in (left, right):
        axes.set(xlim=(0, 1), ylim=(0, 1))
    left.set_facecolor("lightyellow")
    right.set_facecolor("black")
    left.text(0.5, 0.5, "dark on pale", ha="center")
    right.text(0.5, 0.5, "pale on dark", color="0.9", ha="center")
    left.set_title("outside", color="black")
    return figure


def tinted_figure():
    figure, axes = plt.subplots(facecolor="wheat")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0.5, 0.5, "inside", ha="center")
    axes.set_title("on the tint")
    return figure


def dark_style():
    with plt.style.context("dark_background"):
        figure, axes = plt.subplots()
        axes.plot([0, 1], label="line")
        axes.legend()
        axes.set_title("white on black")
    return figure


def numbered_dots():
    figure, axes = plt.subplots()
    axes.set(xlim=(-1, 3), ylim=(-1, 2))
    axes.scatter([0, 1, 2], [0, 0, 0], s=900, color="gold")
    axes.scatter([0, 1, 2], [1, 1, 1], s=900, color="navy")
    for place in range(3):
        axes.text(place, 0, f"g{place}", ha="center", va="center")
        axes.text(place, 1, f"n{place}", ha="center", va="center", color="white")
    return figure


def stacked_grounds():
    figure, axes = plt.subplots()
    axes.axhspan(0, 0.3, color="gold")
    axes.axhspan(0.3, 0.6, color="gold", alpha=0.3)
    axes.text(0.2, 0.1, "on gold")
    axes.text(0.2, 0.4, "on a veil")
    axes.text(0.2, 0.8, "on paper")
    axes.text(0.8, 0.1, "boxed", bbox={"facecolor": "white"}, ha="center")
    axes.text(0.8, 0.45, "black box", color="w", bbox={"facecolor": "k"}, ha="center")
    axes.hlines([0.9], 0.4, 1, lw=24, color="wheat")
    axes.text(0.7, 0.9, "on a line", ha="center", va="center")
    return figure


def coloured_table():
    figure, axes = plt.subplots()
    axes.axis("off")
    colours = [["gold", "white"], ["#8888ff", "0.8"]]
    axes.table([["a1", "b1"], ["a2", "b2"]], cellColours=colours, loc="center")
    return figure


GROUNDS = [
    heat_map,
    grey_tiles,
    labelled_bars,
    tinted_axes,
    tinted_figure,
    dark_style,
    numbered_dots,
    stacked_grounds,
    coloured_table,
]
