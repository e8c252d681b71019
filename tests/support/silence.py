"""Warnings as errors, where none may come."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Let any warning in here be an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # What an earlier test has left open is told of when Python tidies up.
        warnings.simplefilter("ignore", ResourceWarning)
        yield
