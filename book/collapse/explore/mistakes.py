"""How a mistake in a figure is told: in one sentence, before any line of code.

Knows exceptions and IPython's hook for them; neither figures nor sliders.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import pathlib
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_OURS = str(pathlib.Path(__file__).parent)
_STANDARD = sysconfig.get_path("stdlib")


def told_first(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let what a function raises be told in a notebook by its message first.

    The traceback loses the lines of this package, up to the function's own. A notebook
    shows the message, what was noted about it, and the reader's lines; elsewhere the
    message stands last, as always.
    """

    @functools.wraps(function)
    def careful(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            vars(error)["_render_traceback_"] = functools.partial(_in_a_notebook, error)
            error.__traceback__ = _without_ours(error.__traceback__)
            raise

    return careful


@contextlib.contextmanager
def noted(where: str) -> Iterator[None]:
    """Note on whatever is raised where it was."""
    try:
        yield
    except Exception as error:
        error.add_note(where)
        raise


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this package."""
    kept = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OURS):
            kept.append(trace)
        trace = trace.tb_next
    rest = None
    for each in reversed(kept):
        rest = TracebackType(rest, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return rest


def _in_a_notebook(error: Exception) -> list[str]:
    """Lines that IPython shows in place of its own traceback."""
    told = "".join(traceback.format_exception_only(error)).rstrip()
    if (said := str(error)).startswith("\n"):  # of a formula: what is wrong stands last
        *where, what = said.strip().splitlines()
        told = told.replace(said, "\n".join([what, *where]), 1)
    frames = filter(_is_the_readers, traceback.extract_tb(error.__traceback__))
    lines = [told]
    for line, same in itertools.groupby(reversed([_told(frame) for frame in frames])):
        times = sum(1 for _ in same)
        lines.append(line if times == 1 else f"{line} ({times} times)")
    return lines


def _told(frame: traceback.FrameSummary) -> str:
    where = "" if frame.name == "<module>" else f"in {frame.name}, "
    return f"  {where}line {frame.lineno}: {frame.line}"


def _is_the_readers(frame: traceback.FrameSummary) -> bool:
    parts = pathlib.Path(frame.filename).parts
    is_installed = "site-packages" in parts or "dist-packages" in parts
    return not is_installed and not frame.filename.startswith((_OURS, _STANDARD))
