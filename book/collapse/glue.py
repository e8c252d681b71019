"""Numbers that a chapter computes and its sentences show.

A sentence names one with MyST-NB's role ``glue``; it is never typed. Floor 4: knows
MyST-NB, and nothing of this book.
"""

from __future__ import annotations

import myst_nb


def glue_all(numbers: dict[str, str]) -> dict[str, str]:
    """Glue texts by name, and return them for the cell to show.

    Parameters
    ----------
    numbers : dict of str to str
        Each text as a sentence is to show it.

    Returns
    -------
    dict of str to str
        The same.
    """
    for name, text in numbers.items():
        myst_nb.glue(name, text, display=False)
    return numbers
