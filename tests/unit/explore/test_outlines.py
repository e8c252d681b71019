"""Shapes and lines far out of view: what is seen of them stays where it is."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform

from collapse.explore.marks import PathMark, coordinates
from collapse.explore.outlines import is_inside, outline, path_of
from collapse.explore.recorder import record
from collapse.explore.sliders import settle

SIZE = (400, 300)
CIRCLE = Path.unit_circle()
GRID = np.stack(np.meshgrid(np.arange(5, 400, 10), np.arange(5, 300, 10)), -1).reshape(
    -1, 2
)


def seen(path, transform=None, filled=True):
    """The path that is kept of another, in pixels."""
    transform = IdentityTransform() if transform is None else transform
    vertices, operations, _ = outline(path, transform, *SIZE, filled=filled)
    x, y = np.rint(10 * vertices).astype(np.int32).T
    kept = path_of(operations, x.tobytes(), y.tobytes())
    return Path(kept.vertices / 10, kept.codes)


def zoomed(radius, angle=0.6):
    """A circle of this radius whose edge runs through the middle of the figure."""
    way = radius * np.array([np.cos(angle), np.sin(angle)])
    return Affine2D().scale(radius).translate(*(np.array([200, 150]) - way))


@pytest.mark.parametrize("radius", [1e4, 1e6, 1e9, 1e13])
def test_a_curved_shape_keeps_its_edge_and_its_side(radius):
    kept = seen(CIRCLE, zoomed(radius))
    assert len(kept) < 500
    centre = zoomed(radius).transform([0, 0])
    inside = np.hypot(*(GRID - centre).T) < radius
    clear = np.abs(np.hypot(*(GRID - centre).T) - radius) > 1 + radius * 3e-4
    assert (is_inside(kept, GRID) == inside)[clear].all()
    assert np.abs(kept.vertices).max() < 8 * max(SIZE)


def test_a_hole_far_larger_than_the_figure_stays_a_hole():
    inner = Path(CIRCLE.vertices * [0.999, -0.999], CIRCLE.codes)  # the other way round
    ring = Path.make_compound_path(CIRCLE, inner)
    for radius in (1e5, 3e5):
        kept = seen(ring, zoomed(radius))
        centre = zoomed(radius).transform([0, 0])
        away = np.hypot(*(GRID - centre).T)
        clear = np.abs(away - radius) > 1 + radius * 3e-4
        clear &= np.abs(away - 0.999 * radius) > 1 + radius * 3e-4
        expected = (away < radius) & (away > 0.999 * radius)
        assert (is_inside(kept, GRID) == expected)[clear].all()


@pytest.mark.parametrize(
    ("corners", "inside"),
    [
        ([(-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6)], True),
        ([(1e6, 0), (2e6, 0), (2e6, 1e6)], False),
        ([(-1e7, 150), (1e7, 150), (1e7, -1e9), (-1e7, -1e9)], None),
        ([(203, 151.3), (1e8, 1e8), (1e8, -1e8)], None),
    ],
)
@pytest.mark.parametrize("closed", [True, False])
def test_a_shape_covers_what_it_covered(corners, inside, closed):
    path = Path(corners + corners[:1] * closed, closed=closed)
    kept = seen(path)
    covered = is_inside(kept, GRID) if len(kept) else np.zeros(len(GRID), bool)
    assert (covered == is_inside(Path(corners), GRID)).all()
    if inside is not None:
        assert (covered == inside).all()


def test_what_is_not_a_number_is_left_out():
    path = Path([(10, 10), (np.nan, 5), (1e6, 10), (np.inf, 9), (10, 200)])
    assert np.isfinite(seen(path).vertices).all()
    assert len(seen(Path([(np.nan, np.nan)] * 3))) == 0


def crossing(recording, place, colour, level):
    """Where the shapes of a colour cross a height, in pixels."""
    hits = []
    for mark in (m for d in recording.drawing((place,)) for m in d):
        if isinstance(mark, PathMark) and colour in mark.style:
            x, y = coordinates(mark.x) / 10, coordinates(mark.y) / 10
            for a, b, c, d in zip(x, y, x[1:], y[1:], strict=False):
                if (b - level) * (d - level) < 0:
                    hits.append(a + (c - a) * (level - b) / (d - b))
    return [hit for hit in hits if 0 < hit < 640]


@pytest.mark.parametrize("zoom", [5, 1000, 1e6])
@pytest.mark.parametrize("edged", [False, True])
def test_the_edge_of_a_fill_lies_under_its_line(zoom, edged):
    figure, axes = plt.subplots()
    x = np.linspace(0, 1, 5)
    edge = {"edgecolor": "#2ca02c"} if edged else {}
    axes.fill_between(x, 0, 1e4 * (1 - x), facecolor="#1f77b4", **edge)
    axes.plot(x, 1e4 * (1 - x), color="#d62728")

    def update(zoom):
        axes.set_xlim(1 - 5 / zoom, 1)
        axes.set_ylim(0, 1e4 / zoom)

    recording = record(figure, update, settle({"zoom": [5.5, zoom]}))
    for level in (100.0, 300.0):
        edges = [crossing(recording, 1, c, level) for c in ("#1f77b4", "#d62728")]
        assert len(edges[1]) == 1
        assert np.abs(np.array(edges[0]) - edges[1]).min() < 0.2
    if edged and zoom > 5:  # no border where the shape was cut
        border = crossing(recording, 1, "#2ca02c", 300.0)
        assert np.abs(np.array(border) - edges[1]).max() < 0.2
