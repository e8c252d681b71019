"""How numbers are written in figures and sentences. Floor 0: knows nothing else."""

from __future__ import annotations


def grouped(number: float) -> str:
    """Return a number with its thousands apart from five digits on, as 10 000.

    Parameters
    ----------
    number : float
        From 10 000 on it is written as a whole number.

    Returns
    -------
    str
    """
    if abs(number) < 10_000:
        return f"{number:g}"
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def per_cent(share: float, digits: int = 0) -> str:
    """Return a share in [0, 1] as a sentence shows it: 12.5 %.

    Parameters
    ----------
    share : float
        What is shown as a percentage.
    digits : int
        So many after the point.

    Returns
    -------
    str
        The sign stays with its number at the end of a line.
    """
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
