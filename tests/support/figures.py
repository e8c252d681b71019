"""Figures with sliders that no chapter uses, one for each kind of artist.

Each function returns a figure, its update function and its sliders. Random numbers
are drawn beforehand: a state is a function of its sliders alone.
"""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Annulus

from collapse.explore import Dice, Slider

X = np.linspace(-4, 4, 81)


def lines():
    figure, axes = plt.subplots()
    (curve,) = axes.plot(X, 0 * X)
    (steps,) = axes.plot(X[::8], 0 * X[::8], drawstyle="steps-mid", linestyle=":")
    axes.plot(X, np.sin(X), "--", color="black")
    axes.set_ylim(-3, 3)

    def update(height, phase):
        curve.set_ydata(height * np.sin(X + phase))
        steps.set_ydata(height * np.cos(X[::8]))
        return f"Height {height}, phase {phase}."

    return figure, update, {"height": [0.5, 1, 2], "phase": [0.0, 0.5, 1.0, 1.5]}


def bars_and_histograms():
    draws = np.random.default_rng(1).normal(size=(6, 400))
    figure, (left, right) = plt.subplots(1, 2)
    bars = left.bar(["one", "two", "three"], [1, 1, 1], edgecolor="black", linewidth=1)
    left.set_ylim(0, 8)
    edges = np.linspace(-4, 4, 17)
    stairs = right.stairs(np.zeros(16), edges, fill=True)
    right.set_ylim(0, 120)

    def update(count):
        for index, bar in enumerate(bars):
            bar.set_height(1 + (count * (index + 1)) % 6)
        bars[0].set_facecolor(["tab:red", "tab:green"][count % 2])
        stairs.set_data(np.histogram(draws[count], edges)[0])
        return f"Draw {count}."

    return figure, update, {"count": range(6)}


def bands():
    figure, axes = plt.subplots()
    kept = axes.fill_between(X, 0, 1, alpha=0.3)
    axes.set_ylim(-5, 5)
    renewed = []

    def update(width):
        kept.set_data(X, -width * np.exp(-(X**2)), width * np.exp(-(X**2)))
        while renewed:
            renewed.pop().remove()
        renewed.append(axes.fill_between(X, 3, 3 + width / 4, color="tab:orange"))

    return figure, update, {"width": [0.5, 1.0, 2.5, 4.0]}


def scatters():
    points = np.random.default_rng(2).normal(size=(40, 2))
    figure, axes = plt.subplots()
    axes.set(xlim=(-9, 9), ylim=(-9, 9))
    even = axes.scatter(*points.T, s=30)
    odd = axes.scatter(*points.T, c=points[:, 0], s=20 + 40 * points[:, 1] ** 2)
    (squares,) = axes.plot(*points[:9].T, "s", markeredgecolor="black")

    def update(spread):
        even.set_offsets(points * spread)
        odd.set_offsets(points[::-1] * spread + 1)
        squares.set_data(*(2 - points[:9] * spread).T)
        return f"Spread {spread}."

    return figure, update, {"spread": [0.5, 1.0, 1.5, 2.0]}


def texts_and_titles():
    figure, axes = plt.subplots()
    axes.set_xlabel("time (generations)")
    title = axes.set_title("")
    panel = axes.text(0.05, 0.9, "", va="top", transform=axes.transAxes)
    axes.text(0.5, 0.2, "turned", rotation=90)

    def update(word):
        title.set_text(f"A title <about> the {word}")
        panel.set_text(f'The "{word}" & its\n  second line\nthird {word}')
        panel.set_fontweight("bold" if word == "mole" else "normal")
        return f"It reads {word}."

    return figure, update, {"word": ["jackrabbit", "mole", "buttress"]}


def markers_and_limits():
    figure, axes = plt.subplots()
    axes.plot(np.arange(50), np.sqrt(np.arange(50)))
    mark = axes.axvline(0, color="black")
    axes.axhspan(1, 2, alpha=0.2)

    def update(place, zoom):
        mark.set_xdata([place, place])
        axes.set_xlim(0, zoom)
        axes.set_ylim(0, zoom / 5)

    return figure, update, {"place": [0, 5, 9], "zoom": [46, 50, 60]}


def appearing_artists():
    figure, axes = plt.subplots()
    axes.set(xlim=(-4, 4), ylim=(0, 16))
    late, _ = axes.plot(X, X**2, visible=False), axes.plot(X, 0 * X)

    def update(count):
        for line in axes.lines[2:]:
            line.remove()
        for height in range(count):
            axes.plot(X, 0 * X + height + 0.5, color="tab:green")
        late[0].set_visible(count > 2)

    return figure, update, {"count": range(5)}


def changed_in_place():
    figure, axes = plt.subplots()
    band = axes.fill_between(X, 0, 1)
    base = band.get_paths()[0].vertices.copy()
    axes.set_ylim(0, 5)

    def update(height):
        band.get_paths()[0].vertices[:, 1] = height * base[:, 1]

    return figure, update, {"height": [1, 2, 3, 4]}


def legends_and_twins():
    figure, left = plt.subplots()
    right = left.twinx()
    (one,) = left.plot(X, X, label="one")
    (two,) = right.plot(X, -X, label="two", color="tab:red")
    legend = left.legend(handles=[one, two])

    def update(steepness):
        two.set_ydata(-steepness * X)
        right.set_ylim(-4 * steepness, 4 * steepness)
        legend.get_texts()[1].set_text(f"two times {steepness}")

    return figure, update, {"steepness": [1, 2, 3]}


def three_sliders():
    figure, axes = plt.subplots()
    (curve,) = axes.plot(X, X)
    axes.set_ylim(-60, 60)

    def update(a, b, real_fraction):
        curve.set_ydata(a * X**2 + b * X + 10 * real_fraction)
        return f"{a} {b} {real_fraction}"

    return (
        figure,
        update,
        {
            "a": [-2, 0, 3],
            "b": [-1, 0, 1],
            "real_fraction": [0, 0.1, 1],
        },
    )


OUTLINED = [
    lines,
    bars_and_histograms,
    bands,
    scatters,
    texts_and_titles,
    markers_and_limits,
    appearing_artists,
    changed_in_place,
    legends_and_twins,
    three_sliders,
]
"""Figures made of outlines and words, which the SVG backend can judge."""


def _moving(axes):
    """Something for a slider to move: a dot below the axes' title."""
    (dot,) = axes.plot([0.1], [1.03], "o", transform=axes.transAxes, clip_on=False)
    return lambda place: dot.set_xdata([0.1 * place])


def rings_and_boxes():
    figure, (left, right) = plt.subplots(1, 2)
    left.plot(range(5), range(5), "o", ms=12, mfc="none", mec="black", mew=2)
    left.scatter(range(5), range(5, 0, -1), s=150, fc="none", ec="tab:red", lw=2)
    right.boxplot(np.random.default_rng(4).standard_t(2, size=(60, 3)))
    return figure, _moving(left), {"place": [1, 2]}


def clipped_words():
    figure, (left, right) = plt.subplots(1, 2)
    left.text(0.5, 0.5, "CLIPPED", size=20, weight="bold", ha="center", clip_on=True)
    x, y = np.meshgrid(X[::4], X[::4])
    lines = right.contour(x, y, x**2 + y**2, levels=[2, 8, 14])
    right.clabel(lines, fontsize=12)
    return figure, _moving(left), {"place": [1, 2]}


def tiles_and_colorbars():
    figure, axes = plt.subplots()
    mesh = axes.pcolormesh(np.add.outer(range(30), range(40)), cmap="viridis")
    figure.colorbar(mesh, ax=axes)
    return figure, _moving(axes), {"place": [1, 2]}


def other_projections():
    figure = plt.figure()
    round_axes = figure.add_subplot(1, 2, 1, projection="polar")
    round_axes.plot(X, np.abs(X))
    solid = figure.add_subplot(1, 2, 2, projection="3d")
    x, y = np.meshgrid(X[::10], X[::10])
    solid.plot_surface(x, y, np.sin(x) * np.cos(y), cmap="viridis")
    inset = round_axes.inset_axes([0.7, 0.7, 0.3, 0.3])
    inset.bar(range(3), [1, 2, 3])
    return figure, _moving(round_axes), {"place": [1, 2]}


def arrows_and_errors():
    figure, axes = plt.subplots()
    axes.errorbar(range(5), range(5), yerr=0.6, xerr=0.3, fmt="s", capsize=5)
    axes.quiver([1, 3], [4, 1], [1, -1], [-1, 1], color="tab:red")
    axes.bar(range(5), [1] * 5, hatch="xx", fc="none", ec="tab:green")
    axes.table([["a", "b"], ["c", "d"]], loc="upper right", colWidths=[0.1, 0.1])
    return figure, _moving(axes), {"place": [1, 2]}


def far_shapes():
    figure, (left, right) = plt.subplots(1, 2)
    left.set(xlim=(0.7, 0.708), ylim=(0.7, 0.708))
    left.add_patch(plt.Circle((0, 0), 1, color="tab:blue"))
    left.add_patch(Annulus((1.4, 1.4), 1, 0.004, color="tab:red"))
    left.fill([0.7, 40, -30], [0.7, 90, 55], fc="tab:green", ec="black", hatch="/")
    right.set(xlim=(0, 10), ylim=(0, 10))
    right.fill([5, 1e6, 1e6], [5, -1e6, 1e6], color="tab:orange")
    (line,) = right.plot([0, 20], [0, 20], lw=9)
    line.set_clip_path(plt.Circle((10, 10), 6, transform=right.transData))
    return figure, _moving(left), {"place": [1, 2]}


def sharp_corners():
    figure, axes = plt.subplots()
    axes.set(xlim=(-3, 3), ylim=(0, 20))
    for place, half in ((-2, 0.1), (0, 0.5), (2, 1)):
        peak = [place - half, place, place + half]
        axes.plot(peak, [0, 9, 0], lw=12, solid_joinstyle="miter")
        axes.plot(peak, [10, 18, 10], lw=12)
    return figure, _moving(axes), {"place": [1, 2]}


SEEN = [
    sharp_corners,
    far_shapes,
    rings_and_boxes,
    clipped_words,
    tiles_and_colorbars,
    other_projections,
    arrows_and_errors,
]
"""Figures to compare by pixels: what outlines and words alone cannot tell."""


def _late(change):
    """Make an update in which ``change`` acts in two states of twenty only."""

    def wrap(step):
        def update(place):
            step(place)
            change(place in (7, 8))

        return update

    return wrap


def unheard_changes():
    """(name, figure, update): changes of which matplotlib's artists say nothing."""
    figure, axes = plt.subplots()
    (bar,) = axes.bar([0], [1])
    axes.set_ylim(0, 4)
    axes.annotate("here", (0.5, 1), xycoords=bar)
    follow = _late(lambda late: bar.set_height(3 if late else 1))
    yield "annotation", figure, follow(_moving(axes))

    figure, axes = plt.subplots()
    (line,) = axes.plot(X, X, label="line")
    axes.set(xlim=(-4, 4), ylim=(-4, 4))
    axes.legend()
    flip = _late(lambda late: line.set_ydata(-X if late else X))
    yield "best legend", figure, flip(_moving(axes))

    figure, axes = plt.subplots()
    cloud = axes.scatter(X, X)
    base = cloud.get_offsets().copy()

    def spread(late):
        cloud.get_offsets()[:] = base * (2 if late else 1)

    yield "offsets in place", figure, _late(spread)(_moving(axes))

    figure, axes = plt.subplots()
    image = axes.imshow(np.eye(4), interpolation="none")

    def negate(late):
        image.get_array()[:] = 1 - np.eye(4) if late else np.eye(4)

    yield "image in place", figure, _late(negate)(_moving(axes))

    figure, axes = plt.subplots()
    (area,) = axes.fill([0, 1, 1], [0, 0, 1])
    axes.set(xlim=(0, 3), ylim=(0, 3))
    corners = area.get_path().vertices
    shape = corners.copy()

    def grow(late):
        corners[:] = shape * (3 if late else 1)

    yield "polygon in place", figure, _late(grow)(_moving(axes))


def images():
    frames = np.random.default_rng(3).random((4, 8, 8))
    figure, (left, right) = plt.subplots(1, 2)
    sharp = left.imshow(frames[0], interpolation="none", cmap="gray", vmin=0, vmax=1)
    smooth = right.imshow(frames[0], cmap="viridis", vmin=0, vmax=1)

    def update(frame):
        sharp.set_data(frames[frame])
        smooth.set_data(frames[-1 - frame])
        return f"Frame {frame}."

    return figure, update, {"frame": range(4)}


def choices():
    """One control of each kind, in two panels, with every kind of series."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained")
    x = np.linspace(0, 6, 50)
    (wave,) = left.plot(x, x, label="wave, of course")
    left.axhline(0.25, color="0.5", label="level")
    dots = left.scatter(x[::10], x[::10], color="tab:orange", label="dots")
    left.set_ylim(-1.5, 2.5)
    bars = right.bar([1, 2, 3], [1, 1, 1], label="heights")
    right.text(2, 20, "Rain", ha="center")
    right.set(ylim=(1, 100), yscale="log")

    def update(frequency, estimator, landscape, history):
        scale = {"MLE": 1, "unbiased": 0.5}[estimator]
        y = scale * np.sin(frequency * x + history) + len(landscape) / 30
        wave.set_ydata(y)
        dots.set_offsets(np.column_stack([x, y])[::10])
        for place, bar in enumerate(bars):
            bar.set_height(2 + 10 * scale * place + frequency)
        return f"Frequency {frequency}, {estimator}, {landscape}, {history}."

    axes = {
        "frequency": Slider([0, 1, 2.5, 10], start=1),
        "estimator": ["MLE", "unbiased"],
        "landscape": ["mountains in the rain", "an afternoon by the sea", "town"],
        "history": Dice(3),
    }
    return figure, update, axes
