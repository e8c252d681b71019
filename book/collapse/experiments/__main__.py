"""The command behind `make data`: make results that are missing or out of date."""

import argparse
import importlib
import json
import pkgutil
import sys
from typing import Any

import collapse.experiments as package

from ..sweep import Sweep, UnusableResultError, load, run, save
from ..sweep.runner import CELLS


def main(arguments: list[str] | None = None) -> int:
    """Run the experiments that are named, or all; return 0."""
    sweeps = all_sweeps()
    parser = argparse.ArgumentParser(prog="collapse.experiments", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(sweeps)}; or all")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--force", action="store_true", help="also what is current")
    parser.add_argument("--jobs", type=int, default=-1, help="cells at a time")
    parser.add_argument(
        "--set",
        nargs="+",
        type=_assignment,
        metavar="PARAMETER=VALUE",
        help="run one experiment with other parameters, such as width=512; what it "
        "finds goes into _build/results and leaves the book's results alone",
    )
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(sweeps)
    if unknown:
        parser.error(f"no experiment {min(unknown)!r}, only {list(sweeps)}")
    if options.set:
        if len(options.names) != 1:
            parser.error("--set needs the name of one experiment")
        try:
            sweep = sweeps[options.names[0]].with_grid(**dict(options.set))
        except ValueError as error:
            parser.error(str(error))
        made = run(sweep, n_jobs=options.jobs)
        print(f"  wrote {save(made, CELLS.with_name('results'))}", flush=True)
        return 0
    for name in options.names or sweeps:
        state, is_current = describe(sweeps[name])
        print(f"{name}: {state}", flush=True)
        if options.list or (is_current and not options.force):
            continue
        print(f"  wrote {save(run(sweeps[name], n_jobs=options.jobs))}", flush=True)
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
    return {
        name: importlib.import_module(f"{package.__name__}.{name}").SWEEP
        for name in names
        if not name.startswith("_")
    }


def describe(sweep: Sweep) -> tuple[str, bool]:
    """Say in what state the saved result is, and whether it can be used as it is."""
    cells = f"{len(sweep.cells())} cells"
    try:
        result = load(sweep.name)
    except UnusableResultError as error:
        return f"{cells} to make; {error}", False
    seconds = result.provenance["compute_seconds"]
    return f"is current; {cells}, {seconds / 60:.1f} minutes on one core", True


if __name__ == "__main__":
    sys.exit(main())
