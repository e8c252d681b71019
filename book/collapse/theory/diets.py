"""What each diet keeps of the variance: accumulated, fresh, replayed, earlier data.

A push is a λ below 1 by which every model's samples vary less than the model does.
Room of floor 2: it knows numpy and scipy.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import gammaln

from ..validation import interval_array, option, whole_array
from ._arguments import (
    Numbers,
    checked_refits,
    checked_replayed_share,
    checked_share,
    checked_shrinkage,
    checked_size,
)
from ._moments import add_batch

FEW_REAL_POINTS = ("fresh", "once", "replay")


def accumulate_expected_variance(
    refits: Numbers,
    sample_size: Numbers,
    real_fraction: Numbers = 0.0,
    shrinkage: Numbers = 1.0,
) -> np.ndarray:
    """Return E σ²_n of the MLE when every batch is kept.

    Without real data after the first batch it is Π_{k≤n} (1 - 1/(M k²)), which stays
    above 0. With a share γ of fresh real data in every batch it returns to 1, at the
    rate of `accumulate_rate`. A push λ takes it to `biased_sampling_limit`; without
    real data it then falls like n^-(1-λ).

    Source: derived in the appendix; Kazdan et al. (2025), "Collapse or Thrive",
    for the setting without fresh data.

    Parameters
    ----------
    refits, sample_size : int or array
        n, and M points in each batch.
    real_fraction : float or array
        γ of every batch after the first, after rounding; the first is real.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    """
    return _follow(
        refits, sample_size, real_fraction, shrinkage, lambda batches: 1 / batches
    )


def accumulate_limit(sample_size: Numbers) -> np.ndarray:
    """Return the limit of Π (1 - 1/(M k²)), all batches kept: sin(x)/x at x = π/√M.

    Source: Euler's product for the sine.
    """
    return np.sinc(1 / np.sqrt(checked_size(sample_size)))


def accumulate_rate(real_fraction: Numbers) -> np.ndarray:
    """Return r, if every batch is kept and holds a share γ of fresh real data.

    1 - E σ²_n falls like n^-r with r = min(1, 2γ), or like log(n)/n at γ = 1/2. The
    Wasserstein distance falls with half that power. At γ = 0 the loss stays.

    Source: derived in the appendix; Wang, Niu & Li (2026), whose rate is the smaller
    of the baseline's and the share of real data.
    """
    return np.minimum(1, 2 * checked_share(real_fraction))


def accumulate_subsample_expected_variance(
    refits: Numbers, sample_size: Numbers, shrinkage: Numbers = 1.0
) -> np.ndarray:
    """Return E σ²_n of the MLE fitted to M random points of all batches so far.

    ``(1-1/M) Π_{2≤j≤n} [1 - (3 - 1/M)/(j(jM-1))]``; a push λ puts
    ``(1-λ)(M-1) + (2 + λ(1-1/M))/j`` in the place of ``(3 - 1/M)/j``, and the product
    falls like n^-(1-λ)(1-1/M).

    Source: derived in the appendix from sampling without replacement; Kazdan et al.
    (2025), "Collapse or Thrive", for the setting.

    Parameters
    ----------
    refits, sample_size : int or array
        n, and M points in each batch.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    """
    refits, size, factor = np.broadcast_arrays(
        checked_refits(refits), checked_size(sample_size), checked_shrinkage(shrinkage)
    )
    result = 1 - 1 / size
    for batches in range(2, int(refits.max()) + 1):
        drift = (2 + factor * (1 - 1 / size)) / batches
        lost = ((1 - factor) * (size - 1) + drift) / (batches * size - 1)
        result = np.where(batches <= refits, result * (1 - lost), result)
    return result[()]


def accumulate_subsample_limit(sample_size: Numbers) -> np.ndarray:
    """Return the limit of E σ²_n if M random points of all batches are fitted.

    ``(1-1/M) Γ(2-1/M) / (Γ(2-r) Γ(2-s))`` with r, s = (1 ± √(12M-3))/(2M): about
    1 - 2.935/M, where using all points loses 1.645/M.

    Source: derived in the appendix; Weierstrass's product for the gamma function.
    """
    size = checked_size(sample_size)
    root = np.sqrt(12 * size - 3)
    high, low = (1 + root) / (2 * size), (1 - root) / (2 * size)
    logs = gammaln(2 - 1 / size) - gammaln(2 - high) - gammaln(2 - low)
    return (1 - 1 / size) * np.exp(logs)


def previous_data_expected_variance(
    refits: Numbers, sample_size: Numbers, previous_fraction: Numbers
) -> np.ndarray:
    """Return E σ²_n of the MLE if a share β of the training set is the last one's.

    ``(1-1/M) [1 - (1-β)(1/M + β/(M-1))]^(n-1)``: βM points are drawn from the last
    training set without replacement, the others from the model. A refit loses about
    1 - β² of what it would lose otherwise: slower, and never stopped.

    Source: derived in the appendix; Shumailov et al. (2024), whose process has β.

    Parameters
    ----------
    refits, sample_size : int or array
        n and M.
    previous_fraction : float or array
        β in [0, 1], after rounding.
    """
    refits, size = checked_refits(refits), checked_size(sample_size)
    previous = interval_array("previous_fraction", previous_fraction, 0, 1)
    lost = (1 - previous) * (1 / size + previous / (size - 1))
    return (1 - 1 / size) * (1 - lost) ** (refits - 1)


def fresh_mixing_variance(
    real_fraction: Numbers, sample_size: Numbers, shrinkage: Numbers = 1.0
) -> np.ndarray:
    """Return the stationary E σ² of the MLE with a share γ of fresh real data.

    ``1 - 1/(M(1-a²) + a)`` with a = 1 - γ; the variance of the mean is 1 minus that.
    A push λ gives ``γ(1-V)/(1-aλ)`` with V = 1/(M(1+a)(1-aλ) + aλ), the variance of
    the mean. γ is the share after rounding: a whole number of real points over M.

    Source: derived in the appendix.

    Parameters
    ----------
    real_fraction, sample_size : float, int or array
        γ after rounding, and M.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    """
    size, share = checked_size(sample_size), checked_share(real_fraction)
    new = 1 - share
    pushed = new * checked_shrinkage(shrinkage)
    scatter = 1 / (size * (1 + new) * (1 - pushed) + pushed)
    return (1 - scatter) * biased_sampling_limit(share, shrinkage)


def fresh_mixing_variance_of_mean(
    real_fraction: Numbers, sample_size: Numbers
) -> np.ndarray:
    """Return the stationary Var μ with a share γ of fresh real data.

    Source: derived in the appendix; total variance is 1.
    """
    return 1 / effective_real_samples(real_fraction, sample_size)


def effective_real_samples(real_fraction: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return how many real points alone would do as well as the fresh mixture.

    A single fit to N real points has E σ² = 1 - 1/N; the mixture reaches that of
    N = M(1-a²) + a = k(2-γ) + 1-γ, a = 1 - γ, with k = γM real points a generation:
    2k + 1 while γ is small, 1.5 k at one half, k at 1.

    Source: derived in the appendix.
    """
    size = checked_size(sample_size)
    new = 1 - checked_share(real_fraction)
    return size * (1 - new**2) + new


def fresh_mixing_transient(
    refits: Numbers,
    sample_size: Numbers,
    real_fraction: Numbers,
    shrinkage: Numbers = 1.0,
) -> np.ndarray:
    """Return E σ²_n of the MLE with a share γ of fresh real data.

    From 1 - 1/M the distance to the stationary value shrinks by a² - a/M at each
    refit, a = 1 - γ, and the variance of the mean is 1 minus the result. With a push
    λ both are followed side by side.

    Source: derived in the appendix.

    Parameters
    ----------
    refits, sample_size, real_fraction
        n, M and γ after rounding.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    """
    return _follow(refits, sample_size, real_fraction, shrinkage, lambda batches: 1)


def biased_sampling_limit(real_fraction: Numbers, shrinkage: Numbers) -> np.ndarray:
    """Return the σ² at which a push λ is held by a share γ of real data, M = ∞.

    ``γ/(1 - (1-γ)λ)``, the same as ``γ/(γ + (1-γ)(1-λ))``, whether the real data are
    fresh or replayed, and whether the batches are kept or not. A share decides here,
    and no count. Without a push nothing is lost.

    Source: derived in the appendix; Alemohammad et al. (2024), "Self-Consuming
    Generative Models Go MAD", for the setting.

    Parameters
    ----------
    real_fraction, shrinkage : float or array
        γ and λ, both in [0, 1].
    """
    share, factor = np.broadcast_arrays(
        checked_share(real_fraction), checked_shrinkage(shrinkage)
    )
    held = share + (1 - share) * (1 - factor)
    return np.divide(share, held, out=np.ones(share.shape), where=held > 0)[()]


def _follow(
    refits: Numbers,
    sample_size: Numbers,
    real_fraction: Numbers,
    shrinkage: Numbers,
    weight: Callable[[int], float],
) -> np.ndarray:
    """Return E σ²_n; the newest of b batches weighs `weight(b)`."""
    refits, size, share, factor = np.broadcast_arrays(
        checked_refits(refits),
        checked_size(sample_size),
        checked_share(real_fraction),
        checked_shrinkage(shrinkage),
    )
    variance, scatter = 1 - 1 / size, 1 / size
    result = variance
    for batches in range(2, int(refits.max()) + 1):
        variance, scatter = add_batch(
            variance, scatter, weight(batches), share, size, factor
        )
        result = np.where(batches <= refits, variance, result)
    return result[()]


def replay_variance(
    real_fraction: Numbers, sample_size: Numbers, shrinkage: Numbers = 1.0
) -> np.ndarray:
    """Return the stationary E σ² of the MLE if the same γM real points return.

    ``(1 - a² - (1+a)/M) / (1 - a² + a/M)`` with a = 1 - γ, and with a push λ
    ``(γ - 1/M) / (1 - aλ + aλ/(M(1+a)))``.

    Source: derived in the appendix.

    Parameters
    ----------
    real_fraction, sample_size : float, int or array
        γ after rounding, of at least one point, and M.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    """
    size = checked_size(sample_size)
    share = checked_replayed_share(real_fraction, size)
    new = 1 - share
    pushed = new * checked_shrinkage(shrinkage)
    return (share - 1 / size) / (1 - pushed + pushed / (size * (1 + new)))


def replay_variance_of_mean(real_fraction: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return the stationary Var μ if the same γM real points return.

    ``((1-a²)/(γM) + a/M) / (1 - a² + a/M)`` with a = 1 - γ.

    Source: derived in the appendix; total variance is 1.
    """
    return 1 - replay_variance(real_fraction, sample_size)


def replay_transient(
    refits: Numbers,
    sample_size: Numbers,
    real_fraction: Numbers,
    shrinkage: Numbers = 1.0,
) -> np.ndarray:
    """Return E σ²_n of the MLE if γM points of generation 0's return each time.

    With D = E (μ - mean of the replayed points)², each refit maps v to
    (γ - 1/M) + a(1 - 1/M) λv + γ a D, and D to a²D + a λv/M.

    Source: derived in the appendix.

    Parameters
    ----------
    refits, sample_size, real_fraction
        n, M and γ after rounding, of at least one point.
    shrinkage : float or array
        λ in [0, 1]: models sample from N(μ, λσ²).
    """
    refits, size, share, factor = np.broadcast_arrays(
        checked_refits(refits),
        checked_size(sample_size),
        np.asarray(real_fraction),
        checked_shrinkage(shrinkage),
    )
    share = checked_replayed_share(share, size)
    new = 1 - share
    variance, gap = 1 - 1 / size, new / (share * size)
    result = variance.copy()
    for done in range(2, int(refits.max()) + 1):
        pushed = factor * variance
        variance, gap = (
            share - 1 / size + new * (1 - 1 / size) * pushed + share * new * gap,
            new**2 * gap + new * pushed / size,
        )
        result = np.where(done <= refits, variance, result)
    return result[()]


def few_real_points_variance(real_points: Numbers, diet: str) -> np.ndarray:
    """Return the lasting E σ² of k real points among far more synthetic ones.

    What is lost is 1/(2k+1) with k *fresh* points in each generation, 1/k with one
    fit to k points and no loop (*once*), and 3/(2k+1) with the same k points in each
    generation (*replay*): a half, one, and one and a half k-ths for many points.

    Source: derived in the appendix, as the limits of `fresh_mixing_variance` and
    `replay_variance` for γ = k/M → 0.

    Parameters
    ----------
    real_points : int or array
        k, at least 1.
    diet : {"fresh", "once", "replay"}
    """
    count = whole_array("real_points", real_points, 1)
    kind = option("diet", diet, FEW_REAL_POINTS)
    if kind == "once":
        return 1 - 1 / count
    return 1 - {"fresh": 1, "replay": 3}[kind] / (2 * count + 1)
