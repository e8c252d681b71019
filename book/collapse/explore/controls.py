"""The HTML of a figure's controls; the script makes them move.

Knows controls and text; neither figures nor pages.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

from .sliders import SettledSlider
from .stops import as_float, is_number

_MOST_TICKS = 25


def controls_html(
    sliders: Sequence[SettledSlider],
    start: Sequence[int],
    identity: str,
    below: str = "",
) -> str:
    """Return the play button, the menu, a row for each control, and room for a note.

    Parameters
    ----------
    sliders : sequence of SettledSlider
    start : sequence of int
        The position of each.
    identity : str
        Prefix of every id inside.
    below : str
        HTML that follows the rows.
    """
    rows = []
    for axis, (slider, position) in enumerate(zip(sliders, start, strict=True)):
        row = _ROWS[slider.control](slider, position, f"{identity}s{axis}")
        # A style or a script of the reader's finds sliders among other controls.
        kind = " explore-slider" if slider.control == "slider" else ""
        rows.append(f'<div class="explore-control{kind}">{row}</div>')
    what = html.escape(sliders[0].label)
    seconds = sliders[0].seconds
    pace = f'data-pace="{1000 * seconds:.0f}" ' if seconds else ""
    return (
        '<div class="explore-controls" hidden><div class="explore-buttons">'
        f'<button type="button" class="explore-play" data-what="{what}" {pace}'
        f'aria-label="Play: {what}"></button>'
        '<details class="explore-menu"><summary aria-label="More" title="More">'
        "</summary><ul></ul></details></div>"
        f'<div class="explore-rows">{"".join(rows)}</div>{below}'
        '<p class="explore-note" role="status"></p></div>'
    )


def _attributes(slider: SettledSlider, identity: str) -> str:
    return f'id="{identity}" data-name="{slider.name}" data-control="{slider.control}"'


def _label(slider: SettledSlider, identity: str) -> str:
    return f'<label for="{identity}" dir="auto">{html.escape(slider.label)}</label>'


def _slider(slider: SettledSlider, position: int, identity: str) -> str:
    text = html.escape(slider.texts[position])
    last = len(slider.values) - 1
    leaps = _leaps(slider)
    gaps = f";--leaps:{_gaps(leaps, last)}" if leaps else ""
    marked = f' data-track="--stops:{last}{gaps}"'
    if leaps and last < _MOST_TICKS:
        marked += ' class="explore-ticks"'
    return (
        f"{_label(slider, identity)}"
        f'<input type="range" {_attributes(slider, identity)}{marked} min="0" '
        f'max="{last}" step="1" value="{position}" autocomplete="off" '
        f'aria-valuetext="{text}">'
        f'<output for="{identity}" aria-live="off" dir="auto" title="Type a value">'
        f"{text}</output>"
    )


def _leaps(slider: SettledSlider) -> list[int]:
    """The steps that are wider than the least: their track is broken."""
    if not all(map(is_number, slider.values)):
        return []
    numbers = map(as_float, slider.values)
    widths = [abs(b - a) for a, b in itertools.pairwise(numbers)]
    limit = min(widths, default=0) + 1e-6 * max(widths, default=0)
    return [step for step, width in enumerate(widths) if width > limit]


def _gaps(leaps: Sequence[int], last: int) -> str:
    """Stops of a gradient: a gap in the middle of each of these steps of ``last``."""
    half = "4px" if last < _MOST_TICKS else f"{20 / last:.2g}%"
    middles = [f"{100 * (step + 0.5) / last:.3g}%" for step in leaps]
    return "".join(
        f",#0000 calc({middle} - {half}),var(--paper) 0 calc({middle} + {half}),#0000 0"
        for middle in middles
    )


def _buttons(slider: SettledSlider, position: int, identity: str) -> str:
    options = "".join(
        f'<label dir="auto"><input type="radio" name="{identity}" value="{index}" '
        f'autocomplete="off"{" checked" if index == position else ""}>'
        f"<span>{html.escape(text)}</span></label>"
        for index, text in enumerate(slider.texts)
    )
    return (
        f'<span class="explore-label" id="{identity}label" dir="auto">'
        f"{html.escape(slider.label)}</span>"
        f'<span class="explore-segments" role="radiogroup" '
        f'aria-labelledby="{identity}label" {_attributes(slider, identity)}>'
        f"{options}</span>"
    )


def _list(slider: SettledSlider, position: int, identity: str) -> str:
    options = "".join(
        f'<option value="{index}"{" selected" if index == position else ""}>'
        f"{html.escape(text)}</option>"
        for index, text in enumerate(slider.texts)
    )
    return (
        f"{_label(slider, identity)}<select {_attributes(slider, identity)} "
        f'autocomplete="off">{options}</select>'
    )


def _die(slider: SettledSlider, position: int, identity: str) -> str:
    text = html.escape(slider.texts[position])
    return (
        f'<button type="button" class="explore-die" {_attributes(slider, identity)} '
        f'data-position="{position}">Another {html.escape(slider.label)}</button>'
        f'<output for="{identity}" aria-live="polite" dir="auto">{text}</output>'
    )


_ROWS = {"slider": _slider, "buttons": _buttons, "list": _list, "die": _die}
