"""The figure in a live notebook: ipywidgets sliders drive the page's own script.

The sliders are linked to the picture in the browser, so that moving one costs no
trip to the kernel; the kernel hears of it all the same.
"""

from __future__ import annotations

import anywidget
import ipywidgets
import traitlets

from . import page
from .recording import Recording

_MODULE = """
let views = 0;
export default {
  render({ model, el }) {
    const box = document.createElement("div");
    const identity = model.get("identity"), id = identity + "v" + views++;
    box.className = "explore-box";
    box.innerHTML = model.get("markup").replaceAll(identity, id);
    el.append(box);
    const names = model.get("axes");
    const move = mount(box.firstElementChild, model.get("data"), id);
    const follow = () => move(names.map((name) => model.get(name)));
    names.forEach((name) => model.on("change:" + name, follow));
    follow();
    return () => names.forEach((name) => model.off("change:" + name, follow));
  },
};
"""


class Picture(anywidget.AnyWidget):
    """A recorded figure whose state is the position of up to three sliders."""

    _esm = page.asset("explore.js") + _MODULE
    markup = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    identity = traitlets.Unicode().tag(sync=True)
    axes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    position0 = traitlets.Int(0).tag(sync=True)
    position1 = traitlets.Int(0).tag(sync=True)
    position2 = traitlets.Int(0).tag(sync=True)


def live(
    recording: Recording, identity: str
) -> tuple[ipywidgets.VBox, dict[str, ipywidgets.SelectionSlider]]:
    """Return the widget to display and the slider of each argument by name."""
    names = [f"position{axis}" for axis in range(len(recording.sliders))]
    picture = Picture(
        markup=page.figure_html(recording, identity, controls=False),
        data=page.encode(recording),
        identity=identity,
        axes=names,
        **dict(zip(names, recording.start, strict=True)),
    )
    label_width = 0.6 * max(len(slider.label) for slider in recording.sliders) + 1
    sliders = {}
    rows = []
    for axis, slider in enumerate(recording.sliders):
        control = ipywidgets.SelectionSlider(
            options=list(zip(slider.texts, slider.values, strict=True)),
            index=recording.start[axis],
            description=slider.label,
            continuous_update=True,
            style={"description_width": f"{label_width:.1f}em"},
            layout={"width": "auto"},
        )
        ipywidgets.jslink((control, "index"), (picture, names[axis]))
        sliders[slider.name] = control
        rows.append(control)
    last = len(recording.sliders[0].values) - 1
    play = ipywidgets.Play(
        min=0,
        max=last,
        value=recording.start[0],
        interval=min(500, max(80, 6000 // max(last, 1))),
        show_repeat=False,
    )
    ipywidgets.jslink((play, "value"), (rows[0], "index"))
    controls = ipywidgets.VBox(
        [play, *rows], layout={"width": "min(100%, 44rem)", "margin": "0 auto"}
    )
    return ipywidgets.VBox([picture, controls]), sliders
