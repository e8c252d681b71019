"""Mixtures that the tests of all rooms fit and draw from."""

from __future__ import annotations

import numpy as np

from collapse.mixture import GaussianMixtureModel
from collapse.streams import Streams

TRUTH = GaussianMixtureModel([0.7, 0.3], [-1.0, 3.0], [1.0, 0.25])
PLANE = GaussianMixtureModel(
    [0.5, 0.3, 0.2],
    [[0.0, 0.0], [4.0, 1.0], [-1.0, 5.0]],
    [[[1.0, 0.6], [0.6, 1.0]], [[0.5, 0.0], [0.0, 2.0]], [[1.0, -0.3], [-0.3, 0.4]]],
)


def rng(seed=1):
    return np.random.default_rng(seed)


def draw(truth, chains, n, seed=1):
    return truth.sample(n, Streams(rng(seed).spawn(chains)))
