"""Brings a figure into a state: calls ``update`` and reads what it returns.

Knows figures, pyplot and sliders; it does not know what is drawn or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .mistakes import noted
from .sliders import SettledSlider
from .stage import current
from .stops import plain

Said = str | tuple[str, str] | None
"""What an update function returns: a caption, a title and a caption, or nothing."""


class Player:
    """Plays the states of an update function, each as often as one likes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Pyplot's current one whenever ``update`` runs.
    update : callable
        Called with one keyword argument a slider.
    sliders : sequence of SettledSlider
    title_axes : matplotlib.axes.Axes, optional
        Carries the title, where ``update`` returns one; by default the first Axes.
    """

    def __init__(
        self,
        figure: Figure,
        update: Callable[..., Said],
        sliders: Sequence[SettledSlider],
        title_axes: Axes | None = None,
    ) -> None:
        self._figure = figure
        self._update = update
        self._sliders = sliders
        self._title_axes = title_axes
        self._is_titled: bool | None = None  # unknown before the first call
        self.shown: Sequence[int] = tuple(slider.start_index for slider in sliders)
        """The state played last."""

    def play(self, state: Sequence[int]) -> str:
        """Call ``update`` at these slider positions, set its title, return its caption.

        Raises
        ------
        ValueError
            If ``update`` returns anything but the caption, the title and the caption,
            or None; if it returns a title in some states only, or one that no Axes
            can carry; if it opens another figure or closes its own, or leaves a line
            with more of x than of y. Whatever ``update`` raises is passed on, with the
            state.
        """
        values = {
            slider.name: slider.values[index]
            for slider, index in zip(self._sliders, state, strict=True)
        }
        self.shown = state
        where = f"while explore recorded {self.describe(state)}"
        with noted(where), current(self._figure):
            try:
                said = self._update(**values)
            except SystemExit:
                raise RuntimeError(
                    "update ends Python (sys.exit, exit or quit); let it return"
                ) from None
        self._check_lines(state)
        title, caption = self._read(said, state)
        if title is not None:
            self._set_title(title, state)
        return caption

    def describe(self, state: Sequence[int]) -> str:
        """These slider positions as keyword arguments."""
        return ", ".join(
            f"{slider.name}={plain(slider.values[index])!r}"
            for slider, index in zip(self._sliders, state, strict=True)
        )

    def _check_lines(self, state: Sequence[int]) -> None:
        """Have each line join its x and y, which matplotlib does when it draws."""
        for axes in self._figure.axes:
            for line in axes.lines:
                try:
                    line.get_xydata()
                except ValueError as error:
                    raise ValueError(
                        f"after update at {self.describe(state)}, {line} cannot be "
                        f"drawn: {error}"
                    ) from error

    def _read(self, said: Said, state: Sequence[int]) -> tuple[str | None, str]:
        match said:
            case None:
                title, caption = None, ""
            case str():
                title, caption = None, said
            case (str() as title, str() as caption) if isinstance(said, tuple):
                pass
            case _:
                raise ValueError(
                    f"update returned {said!r} at {self.describe(state)}; it must "
                    "return the caption, a str, or None, or a tuple (title, caption) "
                    "of two str"
                )
        is_titled = title is not None
        if self._is_titled not in (None, is_titled):
            raise ValueError(
                f"update returned {said!r} at {self.describe(state)}; "
                "it must return a title in every state or in none"
            )
        self._is_titled = is_titled
        return title, caption

    def _set_title(self, title: str, state: Sequence[int]) -> None:
        axes = self._title_axes or next(iter(self._figure.axes), None)
        if axes is None:
            raise ValueError(
                f"update returned the title {title!r} at {self.describe(state)}, but "
                "the figure has no axes to carry it; add some before explore, or "
                "return the caption alone"
            )
        if axes.get_title() != title:  # an artist that stays is not drawn again
            axes.set_title(title)
