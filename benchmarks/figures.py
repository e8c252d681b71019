"""`explore` and HoloViews' `HoloMap`: recording, weight, and key to paint."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import numpy as np
from matplotlib import pyplot as plt

from collapse.explore import explore
from collapse.explore.recorder import record
from collapse.explore.sliders import settle

from .browser import key_to_paint, key_to_stroke, opened, script_share
from .table import Row, seconds

X = np.linspace(-4, 4, 201)
GENERATIONS = range(21)
FRACTIONS = [round(0.1 * step, 1) for step in range(11)]


def density(generation: int, real_fraction: float) -> np.ndarray:
    spread = 0.97 ** (generation * (1 - real_fraction))
    return np.exp(-((X / spread) ** 2) / 2) / spread


def line_figure():
    """A figure as in a chapter: truth, model, and a title that says a finding."""
    figure, axes = plt.subplots()
    axes.plot(X, density(0, 1), "--", color="black")
    (curve,) = axes.plot(X, density(0, 1))
    axes.set(ylim=(0, 3), xlabel="value", ylabel="density")
    title = axes.set_title("")

    def update(generation, real_fraction):
        curve.set_ydata(density(generation, real_fraction))
        title.set_text(f"Generation {generation}")
        return f"Generation {generation}, {100 * real_fraction:.0f} % real data."

    return figure, update


def image_figure():
    """Sixteen grey pictures of 8 x 8 pixels, as a chapter on digits shows them."""
    frames = np.random.default_rng(0).random((20, 10, 32, 32))
    figure, axes = plt.subplots()
    image = axes.imshow(frames[0, 0], cmap="gray", interpolation="none")
    axes.axis("off")

    def update(generation, real_fraction):
        image.set_data(frames[generation, round(real_fraction * 9)])

    axes_values = {
        "generation": range(20),
        "real_fraction": [step / 9 for step in range(10)],
    }
    return figure, update, axes_values


def measure() -> Iterator[Row]:
    """Rows for our figure, then the comparison on the same 21 x 11 states."""
    yield from _recording()
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder, "ours.html")
        theirs = Path(folder, "theirs.html")
        figure, update = line_figure()
        start = time.perf_counter()
        explore(figure, update, generation=GENERATIONS, real_fraction=FRACTIONS).save(
            ours
        )
        our_time = time.perf_counter() - start
        start = time.perf_counter()
        save_holomap(theirs, GENERATIONS, FRACTIONS)
        their_time = time.perf_counter() - start
        our_keys, their_keys = [], []
        for throttling, median, late in ((1, 16, 32), (4, 32, 64)):
            with opened(ours.as_uri(), throttling) as page:
                paints = key_to_paint(page)
                our_keys.append(statistics.median(paints))
                what = f"key to paint, {throttling}x throttling"
                yield Row(f"{what}, median", our_keys[-1], "ms", median)
                percentile = statistics.quantiles(paints, n=20)[-1]
                yield Row(f"{what}, 95th percentile", percentile, "ms", late)
                if throttling == 1:
                    yield Row("our script's share of it", script_share(page), "ms", 2)
            with opened(theirs.as_uri(), throttling) as page:
                page.wait_for_selector(".noUi-handle")
                page.wait_for_timeout(1000)
                their_keys.append(
                    statistics.median(key_to_stroke(page, ".noUi-handle"))
                )
                yield Row(
                    f"HoloViews, key to last stroke, {throttling}x, median",
                    their_keys[-1],
                    "ms",
                )
                yield Row(
                    f"our key to paint / theirs to stroke, {throttling}x",
                    our_keys[-1] / their_keys[-1],
                    "times",
                    at_most=1 / 3,
                )
        yield Row("HoloViews / ours: recording and saving", their_time / our_time, "")
        sizes = [len(gzip.compress(path.read_bytes())) for path in (ours, theirs)]
        yield Row("our page, 231 states, gzipped", sizes[0] / 1024, "KB", 150)
        yield Row("HoloViews / ours: gzipped page", sizes[1] / sizes[0], "")


def _recording() -> Iterator[Row]:
    fractions = [step / 6 for step in range(7)]
    sliders = settle({"generation": range(50), "real_fraction": fractions})
    figure, update = line_figure()
    time_a_state = seconds(lambda: record(figure, update, sliders)) / 350
    yield Row("recording a state of a line figure", 1000 * time_a_state, "ms", 1)
    explored = explore(figure, update, generation=range(50), real_fraction=fractions)
    weight = len(gzip.compress(explored.html().encode()))
    yield Row("a line figure of 350 states, gzipped", weight / 1024, "KB", 150)
    figure, update, axes = image_figure()
    html = explore(figure, update, **axes).html()
    weight = len(gzip.compress(html.encode())) / 1024
    yield Row("an image figure of 200 states, gzipped", weight, "KB", 500)


def save_holomap(
    path: Path,
    generations: Iterable[int],
    fractions: Sequence[float],
    backend: str = "bokeh",
) -> None:
    """Save the curves of these states as HoloViews does, all scripts in the page."""
    os.environ["TQDM_DISABLE"] = "1"  # its progress bar would fill the table
    import holoviews
    from bokeh.resources import INLINE

    with contextlib.redirect_stdout(io.StringIO()):
        holoviews.extension(backend)
        states = holoviews.HoloMap(
            {
                (generation, fraction): holoviews.Curve(
                    (X, density(generation, fraction))
                )
                for generation in generations
                for fraction in fractions
            },
            kdims=["generation", "real_fraction"],
        )
        holoviews.save(states, path, resources=INLINE)
