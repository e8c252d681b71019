"""What can be counted in texts, and how what was counted is spread.

Leading axes are chains.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..validation import finite_array, refuse, whole_number, wide


def distinct_ngrams(tokens: Any, n: int, ignore: Sequence[int] = ()) -> np.ndarray:
    """Return distinct-n: which share of all runs of `n` tokens are different ones.

    It falls as texts repeat themselves or one another, and also as there are more of
    them: compare equally large sets. Source: Li et al. (2016), "A diversity-promoting
    objective function for neural conversation models".

    Parameters
    ----------
    tokens : array of int, shape (..., documents, length)
    n : int
        At least 1.
    ignore : sequence of int
        Runs that hold one of these tokens do not count: padding, ends.

    Returns
    -------
    array, shape (...)
        In [0, 1]; 0 if there is no run at all.

    Raises
    ------
    ValueError
        If tokens are no whole numbers or a row is shorter than `n`.
    """

    def share(runs: np.ndarray, counted: np.ndarray) -> float:
        kept = runs[counted]
        return len(np.unique(kept, axis=0)) / max(len(kept), 1)

    return _of_each_set(tokens, n, ignore, share)


def repeated_ngrams(tokens: Any, n: int, ignore: Sequence[int] = ()) -> np.ndarray:
    """Return which share of all runs of `n` tokens stood in their row before.

    Unlike `distinct_ngrams` it sees how a text repeats itself, not how it resembles
    others. Source: Welleck et al. (2020), "Neural text generation with unlikelihood
    training", for one text.

    Parameters
    ----------
    tokens, n, ignore
        As for `distinct_ngrams`.

    Returns
    -------
    array, shape (...)
        In [0, 1); 0 if there is no run at all.

    Raises
    ------
    ValueError
        As `distinct_ngrams`.
    """

    def share(runs: np.ndarray, counted: np.ndarray) -> float:
        rows = np.broadcast_to(np.arange(len(runs))[:, None], counted.shape)
        kept = np.concatenate([rows[counted][:, None], runs[counted]], axis=-1)
        return 1 - len(np.unique(kept, axis=0)) / len(kept) if len(kept) else 0.0

    return _of_each_set(tokens, n, ignore, share)


def vocabulary_in_use(tokens: Any, ignore: Sequence[int] = ()) -> np.ndarray:
    """Return how many different tokens a set of documents holds.

    Parameters
    ----------
    tokens : array of int, shape (..., documents, length)
    ignore : sequence of int
        Tokens that do not count.

    Returns
    -------
    array of int, shape (...)

    Raises
    ------
    ValueError
        If tokens are no whole numbers.
    """

    def number(runs: np.ndarray, counted: np.ndarray) -> int:
        return len(np.unique(runs[counted]))

    return _of_each_set(tokens, 1, ignore, number)


def histogram(values: Any, edges: Any) -> np.ndarray:
    """Return how many values fall into each bin, with nothing left out.

    Parameters
    ----------
    values : array, shape (..., n)
    edges : array, shape (bins + 1,)
        Ascending. What lies below the first edge counts in the first bin, what lies
        above the last one in the last bin.

    Returns
    -------
    array of int, shape (..., bins)

    Raises
    ------
    ValueError
        If `values` is not finite, or `edges` do not ascend.
    """
    values = finite_array("values", values, axes=1)
    edges = wide(finite_array("edges", edges, axes=1))
    if edges.ndim != 1 or len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise refuse("edges", edges, "two or more ascending numbers")
    inside = np.clip(values, edges[0], edges[-1])
    return np.apply_along_axis(lambda row: np.histogram(row, edges)[0], -1, inside)


def _of_each_set(
    tokens: Any, n: int, ignore: Sequence[int], ask: Callable[..., float]
) -> np.ndarray:
    """Ask each set of documents about its runs of `n` tokens."""
    n = whole_number("n", n, 1)
    tokens = finite_array("tokens", tokens, axes=2)
    if tokens.dtype.kind == "f":
        raise refuse("tokens", tokens, "whole numbers")
    if tokens.shape[-1] < n:
        raise ValueError(
            f"tokens must have rows of at least n = {n}, got shape {tokens.shape}"
        )
    runs = np.lib.stride_tricks.sliding_window_view(tokens, n, axis=-1)
    counted = np.logical_not(np.isin(runs, list(ignore)).any(axis=-1))
    answers = [
        ask(runs[index], counted[index]) for index in np.ndindex(runs.shape[:-3])
    ]
    return np.array(answers).reshape(runs.shape[:-3])
