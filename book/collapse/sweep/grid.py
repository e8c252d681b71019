"""What a sweep is: a task, a grid of parameters, and a generator for each cell.

`cell_generator` has a part in every number, so its code counts as code that made a
result. Floor 3.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..validation import plain_array, refuse, whole_number

Value = str | int | float | bool | None
"""What a parameter may be: anything that JSON writes in one way only."""

REPETITION = "repetition"
"""The name of the last axis of every result."""


class Cell(NamedTuple):
    """One call of the task."""

    parameters: dict[str, Value]
    repetition: int


@dataclass(frozen=True)
class Sweep:
    """A task to be called for each cell of a grid, several times.

    Parameters
    ----------
    name : str
        Names the saved files; letters, digits and underscores.
    task : callable
        ``task(**parameters, rng)`` returns a dict of str to array, whose shapes are
        the same for every cell. A function at the top level of a module, so that
        another process can find it.
    grid : mapping of str to value or list of values
        A list makes an axis. A single value is the same for all cells and makes
        none. Values are numbers, words, True, False or None.
    options : mapping of str to mapping, optional
        For a parameter whose values are names: what each name stands for, which is
        what the task gets. Values, lists, mappings and dataclasses of values. An
        entry may be added or changed without making the cells of others stale.
    repetitions : int
        How often each cell is computed, each time with a generator of its own.
    seed : int
        At least 0. The generator of a cell depends on the seed, the parameters and
        the number of the repetition, on nothing else: not on the other cells.

    Raises
    ------
    ValueError
        If an argument is not allowed, or the task does not take the parameters.
    """

    name: str
    task: Callable[..., Mapping[str, Any]]
    grid: Mapping[str, Any]
    options: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    repetitions: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise refuse("name", self.name, "letters, digits and underscores")
        if not isinstance(self.grid, Mapping) or not self.grid:
            raise refuse("grid", self.grid, "a mapping with at least one parameter")
        checked = {name: _entry(name, entry) for name, entry in self.grid.items()}
        object.__setattr__(self, "grid", checked)
        _check_options(checked, self.options)
        repetitions = whole_number("repetitions", self.repetitions, 1)
        object.__setattr__(self, "repetitions", repetitions)
        object.__setattr__(self, "seed", whole_number("seed", self.seed, 0))
        _check_task(self.task, list(checked))

    @property
    def axes(self) -> dict[str, tuple[Value, ...]]:
        """The values along each axis of the results, the repetitions last."""
        axes = {
            name: entry for name, entry in self.grid.items() if isinstance(entry, tuple)
        }
        return {**axes, REPETITION: tuple(range(self.repetitions))}

    def cells(self) -> list[Cell]:
        """Return all cells, the last axis varying fastest."""
        return cells_of(self.grid, self.repetitions)

    def arguments(self, cell: Cell) -> dict[str, Any]:
        """Return what the task gets for a cell: what names of options stand for.

        A copy, so that no cell can change what others get.
        """
        return {
            name: deepcopy(self.options[name][value]) if name in self.options else value
            for name, value in cell.parameters.items()
        }

    def with_grid(self, **changes: Any) -> "Sweep":
        """Return the same sweep with other values of some parameters.

        Raises
        ------
        ValueError
            If a parameter is not one of the grid's.
        """
        for name in changes:
            if name not in self.grid:
                raise refuse("grid", name, f"changed in one of {list(self.grid)}")
        return replace(self, grid={**self.grid, **changes})


def cells_of(grid: Mapping[str, Any], repetitions: int) -> list[Cell]:
    """Return the cells of a grid, whose lists and tuples are axes."""
    entries = [
        entry if isinstance(entry, tuple | list) else (entry,)
        for entry in grid.values()
    ]
    return [
        Cell(dict(zip(grid, values, strict=True)), repetition)
        for *values, repetition in product(*entries, range(repetitions))
    ]


def content(value: Any) -> Any:
    """Return an option as JSON holds it: of a dataclass what is not the default.

    Raises
    ------
    ValueError
        If it holds something else than values, lists, mappings and dataclasses.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: content(getattr(value, each.name))
            for each in fields(value)
            if getattr(value, each.name) != each.default
        }
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {name: content(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [content(entry) for entry in value]
    return _value("options", value)


def classes(value: Any) -> Iterator[type]:
    """Yield the dataclasses of which an option is made.

    Yields
    ------
    type
    """
    parts: list[Any] = []
    if is_dataclass(value):
        yield type(value)
        parts += [getattr(value, each.name) for each in fields(value)]
    elif isinstance(value, Mapping):
        parts += value.values()
    elif isinstance(value, list | tuple):
        parts += value
    for part in parts:
        yield from classes(part)


def cell_text(cell: Cell) -> str:
    """Write a cell as JSON, the same for equal cells: 1 and 1.0 are equal."""
    parameters = {name: _plain(value) for name, value in cell.parameters.items()}
    return json.dumps([parameters, cell.repetition], sort_keys=True)


def cell_generator(seed: int, cell: Cell) -> np.random.Generator:
    """Return the generator that belongs to a cell."""
    digest = hashlib.sha256(cell_text(cell).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4")
    return np.random.default_rng([seed, *words.tolist()])


def _plain(value: Value) -> Value:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _entry(name: str, entry: Any) -> Value | tuple[Value, ...]:
    """Check one parameter of the grid; a list becomes a tuple of plain values."""
    if not isinstance(name, str) or not name.isidentifier():
        raise refuse("grid", name, "a mapping whose keys are names of parameters")
    if name in (REPETITION, "rng"):
        raise refuse("grid", name, f"without {REPETITION!r} and 'rng', which are taken")
    if isinstance(entry, np.ndarray):
        entry = plain_array(name, entry).tolist()
    if not isinstance(entry, list | tuple | range):
        return _value(name, entry)
    values = tuple(_value(name, value) for value in entry)
    if not values or len(set(values)) < len(values):
        raise refuse(name, entry, "one value or a list of different values")
    return values


def _value(name: str, value: Any) -> Value:
    if isinstance(value, np.generic):
        value = value.item()
    finite = not isinstance(value, float) or np.isfinite(value)
    if not isinstance(value, Value) or not finite:
        raise refuse(name, value, "finite numbers, words, True, False or None")
    return value


def _check_options(
    grid: Mapping[str, Any], options: Mapping[str, Mapping[Any, Any]]
) -> None:
    for name, known in options.items():
        if name not in grid or not isinstance(known, Mapping):
            raise refuse("options", options, f"mappings for some of {list(grid)}")
        entry = grid[name]
        for value in entry if isinstance(entry, tuple) else (entry,):
            if not isinstance(value, str) or value not in known:
                raise refuse(name, value, f"one of {list(known)}")
            content(known[value])


def _check_task(task: Any, parameters: list[str]) -> None:
    path = getattr(task, "__qualname__", "<")
    if not callable(task) or "<" in path:
        raise refuse("task", task, "a function at the top level of a module")
    try:
        inspect.signature(task).bind(**dict.fromkeys([*parameters, "rng"]))
    except TypeError as error:
        raise ValueError(
            f"task must take {parameters} and rng, but {path} does not: {error}"
        ) from None
