"""Which control each kind of values gets, and how an address names a value."""

import datetime
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from collapse.explore import Dice, Slider
from collapse.explore.controls import controls_html
from collapse.explore.sliders import settle


@pytest.mark.parametrize(
    ("values", "control"),
    [
        (range(5), "slider"),
        ([0.5, 1], "slider"),
        ([Fraction(1, 3), Decimal("0.5")], "slider"),
        (np.array([1, 2]), "slider"),
        ([datetime.date(2024, 7, 24), datetime.date(2025, 1, 1)], "slider"),
        (np.array(["2024-07", "2024-08"], "datetime64[M]"), "slider"),
        ([datetime.timedelta(days=1), datetime.timedelta(days=2)], "slider"),
        (["MLE", "unbiased"], "buttons"),
        ([False, True], "buttons"),
        ([None, 3], "buttons"),
        (["a", "b", "c", "d", "e"], "buttons"),
        (["a", "b", "c", "d", "e", "f"], "list"),
        (["replace what was there", "accumulate everything"], "list"),
    ],
)
def test_the_kind_of_the_values_chooses_the_control(values, control):
    (settled,) = settle({"choice": values})
    assert settled.control == control


def test_an_author_may_choose_another_control():
    (settled,) = settle({"size": Slider([10, 100], control="buttons")})
    assert settled.control == "buttons"
    with pytest.raises(
        ValueError, match=r"control of the slider 'size' must be one of"
    ):
        settle({"size": Slider([10, 100], control="knob")})
    with pytest.raises(ValueError, match="got 'die'"):
        settle({"size": Slider([10, 100], control="die")})


def test_a_die_stands_last_and_counts_histories_from_one():
    *_, die = settle({"history": Dice(3), "generation": range(4)})
    assert (die.name, die.control, die.values) == ("history", "die", (0, 1, 2))
    assert die.texts == ("history 1 of 3", "history 2 of 3", "history 3 of 3")
    assert die.keys == ("1", "2", "3")


@pytest.mark.parametrize("count", [1, 0, -2, True, 2.0, "3", None, 10**6])
def test_a_die_needs_a_count(count):
    with pytest.raises(ValueError, match=r"count of the Dice 'history' must be an int"):
        settle({"generation": range(3), "history": Dice(count)})


def test_a_figure_has_one_die_and_a_slider_beside_it():
    with pytest.raises(ValueError, match="one Dice, got 2: one, other"):
        settle({"size": [1, 2], "one": Dice(2), "other": Dice(2)})
    with pytest.raises(ValueError, match="one to 3 sliders, got 0"):
        settle({"history": Dice(2)})
    with pytest.raises(ValueError, match=r"label of the Dice 'history'"):
        settle({"size": [1, 2], "history": Dice(2, label=" ")})
    assert len(settle({name: [1, 2] for name in "abc"} | {"history": Dice(2)})) == 4


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (
            [0, 0.1, 1 / 3, 1e-7, 1_000_000],
            ["0", "0.1", "0.333333333333", "1e-07", "1000000"],
        ),
        (np.float32([0.5, 2]), ["0.5", "2"]),
        (["MLE", "a & b"], ["MLE", "a & b"]),
        ([Fraction(1, 3), Decimal("0.50")], ["1/3", "0.50"]),
        ([datetime.date(2024, 7, 24)], ["2024-07-24"]),
        ([True, False], ["True", "False"]),
    ],
)
def test_an_address_names_values_not_positions(values, keys):
    (settled,) = settle({"choice": values})
    assert list(settled.keys) == keys


def test_values_with_one_name_are_told_apart_by_what_is_read():
    class Named:
        def __repr__(self):
            return "named"

    formats = iter(["first", "second"])
    (settled,) = settle(
        {"x": Slider([Named(), Named()], format=lambda _: next(formats))}
    )
    assert settled.keys == ("first", "second")


@pytest.mark.parametrize(
    ("values", "ticks", "leaps"),
    [
        ([0, 0.01, 0.1, 1], True, [1, 2]),
        ([10, 30, 100], True, [1]),
        ([0, 1, 2, 3, 5, 10], True, [3, 4]),
        ([1, 0.98, 0.95, 0.9], True, [1, 2]),
        (range(9), False, []),
        ([0.1, 0.2, 0.30000000000000004], False, []),
        ([1, 5], False, []),
        ([*range(50), 100], False, [49]),
    ],
)
def test_uneven_stops_are_marked(values, ticks, leaps):
    """A tick for each stop, unless they are many, and a broken track where it leaps."""
    markup = controls_html(settle({"x": values}), [0], "id")
    assert ("explore-ticks" in markup) == ticks
    middles = re.findall(r"#0000 calc\(([\d.]+)% -", markup)
    steps = [float(middle) / 100 * (len(values) - 1) - 0.5 for middle in middles]
    assert steps == pytest.approx(leaps, abs=0.01)


def test_texts_cannot_end_their_elements():
    sliders = settle({"x": ["<b>", '"quoted"'], "y": [1, 2], "history": Dice(2, "<i>")})
    markup = controls_html(sliders, [0, 0, 0], "id")
    assert "<b>" not in markup
    assert "<i>" not in markup
    assert "&lt;b&gt;" in markup
