"""A mistake in a figure is told in one sentence before any line of code."""

import sys
import traceback

import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from collapse.explore import Slider, explore


def line_figure():
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])
    return figure, line


def lost(figure, line):
    def update(n):
        line.set_ydata([0, n])
        return {}[n]

    return lambda: explore(figure, update, n=range(5))


def misshapen(figure, line):
    return lambda: explore(figure, lambda n: line.set_ydata([0] * (n + 2)), n=range(5))


def ranged(figure, line):
    return lambda: explore(figure, line.set_ydata, y=(0, 100))


def unlike_each_time(figure, line):
    return lambda: explore(figure, line.set_ydata, y=[lambda x: x, object()])


def misspelt(figure, line):
    figure.axes[0].set_title(r"$\foo$")
    return lambda: explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])


def saved(figure, line):
    explored = explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])
    return lambda: explored.save("figure.png")


def endless(figure, line):
    def update(n):
        return update(n)

    return lambda: explore(figure, update, n=range(5))


def ending(figure, line):
    return lambda: explore(figure, lambda n: sys.exit(1), n=range(5))


def misnamed(figure, line):
    explored = explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])
    return lambda: explored.generation


def assigned(figure, line):
    explored = explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])
    return lambda: setattr(explored, "n", 2)


def misspelt_and_assigned(figure, line):
    explored = explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])
    return lambda: setattr(explored, "m", 2)


def counted(figure, line):
    return lambda: explore(figure, line.set_ydata, y=Slider(0, 100))


def missed(figure, line):
    explored = explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])
    return lambda: setattr(explored.n, "value", 5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (endless, "RecursionError: maximum recursion depth exceeded"),
        (ending, "RuntimeError: update ends Python (sys.exit, exit or quit)"),
        (
            misnamed,
            "AttributeError: 'ExploredFigure' has no attribute 'generation'; its "
            "sliders are n",
        ),
        (
            assigned,
            "AttributeError: 'n' of a figure cannot be set, got 2; to move this slider "
            "write figure.n.value = ...",
        ),
        (
            misspelt_and_assigned,
            "AttributeError: 'm' of a figure cannot be set, got 2; to move one of its "
            "sliders write figure.n.value = ...",
        ),
        (
            counted,
            "ValueError: the label of the slider 'y' must be a str, got 100; its "
            "values go first",
        ),
        (
            missed,
            "traitlets.traitlets.TraitError: N: 5 is not one of the 2 values of the "
            "slider",
        ),
        (lost, "KeyError: 0\nwhile explore recorded n=0"),
        (
            misshapen,
            "ValueError: after update at n=1, Line2D(_child0) cannot be drawn: ",
        ),
        (ranged, "ValueError: the slider 'y' got (0, 100), which may mean a range"),
        (unlike_each_time, "ValueError: the value <function unlike_each_time."),
        (misspelt, "ValueError: ParseFatalException: Unknown symbol: \\foo"),
        (saved, "ValueError: path must end in .html, because save writes a page"),
    ],
)
def test_a_notebook_shows_the_sentence_and_the_readers_lines_alone(make, sentence):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        make(*line_figure())()
    told = caught.value._render_traceback_()
    assert told[0].startswith(sentence), told
    assert 1 < len("\n".join(told).splitlines()) < 12
    assert "site-packages" not in "".join(told)
    if make is lost:
        assert told[1].startswith("  in update, line ")
        assert told[1].endswith(": return {}[n]")


def test_a_traceback_holds_no_line_of_the_package():
    with pytest.raises(KeyError) as caught:
        lost(*line_figure())()
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "update"
    assert "record" not in names


@pytest.mark.parametrize("start", [0, 3])
def test_a_line_with_more_of_x_than_of_y_is_told_with_its_name_and_state(start):
    figure, line = line_figure()
    line.set_label("height")

    def update(n):
        line.set_ydata([0, n] if n < 3 else [0, n, n])

    message = r"after update at n=3, Line2D\(height\) cannot be drawn: .*shape"
    with pytest.raises(ValueError, match=message):
        explore(figure, update, n=Slider(range(5), start=start))


@pytest.mark.parametrize("start", [0, 1])
def test_what_matplotlib_cannot_lay_out_is_told_with_its_state(start):
    figure, _ = line_figure()
    slider = Slider([7, 8], start=7 + start)
    with pytest.raises(ValueError, match="Expected") as caught:
        explore(figure, lambda n: plt.title(r"$\frac{1$") and None, n=slider)
    assert caught.value.__notes__ == [
        f"while matplotlib laid the figure out for n={7 + start}"
    ]


def test_what_matplotlib_cannot_draw_is_told_with_its_state():
    figure, _ = line_figure()

    def update(n):
        plt.title(f"{n}" if n < 3 else r"$\frac{1$")

    with pytest.raises(ValueError, match="Expected") as caught:
        explore(figure, update, n=range(5))
    assert caught.value.__notes__ == ["while matplotlib drew n=3"]


@pytest.mark.parametrize(
    ("update", "taken"),
    [
        (lambda height: None, r"\(height\)"),
        (lambda: None, r"\(\)"),
        (lambda n, m: None, r"\(n, m\)"),
        (lambda n, /: None, r"\(n, /\)"),
    ],
)
def test_an_update_that_does_not_take_the_sliders_is_refused(update, taken):
    figure, _ = line_figure()
    with pytest.raises(
        TypeError, match=f"update takes {taken}, but the sliders are n:"
    ):
        explore(figure, update, n=[1, 2])
    assert not plt.get_fignums()


def test_what_subplots_returns_is_named():
    with pytest.raises(
        ValueError, match=r"got tuple: plt.subplots\(\) returns fig, ax"
    ):
        explore(plt.subplots(), lambda n: None, n=[1, 2])


@pytest.mark.parametrize("name", ["figure.png", "figure.PDF", "figure", "a.html.svg"])
def test_only_a_page_is_saved(name, tmp_path):
    figure, line = line_figure()
    explored = explore(figure, lambda n: line.set_ydata([0, n]), n=[1, 2])
    with pytest.raises(ValueError, match=r"path must end in \.html"):
        explored.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
    explored.save(tmp_path / "figure.HTML")
    assert (tmp_path / "figure.HTML").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_refused_figure_is_closed():
    figure, _ = line_figure()
    with pytest.raises(ValueError, match="update must be a function"):
        explore(figure, None, n=[1, 2])
    assert not plt.get_fignums()
    assert isinstance(figure, Figure)
