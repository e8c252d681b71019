"""Closed forms for what the loop does, each with its source.

Unless a function says otherwise the real distribution is N(0, 1). Everywhere
``refits`` counts fits: generation i
of the loop has been refitted i + 1 times, since generation 0 already is a fit. All
functions take numpy arrays that broadcast. Floor 2: it knows numpy and scipy, and
no model.
"""

from typing import Any

import numpy as np
from scipy.special import digamma, gammaln, polygamma, xlog1py, xlogy
from scipy.stats import binom

from .shares import ROUNDING, share_counts
from .validation import (
    interval_array,
    option,
    real_number,
    refuse,
    whole_array,
)

ESTIMATORS = ("mle", "unbiased")

Numbers = Any
"""A number or an array of numbers."""


def _estimator(estimator: str) -> bool:
    """Return whether the estimator is the unbiased one."""
    return option("estimator", estimator, ESTIMATORS) == "unbiased"


def _refits(refits: Numbers) -> np.ndarray:
    return whole_array("refits", refits, 1)


def _size(sample_size: Numbers) -> np.ndarray:
    return whole_array("sample_size", sample_size, 2)


def _one_size(sample_size: Numbers) -> int:
    """Check an M whose transition matrix, of (M + 1)² numbers, fits into memory."""
    size = _size(sample_size)
    if size.ndim or size > 4000:
        raise refuse("sample_size", sample_size, "one whole number of at most 4000")
    return int(size)


def _share(real_fraction: Numbers) -> np.ndarray:
    return interval_array("real_fraction", real_fraction, 0, 1)


def _replayed_share(real_fraction: Numbers, sample_size: np.ndarray) -> np.ndarray:
    """Check γ and the number γM of replayed points, of which there must be one."""
    share = _share(real_fraction)
    if np.any(share * sample_size < 1 - ROUNDING):
        raise refuse(
            "real_fraction", real_fraction, "at least 1 / sample_size: one real point"
        )
    return share


def c4(sample_size: Numbers) -> np.ndarray:
    """Return E s / σ for the sample standard deviation s of M normal points.

    ``c4(M) = sqrt(2/(M-1)) Γ(M/2) / Γ((M-1)/2)``, with s² the unbiased variance.

    Source: the mean of a chi distribution; Holtzman (1950), "The unbiased estimate
    of the population variance and standard deviation".
    """
    size = _size(sample_size)
    small = size < 1e6
    # Beyond that the difference of two huge log-gammas loses digits; the series,
    # good to (4M)**-4 there, does not.
    exact = np.exp(gammaln(size / 2) - gammaln((size - 1) / 2))
    exact = exact * np.sqrt(2 / (size - 1))
    inverse = 1 / size
    series = 1 - inverse / 4 - 7 * inverse**2 / 32 - 19 * inverse**3 / 128
    return np.where(small, exact, series)[()]


def expected_variance(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return E σ²_n when all data is replaced: (1 - 1/M)^n, or 1 if unbiased.

    Source: derived in the appendix from E χ²(M-1) = M - 1.
    """
    refits, size = _refits(refits), _size(sample_size)
    factor = np.ones_like(size) if _estimator(estimator) else 1 - 1 / size
    return factor**refits


def variance_of_variance(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return Var σ²_n when all data is replaced.

    For the unbiased estimator (1 + 2/(M-1))^n - 1, which soon is so large that an
    average over chains says little: average log σ² instead.

    Source: derived in the appendix from the second moment of χ²(M-1).
    """
    refits, size = _refits(refits), _size(sample_size)
    mean = expected_variance(refits, size, estimator)
    return mean**2 * np.expm1(refits * np.log1p(2 / (size - 1)))


def variance_of_mean(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return Var μ_n when all data is replaced: 1 - (1-1/M)^n, or n/M if unbiased.

    Source: Shumailov et al. (2024), Theorem 3.1 and its proof, for the unbiased
    estimator; derived in the appendix by the law of total variance for the other.
    """
    refits, size = _refits(refits), _size(sample_size)
    if _estimator(estimator):
        return refits / size
    return -np.expm1(refits * np.log1p(-1 / size))


def expected_sd(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return E σ_n when all data is replaced: c4^n, times (1-1/M)^(n/2) for MLE.

    Source: derived in the appendix from independent chi factors.
    """
    refits, size = _refits(refits), _size(sample_size)
    factor = c4(size)
    if not _estimator(estimator):
        factor = factor * np.sqrt((size - 1) / size)
    return factor**refits


def log_variance_drift(sample_size: Numbers, estimator: str = "mle") -> np.ndarray:
    """Return what one refit adds to E log σ².

    ``ψ((M-1)/2) - log(D/2)``, with D = M for MLE and M - 1 if unbiased: about -2/M
    and -1/M. For growing samples pass M_0, M_1, ... and take ``cumsum``.

    Source: derived in the appendix from E log χ².
    """
    size = _size(sample_size)
    divisor = size - 1 if _estimator(estimator) else size
    half = (size - 1) / 2
    # The digamma function minus the logarithm loses digits when both are large.
    series = -1 / (2 * half) - 1 / (12 * half**2)
    difference = np.where(half < 1e4, digamma(half) - np.log(half), series)
    return (difference + np.log1p(-(divisor - (size - 1)) / divisor))[()]


def expected_log_variance(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return E log σ²_n when all data is replaced: n times the drift.

    Source: see `log_variance_drift`.
    """
    return _refits(refits) * log_variance_drift(sample_size, estimator)


def log_variance_variance(refits: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return Var log σ²_n = n ψ'((M-1)/2), about 2n/M, for either estimator.

    Source: derived in the appendix from Var log χ².
    """
    refits, size = _refits(refits), _size(sample_size)
    return refits * polygamma(1, (size - 1) / 2)


def median_sd(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return the median of σ_n when all data is replaced, from the drift.

    log σ² is a sum of n independent terms, so its median is close to its mean, and
    closer by the first Cornish-Fisher term, ``-ψ''/(6ψ')`` at (M-1)/2. The relative
    error is below 0.1 % from M = 10 on.

    Source: derived in the appendix; Cornish & Fisher (1938) for the correction.
    """
    refits, size = np.broadcast_arrays(_refits(refits), _size(sample_size))
    drift = refits * log_variance_drift(size, estimator)
    half = (size - 1) / 2
    return np.exp((drift - polygamma(2, half) / polygamma(1, half) / 6) / 2)


def growing_median_sd(sample_sizes: Numbers, estimator: str = "mle") -> np.ndarray:
    """Return the median of σ after each refit, for sample sizes M_0, M_1, ...

    Source: as `median_sd`, with sums in place of products.

    Parameters
    ----------
    sample_sizes : array, shape (n,)
        Entry i is the size of generation i's training set.
    estimator : {"mle", "unbiased"}

    Returns
    -------
    array, shape (n,)
        Entry i belongs to generation i, after i + 1 refits.
    """
    sizes = _size(sample_sizes)
    if sizes.ndim != 1:
        raise ValueError(f"sample_sizes must have one axis, got shape {sizes.shape}")
    half = (sizes - 1) / 2
    drift = np.cumsum(log_variance_drift(sizes, estimator))
    skew = np.cumsum(polygamma(2, half)) / np.cumsum(polygamma(1, half)) / 6
    return np.exp((drift - skew) / 2)


def half_life(sample_size: Numbers, estimator: str = "mle") -> np.ndarray:
    """Return in how many refits the median of σ halves.

    ``-2 log 2 / drift``: about 0.69 M for MLE and 1.39 M if unbiased.

    Source: derived in the appendix from `log_variance_drift`.
    """
    return -2 * np.log(2) / log_variance_drift(sample_size, estimator)


def expected_wasserstein2_squared(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return E W2² between the model and the real N(0, 1), all data replaced.

    ``Var μ_n + E (σ_n - 1)²``. For MLE that is 2(1 - E σ_n), below 2 for ever; if
    unbiased n/M + 2(1 - c4^n), which grows without bound.

    Source: Shumailov et al. (2024), Theorem 3.1, for the divergence and the first
    order 3n/(2M); the exact form is derived in the appendix.
    """
    refits, size = _refits(refits), _size(sample_size)
    shrinkage = 2 * (1 - expected_sd(refits, size, estimator))
    if _estimator(estimator):
        return refits / size + shrinkage
    return shrinkage


def first_order_wasserstein2_squared(sample_sizes: Numbers) -> np.ndarray:
    """Return 3/2 Σ 1/M_i, the first order of E W2² after each refit (unbiased).

    Source: Shumailov et al. (2024), Theorem 3.1.

    Parameters
    ----------
    sample_sizes : array, shape (n,)
        M_0, M_1, ...; entry i of the result belongs to generation i.
    """
    return 1.5 * np.cumsum(1 / _size(sample_sizes))


def accumulate_expected_variance(refits: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return E σ²_n of the MLE when every batch is kept: Π_{k≤n} (1 - 1/(M k²)).

    Source: derived in the appendix; Kazdan et al. (2024), "Collapse or Thrive?",
    for the setting.
    """
    refits, size = np.broadcast_arrays(_refits(refits), _size(sample_size))
    result = np.ones(refits.shape)
    for k in range(1, int(refits.max()) + 1):
        result = np.where(k <= refits, result * (1 - 1 / (size * k**2)), result)
    return result[()]


def accumulate_limit(sample_size: Numbers) -> np.ndarray:
    """Return the limit of `accumulate_expected_variance`: sin(x)/x at x = π/√M.

    Source: Euler's product for the sine.
    """
    return np.sinc(1 / np.sqrt(_size(sample_size)))


def accumulate_subsample_expected_variance(
    refits: Numbers, sample_size: Numbers
) -> np.ndarray:
    """Return E σ²_n of the MLE fitted to M random points of all batches so far.

    M points of a pool with unbiased variance v have E σ² = (1 - 1/M) v. A new batch
    maps v, held by N points, to an average of v and of what the batch adds; see the
    appendix for the exact factor of each step.

    Source: derived in the appendix from sampling without replacement; Kazdan et al.
    (2024), "Collapse or Thrive?", for the setting.
    """
    refits, size = np.broadcast_arrays(_refits(refits), _size(sample_size))
    pool = np.ones(refits.shape)
    for batches in range(1, int(refits.max())):
        grown = _grow_pool(pool, batches * size, size)
        pool = np.where(batches < refits, grown, pool)
    return ((1 - 1 / size) * pool)[()]


def _grow_pool(pool: np.ndarray, held: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the expected unbiased variance of the pool after one more batch.

    The model is fitted to M of the N points held; its M new points scatter around
    its mean, which scatters around the pool's.
    """
    model = (1 - 1 / size) * pool
    within = (held - 1) * pool + (size - 1) * model
    gap = (1 - size / held) * pool / size + model / size
    between = held * size / (held + size) * gap
    return (within + between) / (held + size - 1)


def fresh_mixing_variance(real_fraction: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return the stationary E σ² of the MLE with a share γ of fresh real data.

    ``1 - 1/(M(1-a²) + a)`` with a = 1 - γ. The variance of the mean is 1 minus that.
    γ is the share after rounding: a whole number of real points, divided by M.

    Source: derived in the appendix.
    """
    return 1 - 1 / effective_real_samples(real_fraction, sample_size)


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
    N = M(1-a²) + a, a = 1 - γ: about twice the γM real points of a generation.

    Source: derived in the appendix.
    """
    size = _size(sample_size)
    new = 1 - _share(real_fraction)
    return size * (1 - new**2) + new


def fresh_mixing_transient(
    refits: Numbers, sample_size: Numbers, real_fraction: Numbers
) -> np.ndarray:
    """Return E σ²_n of the MLE with a share γ of fresh real data.

    From 1 - 1/M the distance to the stationary value shrinks by a² - a/M at each
    refit, a = 1 - γ. The variance of the mean is 1 minus the result.

    Source: derived in the appendix.
    """
    refits, size = _refits(refits), _size(sample_size)
    new = 1 - _share(real_fraction)
    stationary = fresh_mixing_variance(1 - new, size)
    start = 1 - 1 / size
    return stationary + (start - stationary) * (new**2 - new / size) ** (refits - 1)


def replay_variance(real_fraction: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return the stationary E σ² of the MLE if the same γM real points return.

    ``(1 - a² - (1+a)/M) / (1 - a² + a/M)`` with a = 1 - γ.

    Source: derived in the appendix.
    """
    return 1 - replay_variance_of_mean(real_fraction, sample_size)


def replay_variance_of_mean(real_fraction: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return the stationary Var μ if the same γM real points return.

    ``((1-a²)/(γM) + a/M) / (1 - a² + a/M)`` with a = 1 - γ.

    Source: derived in the appendix.
    """
    size = _size(sample_size)
    share = _replayed_share(real_fraction, size)
    new = 1 - share
    kept = 1 - new**2
    return (kept / (share * size) + new / size) / (kept + new / size)


def replay_transient(
    refits: Numbers, sample_size: Numbers, real_fraction: Numbers
) -> np.ndarray:
    """Return E σ²_n of the MLE if γM points of generation 0's return each time.

    With D = E (μ - mean of the replayed points)², each refit maps v to
    (γ - 1/M) + a(1 - 1/M) v + γ a D, and D to a²D + a v/M.

    Source: derived in the appendix.
    """
    refits, size, share = np.broadcast_arrays(
        _refits(refits), _size(sample_size), np.asarray(real_fraction)
    )
    share = _replayed_share(share, size)
    new = 1 - share
    variance, gap = 1 - 1 / size, new / (share * size)
    result = variance.copy()
    for done in range(2, int(refits.max()) + 1):
        variance, gap = (
            share - 1 / size + new * (1 - 1 / size) * variance + share * new * gap,
            new**2 * gap + new * variance / size,
        )
        result = np.where(done <= refits, variance, result)
    return result[()]


def biased_sampling_variance(
    refits: Numbers,
    sample_size: Numbers,
    shrinkage: Numbers,
    estimator: str = "mle",
) -> np.ndarray:
    """Return E σ²_n when models sample from N(μ, λΣ) instead of N(μ, Σ).

    ``λ^(n-1)`` times the unbiased-sampling value: generation 0 is fitted to real
    data, which nobody shrinks.

    Source: Alemohammad et al. (2024), "Self-Consuming Generative Models Go MAD",
    for the setting; derived in the appendix.

    Parameters
    ----------
    refits, sample_size : int or array
        n and M.
    shrinkage : float or array
        λ in [0, 1].
    estimator : {"mle", "unbiased"}
    """
    refits = _refits(refits)
    factor = interval_array("shrinkage", shrinkage, 0, 1)
    return factor ** (refits - 1) * expected_variance(refits, sample_size, estimator)


def expected_heterozygosity(
    refits: Numbers, sample_size: Numbers, heterozygosity: Numbers
) -> np.ndarray:
    """Return E H_n = H_0 (1 - 1/M)^n of a distribution refitted by counting.

    H = 1 - Σ p² is the variance of the indicators of all symbols, added up, and the
    frequency of a symbol is the mean of its indicator. So H follows the law of a
    Gaussian's variance (MLE) in all that only means and variances decide: here,
    with real data, and also `replay_variance` and `accumulate_expected_variance`,
    times H_0.

    Source: Wright (1931), "Evolution in Mendelian populations", where M is the
    number of genes.

    Parameters
    ----------
    refits, sample_size : int or array
        n and M.
    heterozygosity : float or array
        H_0 of the real distribution, in [0, 1].
    """
    start = interval_array("heterozygosity", heterozygosity, 0, 1)
    return start * expected_variance(refits, sample_size)


def mixing_heterozygosity(
    real_fraction: Numbers, sample_size: Numbers, heterozygosity: Numbers
) -> np.ndarray:
    """Return the stationary E H with a share γ of fresh real data.

    ``H_0 (1 - 1/(M(1-a²) + a))`` with a = 1 - γ and γM real symbols in each
    generation, as `fresh_mixing_variance`.

    Source: derived in the appendix; Wright (1931) for immigration, where the number
    of immigrants is random.

    Parameters
    ----------
    real_fraction, sample_size : float, int or array
        γ after rounding, and M.
    heterozygosity : float or array
        H_0 of the real distribution, in [0, 1].
    """
    start = interval_array("heterozygosity", heterozygosity, 0, 1)
    return start * fresh_mixing_variance(real_fraction, sample_size)


def mixing_heterozygosity_transient(
    refits: Numbers,
    sample_size: Numbers,
    real_fraction: Numbers,
    heterozygosity: Numbers,
) -> np.ndarray:
    """Return E H_n with a share γ of fresh real data.

    H_0 times `fresh_mixing_transient`.

    Source: derived in the appendix.

    Parameters
    ----------
    refits, sample_size, real_fraction
        n, M and γ after rounding.
    heterozygosity : float or array
        H_0 of the real distribution, in [0, 1].
    """
    start = interval_array("heterozygosity", heterozygosity, 0, 1)
    return start * fresh_mixing_transient(refits, sample_size, real_fraction)


def smoothed_heterozygosity(
    refits: Numbers,
    sample_size: Numbers,
    smoothing: Numbers,
    symbols: Numbers,
    heterozygosity: Numbers,
) -> np.ndarray:
    """Return E H_n if λ is added to each count before it is divided.

    A refit keeps the share M/(M + Kλ) of what was counted and gives the rest, u, to
    all K symbols alike, as mutation does to alleles. With F = Σ p²

    ``E F' = (1-u)² (F (1-1/M) + 1/M) + (1 - (1-u)²)/K``.

    Source: derived in the appendix; Wright (1931) for mutation.

    Parameters
    ----------
    refits, sample_size : int or array
        n and M.
    smoothing : float or array
        λ, not negative.
    symbols : int or array
        K.
    heterozygosity : float or array
        H_0 = 1 - F_0 of the real distribution, in [0, 1].
    """
    refits, size = _refits(refits), _size(sample_size)
    weight = interval_array("smoothing", smoothing, 0)
    symbols = whole_array("symbols", symbols, 1)
    start = 1 - interval_array("heterozygosity", heterozygosity, 0, 1)
    kept = (size / (size + symbols * weight)) ** 2
    factor = kept * (1 - 1 / size)
    source = kept / size + (1 - kept) / symbols
    # F' = factor F + source: its level, and how far it still is from that.
    level = source / (1 - factor)
    return 1 - (level + factor**refits * (start - level))


def fixation_probability(frequency: Numbers) -> np.ndarray:
    """Return the probability that a symbol ends as the only one: its frequency.

    All data replaced, the frequency is a martingale that ends at 0 or 1.

    Source: Wright (1931), "Evolution in Mendelian populations"; Shumailov et al.
    (2024), discrete distributions with exact approximation.

    Parameters
    ----------
    frequency : float or array
        p in [0, 1].
    """
    return interval_array("frequency", frequency, 0, 1)


def fixation_time(frequency: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return after how many refits, on average, one of two symbols is left.

    ``-2M [p log p + q log q]``, q = 1 - p: the diffusion approximation, one to three
    refits too long (50.0 where the chain takes 48.5, at M = 50 and p = 0.2).

    Source: Ewens (2004), "Mathematical Population Genetics I", section 3.

    Parameters
    ----------
    frequency : float or array
        p of one of the two, in [0, 1].
    sample_size : int or array
        M.
    """
    p, size = interval_array("frequency", frequency, 0, 1), _size(sample_size)
    return -2 * size * (xlogy(p, p) + xlog1py(1 - p, -p))


def expected_support(
    refits: Numbers, sample_size: Numbers, probabilities: Numbers
) -> np.ndarray:
    """Return how many symbols are left, on average, when all data is replaced.

    After one refit ``Σ_i 1 - (1 - p_i)^M``. After n, the same sum over the
    probability of being alive, which follows exactly from the binomial law of each
    step, M + 1 possible counts at a time.

    Source: derived in the appendix from the Wright-Fisher chain.

    Parameters
    ----------
    refits : int or array
        n.
    sample_size : int
        M of at most 4000, for the sake of memory.
    probabilities : array, shape (K,)
        The real distribution.
    """
    refits, size = _refits(refits), _one_size(sample_size)
    probabilities = interval_array("probabilities", probabilities, 0, 1)
    if probabilities.ndim != 1 or abs(probabilities.sum() - 1) > 1e-6:
        raise refuse("probabilities", probabilities, "one row that adds up to 1")
    counts = np.arange(size + 1)
    step = _binomial(size, counts / size) if np.any(refits > 1) else None
    # Row n - 1: how probably each count of the first sample is 0 n - 1 refits later.
    dead = np.empty((int(refits.max()), len(counts)))
    dead[0] = counts == 0
    for done in range(1, len(dead)):
        dead[done] = step @ dead[done - 1]
    alive = np.zeros(len(dead))
    # Many symbols may share a probability; a thousand at a time fit into memory.
    values, times = np.unique(probabilities, return_counts=True)
    for piece in range(0, len(values), 1000):
        first = _binomial(size, values[piece : piece + 1000])
        alive += (1 - dead @ first.T) @ times[piece : piece + 1000]
    return alive[refits.astype(int) - 1]


def loss_probability(
    refits: Numbers, sample_size: int, frequency: float, real_fraction: float = 0.0
) -> np.ndarray:
    """Return the probability that the n-th training sample lacks a symbol.

    The first sample is real; of each later one round(γM) draws are real and the
    others have the frequency that the symbol had in the sample before. Exact: the
    law of the count is carried on, M + 1 possible values at a time. Without real
    data a lost symbol stays lost; with some it may come back.

    Source: derived in the appendix from the Wright-Fisher chain.

    Parameters
    ----------
    refits : int or array
        n.
    sample_size : int
        M of at most 4000, for the sake of memory.
    frequency : float
        p of the symbol in the real distribution, in [0, 1].
    real_fraction : float
        γ in [0, 1].
    """
    refits, size = _refits(refits), _one_size(sample_size)
    true_share = np.array([real_number("frequency", frequency, 0, 1)])
    real = int(share_counts(real_number("real_fraction", real_fraction, 0, 1), size))
    new = _binomial(size - real, np.arange(size + 1) / size)
    fresh = _binomial(real, true_share)[0]
    law = _binomial(size, true_share)[0]
    lost = np.empty(int(refits.max()))
    for done in range(len(lost)):
        lost[done] = law[0]
        # The counts of new and of real symbols add up.
        law = np.convolve(law @ new, fresh)
    return lost[refits.astype(int) - 1]


def _binomial(size: int, probabilities: np.ndarray) -> np.ndarray:
    """Return the binomial probabilities of 0, ..., M, shape (len(p), M + 1)."""
    return binom.pmf(np.arange(size + 1), size, probabilities[:, None])


def word_survival(refits: Numbers, occurrences: Numbers) -> np.ndarray:
    """Return the probability that a rare word is alive n refits after it was seen.

    A word seen c times in M draws is seen about Poisson(c) times in the next: each
    occurrence has Poisson(1) offspring, independently. With q_0 = 0 and
    q_k = exp(q_(k-1) - 1) the probability is ``1 - q_n^c``. For c well below M, as
    an approximation.

    Source: Fisher (1922), "On the dominance ratio", for the branching process.

    Parameters
    ----------
    refits : int or array
        n, counted from the sample in which the word was seen c times.
    occurrences : int or array
        c, at least 1.
    """
    refits, count = np.broadcast_arrays(
        _refits(refits), whole_array("occurrences", occurrences, 1)
    )
    extinct = _extinction(int(refits.max()))[refits.astype(int)]
    return -np.expm1(count * np.log(extinct))


def median_lifetime(occurrences: Numbers) -> np.ndarray:
    """Return after how many refits a rare word is dead with probability a half.

    The first n at which `word_survival` is at most a half: about ``2c / log 2``.

    Source: Kolmogorov (1938) for the asymptotics 1 - q_n ≈ 2/n.

    Parameters
    ----------
    occurrences : int or array
        c, at least 1, at most 10**6; well below M for the approximation to hold.
    """
    count = whole_array("occurrences", occurrences, 1)
    if np.any(count > 10**6):
        raise refuse("occurrences", occurrences, "at most 10**6")
    extinct = _extinction(int(3 * count.max()) + 3)
    # Dead with probability q_n^c; the first n where that reaches a half.
    return np.searchsorted(extinct, 0.5 ** (1 / count)).astype(float)[()]


def _extinction(refits: int) -> np.ndarray:
    """Return q_0, ..., q_n: a single occurrence's chance to have left nothing."""
    extinct = np.zeros(refits + 1)
    for refit in range(refits):
        extinct[refit + 1] = np.exp(extinct[refit] - 1)
    return extinct


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
    refits = _refits(refits)
    temperature = interval_array("temperature", temperature, 0)
    if np.any(temperature == 0):
        raise refuse("temperature", temperature, "greater than 0")
    return temperature ** -(refits - 1)


def regression_error_replace(
    refits: Numbers, sample_size: Numbers, dimension: Numbers, noise: Numbers = 1.0
) -> np.ndarray:
    """Return the expected excess error of least squares when data is replaced.

    ``σ² d / (T - d - 1) · n``: linear in the number of refits. The excess error is
    |w - w_true|², the squared error on a fresh noiseless x ~ N(0, I).

    Source: Gerstgrasser et al. (2024), "Is Model Collapse Inevitable?", Theorem 1.

    Parameters
    ----------
    refits, sample_size, dimension : int or array
        n, T and d, with T > d + 1.
    noise : float or array
        σ, at least 0.
    """
    return _refits(refits) * _first_regression_error(sample_size, dimension, noise)


def regression_error_accumulate(
    refits: Numbers, sample_size: Numbers, dimension: Numbers, noise: Numbers = 1.0
) -> np.ndarray:
    """Return the bound on the excess error of least squares when data accumulates.

    ``σ² d / (T - d - 1) · Σ_{i≤n} 1/i²``: at most π²/6 times the first error.

    Source: Gerstgrasser et al. (2024), "Is Model Collapse Inevitable?", Theorem 2.

    Parameters
    ----------
    refits, sample_size, dimension, noise
        As for `regression_error_replace`.
    """
    refits = _refits(refits)
    # Σ_{i≤n} 1/i² is ψ'(1) - ψ'(n+1).
    growth = polygamma(1, 1) - polygamma(1, refits + 1)
    return growth * _first_regression_error(sample_size, dimension, noise)


def _first_regression_error(
    sample_size: Numbers, dimension: Numbers, noise: Numbers
) -> np.ndarray:
    size, dimension = _size(sample_size), whole_array("dimension", dimension, 1)
    noise = interval_array("noise", noise, 0)
    if np.any(size <= dimension + 1):
        raise refuse("sample_size", sample_size, "greater than dimension + 1")
    return noise**2 * dimension / (size - dimension - 1)


def best_real_weight(synthetic_per_real: Numbers) -> np.ndarray:
    """Return the weight of real data that gives the best mean for ever after.

    ``(√(1 + 4k) - 1) / (2k)`` for k synthetic points per real one; k = 1 gives the
    inverse of the golden ratio, 0.618.

    Source: He, Xu & Cheng (2025), "Golden Ratio Weighting Prevents Model Collapse".
    """
    ratio = _ratio(synthetic_per_real)
    return 2 / (np.sqrt(1 + 4 * ratio) + 1)


def weighted_mean_variance(
    real_weight: Numbers, synthetic_per_real: Numbers
) -> np.ndarray:
    """Return the stationary variance of a weighted mean, relative to real data only.

    Each generation averages n fresh real points with weight w and kn points of
    N(last mean, 1) with weight 1 - w: ``(w² + (1-w)²/k) / (1 - (1-w)²)``, times 1/n.

    Source: derived in the appendix; He, Xu & Cheng (2025) for the setting.
    """
    weight = interval_array("real_weight", real_weight, 0, 1)
    if np.any(weight == 0):
        raise refuse("real_weight", real_weight, "in (0, 1]")
    rest = (1 - weight) ** 2
    return (weight**2 + rest / _ratio(synthetic_per_real)) / (1 - rest)


def _ratio(synthetic_per_real: Numbers) -> np.ndarray:
    ratio = interval_array("synthetic_per_real", synthetic_per_real, 0)
    if np.any(ratio == 0):
        raise refuse("synthetic_per_real", synthetic_per_real, "greater than 0")
    return ratio
