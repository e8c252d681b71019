"""Values of any type that a slider may stop at: which are one, and how they read.

Knows numbers, dates and numpy; neither sliders nor figures.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import numpy as np

_CLOSE = 1e-9  # 0.1 + 0.2 and 0.3 are one stop, relative to the largest


def plain(value: Any) -> Any:
    """Return a number in numpy's or torch's clothes as Python's own, to be read."""
    if isinstance(value, np.datetime64 | np.timedelta64):  # nanoseconds become an int
        return value
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def readable(value: object, is_share: bool) -> str:
    """Return a value as a person would write it; a share in [0, 1] as a percentage."""
    if isinstance(value, np.floating):
        value = float(str(value))  # 0.1 in half precision is 0.0999755859375, too
    value = plain(value)
    if isinstance(value, np.datetime64) and not np.isnat(value):
        return np.datetime_as_string(value, unit="auto").replace("T", " ")
    if isinstance(value, datetime.datetime):
        return str(value).removesuffix(" 00:00:00")
    if not is_number(value):
        return " ".join(str(value).split())
    number = as_float(value)
    if is_share and 0 <= number <= 1:
        return f"{100 * number:.6g}\N{NO-BREAK SPACE}%"
    if isinstance(value, Integral) and not is_share:
        if abs(number) < 10_000:
            return str(value)
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if not math.isfinite(number) or isinstance(value, Fraction | Decimal):
        return str(value)
    return f"{number:.6g}"


def address(value: object) -> str:
    """Return a value as an address names it: short, and the same on every machine."""
    value = plain(value)
    if is_number(value) and not isinstance(value, Fraction | Decimal):
        return str(value) if isinstance(value, Integral) else f"{as_float(value):.12g}"
    return readable(value, is_share=False)


def is_ordered(value: object) -> bool:
    """Whether a value has its place on a scale: a number, a date or a span of time."""
    times = np.datetime64 | np.timedelta64 | datetime.date | datetime.timedelta
    return is_number(value) or isinstance(plain(value), times)


def twins(values: Sequence) -> tuple | None:
    """Return two values that are equal though they may look different: 1 and True."""
    seen: dict = {}
    for value in values:
        try:
            twin = seen.setdefault(value, value)
        except TypeError:  # what has no hash is told apart by its text alone
            continue
        if twin is not value:
            return twin, value
    return None


def find(values: Sequence, wanted: object) -> int | None:
    """Return where a value stands, or None; of numbers, where the nearest stands.

    As near as rounding errors: 0.3 is found where the values were computed and hold
    0.30000000000000004.
    """
    for index, value in enumerate(values):
        if value is wanted or _is_same(value, wanted):
            return index
    if not is_number(wanted):
        return None
    numbers = [as_float(v) if is_number(v) else math.nan for v in values]
    limit = _CLOSE * max((abs(n) for n in numbers if math.isfinite(n)), default=0)
    gaps = [abs(number - as_float(wanted)) for number in numbers]
    near = [index for index, gap in enumerate(gaps) if gap <= limit]
    return min(near, key=gaps.__getitem__, default=None)


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(plain(one), bool) != isinstance(plain(other), bool):
        return False
    if any(getattr(each, "shape", ()) for each in (one, other)):  # arrays, tensors
        return np.array_equal(one, other)
    try:  # what is not a number, or no time, is so in another computation too
        return bool(one == other) or bool(one != one and other != other)
    except (TypeError, ValueError, RuntimeError, ArithmeticError):
        return False  # what answers with more than one truth, or none


def is_number(value: object) -> bool:
    """Whether a value is a real number, and no truth value or time span."""
    number = plain(value)  # numpy counts a time span as a whole number
    others = bool | np.timedelta64
    return isinstance(number, Real | Decimal) and not isinstance(number, others)


def as_float(value: object) -> float:
    """The nearest float; infinite where a number is larger than any."""
    number = plain(value)
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, 1 if number > 0 else -1)
    except ValueError:  # a NaN that signals when it is read
        return math.nan
