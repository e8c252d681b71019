"""Diets that change with the years: what the loop eats, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from collapse.categorical import Categorical, CategoricalModel
from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.recursion import MEMORIES, Diet, recurse
from collapse.regression import LinearModel, LinearRegression, excess_error

TRUTH = GaussianModel(0.0, 1.0)


def rng(seed=1):
    return np.random.default_rng(seed)


def eat(diet, family=None, real=TRUTH, seed=1, **arguments):
    """Run Gaussian chains on a diet and keep their data and moments."""
    return recurse(
        Gaussian() if family is None else family,
        real,
        diet=diet,
        rng=rng(seed),
        measures={
            "mean": lambda model, data: model.mean,
            "variance": lambda model, data: model.variance,
        },
        keep_data=True,
        **arguments,
    )


def agree(values, expected, what):
    """Check a mean over chains: a false alarm in 150 000."""
    error = np.std(values) / np.sqrt(len(values))
    off = (np.mean(values) - expected) / error
    assert abs(off) < 4.5, f"{what}: {np.mean(values):.4f}, not {expected:.4f} ({off})"


def mixed_variance(sizes, shares, rate=0.0):
    """E σ² of each generation on a fresh mixture, by the law of total variance.

    A new mean is γ r + a s, of γM real and aM synthetic points: with V = Var μ and
    E σ² + V = 1 the next V is (E a² - E a / M) V + 1/M. Of γM points taken for real
    a binomial number is mistaken at a `rate`, so that a varies.
    """
    spread = [1 / sizes[0]]
    for size, share in zip(sizes[1:], shares, strict=True):
        a = 1 - share * (1 - rate)
        varies = share * rate * (1 - rate) / size
        spread.append((a**2 + varies - a / size) * spread[-1] + 1 / size)
    return 1 - np.array(spread)


class Tagger:
    """A family whose samples tell the generation that said them; real ones are 0."""

    chain_axis = True

    def __init__(self):
        self.said, self.weights = 0, []

    def fit(self, data, weights):
        """Keep the weights, which are None if all are alike."""
        self.weights.append(weights)
        self.mean = self.variance = np.zeros(len(data))
        self.said += 1
        return self

    def sample(self, n, rng):
        """Say the number of the fit."""
        return np.full((rng.chains, n), self.said)


class Zeros:
    """A truth of nothing but zeros, one chain at a time."""

    def sample(self, n, rng):
        """Return zeros."""
        return np.zeros(n, int)


class TestSharesByGeneration:
    def test_each_generation_takes_its_own_count(self):
        shares, earlier = [[0.1, 0.6], [0.5, 0.0]], [[0.4], [0.2]]
        diet = Diet(real_fraction=shares, previous_fraction=earlier)
        history = eat(diet, chains=2, generations=2, sample_size=10)
        assert history.real_counts.tolist() == [[10, 10], [1, 6], [5, 0]]
        first, second, third = (data.tolist() for data in history.data)
        for chain, (early, late) in enumerate([(1, 5), (6, 0)]):
            assert set(second[chain][early : early + 4]) <= set(first[chain])
            assert not set(second[chain][early + 4 :]) & set(first[chain])
            assert set(third[chain][late : late + 2]) <= set(second[chain])
            assert not set(third[chain][late + 2 :]) & set(second[chain])

    def test_a_real_share_that_shrinks(self):
        sizes = np.array([50, 60, 90, 135, 200, 300])
        shares = 12 / sizes[1:]
        expected = mixed_variance(sizes, shares)
        for share in (shares[:, None], np.tile(shares[:, None], 20_000)):
            _, variances = exact_law(
                generations=5,
                sample_size=sizes,
                chains=20_000,
                real_fraction=share,
                rng=rng(),
            )
            for generation in (1, 3, 5):
                agree(variances[generation], expected[generation], generation)

    def test_human_data_runs_out(self):
        """A pool of 8 real points, replayed among an output that doubles."""
        sizes = 8 * 2 ** np.arange(5)
        diet = Diet(real_fraction=(8 / sizes[1:])[:, None], replay=True)
        for real in (TRUTH, np.arange(200.0)):
            history = eat(diet, real=real, chains=3, generations=4, sample_size=sizes)
            assert (history.real_counts == 8).all()
            pool = history.data[0]
            for data, size in zip(history.data, sizes, strict=True):
                assert data.shape == (3, size)
                assert np.array_equal(data[:, :8], pool)


class TestMislabelled:
    def test_what_is_mistaken_lies_behind_what_is_real(self):
        diet = Diet(
            real_fraction=0.5, previous_fraction=[0.0, 0.3], mislabelled=[0.4, 0.0]
        )
        history = eat(diet, Tagger(), Zeros(), chains=2, generations=6, sample_size=20)
        real = history.real_counts[1:]
        assert (real[:, 1] == 10).all()
        assert (real[:, 0] < 10).any()
        for said, data in enumerate(history.data[1:], start=1):
            for row, count in zip(data, real[said - 1], strict=True):
                assert (row[:count] == 0).all()
                assert (row[count:10] == said).all()
            assert (data[0, 10:] == said).all()
            assert (data[1, 10:16] < said).all()
            assert (data[1, 16:] == said).all()

    def test_each_point_is_mistaken_by_itself(self):
        rates = np.array([[0.0], [0.1], [0.7], [1.0]])
        diet = Diet(real_fraction=0.5, mislabelled=rates)
        history = eat(diet, chains=1500, generations=4, sample_size=12)
        real = history.real_counts[1:]
        assert (real[0] == 6).all()
        assert (real[3] == 0).all()
        for count, rate in zip(real[1:3], (0.1, 0.7), strict=True):
            agree(count, 6 * (1 - rate), f"{rate}: mean")
            spread = (count - 6 * (1 - rate)) ** 2
            agree(spread, 6 * rate * (1 - rate), f"{rate}: variance")

    def test_a_few_mistakes_do_not_round_to_none(self):
        diet = Diet(real_fraction=0.1, mislabelled=0.01)
        history = eat(diet, chains=2000, generations=5, sample_size=10)
        mistaken = 1 - history.real_counts[1:]
        # 100 are expected of 10 000.
        assert 55 < mistaken.sum() < 150

    def test_its_law(self):
        sizes, shares, rate = [20] * 9, [0.5] * 8, 0.4
        expected = mixed_variance(sizes, shares, rate)
        _, variances = exact_law(
            generations=8,
            sample_size=20,
            chains=40_000,
            real_fraction=0.5,
            mislabelled=rate,
            rng=rng(),
        )
        for generation in (1, 4, 8):
            agree(variances[generation], expected[generation], generation)

    def test_all_mistaken_is_no_real_data(self):
        mistaken, none = (
            eat(diet, Tagger(), Zeros(), chains=2, generations=3, sample_size=5).data
            for diet in (Diet(real_fraction=0.4, mislabelled=1), Diet())
        )
        assert np.array_equal(mistaken, none)

    def test_a_curator_has_seen_the_mistaken_ones(self):
        diet = Diet(
            real_fraction=0.5, mislabelled=[0.5, 0.0], curator=np.abs, curator_keep=0.25
        )
        history = eat(diet, chains=2, generations=1, sample_size=16)
        (mistaken, none) = 8 - history.real_counts[1]
        assert (mistaken > 0, none) == (True, 0)
        kept = np.abs(history.data[1][0, 8 - mistaken :])
        assert kept.min() > 0.5, "the best quarter of |x| lies beyond"

    @pytest.mark.parametrize("rate", [-0.1, 1.1, "some", None, [0.5, 2.0], [[0.5], []]])
    def test_bad_rates(self, rate):
        with pytest.raises(ValueError, match="mislabelled"):
            Diet(real_fraction=0.5, mislabelled=rate)

    @pytest.mark.parametrize("rate", [[0.1] * 3, [[0.1]] * 3, [[0.1] * 3] * 2])
    def test_rates_for_other_chains_or_generations(self, rate):
        with pytest.raises(ValueError, match="mislabelled must"):
            eat(Diet(mislabelled=rate), chains=2, generations=2, sample_size=5)

    def test_replayed_points_are_known(self):
        with pytest.raises(ValueError, match=r"mislabelled must be 0 with replay"):
            Diet(real_fraction=0.5, mislabelled=0.1, replay=True)


class TestWeights:
    @pytest.mark.parametrize("memory", MEMORIES)
    @pytest.mark.parametrize("replay", [False, True])
    def test_real_points_keep_their_weight(self, memory, replay):
        family = Tagger()
        diet = Diet(
            real_fraction=[0.2, 0.7], memory=memory, replay=replay, real_weight=2.5
        )
        sizes = [4, 10, 6, 8]
        history = eat(diet, family, Zeros(), chains=2, generations=3, sample_size=sizes)
        for data, weights in zip(history.data, family.weights, strict=True):
            assert np.array_equal(weights, np.where(data == 0, 2.5, 1.0))

    def test_so_do_previous_and_mistaken_ones(self):
        family = Tagger()
        diet = Diet(
            real_fraction=0.4,
            previous_fraction=0.4,
            mislabelled=[0.5, 0.0],
            real_weight=0.5,
        )
        history = eat(diet, family, Zeros(), chains=2, generations=1, sample_size=10)
        # All ten of generation 0 are real, four of them are seen again.
        expected = [0.5] * 8 + [1.0] * 2
        assert family.weights[1].tolist() == [expected, expected]
        assert history.data[1][0, :4].any()

    def test_alike_points_come_without_weights(self):
        family = Tagger()
        eat(Diet(real_fraction=0.5), family, Zeros(), generations=1, sample_size=4)
        assert family.weights == [None, None]

    def test_a_plain_family_gets_those_of_its_chain(self):
        seen = []

        class Plain:
            def fit(self, data, *, weights=None):
                seen.append(weights)
                weights[:] = 0.0  # its own, to work on
                return GaussianModel(0.0, 1.0)

        diet = Diet(real_fraction=[0.0, 1.0], real_weight=3)
        recurse(
            Plain(), TRUTH, generations=1, sample_size=2, chains=2, diet=diet, rng=rng()
        )
        assert [each.shape for each in seen] == [(2,)] * 4

    @pytest.mark.parametrize("weight", [0, -1, np.inf, np.nan, "two", None, True])
    def test_bad_weights(self, weight):
        with pytest.raises(ValueError, match="real_weight must be"):
            Diet(real_weight=weight)

    def test_a_family_that_takes_none_is_named(self):
        class Deaf:
            def fit(self, data):
                raise AssertionError("not reached")

        message = "real_weight must be 1 for a family .* as that of Deaf, got 2"
        with pytest.raises(ValueError, match=message):
            eat(Diet(real_weight=2.0), Deaf(), generations=1, sample_size=3)

    def test_two_real_points_are_one_that_weighs_two(self):
        data = np.array([[0.0, 1.0, 4.0], [2.0, 2.0, 5.0]])
        twice = np.concatenate([data[:, :1], data], axis=1)
        for family, kind in [(Gaussian(), float), (Categorical(6), int)]:
            one, other = (
                family.fit(twice.astype(kind)),
                family.fit(data.astype(kind), [[2, 1, 1]] * 2),
            )
            for name in ("mean", "variance", "probabilities"):
                if hasattr(one, name):
                    found = getattr(other, name)
                    np.testing.assert_allclose(found, getattr(one, name))

    @pytest.mark.parametrize("weight", [1.0, (1 + 5**0.5) / 2])
    def test_the_golden_ratio(self, weight):
        """He, Xu and Cheng: a real point weighs best φ times a synthetic one."""
        share = weight / (1 + weight)
        expected = (share**2 + (1 - share) ** 2) / (1 - (1 - share) ** 2)
        if weight > 1:
            assert share == pytest.approx(expected, rel=1e-12)
        means, _ = exact_law(
            generations=20,
            sample_size=100,
            chains=20_000,
            real_fraction=0.5,
            real_weight=weight,
            known_variance=1,
            rng=rng(),
        )
        agree(50 * means[-1] ** 2, expected, weight)

    def test_it_holds_for_regression_in_the_loop(self):
        """Two inputs in forty rows: about as above, so that the order is sure."""
        truth = np.ones(2)
        errors = []
        for weight in (0.05, (1 + 5**0.5) / 2, 40.0):
            history = recurse(
                LinearRegression(),
                LinearModel(truth),
                generations=12,
                sample_size=80,
                diet=Diet(real_fraction=0.5, real_weight=weight),
                chains=400,
                rng=rng(),
                measures={"e": lambda m, data: excess_error(m.weights, truth)},
            )
            errors.append(history["e"][-1].mean())
        light, golden, heavy = errors
        assert golden < 0.85 * heavy
        assert golden < 0.5 * light


class TestAccumulateAndAdd:
    """All batches so far, each with a fresh real share: the loop is consistent."""

    @staticmethod
    def expected(fits, size, share):
        """E σ² after so many fits: the t-th batch is one (t + 1)-th of the data."""
        a, spread = 1 - share, 1 / size
        for t in range(1, fits):
            spread = (((t + a) ** 2 - a / size) * spread + 1 / size) / (t + 1) ** 2
        return 1 - spread

    def test_the_exact_law(self):
        assert self.expected(41, 30, 0.2) == pytest.approx(0.98286, abs=5e-6)
        _, variances = exact_law(
            generations=40,
            sample_size=30,
            chains=20_000,
            real_fraction=0.2,
            memory="accumulate",
            rng=rng(),
        )
        for fits in (2, 10, 41):
            agree(variances[fits - 1], self.expected(fits, 30, 0.2), fits)

    def test_the_loop(self):
        diet = Diet(real_fraction=0.2, memory="accumulate")
        history = eat(diet, chains=3000, generations=9, sample_size=10)
        assert (history.real_counts[1:] == 2).all()
        for fits in (2, 10):
            values = history["variance"][fits - 1]
            agree(values, self.expected(fits, 10, 0.2), fits)


class Noisy:
    """A truth of poorer quality: noise on a share of the points. Nothing is needed."""

    chain_axis = True

    def __init__(self, truth, share, noise):
        self.truth, self.share, self.noise = truth, share, noise

    def sample(self, n, rng):
        """Draw from the truth and spoil a share."""
        points = self.truth.sample(n, rng)
        spoilt = rng.random(n) < self.share
        return points + self.noise * spoilt * rng.standard_normal(n)


class TestPoorerRealData:
    def test_noise_on_a_share_of_the_points(self):
        history = eat(
            Diet(real_fraction=0.5),
            real=Noisy(TRUTH, 0.25, 2.0),
            chains=2000,
            generations=6,
            sample_size=10,
        )
        # Moments of second order know of the truth no more than its variance.
        expected = (1 + 0.25 * 2.0**2) * mixed_variance([10] * 7, [0.5] * 6)[-1]
        agree(history["variance"][-1], expected, "variance")

    def test_mislabelled_classes(self):
        truth, confused = np.array([0.7, 0.2, 0.1]), 0.3
        poorer = (1 - confused) * truth + confused / 3
        p = recurse(
            Categorical(3),
            CategoricalModel(poorer),
            generations=5,
            sample_size=20,
            diet=Diet(real_fraction=0.5),
            chains=1500,
            rng=rng(),
            measures={"p": lambda model, data: model.probabilities},
        )["p"]
        agree(p[-1, :, 2], poorer[2], "share of the rare class")


class TestPushAndVerifier:
    def test_a_push_obeys_the_share(self):
        """Alemohammad et al.'s λ with fresh points: V* and E σ* of a mean's law."""
        bias = 0.9
        for size, known in ((100, 0.512), (1000, 0.0913)):
            share = 10 / size
            a = 1 - share
            spread = 1 / (size * (1 + a) * (1 - a * bias) + a * bias)
            expected = share * (1 - spread) / (1 - a * bias)
            assert expected == pytest.approx(known, abs=5e-4)
            _, variances = exact_law(
                generations=size // 2,
                sample_size=size,
                chains=3000,
                real_fraction=share,
                sampling_bias=bias,
                rng=rng(),
            )
            agree(variances[-1], expected, size)

    def test_a_verifier_makes_the_spread_smaller_every_time(self):
        """Infinite data: each selection adds the precision 1/τ²."""
        means, variances = exact_law(
            generations=20, sample_size=10**14, verifier=(3, 2.0), rng=rng()
        )
        ages = np.arange(21)
        precision = 1 + ages / 2.0**2
        np.testing.assert_allclose(variances[:, 0], 1 / precision, rtol=1e-5)
        np.testing.assert_allclose(
            means[:, 0], 3 * (1 - 1 / precision), rtol=1e-5, atol=1e-5
        )

    def test_who_keeps_the_larger_half_narrows_and_drifts(self):
        """The mean of the larger half lies i = √(2/π) spreads further on."""
        diet = Diet(curator=lambda points: points, curator_keep=0.5)
        history = eat(diet, chains=4, generations=30, sample_size=5000)
        left, step = 1 - 2 / np.pi, np.sqrt(2 / np.pi)
        # Of 5000 points, a generation errs by about 2 % of the variance, ten of them
        # by 0.6 % of their mean logarithm; of the mean, all together by 1 %.
        found = np.log(history["variance"][10] / history["variance"][0]) / 10
        np.testing.assert_allclose(found, np.log(left), rtol=0.035)
        np.testing.assert_allclose(
            history["mean"][-1], step / (1 - np.sqrt(left)), rtol=0.06
        )

    def test_an_imperfect_verifier_helps_at_first(self):
        """A mean of 20 real points, then samples without number: a gain, then b²."""
        wrong, width, start = 0.15, 2.0, 20
        means, _ = exact_law(
            generations=40,
            sample_size=[start, *[10**12] * 40],
            chains=20_000,
            verifier=(wrong, width),
            known_variance=1,
            rng=rng(),
        )
        for age, risk in ((0, 0.05), (5, 0.0155), (40, 0.0225)):
            drawn = 1 - (width**2 / (1 + width**2)) ** age
            expected = (1 - drawn) ** 2 / start + drawn**2 * wrong**2
            assert expected == pytest.approx(risk, abs=1e-4)
            agree(means[age] ** 2, expected, f"risk after {age}")
