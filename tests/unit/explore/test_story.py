"""Predictions, moments and ghosts: what is refused, and what a page gets of them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from collapse.explore import Estimate, Pick, Sketch, explore
from collapse.explore.stills import caption, printed

END = {"generation": 3}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def decay(**story):
    """A curve that grows with the generations, on one panel of two."""
    figure, (axes, other) = plt.subplots(1, 2)
    axes.axhline(1, label="real")
    (curve,) = axes.plot([], [], label="model")
    axes.set(xlim=(0, 3), ylim=(0, 1.2), xlabel="generation")
    generations = np.arange(4)

    def update(generation, points):
        curve.set_data(
            generations[: generation + 1],
            (1 - 1 / points) ** generations[: generation + 1],
        )
        other.set_ylim(0, 1 + generation)
        return f"After {generation} with {points}."

    made = {
        name: make(figure, curve) if callable(make) else make
        for name, make in story.items()
    }
    return explore(figure, update, generation=range(4), points=[2, 10], **made)


def pick(**changed):
    settings = {
        "question": "How much is left?",
        "options": ["all", "an <eighth>"],
        "answer": "an <eighth>",
        "lesson": "Half goes each time.",
        "state": END,
    }
    return Pick(**{**settings, **changed})


def estimate(**changed):
    settings = {
        "question": "How much?",
        "answer": 0.125,
        "lesson": "Half.",
        "state": END,
    }
    return Estimate(**{**settings, **changed})


def data_of(explored) -> dict:
    found = re.search(
        r'previousElementSibling, (.*?), "\w+"(?:, addStory)?\)', explored.html(), re.S
    )
    return json.loads(found[1])


def test_a_figure_without_a_story_carries_none_of_it():
    plain, asked = decay().html(), decay(prediction=pick()).html()
    assert "addStory" not in plain
    assert "explore-prediction" not in plain.replace(
        plain[: plain.index("</style>")], ""
    )
    assert "function addStory" in asked


def test_a_page_gets_positions_for_values():
    moments = {"two & ten": {"generation": 2, "points": 10}, "few": {"points": 2}}
    explored = decay(ghost=True, moments=moments, prediction=pick())
    data = data_of(explored)
    assert data["moments"] == [[2, 1], [None, 0]]
    assert data["prediction"]["state"] == [3, 0]
    assert data["labels"] == ["Generation", "Points"]
    html = explored.html()
    assert "two &amp; ten</button>" in html
    assert 'value="an &lt;eighth&gt;"' in html


def test_an_estimate_names_its_panel():
    on_the_left = decay(
        prediction=lambda figure, curve: estimate(axes=curve.axes, unit="%")
    )
    assert data_of(on_the_left)["prediction"]["panel"] == 0
    assert data_of(decay(prediction=estimate()))["prediction"]["panel"] is None


def test_a_sketch_names_its_curve():
    explored = decay(
        prediction=lambda _, curve: Sketch("Draw it.", curve, "It bends.", END)
    )
    prediction = data_of(explored)["prediction"]
    assert (prediction["panel"], prediction["series"]) == (0, "model")
    assert prediction["x"] == "generation"


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ({"ghost": 1}, "ghost must be True or False, got 1"),
        ({"moments": ["end"]}, "moments must map words to states"),
        ({"moments": {" ": END}}, "a moment's name must be a non-empty str"),
        ({"moments": {"end": {}}}, "the moment 'end' must map names of controls"),
        ({"moments": {"end": {"age": 3}}}, "names 'age', but the controls are"),
        ({"moments": {"end": {"generation": 9}}}, "generation=9, which is not one of"),
        ({"prediction": "half"}, "prediction must be a Pick, an Estimate or a Sketch"),
        ({"prediction": pick(question="")}, "the prediction's question must be a"),
        ({"prediction": pick(lesson=3)}, "the prediction's lesson must be a"),
        ({"prediction": pick(options=["all"], answer="all")}, "two to six different"),
        (
            {"prediction": pick(options=["all", "all"], answer="all")},
            "two to six different",
        ),
        ({"prediction": pick(answer="none")}, "'none' must be one of the options"),
        ({"prediction": pick(state={"generation": 0})}, "the one shown first"),
        ({"prediction": estimate(answer=np.nan)}, "must be a finite number, got nan"),
        ({"prediction": estimate(answer="half")}, "the answer must be a finite number"),
        ({"prediction": estimate(axes=3)}, "axes must be Axes of fig, got 3"),
        (
            {"prediction": lambda figure, _: estimate(axes=figure.axes[1])},
            "the panel of a prediction must keep its scales",
        ),
        (
            {"prediction": lambda *_: Sketch("Draw.", "a curve", "So.", END)},
            "curve must be a line of fig, got 'a curve'",
        ),
        (
            {
                "prediction": lambda fig, _: Sketch(
                    "?", fig.axes[0].lines[0], "So.", END
                )
            },
            "the same in the state shown first and in the prediction's",
        ),
    ],
)
def test_what_a_figure_cannot_say_is_refused(story, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        decay(**story)


def test_two_lines_of_one_name_cannot_be_sketched():
    figure, axes = plt.subplots()
    (one,) = axes.plot([0, 1], label="line")
    axes.plot([1, 2], label="line")

    def update(size):
        one.set_ydata([0, size])

    sketch = Sketch("Draw.", one, "So.", {"size": 2})
    with pytest.raises(ValueError, match="2 lines of the panel are called 'line'"):
        explore(figure, update, prediction=sketch, size=[1, 2])


def test_no_line_ends_between_a_number_and_its_per_cent():
    asked = pick(question="Are 5 % left?", lesson="No, 12 %.", options=["7 %", "none"])
    asked = Pick(**{**vars(asked), "answer": "7 %"})
    moments = {"at 10 %": END}
    html = decay(prediction=asked, moments=moments).html()
    assert re.findall(r"\d+ %", html) == []
    for number in (5, 12, 7, 10):
        assert f"{number}\N{NO-BREAK SPACE}%" in html


def test_paper_gets_the_states_that_the_author_names():
    chosen = decay(moments={"the end": END}, print_states=[{"points": 10}, "the end"])
    assert printed(data_of(chosen)) == [[0, 1], [3, 0]]
    assert printed(data_of(decay())) == [[0, 0], [3, 0]]
    for wrong in (
        [],
        "ends",
        {"generation": 3},
        [{"generation": 9}],
        [{}],
        ["no moment"],
    ):
        with pytest.raises(ValueError, match="print_states"):
            decay(print_states=wrong)


def test_a_printed_state_has_its_caption():
    assert caption(data_of(decay()), [3, 1]) == "After 3 with 10."
