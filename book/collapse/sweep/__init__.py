"""Experiments too slow for a chapter: run a grid on all cores, keep it, trust it.

`run` computes the cells of a `Sweep` in parallel and continues where it was stopped;
`save` and `load` keep a result beside the book, with its provenance. Floor 3: it
knows nothing of models; an experiment, in `collapse.experiments`, brings its own.
"""

from .files import DATA, Result, load, save
from .grid import Sweep
from .provenance import UnusableResultError
from .runner import run

__all__ = ["DATA", "Result", "Sweep", "UnusableResultError", "load", "run", "save"]
