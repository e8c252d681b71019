"""A Gaussian whose data is replaced at every refit: variance, mean, W2, half-life.

Room of floor 2: it knows numpy and scipy.
"""

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from ._arguments import (
    Numbers,
    checked_refits,
    checked_shrinkage,
    checked_size,
    is_unbiased,
)


def c4(sample_size: Numbers) -> np.ndarray:
    """Return E s / σ for the sample standard deviation s of M normal points.

    ``c4(M) = sqrt(2/(M-1)) Γ(M/2) / Γ((M-1)/2)``, with s² the unbiased variance.

    Source: the mean of a chi distribution; Holtzman (1950), "The unbiased estimate
    of the population variance and standard deviation".
    """
    size = checked_size(sample_size)
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
    refits, size = checked_refits(refits), checked_size(sample_size)
    factor = np.ones_like(size) if is_unbiased(estimator) else 1 - 1 / size
    return factor**refits


def variance_of_variance(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return Var σ²_n when all data is replaced.

    For the unbiased estimator (1 + 2/(M-1))^n - 1, which soon is so large that an
    average over chains says little: average log σ² instead.

    Source: derived in the appendix from the second moment of χ²(M-1).
    """
    refits, size = checked_refits(refits), checked_size(sample_size)
    mean = expected_variance(refits, size, estimator)
    return mean**2 * np.expm1(refits * np.log1p(2 / (size - 1)))


def variance_of_mean(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return Var μ_n when all data is replaced: 1 - (1-1/M)^n, or n/M if unbiased.

    Source: Shumailov et al. (2024), Theorem 3.1 and its proof, for the unbiased
    estimator; derived in the appendix by the law of total variance for the other.
    """
    refits, size = checked_refits(refits), checked_size(sample_size)
    if is_unbiased(estimator):
        return refits / size
    return -np.expm1(refits * np.log1p(-1 / size))


def expected_sd(
    refits: Numbers, sample_size: Numbers, estimator: str = "mle"
) -> np.ndarray:
    """Return E σ_n when all data is replaced: c4^n, times (1-1/M)^(n/2) for MLE.

    Source: derived in the appendix from independent chi factors.
    """
    refits, size = checked_refits(refits), checked_size(sample_size)
    factor = c4(size)
    if not is_unbiased(estimator):
        factor = factor * np.sqrt((size - 1) / size)
    return factor**refits


def log_variance_drift(sample_size: Numbers, estimator: str = "mle") -> np.ndarray:
    """Return what one refit adds to E log σ².

    ``ψ((M-1)/2) - log(D/2)``, with D = M for MLE and M - 1 if unbiased: about -2/M
    and -1/M. For growing samples pass M_0, M_1, ... and take ``cumsum``.

    Source: derived in the appendix from E log χ².
    """
    size = checked_size(sample_size)
    divisor = size - 1 if is_unbiased(estimator) else size
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
    return checked_refits(refits) * log_variance_drift(sample_size, estimator)


def log_variance_variance(refits: Numbers, sample_size: Numbers) -> np.ndarray:
    """Return Var log σ²_n = n ψ'((M-1)/2), about 2n/M, for either estimator.

    Source: derived in the appendix from Var log χ².
    """
    refits, size = checked_refits(refits), checked_size(sample_size)
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
    refits, size = np.broadcast_arrays(
        checked_refits(refits), checked_size(sample_size)
    )
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
    sizes = checked_size(sample_sizes)
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
    refits, size = checked_refits(refits), checked_size(sample_size)
    shrinkage = 2 * (1 - expected_sd(refits, size, estimator))
    if is_unbiased(estimator):
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
    return 1.5 * np.cumsum(1 / checked_size(sample_sizes))


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
    refits = checked_refits(refits)
    factor = checked_shrinkage(shrinkage)
    return factor ** (refits - 1) * expected_variance(refits, sample_size, estimator)
