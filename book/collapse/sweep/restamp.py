"""Keep a result whose code was changed, if what it computes has not.

One cheap cell is computed twice, side by side and on one thread each: with the code of
the commit at which the result was made, and with the code as it is now. A change that
shows only under other settings than this cell's is not seen: whoever makes one must
know, or compute the result anew. Floor 3.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from . import commits
from .code import Sources, references
from .files import DATA, read
from .provenance import code_of, commit_of, origin, undeclared, write_provenance

_PROGRAM = """
import importlib, json, sys
import numpy
from collapse.sweep.runner import compute_cell

module = importlib.import_module(sys.argv[1])
cell = compute_cell(module.SWEEP, **json.loads(sys.argv[2]))
numpy.savez(sys.argv[3], **cell)
"""

Arrays = dict[str, np.ndarray]


class NoRestampError(Exception):
    """A result cannot be kept: something has changed, or it cannot be told."""


def restamp(
    name: str,
    folder: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """Renew the stamp of a saved result whose code was changed.

    Its numbers, and what is said of how they were made, stay as they are. Only the
    libraries are those that today's code uses, each in the version that was recorded;
    one that is new in today's, which has computed the cell.

    Parameters
    ----------
    name : str
        Of an experiment: its module declares ``SWEEP`` and the cell ``CHEAP``.
    folder : path, optional
        By default the book's own.
    parameters : mapping, optional
        Of the cell, where they are not those of ``CHEAP``: a smaller network, where
        the cheap cell takes hours here. The stamp notes the cell that was compared.

    Returns
    -------
    str
        What was found.

    Raises
    ------
    NoRestampError
        If a number moved, with the first one that did, or the code that made the
        result cannot be had.
    UnusableResultError
        If a file is missing or damaged.
    """
    then = dict(read(name, folder).provenance)
    path = (DATA if folder is None else Path(folder)) / f"{name}.json"
    module = importlib.import_module(then["task"].partition(":")[0])
    now = origin(module.SWEEP)
    # Options that were part of the code are compared with it.
    recorded = {name: now["options"].get(name) for name in then["options"]}
    differing = set(undeclared(then))
    if recorded == then["options"]:
        differing -= {"options"}
    if differing:
        raise NoRestampError(
            f"the sweep's {' and '.join(sorted(differing))} changed: this is another "
            f"experiment, and `make data NAME={name}` computes what is new of it"
        )
    if now["code"]["sha256"] == then["code"]["sha256"]:
        return _noted(path, then)
    stamp = renewed(then, now)
    with tempfile.TemporaryDirectory() as scratch:
        package = _made_by(then["commit"], Path(scratch))
        try:
            before = code_of(then["task"], Sources(package), then["code"]["given"])
        except LookupError:
            before = None
        if before and before.sha256 == now["code"]["sha256"]:
            found = f"the code of commit {then['commit'][:7]} is today's"
        else:
            folders = [package.parent, references.PACKAGE.parent]
            cell = {**module.CHEAP, **(parameters or {})}
            one, other = _cells(module.__name__, cell, folders, Path(scratch))
            _check_equal(one, other)
            size = sum(array.size for array in one.values())
            found = f"{size} numbers of {len(one)} arrays are the same to the last bit"
            stamp["restamped_cell"] = cell
    write_provenance(path, stamp)
    return found


def renewed(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stamp of a result whose cell came out the same with today's code.

    Parameters
    ----------
    then : mapping
        The result's provenance.
    now : mapping
        What is known of today's sweep, from `origin`.
    """
    # One more setting is compared with this stamp: it must name what that one will.
    versions = {
        name: then["versions"].get(name, version)
        for name, version in now["versions"].items()
    }
    return {
        **then,
        "options": now["options"],
        "versions": versions,
        "code": now["code"],
        "restamped": datetime.now(UTC).date().isoformat(),
    }


def _noted(path: Path, stamp: dict[str, Any]) -> str:
    """Note the commit of a result that was made before its code was committed."""
    if stamp["commit"] is None and (commit := commit_of(stamp)):
        write_provenance(path, stamp | {"commit": commit})
        return f"its code is what it was, and now stands in commit {commit[:7]}"
    return "its code is what it was"


def _made_by(commit: str | None, folder: Path) -> Path:
    """Take the code that made a result out of the history."""
    if commit is None:
        raise NoRestampError("it was made by code that stands in no commit")
    package = commits.unpack(commit, folder)
    if package is None:
        raise NoRestampError(
            f"the history does not reach back to commit {commit}, whose code made it: "
            "`git fetch --unshallow` may bring it"
        )
    return package


def _cells(
    module: str, parameters: dict[str, Any], folders: list[Path], scratch: Path
) -> list[Arrays]:
    """Compute one cell with the package in each of some folders, at the same time.

    Each in a folder of its own that shows what lies here, such as books, but for what
    is hidden: a network that one of them keeps there is not found by the other.
    """
    one_thread = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    places = [scratch / str(number) for number in range(len(folders))]
    for place in places:
        place.mkdir()
        for entry in Path.cwd().glob("[!.]*"):
            (place / entry.name).symlink_to(entry)
    files = [scratch / f"{place.name}.npz" for place in places]
    # With -P python looks for modules only where it is told to.
    command = [sys.executable, "-P", "-c", _PROGRAM, module, json.dumps(parameters)]
    processes = [
        subprocess.Popen(
            [*command, str(file)],
            cwd=place,
            env={
                **os.environ,
                **dict.fromkeys(one_thread, "1"),
                "PYTHONPATH": str(folder),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder, file, place in zip(folders, files, places, strict=True)
    ]
    try:
        for process, whose in zip(processes, ("the commit's", "today's"), strict=True):
            _, errors = process.communicate()
            if process.returncode:
                raise NoRestampError(
                    f"with {whose} code the cell fails:\n{errors.strip()}"
                )
    finally:
        for process in processes:
            process.kill()
    return [_read(file) for file in files]


def _read(file: Path) -> Arrays:
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _check_equal(then: Arrays, now: Arrays) -> None:
    """Check that all arrays agree to the last bit."""
    if list(then) != list(now):
        raise NoRestampError(f"it has arrays {list(now)}, and had {list(then)}")
    for name, old in then.items():
        new = now[name]
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            raise NoRestampError(
                f"{name} is {new.dtype} of shape {new.shape}, and was {old.dtype} of "
                f"shape {old.shape}"
            )
        # Bits, so that not even a NaN or the sign of a zero goes unnoticed.
        if old.tobytes() == new.tobytes():
            continue
        moved = [
            place
            for place in np.ndindex(old.shape)
            if old[place].tobytes() != new[place].tobytes()
        ]
        raise NoRestampError(
            f"{len(moved)} of {old.size} numbers of {name!r} moved: the one at "
            f"{list(moved[0])} was {old[moved[0]]} and is {new[moved[0]]}"
        )
