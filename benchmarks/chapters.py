"""Each chapter run as a student would: time and peak memory of its kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .table import ROOT, Row

RUNNER = """
import resource, sys, time
import jupytext
import nbformat
from nbclient import NotebookClient

notebook = jupytext.read(sys.argv[1])
notebook.cells.append(nbformat.v4.new_code_cell(
    "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
))
start = time.perf_counter()
client = NotebookClient(notebook, timeout=300, kernel_name="python3")
client.execute()
print(time.perf_counter() - start, notebook.cells[-1].outputs[0].text.strip())
"""


def measure() -> Iterator[Row]:
    """Restart and run all on one core."""
    for path in sorted((ROOT / "book").glob("*.md")):
        if "{code-cell}" not in path.read_text(encoding="utf-8"):
            continue
        elapsed, kilobytes = _run(path)
        yield Row(f"{path.stem}: restart and run all, one core", elapsed, "s", 60)
        megabytes = kilobytes / 1024
        yield Row(f"{path.stem}: peak memory of its kernel", megabytes, "MB", 1_024)


def _run(path: Path) -> tuple[float, float]:
    core = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None

    def on_one_core() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    finished = subprocess.run(
        [sys.executable, "-c", RUNNER, path.name],
        cwd=path.parent,
        preexec_fn=on_one_core,
        capture_output=True,
        text=True,
        check=True,
    )
    elapsed, kilobytes = finished.stdout.split()[-2:]
    return float(elapsed), float(kilobytes)
