"""Results on disk: arrays in an npz file, and beside it in JSON where they are from.

Each fact has one place: numbers in the npz file, which only a program reads, and
everything about them in the JSON file, which people read as well; that one also
holds the checksum which ties the two together. Floor 3.
"""

import hashlib
import importlib
import json
import platform
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..validation import refuse
from ..whole_file import replace_file
from . import code, grid
from .grid import Sweep, Value

BOOK = Path(__file__).parents[2]
"""The folder in which the package and its data lie side by side."""

DATA = BOOK / "data"
"""Where the results that ship with the book are."""

FIELDS = {
    "name": str,
    "task": str,
    "grid": dict,
    "axes": dict,
    "repetitions": int,
    "seed": int,
    "date": str,
    "versions": dict,
    "workers": int,
    "compute_seconds": float,
    "elapsed_seconds": float,
    "resumed_cells": int,
    "code": dict,
    "npz_sha256": str,
}
"""What a provenance holds; see `Result`."""


class UnusableResultError(Exception):
    """A saved result is missing, damaged, or older than the code that makes it."""


class Result:
    """What a sweep has computed; it cannot be changed.

    ``result["name"]`` is an array of shape (*axes, ...): the axes of the grid in
    their order, then the repetitions, then what the task returned.

    Attributes
    ----------
    axes : mapping of str to tuple
        The values along each leading axis; the last is ``"repetition"``.
    provenance : mapping
        Where the numbers are from: ``name``, ``task``, ``grid``, ``repetitions``,
        ``seed``, ``date``, the ``versions`` of Python and of the packages used, how
        many ``workers`` there were, ``compute_seconds`` (the sum over cells),
        ``elapsed_seconds`` (of the last run, which found ``resumed_cells`` cells
        done), and the hashes of the ``code``.
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
    text = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
    replace_file(npz.with_suffix(".json"), lambda path: path.write_text(text, "utf-8"))
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
    folder = DATA if folder is None else Path(folder)
    npz, sidecar = folder / f"{name}.npz", folder / f"{name}.json"
    for path in (npz, sidecar):
        if not path.is_file():
            raise _unusable(path, "is missing", name)
    provenance = _read_provenance(sidecar, name)
    if _checksum(npz) != provenance["npz_sha256"]:
        raise _unusable(
            npz, f"is damaged: it is not the file that {sidecar.name} describes", name
        )
    changed = _changed_modules(provenance)
    if changed:
        raise _unusable(
            npz, f"is outdated: {', '.join(changed)} changed since it was made", name
        )
    differing = _undeclared(provenance) if folder == DATA else []
    if differing:
        raise _unusable(
            npz, f"is outdated: the sweep's {', '.join(differing)} changed", name
        )
    with np.load(npz, allow_pickle=False) as file:
        arrays = {each: file[each] for each in file.files}
    lengths = tuple(len(values) for values in provenance["axes"].values())
    for each, array in arrays.items():
        if array.shape[: len(lengths)] != lengths:
            wrong = f"its axes have lengths {lengths}, but {each!r} has {array.shape}"
            raise _unusable(sidecar, f"is damaged: {wrong}", name)
    return Result(arrays, provenance["axes"], provenance)


def origin(sweep: Sweep) -> dict[str, Any]:
    """Say what is known of a sweep's numbers before they are computed.

    The code above all: a file that is edited during a run has no part in it.
    """
    parts = _parts(sweep)
    return {
        "name": sweep.name,
        "task": f"{sweep.task.__module__}:{sweep.task.__qualname__}",
        "grid": grid_of(sweep),
        "axes": {name: list(values) for name, values in sweep.axes.items()},
        "repetitions": sweep.repetitions,
        "seed": sweep.seed,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": _versions(parts),
        "code": {
            module: {
                "code_sha256": code.code_hash(part),
                "file_sha256": code.file_hash(part.file),
            }
            for module, part in parts.items()
        },
    }


def grid_of(sweep: Sweep) -> dict[str, Any]:
    """Return a sweep's grid as JSON holds it."""
    return {
        name: list(entry) if isinstance(entry, tuple) else entry
        for name, entry in sweep.grid.items()
    }


def _parts(sweep: Sweep) -> dict[str, code.Part]:
    """Return the code behind a sweep's numbers; none if it was typed in a cell."""
    file = sweep.task.__globals__.get("__file__")
    name = sweep.task.__qualname__.partition(".")[0]
    return _made_by(sweep.task.__module__, name, Path(file)) if file else {}


def _made_by(module: str, name: str, file: Path) -> dict[str, code.Part]:
    """Return the code behind a task, and behind the generator of each cell."""
    dealer = code.Use(grid.__name__, grid.cell_generator.__name__)
    starts = {code.Use(module, name): file, dealer: Path(grid.__file__)}
    return code.made_by(starts)


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays so that there is never half a file."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    replace_file(path, write)


def read_npz(path: Path) -> dict[str, np.ndarray] | None:
    """Read all arrays of a file; None if it is not whole."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error):
        return None


def _read_provenance(path: Path, name: str) -> dict[str, Any]:
    """Read what lies beside the arrays, and check that all of it is there."""
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _unusable(path, f"is damaged: it is not JSON ({error})", name) from None
    if not isinstance(provenance, dict):
        raise _unusable(path, "is damaged: it holds no provenance", name)
    for field, kind in FIELDS.items():
        if not isinstance(provenance.get(field), kind):
            raise _unusable(
                path, f"is damaged: {field!r} is missing or no {kind.__name__}", name
            )
    axes, modules = provenance["axes"], provenance["code"]
    if not all(isinstance(values, list) for values in axes.values()):
        raise _unusable(path, "is damaged: 'axes' must hold lists", name)
    if not all(isinstance(hashes, dict) for hashes in modules.values()):
        raise _unusable(path, "is damaged: 'code' must hold hashes", name)
    if _task_module(provenance) not in modules:
        raise _unusable(path, "is damaged: 'code' lacks the task's module", name)
    if provenance["name"] != name:
        raise _unusable(path, f"is of another sweep, {provenance['name']!r}", name)
    return provenance


def _changed_modules(provenance: dict[str, Any]) -> list[str]:
    """Name the modules whose code is not what it was."""
    stored = provenance["code"]
    files = {module: code.find(module) for module in stored}
    if all(
        file is not None and code.file_hash(file) == stored[module].get("file_sha256")
        for module, file in files.items()
    ):
        return []
    # Some file differs, perhaps by a comment only. Its imports may differ, too.
    start, _, path = provenance["task"].partition(":")
    file = files.get(start)
    if file is None:
        return [start]
    now = {
        module: code.code_hash(part)
        for module, part in _made_by(start, path.partition(".")[0], file).items()
    }
    then = {module: hashes.get("code_sha256") for module, hashes in stored.items()}
    return sorted(
        module for module in now.keys() | then if now.get(module) != then.get(module)
    )


def _task_module(provenance: dict[str, Any]) -> str:
    return provenance["task"].partition(":")[0]


def _undeclared(provenance: dict[str, Any]) -> list[str]:
    """Name what of a shipped result is not as the module of its task declares it."""
    declared = importlib.import_module(_task_module(provenance)).SWEEP
    now = {
        "grid": grid_of(declared),
        "repetitions": declared.repetitions,
        "seed": declared.seed,
    }
    return [field for field, value in now.items() if provenance[field] != value]


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _versions(parts: dict[str, code.Part]) -> dict[str, str]:
    """Return the versions of Python and of the packages that the code uses."""
    versions = {"python": platform.python_version()}
    for top in sorted(code.outside(parts)):
        for distribution in _distributions(top):
            versions[distribution] = metadata.version(distribution)
    return versions


@cache
def _distributions(top: str) -> list[str]:
    """Return what must be installed to import a name: scikit-learn for sklearn."""
    try:
        return [metadata.metadata(top)["Name"]]
    except metadata.PackageNotFoundError:
        # Looks into every installed package, which takes a while.
        return metadata.packages_distributions().get(top, [])


def _unusable(path: Path, wrong: str, name: str) -> UnusableResultError:
    return UnusableResultError(
        f"{path} {wrong}. In the book's repository, `make data NAME={name}` makes it."
    )
