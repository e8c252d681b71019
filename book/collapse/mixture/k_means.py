"""Where EM begins: clusters by k-means, on many chains at once."""

import numpy as np

_LLOYD = 20
"""The most steps of k-means after its seeding."""


def k_means(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return clusters found by Lloyd's steps from a k-means++ seeding.

    Parameters
    ----------
    points : array, shape (chains, d, n)
    seeds : array, shape (chains, K, tries)
        Uniforms on [0, 1).

    Returns
    -------
    array of 0.0 and 1.0, shape (chains, K, n)
        Whether a point belongs to a cluster.
    """
    centres = spread_centres(points, seeds)
    clusters = nearest(points, centres)
    padded = np.concatenate([np.ones_like(points[:, :1]), points], axis=1)
    padded = np.swapaxes(padded, -1, -2)
    for _ in range(_LLOYD):
        sums = clusters @ padded
        counts = sums[..., :1]
        # A cluster that has lost all its points keeps its centre.
        means = sums[..., 1:] / np.maximum(counts, 1)
        centres = np.where(counts > 0, means, centres)
        moved = nearest(points, centres)
        if (moved == clusters).all():
            break
        clusters = moved
    return clusters


def spread_centres(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Choose K points of each chain as centres, far apart, by k-means++.

    The first is any point. Each other is chosen in proportion to the squared distance
    from those before it; of several tries the one that leaves the least distance is
    taken.

    Parameters
    ----------
    points : array, shape (chains, d, n)
    seeds : array, shape (chains, K, tries)
        Uniforms on [0, 1). Of the first centre's tries only one is used.

    Returns
    -------
    array, shape (chains, K, d)
    """
    chains = np.arange(len(points))
    chains_tries = chains[:, None]
    centres = np.empty((len(points), seeds.shape[1], points.shape[1]))
    distance = np.ones((len(points), points.shape[-1]))
    for k in range(seeds.shape[1]):
        reach = np.cumsum(distance, axis=-1)
        goals = seeds[:, k] * reach[:, -1:]
        indices = np.stack(
            [
                np.searchsorted(row, goal, side="right")
                for row, goal in zip(reach, goals, strict=True)
            ]
        )
        indices = np.minimum(indices, points.shape[-1] - 1)
        tries = points[chains_tries, :, indices]
        if k == 0:
            # All tries are alike at first.
            tries = tries[:, :1]
        offsets = points[:, None] - tries[..., None]
        left = np.square(offsets).sum(axis=2)
        if k > 0:
            left = np.minimum(left, distance[:, None])
        best = left.sum(axis=-1).argmin(axis=-1)
        centres[:, k], distance = tries[chains, best], left[chains, best]
    return centres


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return 1 where a point's nearest centre is; of equally near ones, the first.

    Parameters
    ----------
    points : array, shape (chains, d, n)
    centres : array, shape (chains, K, d)

    Returns
    -------
    array of 0.0 and 1.0, shape (chains, K, n)
    """
    # |x - c|² without |x|², which is the same for all centres.
    closeness = centres @ points - 0.5 * np.vecdot(centres, centres)[..., None]
    chosen = np.zeros(closeness.shape)
    free = np.ones(closeness[:, 0].shape, dtype=bool)
    best = closeness.max(axis=1)
    for k in range(centres.shape[1]):
        chosen[:, k] = free & (closeness[:, k] == best)
        free &= closeness[:, k] != best
    return chosen
