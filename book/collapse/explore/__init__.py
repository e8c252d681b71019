"""Sliders for a matplotlib figure that work with a kernel and without one.

``explore`` calls an ordinary update function for every state of its sliders, keeps
what changed, and shows the figure: as ipywidgets in a notebook, as one piece of HTML
on a static page. This package (floor 4) knows nothing of the rest of the book.
"""

from .figure import ExploredFigure, explore
from .renderer import UnsupportedDrawingError
from .sliders import Dice, Slider
from .story import Estimate, Pick, Sketch

__all__ = [
    "Dice",
    "Estimate",
    "ExploredFigure",
    "Pick",
    "Sketch",
    "Slider",
    "UnsupportedDrawingError",
    "explore",
]
