"""Weights for real and synthetic points, against a search for the best."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from collapse import theory


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0, 10.0])
def test_the_best_weight_is_the_best(ratio):
    best = optimize.minimize_scalar(
        lambda weight: theory.weighted_mean_variance(weight, ratio),
        bounds=(1e-3, 1),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert theory.best_real_weight(ratio) == pytest.approx(best.x, abs=1e-6)


def test_the_golden_ratio():
    golden = (np.sqrt(5) - 1) / 2
    assert theory.best_real_weight(1) == pytest.approx(golden)
    assert theory.weighted_mean_variance(golden, 1) == pytest.approx(golden)


@pytest.mark.parametrize("ratio", [0.1, 1.0, 30.0])
def test_the_best_variance_is_the_best_weight(ratio):
    best = theory.best_real_weight(ratio)
    assert theory.weighted_mean_variance(best, ratio) == pytest.approx(best)
    assert theory.best_real_weight(10**6) * 1000 == pytest.approx(1, rel=1e-3)


def test_pooling_is_weighing_all_points_alike():
    ratio = np.array([0.1, 1.0, 30.0])
    pooled = theory.pooled_mean_variance(ratio)
    np.testing.assert_allclose(
        pooled, theory.weighted_mean_variance(1 / (1 + ratio), ratio)
    )
    assert theory.pooled_mean_variance(10**6) == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("step", [0.0, 1.0, 8 / 7, 3.0])
def test_one_step_back_is_that_of_simulated_fits(step):
    rng, size, chains = np.random.default_rng(4), 8, 20_000
    first = rng.normal(size=(chains, size)).var(axis=1)
    scale = np.sqrt(first)[:, None]
    second = (scale * rng.normal(size=(chains, size))).var(axis=1)
    back = first + step * (first - second)
    expected = theory.step_back_variance(size, step)
    assert abs(back.mean() - expected) < 4.6 * back.std() / np.sqrt(chains)


def test_one_step_back_leaves_a_loss_of_second_order():
    assert theory.step_back_variance(10) == pytest.approx(0.99)
    assert theory.step_back_variance(10, 10 / 9) == pytest.approx(1)
