"""EM on many chains against scikit-learn, scipy and its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import mixture as sklearn_mixture

from collapse.mixture import COVARIANCES, STARTS, GaussianMixture, GaussianMixtureModel
from collapse.recursion import Diet, recurse
from collapse.streams import Streams
from support.mixtures import PLANE, TRUTH, draw, rng
from support.silence import silence

KINDS = {"full": "full", "diagonal": "diag", "spherical": "spherical"}


def judge(family, start, points, tolerance=1e-10):
    """Fit scikit-learn's mixture from the same start, without a regularisation."""
    K, dimension = family.components, points.shape[-1]
    matrices = start.covariances.reshape(K, dimension, dimension)
    precisions = np.linalg.inv(matrices)
    if family.covariance != "full":
        precisions = np.diagonal(precisions, axis1=-2, axis2=-1)
    if family.covariance == "spherical":
        precisions = precisions[:, 0]
    fitted = sklearn_mixture.GaussianMixture(
        K,
        covariance_type=KINDS[family.covariance],
        tol=tolerance,
        max_iter=5000,
        reg_covar=0,
        weights_init=start.weights,
        means_init=start.means.reshape(K, dimension),
        precisions_init=precisions,
    )
    with silence():
        return fitted.fit(points)


class TestAgainstScikitLearn:
    @pytest.mark.parametrize("covariance", COVARIANCES)
    @pytest.mark.parametrize("truth", [TRUTH, PLANE], ids=["line", "plane"])
    def test_the_same_start_reaches_the_same_likelihood(self, truth, covariance):
        data = draw(truth, 8, 150)
        options = {"dimension": truth.dimension, "covariance": covariance}
        K = truth.weights.shape[-1]
        start = GaussianMixture(K, max_iterations=1, **options).fit(data, rng())
        family = GaussianMixture(K, start="previous", tolerance=1e-10, **options)
        ours = family.fit(data, previous=start)
        for chain in range(8):
            one = GaussianMixtureModel(
                start.weights[chain], start.means[chain], start.covariances[chain]
            )
            points = data[chain].reshape(150, -1)
            theirs = judge(family, one, points)
            reached = ours.convergence.log_likelihood[chain]
            # Either may stop with 1e-10 a step to go, in a slow stretch of many.
            assert reached == pytest.approx(theirs.score(points), abs=1e-6)
            np.testing.assert_allclose(ours.weights[chain], theirs.weights_, atol=1e-3)
            means = ours.means[chain].reshape(K, -1)
            np.testing.assert_allclose(means, theirs.means_, atol=5e-3)

    def test_its_own_start_is_no_worse_on_average(self):
        data = draw(PLANE, 40, 200)
        ours = GaussianMixture(3, dimension=2).fit(data, rng())
        theirs = [
            sklearn_mixture.GaussianMixture(3, tol=1e-5, max_iter=2000, random_state=0)
            .fit(points)
            .score(points)
            for points in data
        ]
        gap = ours.convergence.log_likelihood - theirs
        # Both end in a poor local maximum now and then; the rest agree.
        assert abs(np.median(gap)) < 1e-4
        worse, better = np.mean(gap < -1e-3), np.mean(gap > 1e-3)
        assert worse < better + 0.15, f"worse {worse:.0%}, better {better:.0%}"


class TestPromises:
    @pytest.mark.parametrize("covariance", COVARIANCES)
    def test_the_likelihood_never_decreases(self, covariance):
        # Few points and too many components: collapses and empty components included.
        for truth in (TRUTH, PLANE):
            data = draw(truth, 40, 12)
            options = {
                "covariance": covariance,
                "dimension": truth.dimension,
                "tolerance": 0.0,
            }
            path = [
                GaussianMixture(5, max_iterations=steps, **options)
                .fit(data, rng())
                .convergence.log_likelihood
                for steps in range(1, 40)
            ]
            falls = np.diff(path, axis=0).min()
            assert falls > -1e-9, f"{covariance}: fell by {-falls:.2g}"

    @pytest.mark.parametrize("truth", [TRUTH, PLANE], ids=["line", "plane"])
    def test_a_chain_does_not_depend_on_its_neighbours(self, truth):
        data = draw(truth, 30, 60)
        family = GaussianMixture(3, dimension=truth.dimension)
        together = family.fit(data, Streams(rng(2).spawn(30)))
        for chain in (0, 7, 29):
            alone = family.fit(
                data[chain : chain + 1], Streams([rng(2).spawn(30)[chain]])
            )
            for name in ("weights", "means", "covariances"):
                one, other = getattr(together, name)[chain], getattr(alone, name)[0]
                assert np.array_equal(one, other), f"chain {chain}: {name}"
            for name in ("iterations", "converged", "log_likelihood"):
                one = getattr(together.convergence, name)[chain]
                assert one == getattr(alone.convergence, name)[0], name

    def test_the_report_is_that_of_the_model(self):
        data = draw(PLANE, 10, 80)
        model = GaussianMixture(3, dimension=2).fit(data, rng())
        expected = model.log_prob(data).mean(axis=-1)
        report = model.convergence
        np.testing.assert_allclose(report.log_likelihood, expected, rtol=1e-9)
        assert report.converged.all()
        assert len(np.unique(report.iterations)) > 2

    def test_who_has_not_converged_says_so(self):
        data = draw(TRUTH, 20, 80)
        model = GaussianMixture(2, max_iterations=3, tolerance=1e-9).fit(data, rng())
        report = model.convergence
        assert not report.converged.all()
        assert (report.iterations[~report.converged] == 3).all()

    @pytest.mark.parametrize("steps", [1, 4, 2000])
    def test_mean_and_covariance_of_the_whole_are_those_of_the_data(self, steps):
        data = draw(PLANE, 6, 90)
        model = GaussianMixture(3, dimension=2, max_iterations=steps).fit(data, rng())
        weights = model.weights[..., None]
        mean = (weights * model.means).sum(axis=1)
        np.testing.assert_allclose(mean, data.mean(axis=1))
        offset = model.means - mean[:, None]
        parts = model.covariances + offset[..., :, None] * offset[..., None, :]
        whole = (weights[..., None] * parts).sum(axis=1)
        for chain in range(6):
            expected = np.cov(data[chain].T, ddof=0)
            np.testing.assert_allclose(whole[chain], expected)

    def test_one_component_is_the_gaussian_fit(self):
        data = draw(PLANE, 5, 50)
        model = GaussianMixture(1, dimension=2).fit(data, rng())
        np.testing.assert_allclose(model.means[:, 0], data.mean(1))
        for chain in range(5):
            expected = np.cov(data[chain].T, ddof=0)
            np.testing.assert_allclose(model.covariances[chain, 0], expected)
        assert (model.weights == 1).all()

    @pytest.mark.parametrize("factor", [1e-120, 1e-3, 1e100])
    def test_units_do_not_matter(self, factor):
        data = draw(PLANE, 4, 60)
        family = GaussianMixture(3, dimension=2)
        one, other = family.fit(data, rng()), family.fit(data * factor, rng())
        np.testing.assert_allclose(other.means / factor, one.means, rtol=1e-6)
        np.testing.assert_allclose(other.weights, one.weights, rtol=1e-6)
        shift = 2 * np.log(factor)
        np.testing.assert_allclose(
            other.convergence.log_likelihood + shift, one.convergence.log_likelihood
        )

    def test_covariances_are_symmetric_to_the_last_bit(self):
        data = rng().normal(size=(50, 40, 4)) @ rng(2).normal(size=(4, 4))
        found = GaussianMixture(2, dimension=4).fit(data, rng()).covariances
        assert np.array_equal(found, np.swapaxes(found, -1, -2))

    def test_covariances_have_their_kind(self):
        data = draw(PLANE, 3, 60)
        diagonal = GaussianMixture(3, "diagonal", 2).fit(data, rng()).covariances
        assert (diagonal[..., 0, 1] == 0).all()
        circle = GaussianMixture(3, "spherical", 2).fit(data, rng()).covariances
        assert (circle[..., 0, 1] == 0).all()
        assert (circle[..., 0, 0] == circle[..., 1, 1]).all()


class TestRules:
    def test_a_component_on_one_point_stops_at_the_floor(self):
        data = np.append(rng().normal(size=60), 40.0)
        model = GaussianMixture(2, floor=1e-4).fit(data, rng())
        expected = 1e-4 * data.var()
        assert model.covariances.min() == pytest.approx(expected)
        assert model.weights.min() == pytest.approx(1 / 61)

    def test_a_component_on_a_line_stops_at_the_floor(self):
        line = np.stack([np.linspace(0, 1, 30), np.zeros(30)], axis=-1)
        data = np.concatenate([line, rng().normal(20, 1, (30, 2))])
        model = GaussianMixture(2, dimension=2, floor=1e-5).fit(data, rng())
        smallest = np.linalg.eigvalsh(model.covariances).min()
        mean_variance = data.var(axis=0).mean()
        assert smallest == pytest.approx(1e-5 * mean_variance, rel=1e-6)

    def test_an_empty_component_stays_where_it_was(self):
        far = GaussianMixtureModel([0.5, 0.5], [0.0, 1e4], [1.0, 2.0])
        data = rng().normal(size=50)
        model = GaussianMixture(2, start="previous").fit(data, previous=far)
        assert model.weights.tolist() == [1, 0]
        assert model.means[1] == pytest.approx(1e4)
        assert model.covariances[1] == pytest.approx(2)
        assert model.means[0] == pytest.approx(data.mean())

    def test_more_components_than_different_points(self):
        data = np.repeat([0.0, 1.0], 10)
        model = GaussianMixture(4).fit(data, rng())
        assert np.isfinite(model.convergence.log_likelihood)
        heavy = model.weights > 1e-6
        assert set(model.means[heavy].round(6)) == {0, 1}

    def test_equal_points_give_a_point_mass(self):
        data = np.stack([np.full(20, 3.0), rng().normal(size=20)])
        model = GaussianMixture(2).fit(data, rng())
        assert model.convergence.log_likelihood[0] == np.inf
        assert model.convergence.converged.all()
        assert (model.sample(5, rng())[0] == 3).all()
        density = model.log_prob([[3.0, 2.0], [0.0, 0.0]])
        assert density[0].tolist() == [np.inf, -np.inf]
        assert np.isfinite(density[1]).all()

    @pytest.mark.parametrize("start", STARTS)
    def test_the_loop_survives_a_collapse_down_to_nothing(self, start):
        with silence():
            history = recurse(
                GaussianMixture(2, start=start),
                TRUTH,
                generations=1200,
                sample_size=4,
                chains=10,
                rng=rng(),
                measures={"spread": lambda model, data: np.ptp(data, axis=-1)},
            )
        assert np.median(history["spread"][-1]) == 0

    def test_a_component_is_empty_below_a_millionth_of_a_point(self):
        data = rng().normal(1.0, 1.0, 10)
        for weight, stays in ((0.8e-7, True), (1.2e-7, False)):
            before = GaussianMixtureModel([1 - weight, weight], [0.0, 0.0], [1.0, 1.0])
            family = GaussianMixture(2, start="previous", max_iterations=1)
            model = family.fit(data, previous=before)
            # Equal components share every point in proportion to their weights.
            expected = 0.0 if stays else data.mean()
            assert model.means[1] == pytest.approx(expected, abs=1e-9)
            assert model.weights[1] == pytest.approx(weight)


def sds(model):
    """Return standard deviations along the axes, (..., K) or (..., K, d)."""
    if model.dimension is None:
        return np.sqrt(model.covariances)
    return np.sqrt(np.diagonal(model.covariances, axis1=-2, axis2=-1))


class TestTheFloorFollowsTheData:
    """What the data carry is fitted, whatever lies far away; else the fit says so."""

    @pytest.mark.parametrize("covariance", ["full", "diagonal"])
    @pytest.mark.parametrize("unit", [1, 1e-3, 1e-5, 1e-8, 1e-15])
    def test_columns_may_have_any_unit(self, unit, covariance):
        # Euros, and years or shares of one, with two groups that only these show.
        group = rng(3).random(600) < 0.4
        euros = rng(1).normal(50_000, 20_000, 600)
        years = unit * (rng(2).normal(12, 3, 600) + 40 * group)
        data = np.column_stack([euros, years])
        one = GaussianMixture(1, covariance, 2).fit(data, rng())
        np.testing.assert_allclose(sds(one)[0], data.std(axis=0), rtol=1e-9)
        assert not one.convergence.floored
        points = one.sample(20_000, rng(4))
        np.testing.assert_allclose(points.std(axis=0), data.std(axis=0), rtol=0.03)
        before = GaussianMixtureModel(
            [0.6, 0.4],
            [[5e4, 12 * unit], [5e4, 52 * unit]],
            [np.diag([4e8, 9 * unit**2])] * 2,
        )
        family = GaussianMixture(2, covariance, 2, "previous")
        two = family.fit(data, previous=before)
        inner = [years[~group].std(), years[group].std()]
        np.testing.assert_allclose(sds(two)[:, 1], inner, rtol=1e-3)
        assert not two.convergence.floored

    @pytest.mark.parametrize("covariance", COVARIANCES)
    @pytest.mark.parametrize("far", [50, 3e3, 2e4, 1e6])
    @pytest.mark.parametrize("dimension", [None, 2])
    def test_groups_may_be_far_apart(self, far, covariance, dimension):
        shape = (400,) if dimension is None else (400, dimension)
        data = rng().normal(size=shape)
        data[250:] += far
        model = GaussianMixture(2, covariance, dimension).fit(data, rng(2))
        order = np.argsort(model.weights)
        expected = [data[250:].std(axis=0), data[:250].std(axis=0)]
        if covariance == "spherical":
            expected = [np.sqrt(np.mean(np.square(each))) for each in expected]
            expected = np.reshape(expected, (2,) + (1,) * (dimension is not None))
        wanted = np.broadcast_to(expected, sds(model).shape)
        np.testing.assert_allclose(sds(model)[order], wanted, rtol=2e-3)
        assert not model.convergence.floored

    @pytest.mark.parametrize("far", [1e3, -1e5, 1e7])
    def test_one_point_may_be_far_away(self, far):
        groups = np.r_[rng(1).normal(0, 1, 200), rng(2).normal(10, 1, 200)]
        model = GaussianMixture(3).fit(np.append(groups, far), rng(3))
        near = np.abs(model.means) < 20
        order = np.argsort(model.means[near])
        np.testing.assert_allclose(model.means[near][order], [0, 10], atol=0.3)
        np.testing.assert_allclose(sds(model)[near], 1, atol=0.2)
        # It cannot say how wide one point is.
        assert model.convergence.floored

    @pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-5])
    @pytest.mark.parametrize("slopes", [[1], [1, 3]])
    def test_columns_may_be_almost_a_sum_of_others(self, gap, slopes):
        others = rng(1).normal(size=(300, len(slopes)))
        last = others @ slopes + gap * rng(2).normal(size=300)
        data = np.column_stack([others, last])
        model = GaussianMixture(1, dimension=len(slopes) + 1).fit(data, rng())
        across = [*slopes, -1]
        found = np.sqrt(across @ model.covariances[0] @ across)
        # What a few roundings of the covariances are beside the gap's square.
        terms = np.abs(across) @ np.abs(model.covariances[0]) @ np.abs(across)
        rounding = 10 * np.finfo(float).eps * terms / gap**2
        assert found == pytest.approx(np.std(data @ across), rel=1e-4 + rounding)

    @pytest.mark.parametrize("tight", [200, 40])
    def test_a_tight_group_within_a_wide_one(self, tight):
        wide, narrow = rng(1).normal(0, 1e4, 400 - tight), rng(2).normal(0, 1, tight)
        data = np.r_[wide, narrow]
        # Whether EM finds the group from where it starts is another question.
        start = GaussianMixtureModel([0.5, 0.5], [0.0, 0.0], [1e8, 1e4])
        model = GaussianMixture(2, start="previous").fit(data, previous=start)
        assert sds(model).min() == pytest.approx(narrow.std(), rel=0.2)
        assert sds(model).max() == pytest.approx(wide.std(), rel=0.2)

    @pytest.mark.parametrize(
        "data",
        [
            np.r_[np.zeros(50), rng(1).normal(5, 1, 50)],  # an atom
            np.c_[np.full(60, 3.0), rng(1).normal(size=60)],  # an empty column
            np.c_[rng(1).normal(size=60), 2 * rng(1).normal(size=60)],  # a line
            np.r_[rng(1).normal(size=100), 1e12 + rng(2).normal(size=100)],
        ],
        ids=["atom", "column", "line", "beyond rounding"],
    )
    def test_what_the_data_do_not_say_is_said(self, data):
        dimension = None if data.ndim == 1 else 2
        model = GaussianMixture(2, dimension=dimension).fit(data, rng(3))
        assert model.convergence.floored
        assert np.isfinite(model.convergence.log_likelihood)

    def test_each_chain_has_its_own(self):
        ordinary = draw(TRUTH, 2, 80)
        far = ordinary[:1].copy()
        far[:, 40:] += 1e5
        point = np.append(ordinary[:1, 1:], [[1e3]], axis=1)
        flat = np.full((1, 80), 2.0)
        data = np.concatenate([ordinary, far, point, flat])
        report = GaussianMixture(2).fit(data, rng(5)).convergence
        assert report.floored.tolist() == [False, False, False, True, False]

    def test_ordinary_data_have_a_floor_of_a_millionth(self):
        data = np.append(rng().normal(size=60), 40.0)
        usual = GaussianMixture(2).fit(data, rng(2))
        stated = GaussianMixture(2, floor=1e-6).fit(data, rng(2))
        assert np.array_equal(usual.covariances, stated.covariances)
        assert usual.covariances.min() == pytest.approx(1e-6 * data.var())
        assert usual.convergence.floored

    def test_a_stated_floor_is_kept(self):
        data = np.r_[rng(1).normal(0, 1, 200), rng(2).normal(2e4, 1, 200)]
        model = GaussianMixture(2, floor=1e-6).fit(data, rng(3))
        np.testing.assert_allclose(model.covariances, 1e-6 * data.var())
        assert model.convergence.floored


class TestStops:
    def test_the_first_step_is_always_taken(self):
        model = GaussianMixture(2, tolerance=1e9).fit(draw(TRUTH, 5, 50), rng())
        assert (model.convergence.iterations == 1).all()
        assert model.convergence.converged.all()

    def test_one_step_may_be_the_last(self):
        family = GaussianMixture(2, tolerance=0.0, max_iterations=1)
        model = family.fit(draw(TRUTH, 5, 50), rng())
        assert (model.convergence.iterations == 1).all()
        assert not model.convergence.converged.any()

    def test_a_point_mass_needs_none(self):
        model = GaussianMixture(2).fit([3.0, 3.0, 3.0], rng())
        assert model.convergence.iterations == 0

    def test_defaults_are_those_of_the_paper(self):
        family = GaussianMixture(2)
        assert (family.tolerance, family.max_iterations) == (1e-5, 2000)


class TestStarts:
    def test_the_previous_model_is_where_em_begins(self):
        data = draw(TRUTH, 3, 100)
        family = GaussianMixture(2, start="previous", max_iterations=500)
        first = family.fit(data, rng())
        again = family.fit(data, previous=first)
        assert (again.convergence.iterations <= 1).all()
        np.testing.assert_allclose(again.means, first.means, atol=1e-2)

    def test_the_loop_hands_the_previous_model_on(self):
        history = recurse(
            GaussianMixture(2, start="previous"),
            TRUTH,
            generations=3,
            sample_size=400,
            chains=4,
            diet=Diet(real_fraction=0.5),
            rng=rng(),
            measures={"means": lambda model, data: model.means},
        )
        steps = np.abs(np.diff(history["means"], axis=0))
        # Components keep their places, where another start might swap them.
        assert steps.max() < 1

    def test_k_means_finds_clusters_far_apart(self):
        centres = 100.0 * np.arange(6)
        data = np.repeat(centres, 5) + rng().normal(size=(40, 30))
        model = GaussianMixture(6, max_iterations=1).fit(data, rng())
        found = np.sort(model.means, axis=-1)
        # Greedy k-means++ and Lloyd's steps may still miss one now and then.
        right = (np.abs(found - centres) < 5).all(axis=-1)
        assert right.mean() > 0.8, f"{right.mean():.0%}"

    @pytest.mark.parametrize("components", [1, 3, 8])
    def test_as_many_tries_are_drawn_as_scikit_learn_makes(self, components):
        one, other = rng(5), rng(5)
        GaussianMixture(components).fit(draw(TRUTH, 4, 30), one)
        other.random((4, components, 2 + int(np.log(components))))
        assert one.random() == other.random()

    @pytest.mark.parametrize("start", STARTS)
    def test_the_size_of_a_block_of_chains_changes_nothing(self, start, monkeypatch):
        data = draw(PLANE, 7, 40)
        previous = GaussianMixture(3, dimension=2, max_iterations=2).fit(data, rng(2))
        family = GaussianMixture(3, dimension=2, start=start)
        together = family.fit(data, rng(), previous)
        monkeypatch.setattr("collapse.mixture.family._BLOCK", 2 * 3 * 40)
        in_twos = family.fit(data, rng(), previous)
        monkeypatch.setattr("collapse.mixture.family._BLOCK", 1)
        alone = family.fit(data, rng(), previous)
        for name in ("weights", "means", "covariances"):
            assert np.array_equal(getattr(together, name), getattr(in_twos, name))
            assert np.array_equal(getattr(together, name), getattr(alone, name))

    def test_a_start_that_needs_luck_needs_a_generator(self):
        for start in STARTS:
            with pytest.raises(ValueError, match="rng must be a Generator"):
                GaussianMixture(2, start=start).fit([1.0, 2.0, 3.0])

    def test_streams_and_a_generator_are_both_good(self):
        data = draw(PLANE, 4, 50)
        family = GaussianMixture(2, dimension=2)
        assert family.fit(data, rng()).means.shape == (4, 2, 2)
        streams = Streams(rng().spawn(4))
        assert family.fit(data, streams).means.shape == (4, 2, 2)
        assert family.fit(data[0], rng()).means.shape == (2, 2)
        nested = data.reshape(2, 2, 50, 2)
        assert family.fit(nested, rng()).covariances.shape == (2, 2, 2, 2, 2)


class TestShapes:
    def test_a_column_is_a_line(self):
        data = rng().normal([0] * 200 + [5] * 100)
        line = GaussianMixture(2).fit(data, rng(1))
        column = GaussianMixture(2, dimension=1).fit(data[:, None], rng(1))
        assert column.means.shape == (2, 1)
        np.testing.assert_allclose(column.means[:, 0], line.means)
        np.testing.assert_allclose(column.covariances[:, 0, 0], line.covariances)


class TestBadArguments:
    def test_what_just_will_do(self):
        for floor in (1e-8, 1.0):
            assert GaussianMixture(1, floor=floor).floor == floor
        with pytest.raises(ValueError, match="floor must be"):
            GaussianMixture(1, floor=0.99e-8)
        for components, least in ((1, 2), (2, 2), (3, 3)):
            data = np.arange(1.0 * least)
            assert GaussianMixture(components).fit(data, rng()).means.size == components
            with pytest.raises(ValueError, match=f"at least {least} points"):
                GaussianMixture(components).fit(data[1:], rng())

    @pytest.mark.parametrize("source", [None, 1, np.random.RandomState(1)])
    def test_of_randomness(self, source):
        with pytest.raises(ValueError, match="rng must be"):
            GaussianMixture(2).fit([0.0, 1.0, 2.0], source)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"components": 0}, "components must be"),
            ({"components": 2.5}, "components must be"),
            ({"covariance": "tied"}, "covariance must be one of 'full'"),
            ({"dimension": 0}, "dimension must be"),
            ({"start": "random"}, "start must be one of 'k-means"),
            ({"tolerance": -1}, "tolerance must be"),
            ({"max_iterations": 0}, "max_iterations must be"),
            ({"floor": 0}, "floor must be"),
            ({"floor": 2}, "floor must be"),
        ],
    )
    def test_of_the_family(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            GaussianMixture(**{"components": 2, **arguments})

    @pytest.mark.parametrize(
        "data", [[], [1.0], np.zeros((3, 2)), [1, 2, np.nan], "ab", 3.0]
    )
    def test_of_data(self, data):
        with pytest.raises(ValueError, match="data must"):
            GaussianMixture(3).fit(data, rng())

    @pytest.mark.parametrize("data", [np.zeros(4), np.zeros((1, 2)), np.zeros((5, 3))])
    def test_of_data_of_another_dimension(self, data):
        with pytest.raises(ValueError, match="data must"):
            GaussianMixture(2, dimension=2).fit(data, rng())

    @pytest.mark.parametrize("previous", [PLANE, "last", 1])
    def test_of_a_previous_model(self, previous):
        with pytest.raises(ValueError, match="previous must"):
            GaussianMixture(2, start="previous").fit([0.0, 1.0, 2.0], previous=previous)


def test_narrow_whole_numbers_become_pythons():
    family = GaussianMixture(np.int8(3), max_iterations=np.uint8(200))
    points = np.random.default_rng(0).normal(size=500)
    one, other = (
        each.fit(points, np.random.default_rng(0))
        for each in (family, GaussianMixture(3, max_iterations=200))
    )
    assert np.array_equal(one.means, other.means)
