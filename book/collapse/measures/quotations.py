"""How much of a text is copied: the longest runs that stand in another one.

Runs are compared by hash, so that a text of ten million tokens takes seconds.
"""

from typing import Any

import numpy as np

from ..validation import finite_array, refuse

_BASE = np.uint64(0x9E3779B97F4A7C15)
"""An odd number of 64 bits: a run's hash is its polynomial at it, modulo 2**64."""

_SIEVE = 24
"""So many bits of a hash are looked up in a table before all of them are compared."""


def longest_quotations(tokens: Any, text: Any) -> np.ndarray:
    """Return for each row the length of its longest run that stands in a text.

    Parameters
    ----------
    tokens : array of int, shape (rows, length)
    text : array of int, shape (n,)
        What may have been copied. Between two works put a token that no row holds.

    Returns
    -------
    array of int, shape (rows,)
        Too long with a probability below one in a million, where two hashes agree by
        chance.

    Raises
    ------
    ValueError
        If these are no whole numbers of such shapes.
    """
    tokens, text = finite_array("tokens", tokens, axes=2), finite_array("text", text)
    for name, array, axes in (("tokens", tokens, 2), ("text", text, 1)):
        if array.ndim != axes or array.dtype.kind not in "iu":
            raise refuse(name, array, f"whole numbers along {axes} axes")
    rows, length = tokens.shape
    of_rows, of_text = _prefixes(tokens), _prefixes(text[None])
    # What a run holds of length n it holds of n - 1: found by halving.
    least, most = np.zeros(rows, dtype=int), np.full(rows, length)
    while (least < most).any():
        middle = (least + most + 1) // 2
        for n in np.unique(middle[least < most]):
            asked = (middle == n) & (least < most)
            hashes = _runs(of_rows[asked], n)
            found = np.isin(hashes, _those_of(_runs(of_text, n)[0], hashes)).any(1)
            least[asked] = np.where(found, n, least[asked])
            most[asked] = np.where(found, most[asked], n - 1)
    return least


def _prefixes(tokens: np.ndarray) -> np.ndarray:
    """Return the hash of the first i tokens of each row, (rows, length + 1)."""
    # A sum of token * base**-i needs no loop, as the base is odd and has an inverse.
    inverse = np.uint64(pow(int(_BASE), -1, 2**64))
    powers = np.cumprod(np.full(tokens.shape[1], inverse, dtype=np.uint64))
    hashes = np.zeros((len(tokens), tokens.shape[1] + 1), dtype=np.uint64)
    np.cumsum(_mixed(tokens) * powers, axis=1, out=hashes[:, 1:])
    return hashes


def _runs(prefixes: np.ndarray, n: int) -> np.ndarray:
    """Return the hash of each run of n tokens, (rows, length - n + 1)."""
    sums = prefixes[:, n:] - prefixes[:, :-n]
    powers = np.cumprod(np.full(sums.shape[1], _BASE, dtype=np.uint64))
    return sums * powers


def _mixed(tokens: np.ndarray) -> np.ndarray:
    """Return a number of 64 bits for each token, unlike those of its neighbours."""
    mixed = tokens.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(32))


def _those_of(hashes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the few hashes that may be among those asked for."""
    low = np.uint64(2**_SIEVE - 1)
    table = np.zeros(2**_SIEVE, dtype=bool)
    table[asked.ravel() & low] = True
    return hashes[table[hashes & low]]
