"""Counting against numpy and scipy, and the exact law against real symbols."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from collapse import theory
from collapse.categorical import (
    Categorical,
    CategoricalModel,
    best_of,
    count,
    exact_law,
    sharpen,
    truncate,
    zipf,
)
from collapse.recursion import Diet, recurse
from collapse.streams import Streams

SKEWED = np.array([0.5, 0.25, 0.15, 0.07, 0.03])


def rng(seed=1):
    return np.random.default_rng(seed)


class TestFit:
    def test_frequencies_are_numpys(self):
        data = rng().integers(0, 7, (3, 4, 50))
        model = Categorical(9).fit(data)
        assert model.probabilities.shape == (3, 4, 9)
        for place in np.ndindex(3, 4):
            expected = np.bincount(data[place], minlength=9) / 50
            np.testing.assert_allclose(model.probabilities[place], expected)

    def test_by_default_frequencies_are_spoken_as_they_are(self):
        family = Categorical(3)
        assert (family.smoothing, family.temperature, family.top_k) == (0, 1, None)
        model = family.fit([0, 0, 2, 0])
        assert model.spoken.tolist() == model.probabilities.tolist()

    def test_weights_are_counted(self):
        data = rng().integers(0, 7, (3, 4, 50))
        weights = rng(2).uniform(0.1, 5, data.shape)
        model = Categorical(9, smoothing=0.5).fit(data, weights)
        for place in np.ndindex(3, 4):
            seen = np.bincount(data[place], weights[place], minlength=9)
            expected = (seen + 0.5) / (weights[place].sum() + 4.5)
            np.testing.assert_allclose(model.probabilities[place], expected)
        with pytest.raises(ValueError, match=r"weights must have shape \(2,\)"):
            Categorical(3).fit([0, 1], [1.0])

    def test_one_plain_chain(self):
        model = Categorical(3).fit([0, 0, 2, 0])
        assert model.probabilities.tolist() == [0.75, 0, 0.25]
        assert model.sample(5, rng()).shape == (5,)

    def test_smoothing_is_the_mean_of_a_dirichlet(self):
        counts = np.array([3, 0, 1])
        model = Categorical(3, smoothing=0.5).fit([0, 0, 2, 0])
        np.testing.assert_allclose(
            model.probabilities, stats.dirichlet(counts + 0.5).mean()
        )

    def test_a_family_with_a_decoder_learns_as_without_one(self):
        data = rng().integers(0, 4, (2, 30))
        plain = Categorical(4).fit(data)
        sharp = Categorical(4, temperature=0.5, top_k=2).fit(data)
        np.testing.assert_array_equal(sharp.probabilities, plain.probabilities)
        expected = truncate(sharpen(plain.probabilities, 0.5), 2)
        np.testing.assert_allclose(sharp.spoken, expected)
        again = plain.temperature(0.5).top_k(2)
        np.testing.assert_allclose(again.spoken, expected)
        # Divided by their sum again, which is 1 but for rounding.
        np.testing.assert_allclose(again.probabilities, plain.probabilities)

    @pytest.mark.parametrize(
        "data", [[], 3, [0, 3], [-1, 0], [0.0, 1.0], [np.nan], "ab", [[0, 1], [2]]]
    )
    def test_bad_data(self, data):
        with pytest.raises(ValueError, match="data must"):
            Categorical(3).fit(data)

    @pytest.mark.parametrize(("data", "bad"), [([-1, 2], -1), ([0, 3], 3)])
    def test_the_symbol_that_there_is_not_is_named(self, data, bad):
        with pytest.raises(ValueError, match=f"from 0 to 2, got {bad}$"):
            Categorical(3).fit(data)

    def test_a_language_of_one_symbol(self):
        model = Categorical(1).fit([0, 0])
        assert model.probabilities.tolist() == [1.0]
        assert zipf(1).tolist() == [1.0]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"symbols": 0}, "symbols must be a whole number"),
            ({"symbols": 2.5}, "symbols must be"),
            ({"symbols": True}, "symbols must be"),
            ({"smoothing": -1}, "smoothing must be"),
            ({"smoothing": np.inf}, "smoothing must be"),
            ({"temperature": -0.1}, "temperature must be"),
            ({"temperature": "cold"}, "temperature must be"),
            ({"top_k": 0}, "top_k must be"),
            ({"top_k": 1.5}, "top_k must be"),
            ({"candidates": 0, "reward": [1, 2, 3]}, "candidates must be"),
            ({"candidates": 2}, "reward must be one number for each symbol"),
            ({"candidates": 2, "reward": [1, 2]}, r"reward must have shape \(3,\)"),
            ({"reward": [1, np.nan, 2]}, "reward must be finite"),
        ],
    )
    def test_bad_options(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            Categorical(**{"symbols": 3, **arguments})


class TestModel:
    def test_samples_follow_their_law(self):
        model = CategoricalModel([SKEWED, SKEWED[::-1]])
        counts = count(model.sample(20_000, rng()), 5)
        for chain in range(2):
            expected = 20_000 * model.probabilities[chain]
            assert stats.chisquare(counts[chain], expected).pvalue > 1e-4

    def test_streams_give_each_chain_its_own_symbols(self):
        model = CategoricalModel(np.full(1000, 1e-3))
        symbols = model.sample(20, Streams(rng().spawn(4)))
        assert symbols.shape == (4, 20)
        assert len(np.unique(symbols)) > 60
        rows = CategoricalModel(np.broadcast_to(model.probabilities, (4, 1000)))
        again = rows.sample(20, Streams(rng().spawn(4)))
        assert np.array_equal(symbols, again)

    def test_dead_symbols_are_never_drawn(self):
        p = np.array([0.0, 0.1, 0.0, 0.9, 0.0])
        assert set(CategoricalModel(p).sample(5000, rng())) == {1, 3}

    def test_the_largest_draw_meets_a_living_symbol(self):
        class Extreme(Streams):
            def random(self, size=()):
                return np.full(self._shape(size), np.nextafter(1, 0))

        p = np.append(np.full(9, 1 / 9), 0.0)
        drawn = CategoricalModel(p).sample(3, Extreme(rng().spawn(1)))
        assert (drawn == 8).all()

    def test_it_draws_what_it_speaks_and_scores_what_it_learned(self):
        model = CategoricalModel(SKEWED).temperature(0)
        assert (model.sample(50, rng()) == 0).all()
        np.testing.assert_allclose(model.log_prob([0, 4]), np.log([0.5, 0.03]))

    def test_log_probabilities(self):
        model = CategoricalModel([[0.25, 0.75, 0.0], [0.5, 0.25, 0.25]])
        data = np.array([[0, 1], [2, 0]])
        expected = np.log([[0.25, 0.75], [0.25, 0.5]])
        np.testing.assert_allclose(model.log_prob(data), expected)
        assert model.log_prob([2])[0, 0] == -np.inf
        assert model.log_prob([0, 1, 2]).shape == (2, 3)
        several = np.stack([data, data[::-1], data])
        assert model.log_prob(several).shape == (3, 2, 2)
        np.testing.assert_allclose(model.log_prob(several)[0], expected)

    @pytest.mark.parametrize(
        ("probabilities", "message"),
        [
            ([0.5, 0.6], "add up to 1"),
            ([[0.5, 0.5], [0.9, 0.0]], "add up to 1 in each row, got 0.9"),
            ([1.5, -0.5], "not be negative"),
            ([np.nan, 1], "finite"),
            ([], "empty"),
            (1.0, "axes"),
            ("half", "numbers"),
        ],
    )
    def test_bad_probabilities(self, probabilities, message):
        with pytest.raises(ValueError, match=f"probabilities must.*{message}"):
            CategoricalModel(probabilities)

    def test_bad_spoken(self):
        with pytest.raises(ValueError, match="spoken must have the shape"):
            CategoricalModel([0.5, 0.5], [1.0])

    @pytest.mark.parametrize("n", [0, -1, 2.5])
    def test_bad_sample_size(self, n):
        with pytest.raises(ValueError, match="n must be a whole number"):
            CategoricalModel(SKEWED).sample(n, rng())

    @pytest.mark.parametrize("source", [None, 1, np.random.RandomState(1)])
    def test_bad_randomness(self, source):
        with pytest.raises(ValueError, match="rng must be"):
            CategoricalModel(SKEWED).sample(3, source)


class TestDecoders:
    def test_temperature_multiplies_log_odds(self):
        p = zipf(50, 1.3)
        for temperature in (0.3, 0.9, 2.0):
            logs = np.log(sharpen(p, temperature))
            expected = (np.log(p) - np.log(p[0])) / temperature
            np.testing.assert_allclose(logs - logs[0], expected)

    def test_no_temperature_is_the_first_of_the_best(self):
        p = [[0.4, 0.4, 0.2], [0.1, 0.2, 0.7]]
        assert sharpen(p, 0).tolist() == [[1, 0, 0], [0, 0, 1]]

    def test_a_very_low_temperature_stays_finite(self):
        cold = sharpen(zipf(1000), 1e-6)
        assert cold[0] == pytest.approx(1)
        assert np.isfinite(cold).all()

    def test_dead_symbols_stay_dead(self):
        assert sharpen([0.0, 1.0], 5)[0] == 0
        assert truncate([0.0, 1.0], 2)[0] == 0

    def test_top_k_keeps_the_most_probable(self):
        np.testing.assert_allclose(
            truncate([SKEWED, SKEWED[::-1]], 2),
            [[2 / 3, 1 / 3, 0, 0, 0], [0, 0, 0, 1 / 3, 2 / 3]],
        )
        np.testing.assert_allclose(truncate(SKEWED, 9), SKEWED)
        assert truncate([0.25] * 4, 2).tolist() == [0.5, 0.5, 0, 0]

    def test_temperature_and_top_k_commute(self):
        model = CategoricalModel(zipf(30))
        np.testing.assert_allclose(
            model.top_k(4).temperature(0.7).spoken,
            model.temperature(0.7).top_k(4).spoken,
            atol=1e-15,
        )

    @pytest.mark.parametrize("temperature", [-1, np.nan, np.inf, None, "hot"])
    def test_bad_temperature(self, temperature):
        with pytest.raises(ValueError, match="temperature must be"):
            sharpen(SKEWED, temperature)

    @pytest.mark.parametrize("keep", [0, -1, 1.5, None])
    def test_bad_top_k(self, keep):
        with pytest.raises(ValueError, match="keep must be"):
            truncate(SKEWED, keep)


class TestBestOf:
    @pytest.mark.parametrize("candidates", [1, 2, 3])
    @pytest.mark.parametrize("reward", [[4, 1, 0, 3, 2], [1, 0, 1, 1, 0], [7.0] * 5])
    def test_it_is_what_all_groups_of_candidates_say(self, candidates, reward):
        """Each group has its probability, and shares it among its best."""
        expected = np.zeros(5)
        for group in itertools.product(range(5), repeat=candidates):
            most = max(reward[word] for word in group)
            best = [word for word in group if reward[word] == most]
            for word in best:
                expected[word] += np.prod(SKEWED[list(group)]) / len(best)
        found = best_of([SKEWED, SKEWED], candidates, reward)
        np.testing.assert_allclose(found, [expected, expected])

    def test_the_rare_keep_their_digits(self):
        p = np.array([0.5 - 1e-14, 1e-14, 0.5])
        best = best_of(p, 3, [0, 1, 2])
        # F³ grows by 3F² dF where F = 1/2.
        np.testing.assert_allclose(best, [1 / 8, 0.75e-14, 7 / 8], rtol=1e-12)

    def test_dead_symbols_stay_dead(self):
        assert best_of([0.3, 0.7, 0.0], 5, [0, 1, 2])[2] == 0
        assert best_of([0.0, 1.0, 0.0], 5, [0, 1, 2]).tolist() == [0, 1, 0]

    def test_chosen_again_and_again_the_best_of_k_is_the_best_of_its_power(self):
        reward = rng().permutation(5)
        rows = exact_law(
            SKEWED,
            generations=3,
            sample_size=10**14,
            candidates=2,
            reward=reward,
            measures={"rows": all_five},
            rng=rng(),
        )["rows"]
        expected = best_of(SKEWED, 8, reward)
        np.testing.assert_allclose(rows[-1, 0], expected, atol=1e-6)

    def test_the_best_keeps_a_share_of_its_own(self):
        """With a real share γ below 1 - 1/K the rarest word, if best, is held."""
        share, words = 0.3, zipf(1000)
        rows = exact_law(
            words,
            generations=60,
            sample_size=10**13,
            real_fraction=share,
            candidates=2,
            reward=range(1000),
            measures={"best": lambda p, symbols: p[:, -1]},
            rng=rng(),
        )["best"]
        assert rows[0, 0] < 2e-4
        assert rows[-1, 0] == pytest.approx((1 - 2 * share) / (1 - share), abs=1e-3)

    @pytest.mark.parametrize(
        ("candidates", "reward", "message"),
        [
            (0, range(5), "candidates must be"),
            (2, range(4), r"reward must have shape \(5,\)"),
            (2, [np.nan] * 5, "reward must be finite"),
        ],
    )
    def test_bad_arguments(self, candidates, reward, message):
        with pytest.raises(ValueError, match=message):
            best_of(SKEWED, candidates, reward)


class TestZipf:
    def test_it_is_scipys_zipfian(self):
        expected = stats.zipfian(1.1, 40).pmf(np.arange(1, 41))
        np.testing.assert_allclose(zipf(40, 1.1), expected)

    def test_the_second_word_is_half_as_frequent_by_default(self):
        np.testing.assert_allclose(zipf(4), np.array([12, 6, 4, 3]) / 25)

    def test_no_exponent_is_uniform(self):
        np.testing.assert_allclose(zipf(4, 0), 0.25)

    @pytest.mark.parametrize(("symbols", "exponent"), [(0, 1), (2.5, 1), (3, -1)])
    def test_bad_arguments(self, symbols, exponent):
        with pytest.raises(ValueError, match="must be"):
            zipf(symbols, exponent)


LAWS = [
    {"sample_size": 9},
    {"sample_size": 1},
    {"sample_size": [9, 4, 6, 3, 12]},
    {"sample_size": 9, "real_fraction": 0.3},
    {"sample_size": 9, "real_fraction": 1.0},
    {"sample_size": 9, "real_fraction": 0.3, "replay": True},
    {"sample_size": [4, 9, 12, 6, 9], "real_fraction": 0.5, "replay": True},
    {"sample_size": 9, "memory": "accumulate"},
    {"sample_size": [4, 9, 12, 6, 9], "memory": "accumulate", "real_fraction": 0.3},
    {"sample_size": 9, "memory": "accumulate", "real_fraction": 0.3, "replay": True},
    {"sample_size": 9, "smoothing": 0.3},
    {"sample_size": 9, "temperature": 0.7},
    {"sample_size": 9, "top_k": 2, "real_fraction": 0.1},
    {
        "sample_size": [4, 6, 9, 12, 15],
        "real_fraction": [[0.5], [0.0], [0.2], [0.4]],
        "replay": True,
    },
    {"sample_size": 9, "real_fraction": 0.6, "mislabelled": 0.4},
    {
        "sample_size": 9,
        "memory": "accumulate",
        "real_fraction": [[0.6], [0.0], [1.0], [0.3]],
        "mislabelled": [[0.0], [0.5], [0.2], [1.0]],
        "real_weight": 3.0,
        "smoothing": 0.5,
    },
    {"sample_size": 9, "candidates": 2, "reward": [1, 3, 3, 0, 5]},
    {"sample_size": 9, "candidates": 3, "reward": [1, 3, 2, 0, 5], "top_k": 4},
]
FAMILY = {"smoothing", "temperature", "top_k", "candidates", "reward"}


def statistics(rows):
    """What is compared, from probabilities of shape (generations + 1, chains, 5)."""
    last, before, first = rows[-1], rows[-2], rows[0]
    return {
        "common": last[:, 0],
        "rare": last[:, 3],
        "support": (last > 0).sum(-1),
        "homozygosity": (last**2).sum(-1),
        "first": (first**2).sum(-1),
        # Joint with generations before, which replay and memory change.
        "step": ((last - before) ** 2).sum(-1),
        "gap": ((last - first) ** 2).sum(-1),
    }


def all_five(probabilities, symbols):
    """Put what the law measures back into its columns."""
    rows = np.zeros((len(probabilities), 5))
    rows[:, symbols] = probabilities
    return rows


class TestExactLaw:
    @pytest.mark.parametrize("law", LAWS, ids=str)
    def test_it_is_the_law_of_the_loop(self, law):
        chains, generations = 4000, 4
        exact = exact_law(
            SKEWED,
            generations=generations,
            chains=chains,
            measures={"rows": all_five},
            rng=rng(3),
            **law,
        )["rows"]
        diet = {name: law[name] for name in law.keys() - FAMILY - {"sample_size"}}
        history = recurse(
            Categorical(5, **{name: law[name] for name in law.keys() & FAMILY}),
            CategoricalModel(SKEWED),
            generations=generations,
            sample_size=law["sample_size"],
            chains=chains,
            diet=Diet(**diet),
            rng=rng(4),
            measures={"rows": lambda model, data: model.probabilities},
        )
        drawn = statistics(history["rows"])
        for name, values in statistics(exact).items():
            # Means by z, laws by Kolmogorov-Smirnov (which ties make cautious): fewer
            # than 20 laws, 7 comparisons of 2 kinds, a false alarm in 3000 runs.
            other = drawn[name]
            error = np.hypot(values.std(), other.std()) / np.sqrt(chains)
            shift = abs(values.mean() - other.mean())
            assert shift <= 4.9 * error, f"{name}: {shift:.3g} with error {error:.3g}"
            rounded = np.round(values, 9), np.round(other, 9)
            p = stats.ks_2samp(*rounded, method="asymp").pvalue
            assert p > 1e-6, f"{name}: p = {p:.2g}"

    def test_a_share_for_each_chain(self):
        shares = np.repeat([0.0, 0.1, 0.5], 2000)
        for replay in (False, True):
            support = exact_law(
                zipf(30),
                generations=30,
                sample_size=20,
                chains=6000,
                real_fraction=shares,
                replay=replay,
                measures={"support": lambda p, symbols: (p > 0).sum(-1)},
                rng=rng(),
            )["support"][-1]
            means = [support[shares == share].mean() for share in (0, 0.1, 0.5)]
            assert means[0] + 0.2 < means[1] < means[2] - 0.2, f"{replay}: {means}"

    def test_one_chain_may_see_its_real_symbols_again(self):
        (row,) = exact_law(
            SKEWED,
            generations=3,
            sample_size=20,
            chains=1,
            real_fraction=1.0,
            replay=True,
            measures={"rows": all_five},
            rng=rng(),
        )["rows"].swapaxes(0, 1)
        assert (row == row[0]).all()

    def test_symbols_that_all_have_lost_are_dropped_and_named(self):
        seen = []
        exact_law(
            SKEWED,
            generations=200,
            sample_size=5,
            chains=2,
            measures={"none": lambda p, symbols: seen.append((p, symbols)) or [0, 0]},
            rng=rng(),
        )
        rows, symbols = seen[-1]
        assert rows.shape == (2, len(symbols))
        assert 1 <= len(symbols) <= 2
        np.testing.assert_allclose(rows.sum(-1), 1)
        assert (rows.max(-1) == 1).all()
        # What is dropped stays dropped.
        for (_, before), (_, after) in itertools.pairwise(seen):
            assert set(after) <= set(before)

    def test_no_symbol_rises_from_the_dead(self):
        alive = exact_law(
            zipf(400),
            generations=40,
            sample_size=400,
            chains=50,
            real_fraction=[0.0] * 49 + [0.01],
            measures={"alive": lambda p, symbols: p > 0},
            rng=rng(),
        )["alive"]
        back = alive[1:, :49] & ~alive[:-1, :49]
        assert not back.any()
        assert (alive[1:, 49] & ~alive[:-1, 49]).any()

    @pytest.mark.parametrize("memory", ["replace", "accumulate"])
    def test_heterozygosity_follows_the_variance_of_a_gaussian(self, memory):
        diet = {"memory": memory}
        if memory == "replace":
            diet |= {"real_fraction": 0.2, "replay": True}
        found = exact_law(
            SKEWED,
            generations=29,
            sample_size=20,
            chains=20_000,
            measures={"it": lambda p, symbols: 1 - (p**2).sum(-1)},
            rng=rng(),
            **diet,
        )["it"]
        for refits in (1, 3, 30):
            expected = 1 - (SKEWED**2).sum()
            if memory == "replace":
                expected *= theory.replay_transient(refits, 20, 0.2)
            else:
                expected *= theory.accumulate_expected_variance(refits, 20)
            values = found[refits - 1]
            error = values.std() / np.sqrt(20_000)
            assert abs(values.mean() - expected) < 4.5 * error

    def test_a_million_million_draws(self):
        rows = exact_law(
            SKEWED,
            generations=5,
            sample_size=10**12,
            chains=3,
            measures={"rows": all_five},
            rng=rng(),
        )["rows"]
        assert 0 < np.abs(rows - SKEWED).max() < 1e-5

    def test_a_million_symbols_in_50_megabytes(self):
        words = zipf(10**6)
        tracemalloc.start()
        support = exact_law(
            words,
            generations=3,
            sample_size=10**6,
            measures={"support": lambda p, symbols: (p > 0).sum(-1)},
            rng=rng(),
        )["support"][:, 0]
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        assert peak < 50, f"{peak:.0f} MB"
        expected = -np.expm1(10**6 * np.log1p(-zipf(10**6))).sum()
        assert abs(support[0] - expected) < 5 * np.sqrt(expected)
        assert (np.diff(support) < 0).all()

    @pytest.mark.parametrize("law", LAWS, ids=str)
    def test_the_same_seed_gives_the_same_chains(self, law):
        first, second = (
            exact_law(
                SKEWED,
                generations=4,
                chains=3,
                measures={"rows": all_five},
                rng=rng(7),
                **law,
            )["rows"]
            for _ in range(2)
        )
        assert np.array_equal(first, second)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"probabilities": [0.5, 0.6]}, "probabilities must add up"),
            ({"probabilities": [[0.5, 0.5]]}, "probabilities must have one axis"),
            ({"generations": 0}, "generations must be"),
            ({"sample_size": 0}, "sample_size must be"),
            ({"sample_size": [5, 5]}, "4 of them"),
            ({"sample_size": [5, 5, 0, 5]}, r"sample_size\[2\] must be"),
            ({"sample_size": 1e12}, "sample_size must be"),
            ({"chains": 0}, "chains must be"),
            ({"memory": "accumulate-subsample"}, "memory must be"),
            ({"real_fraction": 1.1}, "real_fraction must be"),
            ({"real_fraction": [0.1, 0.1]}, "3 chains, got 2"),
            ({"replay": 1}, "replay must be"),
            ({"smoothing": -1}, "smoothing must be"),
            ({"temperature": -1}, "temperature must be"),
            ({"top_k": 0}, "top_k must be"),
            ({"candidates": 0}, "candidates must be"),
            ({"candidates": 2}, "reward must be"),
            ({"mislabelled": 2}, "mislabelled must be"),
            ({"mislabelled": 0.1, "replay": True}, "mislabelled must be 0 with"),
            ({"real_weight": -1}, "real_weight must be"),
            ({"measures": [np.sum]}, "measures must be"),
            ({"measures": {"sum": 1}}, r"measures\['sum'\] must be"),
            ({"measures": {"sum": lambda p, s: p.sum()}}, "leading axis of 3"),
            ({"rng": 1}, "rng must be"),
        ],
    )
    def test_bad_arguments(self, change, message):
        good = {
            "probabilities": SKEWED,
            "generations": 3,
            "sample_size": 5,
            "chains": 3,
            "measures": {},
            "rng": rng(),
        }
        with pytest.raises(ValueError, match=message):
            exact_law(**{**good, **change})


def test_the_ten_line_loop_is_the_loop():
    streams = Streams(rng(5).spawn(1))
    p = zipf(40)
    for _ in range(6):
        words = CategoricalModel(p).sample(50, streams)[0]
        p = np.bincount(words, minlength=40) / 50
    history = recurse(
        Categorical(40),
        CategoricalModel(zipf(40)),
        generations=5,
        sample_size=50,
        rng=rng(5),
    )
    assert history.model.probabilities.shape == (1, 40)
    np.testing.assert_array_equal(history.model.probabilities[0], p)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.uint32, np.uint64])
def test_symbols_may_be_of_any_whole_type(kind):
    data = np.random.default_rng(1).integers(0, 100, (7, 60))
    expected = count(data, 100)
    assert np.array_equal(count(data.astype(kind), 100), expected)
    model = Categorical(100, smoothing=1).fit(data.astype(kind))
    found = model.log_prob(data.astype(kind))
    assert np.array_equal(found, model.log_prob(data))


def test_a_measure_cannot_change_the_symbols():
    def measure(probabilities, symbols):
        symbols += 1
        return probabilities[:, 0]

    with pytest.raises(ValueError, match="read-only"):
        exact_law(
            [0.5, 0.5],
            generations=1,
            sample_size=9,
            measures={"m": measure},
            rng=np.random.default_rng(1),
        )
