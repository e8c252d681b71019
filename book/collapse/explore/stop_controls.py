"""The controls of ipywidgets over values of any type, comparable or not.

Knows ipywidgets and which values are one stop; neither figures nor pages.
"""

from __future__ import annotations

import ipywidgets
import traitlets
from ipywidgets.widgets.widget_selection import _Selection

from .mistakes import told_first
from .stops import find


class Stops(_Selection):
    """Finds its values as a figure's controls do; its parent class needs their ``==``.

    Arrays, what is not a number, and 0.3 among computed fractions can be set.
    """

    @traitlets.validate("value")
    @told_first
    def _validate_value(self, proposal: traitlets.Bunch) -> object:
        index = find(self._options_values, proposal.value)
        if index is None:
            raise traitlets.TraitError(
                f"{self.description}: {proposal.value!r} is not one of the "
                f"{len(self._options_values)} values of the slider"
            )
        return self._options_values[index]

    @traitlets.observe("value")
    def _propagate_value(self, change: traitlets.Bunch) -> None:
        self.index = find(self._options_values, change.new)


class StopSlider(Stops, ipywidgets.SelectionSlider):
    """A slider that stops at each value."""


class StopButtons(Stops, ipywidgets.ToggleButtons):
    """A button for each value, of which one is pressed."""


class StopList(Stops, ipywidgets.Dropdown):
    """A list that opens."""
