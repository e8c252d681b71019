"""What a slider may be set to, and how its values read.

Knows neither figures nor pages.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral, Real

MAX_SLIDERS = 3


@dataclass(frozen=True)
class Slider:
    """The values of one argument of an update function.

    Parameters
    ----------
    values : iterable
        The stops of the slider, in order; each is handed to ``update`` as it is.
    label : str, optional
        What the reader sees; by default the argument's name, with spaces.
    unit : str, optional
        Follows the value.
    format : callable, optional
        Turns a value into text. By default a number between 0 and 1 of an argument
        whose name ends in ``fraction``, ``share`` or ``ratio`` reads as a percentage.
    start : optional
        The value shown first; by default the first one.
    """

    values: Iterable
    label: str | None = None
    unit: str = ""
    format: Callable[[object], str] | None = None
    start: object = None
    name: str = ""

    def named(self, name: str) -> Slider:
        """Return this slider bound to an argument, with every field settled.

        Raises
        ------
        ValueError
            If the values are none, repeat, or do not contain ``start``.
        """
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            raise ValueError(f"{name!r} cannot name a slider; use a plain identifier")
        if isinstance(self.values, (str, bytes)) or not isinstance(
            self.values, Iterable
        ):
            raise ValueError(
                f"the slider {name!r} needs a list of values, got {self.values!r}"
            )
        values = tuple(_plain(value) for value in self.values)
        if not values:
            raise ValueError(f"the slider {name!r} has no values; give at least one")
        texts = tuple(self._text(name, value) for value in values)
        if len(set(texts)) < len(texts):
            twice = next(text for text in texts if texts.count(text) > 1)
            raise ValueError(
                f"two values of the slider {name!r} both read {twice!r}; give "
                "distinct values or a format that tells them apart"
            )
        start = values[0] if self.start is None else _plain(self.start)
        if start not in values:
            raise ValueError(
                f"the slider {name!r} cannot start at {self.start!r}: "
                f"that is not one of its {len(values)} values"
            )
        label = self.label or name.replace("_", " ").capitalize()
        return Slider(values, label, self.unit, self.format, start, name)

    @property
    def start_index(self) -> int:
        """Position of the value shown first."""
        return self.values.index(self.start)

    @property
    def texts(self) -> tuple[str, ...]:
        """Each value as the reader sees and hears it."""
        return tuple(self._text(self.name, value) for value in self.values)

    def _text(self, name: str, value: object) -> str:
        if self.format is not None:
            text = self.format(value)
            if not isinstance(text, str) or not text:
                raise ValueError(
                    f"the format of the slider {name!r} made {text!r} of {value!r}; "
                    "it must return a non-empty str"
                )
        else:
            text = _readable(name, value)
        return f"{text} {self.unit}" if self.unit else text


def settle(axes: dict[str, object]) -> tuple[Slider, ...]:
    """Turn the keyword arguments of ``explore`` into named sliders.

    Raises
    ------
    ValueError
        If there is no slider, or more than three.
    """
    if not 1 <= len(axes) <= MAX_SLIDERS:
        raise ValueError(
            f"explore takes one to {MAX_SLIDERS} sliders, got {len(axes)}: "
            f"{', '.join(axes) or 'none'}"
        )
    return tuple(
        (values if isinstance(values, Slider) else Slider(values)).named(name)
        for name, values in axes.items()
    )


def _plain(value: object) -> object:
    """A numpy scalar as the Python number it stands for."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def _readable(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    if isinstance(value, Integral) and not _is_share(name):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if not math.isfinite(value):
        return str(value)
    if _is_share(name) and 0 <= value <= 1:
        return f"{100 * value:.6g}\N{NO-BREAK SPACE}%"
    return f"{value:.6g}"


def _is_share(name: str) -> bool:
    return name.split("_")[-1] in {"fraction", "share", "ratio"}
