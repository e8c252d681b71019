"""How many points a share of a sample is: one rule for loop, exact laws and theory.

Ground floor: it knows numpy and the checks at the door.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

# Shares such as 0.145 are not exact in binary: 0.145 * 100 is 14.499999999999998.
ROUNDING = 1e-9
"""What a share times a size may miss a half or a whole number by."""


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


def shares_of_chains(
    name: str, share: float | Sequence[float], chains: int
) -> np.ndarray:
    """Return the share of each chain, shape (chains,).

    Parameters
    ----------
    name : str
        The argument's name.
    share : float or sequence of float
        Shared, or one for each chain.
    chains : int

    Raises
    ------
    ValueError
        If there are shares for another number of chains.
    """
    each = np.atleast_1d(share)
    if np.ndim(share) and len(each) != chains:
        raise ValueError(
            f"{name} must be one number or one for each of {chains} chains, "
            f"got {len(each)}"
        )
    return np.broadcast_to(each, chains)
