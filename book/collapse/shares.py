"""How many points a share of a sample is: one rule for loop, exact laws and theory.

Ground floor: it knows numpy and the checks at the door.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

# Shares such as 0.145 are not exact in binary: 0.145 * 100 is 14.499999999999998.
ROUNDING = 1e-9
"""What a share times a size may miss a half or a whole number by."""

Shares = float | Sequence[float] | Sequence[Sequence[float]] | np.ndarray
"""One share, one for each chain, or a row for each generation after the first."""


def share_counts(shares: Any, sizes: Any) -> np.ndarray:
    """Return round(share · size), halves up, at most the size.

    Parameters
    ----------
    shares : float or array
        In [0, 1].
    sizes : int or array of int
        Sample sizes; the shapes broadcast.

    Returns
    -------
    array of int
    """
    counts = np.floor(np.multiply(shares, sizes) + 0.5 + ROUNDING).astype(np.int64)
    return np.minimum(counts, sizes)


def shares_by_generation(
    name: str, share: Shares, generations: int, chains: int
) -> np.ndarray:
    """Return the share of each generation and chain, shape (generations, chains).

    Parameters
    ----------
    name : str
        The argument's name.
    share : float or array, shape (chains,), (generations, chains) or (generations, 1)
        One for all, one for each chain, or a row for each generation but the first.
    generations : int
        How many generations follow generation 0, which sees real points only.
    chains : int

    Raises
    ------
    ValueError
        If there are shares for another number of chains or of generations.
    """
    each = np.asarray(share, dtype=float)
    if each.ndim == 1 and len(each) != chains:
        raise ValueError(
            f"{name} must be one number or one for each of {chains} chains, "
            f"got {len(each)} (one for each generation has shape ({generations}, 1))"
        )
    if each.ndim == 2 and each.shape not in ((generations, chains), (generations, 1)):
        raise ValueError(
            f"{name} must have a row for each of generations 1 to {generations}, of 1 "
            f"or {chains} numbers, got shape {each.shape}"
        )
    return np.broadcast_to(each, (generations, chains))
