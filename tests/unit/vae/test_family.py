"""Autoencoders as a family: chains, randomness, the loop, options."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from scipy import stats

from collapse.digits import load_digits
from collapse.measures import pixel_variance
from collapse.recursion import Diet, recurse
from collapse.streams import Streams
from collapse.vae import STARTS, VAE
from support.autoencoders import SMALL, parameters, real, rng, schedule, streams
from support.silence import silence


class TestChains:
    def test_a_chain_does_not_depend_on_its_neighbours(self):
        # Rounding in another order may differ; 100 steps do not magnify it much.
        data = real(8, 200)
        family = VAE(steps=100, **SMALL)
        together = parameters(family.fit(data, streams(8)))
        for chain in (0, 5, 7):
            source = Streams([rng(2, chain)])
            alone = parameters(family.fit(data[chain : chain + 1], source))[0]
            gap = np.abs(together[chain] - alone).max()
            assert gap < 1e-3, f"chain {chain} is off by {gap:.2g}"
        spread = np.abs(together[0] - together[1]).max()
        assert spread > 0.1, f"different chains differ by {spread:.2g} only"

    def test_their_order_and_number_change_no_random_number(self):
        family = VAE(**SMALL)
        indices, noise = schedule(family, streams(4), 4, 70, 130)
        assert indices.shape == (4, 130, 32)
        assert noise.shape == (4, 130, 32, 3)
        fewer = schedule(family, Streams([rng(2, 3), rng(2, 1)]), 2, 70, 130)
        assert np.array_equal(fewer[0], indices[[3, 1]])
        assert np.array_equal(fewer[1], noise[[3, 1]])

    def test_each_pass_shows_every_image_once(self):
        indices, _ = schedule(VAE(batch_size=32), streams(2), 2, 70, 140)
        passes = indices.reshape(2, -1)[:, : 64 * 70].reshape(2, 64, 70)
        assert (np.sort(passes, axis=-1) == np.arange(70)).all()
        assert not np.array_equal(passes[:, 0], passes[:, 1])

    def test_random_numbers_are_drawn_for_fifty_steps_at_a_time(self):
        blocks = [len(each[0][0]) for each in VAE().minibatches(streams(1), 1, 70, 130)]
        assert blocks == [50, 50, 30]

    def test_noise_is_standard_normal(self):
        _, noise = schedule(VAE(**SMALL), streams(2), 2, 70, 60)
        assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3

    def test_same_seed_same_model_and_samples(self):
        data, family = real(2, 100), VAE(steps=30, output="draw", **SMALL)
        one, other = (family.fit(data, streams(2)) for _ in range(2))
        assert np.array_equal(parameters(one), parameters(other))
        samples = [model.sample(20, streams(2)) for model in (one, other)]
        assert np.array_equal(*samples)

    def test_no_randomness_comes_from_torch_itself(self):
        state = torch.get_rng_state()
        family = VAE(steps=3, output="draw", **SMALL)
        model = family.fit(real(2, 50), streams(2))
        model.sample(5, streams(2))
        model.elbo(real(2, 5), streams(2))
        assert torch.equal(state, torch.get_rng_state())

    def test_one_data_set_and_a_plain_generator(self):
        images = real(1, 60)[0]
        model = VAE(steps=5, **SMALL).fit(images, rng())
        assert model.sample(7, rng()).shape == (7, 64)
        assert model.encode(images)[0].shape == (60, 3)
        assert model.kl_per_dimension(images).shape == (3,)
        assert model.elbo(images, rng()).shape == (60,)
        assert model.decode(np.zeros((4, 3))).shape == (4, 64)
        # As a true distribution it serves any number of chains.
        drawn = model.sample(7, streams(5))
        assert drawn.shape == (5, 7, 64)
        assert drawn.dtype == np.float32

    def test_a_chain_axis_with_a_plain_generator(self):
        data = real(3, 60)
        model = VAE(steps=5, **SMALL).fit(data, rng())
        assert model.sample(7, rng()).shape == (3, 7, 64)
        shown_to_all = model.encode(data[0])[0]
        assert shown_to_all.shape == (3, 60, 3)
        np.testing.assert_allclose(shown_to_all[0], model.encode(data)[0][0], atol=1e-6)

    def test_a_model_survives_pickling(self):
        model = VAE(steps=2, **SMALL).fit(real(2, 40), streams(2))
        copy = pickle.loads(pickle.dumps(model))
        assert np.array_equal(copy.sample(3, streams(2)), model.sample(3, streams(2)))


class TestInTheLoop:
    def test_the_loop_runs_it_and_hands_the_previous_model_on(self):
        images = load_digits().train_images
        runs = {}
        for start in ("scratch", "previous"):
            runs[start] = recurse(
                VAE(steps=60, further_steps=5, start=start, **SMALL),
                images,
                generations=2,
                sample_size=100,
                diet=Diet(real_fraction=(0.0, 1.0)),
                chains=2,
                rng=rng(),
                measures={"spread": lambda model, data: pixel_variance(data)},
                keep_models=True,
            )
            assert runs[start]["spread"].shape == (3, 2)
        steps = {
            start: np.abs(parameters(run.models[1]) - parameters(run.models[0])).max()
            for start, run in runs.items()
        }
        assert steps["previous"] < 0.1 < steps["scratch"], steps

    def test_equal_images_are_learned_without_a_warning(self):
        black = np.zeros((2, 50, 64))
        black[1] = 1
        with silence():
            model = VAE(steps=200).fit(black, streams(2))
            images = model.sample(100, streams(2))
        assert images[0].max() < 0.05
        assert images[1].min() > 0.95

    def test_data_that_cannot_be_written_to_are_fine(self):
        data = np.broadcast_to(load_digits().train_images[:50], (3, 50, 64))
        with silence():
            model = VAE(steps=2, **SMALL).fit(data, streams(3))
            model.encode(data)
        assert (data[0] == load_digits().train_images[:50]).all()

    def test_fewer_images_than_a_minibatch(self):
        model = VAE(steps=3, **SMALL).fit(real(2, 5), streams(2))
        assert np.isfinite(parameters(model)).all()


class TestAtTheDoor:
    def test_defaults_are_those_of_the_shipped_results(self):
        assert VAE() == VAE(
            latent=8,
            hidden=(128, 128),
            steps=600,
            batch_size=128,
            learning_rate=6e-3,
            beta=4.0,
            levels=16,
            start="scratch",
            further_steps=200,
            output="mean",
            device="cpu",
        )

    def test_what_just_will_do(self):
        family = VAE(1, (1,), 1, 1, beta=0, levels=1, start="previous", further_steps=1)
        first = family.fit(real(1, 1), rng())
        second = family.fit(real(1, 1), rng(), previous=first)
        assert second.sample(1, rng()).shape == (1, 1, 64)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"latent": 0}, "latent must be a whole number of at least 1, got 0"),
            ({"latent": 2.5}, "latent must be a whole number"),
            ({"hidden": ()}, "hidden must be a sequence"),
            ({"hidden": 128}, "hidden must be a sequence"),
            ({"hidden": (8, 0)}, r"hidden\[1\] must be a whole number"),
            ({"steps": 0}, "steps must be"),
            ({"batch_size": -1}, "batch_size must be"),
            ({"learning_rate": 0}, "learning_rate must be a number above 0"),
            ({"learning_rate": -0.5}, "learning_rate must be"),
            ({"learning_rate": np.nan}, "learning_rate must be"),
            ({"beta": -1}, "beta must be"),
            ({"levels": 0}, "levels must be"),
            ({"start": "warm"}, "start must be one of 'scratch', 'previous'"),
            ({"further_steps": 0}, "further_steps must be"),
            ({"output": "sample"}, "output must be one of 'mean', 'draw'"),
            ({"device": 0}, "device must be a name"),
            ({"device": "abacus"}, "device must be one that torch can use"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises(ValueError, match=message):
            VAE(**options)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (np.full((5, 4), 1.5), r"data must lie in \[0, 1\], got 1.5 to 1.5"),
            (np.full((5, 4), -0.1), r"data must lie in \[0, 1\]"),
            (np.full((5, 4), np.nan), "data must be finite"),
            (np.zeros(4), "data must have at least 2 axes"),
            (np.zeros((0, 4)), "data must not be empty"),
            (np.zeros((2, 2, 5, 4)), r"data must have shape \(n, pixels\)"),
            ("digits", "data must be an array of numbers"),
        ],
    )
    def test_data(self, data, message):
        with pytest.raises(ValueError, match=message):
            VAE(steps=1).fit(data, rng())

    def test_generators(self):
        data = real(2, 10)
        for bad in (None, 5):
            with pytest.raises(ValueError, match="rng must be a numpy"):
                VAE(steps=1).fit(data, bad)
        with pytest.raises(ValueError, match="one chain for each of 3 generators"):
            VAE(steps=1).fit(data, streams(3))

    def test_what_is_shown_to_a_model(self):
        model = VAE(steps=1, **SMALL).fit(real(2, 10), streams(2))
        with pytest.raises(ValueError, match="last axis of 64 pixels"):
            model.encode(np.zeros((5, 63)))
        with pytest.raises(ValueError, match=r"images must lie in \[0, 1\]"):
            model.encode(np.full((5, 64), 16.0))
        with pytest.raises(ValueError, match="last axis of 3"):
            model.decode(np.zeros((5, 64)))
        with pytest.raises(ValueError, match="2 chains, got an array with 4"):
            model.decode(np.zeros((4, 5, 3)))
        with pytest.raises(ValueError, match="must have shape"):
            model.decode(np.zeros((1, 2, 5, 3)))
        with pytest.raises(ValueError, match="n must be"):
            model.sample(0, streams(2))

    def test_a_previous_model_of_another_kind(self):
        data = real(2, 10)
        family = VAE(start="previous", **SMALL)
        other = VAE(steps=1, **SMALL | {"latent": 4}).fit(data, streams(2))
        with pytest.raises(ValueError, match="previous must have hidden layers"):
            family.fit(data, streams(2), previous=other)
        fewer = VAE(steps=1, **SMALL).fit(data[:1], streams(1))
        with pytest.raises(ValueError, match="previous must have hidden layers"):
            family.fit(data, streams(2), previous=fewer)
        with pytest.raises(ValueError, match="previous must be a VAEModel"):
            family.fit(data, streams(2), previous="the last one")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
class TestOnAGPU:
    def test_it_trains_to_the_same_quality(self):
        data, test = real(4, 500), load_digits().test_images
        bounds = {}
        for device in ("cpu", "cuda"):
            model = VAE(steps=300, device=device).fit(data, streams(4))
            assert model.encoder[0][0].device.type == device
            assert model.sample(10, streams(4)).shape == (4, 10, 64)
            bounds[device] = model.elbo(test, streams(4)).mean(axis=-1)
        gap = (bounds["cuda"] - bounds["cpu"]).mean()
        spread = bounds["cpu"].std(ddof=1)
        assert abs(gap) < 3 * spread, f"{gap:.2f} nats, between chains {spread:.2f}"

    def test_a_few_steps_are_the_same_steps(self):
        data = real(3, 100)
        models = [
            VAE(steps=10, device=device, **SMALL).fit(data, streams(3))
            for device in ("cpu", "cuda")
        ]
        images = [model.sample(50, streams(3)) for model in models]
        np.testing.assert_allclose(*images, atol=1e-3)


@pytest.mark.parametrize("start", STARTS)
def test_a_training_that_diverges_says_so(start):
    family = VAE(2, (8,), 30, learning_rate=1e20, start=start)
    images = np.random.default_rng(0).random((40, 16))
    with pytest.raises(ValueError, match="generation 0: training must lead to finite"):
        recurse(
            family,
            images,
            generations=1,
            sample_size=40,
            rng=np.random.default_rng(1),
        )
