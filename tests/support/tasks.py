"""Small tasks for sweeps, at the top level of a module so that workers find them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np


def draw(size, shift, rng):
    """Return two numbers of the cell's own generator, shifted, and its size."""
    return {"draws": shift + rng.standard_normal(2), "size": np.array(size)}


def label(word, rng):
    """Return the length of a word."""
    return {"length": np.array(len(word), dtype=np.uint8)}


def word(word, rng):
    """Return the word itself."""
    return {"word": np.array(word)}


def append(n, to, rng):
    """Return how many are in a list, of which one is put there now."""
    to.append(n)
    return {"count": np.array(len(to))}


def multiply(size, rng):
    """Return a product whose last digits depend on the order of summation."""
    left, right = rng.standard_normal((2, size, size))
    return {"product": left @ right}


def threads(number, rng):
    """Return how many threads BLAS and OpenMP may use here."""
    from threadpoolctl import threadpool_info

    return {"most": np.array(max(pool["num_threads"] for pool in threadpool_info()))}


def count_calls(folder, number, rng):
    """Leave a file for each call; end badly on number 3 if a file says how."""
    log = Path(folder)
    (log / f"call-{number}-{os.getpid()}-{time.time_ns()}").touch()
    if number == 3 and (log / "error").exists():
        raise ArithmeticError("number 3 does not work")
    if number == 3 and (log / "interrupt").exists():
        raise KeyboardInterrupt
    if number == 3 and (log / "kill").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 3 and (log / "wait").exists():
        time.sleep(600)
    return {"value": number + rng.standard_normal()}


def uneven(size, rng):
    """Return arrays whose shape depends on the cell."""
    return {"draws": rng.standard_normal(size)}


def nothing(size, rng):
    """Return what cannot be saved."""


def masked(size, rng):
    """Return numbers of which some are masked."""
    return {"draws": np.ma.masked_less(rng.normal(size=9), 0)}


def objects(size, rng):
    """Return an array of Python objects."""
    return {"draws": np.array([None, size])}
