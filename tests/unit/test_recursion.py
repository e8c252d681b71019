"""The loop: its doors, its bookkeeping, and families of every kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.neighbors import KernelDensity

from collapse.diet import MEMORIES
from collapse.gaussian import Gaussian, GaussianModel
from collapse.recursion import Diet, recurse

TRUTH = GaussianModel(0.0, 1.0)
POINTS = np.arange(30.0)


def run(family=None, real=TRUTH, **changes):
    """Run a small recursion that is valid but for the changes."""
    arguments = {
        "generations": 2,
        "sample_size": 5,
        "rng": np.random.default_rng(1),
        **changes,
    }
    return recurse(Gaussian() if family is None else family, real, **arguments)


class Fixed:
    """A chain-aware family whose models return what they are told."""

    chain_axis = True

    def __init__(self, samples):
        self.samples = samples

    def fit(self, data):
        """Ignore the data."""
        return self

    def sample(self, n, rng):
        """Return the prepared samples, or call for them."""
        return self.samples(n, rng) if callable(self.samples) else self.samples


class Plain:
    """A family without a chain axis; ``in_place`` works on the data it is given."""

    def __init__(self, in_place=False):
        self.in_place = in_place

    def fit(self, data):
        """Fit mean and variance."""
        mean = data.mean()
        if self.in_place:
            data -= mean
        else:
            data = data - mean
        return GaussianModel(mean, np.square(data).mean())


class Table:
    """Points that are an array, and have a method of another meaning besides."""

    def __array__(self, dtype=None, copy=None):
        """Return the points."""
        return POINTS

    def sample(self, frac):
        """Return some rows, as tables do."""
        raise AssertionError("not a distribution")


class Returns:
    """A plain family whose models return what they are told."""

    def __init__(self, points):
        self.points = points

    def fit(self, data):
        """Ignore the data."""
        return self

    def sample(self, n, rng):
        """Return it."""
        return self.points


class Missing:
    """A column that may lack entries, as pandas has them: objects, to numpy."""

    def __init__(self, entries):
        self.entries = entries

    def __array__(self, dtype=None, copy=None):
        """Return objects."""
        return np.array(self.entries, dtype=object)

    def to_numpy(self):
        """Return objects."""
        return np.array(self.entries, dtype=object)


class TestTheDoor:
    @pytest.mark.parametrize("generations", [0, -1, 2.5, 2.0, "ten", None, True])
    def test_generations(self, generations):
        with pytest.raises(ValueError, match="generations must be a whole number"):
            run(generations=generations)

    @pytest.mark.parametrize("size", [0, -1, 2.5, "ten", None, True, np.nan])
    def test_sample_size(self, size):
        with pytest.raises(ValueError, match="sample_size must be"):
            run(sample_size=size)

    def test_one_point_is_too_few_for_a_gaussian(self):
        with pytest.raises(ValueError, match="at least 2 points"):
            run(sample_size=1)

    @pytest.mark.parametrize("sizes", [[5], [5, 5], [5] * 4, np.full(9, 5), []])
    def test_one_size_for_each_generation(self, sizes):
        with pytest.raises(ValueError, match="3 of them"):
            run(sample_size=sizes)

    @pytest.mark.parametrize("size", [0, -3, 2.5, None])
    def test_every_size_is_checked(self, size):
        with pytest.raises(ValueError, match=r"sample_size\[1\] must be"):
            run(sample_size=[5, size, 5])

    @pytest.mark.parametrize("chains", [0, -1, 1.5, "two", None, True])
    def test_chains(self, chains):
        with pytest.raises(ValueError, match="chains must be a whole number"):
            run(chains=chains)

    @pytest.mark.parametrize(
        "rng",
        [None, 1, "seed", np.random, np.random.RandomState(1), [1], [None]],
    )
    def test_rng(self, rng):
        with pytest.raises(ValueError, match="rng"):
            run(rng=rng)

    def test_one_generator_for_each_chain(self):
        with pytest.raises(ValueError, match="3 chains, got 2"):
            run(chains=3, rng=np.random.default_rng(1).spawn(2))

    def test_chains_do_not_share_a_generator(self):
        rng = np.random.default_rng(1)
        with pytest.raises(ValueError, match="different Generator"):
            run(chains=2, rng=[rng, rng])

    @pytest.mark.parametrize(
        "real",
        [
            [],
            np.empty((0, 3)),
            [1.0, np.nan],
            [1.0, np.inf],
            ["a", "b"],
            [[1.0], [1.0, 2.0]],
            None,
            1.0,
            np.ma.masked_equal([1.0, -9.0], -9.0),
            [np.ma.masked_equal([1.0, -9.0], -9.0), np.ma.array([1.0, 2.0])],
            torch.ones(9, requires_grad=True),
            torch.ones(9, dtype=torch.bfloat16),
            torch.distributions.Normal(0.0, 1.0),
            SklearnMixture(),
            KernelDensity(),
            np.array([1.0, None]),
            Missing([1.0, None]),
            Missing(["1", "2"] * 5),
            pd.Series([1.0, None] * 5),
            pd.Series([1, None] * 5, dtype="Int64"),
            pd.Series(["1", "2"] * 5),
            pd.DataFrame({"value": POINTS, "name": "a"}),
            GaussianModel,
        ],
    )
    def test_real_data(self, real):
        with pytest.raises(ValueError, match="real must"):
            run(real=real)

    @pytest.mark.parametrize(
        ("family", "real"),
        [
            (Gaussian(), pd.DataFrame({"x": POINTS})),
            (Gaussian(), pd.DataFrame({"x": POINTS, "y": POINTS})),
            (Gaussian(dimension=2), POINTS),
            (Gaussian(dimension=2), pd.DataFrame({"x": POINTS})),
        ],
    )
    def test_real_data_that_the_family_cannot_take(self, family, real):
        with pytest.raises(ValueError, match=r"^real must have points .*shape"):
            run(family, real)

    def test_more_real_points_than_there_are(self):
        with pytest.raises(ValueError, match=r"at least the 40 points.*got 30"):
            run(real=POINTS, sample_size=40)

    def test_more_real_points_later_than_there_are(self):
        with pytest.raises(ValueError, match=r"at least the 50 points.*got 30"):
            run(real=POINTS, sample_size=[5, 100, 5], diet=Diet(real_fraction=0.5))

    @pytest.mark.parametrize("family", [None, 3, "gaussian", object()])
    def test_a_family_can_fit(self, family):
        with pytest.raises(ValueError, match=r"family must be .* 'fit'"):
            recurse(
                family,
                TRUTH,
                generations=1,
                sample_size=5,
                rng=np.random.default_rng(1),
            )

    def test_a_model_can_sample(self):
        class NoModel:
            def fit(self, data):
                return 3

        with pytest.raises(ValueError, match="'sample', got 3"):
            run(NoModel())

    @pytest.mark.parametrize("diet", ["replace", 0.1, {"real_fraction": 0.1}])
    def test_diet(self, diet):
        with pytest.raises(ValueError, match="diet must be a Diet"):
            run(diet=diet)

    @pytest.mark.parametrize("name", ["keep_models", "keep_data"])
    def test_flags(self, name):
        with pytest.raises(ValueError, match=f"{name} must be True or False"):
            run(**{name: "yes"})

    @pytest.mark.parametrize("measures", [3, ["mean"], {"mean": 3}, {1: len}])
    def test_measures(self, measures):
        with pytest.raises(ValueError, match="measures"):
            run(measures=measures)

    def test_a_measure_without_a_chain_axis(self):
        with pytest.raises(ValueError, match=r"measure 'm' returns.*2 chains"):
            run(chains=2, measures={"m": lambda model, data: 1.0})

    @pytest.mark.parametrize("measure", [3, "mean", {"mean": len}])
    def test_measure(self, measure):
        with pytest.raises(ValueError, match="measure must be a function or None"):
            run(measure=measure)

    @pytest.mark.parametrize("answer", [None, 1.0, [1.0], np.zeros(2), {1: 1.0}])
    def test_a_measure_that_returns_no_dict(self, answer):
        with pytest.raises(ValueError, match="what measure returns must be a dict"):
            run(chains=2, measure=lambda model, data: answer)

    @pytest.mark.parametrize(
        ("answer", "hint"),
        [
            (None, "is a return missing"),
            ({"mean": 1.0}, "for `measure`"),
            (np.ma.masked_equal([1.0, 2.0], 2.0), "without masked"),
            (np.array(["2024-01-01"], "M8[D]"), "numbers or words"),
        ],
    )
    @pytest.mark.parametrize("family", [Gaussian(), Plain()])
    def test_a_measure_that_returns_something_else_by_mistake(
        self, family, answer, hint
    ):
        pattern = rf"generation 0: what measure 'm' returns must be .*{hint}"
        with pytest.raises(ValueError, match=pattern):
            run(family, chains=2, measures={"m": lambda model, data: answer})

    @pytest.mark.parametrize("answer", [None, [1.0, [2.0]]])
    @pytest.mark.parametrize("family", [Gaussian(), Plain()])
    def test_a_measure_that_returns_no_array(self, family, answer):
        with pytest.raises(
            ValueError, match=r"'m' returns must be an array of numbers"
        ):
            run(family, chains=2, measures={"m": lambda model, data: answer})

    def test_one_name_for_two_measures(self):
        with pytest.raises(ValueError, match=r"must not repeat .* got \['mean'"):
            run(
                measures={"mean": lambda model, data: model.mean},
                measure=lambda model, data: {"mean": model.mean},
            )

    def test_measures_that_change_name_or_shape_on_the_way(self):
        for later in ({"other": np.zeros(2)}, {"m": np.zeros((2, 3))}, {}):
            answers = iter([{"m": np.zeros(2)}, later])
            with pytest.raises(ValueError, match=r"generation 1: what is measured"):
                run(chains=2, measure=lambda model, data, a=answers: next(a))

    def test_chains_that_are_measured_differently(self):
        answers = iter([{"m": 1.0}, {"m": [1.0, 2.0]}])
        with pytest.raises(ValueError, match=r"measure 'm' must return .* 2 chains"):
            run(Plain(), chains=2, measure=lambda model, data: next(answers))

    @pytest.mark.parametrize("name", ["real_fraction", "previous_fraction"])
    @pytest.mark.parametrize(
        "share", [-0.1, 1.1, "half", None, np.nan, np.inf, True, 1j]
    )
    def test_weights(self, name, share):
        with pytest.raises(ValueError, match=f"{name} must be a number in"):
            Diet(**{name: share})
        with pytest.raises(ValueError, match=rf"{name}\[1\] must be a number in"):
            Diet(**{name: [0.5, share]})

    @pytest.mark.parametrize(
        "share",
        [[], {}, [[]], [[0.5], []], [[0.5], 0.5], [[0.5, 1.1]], [[[0.5]]], [["half"]]],
    )
    def test_weights_are_numbers_lists_or_rows(self, share):
        with pytest.raises(ValueError, match="real_fraction"):
            Diet(real_fraction=share)

    def test_weights_whose_shapes_do_not_fit(self):
        with pytest.raises(ValueError, match=r"that fit, got \(2,\) and \(1, 3\)"):
            Diet(real_fraction=[0.1, 0.2], previous_fraction=[[0.1, 0.2, 0.3]])

    @pytest.mark.parametrize("name", ["real_fraction", "previous_fraction"])
    def test_a_row_for_each_generation_but_the_first(self, name):
        with pytest.raises(ValueError, match=f"{name} must have a row .* 1 to 2"):
            run(diet=Diet(**{name: [[0.1]] * 3}))

    @pytest.mark.parametrize("name", ["real_fraction", "previous_fraction"])
    def test_one_weight_for_each_chain(self, name):
        with pytest.raises(ValueError, match=f"{name} must be .* 3 chains, got 2"):
            run(chains=3, diet=Diet(**{name: [0.1, 0.2]}))

    def test_the_new_weight_is_not_negative(self):
        with pytest.raises(ValueError, match=r"at most 1, got 1\.2"):
            Diet(real_fraction=0.6, previous_fraction=[0.1, 0.6])

    def test_weights_that_add_up_to_1_in_decimal(self):
        assert Diet(real_fraction=0.9, previous_fraction=0.1).counts([10], 1) == (9, 1)

    @pytest.mark.parametrize("memory", ["forget", None, 1, "Replace"])
    def test_memory(self, memory):
        with pytest.raises(ValueError, match="memory must be one of 'replace'"):
            Diet(memory=memory)

    @pytest.mark.parametrize("memory", ["accumulate", "accumulate-subsample"])
    def test_accumulating_leaves_no_room_for_previous_data(self, memory):
        with pytest.raises(ValueError, match="previous_fraction must be 0"):
            Diet(previous_fraction=0.1, memory=memory)

    @pytest.mark.parametrize("keep", [0, -0.1, 1.1, "half", None, np.nan])
    def test_curator_keep(self, keep):
        with pytest.raises(ValueError, match="curator_keep must be"):
            Diet(curator_keep=keep)

    def test_curator(self):
        with pytest.raises(ValueError, match="curator must be a function"):
            Diet(curator="best")

    def test_replay(self):
        with pytest.raises(ValueError, match="replay must be True or False"):
            Diet(replay="yes")


class TestWhatAModelReturns:
    @pytest.mark.parametrize(
        "samples",
        [np.zeros(5), np.zeros((1, 4)), np.zeros((2, 5)), np.zeros((1, 5, 1))],
    )
    def test_a_wrong_shape_names_the_generation(self, samples):
        with pytest.raises(ValueError, match=r"generation 1: .*must have shape \(1, 5"):
            run(Fixed(samples))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_not_finite_names_the_generation(self, bad):
        values = iter([np.zeros((1, 5)), np.array([[0, 1, bad, 2, 3]])])
        with pytest.raises(ValueError, match=r"generation 2: .*finite"):
            run(Fixed(lambda n, rng: next(values)))

    def test_huge_but_finite_samples_pass(self):
        run(Fixed(np.full((1, 5), 1e308)))

    def test_text_names_the_generation(self):
        with pytest.raises(ValueError, match=r"generation 1: .*must be numbers"):
            run(Fixed(np.full((1, 5), "a")))

    @pytest.mark.parametrize("kind", [tuple, list])
    def test_inputs_and_labels_are_one_array(self, kind):
        apart = kind([np.zeros((5, 2)), np.zeros(5)])
        pattern = r"generation 1: what model\.sample\(5\) returned must be"
        with pytest.raises(ValueError, match=pattern):
            run(Returns(apart))
        with pytest.raises(ValueError, match=pattern):
            run(Fixed(kind([np.zeros((1, 5, 2)), np.zeros((1, 5))])))

    def test_a_forgotten_return_is_told(self):
        message = (
            r"what model\.sample\(5\) returned must be an array of points, got None"
        )
        for family in (Fixed(lambda n, rng: None), Returns(None)):
            with pytest.raises(ValueError, match=message):
                run(family)

    def test_a_tuple_of_points_is_an_array(self):
        def mean(real):
            return run(real=real, measures={"mean": lambda model, data: model.mean})[
                "mean"
            ]

        points = np.arange(9.0)
        assert np.array_equal(mean(tuple(points)), mean(points))

    @pytest.mark.parametrize("chain_axis", [False, True])
    def test_inputs_and_labels_of_equal_shape_are_not_two_points(self, chain_axis):
        shape = (1, 5) if chain_axis else 5
        pair = np.zeros(shape), np.ones(shape)
        family = Fixed(pair) if chain_axis else Returns(pair)
        with pytest.raises(ValueError, match=r"side by side: np\.column_stack"):
            run(family)
        with pytest.raises(ValueError, match=r"real must be one array, got a tuple"):
            run(real=(np.arange(9.0), np.arange(9.0)))
        with pytest.raises(
            ValueError, match=r"what real\.sample\(5\) returned must be"
        ):
            run(real=family)

    @pytest.mark.parametrize("chain_axis", [False, True])
    def test_masked_points_name_the_generation(self, chain_axis):
        shape = (1, 5) if chain_axis else 5
        points = np.ma.masked_less(np.arange(5.0).reshape(shape), 1)
        family = Fixed(points) if chain_axis else Returns(points)
        with pytest.raises(ValueError, match=r"generation 1: .*without masked"):
            run(family)
        with pytest.raises(ValueError, match=r"real\.sample\(5\) .*without masked"):
            run(real=family)

    def test_what_a_family_refuses_names_the_generation(self):
        class Picky(Returns):
            def fit(self, data):
                if not np.isin(data, POINTS).all():
                    raise ValueError("I only know the truth")
                return self

        with pytest.raises(ValueError, match="generation 1: I only know the truth"):
            run(Picky(np.full(5, 0.5)), real=POINTS)

    @pytest.mark.parametrize("error", [TypeError("no"), KeyError("x"), OSError("disk")])
    def test_other_errors_stay_what_they_are_and_note_the_generation(self, error):
        def measure(model, data):
            raise error

        with pytest.raises(type(error)) as raised:
            run(measures={"m": measure})
        assert raised.value is error
        assert error.__notes__ == ["in generation 0"]

    def test_a_wrong_real_distribution(self):
        with pytest.raises(ValueError, match=r"real.sample\(5\)"):
            run(real=Fixed(np.zeros((1, 3))))


class TestDiets:
    def test_halves_are_rounded_up_and_previous_data_gives_way(self):
        diet = Diet(real_fraction=[0.5, 0.1, 0.25], previous_fraction=[0.5, 0.1, 0.75])
        real, previous = diet.counts([3, 5], 3)
        assert real.tolist() == [[2, 0, 1], [3, 1, 1]]
        assert previous.tolist() == [[1, 0, 2], [2, 1, 4]]

    def test_replayed_points_are_the_first_of_generation_0(self):
        for real in (TRUTH, POINTS):
            history = run(
                real=real,
                chains=3,
                sample_size=[6, 10, 8],
                diet=Diet(real_fraction=[0.1, 0.5, 0.8], replay=True),
                keep_data=True,
            )
            first, second, third = history.data
            for chain, (early, late) in enumerate(history.real_counts[1:].T):
                shared = min(early, 6)
                assert np.array_equal(second[chain, :shared], first[chain, :shared])
                shared = min(early, late)
                assert np.array_equal(third[chain, :shared], second[chain, :shared])

    def test_fresh_points_change(self):
        for real in (TRUTH, POINTS):
            history = run(
                real=real, diet=Diet(real_fraction=0.8), keep_data=True, sample_size=20
            )
            assert not np.array_equal(history.data[1][:, :16], history.data[2][:, :16])

    @pytest.mark.parametrize("weight", ["real_fraction", "previous_fraction"])
    @pytest.mark.parametrize("shares", [[0.9, 0.0], [0.1, 0.5]])
    def test_a_kind_that_rounds_to_nothing_for_a_while(self, weight, shares):
        # Of 2 points, 0.9 are both and 0.1 are none: the neighbour eats otherwise.
        paths = []
        for chosen in ([0], [0, 1]):
            history = run(
                chains=len(chosen),
                sample_size=[2, 2, 6],
                diet=Diet(**{weight: [shares[chain] for chain in chosen]}),
                rng=[np.random.default_rng(chain) for chain in chosen],
                keep_data=True,
            )
            paths.append([data[0] for data in history.data])
        for alone, together in zip(*paths, strict=True):
            assert np.array_equal(alone, together)

    def test_each_chain_draws_its_own_subset(self):
        data = run(real=POINTS, chains=2, keep_data=True).data[0]
        assert set(data[0]) != set(data[1])

    def test_previous_points_are_drawn_without_replacement(self):
        history = run(
            chains=4, sample_size=10, diet=Diet(previous_fraction=0.7), keep_data=True
        )
        for before, after in zip(history.data, history.data[1:], strict=False):
            for old, new in zip(before, after, strict=True):
                assert len(set(new[:7])) == 7
                assert set(new[:7]) < set(old)

    def test_too_few_previous_points_are_all_used_about_equally_often(self):
        history = run(
            generations=1,
            sample_size=[4, 11],
            diet=Diet(previous_fraction=1),
            keep_data=True,
        )
        old, new = (set(data[0]) for data in history.data)
        _, times = np.unique(history.data[1], return_counts=True)
        assert old == new
        assert sorted(times) == [2, 3, 3, 3]

    def test_a_subsample_comes_from_all_batches_without_replacement(self):
        history = run(
            chains=2,
            generations=3,
            sample_size=[4, 6, 30, 5],
            diet=Diet(memory="accumulate-subsample"),
            keep_data=True,
        )
        assert history.training_sizes.tolist() == [4, 6, 30, 5]
        for row in history.data[2]:
            assert len(set(row)) == 30

    @pytest.mark.parametrize("keep", [0.5, 0.3, 1.0])
    def test_the_curator_keeps_the_best(self, keep):
        seen = []

        def prefer_large(candidates):
            seen.append(candidates)
            return candidates

        history = run(
            chains=2,
            generations=1,
            sample_size=10,
            diet=Diet(
                real_fraction=[0.0, 0.4], curator=prefer_large, curator_keep=keep
            ),
            keep_data=True,
        )
        for chain, new in enumerate([10, 6]):
            offered = int(np.ceil(new / keep - 1e-9))
            candidates = seen[0][chain, :offered]
            best = np.sort(candidates)[-new:]
            kept = history.data[1][chain, 10 - new :]
            assert np.array_equal(np.sort(kept), best)
            assert np.array_equal(kept, candidates[np.isin(candidates, best)])

    @pytest.mark.parametrize("scores", [np.zeros(5), np.full((1, 10), np.nan), 1.0])
    def test_bad_scores(self, scores):
        with pytest.raises(ValueError, match="curator must return scores"):
            run(diet=Diet(curator=lambda candidates: scores))

    def test_weights_may_be_arrays_and_a_diet_is_hashable(self):
        diet = Diet(real_fraction=np.array([0.1, 0.2]))
        assert diet == Diet(real_fraction=(0.1, 0.2))
        assert hash(diet) == hash(Diet(real_fraction=[0.1, 0.2]))


class TestFamilies:
    def test_points_may_be_images_or_whole_numbers(self):
        images = np.arange(40).reshape(10, 2, 2)

        class Memory:
            def fit(self, data):
                assert data.shape == (5, 2, 2)
                self.data = data
                return self

            def sample(self, n, rng):
                return self.data[rng.integers(len(self.data), size=n)]

        history = run(
            Memory(),
            images,
            chains=2,
            diet=Diet(real_fraction=[0.2, 0.4], previous_fraction=0.2),
            keep_data=True,
        )
        for data in history.data:
            assert data.dtype == images.dtype
            assert (data[:, :, None] == images).all((-2, -1)).any(-1).all()

    def test_a_plain_family_receives_what_it_names(self):
        calls = []

        class Tuned:
            def fit(self, data, *, previous, rng):
                calls.append((previous, rng))
                return GaussianModel(data.mean(), data.var())

        history = run(Tuned(), chains=2, keep_models=True)
        assert [previous for previous, _ in calls[:2]] == [None, None]
        assert calls[2][0] is history.models[0][0]
        assert calls[5][0] is history.models[1][1]
        assert all(isinstance(rng, np.random.Generator) for _, rng in calls)

    def test_a_vectorised_family_receives_streams(self):
        calls = []

        class Tuned(Gaussian):
            def fit(self, data, rng):
                calls.append(rng.random(3))
                return super().fit(data)

        run(Tuned(), chains=4)
        assert [numbers.shape for numbers in calls] == [(4, 3)] * 3

    def test_fitting_at_random_leaves_the_samples_alone(self):
        class Tuned(Gaussian):
            def fit(self, data, rng):
                rng.standard_normal(7)
                rng.random(7)
                rng.each(lambda generator: generator.random(7))
                return super().fit(data)

        for real, diet in [
            (TRUTH, Diet()),
            (POINTS, Diet(real_fraction=0.4, previous_fraction=0.4)),
        ]:
            plain, tuned = (
                run(family, real, diet=diet, keep_data=True, chains=2).data
                for family in (Gaussian(), Tuned())
            )
            assert np.array_equal(plain, tuned), diet

    def test_generators_may_be_used_directly_to_fit(self):
        class Tuned(Fixed):
            def __init__(self, draws):
                super().__init__(lambda n, rng: rng.each(lambda each: each.random(n)))
                self.draws = draws

            def fit(self, data, rng):
                for generator in rng.generators:
                    generator.random(self.draws)
                return self

        few, many = (
            run(Tuned(draws), keep_data=True, chains=2).data for draws in (1, 5)
        )
        assert np.array_equal(few, many)

    def test_a_plain_truth_may_spawn_generators(self):
        """A plain family's random fits do not depend on it."""
        drawn = []

        class Truth:
            def __init__(self, spawns):
                self.spawns = spawns

            def sample(self, n, rng):
                rng.spawn(self.spawns)
                return np.zeros(n)

        class Tuned:
            def fit(self, data, rng):
                drawn.append(rng.random())
                return GaussianModel(0.0, 1.0)

        for spawns in (0, 2):
            run(Tuned(), Truth(spawns), generations=1)
        assert drawn[:2] == drawn[2:]

    def test_measures_of_a_plain_family_see_one_chain(self):
        class Plain:
            def fit(self, data):
                return GaussianModel(data.mean(), data.var())

        history = run(
            Plain(),
            chains=3,
            measures={"pair": lambda model, data: [model.mean, data.ndim]},
        )
        assert history["pair"].shape == (3, 3, 2)
        assert (history["pair"][..., 1] == 1).all()
        assert isinstance(history.model, tuple)

    def test_a_plain_truth_serves_a_vectorised_family(self):
        class Coin:
            def sample(self, n, rng):
                return rng.integers(2, size=n)

        data = run(real=Coin(), chains=50, sample_size=40, keep_data=True).data[0]
        assert data.shape == (50, 40)
        assert set(data.ravel()) == {0, 1}


class TestWhoseArrays:
    @pytest.mark.parametrize("memory", ["replace", "accumulate"])
    @pytest.mark.parametrize("replay", [True, False])
    def test_a_family_may_work_on_its_training_set_in_place(self, memory, replay):
        paths = []
        for in_place in (False, True):
            history = run(
                Plain(in_place),
                POINTS,
                generations=4,
                chains=2,
                diet=Diet(real_fraction=0.5, memory=memory, replay=replay),
                measures={"mean": lambda model, data: [model.mean, data.mean()]},
                rng=np.random.default_rng(3),
                keep_data=True,
            )
            paths.append((history["mean"], *history.data))
        for copied, in_place in zip(*paths, strict=True):
            assert np.array_equal(copied, in_place)

    @pytest.mark.parametrize("memory", ["replace", "accumulate"])
    def test_nobody_else_can_change_a_training_set(self, memory):
        def spoil(*arguments):
            arguments[-1][...] = 0.0

        class InPlace(Gaussian):
            def fit(self, data):
                spoil(data)

        diet = Diet(real_fraction=0.5, memory=memory)
        for changes in (
            {"family": InPlace()},
            {"measures": {"m": spoil}},
            {"measure": spoil},
            {"family": Plain(), "measure": spoil},
            {"diet": Diet(curator=spoil)},
        ):
            with pytest.raises(ValueError, match="read-only"):
                run(**{"diet": diet, **changes})

    @pytest.mark.parametrize("memory", ["replace", "accumulate"])
    def test_a_model_may_return_one_array_again_and_again(self, memory):
        class Reuses:
            chain_axis = True

            def __init__(self):
                self.array, self.calls = np.zeros((1, 5)), 0

            def fit(self, data):
                return self

            def sample(self, n, rng):
                self.calls += 1
                self.array[...] = self.calls
                return self.array

        truth = Reuses()
        diet = Diet(memory=memory)
        history = run(Reuses(), truth, generations=3, diet=diet, keep_data=True)
        newest = [data[0, -1] for data in history.data]
        assert newest == [1, 1, 2, 3]
        truth.array[...] = 9
        assert history.data[0].tolist() == [[1] * 5]
        if memory == "accumulate":
            assert history.data[-1][0, ::5].tolist() == [1, 1, 2, 3]

    @pytest.mark.parametrize("memory", MEMORIES)
    @pytest.mark.parametrize("replay", [True, False])
    def test_models_may_share_the_array_that_they_return(self, memory, replay):
        array = np.empty(5)

        class Shares(GaussianModel):
            def sample(self, n, rng):
                array[...] = super().sample(n, rng)
                return array

        class Family:
            def __init__(self, model):
                self.model = model

            def fit(self, data):
                return self.model(data.mean(), data.var())

        diet = Diet(memory=memory, real_fraction=0.2, replay=replay)
        one, other = (
            run(Family(model), model(0.0, 1.0), diet=diet, chains=3, keep_data=True)
            for model in (Shares, GaussianModel)
        )
        for shared, own in zip(one.data, other.data, strict=True):
            assert np.array_equal(shared, own)

    @pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
    @pytest.mark.parametrize("chains", [1, 3])
    def test_torch_writes_into_no_array_of_the_loop(self, chains):
        """It writes into read-only memory after a mere warning."""

        def course(writes):
            def centred(array):
                tensor = torch.as_tensor(array)
                centre = tensor.mean()
                return tensor.sub_(centre) if writes else tensor - centre

            class Centred(Gaussian):
                def fit(self, data):
                    model = super().fit(data)
                    centred(data)
                    return model

            def measure(model, data):
                return centred(data).var(axis=1).numpy()

            diet = Diet(
                real_fraction=0.3,
                replay=True,
                memory="accumulate",
                curator=lambda candidates: -abs(centred(candidates).numpy()),
                curator_keep=0.5,
            )
            return run(
                Centred(),
                POINTS,
                diet=diet,
                chains=chains,
                measures={"one": measure, "two": measure},
                keep_data=True,
            )

        wrote, looked = course(True), course(False)
        for theirs, ours in zip(wrote.data, looked.data, strict=True):
            assert np.array_equal(theirs, ours)
        assert np.array_equal(wrote["two"], looked["two"])

    def test_a_measure_cannot_change_the_model(self):
        def error(model, data):
            mean = model.mean
            mean -= 5
            return mean**2

        with pytest.raises(ValueError, match="read-only"):
            run(measures={"error": error}, chains=2)

    @pytest.mark.parametrize(("chains", "keeps"), [(2, False), (1, True)])
    @pytest.mark.parametrize("has_axis", [False, True])
    def test_who_returns_one_model_for_several_is_told(self, chains, keeps, has_axis):
        """All would be the last one, as with one estimator that is fitted again."""

        class Reused:
            chain_axis = has_axis

            def __init__(self):
                self.model = Fixed(np.zeros((chains, 5)) if has_axis else np.zeros(5))

            def fit(self, data):
                return self.model

        if has_axis and not keeps:  # a single model for all chains
            run(Reused(), chains=chains)
            return
        with pytest.raises(ValueError, match="must return a new model each time"):
            run(Reused(), chains=chains, keep_models=keeps)

    def test_a_model_may_be_trained_on_in_place(self):
        class Tuned:
            def fit(self, data, previous):
                model = Returns(np.zeros(5)) if previous is None else previous
                model.points = model.points + 1
                return model

        history = run(Tuned(), chains=2, keep_data=True)
        assert [data[0, 0] for data in history.data[1:]] == [1, 2]
        with pytest.raises(ValueError, match=r"generation 1: .* must return a new"):
            run(Tuned(), keep_models=True)

    def test_a_generator_in_a_model_goes_on(self):
        class Holds(GaussianModel):
            def sample(self, n, rng):
                return super().sample(n, self.rng)

        class Family:
            def fit(self, data, rng):
                model = Holds(data.mean(), data.var())
                object.__setattr__(model, "rng", rng)
                return model

        def course(**settings):
            rng = [np.random.default_rng(chain) for chain in range(3)]
            rng = rng[: settings.get("chains", 1)]
            return run(Family(), rng=rng, keep_data=True, **settings).data

        alone = course()
        assert len({points[0, 0] for points in alone}) == 3
        for settings in ({"chains": 3}, {"keep_models": True}):
            for theirs, ours in zip(course(**settings), alone, strict=True):
                assert np.array_equal(theirs[0], ours[0])

    @pytest.mark.parametrize("in_place", [True, False])
    def test_a_family_may_return_itself(self, in_place):
        """As those of scikit-learn do."""

        class Self:
            def __init__(self):
                self.learnt = np.zeros(2)

            def fit(self, data):
                learnt = data.mean(), data.var()
                if in_place:
                    self.learnt[:] = learnt
                else:
                    self.learnt = np.array(learnt)
                return self

            def sample(self, n, rng):
                return GaussianModel(*self.learnt).sample(n, rng)

        one, other = (
            run(family, chains=4, keep_data=True, keep_models=True)
            for family in (Self(), Plain())
        )
        for mine, own in zip(one.data, other.data, strict=True):
            np.testing.assert_allclose(mine, own, rtol=1e-9)
        learnt = [[model.learnt[0] for model in models] for models in one.models]
        assert len(set(np.ravel(learnt).tolist())) == 3 * 4

    def test_previous_points_outlive_the_array_they_came_in(self):
        array = np.zeros((1, 5))

        def samples(n, rng):
            array[...] += 1
            return array

        history = run(
            Fixed(samples),
            np.zeros(9),
            generations=3,
            diet=Diet(previous_fraction=0.4),
            keep_data=False,
            measures={"data": lambda model, data: data},
        )
        assert (history["data"][2, 0, :2] <= 1).all()
        assert (history["data"][2, 0, 2:] == 2).all()

    def test_a_measure_may_sample_from_a_model_that_returns_one_array(self):
        array = np.zeros((1, 5))

        def samples(n, rng):
            array[...] += 1
            return array

        def measure(model, data):
            before = data.copy()
            model.sample(5, None)
            return {"changed": (data != before).any(axis=1)}

        assert not run(Fixed(samples), measure=measure)["changed"].any()

    @pytest.mark.parametrize(
        "points",
        [
            torch.arange(30.0),
            np.arange(30, dtype=np.uint8),
            np.arange(30).astype(np.float16),
            POINTS.tolist(),
            range(30),
            np.ma.array(POINTS),
            Missing(POINTS.tolist()),
            pd.Series(POINTS),
            pd.Series(POINTS, dtype="Float64"),
            pd.Series(range(30), index=range(60, 30, -1)),
        ],
    )
    def test_data_of_any_kind_are_data(self, points):
        data = run(real=points, keep_data=True).data[0]
        assert set(data.ravel().tolist()) < set(POINTS)

    def test_a_table_is_an_array_of_its_rows(self):
        table = pd.DataFrame({"x": POINTS, "y": -POINTS})
        family = Gaussian(dimension=2)
        data = run(family, table, keep_data=True).data[0]
        assert {tuple(row) for row in data[0]} < {(x, -x) for x in POINTS}

    def test_data_with_a_method_sample_are_data(self):
        data = run(real=Table(), keep_data=True).data[0]
        assert set(data.ravel()) < set(POINTS)


class TestMeasure:
    def test_measures_share_what_they_draw(self):
        drawn = []

        def measure(model, data):
            points = model.sample(4, np.random.default_rng(7))
            drawn.append(points)
            return {"mean": points.mean(axis=-1), "size": np.full(3, data.shape[1])}

        history = run(
            chains=3,
            measure=measure,
            measures={"variance": lambda model, data: model.variance},
        )
        assert history.measures.keys() == {"mean", "size", "variance"}
        assert history["mean"].shape == (3, 3)
        assert np.array_equal(history["mean"], np.mean(drawn, axis=-1))
        assert (history["size"] == 5).all()

    def test_a_plain_family_is_measured_chain_by_chain(self):
        def measure(model, data):
            assert data.shape == (5,)
            return {"range": (data.min(), data.max()), "word": f"{model.mean:.1f}"}

        history = run(Plain(), chains=4, measure=measure)
        assert history["range"].shape == (3, 4, 2)
        assert history["word"].shape == (3, 4)
        last = [f"{model.mean:.1f}" for model in history.model]
        assert history["word"][-1].tolist() == last

    def test_what_was_measured_is_not_overwritten_later(self):
        row = np.zeros(1)

        def measure(model, data):
            row[...] += 1
            return {"count": row}

        assert run(measure=measure)["count"].ravel().tolist() == [1, 2, 3]


class TestHistory:
    def test_shapes(self):
        history = run(
            chains=4,
            sample_size=[5, 7, 9],
            measures={"mean": lambda model, data: model.mean},
            diet=Diet(real_fraction=0.5),
            keep_models=True,
            keep_data=True,
        )
        assert history["mean"].shape == (3, 4)
        assert history.sample_sizes.tolist() == [5, 7, 9]
        assert history.real_counts.tolist() == [[5] * 4, [4] * 4, [5] * 4]
        assert [data.shape for data in history.data] == [(4, 5), (4, 7), (4, 9)]
        assert len(history.models) == 3
        assert history.model is history.models[-1]

    def test_nothing_is_kept_unasked(self):
        history = run()
        assert history.models is None
        assert history.data is None

    def test_an_unknown_measure_is_named(self):
        with pytest.raises(KeyError, match="'sd' was not measured"):
            run()["sd"]
