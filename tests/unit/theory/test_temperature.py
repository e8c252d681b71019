"""Sampling at a temperature, against repeated sharpening."""

from __future__ import annotations

import numpy as np

from collapse import theory
from collapse.categorical import sharpen


def test_temperature_gain_is_repeated_sharpening():
    p = np.array([0.6, 0.3, 0.1])
    row = p
    for _ in range(6):
        row = sharpen(row, 0.9)
    gain = theory.log_odds_gain(7, 0.9)
    np.testing.assert_allclose(np.log(row[0] / row), gain * np.log(p[0] / p))
