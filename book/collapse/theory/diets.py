"""What the diets keep of the variance: accumulated, subsampled, fresh, replayed data.

Room of floor 2: it knows numpy.
"""

import numpy as np

from ._arguments import (
    Numbers,
    checked_refits,
    checked_replayed_share,
    checked_share,
    checked_size,
)


def accumulate_expected_variance(refits: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return E σ²_n of the MLE when every batch is kept: Π_{k≤n} (1 - 1/(M k²)).

    Source: derived in the appendix; Kazdan et al. (2024), "Collapse or Thrive?",
    for the setting.
    """
    refits, size = np.broadcast_arrays(
        checked_refits(refits), checked_size(sample_size)
    )
    result = np.ones(refits.shape)
    for k in range(1, int(refits.max()) + 1):
        result = np.where(k <= refits, result * (1 - 1 / (size * k**2)), result)
    return result[()]


def accumulate_limit(sample_size: Numbers) -> np.ndarray:
    """Return the limit of `accumulate_expected_variance`: sin(x)/x at x = π/√M.

    Source: Euler's product for the sine.
    """
    return np.sinc(1 / np.sqrt(checked_size(sample_size)))


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
    refits, size = np.broadcast_arrays(
        checked_refits(refits), checked_size(sample_size)
    )
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
    size = checked_size(sample_size)
    new = 1 - checked_share(real_fraction)
    return size * (1 - new**2) + new


def fresh_mixing_transient(
    refits: Numbers, sample_size: Numbers, real_fraction: Numbers
) -> np.ndarray:
    """Return E σ²_n of the MLE with a share γ of fresh real data.

    From 1 - 1/M the distance to the stationary value shrinks by a² - a/M at each
    refit, a = 1 - γ. The variance of the mean is 1 minus the result.

    Source: derived in the appendix.
    """
    refits, size = checked_refits(refits), checked_size(sample_size)
    new = 1 - checked_share(real_fraction)
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
    size = checked_size(sample_size)
    share = checked_replayed_share(real_fraction, size)
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
        checked_refits(refits), checked_size(sample_size), np.asarray(real_fraction)
    )
    share = checked_replayed_share(share, size)
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
