"""One figure saved as a page by `explore` and by what a user might pick instead.

A page counts as it opens without network: with all scripts inside, gzipped. Where a
tool has no slider, or one slider only, the row says so.
"""

from __future__ import annotations

import gzip
import itertools
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot as plt

from collapse.explore import explore

from .figures import X, density, line_figure, save_holomap
from .table import Row

GENERATIONS = range(50)
FRACTIONS = [step / 6 for step in range(7)]


def measure() -> Iterator[Row]:
    """The weight of a line of 201 points with 50 states, and with 50 x 7."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        for fractions in (FRACTIONS[:1], FRACTIONS):
            count = len(GENERATIONS) * len(fractions)
            for name, save in SAVERS.items():
                save(path, fractions)
                yield Row(
                    f"{name}, {count} states, gzipped page", kilobytes(path), "KB"
                )
        save_mpld3(path)
        name = f"mpld3 {version('mpld3')}, 1 state (it has no slider), gzipped page"
        yield Row(name, kilobytes(path), "KB")


def kilobytes(path: Path) -> float:
    """Weight of a file as a server sends it."""
    return len(gzip.compress(path.read_bytes())) / 1000


def save_ours(path: Path, fractions: list[float]) -> None:
    figure, update = line_figure()
    explore(figure, update, generation=GENERATIONS, real_fraction=fractions).save(path)


def save_bokeh(path: Path, fractions: list[float]) -> None:
    save_holomap(path, GENERATIONS, fractions)


def save_pictures(path: Path, fractions: list[float]) -> None:
    save_holomap(path, GENERATIONS, fractions, backend="matplotlib")


def save_plotly(path: Path, fractions: list[float]) -> None:
    """A frame for each state; two of its sliders cannot share frames, so it has one."""
    from plotly import graph_objects

    def curve(generation: int, fraction: float) -> graph_objects.Scatter:
        return graph_objects.Scatter(x=X, y=density(generation, fraction))

    states = list(itertools.product(GENERATIONS, fractions))
    frames = [
        graph_objects.Frame(
            data=[curve(*state)],
            traces=[1],
            name=str(number),
            layout={"title": {"text": f"Generation {state[0]}"}},
        )
        for number, state in enumerate(states)
    ]
    steps = [
        {
            "label": f"{generation}, {fraction:.2g}",
            "method": "animate",
            "args": [[str(number)], {"mode": "immediate"}],
        }
        for number, (generation, fraction) in enumerate(states)
    ]
    truth = graph_objects.Scatter(x=X, y=density(0, 1), line={"dash": "dash"})
    layout = {"sliders": [{"steps": steps}], "yaxis": {"range": [0, 3]}}
    figure = graph_objects.Figure([truth, curve(0, fractions[0])], layout, frames)
    figure.write_html(path, include_plotlyjs=True)


def save_mpld3(path: Path) -> None:
    """One state, its two scripts put into the page."""
    import mpld3

    figure, update = line_figure()
    update(0, 0.0)
    page = mpld3.fig_to_html(figure, no_extras=True)
    files = (mpld3.urls.D3_LOCAL, mpld3.urls.MPLD3MIN_LOCAL)
    scripts = (f"<script>{Path(file).read_text('utf-8')}</script>" for file in files)
    path.write_text("".join(scripts) + page, "utf-8")
    plt.close(figure)


SAVERS: dict[str, Callable[[Path, list[float]], None]] = {
    "explore": save_ours,
    "HoloViews with Bokeh": save_bokeh,
    "HoloViews with matplotlib": save_pictures,
    "Plotly, one slider": save_plotly,
}
