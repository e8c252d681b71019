"""What the chapter on pushes says of its figures is what its cells computed."""

import numpy as np
import pytest
from scipy.stats import norm

from collapse import theory
from collapse.categorical import zipf
from support.chapters import BOOK, run_chapter

FALSE_ALARM = 1e-4


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "making-it-work.md").names


@pytest.fixture(scope="module")
def figures():
    order = "curators", "runaway", "temperature", "verifier", "weights", "amazing"
    run = run_chapter(BOOK / "making-it-work.md")
    return dict(zip(order, run.explorations, strict=True))


def bound(comparisons):
    """How large the largest of so many scores should never be."""
    return norm.isf(FALSE_ALARM / 2 / comparisons)


def score(values, expected):
    """Standard errors between the mean over the last axis and what is expected."""
    error = values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])
    off = np.abs(values.mean(axis=-1) - expected)
    return np.divide(off, error, out=np.zeros_like(off), where=error > 0)


def followed(share):
    """What the real points' mean weighs, by generation, by the chapter's recursion."""
    weights, accepted = [1.0], 2**2 / (1 + 2**2)
    for _ in range(30):
        weights.append(share + (1 - share) * accepted * weights[-1])
    return np.array(weights)


def drawn(figure, **state):
    """Draw a state and return its caption."""
    sliders = figure.sliders
    return figure.draw(
        [
            list(each.values).index(state.get(each.name, each.values[each.start_index]))
            for each in sliders
        ]
    )


def test_the_best_word_follows_the_dashed_line(names):
    steps = np.arange(1, 22)
    below = np.sum(zipf(60)[:59])
    for (share, candidates), words in names["chosen"].items():
        law = 1 - theory.best_of_distribution(steps, below, candidates, share)
        found = score(words["rare"], law)
        if candidates == 1 and share == 0:
            continue  # drift alone: so skew that its mean needs more chains
        # What noise does to the mean is of the order of 1 / 10 000 words.
        off = np.abs(words["rare"].mean(axis=-1) - law)
        beyond = (found > bound(640)) & (off > 0.002 + 0.05 * law)
        assert not beyond.any(), f"{share}, best of {candidates}: {found[beyond]}"


def test_a_share_above_the_threshold_holds_the_best_word(names):
    for (share, candidates), words in names["chosen"].items():
        rare = words["rare"][-1].mean()
        if share > theory.best_of_threshold(candidates):
            assert rare < 0.05, f"{share}, best of {candidates}: {rare:.3f}"
        elif share <= 0.25 and candidates > 1:
            assert rare > 0.5, f"{share}, best of {candidates}: {rare:.3f}"


def test_a_thousand_real_words_are_enough_against_chance_alone(names):
    """The opening's remark: without a curator a tenth holds the rarest word."""
    rare = names["chosen"][0.1, 1]["rare"]
    assert score(rare[1:], zipf(60)[-1]).max() < bound(20)
    assert np.mean(rare[-1] > 0) > 0.9


def test_halves_follow_the_dashed_line_and_run_away_below_the_threshold(names):
    chains = names["halves"][1000]
    last = {}
    for place, share in enumerate(names["HALF_SHARES"]):
        spread = chains["spread"][:, place]
        law = np.sqrt(theory.better_half_variance(np.arange(1, 22), share))
        off = np.abs(spread.mean(axis=1) / law - 1)
        assert off.max() < 0.12, f"{share}: {off.max():.3f}"
        last[share] = spread[-1].mean() / spread[-6].mean()
    assert last[0] < 0.2, last
    assert min(last[0.1], last[0.25]) > 1.3, last
    assert last[0.4] > 1.08, last
    assert max(last[0.6], last[0.75], last[1]) < 1.04, last


def test_more_points_do_not_hold_the_runaway(names):
    few, many = (names["halves"][size]["spread"][-1, 2].mean() for size in (100, 1000))
    assert min(few, many) > 6, (few, many)


def test_cold_lists_end_where_the_dashed_line_does(names):
    for (words, share), courses in names["cold"].items():
        if share <= 0.1 and words == "100 equal words":
            continue  # at and below 1 - τ chance decides when equality breaks
        for values, law in zip(courses, names["cold_lines"][words, share], strict=True):
            end = values[-1].mean()
            assert abs(end / law[-1] - 1) < 0.03, f"{words}, {share}: {end:.3g}"


def test_prevention_is_cheaper_than_cure(names):
    for share in (0.15, 0.2):
        kept, mended = (
            values[-1].mean() for values in names["cold"]["100 equal words", share]
        )
        assert kept > 95, f"{share}: {kept:.1f}"
        assert mended < 20, f"{share}: {mended:.1f}"
    kept, mended = (
        values[-1].mean() for values in names["cold"]["100 equal words", 0.3]
    )
    assert min(kept, mended) > 95, (kept, mended)


def test_a_zipf_list_is_damaged_at_every_share(names):
    courses = {
        share: names["cold"]["1000 Zipf words", share][0] for share in (0.1, 0.5)
    }
    whole = names["cold"]["1000 Zipf words", 1][0][-1].mean()
    assert abs(whole - 179.65) < 1.5, whole
    assert abs(courses[0.1][-1].mean() - 3.67) < 0.05
    assert 95 < courses[0.5][-1].mean() < 106


def test_verified_errors_follow_the_pencil(names):
    for (share, bias), (_, (low, mean, high)) in names["verified"].items():
        w = followed(share)
        law = w**2 / 20 + (1 - w) ** 2 * bias**2
        error = (high - low) / 2 / 1.645
        # The million accepted samples add a variance of a millionth.
        off = np.abs(mean - law) / np.maximum(error, 1e-6 + 0.001 * law)
        assert off.max() < bound(900), f"{share}, {bias}: {off.max():.1f}"


def test_a_tenth_of_the_weight_beats_either_source_alone(names):
    assert names["held"] == theory.verifier_risk(31, 20, 2, 0.15, 0.1)
    assert names["held"] < min(1 / 20, 0.15**2)
    # Five generations make 20 points worth about 64.
    gained = theory.verifier_risk(6, 20, 2, 0.15)
    assert round(float(1 / gained)) == 64


def test_weighted_errors_follow_the_dashed_lines(names):
    for (share, weight), (mean, error) in names["weighed"].items():
        law = names["weighted_theory"](share, weight)
        off = np.abs(mean - law) / (error / 1.645)
        assert off.max() < bound(1500), f"{share}, {weight}: {off.max():.1f}"
    for share, per_real in names["ADDED"].items():
        assert round(share * (1 + per_real), 9) == 1
        lasting = theory.weighted_mean_variance(0.35, per_real)
        assert abs(names["weighted_theory"](share, 0.35)[-1] - lasting) < 1e-6


def test_gains_follow_the_dashed_line(names):
    owned = np.array(names["OWNED"])[:, None]
    for (share, bias), found in names["gains"].items():
        w = followed(share)[names["GAIN_AGES"]]
        law = w**2 + (1 - w) ** 2 * bias**2 * owned
        # Squares of normal numbers: relative standard error below √(2 / 2000).
        # The million accepted samples add a variance of a few millionths.
        off = np.maximum(np.abs(found - law) - 3e-6 * owned, 0) / law
        off /= np.sqrt(2 / 2000)
        assert off.max() < bound(2200), f"{share}, {bias}: {off.max():.1f}"


def test_the_title_says_up_to_how_many_points_it_helps(figures):
    figure = figures["amazing"]
    for state, upto in (
        ({"generation": 30, "verifier_off": 0.15}, 45),
        ({"generation": 5, "verifier_off": 0.15}, 88),
        ({"generation": 30, "verifier_off": 0.15, "real_fraction": 0.1}, 94),
    ):
        drawn(figure, **state)
        assert figure.figure.axes[0].get_title(loc="left").endswith(f" {upto}"), state
        g = theory.verifier_risk(  # just at the border the error is the same
            state["generation"] + 1, upto, 2, 0.15
        )
        if "real_fraction" not in state:
            assert abs(g * upto - 1) < 0.03, g * upto


def test_predictions_have_the_answers_that_the_figures_show(names, figures):
    caption = drawn(
        figures["temperature"],
        generation=120,
        real_fraction=0.1,
        words="1000 Zipf words",
    )
    kept = names["cold"]["1000 Zipf words", 0.1][0][-1]
    assert f"In the end {kept.mean():.3g}" in caption, caption
    # Student's t of ten histories: one false alarm in 40 000.
    law = theory.tempered_effective_words(500, zipf(1000), 0.9, 0.1)
    assert score(kept, law) < 8, kept
    assert "67 %" in drawn(
        figures["curators"], generation=20, real_fraction=0.25, candidates=2
    )
    means = names["verified"][0, 0.15][1][1]
    assert means.argmin() in (4, 5, 6)
    assert means.min() < means[-1] < 0.05
    mean, _ = names["weighed"][0.1, 0.1]
    assert abs(mean[-1] - theory.pooled_mean_variance(9)) < 0.05


def test_the_loop_in_sight_ends_where_the_theory_does(names):
    end = names["p"][59]
    law = 1 - theory.best_of_distribution(13, np.sum(zipf(60)[:59]), 2, 0.25)
    # A takeover from one in 281 is early or late by chance.
    assert 0.6 * law < end < 1.5 * law, (end, law)


def test_half_lives_are_those_of_the_models(names):
    half = names["half_lives"]
    assert abs(half["gaussian"] - np.log(0.5) / np.log(0.99)) < 0.1, half
    assert 12 < half["minority"] < 14, half
    assert half["words"] < 5, half
    assert max(half["digits"], half["texts"]) < 4, half
    lasting = names["lasting"]
    # A push acts in the last two, and a tenth of real data leaves less of them.
    assert max(lasting["digits"], lasting["texts"]) < lasting["words"]
    assert lasting["words"] < lasting["gaussian"] < 1


def test_stepping_back_takes_the_bias_away(names):
    stepped, fitted = names["stepped"], names["fitted"]
    assert score(stepped[None], theory.step_back_variance(20)) < bound(1)
    assert score(fitted[None], 0.95) < bound(1)
