"""Distances and divergences against quadrature, scipy and independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, linalg, stats

from collapse import measures

PAIRS = [
    (0.0, 1.0, 0.0, 1.0),
    (1.0, 0.25, -0.5, 4.0),
    (0.0, 1e-6, 0.0, 1.0),
    (3.0, 2.0, 3.0, 0.1),
]


def random_covariance(rng, dimension, rank=None):
    root = rng.normal(size=(dimension, rank or dimension))
    return root @ root.T


@pytest.mark.parametrize(("mean", "variance", "other_mean", "other_variance"), PAIRS)
class TestOnALine:
    def test_wasserstein_is_the_integral_over_quantiles(
        self, mean, variance, other_mean, other_variance
    ):
        one = stats.norm(mean, variance**0.5)
        other = stats.norm(other_mean, other_variance**0.5)
        expected, _ = integrate.quad(
            lambda p: (one.ppf(p) - other.ppf(p)) ** 2, 0, 1, limit=200
        )
        distance = measures.wasserstein2_squared(
            mean, variance, other_mean, other_variance
        )
        assert distance == pytest.approx(expected, rel=1e-6, abs=1e-12)

    def test_divergence_is_the_integral_of_the_log_ratio(
        self, mean, variance, other_mean, other_variance
    ):
        one = stats.norm(mean, variance**0.5)
        other = stats.norm(other_mean, other_variance**0.5)
        expected = one.expect(lambda x: one.logpdf(x) - other.logpdf(x))
        divergence = measures.kl_divergence(mean, variance, other_mean, other_variance)
        assert divergence == pytest.approx(expected, rel=1e-6, abs=1e-9)

    def test_one_dimension_is_a_case_of_many(
        self, mean, variance, other_mean, other_variance
    ):
        matrices = [mean], [[variance]], [other_mean], [[other_variance]]
        assert measures.gaussian_frechet_distance(*matrices) == pytest.approx(
            measures.wasserstein2_squared(mean, variance, other_mean, other_variance)
        )
        assert measures.gaussian_kl_divergence(*matrices) == pytest.approx(
            measures.kl_divergence(mean, variance, other_mean, other_variance)
        )


class TestInManyDimensions:
    def cases(self, other_rank=None):
        rng = np.random.default_rng(2)
        mean, other_mean = rng.normal(size=(2, 5, 4))
        covariance = np.stack([random_covariance(rng, 4) for _ in range(5)])
        other = np.stack([random_covariance(rng, 4, other_rank) for _ in range(5)])
        return mean, covariance, other_mean, other

    def test_frechet_distance_is_scipys(self):
        mean, covariance, other_mean, other = self.cases()
        result = measures.gaussian_frechet_distance(mean, covariance, other_mean, other)
        assert result.shape == (5,)
        for chain in range(5):
            cross = linalg.sqrtm(covariance[chain] @ other[chain]).real
            shift = np.sum((mean[chain] - other_mean[chain]) ** 2)
            bures = np.trace(covariance[chain] + other[chain] - 2 * cross)
            assert result[chain] == pytest.approx(shift + bures, rel=1e-9)

    def test_frechet_distance_to_a_singular_covariance(self):
        mean, covariance, other_mean, other = self.cases(other_rank=2)
        result = measures.gaussian_frechet_distance(mean, covariance, other_mean, other)
        flipped = measures.gaussian_frechet_distance(
            other_mean, other, mean, covariance
        )
        np.testing.assert_allclose(result, flipped, rtol=1e-9)
        root = linalg.sqrtm(covariance[0]).real
        cross = np.linalg.eigvalsh(root @ other[0] @ root).clip(0) ** 0.5
        shift = np.sum((mean[0] - other_mean[0]) ** 2)
        expected = shift + np.trace(covariance[0] + other[0]) - 2 * cross.sum()
        assert result[0] == pytest.approx(expected, rel=1e-6)

    def test_divergence_is_the_textbook_formula(self):
        mean, covariance, other_mean, other = self.cases()
        result = measures.gaussian_kl_divergence(mean, covariance, other_mean, other)
        for chain in range(5):
            inverse = np.linalg.inv(other[chain])
            shift = other_mean[chain] - mean[chain]
            expected = 0.5 * (
                np.trace(inverse @ covariance[chain])
                - 4
                + shift @ inverse @ shift
                + np.linalg.slogdet(other[chain])[1]
                - np.linalg.slogdet(covariance[chain])[1]
            )
            assert result[chain] == pytest.approx(expected, rel=1e-9)

    def test_one_reference_serves_all_chains(self):
        mean, covariance, _, _ = self.cases()
        for measure in (
            measures.gaussian_frechet_distance,
            measures.gaussian_kl_divergence,
        ):
            together = measure(mean, covariance, np.zeros(4), np.eye(4))
            alone = measure(mean[2], covariance[2], np.zeros(4), np.eye(4))
            assert together.shape == (5,)
            assert together[2] == pytest.approx(alone)

    def test_equal_laws_are_at_distance_nothing(self):
        mean, covariance, _, _ = self.cases()
        for measure in (
            measures.gaussian_frechet_distance,
            measures.gaussian_kl_divergence,
        ):
            assert np.abs(measure(mean, covariance, mean, covariance)).max() < 1e-12

    def test_distance_of_samples_fits_and_compares(self):
        rng = np.random.default_rng(3)
        data, other = rng.normal(size=(2, 30, 3)), rng.normal(1, 2, size=(40, 3))
        result = measures.frechet_distance(data, other)
        for chain in range(2):
            expected = measures.gaussian_frechet_distance(
                data[chain].mean(0),
                np.cov(data[chain].T, ddof=0),
                other.mean(0),
                np.cov(other.T, ddof=0),
            )
            assert result[chain] == pytest.approx(expected)


class TestEdges:
    def test_a_point_mass(self):
        assert measures.wasserstein2_squared(0, 0) == 1
        assert measures.kl_divergence(0, 0) == np.inf
        flat = np.diag([1.0, 0.0])
        zero = np.zeros(2)
        assert measures.gaussian_kl_divergence(zero, flat, zero, np.eye(2)) == np.inf
        assert measures.gaussian_frechet_distance(
            zero, flat, zero, np.eye(2)
        ) == pytest.approx(1)

    def test_tiny_differences_do_not_cancel(self):
        divergence = measures.kl_divergence(0, 1 + 1e-7)
        assert divergence == pytest.approx(1e-14 / 4, rel=1e-6)

    def test_log_variance(self):
        data = np.random.default_rng(1).normal(size=(3, 9))
        expected = np.log(data.var(axis=-1))
        np.testing.assert_allclose(measures.log_variance(data), expected)
        assert measures.log_variance([2.0, 2.0]) == -np.inf

    @pytest.mark.parametrize("bad", [np.nan, np.inf, "one", None])
    def test_not_a_number(self, bad):
        with pytest.raises(ValueError, match="mean must be"):
            measures.wasserstein2_squared(bad, 1)
        with pytest.raises(ValueError, match="mean must be"):
            measures.kl_divergence(bad, 1)

    def test_negative_variances(self):
        with pytest.raises(ValueError, match="variance must be at least 0"):
            measures.wasserstein2_squared(0, -1)
        with pytest.raises(ValueError, match="variance must be at least 0"):
            measures.kl_divergence(0, -1)

    def test_no_divergence_from_a_point_mass(self):
        with pytest.raises(ValueError, match="other_variance must be greater than 0"):
            measures.kl_divergence(0, 1, 0, 0)
        with pytest.raises(ValueError, match="positive definite"):
            measures.gaussian_kl_divergence(
                np.zeros(2), np.eye(2), np.zeros(2), np.zeros((2, 2))
            )

    @pytest.mark.parametrize(
        ("covariance", "message"),
        [
            (np.eye(3), "to fit"),
            (np.array([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
            (np.array([[1.0, 2.0], [2.0, 1.0]]), "negative eigenvalues"),
            (np.full((2, 2), np.nan), "finite"),
        ],
    )
    def test_bad_covariances(self, covariance, message):
        with pytest.raises(ValueError, match=message):
            measures.gaussian_frechet_distance(
                np.zeros(2), covariance, np.zeros(2), np.eye(2)
            )

    @pytest.mark.parametrize("data", [np.zeros((1, 2)), np.zeros(4), np.empty((0, 2))])
    def test_bad_samples(self, data):
        with pytest.raises(ValueError, match="data must"):
            measures.frechet_distance(data, np.zeros((5, 2)))
        with pytest.raises(ValueError, match="data must"):
            measures.log_variance([])
