"""What matplotlib must believe while a figure is played: it is current, and saved.

Knows pyplot and canvases; neither sliders nor what is drawn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

from matplotlib import pyplot
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure


@contextlib.contextmanager
def current(figure: Figure) -> Iterator[None]:
    """Make a figure pyplot's current one, so that ``plt.title`` means its title.

    ``plt.show`` and ``plt.pause`` show nothing: the figure is shown when it is ready.

    Raises
    ------
    ValueError
        If another figure was opened meanwhile; it is closed.
    """
    _adopt(figure)
    before = set(pyplot.get_fignums())
    try:
        with mock.patch.multiple(pyplot, show=_nothing, pause=_nothing):
            yield
    finally:
        strangers = set(pyplot.get_fignums()) - before
        for number in strangers:
            pyplot.close(number)
    if strangers:
        raise ValueError(
            "update opens another figure; draw on the one that explore was given, "
            "which is pyplot's current one while update runs"
        )


@contextlib.contextmanager
def closed_afterwards(figure: Figure) -> Iterator[None]:
    """Take a figure out of pyplot at the end; it keeps its dots per inch."""
    figure.dpi /= figure.canvas.device_pixel_ratio
    dpi = figure.dpi
    try:
        yield
    finally:
        pyplot.close(figure)
        figure.dpi = dpi  # pyplot puts back those that the figure was made with


@contextlib.contextmanager
def as_saved(figure: Figure) -> Iterator[None]:
    """Draw as for a file, which shows animated artists too."""
    state = vars(figure.canvas)
    state["is_saving"] = lambda: True
    try:
        yield
    finally:
        del state["is_saving"]


def _nothing(*args: object, **kwargs: object) -> None:
    """Do what ``plt.show`` does where there is no window."""


def _adopt(figure: Figure) -> None:
    """Hand a figure to pyplot, which may not know it, or no longer."""
    if figure.canvas.manager not in Gcf.get_all_fig_managers():
        number = max(pyplot.get_fignums(), default=0) + 1
        manager = type(figure.canvas).new_manager(figure, number)
        Gcf._set_new_active_manager(manager)
    pyplot.figure(figure)
