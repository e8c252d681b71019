"""Sampling at a temperature, against repeated sharpening."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory
from collapse.categorical import sharpen, zipf


def test_temperature_gain_is_repeated_sharpening():
    p = np.array([0.6, 0.3, 0.1])
    row = p
    for _ in range(6):
        row = sharpen(row, 0.9)
    gain = theory.log_odds_gain(7, 0.9)
    np.testing.assert_allclose(np.log(row[0] / row), gain * np.log(p[0] / p))


def test_words_at_a_temperature_are_sharpened_and_mixed():
    p, row = np.array([0.5, 0.3, 0.2]), np.array([0.5, 0.3, 0.2])
    rows = theory.tempered_distribution([[1, 4], [2, 3]], p, 0.8, 0.3)
    found = {1: row}
    for refits in (2, 3, 4):
        row = 0.3 * p + 0.7 * sharpen(row, 0.8)
        found[refits] = row
    expected = [[found[1], found[4]], [found[2], found[3]]]
    np.testing.assert_allclose(rows, expected)


def test_effective_words_left_at_a_temperature():
    words = [
        theory.tempered_effective_words(1200, zipf(1000), 0.9, share)
        for share in (0, 0.05, 0.1, 0.25, 0.5)
    ]
    expected = [1, 1.95, 3.67, 21.8, 100.8]
    np.testing.assert_allclose(words, expected, rtol=3e-3)
    real = theory.tempered_effective_words(1, zipf(1000), 0.9)
    assert real == pytest.approx(179.7, abs=0.06)


@pytest.mark.parametrize(("above", "grows"), [(-0.01, True), (0.01, False)])
@pytest.mark.parametrize("temperature", [0.5, 0.9])
def test_prevention(temperature, above, grows):
    equal = np.full(10, 0.1)
    start = equal + np.eye(10)[0] * 1e-3
    share = theory.prevention_share(temperature) + above
    late = theory.tempered_distribution(
        500, equal, temperature, share, start / start.sum()
    )
    assert (late[0] > start[0]) == grows, late[0]


@pytest.mark.parametrize(("above", "rules"), [(-0.005, True), (0.005, False)])
@pytest.mark.parametrize("symbols", [3, 10, 100])
@pytest.mark.parametrize("temperature", [0.5, 0.9])
def test_cure(temperature, symbols, above, rules):
    share = theory.cure_share(temperature, symbols) + above
    equal = np.full(symbols, 1 / symbols)
    late = theory.tempered_distribution(
        2000, equal, temperature, share, np.eye(symbols)[0]
    )
    assert (late[0] > 1.1 / symbols) == rules, late[0] * symbols


def test_above_the_cure_no_group_of_words_rules():
    share = theory.cure_share(0.7, 12) + 0.005
    equal = np.full(12, 1 / 12)
    for rulers in range(1, 12):
        start = np.where(np.arange(12) < rulers, 1 / rulers, 0)
        late = theory.tempered_distribution(2000, equal, 0.7, share, start)
        np.testing.assert_allclose(late, equal, rtol=1e-3)


def test_shares_of_prevention_and_cure():
    assert theory.prevention_share([0.9, 1, 2]) == pytest.approx([0.1, 0, 0])
    cure = theory.cure_share(0.9, [2, 10, 100, 1000])
    np.testing.assert_allclose(cure, [0.1, 0.14, 0.25, 0.37], atol=5e-3)
    # The share is where the fixed points' share is largest.
    x = np.linspace(0.1, 1, 100_001)[1:-1]
    sharp = x**2 / (x**2 + 9 * ((1 - x) / 9) ** 2)
    expected = ((sharp - x) / (sharp - 0.1)).max()
    assert theory.cure_share(0.5, 10) == pytest.approx(expected, rel=1e-8)
    assert theory.cure_share([1.0, 3.0], 10) == pytest.approx([0, 0])
    cold = np.array([0.3, 0.01, 1e-4, 1e-9])
    cure = theory.cure_share(cold, 10)
    assert ((cure > 1 - cold) & (cure <= 1)).all()


def test_a_start_must_be_a_list_of_the_same_words():
    for start in ([0.5, 0.5], [0.5, 0.3, 0.3], [2, -1, 0], "even"):
        with pytest.raises(ValueError, match="start must be"):
            theory.tempered_distribution(2, [0.5, 0.3, 0.2], 0.9, 0.1, start)
