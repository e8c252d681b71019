"""What the chapter on mixtures says of its figures is what its cells have computed."""

import inspect
import re

import numpy as np
import pytest
from scipy.stats import fisher_exact, norm
from sklearn.mixture import GaussianMixture as ScikitMixture

from collapse import theory
from collapse.categorical import exact_law
from collapse.experiments.paper_mixture import SNAPSHOTS, TRUTH
from collapse.measures import mixture_l2_distance
from collapse.mixture import GaussianMixture, GaussianMixtureModel
from support.chapters import BOOK, run_chapter

FALSE_ALARM = 1e-4
AGES = [0, 5, 10, 25, 50]


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "mixtures.md").names


@pytest.fixture(scope="module")
def glued():
    """Return the numbers that the sentences show, by name, without their unit."""
    values = run_chapter(BOOK / "mixtures.md").values
    texts = next(value for value in values if isinstance(value, dict))
    return {
        name: float(text.rstrip("\N{NO-BREAK SPACE}%")) for name, text in texts.items()
    }


def bound(comparisons):
    """How large the largest of so many scores should never be."""
    return norm.isf(FALSE_ALARM / 2 / comparisons)


@pytest.mark.parametrize("steps", [1, 5, 20, 200])
def test_em_in_plain_sight_takes_the_steps_of_the_library(names, steps):
    data = names["truth"].sample(200, np.random.default_rng(steps))
    family = GaussianMixture(2, start="previous", tolerance=0, max_iterations=steps)
    fitted = family.fit(data, previous=GaussianMixtureModel(*names["start"]))
    expected = fitted.weights, fitted.means, fitted.covariances
    written = names["em"](data, *names["start"], steps)
    np.testing.assert_allclose(written, expected, rtol=1e-9, atol=1e-9)


def test_em_finds_the_minority_from_within_the_majority(names):
    _, means, variances = names["start"]
    assert np.max(means) <= 2 * np.sqrt(np.max(variances))
    data = names["truth"].sample(200, np.random.default_rng(0))  # as in the chapter
    near = np.abs(data - 10) < 4
    weights, means, _ = names["em"](data, *names["start"], 20)
    assert weights[1] == pytest.approx(np.mean(near), rel=1e-3)
    assert means[1] == pytest.approx(data[near].mean(), rel=1e-3)


def test_the_dashed_line_is_the_share_of_histories_without_the_minority(names):
    chains = names["CHAINS"]
    for size, measured in names["histories"].items():
        gone = np.mean(measured["minority"] == 0, axis=2)
        for diet, share in enumerate(names["SHARES"]):
            expected = theory.loss_probability(np.arange(1, 52), size, 0.05, share)
            error = np.sqrt(expected * (1 - expected) / chains)
            # Half a history, where the expected number is next to none.
            off = np.maximum(np.abs(gone[:, diet] - expected) - 0.5 / chains, 0)
            worst = (off / error)[AGES].max()
            assert worst < bound(50), f"{size} points, {share:.0%} real: {worst:.1f}"


def test_the_average_share_stays(names):
    for size, measured in names["histories"].items():
        average = measured["minority"].mean(axis=2)
        drifted = 1 - (1 - 1 / size) ** np.arange(1, 52)
        error = np.sqrt(0.05 * 0.95 * drifted / names["CHAINS"])
        worst = np.abs((average - 0.05) / error[:, None])[AGES].max()
        assert worst < bound(50), f"{size} points: {worst:.1f}"


def test_the_number_of_real_points_matters_more_than_their_share():
    two_of_100, two_of_200, four_of_200 = (
        theory.loss_probability(51, size, 0.05, share)
        for size, share in ((100, 0.02), (200, 0.01), (200, 0.02))
    )
    # More synthetic points help too, if less.
    assert two_of_100 > two_of_200 > (two_of_100 + four_of_200) / 2


def test_who_would_notice(names):
    for size, history in names["scores"].items():
        change = {
            name: np.subtract(*np.median(values, axis=1)[[-1, 0]])
            for name, values in history.measures.items()
        }
        every = 0.95 * history["majority"] + 0.05 * history["minority"]
        change["all"] = np.subtract(*np.median(every, axis=1)[[-1, 0]])
        found = f"{size} points: {change}"
        assert change["own"] < 0 < change["majority"] < 0.5, found
        assert change["majority"] < change["all"], found
        assert change["minority"] > 20 * change["majority"], found


def test_the_total_variance_follows_its_law_on_average_alone(names):
    for size, measured in names["histories"].items():
        total = measured["variance"] / names["WHOLE"]
        error = total.std(axis=2, ddof=1) / np.sqrt(names["CHAINS"])
        for diet, share in enumerate(names["SHARES"]):
            law = theory.fresh_mixing_transient(np.arange(1, 52), size, share)
            score = np.abs(total[:, diet].mean(axis=1) - law) / error[:, diet]
            assert score[AGES].max() < bound(50), f"{size}, {share}: {score[AGES]}"
        assert np.median(total[50, 0]) < 0.5 * total[50, 0].mean(), size
    # What the minority adds is most of the whole.
    between = 0.95 * 0.05 * 10**2
    assert between / names["WHOLE"] > 0.8
    assert names["truth"].sample(10**6, np.random.default_rng(1)).var() == (
        pytest.approx(names["WHOLE"], rel=0.02)
    )


def test_the_spread_goes_first(names):
    medians = {
        size: {name: values[1] for name, values in drift.items()}
        for size, drift in names["drifts"].items()
    }
    for size in (100, 200):
        at_ten = {name: values[10] for name, values in medians[size].items()}
        others = max(abs(at_ten["weight"]), abs(at_ten["mean"]))
        assert at_ten["spread"] < -1.3 * others, at_ten
    at_last = {name: values[20] for name, values in medians[1000].items()}
    others = max(abs(at_last["weight"]), abs(at_last["mean"]))
    assert at_last["spread"] < -1.5 * others, at_last
    slower = at_last["spread"] / medians[100]["spread"][20]
    assert 0.05 < slower < 0.15, "a tenth as fast"
    for size, drift in names["drifts"].items():
        widths = [values[2, 0] - values[0, 0] for values in drift.values()]
        assert max(widths) < 2 * min(widths), f"{size} points: {widths}"


def test_in_most_histories_a_small_weight_falls():
    share = exact_law(
        [0.05, 0.95],
        generations=20,
        sample_size=200,
        chains=20_000,
        measures={"p": lambda p, symbols: p @ (symbols == 0)},
        rng=np.random.default_rng(1),
    )["p"][20]
    assert np.mean(share < 0.05) > 0.55
    assert abs(share.mean() - 0.05) < bound(1) * share.std() / np.sqrt(20_000)
    assert np.mean(share > 0.1) > 0.1


def test_the_flowers_are_those_of_the_text(names):
    flowers, share = len(names["flowers"]), names["setosa_share"]
    assert flowers == 108
    assert f"{len(names['setosa']) / flowers:.0%}" == "7%"
    assert (np.rint(share[0] * flowers) == 9).all()
    assert round(0.05 * flowers) == 5
    assert share[50, 0, names["shown"][0]] == 0
    lost = np.sum(share[50] == 0, axis=1)
    kept = names["IRIS_CHAINS"] - lost
    table = [[lost[0], kept[0]], [lost[1], kept[1]]]
    assert lost[0] > lost[1]
    assert fisher_exact(table).pvalue < FALSE_ALARM, table


def test_the_sentence_says_how_many_gardens_have_lost_setosa(names, glued):
    """Petals are told apart by hand: by which side of the middle they lie on."""
    large, small = names["others"].mean(axis=0), names["setosa"].mean(axis=0)
    last = names["garden"].data[50]  # shape: (histories, flowers, 2)
    side = (last - (large + small) / 2) @ (large - small)
    lost = 100 * (side > 0).all(axis=1).reshape(-1, names["IRIS_CHAINS"]).mean(axis=1)
    assert glued["iris_lost"] == pytest.approx(lost[0], abs=0.5)
    assert glued["iris_lost_5"] == pytest.approx(lost[1], abs=0.5)


def test_the_papers_mixture(names):
    shipped, years = names["shipped"], names["years"]
    assert SNAPSHOTS == (0, 50, 100, 150, 200, 350, 2000)
    assert names["BIG"] == [500, 1000, 10_000, 50_000, 200_000]
    places = np.searchsorted(years, SNAPSHOTS)
    assert years[places].tolist() == list(SNAPSHOTS)
    medians = np.array(
        [
            np.median(shipped.select("l2", sample_size=size), axis=0)[places]
            for size in names["BIG"]
        ]
    )
    # More points slow the decay, and do not end it.
    assert (np.diff(medians, axis=0) < 0).all()
    assert (medians[:, -1] > 1.5 * medians[:, -2]).all()


def test_nothing_is_as_far_away_as_the_text_says(glued):
    truth = TRUTH.weights, TRUTH.means, TRUTH.covariances
    away = [1.0], [[1e6, 0.0]], [np.eye(2)]
    lonely = mixture_l2_distance(*away, [1.0], [[-1e6, 0.0]], [np.eye(2)]) / np.sqrt(2)
    norm_of_truth = np.sqrt(mixture_l2_distance(*truth, *away) ** 2 - lonely**2)
    assert norm_of_truth == pytest.approx(0.2, abs=0.005)
    added = inspect.signature(ScikitMixture).parameters["reg_covar"].default
    assert added == 1e-6
    needle = mixture_l2_distance([1.0], [[2.0, 0.0]], [added * np.eye(2)], *truth)
    assert glued["needle"] == pytest.approx(needle, abs=0.5)


def test_more_components_start_nearer_and_drift_faster(names):
    for size in names["HUMP_SIZES"]:
        paths = [
            np.median(names["hump_runs"][size, k]["distance"], axis=1)
            for k in names["COMPONENTS"]
        ]
        starts, ends = np.array([(path[0], path[-1]) for path in paths]).T
        assert (np.diff(starts) < -0.05).all(), f"{size} points: {starts}"
        assert (np.diff(ends - starts) > 0).all(), f"{size} points: {ends - starts}"


def test_of_generation_0_captions_say_real_only():
    """It learned from real data, however few of them come later."""
    for figure in run_chapter(BOOK / "mixtures.md").explorations:
        sliders = figure.sliders
        if {"generation", "real_fraction"} <= {slider.name for slider in sliders}:
            said = figure.draw([0] * len(sliders))
            assert re.search("real (points|ones|flowers) only", said), said
            later = figure.draw([int(s.name == "generation") for s in sliders])
            assert "0 % real" in later, later


def test_a_few_of_thirteen_real_points_are_often_of_the_minority():
    often = 1 - 0.95**13
    assert 0.45 < often < 0.55, "in about every second generation"


def test_thirteen_real_points_keep_the_minority():
    loss = [theory.loss_probability(51, 200, 0.05, share) for share in (0.06, 0.065)]
    assert loss[1] < 0.05 < loss[0], loss
    real = round(0.065 * 200)
    assert real == 13
    assert abs(real * 0.05 - 2 / 3) < 0.02
