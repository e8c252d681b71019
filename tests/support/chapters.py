"""Runs a chapter's cells as a kernel would and keeps the figures it explores."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import linspace

import collapse.explore
from collapse.explore import ExploredFigure
from collapse.explore.sliders import SettledSlider, settle
from collapse.explore.stage import closed_afterwards

BOOK = Path(__file__).parents[2] / "book"


@dataclass
class Exploration:
    """A figure that a chapter explores, and the function that draws its states."""

    figure: Figure
    update: Callable[..., str | tuple[str, str] | None]
    title_axes: Axes | None
    name: str
    sliders: tuple[SettledSlider, ...]
    record: Callable[[], ExploredFigure]
    style: dict

    @property
    def start(self) -> list[int]:
        """The state that is shown first."""
        return [slider.start_index for slider in self.sliders]

    @functools.cached_property
    def explored(self) -> ExploredFigure:
        """What a reader gets. All states are drawn for it: the build did so before."""
        with plt.rc_context(self.style):
            return self.record()

    def draw(self, positions: list[int]) -> str:
        """Draw a state with matplotlib alone; return its caption."""
        values = {
            slider.name: slider.values[index]
            for slider, index in zip(self.sliders, positions, strict=True)
        }
        with plt.rc_context(self.style):  # for what update draws anew, and the title
            said = self.update(**values)
            if isinstance(said, tuple):
                title, said = said
                (self.title_axes or self.figure.axes[0]).set_title(title)
        return said or ""


@dataclass
class Run:
    """What a chapter did: its figures, its namespace, its cells' last values."""

    explorations: list[Exploration] = field(default_factory=list)
    names: dict = field(default_factory=dict)
    values: list[object] = field(default_factory=list)


@functools.cache
def run_chapter(path: Path) -> Run:
    """Run all code cells of a MyST notebook, once in a test session."""
    run = Run()
    run.names["__name__"] = "__chapter__"
    notebook = jupytext.read(path)
    with _beside(path), _listening(run.explorations):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                run.values.append(_run_cell(cell.source, run.names))
    return run


def with_chapter(path: Path) -> pytest.MarkDecorator:
    """Mark a test that runs a chapter: it stays with the chapter's own file of tests.

    On several cores they then share one run.
    """
    return pytest.mark.xdist_group(f"test_{path.stem.replace('-', '_')}")


def sweep(
    sizes: list[int], start: list[int], most: int | None = None
) -> Iterator[tuple[int, list[int]]]:
    """Yield (slider moved, positions): each slider end to end, the others at start.

    With ``most`` at so many places at the most, evenly apart. Then once more with the
    others at their ends, at both ends and in the middle only.
    """
    ends = [size - 1 for size in sizes]
    for axis, size in enumerate(sizes):
        few = min(size, most or size)
        for place in sorted({round(part) for part in linspace(0, size - 1, few)}):
            yield axis, [*start[:axis], place, *start[axis + 1 :]]
    for axis, size in enumerate(sizes):
        for place in sorted({0, size // 2, size - 1}):
            yield axis, [*ends[:axis], place, *ends[axis + 1 :]]


def _run_cell(source: str, names: dict) -> object:
    body = ast.parse(source).body
    last = None
    if body and isinstance(body[-1], ast.Expr):
        last = ast.Expression(body.pop().value)
    exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
    return eval(compile(last, "<cell>", "eval"), names) if last else None


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Stand in the chapter's folder, with matplotlib's own style afterwards."""
    before = Path.cwd()
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    try:
        with plt.rc_context():
            yield
    finally:
        os.chdir(before)
        sys.path.remove(str(path.parent))


@contextlib.contextmanager
def _listening(explorations: list[Exploration]) -> Iterator[None]:
    """Keep what is explored in here, in its first state; record what has no name.

    A chapter's name for ``explore`` may be called later on.
    """
    original = collapse.explore.explore
    options = inspect.signature(original).parameters
    listening = True

    @functools.wraps(original)
    def explore(fig, update, title_axes=None, name="", **others):
        record = functools.partial(original, fig, update, title_axes, name, **others)
        if not (listening and name):
            return record()
        sliders = settle({k: v for k, v in others.items() if k not in options})
        style = plt.rcParams.copy()  # the chapter's: it says where titles stand
        exploration = Exploration(fig, update, title_axes, name, sliders, record, style)
        with closed_afterwards(fig):
            exploration.draw(exploration.start)
            fig.draw_without_rendering()  # the layout is that of this state
            fig.set_layout_engine("none")
        explorations.append(exploration)
        return exploration

    collapse.explore.explore = explore
    try:
        yield
    finally:
        listening = False
        collapse.explore.explore = original
