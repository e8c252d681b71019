"""Results on disk: arrays in an npz file, and beside it in JSON where they are from.

Each fact has one place: numbers in the npz file, which only a program reads, and
everything about them in the JSON file, which people read as well; that one also
holds the checksum which ties the two together. Floor 3.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..validation import refuse
from ..whole_file import replace_file
from .grid import Value
from .provenance import (
    changed_code,
    commit_of,
    read_provenance,
    undeclared,
    unusable,
    write_provenance,
)

BOOK = Path(__file__).parents[2]
"""The folder in which the package and its data lie side by side."""

INSTALLED = Path(__file__).parents[1] / "data"
DATA = INSTALLED if INSTALLED.is_dir() else BOOK / "data"
"""Where the results that ship with the book are: beside the package in the repository,
inside it where it is installed."""


class Result:
    """What a sweep has computed; it cannot be changed.

    ``result["name"]`` is an array of shape (*axes, ...): the axes of the grid in
    their order, then the repetitions, then what the task returned.

    Attributes
    ----------
    axes : mapping of str to tuple
        The values along each leading axis; the last is ``"repetition"``.
    provenance : mapping
        Where the numbers are from: ``name``, ``task``, ``grid``, ``options``,
        ``repetitions``, ``seed``, ``date``, the ``versions`` of Python and of the
        packages used, how many ``workers`` there were, ``compute_seconds`` (the sum
        over cells), ``elapsed_seconds`` (of the last run, which found
        ``resumed_cells`` cells done), the ``commit`` whose code made them (None if it
        stood in none), and hashes of the ``code``, of each definition by itself as
        well. If its stamp was renewed, the day on which it was ``restamped`` and
        the parameters of the ``restamped_cell`` that was computed for it.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        axes: Mapping[str, Any],
        provenance: Mapping[str, Any],
    ) -> None:
        self._arrays = dict(arrays)
        for array in self._arrays.values():
            array.setflags(write=False)
        self.axes = MappingProxyType(
            {name: tuple(values) for name, values in axes.items()}
        )
        self.provenance = MappingProxyType(dict(provenance))

    def __getitem__(self, name: str) -> np.ndarray:
        """Return one array, shape (*axes, ...)."""
        if name not in self._arrays:
            raise KeyError(f"{name!r} was not computed, only {list(self._arrays)}")
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the arrays."""
        return iter(self._arrays)

    def __repr__(self) -> str:
        """Name the arrays and the axes."""
        shapes = {name: array.shape for name, array in self._arrays.items()}
        return f"Result({self.provenance['name']!r}, {shapes}, axes={dict(self.axes)})"

    def select(self, name: str, **values: Value) -> np.ndarray:
        """Return the part of an array at given values of some axes.

        ``result.select("loss", sample_size=100, repetition=0)`` has an axis less for
        each value.

        Raises
        ------
        ValueError
            If there is no such axis, or no such value along it.
        """
        for axis, value in values.items():
            if axis not in self.axes:
                raise refuse("axis", axis, f"one of {list(self.axes)}")
            if value not in self.axes[axis]:
                raise refuse(axis, value, f"one of {list(self.axes[axis])}")
        places = tuple(
            along.index(values[axis]) if axis in values else slice(None)
            for axis, along in self.axes.items()
        )
        return self[name][places]


def save(result: Result, folder: str | Path | None = None) -> Path:
    """Write a result into ``NAME.npz`` and ``NAME.json``.

    Parameters
    ----------
    result : Result
        From `collapse.sweep.run`.
    folder : path, optional
        By default the book's own.

    Returns
    -------
    Path
        Of the npz file.

    Raises
    ------
    ValueError
        If the code that made the result is in no file, so that nobody could tell
        later whether it has changed.
    """
    if not result.provenance["code"]:
        raise refuse("result", result, "of a task that is written in a file")
    folder = DATA if folder is None else Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    npz = folder / f"{result.provenance['name']}.npz"
    write_npz(npz, {name: result[name] for name in result})
    provenance = {**result.provenance, "npz_sha256": _checksum(npz)}
    if "commit" not in provenance:
        provenance["commit"] = commit_of(provenance)
    write_provenance(npz.with_suffix(".json"), provenance)
    return npz


def load(name: str, folder: str | Path | None = None) -> Result:
    """Read a saved result, if it is whole and made by the code as it is now.

    Parameters
    ----------
    name : str
        Of the experiment, such as ``"paper_mixture"``.
    folder : path, optional
        By default the book's own.

    Returns
    -------
    Result

    Raises
    ------
    UnusableResultError
        If a file is missing or damaged, or the code, or for a shipped result the
        sweep's grid or seed, has changed since; the message names the file, what is
        wrong, and the command that makes it anew.
    """
    result = read(name, folder)
    folder = DATA if folder is None else Path(folder)
    changed = changed_code(result.provenance)
    if changed is None and folder == DATA:
        differing = undeclared(result.provenance)
        changed = f"the sweep's {', '.join(differing)}" if differing else None
    if changed:
        npz = folder / f"{name}.npz"
        raise unusable(npz, f"is outdated: {changed} changed since it was made", name)
    return result


def read(name: str, folder: str | Path | None = None) -> Result:
    """Read a saved result, if it is whole, whatever code has made it.

    Parameters
    ----------
    name, folder
        As for `load`.

    Raises
    ------
    UnusableResultError
        If a file is missing or damaged.
    """
    folder = DATA if folder is None else Path(folder)
    npz, sidecar = folder / f"{name}.npz", folder / f"{name}.json"
    for path in (npz, sidecar):
        if not path.is_file():
            raise unusable(path, "is missing", name)
    provenance = read_provenance(sidecar, name)
    if _checksum(npz) != provenance["npz_sha256"]:
        wrong = f"is damaged: it is not the file that {sidecar.name} describes"
        raise unusable(npz, wrong, name)
    with np.load(npz, allow_pickle=False) as file:
        arrays = {each: file[each] for each in file.files}
    lengths = tuple(len(values) for values in provenance["axes"].values())
    for each, array in arrays.items():
        if array.shape[: len(lengths)] != lengths:
            wrong = f"its axes have lengths {lengths}, but {each!r} has {array.shape}"
            raise unusable(sidecar, f"is damaged: {wrong}", name)
    return Result(arrays, provenance["axes"], provenance)


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays so that there is never half a file."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **dict[str, Any](arrays))

    replace_file(path, write)


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
