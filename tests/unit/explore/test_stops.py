"""Slider values of any type: handed on as they are, read well, found again."""

import datetime
import enum
import itertools
import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from traitlets import TraitError

from collapse.explore import Slider, explore
from collapse.explore.sliders import settle
from collapse.explore.stops import find

Colour = enum.Enum("Colour", ["RED", "BLUE"])
DAYS = np.array(["2024-01-01", "2024-02-01T12:30"], "datetime64[ns]")


def numbered(values):
    """A figure whose line is as high as a value's place; what update was given."""
    figure, axes = plt.subplots(figsize=(2, 2))
    (line,) = axes.plot([0, 1])
    given = []

    def update(value):
        given.append(value)
        place = next(i for i, known in enumerate(stops) if known is value)
        line.set_ydata([0, place])
        return f"Place {place}."

    (slider,) = settle({"value": values})
    stops = slider.values
    return explore(figure, update, value=Slider([*stops])), given


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (DAYS, ["2024-01-01", "2024-02-01 12:30"]),
        (DAYS.astype("datetime64[D]"), ["2024-01-01", "2024-02-01"]),
        (np.array(["2024-01-01", "NaT"], "datetime64[us]"), ["2024-01-01", "NaT"]),
        ([datetime.datetime(2024, 1, 1), datetime.date(2024, 1, 2)], None),
        (np.array([1, 24], "timedelta64[h]"), ["1 hours", "24 hours"]),
        ([Fraction(1, 3), Fraction(2, 3)], ["1/3", "2/3"]),
        ([Decimal("0.10"), Decimal("0.2")], ["0.10", "0.2"]),
        (np.array([0.1, 0.2], "float32"), ["0.1", "0.2"]),
        (np.array([3, 4], "uint8"), ["3", "4"]),
        (np.array([True, False]), ["True", "False"]),
        ([False, True], ["False", "True"]),
        ([float("nan"), 1.0], ["nan", "1"]),
        ([1, float("inf")], ["1", "inf"]),
        ([10**400, 1], None),
        ([1, 2, -(10**400), 10**400], None),
        ([Decimal("sNaN"), Decimal("NaN"), 1], ["sNaN", "NaN", "1"]),
        ((Decimal("NaN"), 1), ["NaN", "1"]),
        ((1, math.inf, 1.5), ["1", "inf", "1.5"]),
        ([None, 1], ["None", "1"]),
        ([1j, 2], ["1j", "2"]),
        (Colour, ["Colour.RED", "Colour.BLUE"]),
        ([np.zeros(2), np.ones(2)], ["[0. 0.]", "[1. 1.]"]),
        ([np.eye(2), np.ones((2, 2))], ["[[1. 0.] [0. 1.]]", "[[1. 1.] [1. 1.]]"]),
        ([np.array(1.0), np.array(2.0)], ["1", "2"]),
        (torch.tensor([0.5, 1.5]), ["0.5", "1.5"]),
        ([torch.zeros(2), torch.ones(2)], None),
        ([{"a": 1}, {"a": 2}], None),
        ((letter for letter in "ab"), ["a", "b"]),
        (range(2), ["0", "1"]),
        ({"low": 0.1, "high": 0.9}, ["low", "high"]),
    ],
)
def test_each_value_reaches_update_as_it_is_and_can_be_set(values, texts):
    explored, given = numbered(values)
    stops = explored.sliders[0].values
    assert all(any(value is stop for stop in stops) for value in given)
    if texts is not None:
        assert list(explored.sliders[0].texts) == texts
    assert "text/html" in explored._repr_mimebundle_()[0]
    heard = []
    explored.value.observe(lambda change: heard.append(change.new), "value")
    for index in (1, 0):
        explored.value.index = index
        assert explored.value.value is stops[index]
    for index in (1, 0):
        explored.value.value = stops[index]
        assert explored.value.index == index
    assert len(heard) >= 4


@pytest.mark.parametrize(
    ("values", "start", "place"),
    [
        (np.linspace(0, 1, 11), 0.3, 3),
        (np.arange(0, 1, 0.1), 0.6, 6),
        (np.linspace(-1, 1, 21), 0, 10),
        ([1e-13, 2e-13], 2e-13, 1),
        ([Decimal("0.1"), Decimal("0.2")], 0.2, 1),
        ([Fraction(1, 3), Fraction(1, 2)], 1 / 3, 0),
        ([np.zeros(2), np.ones(2)], np.ones(2), 1),
        ([np.zeros(2), np.ones(2)], [1, 1], 1),
        ([torch.zeros(2), torch.ones(2)], torch.ones(2), 1),
        ([1.0, float("nan")], float("nan"), 1),
        (DAYS, DAYS[1], 1),
        (np.array([True, False]), False, 1),
        (np.array(["a", "b"]), "b", 1),
        ([10**400, 1], 1, 1),
        ([None, 1], 1, 1),
    ],
)
def test_a_start_is_found_among_computed_values(values, start, place):
    (slider,) = settle({"value": Slider(values, start=start)})
    assert slider.start_index == place
    assert find(slider.values, slider.values[place]) == place


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ([0, 1], True),
        ([False, True], 1),
        (np.linspace(0, 1, 11), 0.31),
        ([1e-13, 2e-13], 3e-13),
        ([np.zeros(2), np.ones(2)], np.ones(3)),
        ([1, 2], "1"),
        (["1", "2"], 1),
        ([1.0, 2.0], float("nan")),
        ([1, Decimal(2)], Decimal("sNaN")),
        (DAYS, np.datetime64("2025-01-01")),
    ],
)
def test_a_start_that_is_no_value_is_refused_by_name(values, start):
    with pytest.raises(ValueError, match="the slider 'value' cannot start at"):
        settle({"value": Slider(values, start=start)})


@pytest.mark.parametrize("values", [[1, True], [0, False, 2], [Fraction(1, 2), 0.5]])
def test_values_that_are_equal_but_read_otherwise_are_refused(values):
    with pytest.raises(ValueError, match="two values of the slider 'n' are equal, "):
        settle({"n": values})


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ((0, 100), "give range(0, 101) for that, or the list [0, 100]"),
        ((0, 100, 5), "give range(0, 101, 5) for that"),
        ((0.0, 1.0), "give numpy.linspace(0.0, 1.0, 11) for that"),
        ((0, 1, 0.25), "give numpy.linspace(0, 1, 5) for that"),
        ((np.int64(1), np.int64(9)), "give range(1, 10) for that"),
    ],
)
def test_the_pair_that_means_a_range_to_ipywidgets_is_refused(values, advice):
    for wanted in (values, Slider(values)):
        with pytest.raises(ValueError, match=re.escape(advice)):
            settle({"generation": wanted})


@pytest.mark.parametrize(
    "values", [(3, 4), (1,), (1, 2, 5), (5, 1), (1, 2, 3, 4), ("a", "b"), (False, True)]
)
def test_other_tuples_are_lists_of_stops(values):
    (slider,) = settle({"n": values})
    assert slider.values == values


def test_a_format_that_fails_is_told_with_its_value():
    with pytest.raises(ZeroDivisionError) as caught:
        settle({"n": Slider([1, 0], format=lambda n: f"{1 / n}")})
    assert caught.value.__notes__ == ["while the format of the slider 'n' wrote 0"]


def test_a_value_that_cannot_be_written_is_told_with_its_slider():
    with pytest.raises(ValueError, match="digits") as caught:
        settle({"n": [1, 10**5000]})
    assert caught.value.__notes__ == ["while explore wrote a value of the slider 'n'"]


def test_keys_and_values_of_a_dict_have_an_order():
    measured = {5: "b", 3: "a"}
    for view in (measured.keys(), measured.values(), measured.items()):
        (slider,) = settle({"n": view})
        assert slider.values == tuple(view)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({0.1, 0.9}, "a set, which has no order"),
        (np.array(3), "the slider 'n' needs a list of values, got array(3)"),
        (torch.tensor(3), "the slider 'n' needs a list of values, got tensor(3)"),
        (np.ma.array([1, 2, 3], mask=[0, 1, 0]), "got masked (missing) ones"),
        (itertools.count(), "5001 or more states"),
        (range(10**12), "1000000000000 states"),
        (
            Slider([1, 2], format="{:.1f}"),
            "the format of the slider 'n' must be a func",
        ),
        (Slider([1, 2], label=3), "the label of the slider 'n' must be a str, got 3"),
        (Slider([1, 2], unit=3), "the unit of the slider 'n' must be a str, got 3"),
        (
            Slider([1, 2], format=lambda n: ""),
            "made '' of 1; it must return a non-empty",
        ),
        (Slider([1, 2], format=lambda n: " "), "made ' ' of 1; it must return a"),
        (["", "a"], "the value '' of the slider 'n' has no text to show"),
        (Slider([np.str_(" \n"), "a"], unit="m"), "of the slider 'n' has no text"),
        (Slider([1, 2], seconds=Decimal("NaN")), "the seconds of the slider 'n' must"),
    ],
)
def test_what_is_no_list_of_readable_values_is_refused(values, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        settle({"n": values})


def test_a_value_that_the_slider_does_not_have_cannot_be_set():
    explored, _ = numbered([1, 2])
    with pytest.raises(TraitError, match="Value: 3 is not one of the 2 values"):
        explored.value.value = 3
    assert explored.value.value == 1
