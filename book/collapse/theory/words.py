"""Drift of word lists: heterozygosity, fixation, support, rare words, minorities.

Room of floor 2: it knows numpy and scipy.
"""

import numpy as np
from scipy.special import betainc, xlog1py, xlogy
from scipy.stats import binom

from ..shares import share_counts
from ..validation import interval_array, real_number, refuse, whole_array, whole_number
from ._arguments import (
    Numbers,
    checked_refits,
    checked_row,
    checked_share,
    checked_single_size,
    checked_size,
)
from .diets import fresh_mixing_transient, fresh_mixing_variance
from .gaussian import expected_variance


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
    refits, size = checked_refits(refits), checked_size(sample_size)
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
    p, size = interval_array("frequency", frequency, 0, 1), checked_size(sample_size)
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
    refits, size = checked_refits(refits), checked_single_size(sample_size)
    probabilities = checked_row(probabilities)
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
    refits, size = checked_refits(refits), checked_single_size(sample_size)
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
        checked_refits(refits), whole_array("occurrences", occurrences, 1)
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


def minority_variance(frequency: Numbers, real_points: Numbers) -> np.ndarray:
    """Return the lasting variance of a group's share: p(1-p)/(2k+1).

    k fresh real points join each generation, among many more synthetic ones.

    Source: Wright (1931), "Evolution in Mendelian populations".

    Parameters
    ----------
    frequency : float or array
        p of the group in the real distribution, in [0, 1].
    real_points : int or array
        k, at least 1.
    """
    p = interval_array("frequency", frequency, 0, 1)
    return p * (1 - p) / (2 * whole_array("real_points", real_points, 1) + 1)


def minority_shortfall(
    frequency: Numbers, real_points: Numbers, fraction: Numbers = 0.5
) -> np.ndarray:
    """Return how probably a group holds less than a fraction of its true share.

    In the long run its share follows Beta(2kp, 2k(1-p)), with k fresh real points in
    each generation, among many more synthetic ones: the diffusion approximation.

    Source: Wright (1931), "Evolution in Mendelian populations".

    Parameters
    ----------
    frequency : float or array
        p of the group in the real distribution, in (0, 1).
    real_points : int or array
        k, at least 1.
    fraction : float or array
        In [0, 1].
    """
    p, below = _inner(frequency), interval_array("fraction", fraction, 0, 1)
    weight = 2 * whole_array("real_points", real_points, 1)
    return betainc(weight * p, weight * (1 - p), below * p)


def minority_points(frequency: Numbers) -> np.ndarray:
    """Return how many fresh real points a generation needs to hold a group: 1/(2p).

    With fewer, a share near 0 is the likeliest of all: the density of Beta(2kp, ...)
    has a pole there.

    Source: derived in the appendix from Wright (1931), as `minority_shortfall`.

    Parameters
    ----------
    frequency : float or array
        p of the group in the real distribution, in (0, 1).
    """
    return 1 / (2 * _inner(frequency))


def _inner(frequency: Numbers) -> np.ndarray:
    p = interval_array("frequency", frequency, 0, 1)
    if np.any((p == 0) | (p == 1)):
        raise refuse("frequency", frequency, "in (0, 1)")
    return p


def tail_cut_error(
    sample_size: Numbers,
    probabilities: Numbers,
    kept_words: int,
    real_fraction: Numbers = 0.0,
) -> np.ndarray:
    """Return how probably the next real word is missing from the training set.

    ``Σ_i p_i (1 - q_i)^T``, where T words are drawn from q = γp + (1-γ)p', and p' is
    p without its tail. Without real data the tail's mass is a floor; with a share γ
    tail words are learned from 1/γ times as many words.

    Source: derived in the appendix; Dohmatob et al. (2024), "A Tale of Tails", for
    the setting.

    Parameters
    ----------
    sample_size : int or array
        T.
    probabilities : array, shape (K,)
        p, the most frequent word first.
    kept_words : int
        How many of the first words p' keeps.
    real_fraction : float or array
        γ in [0, 1].
    """
    size, share = np.broadcast_arrays(
        checked_size(sample_size), checked_share(real_fraction)
    )
    p = checked_row(probabilities)
    kept = whole_number("kept_words", kept_words, 1)
    if kept > len(p):
        raise refuse("kept_words", kept_words, f"at most {len(p)}, one for each word")
    cut = np.where(np.arange(len(p)) < kept, p, 0.0)
    share = share[..., None]
    q = share * p + (1 - share) * cut / cut.sum()
    return ((1 - q) ** size[..., None]) @ p
