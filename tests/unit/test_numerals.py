"""How numbers are written."""

from __future__ import annotations

import pytest

from collapse.numerals import grouped


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (69, "69"),
        (0.01, "0.01"),
        (4000, "4000"),
        (10_000, "10 000"),
        (1e6, "1 000 000"),
    ],
)
def test_thousands_stand_apart_from_five_digits_on(number: float, said: str) -> None:
    assert grouped(number).replace("\N{NARROW NO-BREAK SPACE}", " ") == said
