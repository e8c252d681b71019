"""A state that is drawn from what was written is the state that was recorded."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest

from collapse.explore import Slider, explore, page
from collapse.explore.stills import SVG, still


def figure_starting_at(place: int):
    """All that changes on pages: lines, markers, texts, images, areas, clipped ones."""
    figure, (left, right) = plt.subplots(1, 2)
    x = np.linspace(0, 1, 30)
    (curve,) = left.plot(x, x)
    (dots,) = left.plot(x, x, "o", alpha=0.5)
    (hollow,) = left.plot(x, x, "s", mfc="none")
    area = left.fill_between(x, x, alpha=0.3)
    word = left.text(0.2, 0.5, "", rotation=30, clip_on=True)
    picture = right.imshow(np.zeros((4, 4)), vmin=0, vmax=1)
    left.set_ylim(-1, 2)

    def update(place, power):
        curve.set_ydata(x ** (place + power))
        dots.set_ydata(np.sin((place + 1) * x))
        hollow.set_ydata(np.cos(power * x))
        area.set_data(x, 0 * x, x**power / (place + 1))
        word.set(text=f"<{place} & {power}>", x=0.1 + 0.1 * place)
        picture.set_data(np.eye(4) * (place + power) / 5)
        return f"Place {place}", f"At {place} the power is {power}."

    return explore(figure, update, place=Slider(range(3), start=place), power=[1, 2])


def taken_apart(explored):
    found = []

    def keep(figure, inside, data, identity):
        found.append((inside, json.loads(data), identity))
        return ""

    page.take_apart(explored.html(), keep)
    return found[0]


def drawn(picture: str) -> list[tuple[str, dict, str | None]]:
    """What is drawn, with its attributes, without the names of clip paths."""
    elements = []
    for node in ElementTree.fromstring(picture).iter():
        kind = node.tag.removeprefix(f"{{{SVG}}}")
        if kind in ("path", "text", "image"):
            attributes = {name: v.split("#")[0] for name, v in node.attrib.items()}
            elements.append((kind, attributes, node.text))
    return elements


@pytest.mark.slow
@pytest.mark.parametrize("place", range(3))
def test_a_still_is_the_base_picture_of_a_figure_that_starts_there(place):
    inside, data, identity = taken_apart(figure_starting_at(0))
    there, *_ = taken_apart(figure_starting_at(place))
    base = there[there.index("<svg") : there.index("</svg>") + len("</svg>")]
    got = drawn(still(inside, data, identity, [place, 0]))
    assert got == drawn(base.replace(" data-layer", ' data-layer=""'))
    assert {kind for kind, *_ in got} == {"path", "text", "image"}


def test_what_does_not_fit_is_refused():
    inside, data, identity = taken_apart(figure_starting_at(0))
    with pytest.raises(ValueError, match="inside must hold a picture"):
        still("<p>nothing</p>", data, identity, [0, 0])
    with pytest.raises(ValueError, match="data must have the picture's"):
        still(inside, data | {"layers": data["layers"][1:]}, identity, [0, 0])
