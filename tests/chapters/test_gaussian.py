"""The Gaussian chapter's simulations agree with the theory drawn over them."""

import numpy as np
import pytest
from scipy.stats import norm

from collapse import theory
from support.chapters import BOOK, run_chapter

FALSE_ALARM = 1e-4


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "gaussian.md").names


def within(z_scores, false_alarm=FALSE_ALARM):
    """Whether no score is larger than the largest of as many should ever be."""
    z_scores = np.ravel(z_scores)
    bound = norm.isf(false_alarm / 2 / len(z_scores))
    return np.abs(z_scores).max() < bound, (np.abs(z_scores).max(), bound)


def test_lasting_levels_are_those_of_the_formula(names):
    scores = [
        (mean - theory.fresh_mixing_variance(count / size, size)) / error
        for (size, count), (mean, error) in names["levels_reached"].items()
    ]
    agrees, why = within(scores)
    assert agrees, why


def test_the_dashed_median_is_the_median_of_the_histories(names):
    for (size, estimator), variances in names["walks"].items():
        expected = theory.median_sd(201, size, estimator.lower()) ** 2
        below = np.mean(variances[200] < expected)
        agrees, why = within((below - 0.5) * 2 * np.sqrt(variances.shape[1]))
        assert agrees, f"M = {size}, {estimator}: {below:.3f} lie below, {why}"


def test_mixing_means_follow_their_transient(names):
    times, chains = names["times"], 1000
    for (size, diet, share), (low, mean, high) in names["levels"].items():
        expected = names["expected_level"](size, diet, share)
        few = round(share * size) < 5 and diet != "accumulate"
        if expected is None or few:
            continue  # no closed form; or a law too skewed for an average
        # Eight histories of ten lie within 2.56 standard deviations of a normal law;
        # these laws have longer tails, for which a quarter more is allowed.
        error = 1.25 * (high - low) / 2.56 / np.sqrt(chains)
        agrees, why = within((mean - expected) / error)
        assert agrees, f"{size} points, {diet}, {share}: {why}"
    assert len(times) == 41


def test_growing_samples_follow_theory(names):
    for power, (_, median, _, expected, _) in names["growing"].items():
        assert np.abs(median - expected).max() < 0.03, power
