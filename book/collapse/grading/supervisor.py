"""Runs a hand-in problem by problem and ends what does not end by itself. Floor 4.

The cells run in a `worker`. Where one takes too long, ends the process or fills the
screen, the process is killed, and a new one runs the cells before it again, but not
that one: its problem is lost, the others are graded.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import select
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib

CHECK = re.compile(r"""grader\.check\(\s*["'](\w+)["']""")
PACKAGE = Path(__file__).resolve().parents[2]
ENDS = "ends the program"
START = 120
"""Seconds that a process may take to begin, on a busy machine."""


@dataclass(frozen=True)
class Limits:
    """What a hand-in may take."""

    seconds: int = 60
    """Of computing, of a cell and of the tests of a problem."""

    patience: float = 5
    """How many times as long they may take on a busy machine, or sleep."""

    total_seconds: float = 1200
    """That a whole notebook may take."""

    megabytes: int = 3000
    """Of memory, beyond what the interpreter itself takes."""

    characters: int = 500_000
    """That a cell prints."""


@dataclass
class Verdict:
    """What became of a problem."""

    cases: list[tuple[bool, str]] = field(default_factory=list)
    """Of each test, whether it passed, and a hint where it did not."""

    lost: str = ""
    """Why all points are lost, whatever the tests say."""

    remarks: list[str] = field(default_factory=list)
    """What stopped a cell of the problem."""

    skipped: list[str] = field(default_factory=list)
    """Its commands that install packages, which were not run."""

    is_open: bool = True
    """Whether an answer is still missing."""

    def lose(self, reason: str) -> None:
        """Take all points; the first reason is told."""
        self.lost = self.lost or reason


class StoppedError(Exception):
    """Raised when the worker was ended; its text says what the hand-in does."""


class Worker:
    """A process that runs cells, see `worker`; after ``deadline`` all is over."""

    def __init__(self, limits: Limits, hidden: Iterable[str], deadline: float) -> None:
        self.limits, self.deadline, self.is_open = limits, deadline, True
        self.folder = tempfile.TemporaryDirectory(
            prefix="hand-in-", ignore_cleanup_errors=True
        )
        place = Path(self.folder.name)
        Path(place, "run").mkdir()
        self.printed = Path(place, "printed")
        theirs, self.to = os.pipe()
        self.back, answers = os.pipe()
        with self.printed.open("wb") as printed:
            # -P: what a hand-in writes there is not imported in place of a module.
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", f"{__package__}.worker"),
                    *(f"{theirs}", f"{answers}"),
                ],
                cwd=place / "run",
                env=_environment(place),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs, answers),
                start_new_session=True,
            )
        os.close(theirs)
        os.close(answers)
        settings = {
            "hidden": [*hidden],
            "allowed": [self.folder.name, *_allowed()],
            "megabytes": limits.megabytes,
            "seconds": limits.seconds,
        }
        try:
            self._send(settings)
            self._answer(START)
        except StoppedError:
            self.close()
            raise

    def ask(self, verb: str, source: str) -> dict[str, Any]:
        """Have a cell ``run``, or a problem's tests ``grade`` the answers.

        Parameters
        ----------
        verb : str
            What to do.
        source : str
            The code to do it with.

        Returns
        -------
        dict
            What `worker.Session` says of it, and what was noted.

        Raises
        ------
        StoppedError
            If the process ended, or had to be ended.
        """
        try:
            self._send({verb: source})
            reply = json.loads(self._answer(self.limits.seconds * self.limits.patience))
            if reply.get("ended"):
                raise StoppedError(ENDS)
        except StoppedError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            reason = self._ended()
            self.close()
            raise StoppedError(reason) from error
        return reply

    def close(self) -> None:
        """End the process and all that it started, and remove what it wrote."""
        if not self.is_open:
            return
        self.is_open = False
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.back)
        self.folder.cleanup()

    def _answer(self, seconds: float) -> bytes:
        """Wait for a line, as long as nothing goes beyond the limits."""
        begun, before, line = time.monotonic(), self._size(), b""
        total, most = self.limits.total_seconds, self.limits.characters
        while not line.endswith(b"\n"):
            now = time.monotonic()
            if now >= self.deadline:
                raise StoppedError(f"is in a notebook that runs for over {total:g} s")
            if now >= begun + seconds:
                raise StoppedError(self._too_long())
            if select.select([self.back], [], [], 0.1)[0]:
                part = os.read(self.back, 2**16)
                if not part:
                    raise StoppedError(self._ended())
                line += part
            if self._size() - before > most:
                raise StoppedError(f"prints more than {most} characters")
        return line

    def _too_long(self) -> str:
        return f"runs for over {self.limits.seconds} seconds"

    def _ended(self) -> str:
        """Say why the process ends: the system stops what computes for too long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        is_limit = self.process.returncode == -signal.SIGXCPU
        return self._too_long() if is_limit else ENDS

    def _size(self) -> int:
        return self.printed.stat().st_size

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.to, data) :]


def _environment(home: Path) -> dict[str, str]:
    """Return the worker's surroundings: nobody's home; one thread, as others grade."""
    return os.environ | {
        "HOME": str(home),
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": matplotlib.get_cachedir(),  # or it would list the fonts anew
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(PACKAGE),
    }


def _allowed() -> list[str]:
    """Return where Python and what is installed lie, which may be in a home."""
    return [
        *(sys.prefix, sys.base_prefix, site.getusersitepackages()),
        *(*site.getsitepackages(), str(PACKAGE), matplotlib.get_cachedir()),
    ]


def owners(cells: list[dict[str, Any]]) -> list[str]:
    """Return the problem to which each cell belongs, "" where it is none's.

    The cells that students get say so in their metadata; those that they add belong to
    the cell before. Where the metadata are lost, a problem ends with its check.
    """
    noted = [cell["metadata"].get("problem") for cell in cells]
    names = [name if isinstance(name, str) else None for name in noted]
    if any(names):
        known, here = [], ""
        for name in names:
            here = here if name is None else name
            known.append(here)
        return known
    known, here = [], ""
    for cell in reversed(cells):
        found = CHECK.search(cell["source"])
        here = found[1] if found else here
        known.append(here)
    return known[::-1]


def supervise(
    cells: list[dict[str, Any]],
    tests: Mapping[str, str],
    limits: Limits,
    hidden: Iterable[str] = (),
) -> dict[str, Verdict]:
    """Run a notebook, and after the cells of each problem its tests.

    Where a problem's cells stand in several places its tests run after each of them.
    The last run counts, but no later place takes back what was lost or said before.
    What is not answered there may be answered in a later cell, which the end shows.

    Parameters
    ----------
    cells : list of dict
        The cells, as in a notebook's JSON.
    tests : mapping of str to str
        The file of tests of each problem, by the problem's name.
    limits : Limits
        What it may take.
    hidden : iterable of str
        Folders that it must not open.

    Returns
    -------
    dict
        The verdict on each problem that has tests.
    """
    run = _Run(limits, [*hidden])
    verdicts: defaultdict[str, Verdict] = defaultdict(Verdict)
    try:
        named = zip(owners(cells), cells, strict=True)
        for name, group in itertools.groupby(named, key=lambda pair: pair[0]):
            for _, cell in group:
                if cell["cell_type"] == "code":
                    run.cell(cell["source"], verdicts[name])
            if name in tests:
                run.tests(tests[name], verdicts[name])
        for name in tests:
            verdict = verdicts[name]
            if verdict.is_open and not verdict.lost:
                before = verdict.cases
                run.tests(tests[name], verdict)
                if before:  # a name may have got another meaning since
                    both = zip(before, verdict.cases, strict=True)
                    verdict.cases = [old if old[0] else new for old, new in both]
    finally:
        run.worker.close()
    return {name: verdicts[name] for name in tests}


class _Run:
    """A worker, and what another one must run to get where it is."""

    def __init__(self, limits: Limits, hidden: list[str]) -> None:
        deadline = time.monotonic() + limits.total_seconds
        self.start = functools.partial(Worker, limits, hidden, deadline)
        self.worker = self.start()
        self.done: list[str] = []
        self.over = ""  # why nothing runs any more

    def cell(self, source: str, verdict: Verdict) -> None:
        """Run a cell, and keep what is to be said of it."""
        reply = self._ask("run", source, verdict)
        if reply is None:
            return
        self.done.append(source)
        verdict.skipped += reply["skipped"]
        if reply["no_memory"]:
            verdict.lose("asks for more memory than a hand-in has")
        elif reply["stopped"]:
            verdict.remarks.append(reply["stopped"])

    def tests(self, source: str, verdict: Verdict) -> None:
        """Run a problem's tests."""
        reply = self._ask("grade", source, verdict)
        if reply is not None:
            verdict.cases = [(passed, said) for passed, said in reply["cases"]]
            verdict.is_open = reply["open"]

    def _ask(self, verb: str, source: str, verdict: Verdict) -> dict[str, Any] | None:
        if self.over:
            verdict.lose(self.over)
            return None
        try:
            reply = self.worker.ask(verb, source)
        except StoppedError as reason:
            verdict.lose(str(reason))
            try:
                self._begin_again()
            except StoppedError as end:
                self.over = str(end)
            return None
        for noted in reply["noted"]:
            verdict.lose(noted)
        return reply

    def _begin_again(self) -> None:
        """Bring a new worker to the same place, without what ends it this time."""
        self.worker = self.start()
        for source in list(self.done):
            try:
                self.worker.ask("run", source)
            except StoppedError:
                self.done.remove(source)
                self._begin_again()
                return
