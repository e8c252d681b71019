"""The Gaussian family against scipy, and the exact law against real samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from collapse.gaussian import (
    Gaussian,
    GaussianModel,
    MultivariateGaussianModel,
    exact_law,
)
from collapse.recursion import Diet, recurse
from collapse.streams import Streams

COVARIANCE = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 0.5]])


def rng(seed=1):
    return np.random.default_rng(seed)


class TestFit:
    @pytest.mark.parametrize(("estimator", "loss"), [("mle", 0), ("unbiased", 1)])
    def test_moments_are_numpys(self, estimator, loss):
        data = rng().normal(3, 2, (4, 5, 17))
        model = Gaussian(estimator).fit(data)
        np.testing.assert_allclose(model.mean, data.mean(-1))
        np.testing.assert_allclose(model.variance, data.var(-1, ddof=loss))

    @pytest.mark.parametrize(("estimator", "loss"), [("mle", 0), ("unbiased", 1)])
    def test_covariances_are_numpys(self, estimator, loss):
        data = rng().normal(3, 2, (4, 17, 3))
        model = Gaussian(estimator, dimension=3).fit(data)
        for chain in range(4):
            expected = np.cov(data[chain], rowvar=False, ddof=loss)
            np.testing.assert_allclose(model.mean[chain], data[chain].mean(0))
            np.testing.assert_allclose(model.covariance[chain], expected)

    def test_one_plain_chain(self):
        model = Gaussian().fit([1, 2, 6])
        assert (model.mean, model.variance) == (3, pytest.approx(14 / 3))
        assert model.sample(5, rng()).shape == (5,)

    @pytest.mark.parametrize("spread", [1e-100, 1e-150])
    def test_a_tiny_spread_keeps_its_digits(self, spread):
        data = rng().normal(size=(3, 50))
        small = Gaussian().fit(data * spread).variance
        np.testing.assert_allclose(small / spread / spread, data.var(-1), rtol=1e-12)
        many = rng().normal(size=(50, 2))
        small = Gaussian(dimension=2).fit(many * spread).covariance
        expected = np.cov(many, rowvar=False, ddof=0)
        np.testing.assert_allclose(small / spread / spread, expected, rtol=1e-12)

    def test_a_large_offset_keeps_the_digits_that_the_data_has(self):
        data = 1e8 + np.array([1.0, 2.0, 3.0])
        assert Gaussian().fit(data).variance == pytest.approx(2 / 3, rel=1e-12)

    @pytest.mark.parametrize(("estimator", "loss"), [("mle", 0), ("unbiased", 1)])
    @pytest.mark.parametrize("scale", [1.0, 7.5])
    def test_weighted_moments_are_numpys(self, estimator, loss, scale):
        data = rng().normal(3, 2, (4, 17, 3))
        weights = rng(2).uniform(0.1, 5, (4, 17))
        many = Gaussian(estimator, 3).fit(data, scale * weights)
        one = Gaussian(estimator).fit(data[..., 0], weights=scale * weights)
        for chain, each in enumerate(weights):
            mean = np.average(data[chain], axis=0, weights=each)
            np.testing.assert_allclose(many.mean[chain], mean)
            np.testing.assert_allclose(one.mean[chain], mean[0])
            expected = np.cov(data[chain], rowvar=False, ddof=loss, aweights=each)
            np.testing.assert_allclose(many.covariance[chain], expected)
            np.testing.assert_allclose(one.variance[chain], expected[0, 0])

    def test_weights_that_say_nothing(self):
        data = rng().normal(size=(3, 9))
        plain, weighted = (Gaussian().fit(data, each) for each in (None, data**0 * 4))
        np.testing.assert_allclose(weighted.variance, plain.variance)

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            (np.ones(8), r"shape \(3, 9\), one for each point, got \(8,\)"),
            (np.ones((3, 8)), "weights must have shape"),
            (np.zeros((3, 9)), "weights must be above 0, got 0"),
            (np.full((3, 9), np.nan), "weights must be finite"),
            ("heavy", "weights must be"),
        ],
    )
    def test_bad_point_weights(self, weights, message):
        with pytest.raises(ValueError, match=message):
            Gaussian().fit(np.zeros((3, 9)), weights)

    def test_a_known_variance_is_not_fitted(self):
        model = Gaussian(known_variance=2.5).fit([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]])
        assert model.mean.tolist() == [3, 1]
        assert model.variance.tolist() == [2.5, 2.5]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"sampling_bias": 0}, "sampling_bias must be a finite number above 0"),
            ({"sampling_bias": "low"}, "sampling_bias must be"),
            ({"verifier": 0.5}, r"verifier must be a pair \(centre, width\)"),
            ({"verifier": (0, 1, 2)}, "verifier must be a pair"),
            ({"verifier": (0, 0)}, "verifier's width must be .* above 0, got 0"),
            ({"verifier": (np.nan, 1)}, "verifier's centre must be"),
            ({"known_variance": -1}, "known_variance must be"),
            ({"known_variance": 1, "dimension": 2}, "known_variance must be None with"),
            ({"verifier": (0, 1), "dimension": 2}, "verifier must be None with"),
        ],
    )
    def test_bad_options(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            Gaussian(**arguments)

    @pytest.mark.parametrize("estimator", ["MLE", "", None, 1])
    def test_unknown_estimator(self, estimator):
        with pytest.raises(ValueError, match="estimator must be one of 'mle'"):
            Gaussian(estimator)

    @pytest.mark.parametrize("dimension", [0, -1, 1.5, "two", True])
    def test_bad_dimension(self, dimension):
        with pytest.raises(ValueError, match="dimension must be a whole number"):
            Gaussian(dimension=dimension)

    @pytest.mark.parametrize(
        "data", [[], [1.0], np.zeros((3, 1)), [1, np.nan], [1, np.inf], "ab", 3.0]
    )
    def test_bad_data(self, data):
        with pytest.raises(ValueError, match="data must"):
            Gaussian().fit(data)

    @pytest.mark.parametrize("data", [np.zeros(4), np.zeros((1, 2)), np.zeros((5, 3))])
    def test_data_of_another_dimension(self, data):
        with pytest.raises(ValueError, match="data must"):
            Gaussian(dimension=2).fit(data)


class TestModel:
    def test_samples_follow_their_law(self):
        model = GaussianModel([0.0, 5.0], [1.0, 9.0])
        for chain, points in enumerate(model.sample(4000, rng())):
            law = stats.norm(model.mean[chain], model.variance[chain] ** 0.5)
            assert stats.kstest(points, law.cdf).pvalue > 1e-4

    def test_a_bias_changes_what_is_said_and_not_what_was_learned(self):
        data = rng().normal(3, 2, (2, 17, 3))
        for family, each in [
            (Gaussian(sampling_bias=0.25), data[..., 0]),
            (Gaussian("unbiased", 3, sampling_bias=0.25), data),
        ]:
            biased = family.fit(each)
            plain = Gaussian(family.estimator, family.dimension).fit(each)
            assert np.array_equal(biased.log_prob(each), plain.log_prob(each))
            centre = plain.mean[:, None]
            said, learned = (model.sample(50, rng()) for model in (biased, plain))
            np.testing.assert_allclose(said - centre, (learned - centre) / 2)

    def test_what_a_verifier_lets_through_is_normal_again(self):
        centre, width = 1.5, 0.8
        family = Gaussian(sampling_bias=0.64, verifier=(centre, width))
        model = family.fit(rng().normal(-1, 2, 40))
        offered = rng(2).normal(model.mean, 0.8 * model.variance**0.5, 60_000)
        chance = np.exp(-((offered - centre) ** 2) / (2 * width**2))
        passed = offered[rng(3).random(60_000) < chance]
        assert len(passed) > 3000
        said = model.sample(20_000, rng(4))
        assert stats.ks_2samp(passed, said).pvalue > 1e-5

    @pytest.mark.parametrize("variance", [0.0, 1e-300])
    def test_a_verifier_meets_a_point_mass(self, variance):
        mean, passed = Gaussian(verifier=(5, 1)).spoken(2.0, variance)
        assert (mean, passed) == (2.0, variance)

    @pytest.mark.parametrize("spoken", [3.0, GaussianModel([0, 0, 0], 1.0)])
    def test_what_is_spoken_has_as_many_chains(self, spoken):
        with pytest.raises(ValueError, match=r"GaussianModel whose mean has shape \(2"):
            GaussianModel([0.0, 1.0], 1.0, spoken)

    def test_one_point_can_be_drawn(self):
        assert GaussianModel([0.0, 5.0], 1.0).sample(1, rng()).shape == (2, 1)
        many = MultivariateGaussianModel(np.zeros((2, 3)), np.stack([np.eye(3)] * 2))
        assert many.sample(1, rng()).shape == (2, 1, 3)

    def test_a_model_is_shown_as_it_was_made(self):
        shown = repr(MultivariateGaussianModel([0.0, 0.0], np.eye(2)))
        assert "covariance=" in shown
        assert "_axes" not in shown

    def test_samples_of_many_dimensions_follow_their_law(self):
        mean = np.array([1.0, -2.0, 0.0])
        points = MultivariateGaussianModel(mean, COVARIANCE).sample(20_000, rng())
        # Whitened by the true law, all coordinates are independent standard normals.
        white = np.linalg.solve(np.linalg.cholesky(COVARIANCE), (points - mean).T)
        for row in white:
            assert stats.kstest(row, "norm").pvalue > 1e-4
        correlation = np.corrcoef(white)[np.triu_indices(3, 1)]
        assert np.abs(correlation).max() < 5 / np.sqrt(20_000)

    def test_streams_give_each_chain_its_own_points(self):
        generators = rng().spawn(4)
        points = GaussianModel(0, 1).sample(3, Streams(generators))
        assert points.shape == (4, 3)
        assert len(np.unique(points)) == 12
        model = MultivariateGaussianModel(np.zeros(3), COVARIANCE)
        assert model.sample(6, Streams(rng().spawn(4))).shape == (4, 6, 3)

    def test_a_point_mass_can_be_sampled(self):
        assert (GaussianModel(2.0, 0.0).sample(5, rng()) == 2).all()

    def test_a_singular_covariance_can_be_sampled(self):
        direction = np.array([1.0, 2.0])
        model = MultivariateGaussianModel(np.zeros(2), np.outer(direction, direction))
        points = model.sample(50, rng())
        np.testing.assert_allclose(points[:, 1], 2 * points[:, 0], atol=1e-12)
        assert points[:, 0].std() > 0.5
        nothing = MultivariateGaussianModel(np.ones(2), np.zeros((2, 2)))
        assert (nothing.sample(5, rng()) == 1).all()

    def test_density_is_scipys(self):
        model = GaussianModel([0.0, 5.0], [1.0, 9.0])
        data = np.linspace(-3, 7, 12).reshape(2, 6)
        expected = stats.norm.logpdf(data, [[0], [5]], [[1], [3]])
        np.testing.assert_allclose(model.log_prob(data), expected)

    def test_density_of_many_dimensions_is_scipys(self):
        mean = np.array([[1.0, -2.0, 0.0], [0.0, 0.0, 3.0]])
        model = MultivariateGaussianModel(mean, np.stack([COVARIANCE, np.eye(3)]))
        data = rng().normal(size=(2, 6, 3))
        for chain in range(2):
            law = stats.multivariate_normal(mean[chain], model.covariance[chain])
            expected = law.logpdf(data[chain])
            np.testing.assert_allclose(model.log_prob(data)[chain], expected)

    def test_density_of_a_point_mass(self):
        density = GaussianModel(2.0, 0.0).log_prob([1.0, 2.0])
        assert density.tolist() == [-np.inf, np.inf]
        flat = MultivariateGaussianModel(np.zeros(2), np.diag([1.0, 0.0]))
        assert flat.log_prob([[1.0, 0.0], [0.0, 1.0]]).tolist() == [np.inf, -np.inf]

    @pytest.mark.parametrize(
        ("mean", "variance", "message"),
        [
            (0, -1, "variance must be at least 0"),
            (np.nan, 1, "mean must be finite"),
            (0, np.inf, "variance must be finite"),
            ([0, 0], [1, 1, 1], "shapes that fit"),
            ("zero", 1, "mean must be"),
        ],
    )
    def test_bad_parameters(self, mean, variance, message):
        with pytest.raises(ValueError, match=message):
            GaussianModel(mean, variance)

    @pytest.mark.parametrize(
        ("mean", "covariance", "message"),
        [
            ([0, 0], np.eye(3), "must have shape"),
            ([0, 0], [[1, 2], [0, 1]], "symmetric"),
            ([0, 0], [[1, 2], [2, 1]], "negative eigenvalues"),
            ([0, 0], [[np.nan, 0], [0, 1]], "finite"),
        ],
    )
    def test_bad_covariances(self, mean, covariance, message):
        with pytest.raises(ValueError, match=message):
            MultivariateGaussianModel(mean, covariance)

    @pytest.mark.parametrize("n", [0, -1, 2.5])
    def test_bad_sample_size(self, n):
        with pytest.raises(ValueError, match="n must be a whole number"):
            GaussianModel(0, 1).sample(n, rng())

    @pytest.mark.parametrize("source", [None, 1, np.random.RandomState(1)])
    def test_bad_randomness(self, source):
        with pytest.raises(ValueError, match="rng must be"):
            GaussianModel(0, 1).sample(3, source)


def test_a_chain_that_shrinks_to_a_point_goes_on():
    history = recurse(
        Gaussian(),
        GaussianModel(0, 1),
        generations=400,
        sample_size=2,
        chains=20,
        rng=rng(),
        measures={"variance": lambda model, data: model.variance},
    )
    assert (history["variance"][-1] == 0).all()


def test_a_singular_family_goes_on():
    history = recurse(
        Gaussian(dimension=3),
        MultivariateGaussianModel(np.zeros(3), COVARIANCE),
        generations=5,
        sample_size=2,
        chains=10,
        rng=rng(),
        measures={"rank": lambda m, data: np.linalg.matrix_rank(m.covariance, 1e-9)},
    )
    assert (history["rank"] <= 1).all()


LAWS = [
    {"sample_size": 7},
    {"sample_size": 7, "estimator": "unbiased"},
    {"sample_size": 2},
    {"sample_size": [9, 4, 6, 3, 12]},
    {"sample_size": [9, 4, 6, 3, 12], "estimator": "unbiased", "real_fraction": 0.5},
    {"sample_size": 7, "real_fraction": 0.3},
    {"sample_size": 7, "real_fraction": 0.14, "estimator": "unbiased"},
    {"sample_size": 7, "real_fraction": 0.9},
    {"sample_size": 7, "real_fraction": 1.0},
    {"sample_size": 7, "real_fraction": 0.3, "replay": True},
    {"sample_size": 7, "real_fraction": 1.0, "replay": True},
    {"sample_size": [4, 9, 12, 6, 9], "real_fraction": 0.5, "replay": True},
    {"sample_size": 7, "memory": "accumulate"},
    {"sample_size": [4, 9, 12, 6, 9], "memory": "accumulate", "real_fraction": 0.3},
    {"sample_size": 7, "memory": "accumulate", "real_fraction": 0.3, "replay": True},
    {"sample_size": 7, "real_fraction": [[0.6], [0.0], [0.2], [0.4]]},
    {
        "sample_size": [3, 6, 9, 12, 15],
        "real_fraction": [[1 / 2], [1 / 3], [1 / 4], [1 / 5]],
        "replay": True,
    },
    {"sample_size": 7, "real_fraction": 0.6, "mislabelled": 0.4},
    {
        "sample_size": 7,
        "memory": "accumulate",
        "estimator": "unbiased",
        "real_fraction": [[0.6], [0.0], [1.0], [0.3]],
        "mislabelled": [[0.0], [0.5], [0.2], [1.0]],
        "real_weight": 3.0,
    },
    {"sample_size": 7, "real_fraction": 0.3, "replay": True, "real_weight": 0.2},
    {"sample_size": 7, "sampling_bias": 0.7, "real_fraction": 0.3},
    {"sample_size": 7, "sampling_bias": 1.2, "estimator": "unbiased"},
    {"sample_size": 7, "verifier": (0.5, 1.5), "memory": "accumulate"},
    {"sample_size": 7, "verifier": (-1, 2), "known_variance": 1, "sampling_bias": 0.9},
]
FAMILY = {"estimator", "sampling_bias", "verifier", "known_variance"}


class TestExactLaw:
    @pytest.mark.parametrize("law", LAWS, ids=str)
    def test_it_is_the_law_of_the_loop(self, law):
        chains, generations = 3000, 4
        means, variances = exact_law(
            generations=generations, chains=chains, rng=rng(3), **law
        )
        diet = {name: law[name] for name in law.keys() - FAMILY - {"sample_size"}}
        history = recurse(
            Gaussian(**{name: law[name] for name in law.keys() & FAMILY}),
            GaussianModel(0, 1),
            generations=generations,
            sample_size=law["sample_size"],
            chains=chains,
            diet=Diet(**diet),
            rng=rng(4),
            measures={
                "mean": lambda model, data: model.mean,
                "variance": lambda model, data: model.variance,
            },
        )
        pairs = {
            "first variance": (variances[0], history["variance"][0]),
            "mean": (means[-1], history["mean"][-1]),
            "variance": (variances[-1], history["variance"][-1]),
            # Joint with the generation before, which replay and memory change.
            "step": (means[-1] - means[-2], np.diff(history["mean"][-2:], axis=0)[0]),
            "ratio": (
                variances[-1] / variances[-2],
                history["variance"][-1] / history["variance"][-2],
            ),
            "gap": (
                (means[-1] - means[0]) ** 2,
                (history["mean"][-1] - history["mean"][0]) ** 2,
            ),
        }
        for name, (exact, sampled) in pairs.items():
            if np.ptp(sampled) < 1e-9:
                np.testing.assert_allclose(exact, sampled, atol=1e-9)
                continue
            p = stats.ks_2samp(exact, sampled).pvalue
            # Fewer than 30 laws, 6 comparisons: a false alarm in 1 of 5000 runs.
            assert p > 1e-6, f"{name}: p = {p:.2g}"

    def test_a_share_for_each_chain(self):
        shares = np.repeat([0.0, 0.1, 0.5], 3000)
        _, variances = exact_law(
            generations=60, sample_size=20, chains=9000, real_fraction=shares, rng=rng()
        )
        for share in (0.0, 0.1, 0.5):
            _, alone = exact_law(
                generations=60,
                sample_size=20,
                chains=3000,
                real_fraction=share,
                rng=rng(2),
            )
            p = stats.ks_2samp(variances[-1, shares == share], alone[-1]).pvalue
            assert p > 1e-5, f"{share}: p = {p:.2g}"

    def test_diets_for_each_chain(self):
        shares = np.repeat([0.5, 0.5, 0.0], 3000)
        rates = np.repeat([0.0, 1.0, 0.5], 3000)
        _, variances = exact_law(
            generations=40,
            sample_size=10,
            chains=9000,
            real_fraction=shares,
            mislabelled=rates,
            rng=rng(),
        )
        held, mistaken, alone = variances[-1].reshape(3, 3000).mean(axis=-1)
        # Mistaken for real are all of them: as if there were none.
        assert held > 0.7
        assert max(mistaken, alone) < 0.2

    def test_a_million_million_samples(self):
        means, variances = exact_law(
            generations=5, sample_size=10**12, chains=4, rng=rng()
        )
        assert means.shape == variances.shape == (6, 4)
        assert 0 < np.abs(variances - 1).max() < 2e-5
        assert 0 < np.abs(means).max() < 2e-5

    @pytest.mark.parametrize("law", LAWS, ids=str)
    def test_the_same_seed_gives_the_same_chains(self, law):
        first, second = (
            exact_law(generations=4, chains=3, rng=rng(7), **law) for _ in range(2)
        )
        assert np.array_equal(first, second)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"generations": 0}, "generations must be"),
            ({"generations": 2.5}, "generations must be"),
            ({"sample_size": 1}, "sample_size must be"),
            ({"sample_size": [5, 5]}, "4 of them"),
            ({"sample_size": [5, 5, 1, 5]}, r"sample_size\[2\] must be"),
            ({"sample_size": 1e12}, "sample_size must be"),
            ({"chains": 0}, "chains must be"),
            ({"estimator": "bayes"}, "estimator must be"),
            ({"memory": "accumulate-subsample"}, "memory must be"),
            ({"real_fraction": 1.1}, "real_fraction must be"),
            ({"real_fraction": "half"}, "real_fraction must be"),
            ({"real_fraction": [0.1, 0.1]}, "3 chains, got 2"),
            ({"real_fraction": [[0.1], [0.2]]}, "a row for each of generations 1 to 3"),
            ({"replay": 1}, "replay must be"),
            ({"mislabelled": -0.1}, "mislabelled must be"),
            ({"mislabelled": [0.1, 0.2]}, "mislabelled must be .* 3 chains, got 2"),
            ({"mislabelled": 0.1, "replay": True}, "mislabelled must be 0 with"),
            ({"real_weight": 0}, "real_weight must be"),
            ({"sampling_bias": -1}, "sampling_bias must be"),
            ({"verifier": 1}, "verifier must be"),
            ({"known_variance": "one"}, "known_variance must be"),
            ({"rng": 1}, "rng must be"),
        ],
    )
    def test_bad_arguments(self, change, message):
        good = {"generations": 3, "sample_size": 5, "chains": 3, "rng": rng()}
        with pytest.raises(ValueError, match=message):
            exact_law(**{**good, **change})


@pytest.mark.parametrize(
    "model",
    [GaussianModel(0.0, 1.0), MultivariateGaussianModel(np.zeros(2), np.eye(2))],
)
def test_masked_points_have_no_density(model):
    points = np.ma.masked_less(np.arange(8.0).reshape(4, 2), 3)
    with pytest.raises(ValueError, match="data must be an array without masked"):
        model.log_prob(points)
