"""What ties a figure that a notebook shows to its sliders in a kernel.

A notebook keeps the figure's own HTML, which needs no kernel. While there is one, a
model without a view listens to the figure in the browser, so that moving it costs no
trip to the kernel; the kernel hears of it all the same.
"""

from __future__ import annotations

import uuid

import anywidget
import traitlets

from .recording import Recording
from .stop_controls import StopButtons, StopList, Stops, StopSlider

_MODULE = """
export default {
  initialize({ model, signal }) {
    const axes = model.get("axes");
    const mine = `figure.explore[data-live="${model.get("live")}"]`;
    let hearing = false;
    function lead(figure) {
      const detail = axes.map((axis) => model.get(axis));
      figure.dispatchEvent(new CustomEvent("explore-move", { detail }));
    }
    function leadAll() {
      if (!hearing) document.querySelectorAll(mine).forEach(lead);
    }
    document.addEventListener("explore-ready", ({ target }) => {
      if (target.matches(mine)) lead(target);
    }, { signal });
    document.addEventListener("explore-moved", ({ target, detail }) => {
      if (!target.matches(mine)) return;
      hearing = true;
      axes.forEach((axis, number) => model.set(axis, detail[number]));
      hearing = false;
      model.save_changes();
      leadAll();  // the same figure may be shown twice
    }, { signal });
    axes.forEach((axis) => model.on("change:" + axis, leadAll));
    leadAll();
  },
};
"""


def _axis() -> traitlets.Int:
    # Without an echo: it would pull back a slider that has moved on in the meantime.
    return traitlets.Int(0).tag(sync=True, echo_update=False)


class Positions(anywidget.AnyWidget):
    """Where up to four controls stand in the figures that carry the name ``live``."""

    _esm = _MODULE
    live = traitlets.Unicode().tag(sync=True)
    axes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    position0 = _axis()
    position1 = _axis()
    position2 = _axis()
    position3 = _axis()


def positions(recording: Recording) -> Positions:
    """Return a model, at the start state, that no other figure has."""
    axes = [f"position{axis}" for axis in range(len(recording.sliders))]
    start = dict(zip(axes, recording.start, strict=True))
    return Positions(live=uuid.uuid4().hex, axes=axes, **start)


_CONTROLS = {
    "slider": StopSlider,
    "buttons": StopButtons,
    "list": StopList,
    "die": StopList,
}


def sliders(recording: Recording, model: Positions) -> dict[str, Stops]:
    """Return each argument's control by name; it follows the model, and leads it."""
    controls = {}
    for slider, axis in zip(recording.sliders, model.axes, strict=True):
        control = _CONTROLS[slider.control](
            options=list(zip(slider.texts, slider.values, strict=True)),
            index=getattr(model, axis),
            description=slider.label,
            style={"description_width": "initial"},
        )
        traitlets.link((model, axis), (control, "index"))
        controls[slider.name] = control
    return controls
