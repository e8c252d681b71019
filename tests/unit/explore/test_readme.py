"""What the package's README shows runs, and what it says of the package holds."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt

import collapse.explore
from collapse.explore import (
    Dice,
    Estimate,
    Pick,
    Sketch,
    Slider,
    UnsupportedDrawingError,
    explore,
)
from collapse.explore.sentences import typeset
from collapse.explore.sliders import CONTROLS, MAX_STATES

README = Path(collapse.explore.__file__).with_name("README.md")
GALLERY = README.parents[2] / "appendix" / "gallery.md"


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def rows(text: str, heading: str) -> dict[str, list[str]]:
    """The table that begins with a heading: first cell -> the others."""
    table = text[text.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table]
    return {first: others for first, *others in cells}


# The example --------------------------------------------------------------------------


@pytest.fixture
def example(readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Run the example in an empty folder; return what it defines."""
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    return names


def test_the_example_saves_a_page_with_each_state(example: dict, tmp_path: Path):
    figure = example["figure"]
    assert figure.friction.value == 0.1
    page = (tmp_path / "pendulum.html").read_text("utf-8")
    assert "<title>A pendulum</title>" in page
    data = json.loads(re.search(r"previousElementSibling, (\{.*?\}), \"ex", page)[1])
    frictions = figure.recording.sliders[0].values
    assert len(frictions) == 5
    captions = [typeset(example["update"](each, 0)[1]) for each in frictions]
    assert data["captions"] == captions
    curve = max(data["layers"], key=lambda layer: len(layer["drawings"]))
    assert sorted(set(curve["table"])) == [*range(20)], "one for each state"


def test_the_address_of_the_readme_is_one_of_the_example(readme: str, example: dict):
    name, query = re.search(r"`#([a-z-]+)\?(\S+)`", readme).groups()
    recording = example["figure"].recording
    assert recording.name == name
    keys = {slider.name: slider.keys for slider in recording.sliders}
    asked = dict(pair.split("=") for pair in query.split("&"))
    assert asked.keys() == keys.keys()
    assert all(value in keys[control] for control, value in asked.items())


# Arguments ----------------------------------------------------------------------------


def test_every_argument_is_told(readme: str):
    told = [name.strip("`") for name in rows(readme, "Argument")]
    *named, _ = inspect.signature(explore).parameters
    assert told == [*named, "one to three controls"]


@pytest.mark.parametrize("kind", [Slider, Dice, Pick, Estimate, Sketch])
def test_signatures_are_those_of_the_classes(readme: str, kind: type):
    told = re.search(rf"`{kind.__name__}\((.*?)\)`", readme)[1]
    parts = [
        name if default is inspect.Parameter.empty else f"{name}={default!r}"
        for name, default in (
            (each.name, each.default)
            for each in inspect.signature(kind).parameters.values()
        )
    ]
    assert told == ", ".join(parts).replace("'", '"')


def test_every_kind_of_control_is_told(readme: str):
    assert [kind.strip("`") for kind in rows(readme, "Control")] == list(CONTROLS)


# Costs --------------------------------------------------------------------------------


def test_update_is_called_once_a_state_and_a_few_times_again():
    fig, ax = plt.subplots()
    (line,) = ax.plot([0, 1])
    asked = []

    def update(height):
        asked.append(height)
        line.set_ydata([0, height])

    explore(fig, update, height=range(200))
    assert set(asked) == set(range(200))
    assert len(asked) <= 200 + 10


def test_the_most_states_are_told(readme: str):
    assert f"up to {MAX_STATES} states" in readme


@pytest.mark.parametrize(("column", "fractions"), [(0, 1), (1, 7)])
def test_the_weight_of_our_page_is_what_the_table_says(
    readme, root, tmp_path, monkeypatch, column, fractions
):
    monkeypatch.syspath_prepend(root)
    others = importlib.import_module("benchmarks.others")
    path = tmp_path / "page.html"
    others.save_ours(path, others.FRACTIONS[:fractions])
    table = rows(readme, "Saved by")
    told = float(next(iter(table.values()))[column].removesuffix(" KB"))
    assert others.kilobytes(path) == pytest.approx(told, rel=0.03)


def test_the_gallery_repeats_the_table(readme: str):
    table = rows(readme, "Saved by").values()
    ours, bokeh, _, plotly, _ = (cells[0].removesuffix(" KB") for cells in table)
    said = " ".join(GALLERY.read_text("utf-8").split())
    assert f"weighs {bokeh} and {plotly} KB gzipped" in said
    assert f"that of `explore` weighs {float(ours):.0f} KB" in said


# What it cannot carry -----------------------------------------------------------------


def shaded(ax, place):
    ax.pcolormesh([[0, 1], [2, place]], shading="gouraud")


def sketched(ax, place):
    ax.plot([0, place], sketch_params=(1, 100, 2))


def filtered(ax, place):
    ax.plot([0, place], agg_filter=lambda image, dpi: (image, 0, 0))


RNG = np.random.default_rng(0)


def by_lot(ax, place):
    ax.set_xlabel(f"{RNG.random()}")


def still(ax, place):
    ax.set_xlabel("the same")


def resized(ax, place):
    ax.figure.set_size_inches(place, 3)


def another(ax, place):
    plt.figure()


def closed(ax, place):
    plt.close(ax.figure)


def titled(ax, place):
    return ("a title", "a caption") if place == 1 else "a caption"


def moved(ax, place):
    ax.set_xlim(0, place)


REFUSED = {
    "Gouraud shading": (shaded, [1, 2]),
    "sketched lines": (sketched, [1, 2]),
    "a filter on an artist": (filtered, [1, 2]),
    "a state drawn by lot": (by_lot, [1, 2]),
    "a control that moves nothing": (still, [1, 2]),
    "a figure that changes size": (resized, [1, 2]),
    "too many states": (moved, range(10_000)),
    "another figure": (another, [1, 2]),
    "its own figure closed": (closed, [1, 2]),
    "a title now and then": (titled, [1, 2]),
    "a range for a list": (moved, (0, 10)),
    "a picture for a page": (moved, [1, 2]),
}
DRAWINGS = {"Gouraud shading", "sketched lines", "a filter on an artist"}


def test_what_is_refused_is_what_is_tried_here(readme: str):
    assert rows(readme, "What").keys() == REFUSED.keys()


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_says_what_the_readme_says(readme: str, what: str, tmp_path: Path):
    draw, places = REFUSED[what]
    fig, ax = plt.subplots()
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        explore(fig, lambda place: draw(ax, place), place=places).save(
            tmp_path / "a.png"
        )
    told = rows(readme, "What")[what][0].strip("`")
    assert told in str(refused.value)
    assert isinstance(refused.value, UnsupportedDrawingError) == (what in DRAWINGS)
