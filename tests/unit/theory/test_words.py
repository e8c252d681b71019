"""Drift of word lists, against the transition matrix and simulated counts."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from collapse import theory
from collapse.categorical import zipf


def chain_matrix(size):
    """The Wright-Fisher chain on counts 0, ..., M, from scipy's binomial law."""
    counts = np.arange(size + 1)
    return stats.binom.pmf(counts, size, counts[:, None] / size)


class TestDrift:
    def test_heterozygosity_is_that_of_the_chain(self):
        size, law = 30, stats.binom.pmf(np.arange(31), 30, 0.3)
        for refits in range(1, 6):
            p = np.arange(31) / 30
            found = law @ (2 * p * (1 - p))
            expected = theory.expected_heterozygosity(refits, size, 0.42)
            assert expected == pytest.approx(found)
            law = law @ chain_matrix(size)

    @pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
    def test_mixing_is_that_of_the_chain(self, share):
        size, real = 20, round(share * 20)
        fresh = stats.binom.pmf(np.arange(real + 1), real, 0.3)
        p = np.arange(21) / 20
        new = [stats.binom.pmf(np.arange(21 - real), 20 - real, each) for each in p]
        step = np.stack([np.convolve(row, fresh) for row in new])
        law = stats.binom.pmf(np.arange(21), 20, 0.3)
        for refits in range(1, 80):
            expected = theory.mixing_heterozygosity_transient(refits, size, share, 0.42)
            assert expected == pytest.approx(law @ (2 * p * (1 - p)))
            law = law @ step
        level = theory.mixing_heterozygosity(share, size, 0.42)
        assert level == pytest.approx(law @ (2 * p * (1 - p)), rel=1e-6)

    def test_fixation_probability_is_that_of_the_chain(self):
        law = stats.binom.pmf(np.arange(26), 25, 0.2)
        law = law @ np.linalg.matrix_power(chain_matrix(25), 2000)
        assert law[25] == pytest.approx(theory.fixation_probability(0.2))
        assert law[0] + law[25] == pytest.approx(1)

    @pytest.mark.parametrize(
        ("size", "frequency"), [(50, 0.2), (50, 0.5), (400, 0.1), (400, 0.5)]
    )
    def test_fixation_time_is_a_little_more_than_that_of_the_chain(
        self, size, frequency
    ):
        inside = chain_matrix(size)[1:-1, 1:-1]
        times = np.linalg.solve(np.eye(size - 1) - inside, np.ones(size - 1))
        exact = times[round(frequency * size) - 1]
        assert 1 < theory.fixation_time(frequency, size) - exact < 3

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 1.0])
    def test_loss_is_that_of_simulated_counts(self, share):
        rng, size, p, chains = np.random.default_rng(8), 20, 0.1, 40_000
        real = round(share * size)
        counts = rng.binomial(size, p, chains)
        for refits in range(1, 16):
            lost = np.mean(counts == 0)
            expected = theory.loss_probability(refits, size, p, share)
            error = np.sqrt(expected * (1 - expected) / chains)
            # 60 comparisons: a false alarm in about 4000 seeds.
            assert abs(lost - expected) < 4.6 * error
            counts = rng.binomial(size - real, counts / size)
            counts += rng.binomial(real, p, chains)

    def test_loss_adds_up_to_the_support(self):
        p, refits = np.array([0.5, 0.3, 0.15, 0.05]), [1, 2, 7]
        lost = sum(theory.loss_probability(refits, 12, each) for each in p)
        np.testing.assert_allclose(4 - lost, theory.expected_support(refits, 12, p))

    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 2.0])
    def test_smoothing_is_that_of_the_chain(self, smoothing):
        size, counts = 20, np.arange(21)
        p = (counts + smoothing) / (size + 2 * smoothing)
        law = stats.binom.pmf(counts, size, 0.3)
        step = stats.binom.pmf(counts, size, p[:, None])
        for refits in range(1, 60):
            expected = theory.smoothed_heterozygosity(refits, size, smoothing, 2, 0.42)
            assert expected == pytest.approx(law @ (2 * p * (1 - p)))
            law = law @ step

    def test_support_is_that_of_simulated_chains(self):
        rng, p, size = np.random.default_rng(3), zipf(50), 40
        counts = rng.multinomial(size, p, 4000)
        for refits in range(1, 21):
            alive = (counts > 0).sum(axis=-1)
            error = alive.std() / np.sqrt(len(alive))
            expected = theory.expected_support(refits, size, p)
            # 20 comparisons: a false alarm in about 10 000 seeds.
            assert abs(alive.mean() - expected) < 4.6 * error
            counts = rng.multinomial(size, counts / size)

    def test_support_after_one_refit_by_hand(self):
        p = np.array([0.5, 0.3, 0.2])
        expected = (1 - (1 - p) ** 7).sum()
        assert theory.expected_support(1, 7, p) == pytest.approx(expected)

    @pytest.mark.parametrize("occurrences", [1, 2, 5, 20])
    def test_survival_of_a_rare_word_is_that_of_the_chain(self, occurrences):
        refits = np.array([1, 2, 5, 20, 60])
        size = 1500
        dead, found = np.eye(size + 1)[0], []
        for refit in range(1, 61):
            dead = chain_matrix_1500() @ dead
            if refit in refits:
                found.append(1 - dead[occurrences])
        survival = theory.word_survival(refits, occurrences)
        np.testing.assert_allclose(survival, found, rtol=0.03)

    def test_half_of_the_rare_words_are_dead_at_the_median(self):
        counts = np.arange(1, 40)
        median = theory.median_lifetime(counts)
        assert (theory.word_survival(median, counts) <= 0.5).all()
        later = median > 1
        before = theory.word_survival(median[later] - 1, counts[later])
        assert (before > 0.5).all()
        many = np.array([100, 1000, 10_000])
        ratio = theory.median_lifetime(many) * np.log(2) / (2 * many)
        np.testing.assert_allclose(ratio, 1, atol=0.01)


@cache
def chain_matrix_1500():
    return chain_matrix(1500)


class TestMinorities:
    def test_a_group_follows_the_law_of_the_chain(self):
        size, real, p = 400, 5, 0.1
        fresh = stats.binom.pmf(np.arange(real + 1), real, p)
        counts = np.arange(size + 1)
        new = stats.binom.pmf(
            np.arange(size - real + 1), size - real, counts[:, None] / size
        )
        step = np.stack([np.convolve(row, fresh) for row in new])
        law = np.linalg.matrix_power(step, 2**12)[0]
        share = counts / size
        assert law @ share == pytest.approx(p)
        variance = law @ (share - p) ** 2
        assert theory.minority_variance(p, real) == pytest.approx(variance, rel=0.02)
        for fraction in (0.25, 0.5, 0.9):
            # Half of the count at the edge: the chain's law has atoms.
            edge = np.where(np.isclose(share, fraction * p), 0.5, share < fraction * p)
            found = theory.minority_shortfall(p, real, fraction)
            assert found == pytest.approx(law @ edge, abs=0.02)

    def test_the_variance_is_what_drift_leaves(self):
        lost = 1 - theory.few_real_points_variance(7, "fresh")
        assert theory.minority_variance(0.1, 7) == pytest.approx(0.09 * lost)

    def test_below_the_count_the_density_has_a_pole_at_zero(self):
        count = theory.minority_points(0.05)
        assert count == pytest.approx(10)
        for points in (5, 10, 20):
            near, far = theory.minority_shortfall(0.05, points, [1e-9, 1e-6])
            # The probability goes like the 2kp-th power.
            assert np.log10(far / near) / 3 == pytest.approx(points / 10, rel=1e-3)

    def test_more_real_points_hold_the_group(self):
        short = theory.minority_shortfall(0.01, np.array([10, 50, 200, 10_000]))
        assert (np.diff(short) < 0).all()
        assert short[-1] < 1e-8
        with pytest.raises(ValueError, match=r"in \(0, 1\)"):
            theory.minority_points(0)


class TestTailCut:
    @pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
    def test_the_error_is_that_of_drawn_words(self, share):
        rng, p, chains, size = np.random.default_rng(6), zipf(12), 20_000, 30
        cut = np.where(np.arange(12) < 5, p, 0)
        counts = rng.multinomial(
            size, share * p + (1 - share) * cut / cut.sum(), chains
        )
        missing = (counts == 0) @ p
        expected = theory.tail_cut_error(size, p, 5, share)
        tolerance = 4.6 * missing.std() / np.sqrt(chains)
        assert missing.mean() == pytest.approx(expected, abs=tolerance)

    def test_without_real_data_the_tail_is_a_floor(self):
        p = zipf(100)
        errors = theory.tail_cut_error([10**5, 10**7], p, 30)
        np.testing.assert_allclose(errors, p[30:].sum(), rtol=1e-9)

    def test_a_share_of_real_data_shifts_the_curve(self):
        p, size = zipf(10_000), np.array([10**6, 10**7])
        mixed = theory.tail_cut_error(size, p, 30, 0.01)
        np.testing.assert_allclose(
            mixed, theory.tail_cut_error(size // 100, p, 30, 1), rtol=1e-3
        )

    def test_all_words_kept_is_no_cut(self):
        p = zipf(10)
        real = theory.tail_cut_error(20, p, 4, 1)
        assert theory.tail_cut_error(20, p, 10, 0) == pytest.approx(real)
        for kept in (0, 11, 2.5):
            with pytest.raises(ValueError, match="kept_words must be"):
                theory.tail_cut_error(20, p, kept)
