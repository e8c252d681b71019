"""Closed forms against independent routes: quadrature, inversion, matrices, limits."""

from __future__ import annotations

import inspect
from functools import cache

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from collapse import theory
from collapse.categorical import sharpen, zipf

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


class TestTheRest:
    def test_biased_sampling(self):
        plain = theory.expected_variance(21, 100, "mle")
        biased = theory.biased_sampling_variance(21, 100, 0.9)
        assert biased == pytest.approx(0.9**20 * plain)

    def test_regression(self):
        first = theory.regression_error_replace(1, 60, 10, 2.0)
        assert first == pytest.approx(4 * 10 / 49)
        assert theory.regression_error_replace(7, 60, 10, 2.0) == pytest.approx(
            7 * first
        )
        bound = theory.regression_error_accumulate([1, 2, 3], 60, 10, 2.0)
        np.testing.assert_allclose(bound / first, [1, 1.25, 1.25 + 1 / 9])

    def test_the_first_regression_error_is_the_inverse_wishart_trace(self):
        rng = np.random.default_rng(1)
        inputs = rng.normal(size=(4000, 12, 3))
        gram = np.swapaxes(inputs, 1, 2) @ inputs
        traces = np.trace(np.linalg.inv(gram), axis1=1, axis2=2)
        error = traces.std() / np.sqrt(4000)
        expected = theory.regression_error_replace(1, 12, 3)
        assert abs(traces.mean() - expected) < 4.5 * error

    @pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0, 10.0])
    def test_the_best_weight_is_the_best(self, ratio):
        best = optimize.minimize_scalar(
            lambda weight: theory.weighted_mean_variance(weight, ratio),
            bounds=(1e-3, 1),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert theory.best_real_weight(ratio) == pytest.approx(best.x, abs=1e-6)

    def test_the_golden_ratio(self):
        golden = (np.sqrt(5) - 1) / 2
        assert theory.best_real_weight(1) == pytest.approx(golden)
        assert theory.weighted_mean_variance(golden, 1) == pytest.approx(golden)


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

    def test_temperature_gain_is_repeated_sharpening(self):
        p = np.array([0.6, 0.3, 0.1])
        row = p
        for _ in range(6):
            row = sharpen(row, 0.9)
        gain = theory.log_odds_gain(7, 0.9)
        np.testing.assert_allclose(np.log(row[0] / row), gain * np.log(p[0] / p))


@cache
def chain_matrix_1500():
    return chain_matrix(1500)


def public_functions():
    return {
        name: function
        for name, function in inspect.getmembers(theory, inspect.isfunction)
        if function.__module__ == theory.__name__ and not name.startswith("_")
    }


GOOD = {
    "refits": 3,
    "sample_size": 20,
    "sample_sizes": [20, 30, 40],
    "real_fraction": 0.5,
    "shrinkage": 0.9,
    "dimension": 3,
    "noise": 1.0,
    "synthetic_per_real": 1.0,
    "real_weight": 0.5,
    "estimator": "mle",
    "heterozygosity": 0.9,
    "frequency": 0.2,
    "probabilities": [0.5, 0.3, 0.2],
    "occurrences": 3,
    "temperature": 0.9,
    "smoothing": 0.1,
    "symbols": 10,
}
BAD = {
    "refits": [0, -1, 2.5, np.nan, "ten", None],
    "sample_size": [1, 0, -1, 2.5, np.inf, "ten", None],
    "sample_sizes": [[1, 20], [2.5], [], "ten"],
    "real_fraction": [-0.1, 1.1, np.nan, "half", None],
    "shrinkage": [-0.1, 1.1, np.nan, "half"],
    "dimension": [0, 2.5, 19, 30, "ten"],
    "noise": [-1, np.nan, np.inf, "loud"],
    "synthetic_per_real": [0, -1, np.inf, "one"],
    "real_weight": [0, -0.1, 1.1, "half"],
    "estimator": ["MLE", None, 1],
    "heterozygosity": [-0.1, 1.1, np.nan, "all"],
    "frequency": [-0.1, 1.1, np.nan, "rare"],
    "probabilities": [[0.5, 0.6], [1.5, -0.5], [[0.5, 0.5]], [np.nan, 1], [], "half"],
    "occurrences": [0, -1, 2.5, np.nan, "once"],
    "temperature": [0, -1, np.nan, np.inf, "hot"],
    "smoothing": [-0.1, np.nan, np.inf, "much"],
    "symbols": [0, -1, 2.5, np.nan, "ten"],
}


@pytest.mark.parametrize("name", public_functions())
def test_every_formula_checks_its_arguments_and_names_its_source(name):
    function = public_functions()[name]
    names = list(inspect.signature(function).parameters)
    unknown = set(names) - GOOD.keys() & BAD.keys()
    assert not unknown, f"add {unknown} to GOOD and BAD"
    good = {each: GOOD[each] for each in names}
    assert np.isfinite(function(**good)).all()
    for each in names:
        for value in BAD[each]:
            with pytest.raises(ValueError, match="must"):
                function(**{**good, each: value})
    assert "Source: " in function.__doc__


@pytest.mark.parametrize("name", public_functions())
def test_every_formula_takes_arrays(name):
    function = public_functions()[name]
    names = list(inspect.signature(function).parameters)
    varied = next(each for each in names if each != "estimator")
    if varied == "sample_sizes":
        return
    good = {each: GOOD[each] for each in names}
    value = good[varied]
    several = np.array([value, value * 2 if value >= 1 else value * 1.1])
    result = function(**{**good, varied: several})
    expected = [function(**{**good, varied: one}) for one in several]
    np.testing.assert_allclose(result, expected)
