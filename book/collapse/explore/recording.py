"""What is kept of a figure with sliders: layers, and which drawing each state shows.

Knows marks and sliders; neither how a recording is made nor how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .looks import Window
from .marks import Mark
from .series import Frame, Series
from .sliders import SettledSlider
from .story import NO_STORY, Story

Drawing = tuple[Mark, ...]
LayerKey = tuple
"""Names a layer by where it is and what it is."""


@dataclass(frozen=True)
class Layer:
    """One artist's drawings and which of them each state shows.

    ``table`` has one axis a slider (length 1 where that slider does not matter) and
    holds indices into ``drawings``. ``series`` says what the artist shows as numbers.
    """

    drawings: tuple[Drawing, ...]
    table: np.ndarray
    series: Series | None = None


@dataclass(frozen=True)
class Recording:
    """Everything a page needs to show a figure in all its states.

    Attributes
    ----------
    width, height : float
        Size of the figure in CSS pixels.
    sliders : tuple of SettledSlider
    layers : tuple of Layer
        In painting order.
    captions : Layer-like pair
        Distinct sentences, and a table of indices like a layer's.
    definitions : dict
        SVG markup of clip paths and hatches by name.
    start : tuple of int
        The position of each slider in the base figure.
    view : Window
        What a page shows of it, in a page's units: the figure, and words that it cuts.
    panels : tuple of tuple of Frame
        Distinct scales of all panels together.
    panel_table : numpy.ndarray
        Which of them each state has, as a layer's table says.
    name : str
        What an address calls the figure; empty if it has none.
    story : Story
        What it asks of its reader, and points at.
    """

    width: float
    height: float
    sliders: tuple[SettledSlider, ...]
    layers: tuple[Layer, ...]
    captions: tuple[str, ...]
    caption_table: np.ndarray
    definitions: dict[str, str]
    start: tuple[int, ...]
    view: Window
    panels: tuple[tuple[Frame, ...], ...]
    panel_table: np.ndarray
    name: str = ""
    story: Story = NO_STORY

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each slider."""
        return tuple(len(slider.values) for slider in self.sliders)

    def caption(self, positions: Sequence[int]) -> str:
        """The sentence at these slider positions."""
        return self.captions[_look_up(self.caption_table, positions)]

    def frames(self, positions: Sequence[int]) -> tuple[Frame, ...]:
        """The scales of each panel at these slider positions."""
        return self.panels[_look_up(self.panel_table, positions)]

    def drawing(self, positions: Sequence[int]) -> list[Drawing]:
        """What each layer shows at these slider positions."""
        return [
            layer.drawings[_look_up(layer.table, positions)] for layer in self.layers
        ]


def _look_up(table: np.ndarray, positions: Sequence[int]) -> int:
    index = tuple(
        index if length > 1 else 0
        for index, length in zip(positions, table.shape, strict=True)
    )
    return int(table[index])
