"""How far a distribution has moved: distances, divergences and spread.

Every function takes arrays whose leading axes are chains and returns one number for
each. Floor 2: it knows numpy and scipy, and no model.
"""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from .validation import (
    distributions,
    finite_array,
    real_number,
    refuse,
    whole_number,
)

# Eigenvalues may come out this far below 0, relative to the largest entry.
_ROUNDING = 1e-9


def wasserstein2_squared(
    mean: Any, variance: Any, other_mean: Any = 0.0, other_variance: Any = 1.0
) -> np.ndarray:
    """Return the squared 2-Wasserstein distance of normal distributions on a line.

    ``(μ - μ')² + (σ - σ')²``. Source: Dowson & Landau (1982), "The Fréchet distance
    between multivariate normal distributions", in one dimension.

    Parameters
    ----------
    mean, variance, other_mean, other_variance : float or array
        Shapes that broadcast. The other distribution is N(0, 1) unless given.

    Raises
    ------
    ValueError
        If a value is not finite or a variance is negative.
    """
    mean = finite_array("mean", mean)
    other_mean = finite_array("other_mean", other_mean)
    sd = np.sqrt(_not_negative("variance", variance))
    other_sd = np.sqrt(_not_negative("other_variance", other_variance))
    return (mean - other_mean) ** 2 + (sd - other_sd) ** 2


def kl_divergence(
    mean: Any, variance: Any, other_mean: Any = 0.0, other_variance: Any = 1.0
) -> np.ndarray:
    """Return KL(N(μ, σ²) || N(μ', σ'²)) in nats, for distributions on a line.

    ``(r - 1 - log r + (μ - μ')²/σ'²) / 2`` with r = σ²/σ'². Source: Kullback &
    Leibler (1951), "On information and sufficiency".

    Parameters
    ----------
    mean, variance, other_mean, other_variance : float or array
        Shapes that broadcast. The other distribution is N(0, 1) unless given. A
        variance of 0 gives infinity.

    Raises
    ------
    ValueError
        If a value is not finite, a variance is negative, or the other is 0.
    """
    mean = finite_array("mean", mean)
    other_mean = finite_array("other_mean", other_mean)
    other_variance = _not_negative("other_variance", other_variance)
    if np.any(other_variance == 0):
        raise refuse("other_variance", other_variance, "greater than 0")
    ratio = _not_negative("variance", variance) / other_variance
    with np.errstate(divide="ignore"):
        # log1p: near equality, ratio - 1 and its logarithm all but cancel.
        spread = (ratio - 1) - np.log1p(ratio - 1)
    return 0.5 * (spread + (mean - other_mean) ** 2 / other_variance)


def log_variance(data: Any) -> np.ndarray:
    """Return the log of the points' variance (divided by n), one for each chain.

    The fair way to average spread over chains: the variance itself is so skewed
    that a few chains carry its mean. Equal points give minus infinity.

    Parameters
    ----------
    data : array, shape (..., n)

    Raises
    ------
    ValueError
        If it is empty or not finite.
    """
    variance = finite_array("data", data, axes=1).var(axis=-1)
    with np.errstate(divide="ignore"):
        return np.log(variance)


def gaussian_frechet_distance(
    mean: Any, covariance: Any, other_mean: Any, other_covariance: Any
) -> np.ndarray:
    """Return the Fréchet distance (squared W2) of normals in d dimensions.

    ``|μ - μ'|² + tr(Σ + Σ' - 2 (Σ^½ Σ' Σ^½)^½)``. Source: Dowson & Landau (1982);
    as a measure of generated images, Heusel et al. (2017).

    Parameters
    ----------
    mean, other_mean : array, shape (..., d)
    covariance, other_covariance : array, shape (..., d, d)
        May be singular.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, or a covariance is none.
    """
    mean, covariance = _moments("", mean, covariance)
    other_mean, other_covariance = _moments("other_", other_mean, other_covariance)
    root = _square_root("covariance", covariance)
    # The trace of (Σ^½ Σ' Σ^½)^½ is the sum of singular values of AᵀB; from
    # them small eigenvalues come out accurately, where squares would lose half the
    # digits.
    other_root = _square_root("other_covariance", other_covariance)
    overlap = np.linalg.svd(
        np.swapaxes(root, -1, -2) @ other_root, compute_uv=False
    ).sum(axis=-1)
    traces = _trace(covariance) + _trace(other_covariance)
    shift = np.sum((mean - other_mean) ** 2, axis=-1)
    return shift + np.maximum(traces - 2 * overlap, 0)


def gaussian_kl_divergence(
    mean: Any, covariance: Any, other_mean: Any, other_covariance: Any
) -> np.ndarray:
    """Return KL(N(μ, Σ) || N(μ', Σ')) in nats, in d dimensions.

    ``(tr S - d - log det S + |L⁻¹(μ - μ')|²) / 2`` with Σ' = LLᵀ and
    S = L⁻¹ Σ L⁻ᵀ. Source: Kullback (1959), "Information Theory and Statistics",
    chapter 9.

    Parameters
    ----------
    mean, other_mean : array, shape (..., d)
    covariance, other_covariance : array, shape (..., d, d)
        The first may be singular: infinity. The other may not.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, a covariance is none, or the
        other is singular.
    """
    mean, covariance = _moments("", mean, covariance)
    other_mean, other_covariance = _moments("other_", other_mean, other_covariance)
    try:
        factor = np.linalg.cholesky(other_covariance)
    except np.linalg.LinAlgError:
        raise ValueError("other_covariance must be positive definite") from None
    white = np.linalg.solve(factor, _square_root("covariance", covariance))
    shift = np.linalg.solve(factor, (mean - other_mean)[..., None])[..., 0]
    ratios = np.linalg.svd(white, compute_uv=False) ** 2
    with np.errstate(divide="ignore"):
        spread = np.sum((ratios - 1) - np.log1p(ratios - 1), axis=-1)
    return 0.5 * (spread + np.sum(shift**2, axis=-1))


def frechet_distance(data: Any, other_data: Any) -> np.ndarray:
    """Return the Fréchet distance of two sets of points, each seen as a normal.

    Means and covariances (divided by n) go into `gaussian_frechet_distance`.

    Parameters
    ----------
    data : array, shape (..., n, d)
    other_data : array, shape (..., m, d)
        Leading axes broadcast: one reference set may serve all chains.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a set holds fewer than 2 points, is not finite, or d differs.
    """
    mean, covariance = _fit("data", data)
    other_mean, other_covariance = _fit("other_data", other_data)
    if mean.shape[-1] != other_mean.shape[-1]:
        raise ValueError(
            f"data and other_data must have points of the same dimension, got "
            f"{mean.shape[-1]} and {other_mean.shape[-1]}"
        )
    return gaussian_frechet_distance(mean, covariance, other_mean, other_covariance)


def mixture_l2_distance(
    weights: Any,
    means: Any,
    covariances: Any,
    other_weights: Any,
    other_means: Any,
    other_covariances: Any,
) -> np.ndarray:
    """Return the L2 distance of two Gaussian mixture densities, ``(∫ (f - g)²)^½``.

    By the closed form ``∫ N(x; a, A) N(x; b, B) dx = N(a; b, A + B)`` for each pair
    of components. A difference below 1e-8 of the densities' own norm is lost to
    rounding. Source: Petersen & Pedersen (2012), "The Matrix Cookbook", section
    8.1.8; for mixtures, Scott (1999), "Parametric modeling by minimum L2 error".

    Parameters
    ----------
    weights : array, shape (..., K)
    means : array, shape (..., K), or (..., K, d)
    covariances : array, shape (..., K) of variances, or (..., K, d, d)
    other_weights, other_means, other_covariances : array
        As above, with a number of components of its own; the leading axes
        broadcast.

    Returns
    -------
    array, shape (...)
        Its square has the unit of a density.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, weights are none, or the sum of
        two covariances is singular.
    """
    one = _mixture("", weights, means, covariances)
    other = _mixture("other_", other_weights, other_means, other_covariances)
    if one[1].shape[-1] != other[1].shape[-1]:
        raise ValueError(
            "means and other_means must be of equal dimension, "
            f"got {one[1].shape[-1]} and {other[1].shape[-1]}"
        )
    # One signed mixture, f - g.
    weights = _joined(one[0], -other[0], axes=1)
    means = _joined(one[1], other[1], axes=2)
    covariances = _joined(one[2], other[2], axes=3)
    sums = covariances[..., :, None, :, :] + covariances[..., None, :, :, :]
    gaps = means[..., :, None, :] - means[..., None, :, :]
    volumes = np.linalg.det(sums)
    if (volumes <= 0).any():
        raise ValueError("covariances must be positive definite")
    square = np.vecdot(gaps, np.linalg.solve(sums, gaps[..., None])[..., 0])
    overlaps = np.exp(-0.5 * square) / np.sqrt(volumes)
    overlaps /= (2 * np.pi) ** (means.shape[-1] / 2)
    total = np.vecdot(weights, np.matvec(overlaps, weights))
    return np.sqrt(np.maximum(total, 0))


def jensen_shannon_divergence(
    probabilities: Any, other_probabilities: Any
) -> np.ndarray:
    """Return the Jensen-Shannon divergence in nats, between 0 and log 2.

    The mean of both Kullback-Leibler divergences to the average of the two. Source:
    Lin (1991), "Divergence measures based on the Shannon entropy".

    Parameters
    ----------
    probabilities, other_probabilities : array, shape (..., K)
        Rows that add up to 1; the leading axes broadcast.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution or K differs.
    """
    one = distributions("probabilities", probabilities)
    other = distributions("other_probabilities", other_probabilities)
    if one.shape[-1] != other.shape[-1]:
        raise ValueError(
            "probabilities and other_probabilities must have equal last axes, "
            f"got {one.shape} and {other.shape}"
        )
    middle = (one + other) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(p > 0, p * np.log(p / middle), 0.0) for p in (one, other)]
    return np.maximum(0.5 * (terms[0] + terms[1]).sum(axis=-1), 0)


def entropy(probabilities: Any) -> np.ndarray:
    """Return the entropy ``-Σ p log p`` in nats, between 0 and log K.

    Source: Shannon (1948), "A mathematical theory of communication".

    Parameters
    ----------
    probabilities : array, shape (..., K)
        Rows that add up to 1.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution.
    """
    rows = distributions("probabilities", probabilities)
    logs = np.log(np.where(rows > 0, rows, 1.0))
    return -(rows * logs).sum(axis=-1)


def effective_classes(probabilities: Any) -> np.ndarray:
    """Return the effective number of classes: the exponential of the entropy.

    K equally frequent classes count as K, a point mass as 1. Source: Jost (2006),
    "Entropy and diversity".

    Of generated images, give it the mean over images of what a classifier says, not
    the shares of its first choices: near the end of a collapse a classifier's first
    choices differ over images that hardly do.

    Parameters
    ----------
    probabilities : array, shape (..., K)
        Rows that add up to 1.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution.
    """
    return np.exp(entropy(probabilities))


def heterozygosity(probabilities: Any) -> np.ndarray:
    """Return H = 1 - Σ p²: how probably two draws differ.

    Source: Nei (1973), "Analysis of gene diversity in subdivided populations"; also
    known as the Gini-Simpson index.

    Parameters
    ----------
    probabilities : array, shape (..., K)
        Rows that add up to 1.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution.
    """
    rows = distributions("probabilities", probabilities)
    return 1 - np.vecdot(rows, rows)


def support(probabilities: Any) -> np.ndarray:
    """Return how many symbols have a probability above 0.

    Parameters
    ----------
    probabilities : array, shape (..., K)
        Rows that add up to 1.

    Returns
    -------
    array of int, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution.
    """
    return np.count_nonzero(distributions("probabilities", probabilities), axis=-1)


def distinct_ngrams(tokens: Any, n: int, ignore: Sequence[int] = ()) -> np.ndarray:
    """Return distinct-n: which share of all runs of `n` tokens are different ones.

    It falls as texts repeat themselves or one another, and also as there are more of
    them: compare equally large sets. Source: Li et al. (2016), "A diversity-promoting
    objective function for neural conversation models".

    Parameters
    ----------
    tokens : array of int, shape (..., documents, length)
    n : int
        At least 1.
    ignore : sequence of int
        Runs that hold one of these tokens do not count: padding, ends.

    Returns
    -------
    array, shape (...)
        In [0, 1]; 0 if there is no run at all.

    Raises
    ------
    ValueError
        If tokens are no whole numbers or a row is shorter than `n`.
    """

    def share(runs: np.ndarray, counted: np.ndarray) -> float:
        kept = runs[counted]
        return len(np.unique(kept, axis=0)) / max(len(kept), 1)

    return _of_each_set(tokens, n, ignore, share)


def repeated_ngrams(tokens: Any, n: int, ignore: Sequence[int] = ()) -> np.ndarray:
    """Return which share of all runs of `n` tokens stood in their row before.

    Unlike `distinct_ngrams` it sees how a text repeats itself, not how it resembles
    others. Source: Welleck et al. (2020), "Neural text generation with unlikelihood
    training", for one text.

    Parameters
    ----------
    tokens, n, ignore
        As for `distinct_ngrams`.

    Returns
    -------
    array, shape (...)
        In [0, 1); 0 if there is no run at all.

    Raises
    ------
    ValueError
        As `distinct_ngrams`.
    """

    def share(runs: np.ndarray, counted: np.ndarray) -> float:
        rows = np.broadcast_to(np.arange(len(runs))[:, None], counted.shape)
        kept = np.concatenate([rows[counted][:, None], runs[counted]], axis=-1)
        return 1 - len(np.unique(kept, axis=0)) / len(kept) if len(kept) else 0.0

    return _of_each_set(tokens, n, ignore, share)


def vocabulary_in_use(tokens: Any, ignore: Sequence[int] = ()) -> np.ndarray:
    """Return how many different tokens a set of documents holds.

    Parameters
    ----------
    tokens : array of int, shape (..., documents, length)
    ignore : sequence of int
        Tokens that do not count.

    Returns
    -------
    array of int, shape (...)

    Raises
    ------
    ValueError
        If tokens are no whole numbers.
    """

    def number(runs: np.ndarray, counted: np.ndarray) -> int:
        return len(np.unique(runs[counted]))

    return _of_each_set(tokens, 1, ignore, number)


def histogram(values: Any, edges: Any) -> np.ndarray:
    """Return how many values fall into each bin, with nothing left out.

    Parameters
    ----------
    values : array, shape (..., n)
    edges : array, shape (bins + 1,)
        Ascending. What lies below the first edge counts in the first bin, what lies
        above the last one in the last bin.

    Returns
    -------
    array of int, shape (..., bins)

    Raises
    ------
    ValueError
        If `values` is not finite, or `edges` do not ascend.
    """
    values = finite_array("values", values, axes=1)
    edges = finite_array("edges", edges, axes=1)
    if edges.ndim != 1 or len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise refuse("edges", edges, "two or more ascending numbers")
    inside = np.clip(values, edges[0], edges[-1])
    return np.apply_along_axis(lambda row: np.histogram(row, edges)[0], -1, inside)


def mode_shares(data: Any, modes: Any, radius: float = np.inf) -> np.ndarray:
    """Return which share of the points lies at each of the known modes.

    A point lies at a mode if it is nearer to it (Euclidean distance) than to any
    other, the first one in a tie, and no further away than `radius`.

    Parameters
    ----------
    data : array, shape (..., n), or (..., n, d)
    modes : array, shape (K,), or (K, d)
    radius : float
        Above 0; infinite: every point lies at some mode.

    Returns
    -------
    array, shape (..., K)
        Adds up to 1, or to less where points are far from all modes.

    Raises
    ------
    ValueError
        If a value is not finite, d differs, or the radius is not above 0.
    """
    modes = finite_array("modes", modes, axes=1)
    if modes.ndim > 2:
        raise ValueError(f"modes must have shape (K,) or (K, d), got {modes.shape}")
    data = finite_array("data", data, axes=modes.ndim)
    if modes.ndim == 1:
        modes, data = modes[:, None], data[..., None]
    if data.shape[-1] != modes.shape[-1]:
        raise ValueError(
            f"data must have a last axis of {modes.shape[-1]} to fit the modes, "
            f"got shape {data.shape}"
        )
    if isinstance(radius, bool) or not isinstance(radius, Real) or not radius > 0:
        raise refuse("radius", radius, "a number above 0")
    squares = np.stack([np.square(data - mode).sum(axis=-1) for mode in modes])
    nearest = squares.argmin(axis=0)
    near = squares.min(axis=0) <= radius**2
    return np.stack(
        [(near & (nearest == k)).mean(axis=-1) for k in range(len(modes))], axis=-1
    )


def mode_coverage(
    data: Any, modes: Any, radius: float = np.inf, least: float = 0.0
) -> np.ndarray:
    """Return the fraction of the known modes that the points still cover.

    A mode is covered if more than `least` of all points lie at it; see
    `mode_shares`.

    Parameters
    ----------
    data, modes, radius
        As for `mode_shares`.
    least : float
        In [0, 1). With 0 a single point is enough.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        As `mode_shares`, and if `least` is not in [0, 1).
    """
    if real_number("least", least, 0, 1) == 1:
        raise refuse("least", least, "a number in [0, 1)")
    return (mode_shares(data, modes, radius) > least).mean(axis=-1)


def classes_held(
    probabilities: Any, confidence: float = 0.9, least: float = 0.0
) -> np.ndarray:
    """Return how many classes still have images that a classifier is sure about.

    A class is held if more than `least` of all images show it with a probability
    above `confidence`. Counting first choices instead would saturate: every image
    has one, even an empty or a grey one, so the count stays high to the end.

    Parameters
    ----------
    probabilities : array, shape (..., n, K)
        What a classifier says about each of n images; rows that add up to 1.
    confidence : float
        In [0.5, 1): at most one class of an image exceeds it.
    least : float
        In [0, 1). With 0 a single image is enough.

    Returns
    -------
    array of int, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution or an argument is out of range.
    """
    rows = distributions("probabilities", probabilities)
    if rows.ndim < 2:
        raise ValueError(
            f"probabilities must have at least 2 axes, got shape {rows.shape}"
        )
    if real_number("confidence", confidence, 0.5, 1) == 1:
        raise refuse("confidence", confidence, "a number in [0.5, 1)")
    if real_number("least", least, 0, 1) == 1:
        raise refuse("least", least, "a number in [0, 1)")
    shares = (rows > confidence).mean(axis=-2)
    return np.count_nonzero(shares > least, axis=-1)


def pixel_variance(images: Any) -> np.ndarray:
    """Return the variance over images (divided by n), summed over pixels.

    Equal images have 0. Effective dimension, a function of the *shares* of this
    variance along the principal components, is no substitute: those shares stay
    well spread, or spread out, while the variance itself goes to 0.

    Parameters
    ----------
    images : array, shape (..., n, pixels)

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If it is empty or not finite.
    """
    images = finite_array("images", images, axes=2)
    return images.var(axis=-2, dtype=float).sum(axis=-1)


def coverage(data: Any, reference: Any, neighbours: int = 5) -> np.ndarray:
    """Return which share of the reference points has a point of the data near it.

    Near is within the distance of the reference point's `neighbours`-th nearest
    fellow. Source: Naeem et al. (2020), "Reliable fidelity and diversity metrics for
    generative models", section 3.

    Parameters
    ----------
    data : array, shape (..., n, d)
        Generated points; the leading axes are chains.
    reference : array, shape (m, d)
        Real points, more than `neighbours`.
    neighbours : int
        At least 1.

    Returns
    -------
    array, shape (...)
        In [0, 1]. New real points, as many as the reference has, reach nearly
        ``1 - 2**-neighbours``.

    Raises
    ------
    ValueError
        If points are not finite, too few, or of another dimension.
    """
    data, reference = _point_sets(data, reference, neighbours)
    radii = _radii(reference, neighbours)
    near = _for_each_chain(
        data, lambda points: (_squares(reference, points) <= radii).any(axis=1)
    )
    return near.mean(axis=-1)


def recall(data: Any, reference: Any, neighbours: int = 5) -> np.ndarray:
    """Return which share of the reference points lies where the data are.

    That is within the distance of some data point's `neighbours`-th nearest fellow.
    Data that have shrunk to a spot reach nothing. Source: Kynkäänniemi et al. (2019),
    "Improved precision and recall metric for assessing generative models", section 2.

    Parameters
    ----------
    data : array, shape (..., n, d)
        Generated points, more than `neighbours`; the leading axes are chains.
    reference : array, shape (m, d)
        Real points.
    neighbours : int
        At least 1.

    Returns
    -------
    array, shape (...)
        In [0, 1].

    Raises
    ------
    ValueError
        If points are not finite, too few, or of another dimension.
    """
    data, reference = _point_sets(data, reference, neighbours, of_data=True)

    def reached(points: np.ndarray) -> np.ndarray:
        radii = _radii(points, neighbours)
        return (_squares(points, reference) <= radii).any(axis=0)

    return _for_each_chain(data, reached).mean(axis=-1)


def _point_sets(
    data: Any, reference: Any, neighbours: int, of_data: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    data = finite_array("data", data, axes=2).astype(float)
    reference = finite_array("reference", reference, axes=2).astype(float)
    if reference.ndim != 2 or data.shape[-1] != reference.shape[-1]:
        raise ValueError(
            "reference must have shape (m, d) with the d of data, "
            f"got {reference.shape} and {data.shape}"
        )
    whole_number("neighbours", neighbours, 1)
    name, points = ("data", data) if of_data else ("reference", reference)
    if points.shape[-2] <= neighbours:
        raise ValueError(
            f"{name} must hold more than {neighbours} points, got shape {points.shape}"
        )
    return data, reference


def _for_each_chain(
    data: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    chains = [measure(points) for points in data.reshape(-1, *data.shape[-2:])]
    return np.stack(chains).reshape(*data.shape[:-2], -1)


def _radii(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Return the squared distance to the k-th nearest other point, (n, 1)."""
    squares = _squares(points, points)
    np.fill_diagonal(squares, np.inf)
    return np.partition(squares, neighbours - 1, axis=1)[:, neighbours - 1, None]


def _squares(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return squared distances of all pairs, (n, m)."""
    return cdist(points, others, "sqeuclidean")


def _of_each_set(
    tokens: Any, n: int, ignore: Sequence[int], ask: Callable[..., float]
) -> np.ndarray:
    """Ask each set of documents about its runs of `n` tokens."""
    n = whole_number("n", n, 1)
    tokens = finite_array("tokens", tokens, axes=2)
    if tokens.dtype.kind == "f":
        raise refuse("tokens", tokens, "whole numbers")
    if tokens.shape[-1] < n:
        raise ValueError(
            f"tokens must have rows of at least n = {n}, got shape {tokens.shape}"
        )
    runs = np.lib.stride_tricks.sliding_window_view(tokens, n, axis=-1)
    counted = ~np.isin(runs, list(ignore)).any(axis=-1)
    answers = [
        ask(runs[place], counted[place]) for place in np.ndindex(runs.shape[:-3])
    ]
    return np.array(answers).reshape(runs.shape[:-3])


def _mixture(
    prefix: str, weights: Any, means: Any, covariances: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights (..., K), means (..., K, d), covariances (..., K, d, d)."""
    weights = distributions(f"{prefix}weights", weights)
    means = finite_array(f"{prefix}means", means, axes=1).astype(float)
    covariances = finite_array(f"{prefix}covariances", covariances, axes=1)
    covariances = covariances.astype(float)
    if means.ndim == weights.ndim:
        means = means[..., None]
        if covariances.shape == weights.shape:
            covariances = covariances[..., None, None]
    d = means.shape[-1]
    if means.shape[:-1] != weights.shape or covariances.shape != (*means.shape, d):
        raise ValueError(
            f"{prefix}weights, {prefix}means and {prefix}covariances must have "
            "shapes (..., K), (..., K, d) and (..., K, d, d), or three times "
            f"(..., K), got {weights.shape}, {means.shape} and {covariances.shape}"
        )
    return weights, means, covariances


def _joined(one: np.ndarray, other: np.ndarray, axes: int) -> np.ndarray:
    """Join the components of two mixtures, whose own axes are the last `axes`."""
    leading = np.broadcast_shapes(one.shape[:-axes], other.shape[:-axes])
    parts = [
        np.broadcast_to(each, leading + each.shape[-axes:]) for each in (one, other)
    ]
    return np.concatenate(parts, axis=-axes)


def _fit(name: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    data = finite_array(name, data, axes=2)
    if data.shape[-2] < 2:
        raise ValueError(f"{name} must hold at least 2 points, got shape {data.shape}")
    # In single precision a covariance gets negative eigenvalues by rounding.
    data = data.astype(float)
    mean = data.mean(axis=-2)
    offset = data - mean[..., None, :]
    return mean, np.swapaxes(offset, -1, -2) @ offset / data.shape[-2]


def _not_negative(name: str, variance: Any) -> np.ndarray:
    array = finite_array(name, variance)
    if (array < 0).any():
        raise refuse(name, variance, "at least 0")
    return array


def _moments(prefix: str, mean: Any, covariance: Any) -> tuple[np.ndarray, np.ndarray]:
    mean = finite_array(f"{prefix}mean", mean, axes=1)
    covariance = finite_array(f"{prefix}covariance", covariance, axes=2)
    dimension = mean.shape[-1]
    if covariance.shape[-2:] != (dimension, dimension):
        raise ValueError(
            f"{prefix}covariance must end in ({dimension}, {dimension}) to fit "
            f"{prefix}mean, got shape {covariance.shape}"
        )
    return mean, covariance


def _square_root(name: str, covariance: np.ndarray) -> np.ndarray:
    """Return A with A Aᵀ = Σ, for a covariance that may be singular."""
    size = np.abs(covariance).max(axis=(-2, -1), keepdims=True)
    size = np.where(size > 0, size, 1.0)
    scaled = covariance / size
    if np.abs(scaled - np.swapaxes(scaled, -1, -2)).max() > _ROUNDING:
        raise ValueError(f"{name} must be symmetric")
    values, vectors = np.linalg.eigh(scaled)
    if (values < -_ROUNDING).any():
        raise ValueError(f"{name} must not have negative eigenvalues")
    scales = np.sqrt(np.maximum(values, 0) * size[..., 0])
    return vectors * scales[..., None, :]


def _trace(matrices: np.ndarray) -> np.ndarray:
    return np.trace(matrices, axis1=-2, axis2=-1)
