"""Sixty-four mixtures side by side against scikit-learn, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn import mixture

from collapse.mixture import GaussianMixture, GaussianMixtureModel
from collapse.streams import Streams

from .table import Row, ratio

CHAINS = 64
LINE = GaussianMixtureModel([0.6, 0.4], [-1.5, 1.5], [1.0, 1.0])
PLANE = GaussianMixtureModel(
    [0.5, 0.3, 0.2],
    [[0.0, 0.0], [4.0, 1.0], [-1.0, 4.0]],
    np.broadcast_to(np.eye(2), (3, 2, 2)),
)


def measure() -> Iterator[Row]:
    """Time all fits, ours against scikit-learn's, and compare the likelihoods."""
    for name, truth in (("line", LINE), ("plane", PLANE)):
        K = truth.weights.shape[-1]
        for n in (100, 1_000, 10_000):
            rng = np.random.default_rng(0)
            data = truth.sample(n, Streams(rng.spawn(CHAINS)))
            family = GaussianMixture(K, dimension=truth.dimension)

            def one_by_one(data=data, K=K, n=n):
                fitted = mixture.GaussianMixture(
                    K, tol=1e-5, max_iter=2000, random_state=0
                )
                rows = data.reshape(CHAINS, n, -1)
                return [fitted.fit(points).score(points) for points in rows]

            def side_by_side(family=family, data=data):
                model = family.fit(data, np.random.default_rng(0))
                return model.convergence.log_likelihood

            gap = np.median(side_by_side() - np.array(one_by_one()))
            yield Row(
                f"scikit-learn / ours, {CHAINS} mixtures, {K} components on a {name}, "
                f"n = {n} (median log-likelihood gap {gap:.0e} a point)",
                ratio(one_by_one, side_by_side),
                "times",
                at_least=5,
            )
