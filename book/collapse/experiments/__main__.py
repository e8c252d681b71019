"""The command behind `make data`: make results that are missing or out of date."""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import collapse.experiments as package

from ..sweep import Result, Sweep, UnusableResultError, load, run, save
from ..sweep.files import read
from ..sweep.provenance import other_versions
from ..sweep.restamp import NoRestampError, restamp
from ..sweep.runner import CELLS


def main(arguments: list[str] | None = None) -> int:
    """Run the experiments that are named, or all; return 1 if one cannot be kept."""
    sweeps = all_sweeps()
    parser = argparse.ArgumentParser(prog="collapse.experiments", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(sweeps)}; or all")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--force", action="store_true", help="also what is current")
    parser.add_argument(
        "--restamp",
        action="store_true",
        help="keep results whose code was changed, if a cheap cell computed with the "
        "code that made them and with today's is the same to the last bit",
    )
    parser.add_argument("--jobs", type=int, default=-1, help="cells at a time")
    parser.add_argument(
        "--set",
        nargs="+",
        type=_assignment,
        metavar="PARAMETER=VALUE",
        help="run one experiment with other parameters, such as width=512; what it "
        "finds goes into _build/results and leaves the book's results alone; with "
        "--restamp, the parameters of the cell that is computed",
    )
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(sweeps)
    if unknown:
        parser.error(f"no experiment {min(unknown)!r}, only {list(sweeps)}")
    changed = dict(options.set or {})
    if changed:
        if len(options.names) != 1:
            parser.error("--set needs the name of one experiment")
        try:
            sweep = sweeps[options.names[0]].with_grid(**changed)
        except ValueError as error:
            parser.error(str(error))
    if changed and not options.restamp:
        made = run(sweep, n_jobs=options.jobs)
        print(f"  wrote {save(made, CELLS.with_name('results'))}", flush=True)
        return 0
    names = options.names or list(sweeps)
    if options.restamp:
        kept = [keep(name, changed) for name in names]
        return 0 if all(kept) else 1
    for name in names:
        state, is_current = describe(sweeps[name])
        print(f"{name}: {state}", flush=True)
        if options.list or (is_current and not options.force):
            continue
        known = None if options.force else _saved(name)
        made = run(sweeps[name], known=known, n_jobs=options.jobs)
        print(f"  wrote {save(made)}", flush=True)
        if read(name).provenance["commit"] is None:
            print("  no commit holds its code yet; RESTAMP=1 notes the one that will")
        hand_out = getattr(_module(name), "hand_out", None)
        if hand_out is not None and not hand_out(read(name)):
            print(
                "  what it hands out to readers beside was made elsewhere: not renewed"
            )
    return 0


def _assignment(text: str) -> tuple[str, Any]:
    """Read ``width=512``, ``text=folder`` or ``real_fraction=[0,0.1]``."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not PARAMETER=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def all_sweeps() -> dict[str, Sweep]:
    """Return the sweep of each experiment, by the name of its module."""
    names = [each.name for each in pkgutil.iter_modules(package.__path__)]
    return {name: _module(name).SWEEP for name in names if not name.startswith("_")}


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{package.__name__}.{name}")


def describe(sweep: Sweep) -> tuple[str, bool]:
    """Say in what state the saved result is, and whether it can be used as it is."""
    cells = f"{len(sweep.cells())} cells"
    try:
        provenance = load(sweep.name).provenance
    except UnusableResultError as error:
        return f"{cells} to make; {error}", False
    minutes = provenance["compute_seconds"] / 60
    others = ", ".join(
        f"{name} {then} (here {now or 'none'})"
        for name, (then, now) in other_versions(provenance).items()
    )
    under = f"; made under {others}" if others else ""
    return f"is current; {cells}, {minutes:.1f} minutes on one core{under}", True


def keep(name: str, changed: Mapping[str, Any]) -> bool:
    """Restamp a result, say what was found, and return whether it can be used."""
    try:
        print(f"{name}: kept, {restamp(name, parameters=changed)}", flush=True)
    except (NoRestampError, UnusableResultError) as error:
        print(f"{name}: not kept, {error}", flush=True)
        return False
    return True


def _saved(name: str) -> Result | None:
    """Return a saved result, of whatever code; None if there is none that is whole."""
    try:
        return read(name)
    except UnusableResultError:
        return None


if __name__ == "__main__":
    sys.exit(main())
