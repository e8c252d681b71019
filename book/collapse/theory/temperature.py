"""Sampling at a temperature, without the noise of samples: prevention and cure.

Room of floor 2: it knows numpy and scipy.
"""

import numpy as np
from scipy.optimize import elementwise
from scipy.stats import entropy

from ..validation import interval_array, real_number, refuse, whole_array
from ._arguments import Numbers, checked_refits, checked_row, checked_temperature


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
    return checked_temperature(temperature) ** -(refits - 1)


def tempered_distribution(
    refits: Numbers,
    probabilities: Numbers,
    temperature: float,
    real_fraction: float = 0.0,
    start: Numbers | None = None,
) -> np.ndarray:
    """Return the word list after n refits at temperature τ, without sampling noise.

    Each refit maps q to ``γp + (1-γ) T(q)`` with T(q) proportional to ``q^(1/τ)``.

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    probabilities : array, shape (K,)
        p, the real distribution.
    temperature : float
        τ above 0.
    real_fraction : float
        γ in [0, 1].
    start : array, shape (K,), optional
        The model of the first refit, if that is not p.

    Returns
    -------
    array, shape (..., K)
        A row for each n.
    """
    refits, real = checked_refits(refits), checked_row(probabilities)
    share = real_number("real_fraction", real_fraction, 0, 1)
    power = 1 / checked_temperature(real_number("temperature", temperature, 0))
    row = real if start is None else interval_array("start", start, 0, 1)
    if row.shape != real.shape or abs(row.sum() - 1) > 1e-6:
        raise refuse("start", start, f"one row of {len(real)} that adds up to 1")
    result = np.empty((*refits.shape, len(real)))
    for done in range(1, int(refits.max()) + 1):
        result[refits == done] = row
        sharp = (row / row.max()) ** power
        row = share * real + (1 - share) * sharp / sharp.sum()
    return result


def tempered_effective_words(
    refits: Numbers,
    probabilities: Numbers,
    temperature: float,
    real_fraction: float = 0.0,
    start: Numbers | None = None,
) -> np.ndarray:
    """Return the exponential of the entropy of `tempered_distribution`.

    Source: derived in the appendix; Shannon (1948) for the entropy.

    Parameters
    ----------
    refits, probabilities, temperature, real_fraction, start
        As for `tempered_distribution`.
    """
    rows = tempered_distribution(
        refits, probabilities, temperature, real_fraction, start
    )
    return np.exp(entropy(rows, axis=-1))


def prevention_share(temperature: Numbers) -> np.ndarray:
    """Return the share of real data above which equal words stay equal: 1 - τ.

    Below it any small advantage of a word grows. At τ ≥ 1 no data is needed.

    Source: derived in the appendix, without sampling noise.

    Parameters
    ----------
    temperature : float or array
        τ above 0.
    """
    return np.maximum(1 - checked_temperature(temperature), 0)


def cure_share(temperature: Numbers, symbols: Numbers) -> np.ndarray:
    """Return the share of real data above which a collapsed word list recovers.

    The real distribution has K equal words. Below this share and above
    `prevention_share` both the equal words and a list that one word rules stay as
    they are. With two words the two shares are the same.

    ``K(1 - e^-(s-1)u) / ((e^u + K - 1)(1 - e^-su))``, s = 1/τ, at its largest: a
    saddle-node, where the state that one word rules disappears. u is the log-odds
    of that word against another.

    Source: derived in the appendix, without sampling noise.

    Parameters
    ----------
    temperature : float or array
        τ above 0.
    symbols : int or array
        K, at least 2.
    """
    temperature, symbols = np.broadcast_arrays(
        checked_temperature(temperature), whole_array("symbols", symbols, 2)
    )
    bends = (temperature < 1) & (symbols > 2)
    power = 1 / np.where(bends, temperature, 0.5)
    others = np.where(bends, symbols, 3) - 1

    def slope(u: np.ndarray, power: np.ndarray, others: np.ndarray) -> np.ndarray:
        gain, lost = (c / np.expm1(np.minimum(c * u, 700)) for c in (power - 1, power))
        return gain - lost - 1 / (1 + others * np.exp(-u))

    # The slope falls from 1/2 - 1/K, and is negative where the word holds a half.
    bracket = (1e-6 / power, np.log(others))
    u = elementwise.find_root(slope, bracket, args=(power, others)).x
    share = (others + 1) * np.expm1(-(power - 1) * u)
    share = share / ((np.exp(u) + others) * np.expm1(-power * u))
    return np.where(bends, share, prevention_share(temperature))[()]
