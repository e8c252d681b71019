"""What a slider may be set to, and how its values read.

Knows neither figures nor pages.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

MAX_SLIDERS = 3


@dataclass(frozen=True)
class Slider:
    """The values of one argument of an update function, and how they are shown.

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
    format: Callable[[Any], str] | None = None
    start: object = None


@dataclass(frozen=True)
class SettledSlider:
    """A slider that belongs to an argument, with nothing left open.

    Parameters
    ----------
    name : str
        The argument of the update function.
    label : str
        What the reader sees.
    values : tuple
        The stops, in order.
    texts : tuple of str
        Each value as the reader sees and hears it.
    start_index : int
        Position of the value shown first.
    """

    name: str
    label: str
    values: tuple
    texts: tuple[str, ...]
    start_index: int


def settle(wanted: Mapping[str, object]) -> tuple[SettledSlider, ...]:
    """Turn the keyword arguments of ``explore`` into sliders of its arguments.

    Raises
    ------
    ValueError
        If there is no slider, or more than three; if one has a name that cannot be an
        argument's, no values, values that read alike, or a start that is none of them.
    """
    if not 1 <= len(wanted) <= MAX_SLIDERS:
        raise ValueError(
            f"explore takes one to {MAX_SLIDERS} sliders, got {len(wanted)}: "
            f"{', '.join(wanted) or 'none'}"
        )
    return tuple(_settled(name, values) for name, values in wanted.items())


def _settled(name: str, wanted: object) -> SettledSlider:
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"{name!r} cannot name a slider; use a plain identifier")
    values = wanted.values if isinstance(wanted, Slider) else wanted
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"the slider {name!r} needs a list of values, got {values!r}")
    slider = wanted if isinstance(wanted, Slider) else Slider(values)
    values = tuple(_plain(value) for value in values)
    if not values:
        raise ValueError(f"the slider {name!r} has no values; give at least one")
    texts = tuple(_text(name, value, slider) for value in values)
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(
            f"two values of the slider {name!r} both read {twice!r}; give "
            "distinct values or a format that tells them apart"
        )
    start = values[0] if slider.start is None else _plain(slider.start)
    if start not in values:
        raise ValueError(
            f"the slider {name!r} cannot start at {slider.start!r}: "
            f"that is not one of its {len(values)} values"
        )
    label = slider.label or name.replace("_", " ").capitalize()
    return SettledSlider(name, label, values, texts, values.index(start))


def _text(name: str, value: object, slider: Slider) -> str:
    if slider.format is None:
        text = _readable(name, value)
    else:
        text = slider.format(value)
        if not isinstance(text, str) or not text:
            raise ValueError(
                f"the format of the slider {name!r} made {text!r} of {value!r}; "
                "it must return a non-empty str"
            )
    return f"{text} {slider.unit}" if slider.unit else text


def _plain(value: object) -> object:
    """A numpy scalar as the Python number it stands for."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def _readable(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    if isinstance(value, Integral) and not _is_share(name):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    number = float(value)
    if not math.isfinite(number):
        return str(value)
    if _is_share(name) and 0 <= number <= 1:
        return f"{100 * number:.6g}\N{NO-BREAK SPACE}%"
    return f"{number:.6g}"


def _is_share(name: str) -> bool:
    return name.split("_")[-1] in {"fraction", "share", "ratio"}
