"""What a slider may be set to, and how its values read.

Knows neither figures nor pages.
"""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Callable, Iterable, Mapping, MappingView, Set, Sized
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from .mistakes import noted
from .stops import find, is_number, plain, readable, twins

MAX_SLIDERS = 3
MAX_STATES = 5_000


@dataclass(frozen=True)
class Slider:
    """The values of one argument of an update function, and how they are shown.

    Parameters
    ----------
    values : iterable
        The stops of the slider, in order, of any type; each is handed to ``update`` as
        it is.
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
        argument's, no values, values in no order, a pair of numbers that may mean a
        range, values that read alike or are equal, or a start that is none of them.
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
    slider = wanted if isinstance(wanted, Slider) else Slider(_listed(name, wanted))
    _check_words(name, slider)
    values = _stops(name, _listed(name, slider.values))
    texts = tuple(_text(name, value, slider) for value in values)
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(
            f"two values of the slider {name!r} both read {twice!r}; give "
            "distinct values or a format that tells them apart"
        )
    if equal := twins(values):
        raise ValueError(
            f"two values of the slider {name!r} are equal, {equal[0]!r} and "
            f"{equal[1]!r}; give distinct values"
        )
    start = 0 if slider.start is None else find(values, slider.start)
    if start is None:
        raise ValueError(
            f"the slider {name!r} cannot start at {slider.start!r}: "
            f"that is not one of its {len(values)} values"
        )
    label = slider.label or name.replace("_", " ").capitalize()
    return SettledSlider(name, label, values, texts, start)


def _listed(name: str, values: object) -> Iterable:
    """The values of a slider, if they are a list of some kind."""
    is_one = isinstance(values, str | bytes) or getattr(values, "shape", None) == ()
    if is_one or not isinstance(values, Iterable):
        raise ValueError(f"the slider {name!r} needs a list of values, got {values!r}")
    if isinstance(values, Set) and not isinstance(values, MappingView):
        raise ValueError(
            f"the slider {name!r} needs a list of values, got {values!r}, a set, which "
            "has no order"
        )
    if isinstance(values, tuple) and (whole := _as_a_range(values)):
        raise ValueError(
            f"the slider {name!r} got {values!r}, which may mean a range: give {whole} "
            f"for that, or the list {list(values)!r} for these {len(values)} stops"
        )
    return values


def _as_a_range(values: tuple) -> str:
    """What a tuple means to ipywidgets, which reads (least, largest) or with a step.

    Nothing where it does not, or means the same here: (3, 4).
    """
    if len(values) not in (2, 3) or not all(map(is_number, values)):
        return ""
    least, largest, *steps = map(plain, values)
    step = steps[0] if steps else 1
    whole = all(isinstance(number, Integral) for number in (least, largest, step))
    if not least < largest or (whole and not steps and largest - least == 1):
        return ""
    if steps and not (0 < step <= largest - least and step < largest):
        return ""
    if whole:
        return f"range({least}, {largest + 1}" + (f", {step})" if steps else ")")
    count = round((largest - least) / step) + 1 if steps else 11
    return f"numpy.linspace({least}, {largest}, {count})"


def _stops(name: str, values: Iterable) -> tuple:
    is_long = isinstance(values, Sized) and len(values) > MAX_STATES
    stops = () if is_long else tuple(itertools.islice(values, MAX_STATES + 1))
    if is_long or len(stops) > MAX_STATES:
        count = len(values) if isinstance(values, Sized) else f"{len(stops)} or more"
        raise ValueError(
            f"{count} states of the slider {name!r} alone are more than the "
            f"{MAX_STATES} that a page can carry; give it fewer values"
        )
    if not stops:
        raise ValueError(f"the slider {name!r} has no values; give at least one")
    if any(stop is np.ma.masked for stop in stops):
        raise ValueError(
            f"the slider {name!r} needs a list of values, got masked (missing) ones: "
            f"{list(stops)!r}"
        )
    return stops


def _check_words(name: str, slider: Slider) -> None:
    for what, words in (("label", slider.label or ""), ("unit", slider.unit)):
        if not isinstance(words, str):
            raise ValueError(
                f"the {what} of the slider {name!r} must be a str, got {words!r}"
            )
    if slider.format is not None and not callable(slider.format):
        raise ValueError(
            f"the format of the slider {name!r} must be a function that turns a value "
            f"into text, such as '{{:.1f}}'.format, got {slider.format!r}"
        )


def _text(name: str, value: object, slider: Slider) -> str:
    if slider.format is None:
        text = readable(
            value, is_share=name.split("_")[-1] in {"fraction", "share", "ratio"}
        )
    else:
        with noted(f"while the format of the slider {name!r} wrote {plain(value)!r}"):
            text = slider.format(value)
        if not isinstance(text, str) or not text:
            raise ValueError(
                f"the format of the slider {name!r} made {text!r} of "
                f"{plain(value)!r}; it must return a non-empty str"
            )
    return f"{text} {slider.unit}" if slider.unit else text
