"""Where the numbers of a result are from, and whether that still holds.

The task's code, the versions of the libraries that it calls, the grid, the seed, and
the commit at which the code was as it is. Floor 3.
"""

import hashlib
import importlib
import importlib.util
import json
import platform
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ..whole_file import replace_file
from . import commits, grid
from .code import Code, Definition, Sources, changes, code_behind
from .grid import Sweep

FIELDS = {
    "name": str,
    "task": str,
    "grid": dict,
    "options": dict,
    "axes": dict,
    "repetitions": int,
    "seed": int,
    "date": str,
    "versions": dict,
    "workers": int,
    "compute_seconds": float,
    "elapsed_seconds": float,
    "resumed_cells": int,
    "commit": str | None,
    "code": dict,
    "npz_sha256": str,
}
"""What a provenance holds; see `Result`."""

_CHECKSUM = "json_sha256"
"""In the file, a hash of all its other fields."""

_AT_MOST = 5
"""So many changed definitions are named."""


class UnusableResultError(Exception):
    """A saved result is missing, damaged, or older than the code that makes it."""


def unusable(path: Path, wrong: str, name: str) -> UnusableResultError:
    """Build the error that says what is wrong with a file, and what makes it anew."""
    return UnusableResultError(
        f"{path} {wrong}. In the book's repository, `make data NAME={name}` makes it."
    )


def origin(sweep: Sweep) -> dict[str, Any]:
    """Say what is known of a sweep's numbers before they are computed.

    The code above all: a file that is edited during a run has no part in it.
    """
    task = f"{sweep.task.__module__}:{sweep.task.__qualname__}"
    file = sweep.task.__globals__.get("__file__")
    given = _given(sweep)
    code = code_of(task, _sources(task, Path(file)), given) if file else None
    return {
        "name": sweep.name,
        "task": task,
        "grid": grid_of(sweep),
        "options": options_of(sweep),
        "axes": {name: list(values) for name, values in sweep.axes.items()},
        "repetitions": sweep.repetitions,
        "seed": sweep.seed,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(code.libraries if code else set()),
        "code": written(code, given) if code else {},
    }


def grid_of(sweep: Sweep) -> dict[str, Any]:
    """Return a sweep's grid as JSON holds it."""
    return {
        name: list(entry) if isinstance(entry, tuple) else entry
        for name, entry in sweep.grid.items()
    }


def options_of(sweep: Sweep) -> dict[str, Any]:
    """Return what the names in a sweep's grid stand for, as JSON holds it."""
    found = {}
    for name, known in sweep.options.items():
        entry = sweep.grid[name]
        values = entry if isinstance(entry, tuple) else (entry,)
        found[name] = {value: grid.content(known[value]) for value in values}
    return found


def cell_keys(provenance: Mapping[str, Any]) -> list[str]:
    """Return for each cell a word for all that its numbers depend on."""
    facts = provenance["code"]["sha256"], provenance["seed"], provenance["versions"]
    options = provenance["options"]
    keys = []
    for cell in grid.cells_of(provenance["grid"], provenance["repetitions"]):
        chosen = {name: known[cell.parameters[name]] for name, known in options.items()}
        text = json.dumps([facts, grid.cell_text(cell), chosen], sort_keys=True)
        keys.append(hashlib.sha256(text.encode()).hexdigest()[:32])
    return keys


def code_of(task: str, sources: Sources, others: Iterable[str] = ()) -> Code:
    """Return the code behind a task, and behind the generator of each cell.

    Parameters
    ----------
    task : str
        Module and function, as in ``"collapse.experiments.real_text:history"``.
    sources : Sources
        Where they are looked for.
    others : iterable of str
        Classes of what the task is given, written in the same way.

    Raises
    ------
    LookupError
        If something is not there.
    """
    generator = f"{grid.__name__}:{grid.cell_generator.__name__}"
    starts = [_definition(name, sources) for name in (task, generator)]
    return code_behind(starts, sources, [_definition(name, sources) for name in others])


def _definition(name: str, sources: Sources) -> Definition:
    module, _, path = name.partition(":")
    found = sources.resolve(module, path.partition(".")[0])
    if not isinstance(found, Definition):
        raise LookupError(f"there is no {name}")
    return found


def _given(sweep: Sweep) -> list[str]:
    """Name the classes of what a sweep's task is given."""
    found = grid.classes([list(known.values()) for known in sweep.options.values()])
    return sorted({f"{each.__module__}:{each.__qualname__}" for each in found})


def written(code: Code, others: list[str]) -> dict[str, Any]:
    """Return code as a provenance holds it."""
    return {
        "sha256": code.sha256,
        "given": others,
        "definitions": code.definitions,
    }


def changed_code(provenance: Mapping[str, Any]) -> str | None:
    """Name the definitions that are not what they were; None if all are."""
    task, then = provenance["task"], provenance["code"]
    try:
        sources = _sources(task, _find(task.partition(":")[0]))
        now = code_of(task, sources, then["given"])
    except LookupError:
        return task
    if now.sha256 == then["sha256"]:
        return None
    names = changes(then["definitions"], now.definitions)
    shown = ", ".join(names[:_AT_MOST]) or "what its definitions refer to"
    more = len(names) - _AT_MOST
    return f"{shown} and {more} more" if more > 0 else shown


def undeclared(provenance: Mapping[str, Any]) -> list[str]:
    """Name what of a shipped result is not as the module of its task declares it."""
    declared = importlib.import_module(provenance["task"].partition(":")[0]).SWEEP
    now = {
        "grid": grid_of(declared),
        "options": options_of(declared),
        "repetitions": declared.repetitions,
        "seed": declared.seed,
    }
    return [field for field, value in now.items() if provenance[field] != value]


def other_versions(provenance: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Return the versions that differ: those of the result, and those of today."""
    return {
        name: (then, now)
        for name, then in provenance["versions"].items()
        if (now := _installed(name)) != then
    }


def commit_of(provenance: Mapping[str, Any]) -> str | None:
    """Return the newest commit, if its code is the result's; None if it is not."""
    commit = commits.head()
    inside = Sources().locate(provenance["task"].partition(":")[0])
    if commit is None or inside is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        package = commits.unpack(commit, Path(folder))
        if package is None:
            return None
        try:
            given = provenance["code"]["given"]
            then = code_of(provenance["task"], Sources(package), given)
        except LookupError:
            return None
    return commit if then.sha256 == provenance["code"]["sha256"] else None


def read_provenance(path: Path, name: str) -> dict[str, Any]:
    """Read what lies beside the arrays, and check that all of it is there.

    Raises
    ------
    UnusableResultError
        If it is damaged, or of another sweep.
    """
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise unusable(path, f"is damaged: it is not JSON ({error})", name) from None
    if not isinstance(provenance, dict):
        raise unusable(path, "is damaged: it holds no provenance", name)
    whole = provenance.pop(_CHECKSUM, None) == _checksum(provenance)
    for field, kind in FIELDS.items():
        if field not in provenance or not isinstance(provenance[field], kind):
            kind = getattr(kind, "__name__", kind)
            raise unusable(path, f"is damaged: {field!r} is missing or no {kind}", name)
    if not all(isinstance(values, list) for values in provenance["axes"].values()):
        raise unusable(path, "is damaged: 'axes' must hold lists", name)
    # Both say what was computed: a flipped bit in one of them shows.
    along = {
        each: values
        for each, values in provenance["grid"].items()
        if isinstance(values, list)
    }
    repetitions = list(range(provenance["repetitions"]))
    if provenance["axes"] != {**along, grid.REPETITION: repetitions}:
        raise unusable(path, "is damaged: 'axes' are not those of 'grid'", name)
    code = provenance["code"]
    definitions = code.get("definitions")
    if not isinstance(code.get("sha256"), str) or not isinstance(definitions, dict):
        raise unusable(path, "is damaged: 'code' must hold a hash", name)
    if not isinstance(code.get("given"), list):
        raise unusable(
            path, "is damaged: 'code' must hold what the task is given", name
        )
    if not all(isinstance(names, dict) for names in definitions.values()):
        raise unusable(path, "is damaged: 'definitions' must hold hashes", name)
    if provenance["name"] != name:
        raise unusable(path, f"is of another sweep, {provenance['name']!r}", name)
    if not whole:
        raise unusable(path, "is damaged: it is not as it was written", name)
    return provenance


def write_provenance(path: Path, provenance: Mapping[str, Any]) -> None:
    """Write what lies beside the arrays with a checksum of its own, long lists last."""
    fields = {name: provenance[name] for name in provenance if name != _CHECKSUM}
    fields[_CHECKSUM] = _checksum(fields)
    fields["code"] = fields.pop("code")
    text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, lambda unfinished: unfinished.write_text(text, "utf-8"))


def _checksum(provenance: dict[str, Any]) -> str:
    """Return a hash of a provenance as JSON holds it."""
    held = json.loads(json.dumps(provenance))
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def versions(libraries: set[str]) -> dict[str, str]:
    """Return the versions of Python and of the libraries that code uses."""
    found = {"python": platform.python_version()}
    for top in sorted(libraries):
        for distribution in _distributions(top):
            found[distribution] = metadata.version(distribution)
    return found


@cache
def _distributions(top: str) -> list[str]:
    """Return what must be installed to import a name: scikit-learn for sklearn."""
    try:
        return [metadata.metadata(top)["Name"]]
    except metadata.PackageNotFoundError:
        # Looks into every installed package, which takes a while.
        return metadata.packages_distributions().get(top, [])


def _installed(distribution: str) -> str | None:
    """Return the version of a distribution, or of Python itself."""
    if distribution == "python":
        return platform.python_version()
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _sources(task: str, file: Path | None) -> Sources:
    """Return where a task's code is, and that of the cells' generators."""
    sources = Sources()
    files = {task.partition(":")[0]: file, grid.__name__: Path(grid.__file__)}
    for module, path in files.items():
        if path and sources.locate(module) is None:
            sources.files[module] = path
    return sources


def _find(module: str) -> Path | None:
    """Return the file of a module by its name; None if there is none."""
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):
        return None
    file = Path(spec.origin) if spec and spec.origin else None
    return file if file and file.is_file() else None
