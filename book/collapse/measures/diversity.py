"""How much variety is left: in distributions, among modes and classes, in images.

Leading axes are chains; each function returns one number for each.
"""

from numbers import Real
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import entr

from ..validation import (
    distributions,
    finite_array,
    real_number,
    refuse,
    whole_number,
    wide,
)


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
    return entr(distributions("probabilities", probabilities)).sum(axis=-1)


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
    data, modes = wide(data), wide(modes)
    squares = np.stack([np.square(data - mode).sum(axis=-1) for mode in modes])
    nearest = squares.argmin(axis=0)
    near = squares.min(axis=0) <= radius**2
    return np.stack(
        [(near & (nearest == k)).mean(axis=-1) for k in range(len(modes))], axis=-1
    )


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
    data = finite_array("data", data, axes=2).astype(float)
    reference = finite_array("reference", reference, axes=2).astype(float)
    if reference.ndim != 2 or data.shape[-1] != reference.shape[-1]:
        raise ValueError(
            "reference must have shape (m, d) with the d of data, "
            f"got {reference.shape} and {data.shape}"
        )
    neighbours = whole_number("neighbours", neighbours, 1)
    if len(reference) <= neighbours:
        raise ValueError(
            f"reference must hold more than {neighbours} points, "
            f"got shape {reference.shape}"
        )
    squares = cdist(reference, reference, "sqeuclidean")
    np.fill_diagonal(squares, np.inf)
    radii = np.partition(squares, neighbours - 1, axis=1)[:, neighbours - 1, None]
    shares = [
        (cdist(reference, points, "sqeuclidean") <= radii).any(axis=1).mean()
        for points in data.reshape(-1, *data.shape[-2:])
    ]
    return np.reshape(shares, data.shape[:-2])
