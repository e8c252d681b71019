"""Chains side by side against one autoencoder in plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from collapse.vae import VAE, VAEModel
from collapse.vae.networks import differentiate, train
from support.autoencoders import (
    SMALL,
    PlainVAE,
    parameters,
    real,
    rng,
    schedule,
    streams,
)


class TestAgainstPlainTorch:
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
        """In double precision: Adam's first steps turn rounding into whole steps."""
        options = SMALL | options
        data, steps = real(3, 100), 60
        first = VAE(steps=1, **options).fit(data, streams(3))
        family = VAE(start="previous", further_steps=steps, **options)
        indices, noise = schedule(family, streams(3, seed=4), 3, 100, steps)
        images, noise = torch.tensor(data).double(), noise.astype(float)
        weights = {"levels": family.levels, "beta": family.beta}
        layers = train(
            _double(first.encoder),
            _double(first.decoder),
            images,
            [(indices, noise)],
            steps=steps,
            learning_rate=family.learning_rate,
            **weights,
        )
        together = VAEModel(family, *layers, first.leading)
        for chain in range(3):
            one = PlainVAE(first, chain).double()
            one.train_on(
                images[chain],
                indices[chain],
                torch.tensor(noise[chain]),
                family.learning_rate,
                **weights,
            )
            ours = PlainVAE(together, chain).parameters()
            for mine, theirs in zip(ours, one.parameters(), strict=True):
                torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-7)
            start = PlainVAE(first, chain).parameters()
            pairs = zip(one.parameters(), start, strict=True)
            moved = max(float((now - then).detach().abs().max()) for now, then in pairs)
            assert moved > 0.01, f"training has moved the weights by {moved:.2g} only"

    def test_what_is_fitted_is_what_is_trained(self):
        data = real(3, 100)
        first = VAE(steps=1, **SMALL).fit(data, streams(3))
        family = VAE(start="previous", further_steps=60, **SMALL)
        fitted = family.fit(data, streams(3, seed=4), previous=first)
        trained = train(
            first.encoder,
            first.decoder,
            torch.tensor(data),
            family.minibatches(streams(3, seed=4), 3, 100, 60),
            steps=60,
            learning_rate=family.learning_rate,
            levels=family.levels,
            beta=family.beta,
        )
        trained = VAEModel(family, *trained, first.leading)
        assert np.array_equal(parameters(fitted), parameters(trained))

    @pytest.mark.parametrize(
        "weights", [{"levels": 16, "beta": 4.0}, {"levels": 3, "beta": 0.5}]
    )
    def test_slopes_of_the_loss_written_out_are_those_of_differentiation(self, weights):
        data = torch.tensor(real(2, 32))
        model = VAE(steps=20, **SMALL).fit(data.numpy(), streams(2))
        noise = streams(2, seed=5).standard_normal((32, 3)).astype(np.float32)
        noise = torch.tensor(noise)
        for pair in model.encoder + model.decoder:
            for part in pair:
                part.requires_grad_()
        found = differentiate(model.encoder, model.decoder, data, noise, **weights)
        for chain in range(2):
            one = PlainVAE(model, chain).double()
            images, normals = data[chain].double(), noise[chain].double()
            (-one.objective(images, normals, **weights).mean()).backward()
            for mine, layer in zip(found, one.parameters(), strict=True):
                theirs = layer.grad.T if layer.ndim == 2 else layer.grad[None]
                scale = float(theirs.abs().max())
                torch.testing.assert_close(
                    mine[chain].double(), theirs, rtol=1e-4, atol=1e-5 * scale
                )

    def test_encoder_and_decoder_are_the_same_functions(self):
        data = real(3, 40)
        model = VAE(steps=5, **SMALL).fit(data, streams(3))
        means, sds = model.encode(data)
        images = model.decode(means)
        with torch.no_grad():
            for chain in range(3):
                one = PlainVAE(model, chain)
                mean, log_variance = one.encode(torch.tensor(data[chain]))
                np.testing.assert_allclose(means[chain], mean, atol=1e-5)
                sd = np.exp(log_variance.numpy() / 2)
                np.testing.assert_allclose(sds[chain], sd, rtol=1e-4)
                theirs = one.decoder(mean).sigmoid()
                np.testing.assert_allclose(images[chain], theirs, atol=1e-5)

    def test_first_weights_have_the_law_of_he(self):
        # A rate so small that one step moves nothing but the zeros, by 1e-30.
        model = VAE(steps=1, learning_rate=1e-30).fit(real(1, 10), rng())
        torch.manual_seed(1)
        for weights, bias in model.encoder + model.decoder:
            theirs = torch.empty(weights[0].T.shape)
            torch.nn.init.kaiming_uniform_(theirs, nonlinearity="relu")
            law = weights.flatten(), theirs.flatten()
            assert stats.ks_2samp(*law).pvalue > 1e-3
            assert float(bias.abs().max()) < 1e-20
        shapes = [tuple(weights[0].shape) for weights, _ in model.encoder]
        assert shapes == [(64, 128), (128, 128), (128, 16)]
        shapes = [tuple(weights[0].shape) for weights, _ in model.decoder]
        assert shapes == [(8, 128), (128, 128), (128, 64)]

    def test_training_begins_at_the_previous_model_and_leaves_it_alone(self):
        data = real(2, 40)
        first = VAE(steps=5, **SMALL).fit(data, streams(2))
        before = [part.clone() for pair in first.encoder for part in pair]
        family = VAE(start="previous", further_steps=5, **SMALL)
        with torch.no_grad():  # a caller's switch does not keep it from training
            second = family.fit(data, streams(2), previous=first)
        after = [part for pair in first.encoder for part in pair]
        for then, now in zip(before, after, strict=True):
            assert torch.equal(then, now)
        assert not torch.equal(first.encoder[0][0], second.encoder[0][0])
        assert not second.encoder[0][0].requires_grad


def _double(layers):
    return tuple((weights.double(), bias.double()) for weights, bias in layers)
