"""What matplotlib must believe while a figure is played: it is the only one, and saved.

Knows pyplot and canvases; neither sliders nor what is drawn.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from unittest import mock

from matplotlib import pyplot
from matplotlib._pylab_helpers import Gcf
from matplotlib.artist import Artist
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.figure import Figure, FigureBase


@contextlib.contextmanager
def current(figure: Figure) -> Iterator[None]:
    """Make a figure pyplot's only one, so that ``plt.title`` means its title.

    ``plt.show`` and ``plt.pause`` show nothing: the figure is shown when it is ready.

    Raises
    ------
    ValueError
        If the figure was closed meanwhile, or another one opened; that is closed.
    """
    manager, others = _adopted(figure), Gcf.figs
    mine = OrderedDict({manager.num: manager})
    try:
        with (
            mock.patch.object(Gcf, "figs", mine),
            mock.patch.multiple(pyplot, show=_nothing, pause=_nothing),
        ):
            yield
    finally:
        if is_closed := manager not in mine.values():
            others.pop(int(manager.num))
        strangers = set(mine.values()) - {manager}
        for stranger in strangers - set(others.values()):
            Gcf.destroy(stranger)
    if is_closed:
        raise ValueError(
            "update closes its figure, and what pyplot draws after that is not in it; "
            "leave plt.close out of update"
        )
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
    """Draw as for a file, which shows animated artists; the figure's own, too."""
    left_out = list(_animated(figure))
    state = vars(figure.canvas)
    state["is_saving"] = lambda: True
    try:
        for artist in left_out:
            artist.set_animated(False)
        yield
    finally:
        del state["is_saving"]
        for artist in left_out:
            artist.set_animated(True)


def _animated(part: FigureBase) -> Iterator[Artist]:
    """The animated artists of a figure, outside Axes, and of its subfigures."""
    for child in part.get_children():
        if child.get_animated():
            yield child
        if isinstance(child, FigureBase):
            yield from _animated(child)


def _nothing(*args: object, **kwargs: object) -> None:
    """Do what ``plt.show`` does where there is no window."""


def _adopted(figure: Figure) -> FigureManagerBase:
    """Hand a figure to pyplot, which may not know it, or no longer."""
    manager = figure.canvas.manager
    if manager is None or manager not in Gcf.get_all_fig_managers():
        number = max(pyplot.get_fignums(), default=0) + 1
        manager = type(figure.canvas).new_manager(figure, number)
        Gcf._set_new_active_manager(manager)
    return manager
