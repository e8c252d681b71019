"""Brings a figure into a state: calls ``update`` and reads what it returns.

Knows matplotlib's Axes and sliders; it does not know what is drawn or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from .sliders import SettledSlider

Said = str | tuple[str, str] | None
"""What an update function returns: a caption, a title and a caption, or nothing."""


class Player:
    """Plays the states of an update function, each as often as one likes.

    Parameters
    ----------
    update : callable
        Called with one keyword argument a slider.
    sliders : sequence of SettledSlider
    title_axes : matplotlib.axes.Axes or None
        Carries the title, where ``update`` returns one.
    """

    def __init__(
        self,
        update: Callable[..., Said],
        sliders: Sequence[SettledSlider],
        title_axes: Axes | None,
    ) -> None:
        self._update = update
        self._sliders = sliders
        self._title_axes = title_axes
        self._is_titled: bool | None = None  # unknown before the first call

    def play(self, state: Sequence[int]) -> str:
        """Call ``update`` at these slider positions, set its title, return its caption.

        Raises
        ------
        ValueError
            If ``update`` returns anything but the caption, the title and the caption,
            or None; if it returns a title in some states only, or one that no Axes
            can carry. Whatever ``update`` raises is passed on, with the state.
        """
        values = {
            slider.name: slider.values[index]
            for slider, index in zip(self._sliders, state, strict=True)
        }
        try:
            said = self._update(**values)
        except Exception as error:
            error.add_note(f"while explore recorded {self.describe(state)}")
            raise
        title, caption = self._read(said, state)
        if title is not None:
            self._set_title(title, state)
        return caption

    def describe(self, state: Sequence[int]) -> str:
        """These slider positions as keyword arguments."""
        return ", ".join(
            f"{slider.name}={slider.values[index]!r}"
            for slider, index in zip(self._sliders, state, strict=True)
        )

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
        axes = self._title_axes
        if axes is None:
            raise ValueError(
                f"update returned the title {title!r} at {self.describe(state)}, but "
                "the figure has no axes to carry it; add some before explore, or "
                "return the caption alone"
            )
        if axes.get_title() != title:  # an artist that stays is not drawn again
            axes.set_title(title)
