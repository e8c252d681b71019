"""Least squares against numpy, and its place in the loop."""

from __future__ import annotations

import numpy as np
import pytest

from collapse.recursion import Diet, recurse
from collapse.regression import LinearModel, LinearRegression, excess_error


def rng(seed=1):
    return np.random.default_rng(seed)


def test_weights_are_numpys():
    data = rng().normal(size=(4, 30, 6))
    weights = LinearRegression().fit(data).weights
    assert weights.shape == (4, 5)
    for chain in range(4):
        expected, *_ = np.linalg.lstsq(data[chain, :, :-1], data[chain, :, -1])
        np.testing.assert_allclose(weights[chain], expected)


def test_ill_conditioned_inputs_keep_their_digits():
    inputs = rng().normal(size=(40, 2)) @ np.array([[1, 1], [0, 1e-6]])
    rows = np.column_stack([inputs, inputs @ [2.0, 3.0]])
    np.testing.assert_allclose(LinearRegression().fit(rows).weights, [2, 3], rtol=1e-8)


def test_samples_follow_the_model():
    model = LinearModel([[1.0, -2.0], [0.0, 3.0]], noise=0.5)
    rows = model.sample(20_000, rng())
    assert rows.shape == (2, 20_000, 3)
    for chain, weights in enumerate(model.weights):
        inputs, labels = rows[chain, :, :-1], rows[chain, :, -1]
        noise = labels - inputs @ weights
        # Means of 20 000 draws, five standard errors each.
        assert np.abs(inputs.mean(0)).max() < 5 / np.sqrt(20_000)
        assert abs(noise.std() - 0.5) < 5 * 0.5 / np.sqrt(40_000)
        assert np.abs(noise @ inputs / 20_000).max() < 5 * 0.5 / np.sqrt(20_000)


def test_without_noise_nothing_is_lost():
    weights = np.array([1.0, 2.0, 3.0])
    history = recurse(
        LinearRegression(noise=0.0),
        LinearModel(weights, noise=0.0),
        generations=5,
        sample_size=4,
        chains=3,
        rng=rng(),
        measures={"error": lambda m, data: excess_error(m.weights, weights)},
    )
    assert history["error"].max() < 1e-18


def test_it_accumulates():
    history = recurse(
        LinearRegression(),
        LinearModel(np.ones(3)),
        generations=3,
        sample_size=10,
        diet=Diet(memory="accumulate"),
        chains=2,
        rng=rng(),
    )
    assert history.training_sizes.tolist() == [10, 20, 30, 40]


def test_excess_error():
    assert excess_error([[1, 2], [0, 0]], [0, 0]).tolist() == [5, 0]


@pytest.mark.parametrize(
    "data",
    [np.zeros(3), np.zeros((2, 4)), np.zeros((5, 1)), [[np.nan, 1]], np.zeros((5, 3))],
)
def test_bad_data(data):
    with pytest.raises(ValueError, match="data must"):
        LinearRegression().fit(data)


@pytest.mark.parametrize("noise", [-1, np.nan, np.inf, "loud", None, True])
def test_bad_noise(noise):
    with pytest.raises(ValueError, match="noise must be"):
        LinearRegression(noise)
    with pytest.raises(ValueError, match="noise must be"):
        LinearModel([1.0], noise)


@pytest.mark.parametrize("weights", [[], 3.0, [np.nan], "ab"])
def test_bad_weights(weights):
    with pytest.raises(ValueError, match="weights must"):
        LinearModel(weights)


def test_weights_of_different_lengths():
    with pytest.raises(ValueError, match="equal last axes"):
        excess_error([1, 2], [1, 2, 3])


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_bad_sample_size(n):
    with pytest.raises(ValueError, match="n must be a whole number"):
        LinearModel([1.0]).sample(n, rng())
