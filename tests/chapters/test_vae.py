"""What the chapter on autoencoders writes out and says is so."""

import itertools

import numpy as np
import pytest
import torch
from scipy import special

from collapse import measures, sweep
from collapse.digits import digit_classifier
from collapse.plotting import tiled
from collapse.recursion import Diet, recurse
from collapse.vae import VAE, VAEModel
from support.chapters import BOOK, run_chapter


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "vae.md").names


@pytest.fixture(scope="module")
def glued():
    """Return the numbers that the sentences show, by name, without their unit."""
    values = run_chapter(BOOK / "vae.md").values
    texts = next(value for value in values if isinstance(value, dict))
    return {name: float(text.rstrip(" %")) for name, text in texts.items()}


def twins(names):
    """Return the chapter's model and the package's, with the same weights."""
    theirs = names["Autoencoder"]()
    encoder, decoder = (
        tuple(
            (layer.weight.detach().T[None], layer.bias.detach()[None, None])
            for layer in network[::2]
        )
        for network in (theirs.encoder, theirs.decoder)
    )
    return theirs, VAEModel(VAE(), encoder, decoder, ())


def test_the_bound_written_out_is_that_of_the_package(names, monkeypatch):
    theirs, ours = twins(names)
    images = names["digits"].test_images

    def draw(shape):
        noise = np.random.default_rng(3).standard_normal(tuple(shape))
        return torch.tensor(noise, dtype=torch.float32)

    monkeypatch.setattr(torch, "randn", draw)
    written = theirs.elbo(torch.tensor(images), beta=1.0)
    choices = np.log(special.binom(16, 16 * images)).sum(axis=-1)
    expected = ours.elbo(images, np.random.default_rng(3)) - choices
    np.testing.assert_allclose(written.detach(), expected, rtol=1e-4)
    heavier = written - theirs.elbo(torch.tensor(images))
    kl = ours.kl_per_dimension(images).sum()
    assert float(heavier.detach().mean()) == pytest.approx(
        (VAE().beta - 1) * kl, rel=1e-3
    )


def test_its_samples_are_decoder_means(names):
    theirs, ours = twins(names)
    torch.manual_seed(4)
    drawn = theirs.sample(5)
    torch.manual_seed(4)
    expected = ours.decode(torch.randn(5, 8).numpy())
    np.testing.assert_allclose(drawn, expected, rtol=1e-4, atol=1e-6)


def test_its_training_raises_the_bound(names):
    images = torch.tensor(names["digits"].train_images)
    torch.manual_seed(5)
    before = names["fit"](images, steps=1).elbo(images).mean()
    after = names["fit"](images, steps=150).elbo(images).mean()
    assert after > before + 50, f"from {before:.0f} to {after:.0f} nats"


@pytest.fixture(scope="module")
def spread():
    """Return a function: pixel variances (generations, chains) of a real share."""
    result = sweep.load("digits_mixing")

    def look(real_fraction, output="mean"):
        return result.select(
            "pixel_variance", real_fraction=real_fraction, output=output, repetition=0
        )

    return look


def test_five_per_cent_die_and_ten_do_not_in_every_chain(spread):
    assert spread(0.05)[20].max() < 0.05, spread(0.05)[20]
    assert spread(0.1)[20].min() > 0.3, spread(0.1)[20]


def test_without_real_images_the_end_comes_ever_faster(spread):
    kept = spread(0).mean(axis=1)
    parts = kept[1:8] / kept[:7]
    assert parts[0] > 0.7 > 0.4 > parts[6], parts
    assert (np.diff(parts[2:]) < 0).all(), parts


def test_ten_per_cent_level_off_within_twenty_generations(spread):
    level = spread(0.1).mean(axis=1)
    assert abs(level[20] - level[15]) < 0.05 * level[0], level


def test_half_real_images_keep_most_of_the_spread_and_every_digit(spread):
    assert spread(0.5)[20].min() > 0.7 * spread(0.5)[0].max()
    held = look_up("classes_held", real_fraction=0.5, output="mean")
    assert (held == 10).all(), held


@pytest.mark.parametrize("output", ["mean", "draw"])
def test_more_real_images_leave_more_variance(spread, output):
    levels = [spread(share, output)[20] for share in (0, 0.1, 0.25, 0.5, 1)]
    for less, more in itertools.pairwise(levels):
        assert less.max() < more.min(), (less, more)


def test_the_dashed_guess_is_near_from_ten_per_cent_on(names, spread):
    for share in (0.1, 0.25, 0.5, 1):
        level = spread(share)[20].mean()
        kept = spread(share)[0].mean() / names["real_variance"]
        guess = names["guess"](share, kept)[20]
        assert guess == pytest.approx(level, rel=0.2), f"{share}: {level:.2f}"


def test_the_guess_promises_a_level_where_the_digits_die(names, spread):
    kept = spread(0.05)[0].mean() / names["real_variance"]
    assert names["guess"](0.05, kept)[20] > 0.3
    assert look_up("classes_held", real_fraction=0.05, output="mean")[20].max() == 0


def test_the_way_to_the_level_is_slower_than_the_guess(names, spread):
    for share in (0.1, 0.25, 0.5):
        kept = spread(share)[0].mean() / names["real_variance"]
        guess = names["guess"](share, kept)
        assert (spread(share)[1:4].mean(axis=1) > guess[1:4]).all(), share


def test_draws_keep_more_than_the_guess_says(names, spread):
    for share in (0.1, 0.25, 0.5):
        kept = spread(share, "draw")[0].mean() / names["real_variance"]
        assert spread(share, "draw")[20].min() > names["guess"](share, kept)[20]


def look_up(name, **chosen):
    """Return (generations, chains) of a measure in the sweep over real shares."""
    return sweep.load("digits_mixing").select(name, repetition=0, **chosen)


def test_draws_lose_less_at_first_and_end_in_noise(spread):
    assert (spread(0, "draw")[1] > spread(0)[1].max()).all()
    result = sweep.load("digits_mixing")
    chosen = {"real_fraction": 0, "output": "draw", "repetition": 0}
    held = result.select("classes_held", **chosen)[20]
    # Grey levels of independent dots: 64 pixels of variance p(1 - p) / 16 at most.
    assert 0.3 < spread(0, "draw")[20].min() <= spread(0, "draw")[20].max() < 1.01
    assert held.max() <= 2, held


def test_named_digits_stay_where_hardly_any_is_shown():
    result = sweep.load("digits_mixing")
    chosen = {"real_fraction": 0, "output": "mean", "repetition": 0}
    named = result.select("classes_named", **chosen)[5]
    held = result.select("classes_held", **chosen)[5]
    assert named.mean() > 8 > 2 > held.mean(), (named, held)
    noise = look_up("classes_named", real_fraction=0, output="draw")
    assert noise.mean(axis=1).min() > 7, noise.mean(axis=1)


def test_the_effective_number_falls_earlier_and_ends_between_two_and_three():
    number = look_up("effective_classes", real_fraction=0, output="mean")
    named = look_up("classes_named", real_fraction=0, output="mean")
    assert (number[3:6].mean(axis=1) < named[3:6].mean(axis=1)).all()
    assert 2 < number[20].min() <= number[20].max() < 3, number[20]


def test_the_frechet_distance_tells_digits_from_noise():
    apart = {
        share: look_up("frechet_features", real_fraction=share, output="draw")[20]
        for share in (0, 1)
    }
    assert apart[0].min() > 8 * apart[1].max(), apart


def test_latent_dimensions_fall_silent_one_by_one():
    kl = look_up("kl", real_fraction=0, output="mean").mean(axis=1)
    used = np.sum(kl > 0.1, axis=-1)
    assert (np.diff(used) <= 0).all(), used
    assert used[0] == 8
    assert used[20] == 0
    assert len(set(used[:9].tolist())) >= 5, used


def test_real_digits_move_outwards_and_then_fall_into_the_centre(names):
    spread = names["planes"].var(axis=2).mean(axis=-1)
    ages, shares = names["PLANE_AGES"], names["PLANE_SHARES"]
    without, half = spread[:, shares.index(0)], spread[:, shares.index(0.5)]
    peak = without.argmax()
    assert without[peak] > 1.8 * without[0], without
    assert (np.diff(without[:peak]) > -0.1).all(), without
    assert without[ages.index(14)] < 0.3 * without[0], without
    assert np.abs(half / half[0] - 1).max() < 0.15, half


def test_the_sentences_say_what_one_generation_keeps(glued, spread):
    first, late = (spread(0)[age + 1].mean() / spread(0)[age].mean() for age in (0, 6))
    assert glued["kept_first"] == pytest.approx(100 * first, abs=0.5)
    assert glued["kept_late"] == pytest.approx(100 * late, abs=0.5)


def test_the_sentence_says_how_long_both_sweeps_took(glued):
    mixing, errors = sweep.load("digits_mixing"), sweep.load("digits_errors")
    seconds = [each.provenance["compute_seconds"] for each in (mixing, errors)]
    assert 60 * glued["minutes"] == pytest.approx(sum(seconds), abs=30)


@pytest.fixture(scope="module")
def settings():
    """Return a function: pixel variances (generations, chains) of a setting."""
    result = sweep.load("digits_errors")
    return lambda setting: result.select(
        "pixel_variance", setting=setting, repetition=0
    )


def test_the_number_of_images_hardly_matters(settings):
    few, many = settings("250 images"), settings("1497 images")
    gap = np.abs(few.mean(axis=1) - many.mean(axis=1))
    assert gap.max() < 0.25, gap


@pytest.mark.parametrize(
    ("worse", "better", "generation"),
    [
        ("16 hidden units", "40 hidden units", 4),
        ("40 hidden units", "standard", 4),
        ("150 steps", "standard", 4),
        ("150 steps", "standard", 0),
        ("16 hidden units", "40 hidden units", 0),
        ("40 hidden units", "standard", 0),
        ("standard", "2400 steps", 6),
        ("standard", "previous weights", 2),
        ("beta 16", "standard", 3),
        ("standard", "beta 1", 6),
        ("standard", "draws", 6),
        ("standard", "4 latent dimensions", 6),
        ("standard", "2 latent dimensions", 6),
        ("16 latent dimensions", "standard", 3),
    ],
)
def test_what_lasts_longer_than_what(settings, worse, better, generation):
    less, more = settings(worse)[generation], settings(better)[generation]
    error = np.sqrt((less.var(ddof=1) + more.var(ddof=1)) / len(less))
    # Four standard errors of eight chains: a false alarm in a few thousand.
    assert more.mean() - less.mean() > 4 * error, (less, more)


def test_fewer_latent_dimensions_lose_more_in_the_first_fit(settings):
    first = [settings(f"{n} latent dimensions")[0].mean() for n in (2, 4)]
    assert first[0] < first[1] < settings("standard")[0].mean()


@pytest.mark.parametrize(("setting", "by"), [("beta 16", 3), ("2400 steps", 12)])
def test_where_it_is_gone_and_when(settings, setting, by):
    assert settings(setting)[by].max() < 0.05, settings(setting)[by]


def test_a_curator_keeps_more_digits_for_longer(names):
    classifier, held = digit_classifier(), {}

    def sure(images):
        return classifier.probabilities(images).max(axis=-1)

    def count(model, data):
        return measures.classes_held(classifier.probabilities(data), least=0.005)

    for curator in (None, sure):
        held[curator] = recurse(
            VAE(steps=200),
            names["digits"].train_images,
            generations=4,
            sample_size=500,
            diet=Diet(curator=curator),
            chains=4,
            rng=np.random.default_rng(7),
            measures={"held": count},
        )["held"][4]
    assert held[sure].min() > held[None].max(), held
    assert held[sure].max() < 10, held


def figure(name):
    """Return a figure of the chapter as a reader gets it, with what draws it."""
    found = run_chapter(BOOK / "vae.md").explorations
    return next(each for each in found if each.explored.recording.name == name)


def asked(name):
    """Return a figure's prediction, and the title in the state that it leads to."""
    prediction = figure(name).explored.recording.story.prediction
    sliders = figure(name).explored.sliders
    state = {
        slider.name: slider.values[place]
        for slider, place in zip(sliders, prediction["state"], strict=True)
    }
    return prediction, state, figure(name).update(**state)[0]


def test_no_digit_is_surely_shown_where_the_first_question_leads(spread):
    prediction, state, title = asked("vae-digits")
    assert state == {"generation": 5, "real_fraction": 0, "history": 0}
    assert prediction["answer"] == "none"
    assert title == "The classifier is sure of 0 of 10 digits"
    held = look_up("classes_held", real_fraction=0, output="mean")
    assert held[5].mean() < 1, held[5]
    # From generation 8 on all images are the same grey one.
    assert "By generation 8" in prediction["lesson"]
    assert spread(0)[8:].max() < 0.02 < spread(0)[6].min(), spread(0)[6:9]
    assert held[8:].max() == 0, held[8:]


def test_the_second_question_is_answered_by_the_figure(spread):
    prediction, state, title = asked("vae-mixing")
    assert state == {"real_fraction": 0.05, "samples": "means"}
    assert prediction["answer"] == "at nothing"
    assert title == "0 % of the first variance is left"
    (law,) = [
        line
        for line in figure("vae-mixing").figure.axes[0].lines
        if line.get_linestyle() == "--"
    ]
    assert spread(0.05)[20].max() < 0.1 < law.get_ydata()[20]


@pytest.mark.parametrize("name", ["vae-digits", "vae-plane", "vae-mnist"])
def test_a_story_begins_with_generation_0(name):
    first = figure(name).explored.sliders[0]
    assert (first.name, first.values[first.start_index]) == ("generation", 0)


def test_the_real_row_shows_each_digit_once_in_its_order(names):
    drawn = figure("vae-digits").figure.axes[0].images[0].get_array()
    rows = np.asarray(drawn).reshape(10, 10, 10).transpose(1, 0, 2)[:, 1:-1, 1:-1]
    named = digit_classifier().probabilities(rows.reshape(10, 64)).argmax(axis=-1)
    assert named.tolist() == list(range(10))


def test_the_sentence_says_what_beta_does(glued):
    held = sweep.load("digits_errors").select("classes_held", setting="beta 1")
    assert glued["sure_1"] == pytest.approx(held[0, 5].mean(), abs=0.051)
    standard = look_up("classes_held", real_fraction=0, output="mean")[5]
    assert glued["sure_4"] == pytest.approx(standard.mean(), abs=0.051)


def test_every_setting_but_the_standard_has_its_place(names):
    placed = [name for panel in names["PANELS"].values() for name in panel]
    assert sorted([*placed, "standard"]) == sorted(names["SETTINGS"])


def test_the_name_of_a_line_stands_nearest_to_it(names):
    ages, means = np.arange(13), names["MEANS"]
    for what, panel in names["PANELS"].items():
        if what == "number of images":
            continue  # all three lines lie in one place, under one name
        for name, (label, x, y) in panel.items():
            away = {
                # From about the middle of the name's first two letters.
                other: abs(np.interp(x + 0.35, ages, means[other]) - y - 0.17)
                for other in ["standard", *panel]
            }
            assert min(away, key=away.get) == name, (label, away)


def test_a_setting_is_drawn_thick_and_shown_in_generation_6(names):
    errors = figure("vae-errors")
    errors.update(setting="beta 16", history=1)
    lines = [line for ax in errors.figure.axes for line in ax.lines]
    (thick,) = [line for line in lines if line.get_linewidth() > 2]
    np.testing.assert_array_equal(thick.get_ydata(), names["MEANS"]["beta 16"])
    last = errors.figure.axes[-1]
    expected = names["with_setting"]("images", "beta 16")[6, 1, :10]
    np.testing.assert_array_equal(last.images[0].get_array(), tiled(expected, 5))
    assert last.texts[0].get_text() == "beta 16, generation 6"


def test_draws_end_as_one_sure_digit_of_pure_noise():
    held = look_up("classes_held", real_fraction=0, output="draw")[20]
    assert (held == 1).all(), held


def test_what_lies_outside_the_plane_is_marked_at_its_edge(names):
    plane = figure("vae-plane")
    assert "farther out" not in plane.update(generation=0, real_fraction=0)[1]
    _, caption = plane.update(generation=9, real_fraction=0)
    codes = names["planes"][9, 0]
    outside = (np.abs(codes) > 3).any(axis=-1)
    assert outside.sum() > 5
    assert f"({outside.sum()} farther out" in caption
    squares = next(
        line for line in plane.figure.axes[0].lines if line.get_marker() == "s"
    )
    x, y = squares.get_data()
    assert len(x) == outside.sum()
    assert np.maximum(np.abs(x), np.abs(y)).tolist() == [3] * len(x)


def test_images_of_the_plane_lie_where_the_plane_has_them(names):
    # Top left is -2 along the first variable and 2 along the second.
    corner = np.zeros((len(names["PLANE_SHARES"]), 1, 8))
    corner[..., names["longest"]] = (-2, 2)
    for age in (0, 9):
        expected = names["walk"].models[age].decode(corner)[:, 0]
        drawn = names["decoded"][age][:, 0] / 255
        np.testing.assert_allclose(drawn, expected, rtol=1e-4, atol=1e-6)
    spread = [names["decoded"][age][0].var(axis=0).sum() for age in (0, 14)]
    assert spread[1] < 0.01 * spread[0], "in the end all places look alike"


def test_mnist_fades_without_real_images_and_holds_with_half(names):
    without, half = (names["by_share"][share].mean(axis=1) for share in (0, 0.5))
    assert (np.diff(without) < 0).all(), without
    # Two draws of three histories left 0.31 and 0.41 of it.
    assert without[5] < 0.5 * without[0], without
    assert half[5] > 0.8 * half[0], half
    title, caption = figure("vae-mnist").update(generation=5)
    assert (
        title
        == f"Variance {without[5]:.1f} without real images, {half[5]:.1f} with half"
    )
    # MNIST's images have a pixel variance of 52.7.
    assert names["large_variance"] == pytest.approx(52.7, abs=0.3)
    assert f"of real images {names['large_variance']:.1f}." in caption
