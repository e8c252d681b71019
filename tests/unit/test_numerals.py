"""How numbers are written."""

from __future__ import annotations

import pytest

from collapse.numerals import grouped, per_cent


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


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [(0.5, 0, "50 %"), (0.05148, 1, "5.1 %"), (1, 0, "100 %"), (0.00819, 2, "0.82 %")],
)
def test_a_share_is_written_as_in_the_text(share, digits, said):
    assert per_cent(share, digits) == said.replace(" ", "\N{NO-BREAK SPACE}")
