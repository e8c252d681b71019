"""What a control may be set to, how its values read, and which kind of control it is.

Knows neither figures nor pages.
"""

from __future__ import annotations

import itertools
import keyword
import math
import re
from collections.abc import Callable, Iterable, Mapping, MappingView, Set, Sized
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from .mistakes import noted
from .stops import (
    address,
    as_float,
    find,
    is_number,
    is_ordered,
    plain,
    readable,
    twins,
)

MAX_SLIDERS = 3
MAX_STATES = 5_000
CONTROLS = ("slider", "buttons", "list", "die")
_MOST_BUTTONS = 5
_WIDEST_BUTTONS = 36  # letters and spaces of all, on the narrowest phone


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
    control : {"slider", "buttons", "list"}, optional
        By default numbers and dates get a slider; anything else gets buttons of which
        one is pressed, or a list where there are more than five values or long ones.
    seconds : float, optional
        Of the first slider: how long play shows a value. By default half a second, and
        less where there are more than twelve steps.
    """

    values: Iterable
    label: str | None = None
    unit: str = ""
    format: Callable[[Any], str] | None = None
    start: object = None
    control: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Dice:
    """A button that steps through recorded histories, each with luck of its own.

    ``update`` gets the number of the history, counted from 0. A figure may have one of
    them beside its sliders.

    Parameters
    ----------
    count : int
        How many histories; at least two.
    label : str
        What one of them is called: the button reads "another history".
    """

    count: int
    label: str = "history"


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
    control : {"slider", "buttons", "list", "die"}
        What a reader moves.
    seconds : float or None
        How long play shows a value.
    """

    name: str
    label: str
    values: tuple
    texts: tuple[str, ...]
    start_index: int
    control: str = "slider"
    seconds: float | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Each value as an address names it: 0.1, unbiased; of histories, 1 to n."""
        if self.control == "die":
            return tuple(str(value + 1) for value in self.values)
        keys = tuple(map(address, self.values))
        return keys if len(set(keys)) == len(keys) else self.texts


def settle(wanted: Mapping[str, object]) -> tuple[SettledSlider, ...]:
    """Turn the keyword arguments of ``explore`` into sliders of its arguments.

    Raises
    ------
    ValueError
        If there is no slider, more than three or two dice; if one has a name that
        cannot be an argument's, no values, values in no order, a pair of numbers that
        may mean a range, values that read alike or are equal, a start that is none of
        them, an unknown control, or seconds for what play does not move.
    """
    dice = [name for name, values in wanted.items() if isinstance(values, Dice)]
    sliders = [name for name in wanted if name not in dice]
    if not 1 <= len(sliders) <= MAX_SLIDERS:
        how = (
            f": {', '.join(sliders)}"
            if sliders
            else "; give each its values by the name of update's argument, as in "
            "explore(fig, update, generation=range(101))"
        )
        raise ValueError(
            f"explore takes one to {MAX_SLIDERS} sliders, got {len(sliders)}{how}"
        )
    if len(dice) > 1:
        raise ValueError(f"explore takes one Dice, got {len(dice)}: {', '.join(dice)}")
    # The die stands last, and the play button moves the first.
    settled = tuple(_settled(name, wanted[name]) for name in [*sliders, *dice])
    for slider in settled[1:]:
        if slider.seconds is not None:
            raise ValueError(
                f"the slider {slider.name!r} has seconds, but play moves the first "
                f"one, {settled[0].name!r}"
            )
    return settled


def _settled(name: str, wanted: object) -> SettledSlider:
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"{name!r} cannot name a slider; use a plain identifier")
    if isinstance(wanted, Dice):
        return _settled_dice(name, wanted)
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
    control = slider.control or _control_for(values, texts)
    seconds = slider.seconds
    return SettledSlider(name, label, values, texts, start, control, seconds)


def _settled_dice(name: str, dice: Dice) -> SettledSlider:
    if not isinstance(dice.label, str) or not dice.label.strip():
        raise ValueError(
            f"the label of the Dice {name!r} must be a non-empty str, "
            f"got {dice.label!r}"
        )
    is_count = isinstance(dice.count, Integral) and not isinstance(dice.count, bool)
    if not is_count or not 2 <= dice.count <= MAX_STATES:
        raise ValueError(
            f"the count of the Dice {name!r} must be an int from 2 to {MAX_STATES}, "
            f"got {dice.count!r}"
        )
    count = int(dice.count)
    texts = tuple(f"{dice.label} {index + 1} of {count}" for index in range(count))
    return SettledSlider(name, dice.label, tuple(range(count)), texts, 0, "die")


def _control_for(values: tuple, texts: tuple[str, ...]) -> str:
    if all(map(is_ordered, values)):
        return "slider"
    letters = sum(len(text) + 2 for text in texts)
    is_short = len(texts) <= _MOST_BUTTONS and letters <= _WIDEST_BUTTONS
    return "buttons" if is_short else "list"


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
    if not all(map(math.isfinite, map(as_float, values))):
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
                f"the {what} of the slider {name!r} must be a str, got {words!r}; its "
                "values go first, all in one list or range"
            )
    if slider.seconds is not None and not (
        is_number(slider.seconds) and 0 < as_float(slider.seconds) <= 60
    ):
        raise ValueError(
            f"the seconds of the slider {name!r} must be a number above 0, at most 60, "
            f"got {slider.seconds!r}"
        )
    if slider.format is not None and not callable(slider.format):
        raise ValueError(
            f"the format of the slider {name!r} must be a function that turns a value "
            f"into text, such as '{{:.1f}}'.format, got {slider.format!r}"
        )
    allowed = CONTROLS[:-1]
    if slider.control is not None and slider.control not in allowed:
        raise ValueError(
            f"the control of the slider {name!r} must be one of "
            f"{', '.join(map(repr, allowed))}, got {slider.control!r}"
        )


def _text(name: str, value: object, slider: Slider) -> str:
    if slider.format is None:
        is_share = name.split("_")[-1] in {"fraction", "share", "ratio"}
        with noted(f"while explore wrote a value of the slider {name!r}"):
            text = readable(value, is_share)
        if re.search(r" at 0x[0-9a-fA-F]+>", text):
            raise ValueError(
                f"the value {text} of the slider {name!r} has no text that stays the "
                "same; give the slider a format that writes one, such as "
                "format=lambda value: value.__name__"
            )
        if not text:
            raise ValueError(
                f"the value {value!r} of the slider {name!r} has no text to show; give "
                "the slider a format that writes one"
            )
    else:
        with noted(f"while the format of the slider {name!r} wrote {plain(value)!r}"):
            text = slider.format(value)
        if not isinstance(text, str) or not text.strip():
            raise ValueError(
                f"the format of the slider {name!r} made {text!r} of "
                f"{plain(value)!r}; it must return a non-empty str"
            )
    return f"{text} {slider.unit}" if slider.unit else text
