"""A Gaussian whose data is replaced, against quadrature, inversion and recursions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from collapse import theory

SIZES = [2, 3, 10, 100, 1000]


def median_by_inversion(sizes, divisors):
    """Invert the characteristic function of log σ² (Gil-Pelaez) for its median."""
    half = (np.asarray(sizes, dtype=float) - 1) / 2
    width = np.sqrt(special.polygamma(1, half).sum())
    step = 14 / width / 20_000
    w = (np.arange(20_000) + 0.5) * step
    log_phi = sum(
        special.loggamma(h + 1j * w) - special.loggamma(h) + 1j * w * np.log(2 / d)
        for h, d in zip(half, divisors, strict=True)
    )

    def below(x):
        return -np.sum(np.imag(np.exp(log_phi - 1j * w * x)) / w) * step / np.pi

    centre = np.sum(special.digamma(half) + np.log(2 / np.asarray(divisors)))
    return np.exp(optimize.brentq(below, centre - 3, centre + 3) / 2)


class TestOneFit:
    @pytest.mark.parametrize("size", SIZES)
    def test_c4_is_the_mean_of_a_chi_distribution(self, size):
        expected = stats.chi(size - 1).mean() / np.sqrt(size - 1)
        assert theory.c4(size) == pytest.approx(expected, rel=1e-12)

    def test_c4_of_huge_samples(self):
        for size in (10**6, 10**9, 10**12):
            assert 1 - theory.c4(size) == pytest.approx(1 / (4 * size), rel=1e-3)
        below, above = theory.c4([999_999, 1_000_000])
        assert abs(above - below) < 1e-9

    @pytest.mark.parametrize("size", SIZES)
    def test_drift_is_the_mean_of_log_chi_square(self, size):
        law = stats.chi2(size - 1)
        # Integrated over log x, where the density has no pole.
        expected, _ = integrate.quad(
            lambda y: y * law.pdf(np.exp(y)) * np.exp(y),
            -60,
            np.log(size) + 8,
            points=[np.log(size)],
            limit=500,
        )
        for estimator, divisor in (("mle", size), ("unbiased", size - 1)):
            drift = theory.log_variance_drift(size, estimator)
            assert drift == pytest.approx(expected - np.log(divisor), abs=1e-7)

    @pytest.mark.parametrize(("estimator", "times"), [("mle", 2), ("unbiased", 1)])
    def test_drift_of_huge_samples_keeps_its_digits(self, estimator, times):
        for size in (10**4, 10**5, 10**9, 10**12):
            drift = theory.log_variance_drift(size, estimator)
            assert drift * size == pytest.approx(-times, rel=2 / size**0.5)
        below, above = theory.log_variance_drift([20_000, 20_002], estimator)
        assert above / below == pytest.approx(20_000 / 20_002, rel=1e-6)

    @pytest.mark.parametrize("size", SIZES[1:])
    def test_variance_of_log_variance(self, size):
        law = stats.chi2(size - 1)
        mean = special.digamma((size - 1) / 2) + np.log(2)
        expected, _ = integrate.quad(
            lambda y: (y - mean) ** 2 * law.pdf(np.exp(y)) * np.exp(y),
            -60,
            np.log(size) + 8,
            points=[np.log(size)],
            limit=500,
        )
        assert theory.log_variance_variance(3, size) == pytest.approx(3 * expected)


class TestReplacing:
    @pytest.mark.parametrize("estimator", theory.ESTIMATORS)
    def test_total_variance_is_the_trace_of_a_recursion(self, estimator):
        size, divisor = 7, 7 if estimator == "mle" else 6
        mean, variance, square = 0.0, 1.0, 1.0
        for refits in range(1, 30):
            mean += variance / size
            variance *= 6 / divisor
            square *= 6 * 8 / divisor**2
            assert theory.variance_of_mean(refits, size, estimator) == pytest.approx(
                mean
            )
            assert theory.expected_variance(refits, size, estimator) == pytest.approx(
                variance
            )
            assert theory.variance_of_variance(
                refits, size, estimator
            ) == pytest.approx(square - variance**2)

    @pytest.mark.parametrize("estimator", theory.ESTIMATORS)
    @pytest.mark.parametrize(
        ("refits", "size", "tolerance"),
        [
            (1, 10, 1e-3),
            (20, 10, 1e-4),
            (100, 100, 1e-6),
            (5, 1000, 1e-6),
            (30, 2, 2e-3),
        ],
    )
    def test_median_is_that_of_the_exact_law(self, refits, size, tolerance, estimator):
        divisor = size if estimator == "mle" else size - 1
        expected = median_by_inversion([size] * refits, [divisor] * refits)
        median = theory.median_sd(refits, size, estimator)
        assert median == pytest.approx(expected, rel=tolerance)

    @pytest.mark.parametrize("power", [1, 2])
    def test_median_with_growing_samples(self, power):
        sizes = 100 * np.arange(1, 51) ** power
        expected = median_by_inversion(sizes, sizes - 1)
        medians = theory.growing_median_sd(sizes, "unbiased")
        assert medians[-1] == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("estimator", theory.ESTIMATORS)
    def test_constant_sizes_are_a_case_of_growing_ones(self, estimator):
        np.testing.assert_allclose(
            theory.growing_median_sd([9] * 6, estimator),
            theory.median_sd(np.arange(1, 7), 9, estimator),
        )

    @pytest.mark.parametrize(
        ("estimator", "factor"), [("mle", 0.69), ("unbiased", 1.39)]
    )
    def test_half_life(self, estimator, factor):
        assert theory.half_life(1000, estimator) / 1000 == pytest.approx(
            factor, abs=0.01
        )
        half_life = theory.half_life(10, estimator)
        lost = half_life * theory.log_variance_drift(10, estimator) / 2
        assert np.exp(lost) == pytest.approx(0.5)

    def test_wasserstein_is_bounded_for_one_estimator_only(self):
        refits = np.array([1, 10, 100, 1000, 100_000])
        bounded = theory.expected_wasserstein2_squared(refits, 100, "mle")
        assert (np.diff(bounded) >= 0).all()
        assert bounded.max() <= 2
        unbounded = theory.expected_wasserstein2_squared(refits, 100, "unbiased")
        assert unbounded[-1] > 1000

    def test_wasserstein_starts_at_its_first_order(self):
        first = theory.first_order_wasserstein2_squared([10_000] * 5)
        exact = theory.expected_wasserstein2_squared(
            np.arange(1, 6), 10_000, "unbiased"
        )
        np.testing.assert_allclose(first, exact, rtol=1e-3)


def test_biased_sampling():
    plain = theory.expected_variance(21, 100, "mle")
    biased = theory.biased_sampling_variance(21, 100, 0.9)
    assert biased == pytest.approx(0.9**20 * plain)
