"""Selected samples, against enumeration, quadrature, and searches for roots."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from collapse import theory

LIFT = np.sqrt(2 / np.pi)


class TestBestOf:
    @pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
    def test_the_law_is_that_of_all_draws(self, share):
        real = law = np.array([0.4, 0.3, 0.2, 0.1])  # the worst item first
        for refits in range(1, 6):
            expected = theory.best_of_distribution(refits, real.cumsum(), 3, share)
            np.testing.assert_allclose(law.cumsum(), expected)
            best = np.zeros(4)
            for draws in product(range(4), repeat=3):
                best[max(draws)] += law[list(draws)].prod()
            law = share * real + (1 - share) * best

    def test_without_real_data_it_is_a_power(self):
        found = theory.best_of_distribution([1, 2, 5], 0.9, 2, 0.0)
        np.testing.assert_allclose(found, 0.9 ** np.array([1.0, 2, 16]))

    @pytest.mark.parametrize("share", [0.05, 0.4, 0.6, 0.9])
    @pytest.mark.parametrize("candidates", [1, 2, 5])
    def test_the_loop_ends_where_it_stands_still(self, candidates, share):
        cumulative = np.array([0, 0.01, 0.5, 0.9, 1])
        limit = theory.best_of_limit(cumulative, candidates, share)
        late = theory.best_of_distribution(1000, cumulative, candidates, share)
        np.testing.assert_allclose(late, limit, atol=1e-9)

    @pytest.mark.parametrize("candidates", [2, 4, 10])
    def test_a_rare_best_item_rules_below_the_threshold_only(self, candidates):
        threshold = theory.best_of_threshold(candidates)
        assert threshold == pytest.approx(1 - 1 / candidates)
        shares = threshold + np.array([-0.05, 0.0, 0.05])
        rare = theory.best_item_share(1e-9, candidates, shares)
        assert rare[0] > 0.03
        assert (rare[1:] < 1e-3).all()
        limit = theory.best_item_share(0, candidates, shares)
        np.testing.assert_allclose(limit[[0, 2]], rare[[0, 2]], atol=1e-6)
        assert limit[2] == 0

    def test_one_candidate_is_no_choice(self):
        assert theory.best_of_threshold(1) == 0
        for share in (0.0, 0.3):
            assert theory.best_item_share(0.2, 1, share) == pytest.approx(0.2)

    def test_two_candidates_by_hand(self):
        share = np.array([0.0, 0.1, 0.3, 0.5])
        expected = (1 - 2 * share) / (1 - share)
        np.testing.assert_allclose(
            theory.best_item_share(0, 2, share), expected, atol=1e-7
        )


def chosen_moments(mean, sd, share):
    """Mean and variance of real points and the larger half of N(mean, sd²)."""
    law = stats.norm(mean, sd)
    moments = [
        share * real
        + (1 - share)
        * 2
        * integrate.quad(lambda x, k=k: x**k * law.pdf(x), mean, mean + 12 * sd)[0]
        for k, real in ((1, 0), (2, 1))
    ]
    return moments[0], moments[1] - moments[0] ** 2


class TestBetterHalf:
    @pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
    def test_mean_and_variance_are_those_of_the_chosen(self, share):
        mean, variance = 0.0, 1.0
        for refits in range(1, 6):
            found = theory.better_half_mean(refits, share)
            assert found == pytest.approx(mean, rel=1e-7)
            found = theory.better_half_variance(refits, share)
            assert found == pytest.approx(variance, rel=1e-7)
            mean, variance = chosen_moments(mean, np.sqrt(variance), share)

    @pytest.mark.parametrize("share", [0.0, 0.47, 0.6, 1.0])
    def test_limits_are_reached(self, share):
        for transient, limit in (
            (theory.better_half_mean, theory.better_half_mean_limit),
            (theory.better_half_variance, theory.better_half_variance_limit),
        ):
            expected = limit(share)
            assert transient(1000, share) == pytest.approx(expected, abs=1e-9)

    def test_below_the_threshold_it_runs_away(self):
        assert pytest.approx(0.444, abs=5e-4) == theory.BETTER_HALF_THRESHOLD
        shares = theory.BETTER_HALF_THRESHOLD + np.array([-0.43, -0.02, 0.02])
        assert (theory.better_half_mean_limit(shares[:2]) == np.inf).all()
        assert (theory.better_half_variance_limit(shares[:2]) == np.inf).all()
        late = theory.better_half_variance(2000, shares)
        assert (late[:2] > 1e6).all()
        assert late[2] == pytest.approx(theory.better_half_variance_limit(shares[2]))

    def test_without_real_data(self):
        assert theory.better_half_mean_limit(0) == pytest.approx(2.009, abs=5e-4)
        assert theory.better_half_variance(6, 0) == pytest.approx((1 - LIFT**2) ** 5)


def accepted(mean, variance, centre, width):
    """Mean and variance of what the verifier accepts of N(mean, variance)."""
    x = np.linspace(-25, 25, 20_001)
    weight = np.exp(
        -((x - mean) ** 2) / (2 * variance) - (x - centre) ** 2 / (2 * width**2)
    )
    weight = weight / weight.sum()
    return weight @ x, weight @ x**2 - (weight @ x) ** 2


class TestVerifier:
    def test_mean_and_variance_are_those_of_the_accepted(self):
        mean, variance = 0.0, 1.0
        for refits in range(1, 8):
            assert theory.verified_variance(refits, 1.5) == pytest.approx(variance)
            assert theory.verified_mean(refits, 1.5, -0.7) == pytest.approx(mean)
            mean, variance = accepted(mean, variance, -0.7, 1.5)

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0])
    def test_the_risk_is_that_of_means_that_are_verified_again_and_again(self, share):
        size, width, bias = 20, 2.0, 0.15
        nodes, weights = np.polynomial.hermite_e.hermegauss(12)
        weights = weights / weights.sum()
        means = real = nodes / np.sqrt(size)
        for refits in range(1, 8):
            risk = theory.verifier_risk(refits, size, width, bias, share)
            assert risk == pytest.approx(weights @ means**2)
            passed = np.array([accepted(m, 1.0, bias, width)[0] for m in means])
            means = share * real + (1 - share) * passed

    def test_the_weight_of_the_real_points_is_how_a_mean_follows_theirs(self):
        width, share, real, centre = 1.3, 0.25, 0.8, -0.4
        mean = real
        for refits in range(1, 6):
            weight = theory.verifier_weight(refits, width, share)
            assert mean == pytest.approx(weight * real + (1 - weight) * centre)
            mean = share * real + (1 - share) * accepted(mean, 1.0, centre, width)[0]
        late = theory.verifier_weight(1000, width, [0.0, 1.0])
        np.testing.assert_allclose(late, [0, 1], atol=1e-12)

    def test_first_a_gain_and_in_the_end_the_verifier(self):
        risk = theory.verifier_risk([1, 6, 10_000], 20, 2.0, 0.15)
        np.testing.assert_allclose(risk, [0.05, 0.0155, 0.0225], atol=5e-5)
        for bias in (0.2, 0.25):
            late = theory.verifier_risk(10_000, 20, 2.0, bias)
            assert (late < 1 / 20) == (bias**2 < 1 / 20)
        best = optimize.minimize_scalar(
            lambda n: theory.verifier_risk(round(n), 20, 2.0, 0.25),
            bounds=(1, 30),
            method="bounded",
        )
        assert best.fun < min(1 / 20, 0.25**2)
