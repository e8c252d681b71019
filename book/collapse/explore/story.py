"""What a figure asks of its reader, and points at: predictions, and moments to visit.

Knows controls and what artists show as numbers; neither pages nor how they move.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .sentences import typeset
from .series import series_of
from .sliders import SettledSlider
from .stops import find, is_number

State = Mapping[str, Any]
"""Values of some of the controls, by name."""


@dataclass(frozen=True)
class Pick:
    """A prediction that is chosen among options.

    Parameters
    ----------
    question : str
        What the reader is asked before the figure is moved.
    options : sequence of str
        Two to six answers, all different.
    answer : str
        The right one.
    lesson : str
        What the answer teaches, in a sentence.
    state : mapping
        Where the controls go then: values by name. The first of them plays.
    """

    question: str
    options: Sequence[str]
    answer: str
    lesson: str
    state: State


@dataclass(frozen=True)
class Estimate:
    """A prediction that is typed: a number.

    Parameters
    ----------
    question : str
        What the reader is asked before the figure is moved.
    answer : float
        The number that the figure shows.
    lesson : str
        What the answer teaches, in a sentence.
    state : mapping
        Where the controls go then: values by name. The first of them plays.
    unit : str, optional
        Follows the number.
    axes : matplotlib.axes.Axes, optional
        Where the number is a height: the reader's is drawn across as a dotted line.
    """

    question: str
    answer: float
    lesson: str
    state: State
    unit: str = ""
    axes: Axes | None = None


@dataclass(frozen=True)
class Sketch:
    """A prediction that is drawn, over which the true curve is laid.

    Parameters
    ----------
    question : str
        What the reader is asked before the figure is moved.
    curve : matplotlib.lines.Line2D
        The line that shows the truth once the controls have gone to ``state``; in the
        state shown first it should not. Its panel keeps its scales.
    lesson : str
        What the difference teaches, in a sentence.
    state : mapping
        Where the controls go then: values by name. The first of them plays.
    """

    question: str
    curve: Line2D
    lesson: str
    state: State


Prediction = Pick | Estimate | Sketch


@dataclass(frozen=True)
class Story:
    """What a recording says beside its states, with nothing left open.

    Attributes
    ----------
    ghost : bool
        Whether the setting that a reader leaves stays, faint.
    moments : tuple of pairs
        Words, and the position of each control; None for one that stays.
    prediction : mapping or None
        As a page needs it.
    printed : tuple of tuple of int
        The states that paper shows; without any, the first control's first and last.
    """

    ghost: bool = False
    moments: tuple[tuple[str, tuple[int | None, ...]], ...] = ()
    prediction: Mapping[str, Any] | None = None
    printed: tuple[tuple[int, ...], ...] = ()

    def __bool__(self) -> bool:
        return self.ghost or bool(self.moments) or self.prediction is not None


NO_STORY = Story()
SAID = "question", "lesson"
"""What each prediction says."""


def settle_story(
    fig: Figure,
    sliders: Sequence[SettledSlider],
    ghost: bool,
    moments: Mapping[str, State] | None,
    prediction: Prediction | None,
    print_states: Sequence[State | str] | None = None,
) -> Story:
    """Turn what ``explore`` was given into positions, names and numbers.

    Raises
    ------
    ValueError
        If words are missing, a control or a value does not exist, an answer is none of
        the options or no number, or a curve is none of the figure's.
    """
    if not isinstance(ghost, bool):
        raise ValueError(f"ghost must be True or False, got {ghost!r}")
    if moments is not None and not isinstance(moments, Mapping):
        raise ValueError(f"moments must map words to states, got {moments!r}")
    settled = []
    for words, state in (moments or {}).items():
        _check_sentence("a moment's name", words)
        settled.append(
            (typeset(words), _positions(sliders, state, f"the moment {words!r}"))
        )
    printed = _printed(sliders, moments or {}, print_states)
    return Story(ghost, tuple(settled), _settled(fig, sliders, prediction), printed)


def _printed(
    sliders: Sequence[SettledSlider],
    moments: Mapping[str, State],
    print_states: Sequence[State | str] | None,
) -> tuple[tuple[int, ...], ...]:
    if print_states is None:
        return ()
    is_list = isinstance(print_states, Sequence) and not isinstance(print_states, str)
    if not is_list or not print_states:
        raise ValueError(
            f"print_states must be a list of one state or more, got {print_states!r}"
        )
    named = [moments.get(s, s) if isinstance(s, str) else s for s in print_states]
    return tuple(
        _filled(sliders, _positions(sliders, state, "a state of print_states"))
        for state in named
    )


def _filled(
    sliders: Sequence[SettledSlider], positions: Sequence[int | None]
) -> tuple[int, ...]:
    """Positions in which a control that is not named stands where it starts."""
    return tuple(
        slider.start_index if position is None else position
        for slider, position in zip(sliders, positions, strict=True)
    )


def _settled(
    fig: Figure, sliders: Sequence[SettledSlider], prediction: Prediction | None
) -> Mapping[str, Any] | None:
    if prediction is None:
        return None
    if not isinstance(prediction, Pick | Estimate | Sketch):
        raise ValueError(
            f"prediction must be a Pick, an Estimate or a Sketch, got {prediction!r}"
        )
    for name in SAID:
        _check_sentence(f"the prediction's {name}", getattr(prediction, name))
    wanted = _positions(sliders, prediction.state, "the prediction's state")
    state = list(_filled(sliders, wanted))
    if state == [slider.start_index for slider in sliders]:
        raise ValueError(
            "the prediction's state is the one shown first, which gives it away; let "
            "the figure start elsewhere"
        )
    asked = {name: typeset(getattr(prediction, name)) for name in SAID}
    return {**asked, "state": state, **_asked(fig, prediction)}


def _asked(fig: Figure, prediction: Prediction) -> dict[str, Any]:
    """What is particular to each kind of prediction."""
    match prediction:
        case Pick(options=options, answer=answer):
            options = list(options)
            for option in options:
                _check_sentence("an option", option)
            if not 2 <= len(options) <= 6 or len(set(options)) < len(options):
                raise ValueError(
                    f"options must be two to six different answers, got {options!r}"
                )
            if answer not in options:
                raise ValueError(
                    f"the answer {answer!r} must be one of the options {options!r}"
                )
            offered = [typeset(option) for option in options]
            return {"kind": "pick", "options": offered, "answer": typeset(answer)}
        case Estimate(answer=answer, axes=axes):
            if not is_number(answer) or not math.isfinite(answer):
                raise ValueError(f"the answer must be a finite number, got {answer!r}")
            if axes is not None and axes not in fig.axes:
                raise ValueError(f"axes must be Axes of fig, got {axes!r}")
            panel = None if axes is None else fig.axes.index(axes)
            known = {"answer": float(answer), "unit": prediction.unit, "panel": panel}
            return {"kind": "estimate", **known}
        case Sketch(curve=curve):
            place = curve.axes if isinstance(curve, Line2D) else None
            if not isinstance(place, Axes) or place not in fig.axes:
                raise ValueError(f"curve must be a line of fig, got {curve!r}")
            panel = fig.axes.index(place)
            shown = series_of(curve, panel, place)
            if shown is None or shown.kind != "line":
                raise ValueError(f"curve must be a drawn line of fig, got {curve!r}")
            across = place.get_xlabel() or "x"
            return {"kind": "sketch", "panel": panel, "series": shown.name, "x": across}
    raise AssertionError("all kinds are above")


def _check_sentence(what: str, words: object) -> None:
    if not isinstance(words, str) or not words.strip():
        raise ValueError(f"{what} must be a non-empty str, got {words!r}")


def _positions(
    sliders: Sequence[SettledSlider], state: State | str, whose: str
) -> tuple[int | None, ...]:
    """Where the controls stand in a state; None for those that it does not name."""
    names = [slider.name for slider in sliders]
    if not isinstance(state, Mapping) or not state:
        raise ValueError(
            f"{whose} must map names of controls to values, such as "
            f"{{{names[0]!r}: {sliders[0].values[-1]!r}}}, got {state!r}"
        )
    if strangers := [name for name in state if name not in names]:
        raise ValueError(
            f"{whose} names {strangers[0]!r}, but the controls are {', '.join(names)}"
        )
    positions = []
    for slider in sliders:
        place = None
        if slider.name in state:
            place = find(slider.values, state[slider.name])
            if place is None:
                raise ValueError(
                    f"{whose} asks for {slider.name}={state[slider.name]!r}, which is "
                    f"not one of its {len(slider.values)} values"
                )
        positions.append(place)
    return tuple(positions)


# As HTML ------------------------------------------------------------------------


def moments_html(story: Story) -> str:
    """The list of states worth visiting; the script lets its buttons lead there."""
    if not story.moments:
        return ""
    items = "".join(
        f'<li><button type="button">{html.escape(words)}</button></li>'
        for words, _ in story.moments
    )
    return f'<ul class="explore-moments" aria-label="States to visit">{items}</ul>'


def prediction_html(story: Story, identity: str) -> str:
    """The question, and what it is answered with; hidden until the script is there.

    Parameters
    ----------
    story : Story
    identity : str
        Prefix of every id inside.
    """
    if story.prediction is None:
        return ""
    prediction, asked = story.prediction, f"{identity}asked"
    return (
        f'<form class="explore-prediction" hidden><p id="{asked}" dir="auto">'
        f"<strong>First predict.</strong> {html.escape(prediction['question'])}</p>"
        f'<div class="explore-answer">{_ANSWERS[prediction["kind"]](prediction, asked)}'
        ' <button type="submit">Show what happens</button></div>'
        '<p class="explore-lesson" role="status" dir="auto"></p></form>'
    )


def _options(prediction: Mapping[str, Any], asked: str) -> str:
    options = "".join(
        f'<label dir="auto"><input type="radio" name="{asked}" autocomplete="off" '
        f'value="{html.escape(option)}"> {html.escape(option)}</label>'
        for option in prediction["options"]
    )
    return (
        f'<span class="explore-options" role="radiogroup" aria-labelledby="{asked}">'
        f"{options}</span>"
    )


def _number(prediction: Mapping[str, Any], asked: str) -> str:
    return (
        '<input type="text" inputmode="decimal" size="8" autocomplete="off" '
        f'aria-labelledby="{asked}"> {html.escape(prediction["unit"])}'
    )


def _heights(prediction: Mapping[str, Any], asked: str) -> str:
    return (
        "<span>Draw it into the figure from left to right, or</span> "
        f'<details aria-labelledby="{asked}"><summary>type a few heights</summary>'
        "</details>"
    )


_ANSWERS = {"pick": _options, "estimate": _number, "sketch": _heights}
