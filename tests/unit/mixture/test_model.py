"""Samples and densities of mixtures against their law, scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import mixture as sklearn_mixture

from collapse.mixture import GaussianMixtureModel
from collapse.streams import Streams
from support.mixtures import PLANE, TRUTH, rng


class TestModel:
    @pytest.mark.parametrize("start", ["generator", "streams"])
    def test_samples_follow_their_law(self, start):
        source = rng() if start == "generator" else Streams(rng().spawn(1))
        points = np.ravel(TRUTH.sample(20_000, source))

        def below(x):
            return 0.7 * stats.norm.cdf(x, -1, 1) + 0.3 * stats.norm.cdf(x, 3, 0.5)

        assert stats.kstest(points, below).pvalue > 1e-4

    def test_samples_of_the_plane_follow_their_law(self):
        points = PLANE.sample(20_000, rng())
        for direction in ([1.0, 0.0], [0.6, -0.8]):
            direction = np.array(direction)
            means = PLANE.means @ direction
            sds = np.sqrt(direction @ PLANE.covariances @ direction)

            def below(x, means=means, sds=sds):
                return stats.norm.cdf(x[:, None], means, sds) @ PLANE.weights

            assert stats.kstest(points @ direction, below).pvalue > 1e-4

    def test_a_component_without_weight_is_never_drawn(self):
        model = GaussianMixtureModel([1.0, 0.0], [0.0, 100.0], [1.0, 1.0])
        assert model.sample(5000, rng()).max() < 50
        assert model.log_prob([100.0]) == stats.norm.logpdf(100)

    @pytest.mark.parametrize("components", [1, 128, 129, 300])
    def test_each_component_is_drawn_as_often_as_its_weight_says(self, components):
        centres, n = 100.0 * np.arange(components), 200 * components
        shares = 1.0 + np.arange(components) % 3
        shares /= shares.sum()
        line = GaussianMixtureModel(shares, centres, np.ones(components))
        plane = GaussianMixtureModel(
            shares,
            np.stack([centres, centres], axis=-1),
            np.broadcast_to(np.eye(2), (components, 2, 2)),
        )
        for points in (line.sample(n, rng()), *plane.sample(n, rng()).T):
            drawn = np.bincount(np.rint(points / 100).astype(int), minlength=components)
            assert len(drawn) == components
            error = np.sqrt(n * shares * (1 - shares))
            off = np.abs(drawn - n * shares).max() / max(error.max(), 1)
            assert off < 5.5, f"a count is off by {off:.1f} standard errors"

    @pytest.mark.parametrize("truth", [TRUTH, PLANE], ids=["line", "plane"])
    def test_one_point_is_the_least_sample(self, truth):
        assert len(truth.sample(1, rng())) == 1
        with pytest.raises(ValueError, match="n must be a whole number of at least 1"):
            truth.sample(0, rng())

    def test_densities_are_scikit_learns(self):
        data = PLANE.sample(40, rng())
        theirs = sklearn_mixture.GaussianMixture(3)
        theirs.weights_, theirs.means_ = PLANE.weights, PLANE.means
        theirs.covariances_ = PLANE.covariances
        theirs.precisions_cholesky_ = np.linalg.cholesky(
            np.linalg.inv(PLANE.covariances)
        )
        np.testing.assert_allclose(PLANE.log_prob(data), theirs.score_samples(data))

    def test_densities_at_the_mean_itself_are_the_highest(self):
        one = GaussianMixtureModel([1.0], [2.0], [4.0])
        assert one.log_prob([2.0])[0] == pytest.approx(stats.norm.logpdf(2, 2, 2))

    def test_a_model_cannot_be_changed(self):
        with pytest.raises(AttributeError):
            TRUTH.means = np.zeros(2)

    def test_densities_of_a_singular_covariance_lie_on_its_line(self):
        flat = GaussianMixtureModel([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 0.0]]])
        on, off = flat.log_prob([[1.0, 0.0], [1.0, 1.0]])
        assert (on, off) == (np.inf, -np.inf)

    @pytest.mark.parametrize("data", [np.zeros(2), np.zeros(4), np.zeros((5, 3))])
    def test_points_of_another_dimension(self, data):
        with pytest.raises(ValueError, match="data must"):
            PLANE.log_prob(data)

    def test_one_dimension_is_a_case_of_many(self):
        points = np.linspace(-4, 5, 9)
        wide = GaussianMixtureModel(
            TRUTH.weights, TRUTH.means[:, None], TRUTH.covariances[:, None, None]
        )
        np.testing.assert_allclose(
            wide.log_prob(points[:, None]), TRUTH.log_prob(points)
        )

    @pytest.mark.parametrize(
        ("weights", "means", "covariances", "message"),
        [
            ([0.5, 0.6], [0, 1], [1, 1], "weights must"),
            ([1.5, -0.5], [0, 1], [1, 1], "weights must"),
            ([0.5, 0.5], [0, 1, 2], [1, 1], "means must have shape"),
            ([0.5, 0.5], [0, 1], [1, 1, 1], "covariances must have shape"),
            ([0.5, 0.5], [0, np.nan], [1, 1], "means must be finite"),
            ([1.0], 0.0, [1.0], "means must have at least 1 axes"),
            ([1.0], [0.0], 1.0, "covariances must have at least 1 axes"),
            ([0.5, 0.5], [0, 1], [1, -1], "negative eigenvalues"),
            ([1.0], [[0, 0]], [[[1, 2], [0, 1]]], "symmetric"),
            ([1.0], [[0, 0]], [1.0], "covariances must have shape"),
        ],
    )
    def test_bad_parameters(self, weights, means, covariances, message):
        with pytest.raises(ValueError, match=message):
            GaussianMixtureModel(weights, means, covariances)

    @pytest.mark.parametrize("n", [0, 1.5])
    def test_bad_sample_size(self, n):
        with pytest.raises(ValueError, match="n must be a whole number"):
            TRUTH.sample(n, rng())

    @pytest.mark.parametrize("source", [None, 1, np.random.RandomState(1)])
    def test_bad_randomness(self, source):
        with pytest.raises(ValueError, match="rng must be"):
            TRUTH.sample(3, source)
