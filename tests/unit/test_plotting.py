"""What figures repeat: helpers draw what they are given, where they are told."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from scipy.stats import binom

from collapse import plotting
from collapse.palette import MIXED, SYNTHETIC, THEORY

X = np.array([1, 2, 4])


@pytest.fixture
def ax() -> Axes:
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def corners(band) -> set[tuple[float, float]]:
    """Return the corners of a band's outline."""
    return {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}


def test_a_banded_line_shows_its_line_between_the_edges_of_its_band(ax: Axes) -> None:
    drawn = plotting.banded_line(ax, X, MIXED, alpha=0.2, label="mean")
    drawn.show([0, 1, 2], [3, 3, 5], [6, 7, 8])
    assert drawn.line.get_xdata().tolist() == [1, 2, 4]
    assert drawn.line.get_ydata() == [3, 3, 5]
    edges = {(1, 0), (2, 1), (4, 2), (1, 6), (2, 7), (4, 8)}
    assert corners(drawn.band) == edges
    assert drawn.line.get_color() == MIXED
    assert to_rgba(MIXED, 0.2) in map(tuple, drawn.band.get_facecolor())
    assert ax.get_legend_handles_labels()[1] == ["mean"]


def test_a_banded_line_of_a_single_value_is_a_dot(ax: Axes) -> None:
    drawn = plotting.banded_line(ax, X, MIXED)
    drawn.show([0], [3], [6], [1])
    assert drawn.line.get_marker() == "o"
    drawn.show([0, 1], [3, 3], [6, 7], [1, 2])
    assert drawn.line.get_marker() == "none"


def test_the_inner_nine_of_ten_chains_lie_in_the_band() -> None:
    values = np.arange(101)[None] ** [[1], [2]]  # two points, 101 chains
    low, mean, high = plotting.over_chains(values, inner=0.9)
    np.testing.assert_allclose(low, [5, 25])
    np.testing.assert_allclose(mean, [50, 3350])
    np.testing.assert_allclose(high, [95, 95**2])


def test_by_default_the_band_holds_all_chains() -> None:
    values = np.random.default_rng(0).normal(size=(7, 12))
    low, mean, high = plotting.over_chains(values)
    np.testing.assert_array_equal(low, values.min(axis=1))
    np.testing.assert_array_equal(high, values.max(axis=1))
    np.testing.assert_array_equal(mean, values.mean(axis=1))


@pytest.mark.parametrize("band", [plotting.over_chains, plotting.share_of_chains])
def test_no_band_is_drawn_over_missing_values(band) -> None:
    masked = np.ma.masked_equal([[0.5, 1], [0, 0.5]], 0)
    with pytest.raises(ValueError, match=r"without masked \(missing\) values"):
        band(masked, 2)


def test_the_interval_about_a_share_is_clopper_and_pearsons() -> None:
    chains, hits = 120, np.array([0, 3, 60, 120])
    low, shares, high = plotting.share_of_chains(hits / chains, chains)
    np.testing.assert_array_equal(shares, hits / chains)
    # At each end as many hits, or more extreme ones, have a probability of 5 %.
    np.testing.assert_allclose(binom.sf(hits[1:] - 1, chains, low[1:]), 0.05)
    np.testing.assert_allclose(binom.cdf(hits[:-1], chains, high[:-1]), 0.05)
    assert (low[0], high[-1]) == (0, 1)


def test_theory_is_dashed_and_black(ax: Axes) -> None:
    line = plotting.theory_line(ax, X, lw=1.4)
    assert (line.get_linestyle(), line.get_color()) == ("--", THEORY)
    assert line.get_linewidth() == 1.4
    assert (
        plotting.theory_line(ax, X).get_linewidth() == plt.rcParams["lines.linewidth"]
    )


def test_the_line_at_the_state_shown_is_upright_and_high_as_the_axes(ax: Axes) -> None:
    line = plotting.here_line(ax)
    line.set_xdata([7, 7])
    ax.set(xlim=(0, 10), ylim=(3, 5))
    ends = ax.transAxes.inverted().transform(
        line.get_transform().transform(line.get_xydata())
    )
    np.testing.assert_allclose(ends, [[0.7, 0], [0.7, 1]])


def test_logarithmic_axes_have_the_ticks_that_are_given_and_no_others(ax: Axes) -> None:
    plotting.log_axes(ax, y=[0.001, 0.1, 10, 100_000])
    ax.set(ylim=(1e-4, 1e6))
    ax.figure.draw_without_rendering()
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["0.001", "0.1", "10", "100\N{NARROW NO-BREAK SPACE}000"]
    assert ax.yaxis.get_minorticklocs().size == 0


def test_both_axes_can_be_logarithmic(ax: Axes) -> None:
    plotting.log_axes(ax, x=[1, 3, 10], y=[1, 10])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "3", "10"]


def test_two_histograms_keep_the_present_and_the_first_apart(ax: Axes) -> None:
    drawn = plotting.two_histograms(ax, [1, 10, 100], baseline=0.1)
    drawn.show(now=[3, 4], first=[5, 6])
    assert drawn.now.get_data().values.tolist() == [3, 4]
    assert drawn.first.get_data().values.tolist() == [5, 6]
    assert drawn.now.get_fill()
    assert not drawn.first.get_fill()
    assert drawn.now.get_data().baseline == drawn.first.get_data().baseline == 0.1
    assert drawn.now.get_facecolor() == to_rgba(SYNTHETIC, 0.5)


def test_tiles_stand_row_by_row_in_black_frames() -> None:
    one, two, three, four = (np.full(4, value) for value in (1, 2, 3, 4))
    page = plotting.tiled([one, two, three, four], columns=2)
    assert page.shape == (8, 8)
    assert page[1:3, 1:3].tolist() == [[1, 1], [1, 1]]
    assert page[1:3, 5:7].tolist() == [[2, 2], [2, 2]]
    assert page[5:7, 1:3].tolist() == [[3, 3], [3, 3]]
    assert page.sum() == 4 * (1 + 2 + 3 + 4)


def test_a_tile_is_not_turned() -> None:
    page = plotting.tiled([[1, 2, 3, 4]], columns=1)
    assert page[1:3, 1:3].tolist() == [[1, 2], [3, 4]]


def test_a_grid_rounds_to_the_greys_that_it_is_given(ax: Axes) -> None:
    grid = plotting.image_grid(ax, [[0, 5, 6, 16]], columns=1, white=16, levels=3)
    assert grid.picture.get_array()[1:3, 1:3].tolist() == [[0, 8], [8, 16]]
    grid.show([[3, 4.1, 12.1, 11.9]])
    assert grid.picture.get_array()[1:3, 1:3].tolist() == [[0, 8], [16, 8]]


def test_masked_pixels_are_refused(ax: Axes) -> None:
    masked = np.ma.masked_equal(np.arange(54).reshape(6, 9), 3)
    with pytest.raises(ValueError, match="images must be an array without masked"):
        plotting.image_grid(ax, masked, columns=3)


def test_a_grid_of_images_shows_other_images_as_grey_as_they_are(ax: Axes) -> None:
    grid = plotting.image_grid(ax, np.zeros((6, 9)), columns=3, white=16)
    images = np.arange(54).reshape(6, 9)
    grid.show(images)
    shown = grid.picture.get_array()
    np.testing.assert_array_equal(shown, plotting.tiled(images, 3))
    assert shown.shape == (10, 15)
    assert grid.picture.get_clim() == (0, 16)
    assert not ax.axison
