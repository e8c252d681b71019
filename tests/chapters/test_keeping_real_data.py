"""What the chapter on keeping real data says is what its cells computed, and theory."""

import re

import numpy as np
import pytest
from scipy.stats import norm

from collapse import theory
from collapse.categorical import zipf
from support.chapters import BOOK, run_chapter

FALSE_ALARM = 1e-4


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "keeping-real-data.md").names


@pytest.fixture(scope="module")
def figures():
    run = run_chapter(BOOK / "keeping-real-data.md")
    return {each.name: each for each in run.explorations}


def shown_first(figure):
    """Return the title and the caption of the state that is shown first."""
    caption = figure.draw(figure.start)
    titles = [ax.get_title(loc="left") for ax in figure.figure.axes]
    return " ".join(titles), caption


def off(values, expected, axis=-1):
    """Standard errors between means over an axis and what is expected, the largest."""
    error = values.std(axis=axis, ddof=1) / np.sqrt(values.shape[axis])
    return np.max(np.abs(values.mean(axis=axis) - expected) / error)


def bound(comparisons):
    """How large the largest of so many scores should never be."""
    return norm.isf(FALSE_ALARM / 2 / comparisons)


# Figures ----------------------------------------------------------------------------


def test_the_dashed_lines_of_the_first_figure_are_the_means_of_the_chains(names):
    runs = [
        (values, names["expected"](size, push, points))
        for (size, push), by_points in names["counted"].items()
        for points, values in by_points.items()
    ]
    assert len(runs) == 2 * len(names["PUSHES"]) * len(names["POINTS"])
    # Variances are skewed, so means of 300 stray a little farther than normal ones.
    worst = max(off(values, expected) for values, expected in runs)
    assert worst < 1.3 * bound(61 * len(runs))


def test_both_models_and_sizes_follow_one_formula(names):
    counts, refits = names["COUNTS"], names["REFITS"][:, None]
    assert len(names["varieties"]) == 2 * len(names["MODELS"]) == 8
    for (model, size), kept in names["varieties"].items():
        expected = theory.fresh_mixing_transient(refits, size, counts / size)
        assert np.abs(kept - expected).max() < 0.13, (model, size)


def test_what_was_measured_falls_as_under_a_strong_push(names):
    for shares, kept in names["MEASURED"].values():
        weak = theory.biased_sampling_limit(np.array(shares), 0.9)
        assert np.all(kept[:-1] < weak[:-1])


def test_every_diet_follows_its_theory(names):
    for (diet, share), values in names["meals"].items():
        expected = names["solved"](diet, share)
        assert off(values, expected) < 1.3 * bound(101 * len(names["meals"])), diet


def test_what_is_added_follows_its_theory(names):
    for (size, share), lost in names["losses"].items():
        expected = 1 - theory.accumulate_expected_variance(names["times"], size, share)
        # A squared mean has the standard error sqrt(2 / chains), relative to itself.
        error = expected * np.sqrt(2 / 2000)
        assert np.max(np.abs(lost - expected) / error) < 1.3 * bound(20 * 18)


def test_the_web_follows_its_theory(names):
    facts = names["REAL_A_YEAR"], names["FIRST"], names["GROWTH"]
    years = np.arange(names["YEARS"] + 1)
    for (web, push), values in names["webs"].items():
        options = dict(names["WEBS"][web])
        if options.pop("replay", False):
            continue
        expected = theory.web_variance(years, *facts, push, **options)
        assert off(values, expected) < 1.3 * bound(25 * 15), (web, push)


def test_the_texts_follow_the_theory_of_the_tail(names):
    for (share, words), missing in names["tails"].items():
        expected = theory.tail_cut_error(names["READ"], zipf(1000), words, share)
        assert np.abs(np.array(missing) - expected).max() < 0.05


def test_groups_end_as_wright_says(names):
    for group, held in names["held"].items():
        for column, points in enumerate(names["GROUP_POINTS"]):
            law = theory.minority_shortfall(group, points, 0.5)
            found = np.mean(held[-1, column] < group / 2)
            error = np.sqrt(law * (1 - law) / names["HELD"])
            # Shares are whole multiples of 1/500, and few points are slow to forget.
            assert abs(found - law) < 0.12 + 4 * error, (group, points)


# Predictions ------------------------------------------------------------------------


def test_before_they_settle_the_larger_sample_has_kept_more(names):
    row, one = names["REFITS"].tolist().index(100), 0
    assert names["COUNTS"][one] == 1
    for model in names["MODELS"]:
        small, large = (names["varieties"][model, size][:, one] for size in (100, 1000))
        assert large[row] > small[row] + 0.1, model
        assert abs(large[-1] - small[-1]) < 0.15, model  # both end at two thirds


def test_five_points_again_and_again_keep_less_than_one_fit_to_them(names):
    answer = names["REPLAYED"].answer
    assert answer == 73
    assert answer < round(100 * (1 - 1 / 5)) == 80
    found = names["meals"]["the same real points", 0.05][100]
    assert off(100 * found, answer) < 4


def test_ten_thousand_real_points_in_a_pool_lose_half_a_per_cent(names):
    assert names["ADDED_REAL"].answer == "about 0.5 %"
    assert names["losses"][100, 0.1][-1] == pytest.approx(0.005, abs=0.001)
    real = 100 + 999 * 10
    assert round(100 / real, 2) == 0.01
    assert 1 - theory.accumulate_limit(100) == pytest.approx(0.016, abs=5e-4)


def test_ten_points_let_go_of_half_the_histories_of_a_small_group(names):
    answer = names["LOST_HALF"].answer / 100
    law = theory.minority_shortfall(0.02, 10, 0.5)
    assert abs(answer - law) < 0.06 + 4 * np.sqrt(law * (1 - law) / names["HELD"])


def test_a_hundredth_of_real_text_is_worth_a_text_a_hundred_times_shorter():
    p = zipf(1000)
    (whole,) = theory.tail_cut_error([1000], p, 1000)
    mixed = theory.tail_cut_error([2000, 10_000, 100_000], p, 100, 0.01)
    assert mixed[2] == pytest.approx(whole, rel=0.1)
    assert min(mixed[:2]) > 1.3 * whole


def test_a_fault_neither_fades_nor_adds_up(names):
    twenty = names["CLEAN_POINTS"].index(20)
    courses = names["dirty"]["off by one"][-1][:, twenty]
    assert np.abs(courses - 0.5).max() < 0.07, courses


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("keep-diets", r"\b73\b"),
        ("keep-adding", r"0\.5 %|0\.50 %"),
        ("keep-minority", r"\b5\d %"),
        ("keep-tail", "100\N{NARROW NO-BREAK SPACE}000|17|1\\.7"),
    ],
)
def test_what_is_shown_first_does_not_give_the_answer_away(figures, name, answer):
    for words in shown_first(figures[name]):
        assert not re.search(answer, words), words


# Sentences --------------------------------------------------------------------------


def test_two_points_hold_four_fifths():
    assert theory.few_real_points_variance(2, "fresh") == pytest.approx(0.8)


def test_drift_is_no_danger_to_the_web():
    year = theory.web_variance([0, 24], 50, 5, 1.5)
    assert year[1] > 0.98
    share = theory.web_real_fraction([23, 24], 50, 5, 1.5)
    assert round(1e4 * share[1]) == 6
    assert share[1] / share[0] == pytest.approx(2 / 3, abs=0.01)


def test_a_detector_buys_six_years():
    pushed = theory.web_variance(np.arange(25), 50, 5, 1.5, 0.95)
    detected = theory.web_variance(np.arange(25), 50, 5, 1.5, 0.95, kept_synthetic=0.1)
    later = np.interp(detected[24], pushed[::-1], np.arange(25)[::-1])
    assert 24 - later == pytest.approx(6, abs=0.7)
    assert np.log(10) / np.log(1.5) == pytest.approx(6, abs=0.5)


def test_a_fifth_that_is_not_real_makes_little_difference():
    known, fooled = (
        theory.web_variance(24, 50, 5, 1.5, 0.95, mislabelled=share)
        for share in (0, 0.2)
    )
    assert known - fooled < 0.05


def test_a_pool_holds_drift_and_not_a_push(names):
    pool = "no new real texts, one pool"
    assert names["webs"][pool, 1][-1].mean() > 0.9
    assert names["webs"][pool, 0.95][-1].mean() < 0.6


def test_groups_ask_for_so_many_points():
    assert theory.minority_points(0.02) == 25
    assert theory.minority_points(0.001) == 500
    assert theory.minority_shortfall(0.02, 25, 0.5) == pytest.approx(0.4, abs=0.03)


def test_faults_of_real_data_are_what_the_loop_converges_to(names):
    twenty = names["CLEAN_POINTS"].index(20)
    dirty, clean = names["dirty"]["three times as wide"], names["clean"]
    assert dirty[3, -1, twenty] > 2 * clean[3, -1, twenty]
    # It is there at once.
    assert dirty[3, 0, twenty] > 2 * clean[3, 0, twenty]
    off_by_one = names["dirty"]["off by one"]
    # A fault of the real data is whole in the end: a mean off by the share of the bad.
    assert off_by_one[-1, -1].mean() == pytest.approx(0.5, abs=0.2)


def test_answers_of_the_call_are_those_of_the_text():
    needed = theory.real_data_needed(0.05, "fresh")
    assert needed.count == 10
    assert theory.real_data_needed(0.05, "replay").count == 30
    assert theory.real_data_needed(0.05, "once").count == 20
    assert theory.real_data_needed(0.05, "fresh", smallest_group=0.001).count == 500
