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

_SEED = 4
"""Few places of a text begin with a run of so many tokens that a row holds."""


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
    of_rows, of_text = _prefixes(tokens), _prefixes(text[None])[0]
    longest = _longest(of_rows, of_text, _SEED, tokens.shape[1])
    short = longest < _SEED
    longest[short] = _longest(of_rows[short], of_text, 1, _SEED - 1)
    return longest


def _longest(
    of_rows: np.ndarray, of_text: np.ndarray, least: int, most: int
) -> np.ndarray:
    """Return the length of each row's longest run, 0 where it is below `least`."""
    longest = np.zeros(len(of_rows), dtype=int)
    asked = np.arange(len(of_rows))
    powers = _powers(_BASE, len(of_text))
    # A run that stands in the text stands where its own beginning does.
    places = np.arange(len(of_text))
    for n in range(least, most + 1):
        places = places[: np.searchsorted(places, len(of_text) - n)]
        if not len(asked) or not len(places):
            break
        hashes = _runs(of_rows[asked], n)
        runs = (of_text[places + n] - of_text[places]) * powers[places]
        among = _among(runs, hashes)
        places = places[among]
        asked = asked[np.isin(hashes, runs[among]).any(1)]
        longest[asked] = n
    return longest


def _prefixes(tokens: np.ndarray) -> np.ndarray:
    """Return the hash of the first i tokens of each row, (rows, length + 1)."""
    # A sum of token * base**-i needs no loop, as the base is odd and has an inverse.
    inverse = np.uint64(pow(int(_BASE), -1, 2**64))
    powers = _powers(inverse, tokens.shape[1])
    hashes = np.zeros((len(tokens), tokens.shape[1] + 1), dtype=np.uint64)
    np.cumsum(_mixed(tokens) * powers, axis=1, out=hashes[:, 1:])
    return hashes


def _runs(prefixes: np.ndarray, n: int) -> np.ndarray:
    """Return the hash of each run of n tokens, (rows, length - n + 1)."""
    sums = prefixes[:, n:] - prefixes[:, :-n]
    return sums * _powers(_BASE, sums.shape[1])


def _powers(base: np.uint64, n: int) -> np.ndarray:
    """Return the first n powers of a number, (n,), beginning with itself."""
    return np.cumprod(np.full(n, base, dtype=np.uint64))


def _mixed(tokens: np.ndarray) -> np.ndarray:
    """Return a number of 64 bits for each token, unlike those of its neighbours."""
    mixed = tokens.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(32))


def _among(hashes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return which hashes are among those asked for, (n,) of bool."""
    low = np.uint64(2**_SIEVE - 1)
    table = np.zeros(2**_SIEVE, dtype=bool)
    table[asked.ravel() & low] = True
    among = table[hashes & low]
    among[among] = np.isin(hashes[among], asked)
    return among
