"""Chains side by side against one VAE in plain torch, numpy by hand and scipy."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from collapse.digits import load_digits
from collapse.measures import pixel_variance
from collapse.recursion import Diet, recurse
from collapse.streams import Streams
from collapse.vae import VAE, SingleVAE, VAEModel, _binomial, train

SMALL = {"latent": 3, "hidden": (16, 12), "batch_size": 32}


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from threads, and other tests may be running."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rng(*seed):
    return np.random.default_rng(seed or 1)


def streams(chains, seed=2):
    return Streams([rng(seed, chain) for chain in range(chains)])


def real(chains, n, seed=3):
    images = load_digits().train_images
    return np.stack(
        [rng(seed, chain).permutation(images)[:n] for chain in range(chains)]
    )


def parameters(model):
    """All numbers of a model, one row for each chain."""
    parts = [part for pair in model.encoder + model.decoder for part in pair]
    return np.concatenate([part.flatten(1).numpy() for part in parts], axis=1)


def schedule(family, source, chains, n, steps):
    """Join the blocks of minibatches: places and noise, (chains, steps, ...)."""
    blocks = zip(*family.minibatches(source, chains, n, steps), strict=True)
    return [np.concatenate(parts, axis=1) for parts in blocks]


class TestAgainstTheSingleOne:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"hidden": (20,), "latent": 1, "beta": 1.0, "levels": 255},
            {"hidden": (9, 8, 7), "beta": 0.0, "levels": 1, "learning_rate": 1e-3},
        ],
        ids=["usual", "one-layer", "three-layers"],
    )
    def test_same_weights_minibatches_and_noise_give_the_same_training(self, options):
        options = SMALL | options
        data, steps = real(3, 100), 60
        first = VAE(steps=1, **options).fit(data, streams(3))
        family = VAE(start="previous", further_steps=steps, **options)
        together = family.fit(data, streams(3, seed=4), previous=first)
        places, noise = schedule(family, streams(3, seed=4), 3, 100, steps)
        for chain in range(3):
            one = first.single(chain)
            train(
                one,
                torch.tensor(data[chain]),
                places[chain],
                torch.tensor(noise[chain]),
                family.learning_rate,
                family.levels,
                family.beta,
            )
            pairs = zip(
                one.parameters(), together.single(chain).parameters(), strict=True
            )
            for theirs, ours in pairs:
                torch.testing.assert_close(ours, theirs, rtol=2e-3, atol=2e-4)
            start = zip(one.parameters(), first.single(chain).parameters(), strict=True)
            moved = max(float((now - then).detach().abs().max()) for now, then in start)
            assert moved > 0.01, f"training has moved the weights by {moved:.2g} only"

    def test_gradients_are_those_of_automatic_differentiation(self):
        # One step of plain descent is one gradient; Adam would hide its size.
        family = VAE(**SMALL)
        data = real(2, 32)
        model = VAE(steps=20, **SMALL).fit(data, streams(2))
        noise = streams(2, seed=5).standard_normal((32, 3)).astype(np.float32)
        from collapse.vae import _Training

        training = _Training(family, model.encoder, model.decoder, 32)
        training._differentiate(torch.tensor(data), torch.tensor(noise))
        slopes = training.encoding.slopes + training.decoding.slopes
        for chain in range(2):
            one = model.single(chain).double()
            loss = -one.elbo(
                torch.tensor(data[chain]).double(), torch.tensor(noise[chain]).double()
            ).mean()
            loss.backward()
            ours = [part[chain].double() for pair in slopes for part in pair]
            for mine, layer in zip(ours, one.parameters(), strict=True):
                theirs = layer.grad.T if layer.ndim == 2 else layer.grad[None]
                scale = float(theirs.abs().max())
                torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5 * scale)

    def test_encoder_and_decoder_are_the_same_functions(self):
        data = real(3, 40)
        model = VAE(steps=5, **SMALL).fit(data, streams(3))
        means, sds = model.encode(data)
        images = model.decode(means)
        with torch.no_grad():
            for chain in range(3):
                one = model.single(chain)
                mean, log_variance = one.encode(torch.tensor(data[chain]))
                np.testing.assert_allclose(means[chain], mean, atol=1e-5)
                sd = np.exp(log_variance.numpy() / 2)
                np.testing.assert_allclose(sds[chain], sd, rtol=1e-4)
                np.testing.assert_allclose(images[chain], one.decode(mean), atol=1e-5)

    def test_first_weights_have_the_same_law(self):
        # A rate so small that one step moves nothing but the zeros, by 1e-30.
        model = VAE(steps=1, learning_rate=1e-30).fit(real(1, 10), rng())
        torch.manual_seed(1)
        theirs = [*SingleVAE().encoder, *SingleVAE().decoder]
        theirs = [layer for layer in theirs if isinstance(layer, torch.nn.Linear)]
        ours = model.encoder + model.decoder
        for (weights, bias), layer in zip(ours, theirs, strict=True):
            assert weights[0].T.shape == layer.weight.shape
            law = [part.detach().flatten() for part in (weights, layer.weight)]
            assert stats.ks_2samp(*law).pvalue > 1e-3
            assert float(bias.abs().max()) < 1e-20
            assert (layer.bias == 0).all()


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
        places, noise = schedule(family, streams(4), 4, 70, 130)
        assert places.shape == (4, 130, 32)
        assert noise.shape == (4, 130, 32, 3)
        some = schedule(family, Streams([rng(2, 3), rng(2, 1)]), 2, 70, 130)
        assert np.array_equal(some[0], places[[3, 1]])
        assert np.array_equal(some[1], noise[[3, 1]])

    def test_each_pass_shows_every_image_once(self):
        places, _ = schedule(VAE(batch_size=32), streams(2), 2, 70, 140)
        passes = places.reshape(2, -1)[:, : 64 * 70].reshape(2, 64, 70)
        assert (np.sort(passes, axis=-1) == np.arange(70)).all()
        assert not np.array_equal(passes[:, 0], passes[:, 1])

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


class TestObjective:
    def trained(self):
        images = load_digits().train_images
        return VAE(latent=2, steps=300).fit(images[:500], rng()), images[500:700]

    def test_kl_is_the_integral_of_the_log_ratio(self):
        model, images = self.trained()
        means, sds = model.encode(images[:20])
        found = model.kl_per_dimension(images[:20])
        expected = np.zeros((20, 2))
        for place in np.ndindex(20, 2):
            mean, sd = float(means[place]), float(sds[place])
            q, p = stats.norm(mean, sd), stats.norm()
            expected[place], _ = integrate.quad(
                lambda z, q=q, p=p: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)),
                mean - 12 * sd,
                mean + 12 * sd,
            )
        np.testing.assert_allclose(found, expected.mean(axis=0), rtol=1e-5)
        assert found.min() > 0.5

    def test_elbo_is_the_average_over_many_latent_points(self):
        # By numpy and scipy: binomial log mass, and log densities instead of the KL.
        model, images = self.trained()
        images, draws = images[:3], 4000
        means, sds = (part.astype(float) for part in model.encode(images))
        noise = rng(7).standard_normal((draws, 3, 2))
        z = means + sds * noise
        weights = model.single().state_dict()
        hidden = z
        for layer in (0, 2, 4):
            weight = weights[f"decoder.{layer}.weight"].numpy().astype(float)
            hidden = hidden @ weight.T + weights[f"decoder.{layer}.bias"].numpy()
            if layer < 4:
                hidden = np.maximum(hidden, 0)
        log_likelihood = stats.binom.logpmf(
            np.round(16 * images), 16, special.expit(hidden)
        ).sum(axis=-1)
        log_ratio = (stats.norm.logpdf(z) - stats.norm.logpdf(z, means, sds)).sum(-1)
        by_hand = log_likelihood + log_ratio
        many = np.stack([model.elbo(images, source) for source in rng(8).spawn(draws)])
        gap = many.mean(axis=0) - by_hand.mean(axis=0)
        error = np.sqrt((many.var(axis=0) + by_hand.var(axis=0)) / draws)
        assert (np.abs(gap) < 4.5 * error).all(), f"{gap} with standard errors {error}"
        assert (error < 0.3).all()

    def test_elbo_bounds_the_evidence(self):
        # In two dimensions the evidence is a sum over a fine grid of z.
        model, images = self.trained()
        images = images[:5]
        axis = np.linspace(-6, 6, 241)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        means = model.decode(grid).astype(float)
        prior = stats.norm.logpdf(grid).sum(axis=-1) + 2 * np.log(axis[1] - axis[0])
        sources = rng(9).spawn(400)
        bound = np.mean([model.elbo(images, one) for one in sources], axis=0)
        for image, lower in zip(images, bound, strict=True):
            counts = np.round(16 * image)
            black, white = special.xlogy(counts, means), 16 - counts
            log_likelihood = (black + special.xlog1py(white, -means)).sum(-1)
            log_likelihood += np.log(special.binom(16, counts)).sum()
            evidence = special.logsumexp(log_likelihood + prior)
            assert lower < evidence + 0.5
            # Not bounded from far away either: this encoder is a fair one.
            assert lower > evidence - 40

    def test_the_training_objective_is_the_elbo_up_to_the_coefficient(self):
        model, images = self.trained()
        noise = np.random.default_rng(3).standard_normal((200, 2))
        ours = model.elbo(images, np.random.default_rng(3))
        one = model.single().double()
        with torch.no_grad():
            theirs = one.elbo(
                torch.tensor(images).double(), torch.tensor(noise), beta=1.0
            )
        coefficient = np.log(special.binom(16, np.round(16 * images))).sum(axis=-1)
        np.testing.assert_allclose(ours - coefficient, theirs, rtol=1e-4)

    def test_training_raises_the_objective(self):
        images = load_digits().train_images
        held_out = load_digits().test_images
        scores = []
        for steps in (1, 50, 300):
            model = VAE(steps=steps).fit(images[:500], rng())
            scores.append(model.elbo(held_out, rng()).mean())
        assert scores[0] < scores[1] - 50 < scores[2] - 60, scores

    def test_a_heavy_kl_empties_the_latent_space(self):
        data = real(2, 500)
        usual = VAE(steps=300).fit(data, streams(2)).kl_per_dimension(data)
        heavy = VAE(steps=300, beta=1000.0).fit(data, streams(2))
        assert usual.max() > 0.5
        assert heavy.kl_per_dimension(data).max() < 0.01
        # Every image is then decoded to the same one.
        assert pixel_variance(heavy.sample(200, streams(2))).max() < 0.05


class TestSamples:
    def test_means_and_draws_have_the_same_mean(self):
        data = real(1, 300)
        mean = VAE(steps=60, **SMALL).fit(data, streams(1))
        draw = VAEModel(
            VAE(steps=60, output="draw", **SMALL), mean.encoder, mean.decoder, (1,)
        )
        n = 4000
        smooth, noisy = mean.sample(n, streams(1)), draw.sample(n, streams(1))
        gap = (noisy - smooth).mean(axis=1)
        variance = (smooth * (1 - smooth) / 16).mean(axis=1)
        assert (np.abs(gap) < 4.5 * np.sqrt(variance / n)).all()
        found = np.square(noisy - smooth).mean(axis=1)
        np.testing.assert_allclose(found.sum(), variance.sum(), rtol=0.02)
        assert set(np.unique(16 * noisy)) <= set(range(17))

    @pytest.mark.parametrize("levels", [1, 16, 255])
    def test_draws_are_binomial(self, levels):
        means = np.array([0.0, 1e-6, 0.03, 0.4, 0.5, 0.77, 1 - 1e-6, 1.0], np.float32)
        n = 20_000
        rows = np.broadcast_to(means, (n, 8))
        counts = levels * _binomial(rows, rng(4).random((n, 8)), levels)
        whole = np.round(counts)
        np.testing.assert_allclose(counts, whole, atol=1e-4)
        for mean, column in zip(means.astype(float), whole.T, strict=True):
            law = stats.binom(levels, mean)
            support = np.arange(levels + 1)
            expected = n * law.pmf(support)
            observed = np.bincount(column.astype(int), minlength=levels + 1)
            often = expected > 5
            left_over = n - observed[often].sum(), n - expected[often].sum()
            assert observed[~often].sum() <= left_over[1] + 5 * np.sqrt(
                max(left_over[1], 1)
            )
            square = ((observed - expected)[often] ** 2 / expected[often]).sum()
            assert stats.chi2.sf(square, max(often.sum() - 1, 1)) > 1e-4, mean

    def test_images_stay_grey_values(self):
        for output in ("mean", "draw"):
            model = VAE(steps=20, output=output, **SMALL).fit(real(2, 50), streams(2))
            images = model.sample(100, streams(2))
            assert images.min() >= 0
            assert images.max() <= 1


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
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = VAE(steps=200).fit(black, streams(2))
            images = model.sample(100, streams(2))
        assert images[0].max() < 0.05
        assert images[1].min() > 0.95

    def test_data_that_cannot_be_written_to_are_fine(self):
        data = np.broadcast_to(load_digits().train_images[:50], (3, 50, 64))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = VAE(steps=2, **SMALL).fit(data, streams(3))
            model.encode(data)
        assert (data[0] == load_digits().train_images[:50]).all()

    def test_fewer_images_than_a_minibatch(self):
        model = VAE(steps=3, **SMALL).fit(real(2, 5), streams(2))
        assert np.isfinite(parameters(model)).all()


class TestAtTheDoor:
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
        with pytest.raises(ValueError, match="chain must be less than 2"):
            model.single(2)

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
