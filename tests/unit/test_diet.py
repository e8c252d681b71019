"""Diets that change with the years: what the loop eats, against closed forms."""

from __future__ import annotations

import numpy as np

from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.recursion import Diet, recurse

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


def mixed_variance(sizes, shares):
    """E σ² of each generation on a fresh mixture, by the law of total variance.

    A new mean is γ r + a s, of γM real and aM synthetic points: with V = Var μ and
    E σ² + V = 1 the next V is (a² - a/M) V + 1/M.
    """
    spread = [1 / sizes[0]]
    for size, share in zip(sizes[1:], shares, strict=True):
        a = 1 - share
        spread.append((a**2 - a / size) * spread[-1] + 1 / size)
    return 1 - np.array(spread)


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
