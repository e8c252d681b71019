"""The Gaussian mixture of Shumailov et al. (2024), refitted two thousand times.

Two round Gaussians of equal weight and a model of two components. The paper does not
give the centres; ±2 is our choice. Floor 3.
"""

import numpy as np

from ..measures import mixture_l2_distance
from ..mixture import GaussianMixture, GaussianMixtureModel
from ..recursion import recurse
from ..sweep import Sweep

SNAPSHOTS = (0, 50, 100, 150, 200, 350, 2000)
"""The generations that the paper shows."""

POINTS = 150
"""How many points of a snapshot are kept."""

TRUTH = GaussianMixtureModel(
    [0.5, 0.5], [[-2.0, 0.0], [2.0, 0.0]], [np.eye(2), np.eye(2)]
)


def measured(generations: int) -> np.ndarray:
    """Return the generations whose distance is kept: evenly spaced in their logarithm.

    Returns
    -------
    array of int
        Increasing, with 0, the last one, and the snapshots up to it.
    """
    refits = np.geomspace(1, generations + 1, 220).round().astype(int)
    ages = {*(refits - 1).tolist(), *SNAPSHOTS}
    return np.array(sorted(age for age in ages if age <= generations))


def history(
    sample_size: int, generations: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Run one history.

    Returns
    -------
    dict of str to array
        ``generations`` (G,): where the distance was measured. ``l2`` (G,), float32:
        the L2 distance to the true density. Of each of the S snapshots:
        ``weights`` (S, 2), ``means`` (S, 2, 2), ``covariances`` (S, 2, 2, 2), and
        ``points`` (S, 150, 2), the first points of the training set, in float16:
        three digits, finer than a dot of a figure.
    """
    run = recurse(
        # A stated floor: the smallest histories end at it.
        GaussianMixture(2, "full", 2, tolerance=1e-5, max_iterations=2000, floor=1e-6),
        TRUTH,
        generations=generations,
        sample_size=sample_size,
        rng=rng,
        measure=measure,
    )
    ages = measured(generations)
    shown = [age for age in SNAPSHOTS if age <= generations]
    snapshots = {
        name: run[name][shown, 0]
        for name in ("weights", "means", "covariances", "points")
    }
    return {"generations": ages, "l2": run["l2"][ages, 0].astype("f4"), **snapshots}


def measure(model: GaussianMixtureModel, data: np.ndarray) -> dict[str, np.ndarray]:
    """Return the L2 distance to the truth, the parameters, and some points."""
    return {
        "l2": mixture_l2_distance(
            model.weights,
            model.means,
            model.covariances,
            TRUTH.weights,
            TRUTH.means,
            TRUTH.covariances,
        ),
        "weights": model.weights,
        "means": model.means,
        "covariances": model.covariances,
        "points": data[:, :POINTS].astype(np.float16),
    }


SWEEP = Sweep(
    name="paper_mixture",
    task=history,
    grid={
        "sample_size": [500, 1000, 10_000, 50_000, 200_000],
        "generations": 2000,
    },
    repetitions=8,
    seed=2024,
)
TINY = SWEEP.with_grid(sample_size=[200, 300], generations=60)
CHEAP = {"sample_size": 500}
# Other orders of summation moved the distance of generation 2000 by 2e-7.
TOLERANCE = 1e-5
