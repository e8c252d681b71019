"""Closed forms of the diets, against recursions written out and their limits."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory


def simulated(
    rng, refits, size, real=0, push=1.0, diet="replace", previous=0, chains=4000
):
    """Run the loop point by point: MLE variances, shape (refits, chains)."""
    data = first = rng.normal(size=(chains, size))
    found = []
    for _ in range(refits):
        mean, variance = data.mean(axis=1), data.var(axis=1)
        found.append(variance)
        sd = np.sqrt(push * variance)[:, None]
        new = mean[:, None] + sd * rng.normal(size=(chains, size - real - previous))
        fresh = rng.normal(size=(chains, real))
        kept = rng.permuted(data, axis=1)[:, :previous]
        real_part = first[:, :real] if diet == "replay" else fresh
        batch = np.concatenate([real_part, new, kept], axis=1)
        if diet in ("accumulate", "accumulate-subsample"):
            first = np.concatenate([first, batch], axis=1)
            whole = diet == "accumulate"
            data = first if whole else rng.permuted(first, axis=1)[:, :size]
        else:
            data = batch
    return np.array(found)


def assert_agree(found, expected):
    """A comparison fails once in about 200 000 although all is well."""
    error = found.std(axis=-1) / np.sqrt(found.shape[-1])
    off = (found.mean(axis=-1) - expected) / error
    assert np.abs(off).max() < 4.6, f"off by {off} standard errors"


class TestAgainstPoints:
    """Each closed form against the loop, run point by point."""

    @pytest.mark.parametrize("push", [1.0, 0.8])
    @pytest.mark.parametrize("real", [0, 1, 4])
    @pytest.mark.parametrize(
        ("diet", "formula"),
        [
            ("replace", theory.fresh_mixing_transient),
            ("replay", theory.replay_transient),
            ("accumulate", theory.accumulate_expected_variance),
        ],
    )
    def test_real_shares_and_pushes(self, diet, formula, real, push):
        if diet == "replay" and not real:
            return
        rng, refits = np.random.default_rng([11, real]), np.arange(1, 9)
        found = simulated(rng, 8, 8, real, push, diet)
        assert_agree(found, formula(refits, 8, real / 8, push))

    @pytest.mark.parametrize("push", [1.0, 0.8])
    def test_subsampling(self, push):
        rng, refits = np.random.default_rng(12), np.arange(1, 9)
        found = simulated(rng, 8, 6, push=push, diet="accumulate-subsample")
        expected = theory.accumulate_subsample_expected_variance(refits, 6, push)
        assert_agree(found, expected)

    @pytest.mark.parametrize("previous", [0, 1, 3, 5])
    def test_data_of_the_last_generation(self, previous):
        # Few refits: later the average is made by a handful of wide chains.
        rng, refits = np.random.default_rng([13, previous]), np.arange(1, 6)
        found = simulated(rng, 5, 5, previous=previous, chains=20_000)
        expected = theory.previous_data_expected_variance(refits, 5, previous / 5)
        assert_agree(found, expected)


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

    def test_subsampling_settles(self):
        refits = np.array([100, 4000])
        near, far = theory.accumulate_subsample_expected_variance(refits, 100)
        limit = theory.accumulate_subsample_limit(100)
        assert near == pytest.approx(0.9713, abs=5e-5)
        assert limit == pytest.approx(0.9710, abs=5e-5)
        assert far == pytest.approx(limit, rel=1e-5)
        # To first order 1/M + 3/M · (π²/6 - 1).
        lost = (1 - theory.accumulate_subsample_limit([10**4, 10**6])) * [10**4, 10**6]
        np.testing.assert_allclose(lost, np.pi**2 / 2 - 2, rtol=1e-3)
        assert theory.accumulate_subsample_limit(2) == pytest.approx(
            theory.accumulate_subsample_expected_variance(4000, 2), rel=1e-3
        )

    def test_a_fresh_share_makes_accumulation_consistent(self):
        found = theory.accumulate_expected_variance(41, 30, 0.2)
        assert found == pytest.approx(0.98286, abs=5e-6)
        scatter, a = 1 / 30, 0.8
        for fits in range(1, 41):
            old, new = (fits + a) ** 2 - a / 30, 1 / 30
            scatter = (old * scatter + new) / (fits + 1) ** 2
        assert found == pytest.approx(1 - scatter)

    @pytest.mark.parametrize("share", [0.1, 0.25, 0.8, 1.0])
    def test_the_rate_of_accumulation_with_a_fresh_share(self, share):
        lost = 1 - theory.accumulate_expected_variance([2000, 4000], 20, share)
        rate = np.log2(lost[0] / lost[1])
        assert rate == pytest.approx(theory.accumulate_rate(share), abs=0.02)

    def test_at_a_half_the_rate_has_a_logarithm(self):
        n = np.array([1000, 4000])
        lost = 1 - theory.accumulate_expected_variance(n, 20, 0.5)
        # Between log n / n and its first order there is a constant.
        assert np.diff(lost * n * 20) == pytest.approx(np.log(4), rel=0.01)

    @pytest.mark.parametrize("push", [0.5, 0.95])
    def test_a_push_makes_accumulation_fall_by_a_power(self, push):
        n = [1000, 4000]
        kept = theory.accumulate_expected_variance(n, 20, 0.0, push)
        sampled = theory.accumulate_subsample_expected_variance(n, 20, push)
        for (early, late), power in (
            (kept, 1 - push),
            (sampled, (1 - push) * (1 - 1 / 20)),
        ):
            found = np.log(early / late) / np.log(4)
            assert found == pytest.approx(power, rel=0.01)

    def test_a_push_on_accumulation_with_real_data_ends_at_the_law_of_shares(self):
        far = theory.accumulate_expected_variance([10, 500, 5000], 20, 0.5, 0.6)
        above = far - theory.biased_sampling_limit(0.5, 0.6)
        assert (np.diff(above) < 0).all()
        assert 0 < above[-1] < 0.001


class TestMixing:
    def test_a_push_asks_for_a_share(self):
        few = theory.fresh_mixing_variance([0.1, 0.01], [100, 1000], 0.9)
        np.testing.assert_allclose(few, [0.512, 0.0913], atol=5e-5, rtol=1e-3)
        for share in (0.0, 0.1, 0.7, 1.0):
            limit = theory.biased_sampling_limit(share, 0.9)
            for formula in (theory.fresh_mixing_variance, theory.replay_variance):
                if share or formula is theory.fresh_mixing_variance:
                    many = formula(share, 10**9, 0.9)
                    assert many == pytest.approx(limit, rel=1e-6)
        np.testing.assert_array_equal(
            theory.biased_sampling_limit([0, 0, 0.5, 1], [1, 0.9, 1, 0]), [1, 0, 1, 1]
        )
        assert theory.biased_sampling_limit(0.1, 0.9) == pytest.approx(0.526, abs=5e-4)

    @pytest.mark.parametrize("push", [0.0, 0.6, 1.0])
    @pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
    def test_transients_settle_under_a_push(self, share, push):
        for transient, stationary in (
            (theory.fresh_mixing_transient, theory.fresh_mixing_variance),
            (theory.replay_transient, theory.replay_variance),
        ):
            assert transient(1500, 20, share, push) == pytest.approx(
                stationary(share, 20, push)
            )

    def test_free_fall_keeps_its_digits(self):
        deep = theory.fresh_mixing_transient(2000, 20, 0.0)
        assert deep == pytest.approx(0.95**2000, rel=1e-9)
        pushed = theory.fresh_mixing_transient(300, 20, 0.0, 0.5)
        assert pushed == pytest.approx(theory.biased_sampling_variance(300, 20, 0.5))

    @pytest.mark.parametrize(("diet", "times"), [("fresh", 0.5), ("replay", 1.5)])
    def test_the_rule_of_a_half_one_and_one_and_a_half(self, diet, times):
        count, size = np.array([1, 5, 40]), 10**9
        formulas = {
            "fresh": theory.fresh_mixing_variance,
            "replay": theory.replay_variance,
        }
        np.testing.assert_allclose(
            theory.few_real_points_variance(count, diet),
            formulas[diet](count / size, size),
            rtol=1e-6,
            atol=1e-7,
        )
        lost = 1 - theory.few_real_points_variance(1000, diet)
        once = 1 - theory.few_real_points_variance(1000, "once")
        assert lost / once == pytest.approx(times, rel=1e-3)

    def test_one_point_by_each_diet(self):
        kept = [
            theory.few_real_points_variance(1, each) for each in ("fresh", "replay")
        ]
        np.testing.assert_allclose(kept, [2 / 3, 0], atol=1e-15)
        once = theory.few_real_points_variance(30, "once")
        assert once == theory.expected_variance(1, 30)

    def test_real_points_count_up_to_twice(self):
        size, count = 10_000, np.array([1, 5000, 10_000])
        number = theory.effective_real_samples(count / size, size)
        np.testing.assert_allclose(number, [3, 1.5 * 5000, 10_000], rtol=1e-3)
        share = count / size
        np.testing.assert_allclose(number, count * (2 - share) + 1 - share)

    def test_earlier_data_slow_the_decay_only(self):
        one_refit = theory.previous_data_expected_variance(1, 50, 0.5)
        assert one_refit == theory.expected_variance(1, 50)
        plain = theory.previous_data_expected_variance(30, 50, 0.0)
        assert plain == pytest.approx(theory.expected_variance(30, 50))
        slow = np.log(theory.previous_data_expected_variance(301, 1000, 0.6))
        assert slow / np.log(theory.expected_variance(301, 1000)) == pytest.approx(
            1 - 0.6**2, rel=0.01
        )
        assert theory.previous_data_expected_variance(10**5, 50, 0.9) < 1e-9

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
