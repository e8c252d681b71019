"""Fully connected networks of many chains: weights, one pass forward, and training."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

Layers = tuple[tuple[torch.Tensor, torch.Tensor], ...]
"""Weights (chains, in, out) and biases (chains, 1, out), one pair a layer."""


def float_tensor(array: Any, device: torch.device | str) -> torch.Tensor:
    """Copy an array to a device, in single precision."""
    return torch.tensor(np.ascontiguousarray(array, dtype=np.float32), device=device)


def forward(layers: Layers, rows: torch.Tensor) -> torch.Tensor:
    """Send rows through all chains' layers, with ReLUs between them.

    Parameters
    ----------
    layers : tuple of pairs of tensors
        Of one chain, or of as many as `rows`.
    rows : tensor, shape (chains, n, in)

    Returns
    -------
    tensor, shape (chains, n, out)
    """
    for depth, (weights, bias) in enumerate(layers):
        if depth:
            rows = rows.relu_()
        weights = weights.expand(len(rows), *weights.shape[1:])
        bias = bias.expand(len(rows), *bias.shape[1:])
        rows = torch.baddbmm(bias, rows, weights)
    return rows


@torch.enable_grad()
def train(
    encoder: Layers,
    decoder: Layers,
    images: torch.Tensor,
    minibatches: Iterable[tuple[np.ndarray, np.ndarray]],
    *,
    steps: int,
    learning_rate: float,
    levels: int,
    beta: float,
) -> tuple[Layers, Layers]:
    """Fit all chains by Adam, with a learning rate that falls to 0 along a cosine.

    Parameters
    ----------
    encoder, decoder : tuple of pairs of tensors
        Where training begins; they are not changed.
    images : tensor, shape (chains, n, pixels)
        In [0, 1].
    minibatches : iterable of pairs of arrays
        Indices of images (chains, block, batch) and standard normals
        (chains, block, batch, latent), for a block of steps each.
    steps : int
        Length of all blocks together.
    learning_rate, levels, beta
        As for `VAE`.

    Returns
    -------
    encoder, decoder : tuple of pairs of tensors
    """
    device = images.device
    encoder, decoder = _leaves(encoder, device), _leaves(decoder, device)
    parameters = flat(encoder + decoder)
    optimiser = torch.optim.Adam(parameters, learning_rate, fused=True)
    decay = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: (1 + math.cos(math.pi * step / steps)) / 2
    )
    chains, n, pixels = images.shape
    stacked = images.reshape(-1, pixels)
    first = n * np.arange(chains)[:, None, None]
    for indices, noise in minibatches:
        # Steps lead, so that each finds its numbers in one piece.
        rows = torch.tensor(np.swapaxes(indices + first, 0, 1), device=device)
        normals = torch.tensor(np.swapaxes(noise, 0, 1), device=device)
        for row, normal in zip(rows, normals, strict=True):
            x = stacked[row]
            slopes = differentiate(encoder, decoder, x, normal, levels, beta)
            for part, slope in zip(parameters, slopes, strict=True):
                part.grad = slope
            optimiser.step()
            decay.step()
    return _detached(encoder), _detached(decoder)


def differentiate(
    encoder: Layers,
    decoder: Layers,
    x: torch.Tensor,
    noise: torch.Tensor,
    levels: int,
    beta: float,
) -> list[torch.Tensor]:
    """Return the gradients of the mean loss, ``beta KL - log p(x|z)``.

    torch differentiates the networks. The slopes of the loss in what they return are
    written out: left to torch as well, a step takes a tenth longer, and eight chains
    side by side are hardly twice as fast as one after the other (``python -m
    benchmarks vae``).

    Parameters
    ----------
    encoder, decoder : tuple of pairs of tensors
        They require gradients.
    x : tensor, shape (chains, batch, pixels)
    noise : tensor, shape (chains, batch, latent)
        Standard normals.
    levels, beta
        As for `VAE`.

    Returns
    -------
    list of tensor
        In the order of `flat`.
    """
    likelihood, kl = levels / x.shape[1], beta / x.shape[1]
    code = forward(encoder, x)
    mean, log_variance = code.detach().chunk(2, dim=-1)
    sd = (log_variance / 2).exp()
    offset = sd * noise
    z = (mean + offset).requires_grad_()
    logits = forward(decoder, z)
    # The cross-entropy's slope in the logits is the error of the means.
    error = (logits.detach().sigmoid() - x) * likelihood
    slope, *of_decoder = torch.autograd.grad(logits, [z, *flat(decoder)], error)
    to_mean = slope + kl * mean
    to_log_variance = (slope * offset + kl * (sd * sd - 1)) / 2
    to_code = torch.cat([to_mean, to_log_variance], dim=-1)
    return [*torch.autograd.grad(code, flat(encoder), to_code), *of_decoder]


def flat(layers: Layers) -> list[torch.Tensor]:
    """Return weights and biases in one list."""
    return [part for pair in layers for part in pair]


def _leaves(layers: Layers, device: torch.device) -> Layers:
    """Copy weights and biases into tensors to differentiate by."""
    return tuple(
        (
            weights.to(device, copy=True).requires_grad_(),
            bias.to(device, copy=True).requires_grad_(),
        )
        for weights, bias in layers
    )


def _detached(layers: Layers) -> Layers:
    return tuple((weights.detach(), bias.detach()) for weights, bias in layers)
