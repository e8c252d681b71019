"""One rule for how many points a share is, wherever it is asked."""

import numpy as np
import pytest

from collapse import categorical, theory
from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.recursion import Diet, recurse
from collapse.shares import share_counts, shares_by_generation

# Halves, of which the product of floats lies a little below: 14.499999999999998.
HALVES = [(0.145, 100, 15), (0.575, 100, 58), (0.285, 100, 29), (0.5, 3, 2)]


@pytest.mark.parametrize(
    ("share", "size", "count"),
    [*HALVES, (0, 7, 0), (1, 7, 7), (0.49, 1, 0), (0.1, 10, 1), (1 / 3, 10, 3)],
)
def test_halves_are_rounded_up_whatever_floats_make_of_them(share, size, count):
    assert share_counts(share, size) == count


def test_nothing_is_taken_for_a_half_that_is_none():
    assert share_counts(0.4999999, 1_000_000) == 500_000
    assert share_counts(0.1449, 1000) == 145
    assert share_counts(0.1444, 1000) == 144


def test_counts_never_exceed_the_sample():
    assert share_counts(1 + 1e-12, np.array([1, 10, 10**12])).tolist() == [
        1,
        10,
        10**12,
    ]


def test_shares_and_sizes_broadcast():
    counts = share_counts([0.0, 0.25, 1.0], np.array([[2], [6]]))
    assert counts.dtype == np.int64
    assert counts.tolist() == [[0, 1, 2], [0, 2, 6]]


@pytest.mark.parametrize(
    ("share", "rows"),
    [
        (0.3, [[0.3, 0.3]] * 3),
        ((0.3, 0.5), [[0.3, 0.5]] * 3),
        ([[0.1], [0.2], [0.3]], [[0.1] * 2, [0.2] * 2, [0.3] * 2]),
        ([[0.1, 0], [0.2, 1], [0.3, 0]], [[0.1, 0], [0.2, 1], [0.3, 0]]),
    ],
)
def test_a_share_is_for_all_for_each_chain_or_for_each_generation(share, rows):
    assert shares_by_generation("γ", share, 3, 2).tolist() == rows


@pytest.mark.parametrize("shares", [(0.1,), (0.1, 0.2), (0.1,) * 4])
def test_shares_for_another_number_of_chains_are_refused(shares):
    with pytest.raises(ValueError, match=f"γ must be .* 3 chains, got {len(shares)}"):
        shares_by_generation("γ", shares, 2, 3)


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (2, 2), (3, 2), (3, 3)])
def test_shares_for_another_number_of_generations_are_refused(shape):
    rows = r"γ must have a row .* generations 1 to 2, of 1 or 3 numbers, got shape \("
    with pytest.raises(ValueError, match=rows + ", ".join(map(str, shape))):
        shares_by_generation("γ", np.full(shape, 0.1), 2, 3)


@pytest.mark.parametrize(("share", "size", "count"), HALVES[:3])
def test_loop_laws_and_theory_take_the_same_number_of_real_points(share, size, count):
    rng = np.random.default_rng(1)
    history = recurse(
        Gaussian(),
        GaussianModel(0.0, 1.0),
        generations=1,
        sample_size=size,
        diet=Diet(real_fraction=share),
        rng=rng,
    )
    assert history.real_counts[1, 0] == count

    # The exact laws cannot be asked; but the same share, written as what the count
    # is of the size, must lead to the very same random numbers.
    for law in (
        lambda share: exact_law(
            generations=3,
            sample_size=size,
            real_fraction=share,
            rng=np.random.default_rng(2),
        ),
        lambda share: categorical.exact_law(
            np.full(5, 0.2),
            generations=3,
            sample_size=size,
            real_fraction=share,
            measures={"p": lambda probabilities, symbols: probabilities},
            rng=np.random.default_rng(2),
        )["p"],
        lambda share: theory.loss_probability([1, 2, 3], size, 0.05, share),
    ):
        given, exact, less = (
            np.array(law(each)) for each in (share, count / size, (count - 1) / size)
        )
        assert np.array_equal(given, exact)
        assert not np.array_equal(given, less)
