"""The error of least squares in the loop, against sums and simulated inputs."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory


def test_regression():
    first = theory.regression_error_replace(1, 60, 10, 2.0)
    assert first == pytest.approx(4 * 10 / 49)
    assert theory.regression_error_replace(7, 60, 10, 2.0) == pytest.approx(7 * first)
    bound = theory.regression_error_accumulate([1, 2, 3], 60, 10, 2.0)
    np.testing.assert_allclose(bound / first, [1, 1.25, 1.25 + 1 / 9])


def test_the_first_regression_error_is_the_inverse_wishart_trace():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(4000, 12, 3))
    gram = np.swapaxes(inputs, 1, 2) @ inputs
    traces = np.trace(np.linalg.inv(gram), axis1=1, axis2=2)
    error = traces.std() / np.sqrt(4000)
    expected = theory.regression_error_replace(1, 12, 3)
    assert abs(traces.mean() - expected) < 4.5 * error
