"""Distances and divergences against quadrature, scipy and independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, linalg, spatial, stats
from scipy.spatial import distance

from collapse import measures

PAIRS = [
    (0.0, 1.0, 0.0, 1.0),
    (1.0, 0.25, -0.5, 4.0),
    (0.0, 1e-6, 0.0, 1.0),
    (3.0, 2.0, 3.0, 0.1),
]


def random_covariance(rng, dimension, rank=None):
    root = rng.normal(size=(dimension, rank or dimension))
    return root @ root.T


@pytest.mark.parametrize(("mean", "variance", "other_mean", "other_variance"), PAIRS)
class TestOnALine:
    def test_wasserstein_is_the_integral_over_quantiles(
        self, mean, variance, other_mean, other_variance
    ):
        one = stats.norm(mean, variance**0.5)
        other = stats.norm(other_mean, other_variance**0.5)
        expected, _ = integrate.quad(
            lambda p: (one.ppf(p) - other.ppf(p)) ** 2, 0, 1, limit=200
        )
        distance = measures.wasserstein2_squared(
            mean, variance, other_mean, other_variance
        )
        assert distance == pytest.approx(expected, rel=1e-6, abs=1e-12)

    def test_one_dimension_is_a_case_of_many(
        self, mean, variance, other_mean, other_variance
    ):
        matrices = [mean], [[variance]], [other_mean], [[other_variance]]
        assert measures.gaussian_frechet_distance(*matrices) == pytest.approx(
            measures.wasserstein2_squared(mean, variance, other_mean, other_variance)
        )


class TestInManyDimensions:
    def cases(self, other_rank=None):
        rng = np.random.default_rng(2)
        mean, other_mean = rng.normal(size=(2, 5, 4))
        covariance = np.stack([random_covariance(rng, 4) for _ in range(5)])
        other = np.stack([random_covariance(rng, 4, other_rank) for _ in range(5)])
        return mean, covariance, other_mean, other

    def test_frechet_distance_is_scipys(self):
        mean, covariance, other_mean, other = self.cases()
        result = measures.gaussian_frechet_distance(mean, covariance, other_mean, other)
        assert result.shape == (5,)
        for chain in range(5):
            cross = linalg.sqrtm(covariance[chain] @ other[chain]).real
            shift = np.sum((mean[chain] - other_mean[chain]) ** 2)
            bures = np.trace(covariance[chain] + other[chain] - 2 * cross)
            assert result[chain] == pytest.approx(shift + bures, rel=1e-9)

    def test_frechet_distance_to_a_singular_covariance(self):
        mean, covariance, other_mean, other = self.cases(other_rank=2)
        result = measures.gaussian_frechet_distance(mean, covariance, other_mean, other)
        flipped = measures.gaussian_frechet_distance(
            other_mean, other, mean, covariance
        )
        np.testing.assert_allclose(result, flipped, rtol=1e-9)
        root = linalg.sqrtm(covariance[0]).real
        cross = np.linalg.eigvalsh(root @ other[0] @ root).clip(0) ** 0.5
        shift = np.sum((mean[0] - other_mean[0]) ** 2)
        expected = shift + np.trace(covariance[0] + other[0]) - 2 * cross.sum()
        assert result[0] == pytest.approx(expected, rel=1e-6)

    def test_one_reference_serves_all_chains(self):
        mean, covariance, _, _ = self.cases()
        distance = measures.gaussian_frechet_distance
        together = distance(mean, covariance, np.zeros(4), np.eye(4))
        alone = distance(mean[2], covariance[2], np.zeros(4), np.eye(4))
        assert together.shape == (5,)
        assert together[2] == pytest.approx(alone)

    def test_equal_laws_are_at_distance_nothing(self):
        mean, covariance, _, _ = self.cases()
        distance = measures.gaussian_frechet_distance
        assert np.abs(distance(mean, covariance, mean, covariance)).max() < 1e-12

    def test_distance_of_samples_fits_and_compares(self):
        rng = np.random.default_rng(3)
        data, other = rng.normal(size=(2, 30, 3)), rng.normal(1, 2, size=(40, 3))
        result = measures.frechet_distance(data, other)
        for chain in range(2):
            expected = measures.gaussian_frechet_distance(
                data[chain].mean(0),
                np.cov(data[chain].T, ddof=0),
                other.mean(0),
                np.cov(other.T, ddof=0),
            )
            assert result[chain] == pytest.approx(expected)


def line_mixture(rng, components):
    weights = rng.dirichlet(np.ones(components))
    return weights, rng.normal(size=components), rng.uniform(0.1, 2, components)


def density(x, weights, means, variances):
    return stats.norm.pdf(x[:, None], means, np.sqrt(variances)) @ weights


class TestMixtures:
    @pytest.mark.parametrize(("K", "L"), [(1, 1), (2, 3), (4, 1)])
    def test_distance_on_a_line_is_the_integral(self, K, L):
        rng = np.random.default_rng(K + L)
        one, other = line_mixture(rng, K), line_mixture(rng, L)
        grid = np.linspace(-25, 25, 200_001)
        gap = density(grid, *one) - density(grid, *other)
        expected = np.sqrt(integrate.simpson(gap**2, x=grid))
        found = measures.mixture_l2_distance(*one, *other)
        assert found == pytest.approx(expected, rel=1e-9)

    def test_distance_in_a_plane_is_the_integral(self):
        rng = np.random.default_rng(5)
        mixtures = []
        for K in (2, 3):
            covariances = np.stack([random_covariance(rng, 2) for _ in range(K)])
            covariances += 0.3 * np.eye(2)
            weights = rng.dirichlet(np.ones(K))
            mixtures.append((weights, rng.normal(size=(K, 2)), covariances))
        axis = np.linspace(-14, 14, 701)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1)
        densities = [
            sum(
                w * stats.multivariate_normal(m, c).pdf(grid)
                for w, m, c in zip(*mixture, strict=True)
            )
            for mixture in mixtures
        ]
        square = (densities[0] - densities[1]) ** 2
        expected = integrate.simpson(integrate.simpson(square, x=axis), x=axis)
        found = measures.mixture_l2_distance(*mixtures[0], *mixtures[1])
        assert found**2 == pytest.approx(expected, rel=1e-8)

    def test_one_dimension_is_a_case_of_many(self):
        rng = np.random.default_rng(6)
        one, other = line_mixture(rng, 2), line_mixture(rng, 3)
        wide = [
            (weights, means[:, None], variances[:, None, None])
            for weights, means, variances in (one, other)
        ]
        assert measures.mixture_l2_distance(*wide[0], *wide[1]) == pytest.approx(
            measures.mixture_l2_distance(*one, *other)
        )

    def test_one_reference_serves_all_chains(self):
        rng = np.random.default_rng(7)
        rows = [line_mixture(rng, 2) for _ in range(4)]
        together = [np.stack(part) for part in zip(*rows, strict=True)]
        reference = line_mixture(rng, 3)
        distances = measures.mixture_l2_distance(*together, *reference)
        assert distances.shape == (4,)
        alone = measures.mixture_l2_distance(*rows[2], *reference)
        assert distances[2] == pytest.approx(alone)

    def test_the_order_of_components_does_not_matter(self):
        one = line_mixture(np.random.default_rng(8), 3)
        turned = [part[::-1] for part in one]
        assert measures.mixture_l2_distance(*one, *turned) < 1e-7

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ((0, [0.5, 0.6]), "weights must add up"),
            ((0, [1.5, -0.5]), "weights must not be negative"),
            ((1, [0.0, 1.0, 2.0]), "must have shapes"),
            ((1, [0.0, np.nan]), "means must be finite"),
            ((2, [1.0]), "must have shapes"),
            ((2, [1.0, 0.0]), "positive definite"),
            ((3, [0.5, 0.6]), "other_weights must add up"),
        ],
    )
    def test_bad_mixtures(self, change, message):
        good = [[0.5, 0.5], [0.0, 1.0], [1.0, 1.0]] * 2
        good[change[0]] = change[1]
        with pytest.raises(ValueError, match=message):
            measures.mixture_l2_distance(*good)

    def test_other_dimensions(self):
        line = [1.0], [0.0], [1.0]
        plane = [1.0], [[0.0, 0.0]], [np.eye(2)]
        for pair, numbers in (((line, plane), "1 and 2"), ((plane, line), "2 and 1")):
            with pytest.raises(ValueError, match=f"equal dimension, got {numbers}$"):
                measures.mixture_l2_distance(*pair[0], *pair[1])


class TestDiscrete:
    def rows(self):
        rows = np.random.default_rng(9).dirichlet(np.full(6, 0.3), size=(2, 5))
        rows[0, 0, :2] = 0
        rows[0, 0] /= rows[0, 0].sum()
        return rows

    def test_jensen_shannon_is_scipys(self):
        one, other = self.rows()
        result = measures.jensen_shannon_divergence(one, other)
        expected = distance.jensenshannon(one, other, axis=-1) ** 2
        np.testing.assert_allclose(result, expected, rtol=1e-9)
        strangers = measures.jensen_shannon_divergence([1.0, 0.0], [0.0, 1.0])
        assert strangers == pytest.approx(np.log(2))
        assert measures.jensen_shannon_divergence(one, one).max() < 1e-15

    def test_effective_classes_are_the_exponential_of_scipys_entropy(self):
        rows = self.rows()
        expected = np.exp(stats.entropy(rows, axis=-1))
        np.testing.assert_allclose(measures.effective_classes(rows), expected)
        assert measures.effective_classes([0.25] * 4) == pytest.approx(4)
        assert measures.effective_classes([0.0, 1.0]) == 1

    def test_entropy_is_scipys(self):
        rows = self.rows()
        expected = stats.entropy(rows, axis=-1)
        np.testing.assert_allclose(measures.entropy(rows), expected)
        assert measures.entropy([0.0, 1.0]) == 0

    def test_heterozygosity_is_the_chance_that_two_draws_differ(self):
        rows = self.rows()
        pairs = rows[..., :, None] * rows[..., None, :]
        expected = pairs.sum(axis=(-1, -2)) - np.trace(pairs, axis1=-2, axis2=-1)
        np.testing.assert_allclose(measures.heterozygosity(rows), expected, atol=1e-15)

    def test_support(self):
        assert measures.support(self.rows())[0].tolist() == [4, 6, 6, 6, 6]

    @pytest.mark.parametrize(
        "bad", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [], "half", 1.0]
    )
    def test_not_a_distribution(self, bad):
        for measure in (
            measures.effective_classes,
            measures.entropy,
            measures.heterozygosity,
            measures.support,
            lambda rows: measures.jensen_shannon_divergence(rows, [0.5, 0.5]),
        ):
            with pytest.raises(ValueError, match="probabilities must"):
                measure(bad)

    def test_other_classes(self):
        with pytest.raises(ValueError, match="equal last axes"):
            measures.jensen_shannon_divergence([1.0], [0.5, 0.5])


class TestModes:
    def test_shares_by_hand(self):
        data = [[0.1, -0.2, 4.9, 5.3, 2.4, 2.6, 9.0, 90.0]]
        shares = measures.mode_shares(data, [0.0, 5.0, 9.0])
        assert (shares * 8).tolist() == [[3, 3, 2]]
        shares = measures.mode_shares(data, [0.0, 5.0, 9.0], radius=1)
        assert (shares * 8).tolist() == [[2, 2, 1]]

    def test_a_point_at_the_radius_is_still_at_the_mode(self):
        assert measures.mode_shares([2.0, 2.5], [0.0], radius=2).tolist() == [0.5]

    @pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16])
    def test_narrow_whole_numbers_do_not_wrap_around(self, kind):
        data, modes = np.array([0, 5, 120, 125, 100, 3, 60]), np.array([0, 60, 125])
        narrow = measures.mode_shares(data.astype(kind), modes.astype(kind), 15)
        assert np.array_equal(narrow, measures.mode_shares(data, modes, 15))

    def test_shares_in_a_plane_are_a_tree_search(self):
        rng = np.random.default_rng(4)
        modes, data = rng.normal(size=(5, 2)), rng.normal(size=(3, 200, 2))
        shares = measures.mode_shares(data, modes, radius=0.7)
        for chain in range(3):
            _, nearest = spatial.KDTree(modes).query(
                data[chain], distance_upper_bound=0.7
            )
            expected = np.bincount(nearest, minlength=6)[:5] / 200
            np.testing.assert_allclose(shares[chain], expected)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([1.0, np.nan], [0.0]), "data must be finite"),
            (([], [0.0]), "data must not be empty"),
            (([1.0], []), "modes must not be empty"),
            ((np.zeros((4, 3)), np.zeros((2, 2))), "last axis of 2"),
            ((np.zeros((4, 3)), np.zeros((2, 2, 2))), "modes must have shape"),
            (([1.0], [0.0], 0), "radius must be"),
            (([1.0], [0.0], np.nan), "radius must be"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            measures.mode_shares(*arguments)


class TestImages:
    def test_pixel_variance_is_the_trace_of_the_covariance(self):
        images = np.random.default_rng(10).random((3, 40, 5))
        found = measures.pixel_variance(images)
        expected = [np.trace(np.cov(chain.T, ddof=0)) for chain in images]
        np.testing.assert_allclose(found, expected)
        single = measures.pixel_variance(images.astype(np.float32))
        np.testing.assert_allclose(single, expected, rtol=1e-6)
        assert measures.pixel_variance(np.ones((4, 5))) == 0

    def test_effective_dimension_would_mislead_where_pixel_variance_does_not(self):
        # The docstring's warning: equal images with a rounding error's worth of noise.
        rng = np.random.default_rng(11)
        real = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 20))
        dead = np.ones((500, 20)) + 1e-7 * rng.normal(size=(500, 20))

        def effective_dimension(images):
            values = np.linalg.eigvalsh(np.cov(images.T))
            return values.sum() ** 2 / np.square(values).sum()

        assert effective_dimension(dead) > 5 * effective_dimension(real)
        assert measures.pixel_variance(dead) < 1e-12 * measures.pixel_variance(real)

    def test_classes_held_by_hand(self):
        sure = 0.91 * np.eye(3) + 0.03
        unsure = [0.5, 0.3, 0.2]
        rows = np.stack([[sure[0], sure[1], sure[0], unsure], [unsure] * 4])
        rows /= rows.sum(axis=-1, keepdims=True)
        assert measures.classes_held(rows).tolist() == [2, 0]
        assert measures.classes_held(rows, least=0.25).tolist() == [1, 0]
        assert measures.classes_held(rows, confidence=0.95).tolist() == [0, 0]

    def test_first_choices_saturate_where_classes_held_do_not(self):
        # The docstring's warning: hardly different grey images, all first choices.
        rng = np.random.default_rng(12)
        rows = 0.1 + 1e-6 * rng.random((1000, 10))
        rows /= rows.sum(axis=-1, keepdims=True)
        assert len(np.unique(rows.argmax(axis=-1))) == 10
        assert measures.classes_held(rows) == 0

    def test_frechet_distance_takes_single_precision(self):
        rng = np.random.default_rng(13)
        data = (rng.random((200, 3)) @ rng.random((3, 64)) + 100).astype(np.float32)
        expected = measures.frechet_distance(data.astype(float), data[:100])
        assert measures.frechet_distance(data, data[:100]) == pytest.approx(expected)

    @pytest.mark.parametrize(
        ("rows", "arguments", "message"),
        [
            ([0.5, 0.5], {}, "at least 2 axes"),
            ([[0.5, 0.6]], {}, "add up to 1"),
            ([[0.5, 0.5]], {"confidence": 0.4}, "confidence must be"),
            ([[0.5, 0.5]], {"confidence": 1}, "confidence must be"),
            ([[0.5, 0.5]], {"confidence": 1.5}, "confidence must be"),
            ([[0.5, 0.5]], {"least": 1}, "least must be"),
        ],
    )
    def test_bad_probabilities(self, rows, arguments, message):
        with pytest.raises(ValueError, match=message):
            measures.classes_held(rows, **arguments)

    def test_bad_images(self):
        for bad in ([1.0, 2.0], [[np.nan]], [[]]):
            with pytest.raises(ValueError, match="images must"):
                measures.pixel_variance(bad)


def near(point, points, neighbours, others):
    """Whether any of `others` is within the k-th nearest fellow's distance."""
    fellows = sorted(np.linalg.norm(point - each) for each in points)[1:]
    return [np.linalg.norm(point - each) <= fellows[neighbours - 1] for each in others]


class TestNeighbours:
    @pytest.mark.parametrize("neighbours", [1, 3])
    def test_coverage_by_brute_force(self, neighbours):
        rng = np.random.default_rng(14)
        reference, data = rng.normal(size=(25, 3)), rng.normal(0.5, 1, (2, 18, 3))
        covered = measures.coverage(data, reference, neighbours)
        for chain, points in enumerate(data):
            expected = [any(near(r, reference, neighbours, points)) for r in reference]
            assert covered[chain] == pytest.approx(np.mean(expected))

    def test_new_real_points_are_covered_as_the_theory_says(self):
        # 1 - 2^-k for equal sizes; real and new points are exchangeable.
        rng = np.random.default_rng(15)
        sets = rng.normal(size=(2, 60, 400, 5))
        found = [
            measures.coverage(new, real, neighbours=2)
            for real, new in zip(*sets, strict=True)
        ]
        error = np.std(found, ddof=1) / np.sqrt(len(found))
        assert abs(np.mean(found) - 0.75) < 4.5 * error + 1 / 400

    def test_a_collapsed_sample_covers_next_to_nothing(self):
        rng = np.random.default_rng(16)
        reference = rng.normal(size=(300, 5))
        spot = reference[0] + 1e-9 * rng.normal(size=(300, 5))
        assert measures.coverage(spot, reference) < 0.1
        assert measures.coverage(np.zeros((4, 5)), np.zeros((9, 5))) == 1

    @pytest.mark.parametrize(
        ("data", "reference", "neighbours", "message"),
        [
            (np.zeros((5, 2)), np.zeros((5, 2)), 5, "must hold more than 5 points"),
            (np.zeros((9, 2)), np.zeros((9, 3)), 5, r"shape \(m, d\)"),
            (np.zeros((9, 2)), np.zeros((2, 9, 2)), 5, r"shape \(m, d\)"),
            (np.zeros((9, 2)), np.zeros((9, 2)), 0, "neighbours must be"),
            (np.full((9, 2), np.nan), np.zeros((9, 2)), 5, "data must be finite"),
            (np.zeros((9, 2)), [[np.inf, 0]], 5, "reference must be finite"),
        ],
    )
    def test_bad_points(self, data, reference, neighbours, message):
        with pytest.raises(ValueError, match=message):
            measures.coverage(data, reference, neighbours)


class TestEdges:
    def test_a_point_mass(self):
        assert measures.wasserstein2_squared(0, 0) == 1
        flat = np.diag([1.0, 0.0])
        zero = np.zeros(2)
        assert measures.gaussian_frechet_distance(
            zero, flat, zero, np.eye(2)
        ) == pytest.approx(1)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, "one", None])
    def test_not_a_number(self, bad):
        with pytest.raises(ValueError, match="mean must be"):
            measures.wasserstein2_squared(bad, 1)

    def test_negative_variances(self):
        with pytest.raises(ValueError, match="variance must be at least 0"):
            measures.wasserstein2_squared(0, -1)

    @pytest.mark.parametrize(
        ("covariance", "message"),
        [
            (np.eye(3), "to fit"),
            (np.array([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
            (np.array([[1.0, 2.0], [2.0, 1.0]]), "negative eigenvalues"),
            (np.full((2, 2), np.nan), "finite"),
        ],
    )
    def test_bad_covariances(self, covariance, message):
        with pytest.raises(ValueError, match=message):
            measures.gaussian_frechet_distance(
                np.zeros(2), covariance, np.zeros(2), np.eye(2)
            )

    @pytest.mark.parametrize("data", [np.zeros((1, 2)), np.zeros(4), np.empty((0, 2))])
    def test_bad_samples(self, data):
        with pytest.raises(ValueError, match="data must"):
            measures.frechet_distance(data, np.zeros((5, 2)))

    def test_two_points_are_enough_for_a_frechet_distance(self):
        assert measures.frechet_distance([[0.0], [2.0]], [[1.0], [3.0]]) == 1

    def test_sets_of_different_dimension_have_no_frechet_distance(self):
        sets = np.zeros((2, 4, 2)), np.zeros((2, 4, 5))
        with pytest.raises(ValueError, match=r"same dimension, got 2 and 5$"):
            measures.frechet_distance(*sets)


class TestHistograms:
    def test_it_is_numpys_with_nothing_left_out(self):
        values = np.random.default_rng(1).normal(size=(2, 3, 500))
        edges = np.linspace(-1, 2, 8)
        counts = measures.histogram(values, edges)
        assert counts.shape == (2, 3, 7)
        assert (counts.sum(axis=-1) == 500).all()
        for place in np.ndindex(2, 3):
            inside, _ = np.histogram(values[place], edges)
            inside[0] += (values[place] < -1).sum()
            inside[-1] += (values[place] > 2).sum()
            assert np.array_equal(counts[place], inside)

    def test_one_row(self):
        found = measures.histogram([-5, 0, 0.5, 1, 99], [0, 1, 2])
        assert found.tolist() == [3, 2]

    def test_one_bin_holds_all(self):
        assert measures.histogram([-5, 0.5, 99], [0, 1]).tolist() == [3]

    @pytest.mark.parametrize(
        ("values", "edges", "message"),
        [
            ([0, np.nan], [0, 1], "values must"),
            ([0, np.inf], [0, 1], "values must"),
            ([], [0, 1], "values must"),
            ([1.0], [0], "edges must be two or more ascending numbers"),
            ([1.0], [0, 0, 1], "edges must be two or more ascending numbers"),
            ([1.0], [1, 0], "edges must be two or more ascending numbers"),
            ([1.0], [[0, 1]], "edges must be two or more ascending numbers"),
        ],
    )
    def test_bad_arguments(self, values, edges, message):
        with pytest.raises(ValueError, match=message):
            measures.histogram(values, edges)


class TestRepetition:
    TOKENS = np.array(
        [
            [[5, 6, 5, 6, 1, 1], [5, 6, 7, 8, 1, 1]],
            [[5, 5, 5, 5, 5, 5], [1, 1, 1, 1, 1, 1]],
        ]
    )

    def test_distinct_ngrams_by_hand(self):
        # 56 65 56 | 56 67 78 hold 4 different pairs of 6; 55 is 1 of 5.
        found = measures.distinct_ngrams(self.TOKENS, 2, ignore=[1])
        np.testing.assert_allclose(found, [4 / 6, 1 / 5])

    def test_repeated_ngrams_by_hand(self):
        # In its own row only 56 comes again, once; 55 comes again 4 times of 5.
        found = measures.repeated_ngrams(self.TOKENS, 2, ignore=[1])
        np.testing.assert_allclose(found, [1 / 6, 4 / 5])

    def test_words_in_use_by_hand(self):
        found = measures.vocabulary_in_use(self.TOKENS, ignore=[1])
        assert found.tolist() == [4, 1]
        assert measures.vocabulary_in_use(self.TOKENS).tolist() == [5, 2]

    def test_agrees_with_a_set_of_tuples(self):
        tokens = np.random.default_rng(1).integers(0, 6, (20, 15))
        runs = [tuple(row[k : k + 3]) for row in tokens for k in range(13)]
        assert measures.distinct_ngrams(tokens, 3) == len(set(runs)) / len(runs)
        repeated = sum(
            13 - len({tuple(row[k : k + 3]) for k in range(13)}) for row in tokens
        )
        assert measures.repeated_ngrams(tokens, 3) == pytest.approx(
            repeated / len(runs)
        )

    def test_one_short_text(self):
        assert measures.distinct_ngrams([[1, 2]], 2) == 1
        assert measures.vocabulary_in_use([[3], [3]]) == 1

    def test_nothing_but_padding_is_no_text(self):
        nothing = np.ones((2, 4), dtype=int)
        assert measures.distinct_ngrams(nothing, 2, [1]) == 0
        assert measures.repeated_ngrams(nothing, 2, [1]) == 0
        assert measures.vocabulary_in_use(nothing, [1]) == 0

    @pytest.mark.parametrize(
        ("tokens", "n", "message"),
        [
            ([[1, 2]], 0, "n must be"),
            ([[1, 2]], 3, "at least n = 3"),
            ([1, 2], 1, "at least 2 axes"),
            ([[1.5, 2]], 1, "tokens must be whole numbers"),
        ],
    )
    def test_bad_arguments(self, tokens, n, message):
        with pytest.raises(ValueError, match=message):
            measures.distinct_ngrams(tokens, n)


class TestSmallTypes:
    """Unsigned and short integers wrap around; half precision ends at 65504."""

    @pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.float16])
    def test_differences_do_not_wrap(self, kind):
        one, other = kind(3), kind(100)
        found = measures.wasserstein2_squared(one, other, other, one)
        assert found == pytest.approx(97**2 + (10 - 3**0.5) ** 2)
        mean, far = np.array([3, 5], kind), np.array([100, 7], kind)
        covariance = np.array([[100, 0], [0, 100]], kind)
        assert measures.gaussian_frechet_distance(
            mean, covariance, far, covariance
        ) == pytest.approx(97**2 + 4)

    @pytest.mark.parametrize("kind", [np.uint8, np.int8, np.float16])
    def test_sums_do_not_overflow(self, kind):
        images = np.array([[0, 120], [100, 0], [50, 120]], kind)
        expected = images.astype(float).var(axis=0).sum()
        assert measures.pixel_variance(images) == pytest.approx(expected)
        data = np.array([[0, 100], [100, 100]], kind)
        assert measures.mode_shares(data, np.array([[1, 101]], kind)) == 1
        assert measures.frechet_distance(data, data[::-1]) == pytest.approx(0, abs=1e-9)

    def test_edges_of_a_histogram_ascend_in_any_type(self):
        with pytest.raises(ValueError, match="edges must be two or more ascending"):
            measures.histogram(np.arange(5), np.array([3, 2, 1], np.uint8))
        edges = np.array([0, 2, 200], np.uint8)
        assert measures.histogram(np.arange(5, dtype=np.int8), edges).tolist() == [2, 3]
