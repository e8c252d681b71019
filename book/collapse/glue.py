"""Numbers that a chapter computes and its sentences show.

A sentence names one with MyST-NB's role ``glue``; it is never typed. Floor 4: knows how
MyST-NB keeps such a number in a notebook, which a reader's kernel does without.
"""

from __future__ import annotations

from IPython.display import display

from .numerals import grouped

__all__ = ["glue_all", "grouped", "learned_from"]
PREFIX = "application/papermill.record/"
"""Before the MIME type of what is kept and not shown."""


def learned_from(generation: int, real_fraction: float, what: str) -> str:
    """Say how much of what a generation learned from was real.

    Parameters
    ----------
    generation : int
        Generation 0 learns from real data only, whatever the share of later ones is.
    real_fraction : float
        In [0, 1].
    what : str
        Such as ``"points"``.

    Returns
    -------
    str
        Such as ``"10 % real points"`` or ``"real points only"``.
    """
    if generation == 0:
        return f"real {what} only"
    return f"{100 * real_fraction:g} % real {what}"


class Glued(dict[str, str]):
    """Texts by name, as the cell that glues them shows them below the sentences."""

    def __repr__(self) -> str:
        return f"In the text: {'; '.join(map(': '.join, self.items()))}"


def glue_all(numbers: dict[str, str]) -> dict[str, str]:
    """Glue texts by name, and return them for the cell to show.

    Parameters
    ----------
    numbers : dict of str to str
        Each text as a sentence is to show it.

    Returns
    -------
    dict of str to str
        The same, which shows itself as a sentence.
    """
    for name, text in numbers.items():
        kept = {"scrapbook": {"name": name, "mime_prefix": PREFIX}}
        display({f"{PREFIX}text/plain": repr(text)}, raw=True, metadata=kept)
    return Glued(numbers)
