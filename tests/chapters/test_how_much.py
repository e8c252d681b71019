"""What the calculator's page does with a reader's own table or text."""

from __future__ import annotations

import pytest

from collapse import theory
from support.chapters import BOOK, run_chapter


@pytest.fixture(scope="module")
def names() -> dict:
    return run_chapter(BOOK / "appendix" / "how-much.md").names


def test_numbers_and_groups_are_those_of_the_table(names, tmp_path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("\ufeffkind,size\na,1.5\nb,-2\na,\na,4e3\n", encoding="utf-8")
    assert names["numbers"](table, "size").tolist() == [1.5, -2, 4000]
    assert names["column"](table, "kind") == ["a", "b", "a", "a"]
    assert names["smallest_share"](names["column"](table, "kind")) == ("b", 0.25)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.csv is empty"),
        ("kind,size\n", "'size' of .*mine.csv is empty"),
        ("kind,weight\na,1\n", r"no column 'size'; it has \['kind', 'weight'\]"),
        ("kind,size\na,large\n", "not of numbers: could not convert .* 'large'"),
    ],
)
def test_a_wrong_table_is_told_apart(names, tmp_path, text, message) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        names["numbers"](table, "size")


def test_a_word_asks_for_one_over_twice_its_share(names) -> None:
    text = "One, two, two. THREE three three!"
    for word, count in (("one", 1), ("two", 2), ("three", 3)):
        assert names["real_words_needed"](text, word) == pytest.approx(3 / count)
    with pytest.raises(ValueError, match="'four' is not in the text"):
        names["real_words_needed"](text, "four")
    with pytest.raises(ValueError, match="no words"):
        names["real_words_needed"]("... ", "four")


def test_the_group_of_the_example_asks_for_more_than_its_spread(names) -> None:
    needed = theory.real_data_needed(
        names["loss"], "fresh", smallest_group=names["share"]
    )
    assert names["alone"] < needed.count
