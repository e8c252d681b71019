"""Principal axes of covariances, and the moments of data."""

import numpy as np
import pytest

from collapse.linalg import mean_and_scatter, principal_axes


def covariances(chains=5, d=3):
    rng = np.random.default_rng(3)
    roots = rng.normal(size=(chains, d, d))
    return roots @ np.swapaxes(roots, -1, -2)


def rebuilt(axes):
    roots = axes.roots()
    return roots @ np.swapaxes(roots, -1, -2)


@pytest.mark.parametrize("factor", [1e-300, 1e-12, 1.0, 1e150])
def test_axes_rebuild_the_covariance_at_any_scale(factor):
    given = factor * covariances()
    axes = principal_axes("covariance", given)
    _, scales, directions = axes
    assert scales.shape == (5, 3)
    assert (np.diff(scales) >= 0).all()
    identity = np.swapaxes(directions, -1, -2) @ directions
    np.testing.assert_allclose(
        identity, np.broadcast_to(np.eye(3), (5, 3, 3)), atol=1e-12
    )
    assert np.abs(rebuilt(axes) / factor - given / factor).max() < 1e-12


@pytest.mark.parametrize("span", [1e3, 1e5, 1e9, 1e30])
def test_columns_of_unlike_units_keep_their_digits(span):
    for units in ([1, 1, span], [1 / span, 1, span], [span, 1 / span, 0]):
        scale = np.multiply.outer(units, units)
        given = covariances() * scale
        apart = rebuilt(principal_axes("covariance", given)) - given
        assert (np.abs(apart) <= 1e-7 * scale).all()


def test_a_point_mass_has_no_extent():
    _, scales, directions = principal_axes("covariance", np.zeros((2, 3, 3)))
    assert (scales == 0).all()
    assert np.isfinite(directions).all()


def test_a_negative_eigenvalue_of_rounding_counts_as_0():
    _, scales, _ = principal_axes("covariance", np.diag([1.0, -5e-10]))
    assert scales.tolist() == [0, 1]


@pytest.mark.parametrize("size", [1.0, 1e-20, 1e20])
def test_what_is_no_covariance_is_refused(size):
    with pytest.raises(ValueError, match=r"other must not have negative.*-0.01 times"):
        principal_axes("other", size * np.diag([1.0, -0.01]))
    with pytest.raises(ValueError, match="other must be symmetric"):
        principal_axes("other", size * np.array([[1.0, 1e-6], [0.0, 1.0]]))


def test_rounding_may_leave_a_covariance_unsymmetric():
    given = np.array([[1.0, 0.5], [0.5 + 1e-12, 1.0]])
    _, scales, _ = principal_axes("covariance", given)
    np.testing.assert_allclose(scales, np.sqrt([0.5, 1.5]))


def test_one_bad_matrix_of_a_stack_is_enough():
    given = covariances()
    given[3, 0, 1] += 1
    with pytest.raises(ValueError, match="symmetric"):
        principal_axes("covariance", given)


def test_scatter_is_the_sum_of_squared_deviations():
    points = np.random.default_rng(4).normal(size=(4, 30, 2)) + 1e8
    mean, scatter = mean_and_scatter(points)
    for chain in range(4):
        np.testing.assert_allclose(mean[chain], points[chain].mean(axis=0), rtol=1e-15)
        expected = 29 * np.cov(points[chain], rowvar=False)
        np.testing.assert_allclose(scatter[chain], expected, rtol=1e-6)
