"""While update runs, its figure is pyplot's; what is drawn is what a file holds."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text

from collapse.explore import explore

X = np.linspace(0, 6, 50)


def marks(explored, place):
    return [
        mark for drawing in explored.recording.drawing((place,)) for mark in drawing
    ]


def titled(figure):
    (line,) = figure.subplots().plot(X, X)

    def update(k):
        line.set_ydata(k * X)
        plt.title(f"frequency {k}")
        plt.xlabel("time")
        plt.gcf().axes[0].set_ylabel("height")

    return update


@pytest.mark.parametrize("make", [plt.figure, Figure])
def test_pyplot_means_the_explored_figure_while_update_runs(make):
    other = plt.figure()
    figure = make()
    update = titled(figure)
    assert plt.figure(other) is other
    for _ in range(2):  # closed by the first one
        html = explore(figure, update, k=[1, 2]).html()
        assert {"frequency 1", "time", "height"} <= {
            word for word in ("frequency 1", "time", "height") if word in html
        }
        assert plt.get_fignums() == [other.number]
        assert plt.gcf() is other


def test_nothing_is_shown_or_waited_for_while_update_runs(monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append("show"))
    monkeypatch.setattr(plt, "pause", lambda seconds: shown.append("pause"))
    figure = plt.figure()
    (line,) = figure.subplots().plot(X, X)

    def update(k):
        line.set_ydata(k * X)
        plt.show()
        plt.pause(1000)

    explore(figure, update, k=[1, 2])
    assert shown == []
    plt.show()
    assert shown == ["show"]


def test_a_figure_may_be_drawn_anew_in_each_state():
    figure = plt.figure()

    def update(k):
        plt.cla()
        plt.plot(X, np.sin(k * X), color="#d62728")
        return f"Title {k}", f"Caption {k}."

    explored = explore(figure, update, k=[1, 2])
    assert "#d62728" in explored.html()
    assert "Title 1" in explored.html()
    assert marks(explored, 0) != marks(explored, 1)


@pytest.mark.parametrize("opening", [plt.figure, plt.subplots, lambda: plt.figure(77)])
def test_an_update_that_opens_another_figure_is_refused(opening):
    figure, axes = plt.subplots()
    (line,) = axes.plot(X, X)

    def update(k):
        line.set_ydata(k * X)
        opening()

    with pytest.raises(ValueError, match="update opens another figure") as caught:
        explore(figure, update, k=[1, 2])
    assert caught.value.__notes__ == ["while explore recorded k=1"]
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    "closing",
    [
        lambda figure: plt.close("all"),
        lambda figure: plt.close(),
        lambda figure: plt.close(figure),
        lambda figure: plt.close(figure.number),
    ],
)
@pytest.mark.parametrize("drawing", [None, plt.title, plt.figtext])
def test_an_update_that_closes_its_figure_is_refused(closing, drawing):
    other = plt.figure(5)
    figure, axes = plt.subplots()
    (line,) = axes.plot(X, X)

    def update(k):
        line.set_ydata(k * X)
        closing(figure)
        if drawing:
            drawing(*[0.5] * (drawing is plt.figtext) * 2, f"k is {k}")

    with pytest.raises(ValueError, match="update closes its figure") as caught:
        explore(figure, update, k=[1, 2])
    assert caught.value.__notes__ == ["while explore recorded k=1"]
    assert plt.get_fignums() == [5]
    assert plt.gcf() is other
    assert other.get_children() == [other.patch]


@pytest.mark.parametrize("opening", [lambda other: 5, lambda other: other])
def test_a_figure_that_update_goes_to_stays_open(opening):
    other = plt.figure(5)
    figure, axes = plt.subplots()
    (line,) = axes.plot(X, X)

    def update(k):
        line.set_ydata(k * X)
        plt.figure(opening(other))

    with pytest.raises(ValueError, match="update opens another figure"):
        explore(figure, update, k=[1, 2])
    assert plt.get_fignums() == [5]
    assert plt.gcf() is other
    assert other.get_children() == [other.patch]


def test_a_figure_that_update_opens_and_closes_itself_is_no_fault():
    figure, axes = plt.subplots()
    (line,) = axes.plot(X, X)

    def update(k):
        line.set_ydata(k * X)
        plt.close(plt.figure())
        plt.title(f"frequency {k}")

    assert "frequency 2" in explore(figure, update, k=[1, 2]).html()
    assert not plt.get_fignums()


def test_a_figure_may_be_cleared_in_each_state():
    figure = plt.figure()

    def update(k):
        plt.clf()
        plt.plot(X, np.sin(k * X), color="#d62728")
        plt.title(f"frequency {k}")

    html = explore(figure, update, k=[1, 2]).html()
    assert {"#d62728", "frequency 2"} <= {
        part for part in ("#d62728", "frequency 2") if part in html
    }


def test_a_figure_keeps_the_dots_per_inch_that_were_set():
    figure, axes = plt.subplots(figsize=(2, 3))
    figure.set_dpi(200)
    (line,) = axes.plot(X, X)
    recording = explore(figure, lambda k: line.set_ydata(k * X), k=[1, 2]).recording
    assert (recording.width, recording.height) == (400, 600)
    assert figure.dpi == 200


@pytest.mark.parametrize("polar", [False, True])
def test_animated_artists_are_drawn_as_in_a_file(polar):
    figure, axes = plt.subplots(subplot_kw={"polar": polar})
    (line,) = axes.plot(X, np.sin(X), color="#d62728", animated=True)
    words = axes.text(1, 0.5, "", animated=True)
    inset = axes.inset_axes([0.5, 0.5, 0.3, 0.3])
    inset.plot(X, X, color="#2ca02c", animated=True)

    def update(k):
        line.set_ydata(np.sin(k * X))
        words.set_text(f"word {k}")

    explored = explore(figure, update, k=[1, 2, 3])
    html = explored.html()
    assert {"#d62728", "#2ca02c", "word 2"} <= {
        part for part in ("#d62728", "#2ca02c", "word 2") if part in html
    }
    assert line.get_animated()
    assert not figure.canvas.is_saving()


def test_an_animated_artist_alone_moves_its_slider():
    figure, axes = plt.subplots()
    (line,) = axes.plot(X, np.sin(X), animated=True)
    explored = explore(figure, lambda k: line.set_ydata(np.sin(k * X)), k=[1, 2])
    assert marks(explored, 0) != marks(explored, 1)


def of_the_figure():
    figure, _ = plt.subplots()
    return figure, figure.text(0.5, 0.5, "", animated=True)


def of_a_subfigure():
    figure = plt.figure()
    below, _ = figure.subfigures(2)
    below.subplots()
    return figure, below.suptitle("", animated=True)


def added():
    figure, _ = plt.subplots()
    return figure, figure.add_artist(Text(0.5, 0.5, "", animated=True))


def in_animated_axes(polar):
    figure, axes = plt.subplots(subplot_kw={"polar": polar})
    axes.set_animated(True)
    return figure, axes.text(0.5, 0.5, "")


@pytest.mark.parametrize(
    "make",
    [
        of_the_figure,
        of_a_subfigure,
        added,
        lambda: in_animated_axes(False),
        lambda: in_animated_axes(True),
    ],
)
def test_animated_artists_of_the_figure_are_drawn_too(make):
    figure, words = make()
    animated = figure.findobj(Artist.get_animated)
    explored = explore(figure, lambda k: words.set_text(f"word {k}"), k=[1, 2])
    for place, word in enumerate(["word 1", "word 2"]):
        texts = [getattr(mark, "text", "") for mark in marks(explored, place)]
        assert texts.count(word) == 1
    assert figure.findobj(Artist.get_animated) == animated != []
    for artist in animated:
        artist.set_animated(False)
    kept = explored._repr_mimebundle_()[0]["image/png"]
    still = explore(figure, lambda k: words.set_text(f"word {k}"), k=[1, 2])
    assert kept == still._repr_mimebundle_()[0]["image/png"]
