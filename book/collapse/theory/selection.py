"""Samples that are chosen: the best by a reward, the better half, a soft verifier.

All without the noise of samples, unless a function says otherwise. Room of floor 2:
it knows numpy and scipy.
"""

import numpy as np
from scipy.optimize import elementwise

from ..validation import interval_array, refuse, whole_array
from ._arguments import Numbers, checked_refits, checked_share, checked_size

_LIFT = np.sqrt(2 / np.pi)  # the mean of |z|, z normal

BETTER_HALF_THRESHOLD = _LIFT / (1 + _LIFT)
"""Share of real data, 0.444, below which `better_half_variance` grows without end.

Source: derived in the appendix.
"""


def best_of_distribution(
    refits: Numbers, cumulative: Numbers, candidates: Numbers, real_fraction: Numbers
) -> np.ndarray:
    """Return F_n: how often a point is no better than x, if the best of K is kept.

    Of each training set a share γ is real and the others are the best of K samples:
    ``F' = γF_0 + (1-γ)F^K``. Without real data that is F_0^(K^(n-1)).

    Source: derived in the appendix; Ferbach et al. (2024) for the setting.

    Parameters
    ----------
    refits : int or array
        n.
    cumulative : float or array
        F_0 in [0, 1]: how often a real point has at most the reward of x.
    candidates : int or array
        K.
    real_fraction : float or array
        γ in [0, 1].
    """
    refits, real, candidates, share = np.broadcast_arrays(
        checked_refits(refits),
        interval_array("cumulative", cumulative, 0, 1),
        whole_array("candidates", candidates, 1),
        checked_share(real_fraction),
    )
    current = result = real
    for done in range(2, int(refits.max()) + 1):
        current = share * real + (1 - share) * current**candidates
        result = np.where(done <= refits, current, result)
    return result[()]


def best_item_share(
    frequency: Numbers, candidates: Numbers, real_fraction: Numbers
) -> np.ndarray:
    """Return the share in which the items of best reward end, if the best of K is kept.

    With frequency p it is 1 - F, F the root of ``F = γ(1-p) + (1-γ)F^K`` that lies
    below 1. At p = 0 it is the limit of ever rarer items: above 0 if and only if γ is
    below `best_of_threshold`; for K = 2 it is (1-2γ)/(1-γ).

    Source: derived in the appendix; Ferbach et al. (2024) for the setting.

    Parameters
    ----------
    frequency : float or array
        p in [0, 1]: how often a real point is such an item.
    candidates : int or array
        K.
    real_fraction : float or array
        γ in [0, 1].
    """
    rest, candidates, share = np.broadcast_arrays(
        1 - interval_array("frequency", frequency, 0, 1),
        whole_array("candidates", candidates, 1),
        checked_share(real_fraction),
    )

    def excess(
        f: np.ndarray, rest: np.ndarray, candidates: np.ndarray, share: np.ndarray
    ) -> np.ndarray:
        return share * rest + (1 - share) * f**candidates - f

    # The excess falls up to its least value and is not positive there.
    growth = np.maximum((1 - share) * candidates, 1)
    least = growth ** (-1 / np.maximum(candidates - 1, 1))
    arguments = (rest, candidates, share)
    root = elementwise.find_root(excess, (np.zeros(rest.shape), least), args=arguments)
    # The only candidate is no choice, and without real data any F stands still.
    return 1 - np.where(candidates == 1, rest, root.x)


def best_of_limit(
    cumulative: Numbers, candidates: Numbers, real_fraction: Numbers
) -> np.ndarray:
    """Return the F in which `best_of_distribution` ends.

    Source: derived in the appendix; Ferbach et al. (2024) for the setting.

    Parameters
    ----------
    cumulative, candidates, real_fraction
        As for `best_of_distribution`.
    """
    real = interval_array("cumulative", cumulative, 0, 1)
    share = best_item_share(1 - real, candidates, real_fraction)
    return np.where(real == 1, 1.0, 1 - share)[()]


def best_of_threshold(candidates: Numbers) -> np.ndarray:
    """Return the share of real data, 1 - 1/K, that holds the best item down.

    Below it the best item, however rare, ends with a share of its own.

    Source: derived in the appendix.

    Parameters
    ----------
    candidates : int or array
        K.
    """
    return 1 - 1 / whole_array("candidates", candidates, 1)


def better_half_mean(refits: Numbers, real_fraction: Numbers) -> np.ndarray:
    """Return the mean of a Gaussian that is fitted to the larger half of its samples.

    A share γ of each training set is real, N(0, 1). With i = √(2/π) the mean μ
    becomes (1-γ)(μ + iσ), without real data in the end 2.009.

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    real_fraction : float or array
        γ in [0, 1].
    """
    return _better_half(refits, real_fraction)[0]


def better_half_variance(refits: Numbers, real_fraction: Numbers) -> np.ndarray:
    """Return the variance of a Gaussian fitted to the larger half of its samples.

    As `better_half_mean`: σ² becomes γ + (1-γ)(1-i²)σ² + γ(1-γ)(μ + iσ)². Without
    real data it shrinks to (1-2/π)^(n-1); with a share below `BETTER_HALF_THRESHOLD`
    it grows without end.

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    real_fraction : float or array
        γ in [0, 1].
    """
    return _better_half(refits, real_fraction)[1]


def _better_half(refits: Numbers, real_fraction: Numbers) -> np.ndarray:
    """Return mean and variance after n refits, on a leading axis of two."""
    refits, share = np.broadcast_arrays(
        checked_refits(refits), checked_share(real_fraction)
    )
    mean, variance = np.zeros(refits.shape), np.ones(refits.shape)
    result = np.stack([mean, variance])
    for done in range(2, int(refits.max()) + 1):
        chosen = mean + _LIFT * np.sqrt(variance)
        mean = (1 - share) * chosen
        variance = share + (1 - share) * (1 - _LIFT**2) * variance
        variance = variance + share * mean * chosen
        result = np.where(done <= refits, [mean, variance], result)
    return result


def better_half_mean_limit(real_fraction: Numbers) -> np.ndarray:
    """Return where `better_half_mean` ends: r/√(1-r²) with r = i(1-γ)/γ.

    That is for γ above `BETTER_HALF_THRESHOLD`. Below it the mean is infinite, but
    for γ = 0, where it is i/(1-√(1-i²)) = 2.009.

    Source: derived in the appendix.

    Parameters
    ----------
    real_fraction : float or array
        γ in [0, 1].
    """
    share = checked_share(real_fraction)
    alone = _LIFT / (1 - np.sqrt(1 - _LIFT**2))
    mean = _pull(share) * np.sqrt(better_half_variance_limit(share))
    return np.where(share == 0, alone, mean)[()]


def better_half_variance_limit(real_fraction: Numbers) -> np.ndarray:
    """Return where `better_half_variance` ends: 1/(1-r²) with r = i(1-γ)/γ.

    That is for γ above `BETTER_HALF_THRESHOLD`. Below it the variance is infinite,
    but for γ = 0, where it is 0.

    Source: derived in the appendix.

    Parameters
    ----------
    real_fraction : float or array
        γ in [0, 1].
    """
    share = checked_share(real_fraction)
    left = 1 - _pull(share) ** 2
    variance = np.where(left > 0, 1 / np.where(left > 0, left, 1), np.inf)
    return np.where(share == 0, 0.0, variance)[()]


def _pull(share: np.ndarray) -> np.ndarray:
    """Return r, the mean over the standard deviation; at least 1 below the threshold.

    At γ = 0, where it has no meaning, 1.
    """
    return np.where(share == 0, 1, _LIFT * (1 - share) / np.where(share == 0, 1, share))


def verified_variance(refits: Numbers, verifier_width: Numbers) -> np.ndarray:
    """Return σ² if samples are accepted with probability exp(-(x-v)²/2h²), M = ∞.

    ``1/(1 + (n-1)/h²)``: a Gaussian that is fitted to what a soft verifier accepts
    collapses with infinitely many points.

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    verifier_width : float or array
        h above 0.
    """
    rounds = checked_refits(refits) - 1
    return 1 / (1 + rounds / _width(verifier_width) ** 2)


def verified_mean(
    refits: Numbers, verifier_width: Numbers, verifier_bias: Numbers
) -> np.ndarray:
    """Return the mean of the Gaussian of `verified_variance`: (n-1)b/(h² + n-1).

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    verifier_width : float or array
        h above 0.
    verifier_bias : float or array
        b, the centre v of the verifier less the true mean.
    """
    rounds = checked_refits(refits) - 1
    bias = interval_array("verifier_bias", verifier_bias, -np.inf)
    return bias * rounds / (_width(verifier_width) ** 2 + rounds)


def verifier_weight(
    refits: Numbers, verifier_width: Numbers, real_fraction: Numbers = 0.0
) -> np.ndarray:
    """Return what the real points' mean weighs in a mean refitted to accepted samples.

    The first fit is to real points. After it they keep a share γ of the weight, and
    the rest goes to accepted samples, so many that they add no noise. With
    κ = h²/(1+h²) the weight becomes ``γ + (1-γ)κw``: from w_1 = 1 it goes to
    w* = γ/(1-(1-γ)κ), ``w_n = w* + (1-w*)((1-γ)κ)^(n-1)``. The verifier's centre
    weighs what is left of 1.

    Source: derived in the appendix.

    Parameters
    ----------
    refits : int or array
        n.
    verifier_width : float or array
        h above 0.
    real_fraction : float or array
        γ in [0, 1].
    """
    rounds, share = checked_refits(refits) - 1, checked_share(real_fraction)
    squared = _width(verifier_width) ** 2
    passed = (1 - share) * squared / (1 + squared)
    settled = share / (1 - passed)
    return settled + (1 - settled) * passed**rounds


def verifier_risk(
    refits: Numbers,
    sample_size: Numbers,
    verifier_width: Numbers,
    verifier_bias: Numbers,
    real_fraction: Numbers = 0.0,
) -> np.ndarray:
    """Return E μ_n² of a mean of known variance 1, refitted to accepted samples.

    The first fit is to k real points. With w_n of `verifier_weight` it is
    ``w_n²/k + (1-w_n)²b²``. That is a gain as long as b² < (1+w_n)/((1-w_n)k), and
    without a share of real points in the end if and only if b² < 1/k.

    Source: derived in the appendix; Yi et al. (2026), who find an early gain and a
    convergence to the verifier's centre.

    Parameters
    ----------
    refits, sample_size : int or array
        n, and k of the first fit.
    verifier_width : float or array
        h above 0.
    verifier_bias : float or array
        b, the centre of the verifier less the true mean.
    real_fraction : float or array
        γ in [0, 1]: the weight that the k real points keep.
    """
    weight = verifier_weight(refits, verifier_width, real_fraction)
    bias = interval_array("verifier_bias", verifier_bias, -np.inf)
    return weight**2 / checked_size(sample_size) + (1 - weight) ** 2 * bias**2


def _width(verifier_width: Numbers) -> np.ndarray:
    width = interval_array("verifier_width", verifier_width, 0)
    if np.any(width == 0):
        raise refuse("verifier_width", verifier_width, "greater than 0")
    return width
