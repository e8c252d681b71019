"""What the chapter on rare words says of its figures is what its cells computed."""

import numpy as np
import pytest
from scipy.stats import norm

from collapse import measures, theory
from collapse.categorical import zipf
from support.chapters import BOOK, run_chapter

FALSE_ALARM = 1e-4


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "rare-words.md").names


def bound(comparisons):
    """How large the largest of so many scores should never be."""
    return norm.isf(FALSE_ALARM / 2 / comparisons)


def score(values, expected):
    """Standard errors between the mean over the last axis and what is expected."""
    error = values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])
    return np.abs(values.mean(axis=-1) - expected) / error


def test_the_list_of_words_is_that_of_the_text(names):
    words, p = names["words"], names["histories"]["p"]
    assert len(words) == len(set(words)) == 60
    alive = (p > 0).sum(axis=2)
    # Nobody comes back without real text; and the rare words go first.
    without = slice(0, names["HISTORIES"])
    assert (np.diff(alive[:, without], axis=0) <= 0).all()
    rows = p[10, without].reshape(-1, 5, 12) > 0
    assert (rows[:, 0].sum(axis=1) > rows[:, -1].sum(axis=1)).all()


def test_generation_0_has_read_real_text_only():
    first, *_ = run_chapter(BOOK / "rare-words.md").explorations
    assert first.draw([0, 0, 0]).startswith("Generation 0, real text only: ")
    assert first.draw([1, 0, 0]).startswith("Generation 1, 0 % real text: ")


def test_the_dashed_support_is_the_mean_of_the_histories(names):
    assert set(names["SOLVED"]) == {100, 300, 1000, 3000}
    for size, expected in names["SOLVED"].items():
        # Where nearly all histories hold the same number, errors say little.
        found = score(names["supports"][size], expected)[:-3]
        assert found.max() < bound(44), f"{size} draws: {found}"


def test_a_third_survives_the_first_reading():
    left = theory.expected_support(np.array([1, 2, 10, 11, 50, 51]), 1000, zipf(1000))
    assert abs(left[0] / 1000 - 1 / 3) < 0.01
    # Fastest at the start, slow at the end, with a few dozen left.
    losses = -np.diff(left)[::2]
    assert losses[0] > 10 * losses[1] > 10 * losses[2]
    assert 24 <= left[4] <= 36


def test_words_live_as_long_as_the_dashed_line_says(names):
    for seen, alive in names["alive"].items():
        expected = theory.word_survival(names["horizon"], seen)
        error = np.sqrt(expected * (1 - expected) / 20_000)
        # The line is for a word rare beside the 2000 of a text: an error of c / M.
        off = np.abs(alive - expected) - seen / 2000
        assert (off < bound(700) * error).all(), f"{seen} times: {(off / error).max()}"


def test_half_of_them_are_gone_when_the_text_says():
    less = [
        2 * count / np.log(2) - theory.median_lifetime(count) for count in range(2, 21)
    ]
    assert min(less) > 0.5, less
    assert max(less) < 2.5, less


def test_lines_of_words_end_as_the_step_in_the_text_says():
    for count, near in ((10, 0.03), (100, 0.005), (1000, 0.001)):
        refits = int(2 * count / np.log(2))
        ended = 1 - theory.word_survival(refits, count)
        off = abs(ended - np.exp(-2 * count / refits))
        assert off < near, f"{count} occurrences: {off:.4f}"


def test_a_word_seen_ten_times_lives_as_long_in_longer_texts():
    alive = [
        1 - theory.loss_probability(27, size, 10 / size) for size in (500, 1000, 2000)
    ]
    assert max(alive) - min(alive) < 0.01, alive


def test_fates_follow_the_exact_law(names):
    races, chains = names["races"], names["RACES"]
    for (size, share), (gone, alone, *_) in names["fates"].items():
        for found, frequency in ((gone, share), (alone, 1 - share)):
            law = theory.loss_probability(races, size, frequency)
            error = np.sqrt(law * (1 - law) / chains)
            off = np.maximum(np.abs(found - law) - 0.5 / chains, 0)
            worst = np.max(off[error > 0] / error[error > 0])
            assert worst < bound(390), f"{size} words, {frequency}: {worst:.1f}"


def test_longer_texts_do_the_same_more_slowly():
    short = theory.loss_probability(np.array([50, 100, 200]), 50, 0.2)
    long = theory.loss_probability(np.array([100, 200, 400]), 100, 0.2)
    np.testing.assert_allclose(short, long, atol=0.01)


def test_mixing_follows_its_transient(names):
    refits = names["times"] + 1
    for (size, share), values in names["kept"].items():
        law = theory.mixing_heterozygosity_transient(refits, size, share, 1.0)
        found = score(values["H"], law)
        assert found.max() < bound(624), f"{size} draws, {share}: {found.max():.1f}"


def test_real_words_keep_variety_and_few_words(names):
    for share, kept in ((0.01, 2 / 3), (0.1, 0.95)):
        level = theory.mixing_heterozygosity(share, 100, 0.9) / 0.9
        assert abs(level - kept) < 0.005, f"{share}: {level:.3f}"
    for size in (1000, 3000):
        end = {name: v[-1].mean() for name, v in names["kept"][size, 0].items()}
        assert end["H"] > 0.85, f"{size} draws: {end}"
        assert end["left"] < 0.05, f"{size} draws: {end}"
    all_real = 1 - ((1 - zipf(1000)) ** 1000).mean()
    assert abs(all_real - 1 / 3) < 0.01
    tenth = names["kept"][1000, 0.1]["left"][-1].mean()
    assert 0.45 < tenth / all_real < 0.62, tenth


def test_smoothing_keeps_variety_and_forgets_all_the_same(names):
    real, flat = zipf(1000), names["flat"]
    refits = names["fifty"] + 1
    start = measures.heterozygosity(real)
    end = {}
    for (size, added), values in names["smoothed"].items():
        law = theory.smoothed_heterozygosity(refits, size, added, 1000, start)
        found = score(1 - values["same"], law)
        assert found[[0, 5, 20, 50]].max() < bound(60), f"{size}, {added}: {found}"
        end[size, added] = values["off"][-1].mean()
    assert min(end.values()) > flat, end
    for added in (0.001, 0.01, 0.1):
        assert abs(end[1000, added] / end[1000, 0] - 1) < 0.15, end
    # A little saves little variety; enough of it makes too much of it.
    for size in (300, 1000, 3000):
        none, little, *_, enough, most = (
            1 - theory.smoothed_heterozygosity(51, size, added, 1000, start)
            for added in names["ADDED"]
        )
        real_one = 1 - start
        assert 0.75 < (little - real_one) / (none - real_one) < 1, f"{size} draws"
        assert max(enough, most) < 0.25 * real_one, f"{size} draws"
    # The shortest texts gain, towards flatness.
    assert end[300, 1] < end[300, 0.1] < 0.85 * end[300, 0], end
    # With one added the list is nearly flat: 1000 equal words agree once in 1000.
    for size in (300, 1000, 3000):
        assert names["smoothed"][size, 1]["same"][-1].mean() < 1.5 / 1000


def test_temperature_and_top_k_do_what_the_text_says(names):
    spoken = {key: v.mean(axis=1) for key, v in names["spoken"].items()}
    drift = spoken[1.0, "all"]
    # In about a dozen generations two effective words are left, and drift leaves many.
    assert spoken[0.9, "all"][12] < 2 < 70 < drift[12]
    # Top-k cuts once, and from then on loses less than drift does.
    for top in (30, 100):
        cut = spoken[1.0, top]
        assert cut[1] < 0.5 * cut[0], top
        assert cut[30] / cut[1] > drift[30] / drift[1], top
    assert spoken[1.2, "all"][5] > spoken[1.2, "all"][0]


def test_more_data_do_not_help_against_temperature():
    # Without any noise: ten synthetic generations after the first fit.
    cold = zipf(1000) ** (0.9**-10)
    assert measures.effective_classes(cold / cold.sum()) < 3
