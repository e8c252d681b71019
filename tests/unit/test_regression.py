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


def test_weighted_rows_are_repeated_rows():
    data = rng().normal(size=(2, 12, 4))
    times = rng(2).integers(1, 4, (2, 12))
    found = LinearRegression().fit(data, times).weights
    for chain in range(2):
        expected = LinearRegression().fit(np.repeat(data[chain], times[chain], axis=0))
        np.testing.assert_allclose(found[chain], expected.weights)
    with pytest.raises(ValueError, match=r"weights must have shape \(2, 12\)"):
        LinearRegression().fit(data, np.ones(12))


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


def test_a_model_of_many_chains_draws_for_each():
    rows = LinearModel(np.ones((2, 3, 4)), noise=0.0).sample(6, rng())
    assert rows.shape == (2, 3, 6, 5)
    np.testing.assert_allclose(rows[..., -1], rows[..., :-1].sum(axis=-1))
    assert LinearModel([1.0]).sample(1, rng()).shape == (1, 2)


def test_the_noise_is_1_unless_another_is_named():
    assert LinearRegression().noise == LinearModel([1.0]).noise == 1
    assert LinearRegression(0.25).fit([[1.0, 2.0]]).noise == 0.25


def test_as_many_rows_as_inputs_are_enough():
    assert LinearRegression().fit([[2.0, 6.0]]).weights == pytest.approx(3)
    rows = [[1.0, 0.0, 5.0], [1.0, 1.0, 7.0]]
    assert LinearRegression().fit(rows).weights == pytest.approx([5, 2])


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_of_the_inputs_does_not_matter(unit):
    inputs = rng().normal(size=(9, 2)) * unit
    rows = np.column_stack([inputs, inputs @ [2.0, 3.0]])
    assert LinearRegression().fit(rows).weights == pytest.approx([2, 3])


@pytest.mark.parametrize("ratio", [1e-150, 1e-20, 1e20, 1e150])
def test_each_input_has_a_unit_of_its_own(ratio):
    inputs = rng().normal(size=(9, 2))
    rows = np.column_stack([inputs * [1, ratio], inputs @ [2.0, 3.0]])
    found = LinearRegression().fit(rows).weights * [1, ratio]
    assert found == pytest.approx([2, 3])


@pytest.mark.parametrize("unit", [1e-9, 1, 1e9])
def test_inputs_that_say_the_same_twice_are_refused(unit):
    column = unit * np.arange(1.0, 6.0)
    with pytest.raises(ValueError, match="full rank"):
        LinearRegression().fit(np.column_stack([column, 3 * column, column]))


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
    assert excess_error([[1, 2, 0], [0, 0, 3]], [0, 0, 1]).tolist() == [6, 4]
    assert excess_error([0, 0, 1], [[1, 2, 0], [0, 0, 3]]).tolist() == [6, 4]
    assert excess_error(np.ones((2, 3, 4)), np.zeros(4)).tolist() == [[4] * 3] * 2


@pytest.mark.parametrize(
    "data",
    [
        np.zeros(3),
        np.zeros((2, 4)),
        np.ones((2, 2, 4)),
        np.zeros((5, 1)),
        np.zeros((2, 5, 1)),
        [[np.nan, 1]],
        np.zeros((5, 3)),
    ],
)
def test_bad_data(data):
    with pytest.raises(ValueError, match="data must"):
        LinearRegression().fit(data)


@pytest.mark.parametrize("shape", [(2, 4), (3, 2, 4), (5, 1), (3, 5, 1)])
def test_fewer_rows_than_inputs_or_no_input_is_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"n >= d >= 1, got"):
        LinearRegression().fit(np.ones(shape))


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


def test_a_number_has_no_weights():
    with pytest.raises(ValueError, match="weights must"):
        excess_error(3.0, [1.0])
    with pytest.raises(ValueError, match="true_weights must"):
        excess_error([1.0], 3.0)


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_bad_sample_size(n):
    with pytest.raises(ValueError, match="n must be a whole number"):
        LinearModel([1.0]).sample(n, rng())


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.float16, np.float32])
def test_rows_may_be_of_any_type(kind):
    rows = np.random.default_rng(1).integers(0, 100, (30, 4))
    found = LinearRegression().fit(rows.astype(kind)).weights
    np.testing.assert_allclose(found, LinearRegression().fit(rows).weights)
    one, other = np.array([1, 2], kind), np.array([2, 1], kind)
    assert excess_error(one, other) == 2
