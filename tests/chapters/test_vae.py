"""What the chapter on autoencoders writes out and says is so."""

import itertools

import numpy as np
import pytest
import torch

from collapse import sweep
from collapse.vae import SingleVAE
from support.chapters import BOOK, run_chapter


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "vae.md").names


def twins(names):
    """Return the chapter's model and the package's, with the same weights."""
    theirs, ours = names["Autoencoder"](), SingleVAE()
    for network, other in (
        (theirs.encoder, ours.encoder),
        (theirs.decoder, ours.decoder),
    ):
        network.load_state_dict(other.state_dict())
    return theirs, ours


def test_the_bound_written_out_is_that_of_the_package(names):
    theirs, ours = twins(names)
    images = torch.tensor(names["digits"].test_images)
    torch.manual_seed(3)
    written = theirs.elbo(images)
    torch.manual_seed(3)
    noise = torch.randn(len(images), 8)
    expected = ours.elbo(images, noise)
    torch.testing.assert_close(written, expected, rtol=1e-4, atol=1e-3)


def test_its_samples_are_decoder_means(names):
    theirs, ours = twins(names)
    torch.manual_seed(4)
    drawn = theirs.sample(5)
    torch.manual_seed(4)
    torch.testing.assert_close(drawn, ours.decode(torch.randn(5, 8)))


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
        ("standard", "2400 steps", 6),
        ("beta 16", "standard", 3),
        ("standard", "beta 1", 6),
        ("standard", "draws", 6),
        ("standard", "4 latent dimensions", 6),
        ("standard", "2 latent dimensions", 6),
        ("16 latent dimensions", "standard", 4),
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
