"""A web that fills, against a crawl that is drawn point by point."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory


@pytest.mark.parametrize("push", [1.0, 0.8])
def test_the_variance_is_that_of_drawn_crawls(push):
    rng, chains = np.random.default_rng(5), 4000
    mean, variance = np.zeros(chains), np.ones(chains)
    for year in range(7):
        sd = np.sqrt(push * variance)[:, None]
        made = mean[:, None] + sd * rng.normal(size=(chains, 3 * 2**year))
        crawl = np.concatenate([rng.normal(size=(chains, 5)), made], axis=1)
        mean, variance = crawl.mean(axis=1), crawl.var(axis=1)
        off = variance.mean() - theory.web_variance(year, 5, 3, 2, push)
        off /= variance.std() / np.sqrt(chains)
        assert abs(off) < 4.6, f"off by {off} standard errors in year {year}"


def test_numbers_of_a_web_that_fills():
    assert theory.web_variance(24, 50, 5, 1.5) == pytest.approx(0.989, abs=5e-4)
    assert theory.web_real_fraction(24, 50, 5, 1.5) == pytest.approx(6e-4, abs=1e-5)
    pushed = theory.web_variance([0, 10, 20, 24], 50, 5, 1.5, 0.95)
    np.testing.assert_allclose(pushed, [0.977, 0.871, 0.571, 0.468], atol=6e-4)


def test_a_web_that_does_not_grow_is_a_fresh_mixture():
    for push in (1.0, 0.9):
        late = theory.web_variance(500, 10, 30, 1, push)
        expected = theory.fresh_mixing_variance(0.25, 40, push)
        assert late == pytest.approx(expected)


def test_mislabelled_points_count_as_synthetic_ones():
    wrong = theory.web_variance(9, 50, 5, 1.0, 0.9, mislabelled=0.4)
    assert wrong == pytest.approx(theory.web_variance(9, 30, 25, 1.0, 0.9))
    share = theory.web_real_fraction(9, 50, 5, 1.5, mislabelled=1.0)
    assert share == 0


def test_a_detector_multiplies_the_odds():
    def odds(**detector):
        share = theory.web_real_fraction([0, 5], 50, 5, 2, 0.2, **detector)
        return share / (1 - share)

    times = odds(kept_real=0.9, kept_synthetic=0.1) / odds()
    np.testing.assert_allclose(times, 9)
    kept = theory.web_variance(8, 50, 40, 1.5, 0.9, kept_real=0.5, kept_synthetic=0.1)
    assert kept == pytest.approx(theory.web_variance(8, 25, 4, 1.5, 0.9))


def test_a_detector_must_leave_points():
    with pytest.raises(ValueError, match="kept_real must be so large"):
        theory.web_real_fraction(0, 50, 0, 1, kept_real=0.01)
    assert theory.web_real_fraction(0, 2, 0, 1) == 1
