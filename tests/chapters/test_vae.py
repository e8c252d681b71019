"""What the chapter on autoencoders writes out and says is so."""

import functools
import itertools
from pathlib import Path

import jupytext
import numpy as np
import pytest
import torch
from scipy import special

from collapse import measures, sweep
from collapse.digits import digit_classifier
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


@pytest.fixture
def run_mnist_cells(names, monkeypatch, tmp_path):
    """Return a function that runs these cells in an empty folder of their own."""
    monkeypatch.chdir(tmp_path)
    cells = [
        cell.source
        for cell in jupytext.read(BOOK / "vae.md").cells
        if cell.cell_type == "code" and "mnist_is_here" in cell.source
    ]
    assert len(cells) == 2

    def run():
        # Trained for next to nothing, as this is not about the quality of digits.
        found = {**names, "VAE": functools.partial(VAE, steps=3)}
        for cell in cells:
            exec(compile(cell, "<mnist>", "exec"), found)
        shown = found["mnist_figure"]() if found["mnist_is_here"] else None
        return found, shown

    return run


def write_mnist(folder, images, test_images):
    """Write MNIST's four files, with these images of 28 by 28 bytes."""
    folder.mkdir()
    for part, pictures in (("train", images), ("t10k", test_images)):
        labels = np.arange(len(pictures), dtype=np.uint8) % 10
        for kind, array in (("images-idx3", pictures), ("labels-idx1", labels)):
            sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
            head = bytes([0, 0, 8, array.ndim]) + sizes
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())


def test_with_mnist_beside_it_the_chapter_runs_the_loop_on_it(run_mnist_cells):
    images = np.random.default_rng(1).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    write_mnist(Path("mnist"), images[:50], images[50:])
    found, shown = run_mnist_cells()
    # Generation 0 has the real images, in another order; the others have drawn ones.
    assert found["large"].shape == (6, 40, 784)
    real = {image.tobytes() for image in images[:50]}
    bytes_of = np.rint(255 * found["large"]).astype(np.uint8)
    assert {image.tobytes() for image in bytes_of[0]} <= real
    assert not {image.tobytes() for image in bytes_of[1]} & real
    expected = images[:50].reshape(50, -1).var(axis=0).sum() / 255**2
    assert found["left"][0] == pytest.approx(expected, rel=1e-4)
    assert [slider.name for slider in shown.sliders] == ["generation"]
    first, last = shown.recording.captions[0], shown.recording.captions[-1]
    assert f"all real. Pixel variance: {expected:.1f}, in" in first
    assert f"all drawn. Pixel variance: {found['left'][5]:.1f}, in" in last


def test_without_mnist_the_chapter_says_so(run_mnist_cells, capsys):
    found, _ = run_mnist_cells()
    assert not found["mnist_is_here"]
    assert "no folder mnist here" in capsys.readouterr().out


def test_a_damaged_file_of_mnist_is_named(run_mnist_cells):
    write_mnist(
        Path("mnist"), np.zeros((9, 28, 28), np.uint8), np.zeros((9, 28, 28), np.uint8)
    )
    file = Path("mnist") / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="train-images-idx3-ubyte must hold 7056"):
        run_mnist_cells()
