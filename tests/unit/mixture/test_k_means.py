"""k-means on many chains: seeds by hand, clusters by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import cluster

from collapse.mixture.k_means import k_means, nearest, spread_centres
from support.mixtures import PLANE, draw, rng
from support.silence import silence

# One row of ten points for each of two chains, (chains, d, n).
LINE = np.stack([np.arange(10.0), 10.0 - np.arange(10.0)])[:, None]


@pytest.mark.parametrize(
    ("uniform", "index"), [(0.0, 0), (0.099, 0), (0.1, 1), (0.55, 5), (1 - 1e-16, 9)]
)
def test_any_point_may_be_the_first_centre_and_its_first_try_decides(uniform, index):
    seeds = np.full((2, 1, 3), 0.3)
    seeds[:, 0, 0] = uniform
    centres = spread_centres(LINE, seeds)
    assert np.array_equal(centres[:, 0], LINE[:, :, index])


def test_a_point_is_the_next_centre_in_proportion_to_its_squared_distance():
    points = np.array([[[0.0, 1.0, 2.0, 5.0]]])
    # The first is 0; squared distances 0, 1, 4, 25 add up to 30.
    for uniform, index in ((0.0, 1), (0.9 / 30, 1), (1.1 / 30, 2), (5.1 / 30, 3)):
        seeds = np.array([[[0.0], [uniform]]])
        assert spread_centres(points, seeds)[0, 1] == points[0, :, index]


def test_of_several_tries_the_one_that_leaves_the_least_distance_is_taken():
    points = np.array([[[0.0, 4.0, 5.0, 100.0]]])
    # To 0 comes 5, which leaves 1 + 95², or 100, which leaves 16 + 25.
    for tries in ((0.003, 0.9), (0.9, 0.003)):
        seeds = np.array([[[0.0, 0.0], tries]])
        assert spread_centres(points, seeds)[0, 1] == 100


def test_the_third_centre_is_far_from_both():
    points = np.array([[[0.0, 1.0, 50.0, 100.0, 101.0]]])
    seeds = np.array([[[0.0], [0.999], [0.5]]])
    assert spread_centres(points, seeds)[0].ravel().tolist() == [0, 101, 50]


def test_of_equally_near_centres_a_point_takes_the_first():
    points = np.array([[[-1.0, 0.0, 1.0, 3.0]]])
    found = nearest(points, np.array([[[-1.0], [1.0]]]))
    assert found.tolist() == [[[1, 1, 0, 0], [0, 0, 1, 1]]]


def test_clusters_are_scikit_learns_from_the_same_centres():
    data = draw(PLANE, 6, 200)
    seeds = rng(3).random((6, 3, 3))
    points = np.swapaxes(data, -1, -2)
    ours = k_means(points, seeds)
    assert (ours.sum(axis=1) == 1).all()
    starts = spread_centres(points, seeds)
    for chain in range(6):
        theirs = cluster.KMeans(3, init=starts[chain], n_init=1, max_iter=20, tol=0)
        labels = theirs.fit(data[chain]).labels_
        assert np.array_equal(ours[chain].argmax(axis=0), labels), f"chain {chain}"


def test_it_ends_after_twenty_steps():
    points = (1 - np.arange(40_000) / 40_001) ** -0.45  # a heavy tail
    # From the lowest two the second cluster gives its points up a few at a time.
    ours = k_means(points[None, None], np.array([[[0.0], [1e-12]]]))
    low, high = points[:2]
    for _ in range(20):
        first = np.abs(points - low) <= np.abs(points - high)
        low, high = points[first].mean(), points[~first].mean()
    first = np.abs(points - low) <= np.abs(points - high)
    assert ours[0, 0].tolist() == first.tolist()
    after = points[first].mean(), points[~first].mean()
    assert after != (low, high)  # it would have gone on


def test_a_cluster_without_points_keeps_its_centre():
    points = np.array([[[-4.0, -4.0, -4.0, 1.0, 3.0, 3.0, 3.0]]])
    # Such a uniform never comes: it puts the third centre upon the second, at 3, where
    # it gets no point until the second has moved to 2.5.
    with silence():  # no division by 0, for one
        clusters = k_means(points, np.array([[[0.0], [0.99], [1.0]]]))
    assert clusters.sum(axis=-1).tolist() == [[3, 1, 3]]


def test_equal_points_are_one_cluster():
    clusters = k_means(np.ones((1, 1, 4)), np.full((1, 3, 2), 0.5))
    assert clusters.sum(axis=-1).tolist() == [[4, 0, 0]]
