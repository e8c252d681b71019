"""Sampling at a temperature, without the noise of samples.

Room of floor 2: it knows numpy.
"""

import numpy as np

from ..validation import interval_array, refuse
from ._arguments import Numbers, checked_refits


def log_odds_gain(refits: Numbers, temperature: Numbers) -> np.ndarray:
    """Return by what factor n refits multiply all log-odds, without sampling noise.

    ``τ^-(n-1)`` if every model speaks at temperature τ: generation 0 is fitted to
    real data, which nobody sharpens.

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    temperature : float or array
        τ above 0.
    """
    refits = checked_refits(refits)
    temperature = interval_array("temperature", temperature, 0)
    if np.any(temperature == 0):
        raise refuse("temperature", temperature, "greater than 0")
    return temperature ** -(refits - 1)
