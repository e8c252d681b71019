"""The checks at the door, shared by every floor.

Each function returns the value in the form that the caller computes with, or raises
``ValueError`` naming the argument, the value and what is allowed. Floor 0: it knows
numpy and nothing about models.
"""

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np


def refuse(name: str, value: object, allowed: str) -> ValueError:
    """Build the error for an argument that is not allowed.

    Parameters
    ----------
    name : str
        The argument, as the caller wrote it.
    value : object
        What was passed; long values are shortened.
    allowed : str
        What would have been accepted, as the end of "must be ...".
    """
    return ValueError(f"{name} must be {allowed}, got {shown(value)}")


def shown(value: object) -> str:
    """Write a value as a message does: on one line, and not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."


def whole_number(name: str, value: object, minimum: int) -> int:
    """Return `value` as an int of at least `minimum`.

    Raises
    ------
    ValueError
        If it is not an integer (2.5, 2.0, "ten", True, None) or is too small.
    """
    allowed = f"a whole number of at least {minimum}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise refuse(name, value, allowed)
    if value < minimum:
        raise refuse(name, value, allowed)
    return int(value)


def settled(owner: object, name: str, check: Callable[..., Any], *limits: Any) -> Any:
    """Check a field of a frozen dataclass; keep and return it as `check` returns it.

    A narrow integer of numpy's, kept as it is, would make sums of it wrap around.

    Raises
    ------
    ValueError
        As `check` does.
    """
    value = check(name, getattr(owner, name), *limits)
    object.__setattr__(owner, name, value)
    return value


def real_number(
    name: str, value: object, low: float = -np.inf, high: float = np.inf
) -> float:
    """Return `value` as a finite float in [`low`, `high`].

    Raises
    ------
    ValueError
        If it is not a real number (text, None, a boolean, NaN, infinite) or lies
        outside the interval.
    """
    allowed = "a finite number"
    if np.isfinite(low) and np.isfinite(high):
        allowed = f"a number in [{low:g}, {high:g}]"
    elif np.isfinite(low):
        allowed = f"a finite number of at least {low:g}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise refuse(name, value, allowed)
    number = float(value)
    if not (np.isfinite(number) and low <= number <= high):
        raise refuse(name, value, allowed)
    return number


def positive_number(name: str, value: object) -> float:
    """Return `value` as a finite float above 0.

    Raises
    ------
    ValueError
        If it is not a real number, not finite, or not above 0.
    """
    number = real_number(name, value)
    if number <= 0:
        raise refuse(name, value, "a finite number above 0")
    return number


def fraction(
    name: str, value: Any
) -> float | tuple[float, ...] | tuple[tuple[float, ...], ...]:
    """Return a share in [0, 1], one for each chain, or a row for each generation.

    Several are tuples, or a tuple of them, which can be hashed.

    Raises
    ------
    ValueError
        If an entry is not a number in [0, 1], if there are none, or if rows differ
        in length.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return real_number(name, value, 0, 1)
    if any(isinstance(entry, (list, tuple, np.ndarray)) for entry in value):
        rows = interval_array(name, value, 0, 1)
        if rows.ndim != 2:
            raise ValueError(f"{name} must have at most 2 axes, got {rows.ndim}")
        return tuple(tuple(row) for row in rows.tolist())
    if not value:
        raise refuse(name, value, "a number in [0, 1], or one for each chain")
    return tuple(
        real_number(f"{name}[{chain}]", entry, 0, 1)
        for chain, entry in enumerate(value)
    )


def option(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of the words in `allowed`.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(repr(word) for word in allowed)
        raise refuse(name, value, f"one of {words}")
    return value


def boolean(name: str, value: object) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise refuse(name, value, "True or False")
    return bool(value)


def generator(name: str, value: object) -> np.random.Generator:
    """Return `value` if it is a numpy Generator.

    Raises
    ------
    ValueError
        If it is anything else: a seed, None, a RandomState.
    """
    if not isinstance(value, np.random.Generator):
        raise refuse(name, value, "a numpy.random.Generator")
    return value


def finite_array(name: str, value: Any, axes: int = 0) -> np.ndarray:
    """Return `value` as a numeric array without NaN or infinity.

    Parameters
    ----------
    name : str
        The argument's name.
    value : array_like
        Numbers of any shape; integers stay integers.
    axes : int
        The least number of axes.

    Raises
    ------
    ValueError
        If it is empty, not numeric, not finite, ragged, has too few axes, or holds
        masked values.
    """
    array = plain_array(name, value)
    if array.dtype.kind not in "iuf":
        raise refuse(name, value, "an array of numbers")
    if array.ndim < axes:
        raise ValueError(
            f"{name} must have at least {axes} axes, got shape {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    check_finite(name, array)
    return array


def plain_array(name: str, value: Any, allowed: str = "an array of numbers") -> Any:
    """Return `value` as numpy's own array, with nothing left out.

    Parameters
    ----------
    name : str
        The argument's name.
    value : array_like
        Also a table or a tensor of another library.
    allowed : str
        What it must be, as the end of "must be ...".

    Raises
    ------
    ValueError
        If it cannot be one array, or holds masked values.
    """
    if is_masked(value):
        raise refuse(name, value, "an array without masked (missing) values")
    try:
        array = np.asarray(value)
        # Tables write numbers that may be missing as objects, and words, too.
        is_table = array.dtype.kind == "O" and hasattr(value, "to_numpy")
        if is_table and not any(isinstance(each, str) for each in array.flat):
            inferred = np.array(array.tolist())
            is_whole = inferred.dtype.kind in "biu" and inferred.shape == array.shape
            array = inferred if is_whole else array.astype(float)
    except (ValueError, TypeError, RuntimeError):
        raise refuse(name, value, allowed) from None
    return array


def one_array(name: str, value: Any) -> np.ndarray:
    """Return points as one array; inputs and labels apart are none.

    Raises
    ------
    ValueError
        If it is nothing, two or three arrays in a tuple, such as ``(X, y)``, cannot
        be one array, or holds masked values.
    """
    if value is None:
        raise refuse(name, value, "an array of points")
    is_short = isinstance(value, tuple) and len(value) <= 3
    if is_short and any(getattr(part, "ndim", 0) for part in value):
        shapes = ", ".join(str(np.shape(part)) for part in value)
        raise ValueError(
            f"{name} must be one array, got a tuple of {len(value)} with shapes "
            f"{shapes}; put inputs and labels side by side: np.column_stack((X, y))"
        )
    return plain_array(name, value)


def is_masked(value: Any) -> bool:
    """Whether an array, or a part of a list, holds masked values."""
    if isinstance(value, (list, tuple)):
        parts = (list, tuple, np.ma.MaskedArray)
        return any(is_masked(part) for part in value if isinstance(part, parts))
    mask = np.ascontiguousarray(np.ma.getmask(value))
    return bool(mask.view(bool).any())  # one for each field of structured arrays


def wide(array: np.ndarray) -> np.ndarray:
    """Return numbers in a type in which sums and differences cannot overflow.

    Integers, which wrap around, and half precision become float64; single and double
    precision stay what they are.
    """
    small = array.dtype.kind in "iu" or array.dtype.itemsize < 4
    return array.astype(float) if small else array


def check_finite(name: str, array: np.ndarray) -> None:
    """Raise ``ValueError`` if `array` holds NaN or infinity."""
    if array.dtype.kind != "f":
        return
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()
    # A finite sum proves the entries finite, at a third of the cost of asking each.
    if np.isfinite(total):
        return
    bad = array.size - np.count_nonzero(np.isfinite(array))
    if bad:
        raise ValueError(
            f"{name} must be finite, got {bad} NaN or infinite values of {array.size}"
        )


def whole_array(name: str, value: Any, minimum: int) -> np.ndarray:
    """Return `value` as a float array of whole numbers of at least `minimum`.

    Raises
    ------
    ValueError
        If an entry is fractional, too small, not finite, or not a number.
    """
    array = finite_array(name, value).astype(float)
    if np.any(array != np.floor(array)) or np.any(array < minimum):
        raise refuse(name, value, f"whole numbers of at least {minimum}")
    return array


def interval_array(
    name: str, value: Any, low: float, high: float = np.inf
) -> np.ndarray:
    """Return `value` as a float array with entries in [`low`, `high`].

    Raises
    ------
    ValueError
        If an entry lies outside, is not finite, or is not a number.
    """
    array = finite_array(name, value).astype(float)
    if np.any(array < low) or np.any(array > high):
        bounded = np.isfinite(high)
        allowed = f"in [{low:g}, {high:g}]" if bounded else f"of at least {low:g}"
        raise refuse(name, value, f"numbers {allowed}")
    return array


def point_weights(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the weights of points, one for each, as floats above 0.

    Parameters
    ----------
    value : array_like
        The argument ``weights``.
    shape : tuple of int
        The shape of the data, without what belongs to one point.

    Raises
    ------
    ValueError
        If the shape differs, or an entry is not finite or not above 0.
    """
    weights = finite_array("weights", value).astype(float)
    if weights.shape != shape:
        raise ValueError(
            f"weights must have shape {shape}, one for each point, got {weights.shape}"
        )
    if (weights <= 0).any():
        raise ValueError(f"weights must be above 0, got {weights.min():g}")
    return weights


def distributions(name: str, rows: Any) -> np.ndarray:
    """Return rows of probabilities, shape (..., K), as floats that add up to 1.

    Raises
    ------
    ValueError
        If an entry is negative or not finite, or a row's sum is off by more than
        rounding in single precision explains.
    """
    rows = finite_array(name, rows, axes=1).astype(float)
    if (rows < 0).any():
        raise ValueError(f"{name} must not be negative, got {rows.min():g}")
    totals = rows.sum(axis=-1, keepdims=True)
    if (np.abs(totals - 1) > 1e-6).any():
        worst = totals.flat[np.abs(totals - 1).argmax()]
        raise ValueError(f"{name} must add up to 1 in each row, got {worst:g}")
    return rows / totals


def verb(name: str, owner: object, method: str) -> Callable[..., Any]:
    """Return the method called `method` of `owner`.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = getattr(owner, method, None)
    if isinstance(owner, type):
        raise refuse(name, owner, f"an object, as {owner.__name__}() makes one")
    if not callable(found):
        raise refuse(name, owner, f"an object with a method {method!r}")
    return found


def sample_sizes(sample_size: Any, generations: int, smallest: int) -> list[int]:
    """Return the size of each generation, from one number or one for each.

    Parameters
    ----------
    sample_size : int or sequence of int
        M, or M_0, ..., M_generations.
    generations : int
        How many generations follow generation 0.
    smallest : int
        The least size that is allowed.

    Raises
    ------
    ValueError
        If a size is no whole number of at least `smallest`, or their number is wrong.
    """
    if isinstance(sample_size, np.ndarray):
        sample_size = sample_size.tolist()
    if not isinstance(sample_size, (list, tuple, range)):
        size = whole_number("sample_size", sample_size, smallest)
        return [size] * (generations + 1)
    if len(sample_size) != generations + 1:
        raise ValueError(
            f"sample_size must be one number or {generations + 1} of them, one for "
            f"each of generations 0 to {generations}, got {len(sample_size)}"
        )
    return [
        whole_number(f"sample_size[{generation}]", size, smallest)
        for generation, size in enumerate(sample_size)
    ]


def check_measures(measures: Any) -> dict[str, Callable[..., Any]]:
    """Return `measures` if it is a mapping of names to functions.

    Raises
    ------
    ValueError
        If it is not, or an entry cannot be called.
    """
    if not isinstance(measures, Mapping):
        raise refuse("measures", measures, "a mapping of names to functions")
    for name, measure in measures.items():
        if not isinstance(name, str):
            raise refuse("measures", name, "a mapping whose keys are names")
        if not callable(measure):
            raise refuse(f"measures[{name!r}]", measure, "a function")
    return dict(measures)


def measured_array(name: str, value: Any) -> np.ndarray:
    """Return a copy of what a measure returned, an array of numbers or words.

    Raises
    ------
    ValueError
        If it is anything else: None, a ragged list, an object.
    """
    allowed = "an array of numbers or words"
    if value is None:
        allowed += " (is a return missing?)"
    if isinstance(value, Mapping):
        allowed += " (a function that returns several by name is for `measure`)"
    array = plain_array(f"what {name} returns", value, allowed)
    if array.dtype.kind not in "biufcSU":
        raise refuse(f"what {name} returns", value, allowed)
    return np.array(array)


def chain_rows(name: str, value: Any, chains: int) -> np.ndarray:
    """Return a copy of what a measure returned, whose leading axis is the chains.

    Raises
    ------
    ValueError
        If it is no array of numbers or words, or has no such axis.
    """
    rows = measured_array(name, value)
    if rows.shape[:1] != (chains,):
        raise ValueError(
            f"what {name} returns must have a leading axis of {chains} chains, "
            f"got shape {rows.shape}"
        )
    return rows


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a view of the same numbers for others to look at."""
    view = array.view()
    view.flags.writeable = False
    return view


def lent(array: np.ndarray) -> np.ndarray:
    """Return a read-only copy for others to work with.

    A view would not do: torch writes into read-only memory after a mere warning.
    """
    return read_only(np.array(array))
