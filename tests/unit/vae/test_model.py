"""What a trained autoencoder says, against numpy by hand and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from collapse.digits import load_digits
from collapse.measures import pixel_variance
from collapse.vae import VAE, VAEModel
from collapse.vae.model import binomial
from support.autoencoders import SMALL, PlainVAE, real, rng, streams


class TestObjective:
    def trained(self, steps=300):
        images = load_digits().train_images
        return VAE(latent=2, steps=steps).fit(images[:500], rng()), images[500:700]

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
        weights = PlainVAE(model).state_dict()
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
        assert (error < 0.02 * np.abs(by_hand.mean(axis=0))).all()

    def test_elbo_bounds_the_evidence(self):
        # In two dimensions the evidence is a sum over a fine grid of z.
        model, _ = self.trained(steps=1000)
        images = load_digits().train_images[:5]  # that it has learnt from
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
        one = PlainVAE(model).double()
        with torch.no_grad():
            theirs = one.objective(
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

    @pytest.mark.slow
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
    def test_draws_arebinomial(self, levels):
        means = np.array([0.0, 1e-6, 0.03, 0.4, 0.5, 0.77, 1 - 1e-6, 1.0], np.float32)
        n = 20_000
        rows = np.broadcast_to(means, (n, 8))
        counts = levels * binomial(rows, rng(4).random((n, 8)), levels)
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


def test_two_models_are_never_equal_and_can_be_keys():
    images = load_digits().train_images[:40]
    one, other = (VAE(**SMALL, steps=2).fit(images, rng()) for _ in range(2))
    assert one == one
    assert one != other
    assert len({one, other}) == 2
