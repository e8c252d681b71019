"""Closed forms of the diets, against recursions written out and their limits."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory


class TestAccumulating:
    @pytest.mark.parametrize("size", [2, 10, 100])
    def test_the_product_tends_to_the_sine(self, size):
        far = theory.accumulate_expected_variance(4000, size)
        assert far == pytest.approx(theory.accumulate_limit(size), rel=3e-4)

    def test_small_cases_by_hand(self):
        product = theory.accumulate_expected_variance([1, 2, 3], 10)
        np.testing.assert_allclose(
            product, np.cumprod([1 - 1 / 10, 1 - 1 / 40, 1 - 1 / 90])
        )
        # One refit: a plain fit. Two: see the quadratic form below.
        assert theory.accumulate_subsample_expected_variance(1, 10) == 0.9

    @pytest.mark.parametrize("size", [2, 3, 10])
    def test_second_subsample_by_quadratic_forms(self, size):
        # The pool is 2M points: x, real, and μ + σ z, so that its expected unbiased
        # variance is (E Σ squares - E (Σ)² / 2M) / (2M - 1), term by term.
        squares = size + size * (1 / size + (1 - 1 / size))
        total = 4 * size + size * (1 - 1 / size)
        pool = (squares - total / (2 * size)) / (2 * size - 1)
        expected = (1 - 1 / size) * pool
        result = theory.accumulate_subsample_expected_variance(2, size)
        assert result == pytest.approx(expected)

    def test_subsampling_loses_more_than_keeping_and_less_than_replacing(self):
        refits = np.arange(2, 40)
        kept = theory.accumulate_expected_variance(refits, 20)
        sampled = theory.accumulate_subsample_expected_variance(refits, 20)
        replaced = theory.expected_variance(refits, 20)
        assert (kept > sampled).all()
        assert (sampled > replaced).all()


class TestMixing:
    @pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
    def test_fresh_transient_is_the_two_term_recursion(self, share):
        size, new = 20, 1 - share
        variance, mean = 1 - 1 / size, 1 / size
        for refits in range(1, 60):
            result = theory.fresh_mixing_transient(refits, size, share)
            assert result == pytest.approx(variance)
            variance, mean = (
                share * (1 - 1 / size)
                + new * (1 - 1 / size) * variance
                + share * new * mean,
                share / size + new**2 * mean + new * variance / size,
            )
            assert variance + mean == pytest.approx(1)

    @pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
    def test_transients_settle(self, share):
        for transient, stationary in (
            (theory.fresh_mixing_transient, theory.fresh_mixing_variance),
            (theory.replay_transient, theory.replay_variance),
        ):
            assert transient(2000, 20, share) == pytest.approx(stationary(share, 20))
            assert transient(1, 20, share) == pytest.approx(1 - 1 / 20)

    def test_total_variance_is_kept(self):
        for share, size in ((0.1, 100), (0.02, 50), (0.5, 4)):
            fresh = theory.fresh_mixing_variance(share, size)
            mean = theory.fresh_mixing_variance_of_mean(share, size)
            assert fresh + mean == pytest.approx(1)

    def test_fresh_data_beats_replayed_data(self):
        shares = np.linspace(0.01, 0.99, 50)
        fresh = theory.fresh_mixing_variance(shares, 100)
        assert (fresh > theory.replay_variance(shares, 100)).all()

    def test_all_real_is_a_single_fit(self):
        assert theory.fresh_mixing_variance(1, 20) == pytest.approx(0.95)
        assert theory.replay_variance(1, 20) == pytest.approx(0.95)

    def test_without_real_data_the_mixture_is_free_fall(self):
        refits = np.array([1, 5, 50])
        np.testing.assert_allclose(
            theory.fresh_mixing_transient(refits, 20, 0.0),
            theory.expected_variance(refits, 20),
        )
        assert theory.fresh_mixing_variance(0, 20) == 0

    @pytest.mark.parametrize("share", [0.0, 0.01])
    def test_nothing_to_replay(self, share):
        for function in (theory.replay_variance, theory.replay_variance_of_mean):
            with pytest.raises(ValueError, match="one real point"):
                function(share, 20)
        with pytest.raises(ValueError, match="one real point"):
            theory.replay_transient(3, 20, share)

    def test_the_number_counts_not_the_share(self):
        small = theory.effective_real_samples(0.1, 100)
        large = theory.effective_real_samples(0.01, 1000)
        assert small == pytest.approx(19.9)
        assert large == pytest.approx(small, rel=0.06)
