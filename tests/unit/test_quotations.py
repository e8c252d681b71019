"""The longest quotation against a search for every run."""

from __future__ import annotations

import numpy as np
import pytest

from collapse.measures import longest_quotations


def by_search(row: list[int], text: list[int]) -> int:
    """Look for each run in turn."""
    runs = [
        tuple(row[first:last])
        for first in range(len(row))
        for last in range(first + 1, len(row) + 1)
    ]
    held = {
        tuple(text[first : first + n])
        for n in range(1, len(row) + 1)
        for first in range(len(text) - n + 1)
    }
    return max((len(run) for run in runs if run in held), default=0)


@pytest.mark.parametrize("symbols", [2, 5, 30])
def test_it_is_what_a_search_finds(symbols):
    rng = np.random.default_rng(symbols)
    text, rows = rng.integers(0, symbols, 300), rng.integers(0, symbols, (20, 12))
    rows[3, 2:11] = text[40:49]
    rows[4], rows[5, :6] = text[-12:], text[:6]
    found = longest_quotations(rows, text)
    expected = [by_search(row.tolist(), text.tolist()) for row in rows]
    assert found.tolist() == expected
    assert found[4] == 12


def test_nothing_is_quoted_across_a_border():
    text = np.array([1, 2, 3, -1, 4, 5, 6])
    rows = np.array([[2, 3, 4, 5], [3, 7, 4, 5], [7, 8, 9, 7], [0, 0, 4, 0]])
    assert longest_quotations(rows, text).tolist() == [2, 2, 0, 1]


def test_a_text_may_be_shorter_than_a_row():
    assert longest_quotations([[1, 2, 3, 4]], [2, 3]).tolist() == [2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": [1, 2]}, "tokens must"),
        ({"tokens": [[1.5, 2]]}, "tokens must be whole numbers"),
        ({"text": [[1, 2]]}, "text must be whole numbers along 1 axes"),
        ({"text": ["a"]}, "text must"),
    ],
)
def test_bad_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        longest_quotations(**({"tokens": [[1, 2]], "text": [1, 2]} | change))
