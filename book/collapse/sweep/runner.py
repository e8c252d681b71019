"""Compute the cells of a sweep on all cores, and go on where it was stopped.

Each finished cell is written at once, by the process that asked for it, so that the
workers may be anywhere. Floor 3.
"""

import hashlib
import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..validation import boolean, plain_array, refuse, whole_number
from ..whole_file import replace_file
from .files import BOOK, Result
from .grid import Cell, Sweep, cell_generator, cell_text
from .provenance import cell_keys, origin

SECONDS = "_seconds"
"""What a cell cost, kept among its arrays."""

CELLS = (BOOK.parent if (BOOK / "index.md").exists() else Path()) / "_build" / "sweeps"
"""Where finished cells are kept; in the working folder if the package is installed."""

Arrays = dict[str, np.ndarray]


def run(
    sweep: Sweep,
    *,
    known: Result | None = None,
    resume: bool = True,
    folder: str | Path | None = None,
    n_jobs: int | None = -1,
    progress: bool = True,
) -> Result:
    """Compute every cell that has not been computed yet, and put them together.

    The back end is joblib's: within ``joblib.parallel_config(backend="dask")`` the
    cells go to a Dask cluster, and the numbers are the same. Each cell computes on
    one thread, because the cells fill the cores.

    Parameters
    ----------
    sweep : Sweep
    known : Result, optional
        An earlier result of which those cells are taken over that would come out the
        same: of the same code and seed, under the same versions of the libraries.
    resume : bool
        Whether finished cells are kept on disk and found again, under the same
        conditions.
    folder : path, optional
        Where they are kept, by default ``_build/sweeps/NAME``.
    n_jobs : int, optional
        How many cells at a time, -1 for one on each core; None leaves it to
        ``joblib.parallel_config``.
    progress : bool
        Whether a bar shows how many cells are done.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If an argument is not allowed, or the task's arrays do not fit together.
    Exception
        What the task raises, with a note that names the cell. Cells that were done
        before are kept.
    """
    if not isinstance(sweep, Sweep):
        raise refuse("sweep", sweep, "a Sweep")
    boolean("resume", resume)
    boolean("progress", progress)
    began = time.perf_counter()
    cells, provenance = sweep.cells(), origin(sweep)
    if resume and not provenance["code"]:
        raise refuse("resume", True, "False for a task that is written in no file")
    keys = cell_keys(provenance) if provenance["code"] else []
    files = _cell_files(provenance["name"], keys, folder) if resume else []
    done = _taken_over(known, keys) | _finished(files)
    resumed = len(done)
    waiting = [place for place in range(len(cells)) if place not in done]

    with (
        _one_thread(),
        tqdm(
            total=len(cells),
            initial=resumed,
            desc=sweep.name,
            disable=not progress,
            # In words: a saved notebook loses a bar that is a widget, and shows what
            # goes to standard error as a fault.
            file=sys.stdout,
        ) as bar,
    ):
        workers = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        count = int(joblib.effective_n_jobs(n_jobs))
        jobs = (
            joblib.delayed(_compute)(sweep, cells[place], place) for place in waiting
        )
        for place, arrays in workers(jobs):
            done[place] = arrays
            if resume:
                _write_cell(files[place], arrays)
            bar.update()

    ordered = [done[place] for place in range(len(cells))]
    compute = float(sum(arrays.pop(SECONDS) for arrays in ordered))
    provenance |= {
        "workers": count,
        "compute_seconds": round(compute, 6),
        "elapsed_seconds": round(time.perf_counter() - began, 6),
        "resumed_cells": resumed,
    }
    return Result(_stack(sweep, cells, ordered), sweep.axes, provenance)


def compute_cell(sweep: Sweep, repetition: int = 0, **parameters: Any) -> Arrays:
    """Compute one cell of a sweep, here and now.

    Parameters
    ----------
    sweep : Sweep
    repetition : int
    **parameters
        A value for each axis; the others are the sweep's own.

    Returns
    -------
    dict of str to array

    Raises
    ------
    ValueError
        If a parameter is not one of the sweep's, or one is missing.
    """
    repetition = whole_number("repetition", repetition, 0)
    one = sweep.with_grid(**parameters)
    if set(one.axes) - {"repetition"}:
        raise refuse("parameters", parameters, f"a value for each of {list(one.axes)}")
    with _one_thread():
        _, arrays = _compute(one, Cell(dict(one.grid), repetition), 0)
    arrays.pop(SECONDS)
    return arrays


def _compute(sweep: Sweep, cell: Cell, place: int) -> tuple[int, Arrays]:
    """Call the task for one cell, on one thread, wherever this is."""
    _use_one_thread()
    began = time.perf_counter()
    try:
        rng = cell_generator(sweep.seed, cell)
        results = sweep.task(**sweep.arguments(cell), rng=rng)
        arrays = _checked(results)
    except Exception as error:
        error.add_note(f"in {sweep.task.__qualname__}, cell {cell_text(cell)}")
        raise
    arrays[SECONDS] = np.array(time.perf_counter() - began)
    return place, arrays


def _checked(results: Any) -> Arrays:
    """Return what a task returned as arrays that can be saved."""
    if not isinstance(results, dict) or not results:
        raise refuse("what the task returns", results, "a dict of arrays")
    arrays = {}
    for name, value in results.items():
        if not isinstance(name, str) or not name.isidentifier() or name == SECONDS:
            raise refuse("the name of an array", name, "letters, digits, underscores")
        arrays[name] = plain_array(name, value)
        if arrays[name].dtype.kind not in "biufcU":
            raise refuse(name, value, "an array of numbers or words")
    return arrays


def _stack(sweep: Sweep, cells: list[Cell], results: list[Arrays]) -> Arrays:
    """Put the cells' arrays together, with the axes of the sweep in front."""
    first, lengths = results[0], [len(values) for values in sweep.axes.values()]
    for cell, arrays in zip(cells, results, strict=True):
        shapes = {name: array.shape for name, array in arrays.items()}
        expected = {name: array.shape for name, array in first.items()}
        if shapes != expected:
            raise ValueError(
                f"every cell must return the same shapes, got {shapes} in "
                f"{cell_text(cell)} and {expected} in {cell_text(cells[0])}"
            )
    return {
        name: np.stack([arrays[name] for arrays in results]).reshape(
            *lengths, *first[name].shape
        )
        for name in first
    }


def _cell_files(name: str, keys: list[str], folder: str | Path | None) -> list[Path]:
    """Return the file of each cell, in a folder that is there."""
    folder = CELLS / name if folder is None else Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / f"{key}.npz" for key in keys]


def _taken_over(known: Result | None, keys: list[str]) -> dict[int, Arrays]:
    """Return those cells of an earlier result that would come out the same."""
    if known is None:
        return {}
    before = {key: place for place, key in enumerate(cell_keys(known.provenance))}
    seconds = known.provenance["compute_seconds"] / len(before)
    shape = [len(values) for values in known.axes.values()]
    found = {}
    for place, key in enumerate(keys):
        if key in before:
            where = np.unravel_index(before[key], shape)
            arrays = {name: _alone(known[name][where]) for name in known}
            found[place] = {**arrays, SECONDS: np.array(seconds)}
    return found


def _alone(array: np.ndarray) -> np.ndarray:
    """Return a cell's array by itself: words get the room that they need."""
    array = np.asarray(array)
    if array.dtype.kind != "U":
        return array
    return array.astype(f"U{max(1, np.char.str_len(array).max(initial=0))}")


def _finished(files: list[Path]) -> dict[int, Arrays]:
    """Read the cells that an earlier run has left; a damaged one is done again."""
    found = {
        place: _read_cell(file) for place, file in enumerate(files) if file.exists()
    }
    return {place: arrays for place, arrays in found.items() if arrays is not None}


def _write_cell(path: Path, arrays: Arrays) -> None:
    """Write an npz file, and after its end a checksum."""
    content = io.BytesIO()
    np.savez_compressed(content, **dict[str, Any](arrays))
    whole = content.getvalue() + _checksum(path, content.getvalue())
    replace_file(path, lambda unfinished: unfinished.write_bytes(whole))


def _checksum(path: Path, content: bytes) -> bytes:
    """Return the digest of a cell and of its file's name: it is no other cell's."""
    return hashlib.sha256(path.name.encode() + content).digest()


def _read_cell(path: Path) -> Arrays | None:
    """Read what `_write_cell` wrote there; None if a single bit differs."""
    whole = path.read_bytes()
    content = whole[: -hashlib.sha256().digest_size]
    if content + _checksum(path, content) != whole:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _use_one_thread() -> None:
    """Let numpy, scikit-learn and torch compute on one thread, from now on.

    Cells side by side fill the cores, and sums in one order give the same digits
    wherever a cell is computed.
    """
    threadpool_limits(limits=1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Do so for a while: cells may be computed in this very process."""
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else None
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        if torch:
            torch.set_num_threads(threads)
