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
