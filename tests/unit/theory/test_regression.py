"""The error of least squares in the loop, against sums and simulated inputs."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory


def test_regression():
    first = theory.regression_error_replace(1, 60, 10, 2.0)
    assert first == pytest.approx(4 * 10 / 49)
    assert theory.regression_error_replace(7, 60, 10, 2.0) == pytest.approx(7 * first)
    rounds = np.arange(1, 11)
    error = theory.regression_error_accumulate(rounds, 60, 10, 2.0)
    terms = 4 * 10 / (rounds * (60 * rounds - 11))
    np.testing.assert_allclose(error, np.cumsum(terms))
    assert error[-1] / 4 == pytest.approx(0.30225, abs=5e-6)
    assert error[-1] / first == pytest.approx(1.481, abs=5e-4)


@pytest.mark.parametrize(("kind", "dimension"), [(np.int8, 127), (np.uint8, 255)])
def test_narrow_whole_numbers_do_not_wrap_around(kind, dimension):
    narrow = kind(dimension)
    assert theory.regression_error_accumulate(5, 600, narrow) == (
        theory.regression_error_accumulate(5, 600, dimension)
    )
    assert theory.regression_error_accumulate_limit(600, narrow) == (
        theory.regression_error_accumulate_limit(600, dimension)
    )


def test_accumulated_errors_end_below_the_bound():
    limit = theory.regression_error_accumulate_limit(60, 10)
    far = theory.regression_error_accumulate(10**6, 60, 10)
    assert far == pytest.approx(limit, rel=1e-5)
    many = theory.regression_error_accumulate_limit(10**6, 10)
    first = theory.regression_error_replace(1, [60, 10**6], 10)
    assert limit / first[0] < np.pi**2 / 6
    assert many / first[1] == pytest.approx(np.pi**2 / 6, rel=1e-4)


def test_accumulated_errors_are_those_of_fits_to_all_batches():
    rng, chains, size, d, rounds = np.random.default_rng(2), 1500, 12, 3, 5
    weights = np.zeros((chains, d, 1))  # the truth, which labels the first batch
    inputs, labels = np.empty((chains, 0, d)), np.empty((chains, 0, 1))
    for done in range(1, rounds + 1):
        new = rng.normal(size=(chains, size, d))
        answers = new @ weights + rng.normal(size=(chains, size, 1))
        inputs = np.concatenate([inputs, new], axis=1)
        labels = np.concatenate([labels, answers], axis=1)
        turned = np.swapaxes(inputs, 1, 2)
        weights = np.linalg.solve(turned @ inputs, turned @ labels)
        errors = (weights**2).sum(axis=(1, 2))
        expected = theory.regression_error_accumulate(done, size, d)
        off = (errors.mean() - expected) / (errors.std() / np.sqrt(chains))
        assert abs(off) < 4.6, f"off by {off} standard errors after {done}"


def test_the_first_regression_error_is_the_inverse_wishart_trace():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(4000, 12, 3))
    gram = np.swapaxes(inputs, 1, 2) @ inputs
    traces = np.trace(np.linalg.inv(gram), axis1=1, axis2=2)
    error = traces.std() / np.sqrt(4000)
    expected = theory.regression_error_replace(1, 12, 3)
    assert abs(traces.mean() - expected) < 4.5 * error
