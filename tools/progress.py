"""Say what is going on: a line that changes on a terminal, else one now and then."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

SILENCE = 20.0  # seconds; elsewhere than on a terminal


def clock(seconds: float) -> str:
    """A time as a reader says it: 8 s, 2 min 5 s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Progress:
    """While it is entered, shows what `now` returns beside the time that has passed.

    Lines that are to stay are printed with `say`.
    """

    def __init__(self, now: Callable[[], str], silence: float = SILENCE) -> None:
        self.now = now
        self.live = sys.stdout.isatty()
        self.silence = 0.5 if self.live else silence
        self.began = self.last = time.monotonic()
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._tick, daemon=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def say(self, line: str) -> None:
        with self.lock:
            self._clear()
            print(line, flush=True)
            self.last = time.monotonic()

    def __enter__(self) -> Progress:
        self.began = self.last = time.monotonic()
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.ended.set()
        self.thread.join()
        self._clear()

    def _clear(self) -> None:
        if self.live:
            print("\r\x1b[K", end="", flush=True)

    def _tick(self) -> None:
        while not self.ended.wait(min(self.silence, 1.0)):
            with self.lock:
                if time.monotonic() - self.last < self.silence:
                    continue
                line = f"  {clock(self.seconds)}: {self.now()}"
                if self.live:
                    width = shutil.get_terminal_size().columns - 1
                    print(f"\r\x1b[K{line[:width]}", end="", flush=True)
                else:
                    print(line, flush=True)
                    self.last = time.monotonic()
