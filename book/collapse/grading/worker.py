"""Runs the cells of a hand-in in a process of its own, within limits. Floor 4.

`supervisor` starts it and talks to it: a line of JSON asks for something on one pipe, a
line answers on the other. It knows nothing of otter-grader, whose place is taken by a
dummy: importing it takes seconds, and a hand-in has no business with it.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .. import exercises  # with all that tests rest on, before a hand-in can change it
from ..exercises.check import SITE
from ..exercises.form import NotAnsweredError

FILES = {
    "open", "os.chdir", "os.chmod", "os.link", "os.listdir", "os.mkdir", "os.remove",
    "os.rename", "os.rmdir", "os.scandir", "os.symlink", "os.truncate", "os.utime",
    "sqlite3.connect",
}  # fmt: skip
"""What Python reports of files, of which the grader's own are out of bounds."""

OTHERS = {
    "os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn",
    "os.spawn", "os.system", "pty.spawn", "socket.connect", "subprocess.Popen",
}  # fmt: skip
"""What leaves this process: another one, or the network."""

INSTALLS = re.compile(r"(?:^|\s)((?:pip3?|conda|mamba)['\"]?\s+install\b.*)", re.DOTALL)
"""A shell's command that installs packages, from the installer's name on."""

LONGEST = 2000
"""Characters of a message; what a hand-in raises may be longer."""

FORBIDDEN = (
    "A hand-in must not start other programs or use the network while it is graded."
)

GUARDED = {"builtins", "collapse", "math", "numpy"}
"""Packages on which tests rest, and which a hand-in may not change."""


class ForbiddenError(PermissionError):
    """Raised where a hand-in does what it must not; its text is a whole sentence."""


class Watch:
    """Denies what a hand-in may not do, and notes what it tried."""

    def __init__(self, hidden: list[str], allowed: list[str]) -> None:
        self.hidden, self.allowed = (
            [os.path.join(os.path.realpath(folder), "") for folder in folders]
            for folders in (hidden, allowed)
        )
        self.noted: list[str] = []
        self.modules = dict(guarded())
        self.originals = dict(originals(self.modules.values()))

    def audit(self, event: str, args: tuple) -> None:
        """Take what Python reports before it does it; raise to forbid it."""
        if event in FILES:
            for path in args[:2]:
                if isinstance(path, (str, bytes, os.PathLike)) and self.hides(path):
                    name = os.path.basename(os.fsdecode(path).rstrip(os.sep))
                    self.noted.append(f"tried to open {name!r}, the grader's")
                    raise ForbiddenError(f"A hand-in must not open {name!r}.")
        elif event in OTHERS:
            if event.startswith("os.kill"):
                self.noted.append("tried to end a program")
            raise ForbiddenError(FORBIDDEN)

    def hides(self, path: Any) -> bool:
        """Whether a file is one of the grader's, or of who grades."""
        place = os.path.join(os.path.realpath(os.fsdecode(path)), "")
        is_hidden = place.startswith(tuple(self.hidden))
        return is_hidden and not place.startswith(tuple(self.allowed))

    def restore(self) -> None:
        """Put back what a hand-in replaced, and note it."""
        for name, module in self.modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                self.noted.append(f"replaced {name}, on which the tests rest")
        for (place, name), value in self.originals.items():
            if getattr(place, name, None) is not value:
                setattr(place, name, value)
                whole = f"{place.__name__}.{name}"
                self.noted.append(f"replaced {whole}, on which the tests rest")

    def told(self) -> list[str]:
        """Return what was noted since the last time."""
        self.restore()
        noted, self.noted = self.noted, []
        return noted


def guarded() -> Iterator[tuple[str, ModuleType]]:
    """Yield the modules, by name, that a hand-in may not change."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in GUARDED and isinstance(module, ModuleType):
            yield name, module


def originals(modules: Iterable[ModuleType]) -> Iterator[tuple[tuple[Any, str], Any]]:
    """Yield each function, class and module that they name, and where."""
    for module in modules:
        places: list[Any] = [module]
        if module.__name__.startswith("collapse."):
            places += [each for each in vars(module).values() if isinstance(each, type)]
        for place in places:
            for name, value in list(vars(place).items()):
                is_code = callable(value) or isinstance(value, ModuleType)
                # Where getattr gives something else, such as a bound method, it is new.
                if is_code and getattr(place, name, None) is value:
                    yield (place, name), value


class Shell(InteractiveShell):
    """IPython's, without windows: figures are drawn and thrown away.

    It installs nothing and goes on: a student's own machine may have needed it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.skipped: list[str] = []

    def system(self, cmd: str) -> None:
        """Run ``!cmd`` or what ``%pip`` makes of it, unless it installs packages."""
        if found := INSTALLS.search(cmd):
            self.skipped.append(found[1].strip())
        else:
            super().system(cmd)

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: ``%matplotlib`` asks for it."""


class Session:
    """The notebook's names, and what is asked of them."""

    def __init__(self, watch: Watch, seconds: int) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.shell = Shell.instance(config=config)
        # What is shown is thrown away, so no figure need be drawn in all its states.
        show = self.shell.display_formatter
        assert show is not None
        show.active_types = ["text/plain"]
        show.mimebundle_formatter.enabled = False
        show.ipython_display_formatter.enabled = False
        self.shell.user_ns |= {"exit": sys.exit, "quit": sys.exit, "grader": Quiet()}
        self.watch, self.seconds = watch, seconds

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell; say what stopped it, if anything did."""
        limit_time(self.seconds)
        self.shell.skipped = []
        result = self.shell.run_cell(source)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        error = result.error_before_exec or result.error_in_exec
        return {
            "stopped": said(error) if error else None,
            "ended": isinstance(error, SystemExit),
            "no_memory": isinstance(error, MemoryError),
            "skipped": self.shell.skipped,
        }

    def grade(self, source: str) -> dict[str, Any]:
        """Run a problem's tests; say of each whether it passed, and why not."""
        self.watch.restore()
        limit_time(self.seconds)
        cases: list[Callable] = []
        stand_in("otter.test_files").test_case = lambda **_: cases.append  # type: ignore[attr-defined]
        exec(compile(source, "<tests>", "exec"), {"__name__": "tests"})
        errors = [outcome(case, self.shell.user_ns) for case in cases]
        return {
            "cases": [(not error, said(error) if error else "") for error in errors],
            "open": any(isinstance(error, NotAnsweredError) for error in errors),
        }


def outcome(case: Callable, names: dict[str, Any]) -> BaseException | None:
    """Call a test with the answers it asks for by name; return what it raises."""
    asked = inspect.signature(case).parameters
    try:
        case(**{each: names if each == "env" else names.get(each) for each in asked})
    except BaseException as error:
        return error
    return None


def said(error: BaseException) -> str:
    """What an author reads of an error: a hint alone where a test raised it."""
    if isinstance(error, SystemExit):
        return "The code ends the program (exit)."
    if isinstance(error, MemoryError):
        return "The code asks for more memory than there is for a hand-in."
    text = str(error)[:LONGEST]
    if isinstance(error, exercises.WrongAnswerError):
        return f"{text} See {SITE}{error.figure}" if error.figure else text
    if isinstance(error, (AssertionError, ForbiddenError)) and text:
        return text
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"Only the notebook is graded: no file {error.filename!r} is beside it."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Quiet:
    """Stands where a notebook expects otter-grader: checks nothing, says nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def stand_in(name: str) -> ModuleType:
    """Return an empty module under a name, the same each time."""
    return sys.modules.setdefault(name, ModuleType(name))


def limit(megabytes: int) -> None:
    """Bound memory and files, where the system can (Linux; macOS bounds no memory)."""
    statm, used = Path("/proc/self/statm"), 0
    if statm.exists():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
    for what, size in (
        (resource.RLIMIT_AS, used + megabytes * 2**20),
        (resource.RLIMIT_FSIZE, 2**28),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (size, size))


def limit_time(seconds: int) -> None:
    """Let the system end this process once it has computed for so long from now on."""
    most = math.ceil(time.process_time()) + seconds
    with contextlib.suppress(OSError, ValueError):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def main() -> None:
    """Answer line by line until the supervisor is gone."""
    asked, answers = (
        os.fdopen(int(descriptor), mode, encoding="utf-8")
        for descriptor, mode in zip(sys.argv[1:], "rw", strict=True)
    )
    sys.argv[1:] = []
    settings = json.loads(asked.readline())
    stand_in("otter").Notebook = Quiet  # type: ignore[attr-defined]
    watch = Watch(settings["hidden"], [*settings["allowed"], *sys.path])
    session = Session(watch, settings["seconds"])
    limit(settings["megabytes"])
    sys.addaudithook(watch.audit)
    answers.write("{}\n")  # ready
    answers.flush()
    for line in asked:
        reply: dict[str, Any] = {}
        for verb, source in json.loads(line).items():
            reply |= getattr(session, verb)(source)
        sys.stdout.flush()
        answers.write(json.dumps({**reply, "noted": watch.told()}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
