"""One autoencoder in plain torch: what chains side by side are judged by."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from collapse.digits import load_digits
from collapse.streams import Streams

SMALL = {"latent": 3, "hidden": (16, 12), "batch_size": 32}


class PlainVAE(torch.nn.Module):
    """A model of one chain with the weights of a `VAEModel`'s, and its objective."""

    def __init__(self, model, chain: int = 0) -> None:
        super().__init__()
        self.encoder = _network(model.encoder, chain)
        self.decoder = _network(model.decoder, chain)

    def encode(self, images):
        return self.encoder(images).chunk(2, dim=-1)

    def objective(self, images, noise, levels=16, beta=4.0):
        """Return log p(x|z) - beta KL of each image, less the coefficient."""
        mean, log_variance = self.encode(images)
        scale = (log_variance / 2).exp()
        logits = self.decoder(mean + scale * noise)
        # x log(ink) + (1 - x) log(1 - ink), with ink = sigmoid(logits).
        black = images * logits - torch.nn.functional.softplus(logits)
        posterior = torch.distributions.Normal(mean, scale)
        prior = torch.distributions.Normal(0.0, 1.0)
        kl = torch.distributions.kl_divergence(posterior, prior)
        return levels * black.sum(-1) - beta * kl.sum(-1)

    def train_on(self, images, indices, noise, learning_rate=6e-3, **weights):
        """Take a step of Adam on each minibatch, the rate falling along a cosine."""
        optimiser = torch.optim.Adam(self.parameters(), learning_rate)
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(indices))
        for batch, normal in zip(indices, noise, strict=True):
            loss = -self.objective(images[batch], normal, **weights).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            decay.step()


def _network(layers, chain):
    parts = []
    for weights, bias in layers:
        linear = torch.nn.Linear(*weights.shape[1:], dtype=weights.dtype)
        with torch.no_grad():
            linear.weight.copy_(weights[chain].T)
            linear.bias.copy_(bias[chain, 0])
        parts += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def rng(*seed):
    return np.random.default_rng(seed or 1)


def streams(chains, seed=2):
    return Streams([rng(seed, chain) for chain in range(chains)])


def real(chains, n, seed=3):
    """Return n real digits in another order for each chain."""
    images = load_digits().train_images
    return np.stack(
        [rng(seed, chain).permutation(images)[:n] for chain in range(chains)]
    )


def parameters(model):
    """Return all numbers of a model, one row for each chain."""
    parts = itertools.chain(*model.encoder, *model.decoder)
    return np.concatenate([part.flatten(1).numpy() for part in parts], axis=1)


def schedule(family, source, chains, n, steps):
    """Join the blocks of minibatches: indices and noise, (chains, steps, ...)."""
    blocks = zip(*family.minibatches(source, chains, n, steps), strict=True)
    return [np.concatenate(parts, axis=1) for parts in blocks]
