"""How sentences stand on pages."""

from __future__ import annotations

import pytest

from collapse.explore.sentences import typeset


@pytest.mark.parametrize(
    ("written", "set_in_type"),
    [
        ("12.5 % of it", "12.5\N{NO-BREAK SPACE}% of it"),
        ("mean -0.24, (-3)", "mean \N{MINUS SIGN}0.24, (\N{MINUS SIGN}3)"),
        ("-.5", "\N{MINUS SIGN}.5"),
        ("20 000 words", "20\N{NARROW NO-BREAK SPACE}000 words"),
        ("1 000 000.5", "1\N{NARROW NO-BREAK SPACE}000\N{NARROW NO-BREAK SPACE}000.5"),
        ("of 1000 200 words, 3 1000, 1.5 300, v2 100, 10 000th", None),
        ("2026-11-28, GPT-2, 1e-05, well-known - 1", None),
    ],
)
def test_minus_signs_thousands_and_per_cents(
    written: str, set_in_type: str | None
) -> None:
    assert typeset(written) == (set_in_type or written)
