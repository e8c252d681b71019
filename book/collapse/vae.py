"""Variational autoencoders: one in plain sight, and many trained side by side.

`SingleVAE` and `train` are the loop that a chapter shows. `VAE` is the same thing for
many chains at once, one batched matrix product a layer; a test proves the two equal.
Floor 1: it knows torch, numpy and the floor below, and no other family.

The likelihood is binomial: a pixel of grey level k out of `levels` is k successes in
`levels` trials, whose probability the decoder gives. For scikit-learn's digits that is
no metaphor: each of their pixels counts the black ones among 4 x 4 of a finer scan, so
`levels` is 16. The default training objective is that of a beta-VAE with beta = 4:
``log p(x|z) - 4 KL``. Divided by 4 this is 4 times the negative cross-entropy of the
grey values less the KL, as one reads it in programs that call grey values Bernoulli
probabilities; beta = 16 gives those their usual weights of 1 and 1.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from .streams import Randomness, Streams, normals, uniforms
from .validation import (
    finite_array,
    generator,
    option,
    real_number,
    refuse,
    whole_number,
)

STARTS = ("scratch", "previous")
"""Where training begins."""

OUTPUTS = ("mean", "draw")
"""What a sample is: the decoder's means, or grey levels drawn from the likelihood."""

_BLOCK = 50
"""Training steps whose random numbers are drawn together."""

Layers = tuple[tuple[torch.Tensor, torch.Tensor], ...]


class SingleVAE(torch.nn.Module):
    """One variational autoencoder; `train` fits it.

    Parameters
    ----------
    pixels : int
        Of an image, all in one row.
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder mirrors them.
    latent : int
        Dimension of the latent space.

    References
    ----------
    Kingma & Welling, "Auto-encoding variational Bayes" (2014).
    """

    def __init__(
        self, pixels: int = 64, hidden: Sequence[int] = (128, 128), latent: int = 8
    ) -> None:
        super().__init__()
        self.encoder = perceptron(pixels, *hidden, 2 * latent)
        self.decoder = perceptron(latent, *reversed(hidden), pixels)

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x): (n, pixels) to twice (n, latent)."""
        return self.encoder(images).chunk(2, dim=-1)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Return the mean image of each latent point: (n, latent) to (n, pixels)."""
        return self.decoder(z).sigmoid()

    def elbo(
        self,
        images: torch.Tensor,
        noise: torch.Tensor,
        levels: int = 16,
        beta: float = 4.0,
    ) -> torch.Tensor:
        """Return log p(x|z) - beta KL(q(z|x) || p(z)) of each image, shape (n,).

        Without the binomial coefficient, which no weight can change. `noise` are
        standard normals, shape (n, latent).
        """
        mean, log_variance = self.encode(images)
        # The reparametrisation: z has the law q(z|x), and a gradient.
        z = mean + (log_variance / 2).exp() * noise
        error = binary_cross_entropy_with_logits(
            self.decoder(z), images, reduction="none"
        )
        log_likelihood = -levels * error.sum(dim=-1)
        kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=-1) / 2
        return log_likelihood - beta * kl


def perceptron(*widths: int) -> torch.nn.Sequential:
    """Return linear layers of these widths with a ReLU between each two.

    Weights begin uniform with variance 2 / inputs (He et al., 2015). With torch's own,
    a sixth of that, training leaves half of the latent space unused.
    """
    layers: list[torch.nn.Module] = []
    for wide, narrow in pairwise(widths):
        linear = torch.nn.Linear(wide, narrow)
        torch.nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu")
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def train(
    vae: SingleVAE,
    images: torch.Tensor,
    batches: Any,
    noise: torch.Tensor,
    learning_rate: float = 6e-3,
    levels: int = 16,
    beta: float = 4.0,
) -> None:
    """Fit one VAE by Adam, with a learning rate that falls to 0 along a cosine.

    Parameters
    ----------
    vae : SingleVAE
        Is changed in place.
    images : tensor, shape (n, pixels)
        In [0, 1].
    batches : tensor or array of int, shape (steps, batch)
        The places of the images that each step sees.
    noise : tensor, shape (steps, batch, latent)
        Standard normals.
    learning_rate, levels, beta
        As for `VAE`.
    """
    optimiser = torch.optim.Adam(vae.parameters(), learning_rate)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(batches))
    for batch, normal in zip(batches, noise, strict=True):
        loss = -vae.elbo(images[batch], normal, levels, beta).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        decay.step()


@dataclass(frozen=True, eq=False)
class VAEModel:
    """Variational autoencoders of one architecture, one for each chain.

    Arrays go in and come out as numpy's. Where the model has chains, images and
    latent points of shape (n, ...) are shown to each of them.

    Parameters
    ----------
    family : VAE
        How it was trained, and how it samples.
    encoder, decoder : tuple of pairs of tensors
        Weights of shape (chains, in, out) and biases of shape (chains, 1, out), one
        pair a layer.
    leading : tuple of int
        (chains,), or () for a single model, whose tensors have one chain.
    """

    family: "VAE"
    encoder: Layers
    decoder: Layers
    leading: tuple[int, ...]
    chain_axis = True

    @property
    def pixels(self) -> int:
        """How many pixels an image has."""
        return self.encoder[0][0].shape[1]

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` images from each model.

        Returns
        -------
        array of float32, shape (..., n, pixels)
            In [0, 1]: decoder means, or with ``output="draw"`` grey levels k/levels.
            With streams for `rng`, (chains, n, pixels).
        """
        n = whole_number("n", n, 1)
        images = self.decode(normals(rng, self.leading, (n, self.family.latent)))
        if self.family.output == "mean":
            return images
        draws = uniforms(rng, self.leading, (n, self.pixels))
        return _binomial(images, draws, self.family.levels)

    def encode(self, images: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return means and standard deviations of q(z|x), each (..., n, latent).

        Raises
        ------
        ValueError
            If the images have other pixels than the model's or leave [0, 1].
        """
        mean, log_variance = self._posterior(images)
        return mean.cpu().numpy(), (log_variance / 2).exp().cpu().numpy()

    def decode(self, z: Any) -> np.ndarray:
        """Return the mean image of each latent point, (..., n, pixels).

        Raises
        ------
        ValueError
            If a point is not finite or of another dimension.
        """
        z = finite_array("z", z, axes=2)
        if z.shape[-1] != self.family.latent:
            raise ValueError(
                f"z must have a last axis of {self.family.latent}, got shape {z.shape}"
            )
        return self._run(self.decoder, z).sigmoid().cpu().numpy()

    def kl_per_dimension(self, images: Any) -> np.ndarray:
        """Return KL(q(z_j|x) || N(0, 1)) in nats, the images' mean, (..., latent).

        A dimension at 0 is one that the encoder leaves unused: it says nothing about
        the image. Where that has happened to a dimension, its posterior has collapsed.

        Raises
        ------
        ValueError
            As `encode`.
        """
        return _kl(*self._posterior(images)).mean(dim=-2).cpu().numpy()

    def elbo(self, images: Any, rng: Randomness) -> np.ndarray:
        """Return an unbiased estimate of the evidence lower bound, in nats an image.

        ``log p(x|z) - KL(q(z|x) || p(z))`` with one z for each image, drawn from
        q(z|x): the bound itself, with beta = 1 whatever the training used, and with
        the binomial coefficient. It bounds log p(x) where grey levels are whole
        multiples of 1/levels; elsewhere the gamma function interpolates.

        Returns
        -------
        array, shape (..., n)

        Raises
        ------
        ValueError
            As `encode`.
        """
        mean, log_variance = self._posterior(images)
        noise = normals(rng, self.leading, (mean.shape[-2], mean.shape[-1]))
        z = mean + (log_variance / 2).exp() * self._tensor(noise)
        x = self._tensor(images)
        logits = self._run(self.decoder, z)
        error = binary_cross_entropy_with_logits(
            logits, x.expand_as(logits), reduction="none"
        )
        levels = self.family.levels
        k = levels * x.double()
        choices = math.lgamma(levels + 1) - torch.lgamma(k + 1)
        choices -= torch.lgamma(levels - k + 1)
        bound = (choices - levels * error.double()).sum(dim=-1)
        return (bound - _kl(mean, log_variance).sum(dim=-1)).cpu().numpy()

    def single(self, chain: int = 0) -> SingleVAE:
        """Return one chain's model as a `SingleVAE` with weights of its own."""
        chains = len(self.encoder[0][0])
        if whole_number("chain", chain, 0) >= chains:
            raise refuse("chain", chain, f"less than {chains}")
        one = SingleVAE(self.pixels, self.family.hidden, self.family.latent)
        with torch.no_grad():
            for ours, theirs in (
                (self.encoder, one.encoder),
                (self.decoder, one.decoder),
            ):
                for (weights, bias), layer in zip(ours, theirs[::2], strict=True):
                    layer.weight.copy_(weights[chain].T)
                    layer.bias.copy_(bias[chain, 0])
        return one

    def _posterior(self, images: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return self._run(self.encoder, _images("images", images, self.pixels)).chunk(
            2, dim=-1
        )

    def _run(self, layers: Layers, rows: Any) -> torch.Tensor:
        """Send rows (..., n, in) through all chains' layers: (..., n, out)."""
        rows = self._tensor(rows)
        if rows.ndim > 3:
            raise ValueError(
                f"an array must have shape (n, ...) or (chains, n, ...), "
                f"got {tuple(rows.shape)}"
            )
        alone = rows.ndim == 2 and not self.leading
        ours, theirs = len(layers[0][0]), 1 if rows.ndim == 2 else len(rows)
        if ours != theirs and 1 not in (ours, theirs):
            raise ValueError(f"the model has {ours} chains, got an array with {theirs}")
        chains = max(ours, theirs)
        rows = rows.expand(chains, *rows.shape[-2:])
        for place, (weights, bias) in enumerate(layers):
            if place:
                rows = rows.relu_()
            weights, bias = (
                part.expand(chains, *part.shape[1:]) for part in (weights, bias)
            )
            rows = torch.baddbmm(bias, rows, weights)
        return rows[0] if alone else rows

    def _tensor(self, array: Any) -> torch.Tensor:
        if isinstance(array, torch.Tensor):
            return array
        return _tensor(array, self.encoder[0][0].device)


@dataclass(frozen=True)
class VAE:
    """The family of variational autoencoders, trained by Adam, chains side by side.

    Encoder and decoder are fully connected networks with ReLUs. Each chain has its own
    weights, minibatches and noise, all from its own generator. Whatever its neighbours
    do, it ends at the same model up to the rounding of float32.

    Parameters
    ----------
    latent : int
        Dimension of the latent space, at least 1.
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder mirrors them.
    steps : int
        Minibatches of a training from scratch, at least 1.
    batch_size : int
        Images of a minibatch; all of them where there are fewer.
    learning_rate : float
        Adam's at the first step; it falls to 0 along half a cosine.
    beta : float
        Weight of the KL in the objective; 1 is the evidence lower bound.
    levels : int
        Grey levels above black: the trials of the binomial likelihood.
    start : {"scratch", "previous"}
        Whether a generation begins with random weights or, after generation 0, with
        those of the previous generation.
    further_steps : int
        Minibatches of a training that begins with the previous generation.
    output : {"mean", "draw"}
        Whether samples are the decoder's means, as in most published pictures and in
        the experiment of Shumailov et al. (2024), or draws from the likelihood.
        Means leave out the variance that the likelihood holds.
    device : str
        Where torch computes: "cpu", "cuda", "cuda:1".

    Raises
    ------
    ValueError
        If an argument is out of range or there is no such device.

    References
    ----------
    Kingma & Welling, "Auto-encoding variational Bayes" (2014). Higgins et al.,
    "beta-VAE" (2017).
    """

    latent: int = 8
    hidden: Sequence[int] = (128, 128)
    steps: int = 600
    batch_size: int = 128
    learning_rate: float = 6e-3
    beta: float = 4.0
    levels: int = 16
    start: str = "scratch"
    further_steps: int = 200
    output: str = "mean"
    device: str = "cpu"
    chain_axis = True

    def __post_init__(self) -> None:
        for name in ("latent", "steps", "batch_size", "levels", "further_steps"):
            whole_number(name, getattr(self, name), 1)
        if not isinstance(self.hidden, (list, tuple)) or not self.hidden:
            raise refuse("hidden", self.hidden, "a sequence of at least one width")
        widths = enumerate(self.hidden)
        hidden = tuple(whole_number(f"hidden[{k}]", width, 1) for k, width in widths)
        object.__setattr__(self, "hidden", hidden)
        if real_number("learning_rate", self.learning_rate, 0) == 0:
            raise refuse("learning_rate", self.learning_rate, "a number above 0")
        real_number("beta", self.beta, 0)
        option("start", self.start, STARTS)
        option("output", self.output, OUTPUTS)
        _check_device(self.device)

    def fit(
        self, data: Any, rng: Randomness, previous: VAEModel | None = None
    ) -> VAEModel:
        """Train on the images of each chain.

        Parameters
        ----------
        data : array, shape (n, pixels) or (chains, n, pixels)
            In [0, 1].
        rng : Generator or Streams
            Streams hold one generator for each chain.
        previous : VAEModel, optional
            Where training begins with ``start="previous"``; without it, as from
            scratch.

        Returns
        -------
        VAEModel

        Raises
        ------
        ValueError
            If the images are not finite, leave [0, 1] or do not fit the previous
            model or the streams.
        """
        data = _images("data", data)
        leading = data.shape[:-2]
        if data.ndim > 3:
            raise ValueError(
                "data must have shape (n, pixels) or (chains, n, pixels), "
                f"got {data.shape}"
            )
        rows = data.reshape(-1, *data.shape[-2:])
        chains, n, pixels = rows.shape
        if isinstance(rng, Streams) and rng.chains != chains:
            raise ValueError(
                f"data must have one chain for each of {rng.chains} generators, "
                f"got shape {data.shape}"
            )
        if self.start == "previous" and previous is not None:
            steps, training = self.further_steps, self._given(previous, leading, pixels)
        else:
            steps, training = self.steps, self._random(rng, chains, pixels)
        images = _tensor(rows, self.device)
        training = _Training(self, *training, min(self.batch_size, n))
        training.run(images, self.minibatches(rng, chains, n, steps), steps)
        return VAEModel(self, training.encoder, training.decoder, leading)

    def minibatches(
        self, rng: Randomness, chains: int, n: int, steps: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw what training needs, chain by chain, in blocks of steps.

        Each pass through the images is in a new random order.

        Parameters
        ----------
        rng : Generator or Streams
        chains, n, steps : int
            Chains, images of each, and minibatches of each.

        Yields
        ------
        places : array of int, shape (chains, block, batch)
            Which images each step sees.
        noise : array of float32, shape (chains, block, batch, latent)
            Standard normals.
        """
        size = min(self.batch_size, n)
        left = np.empty((chains, 0), dtype=np.int64)
        for first in range(0, steps, _BLOCK):
            block = min(_BLOCK, steps - first)
            passes = max(0, -(-(block * size - left.shape[1]) // n))
            orders = _each(rng, chains, _orders(n, passes))
            left = np.concatenate([left, orders], axis=1)
            places, left = left[:, : block * size], left[:, block * size :]
            shape = block, size, self.latent
            noise = _each(rng, chains, _standard_normals(shape))
            yield places.reshape(chains, block, size), noise

    def _random(
        self, rng: Randomness, chains: int, pixels: int
    ) -> tuple[Layers, Layers]:
        """Draw first weights by the law of `perceptron`."""
        encoder = pixels, *self.hidden, 2 * self.latent
        decoder = self.latent, *reversed(self.hidden), pixels
        return tuple(
            tuple(
                self._layer(rng, chains, inputs, outputs)
                for inputs, outputs in pairwise(widths)
            )
            for widths in (encoder, decoder)
        )

    def _layer(
        self, rng: Randomness, chains: int, inputs: int, outputs: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        bound = math.sqrt(6 / inputs)
        values = _each(
            rng, chains, lambda one: one.uniform(-bound, bound, (inputs, outputs))
        )
        weights = _tensor(values, self.device)
        return weights, weights.new_zeros(chains, 1, outputs)

    def _given(
        self, previous: Any, leading: tuple[int, ...], pixels: int
    ) -> tuple[Layers, Layers]:
        if not isinstance(previous, VAEModel):
            raise refuse("previous", previous, "a VAEModel or None")
        theirs = previous.family.hidden, previous.family.latent, previous.pixels
        ours = self.hidden, self.latent, pixels
        if theirs != ours or previous.leading != leading:
            raise ValueError(
                "previous must have hidden layers, latent dimension, pixels and chains "
                f"{(*ours, leading)}, got {(*theirs, previous.leading)}"
            )
        return tuple(
            tuple(tuple(part.to(self.device) for part in pair) for pair in side)
            for side in (previous.encoder, previous.decoder)
        )


class _Training:
    """Adam on all chains, with gradients by hand into buffers that are used again.

    A step of so small a network is mostly overhead where automatic differentiation
    builds a graph and allocates every array anew.
    """

    def __init__(
        self, family: VAE, encoder: Layers, decoder: Layers, batch: int
    ) -> None:
        self.family, self.batch = family, batch
        # All parameters in one row, and all gradients: one call of Adam's for them.
        layers = encoder + decoder
        self.row = torch.cat([part.flatten() for pair in layers for part in pair])
        self.row.grad = torch.empty_like(self.row)
        pairs = _views(self.row, layers)
        slopes = _views(self.row.grad, layers)
        depth = len(encoder)
        self.encoder, self.decoder = pairs[:depth], pairs[depth:]
        self.encoding = _Network(self.encoder, slopes[:depth], batch)
        self.decoding = _Network(self.decoder, slopes[depth:], batch)
        self.optimiser = torch.optim.Adam([self.row], family.learning_rate, fused=True)

    @torch.no_grad()
    def run(
        self,
        images: torch.Tensor,
        minibatches: Iterator[tuple[np.ndarray, np.ndarray]],
        steps: int,
    ) -> None:
        """Take `steps` steps on images of shape (chains, n, pixels)."""
        chains, n, pixels = images.shape
        stacked = images.reshape(-1, pixels)
        first = n * np.arange(chains)[:, None, None]
        done = 0
        for places, noise in minibatches:
            # Steps lead, so that each finds its numbers in one piece.
            rows = torch.as_tensor(np.swapaxes(places + first, 0, 1).copy())
            rows = rows.to(images.device).flatten(start_dim=1)
            normal = torch.as_tensor(np.swapaxes(noise, 0, 1).copy()).to(images.device)
            for step in range(len(rows)):
                batch = stacked[rows[step]].view(chains, self.batch, pixels)
                self._differentiate(batch, normal[step])
                self._descend(done / steps)
                done += 1

    def _differentiate(self, x: torch.Tensor, noise: torch.Tensor) -> None:
        """Write the gradients of the mean loss, ``beta KL - log p(x|z)``."""
        beta, levels = self.family.beta, self.family.levels
        mean, log_variance = self.encoding.forward(x).chunk(2, dim=-1)
        sd = (log_variance / 2).exp()
        offset = sd * noise
        logits = self.decoding.forward(mean + offset)
        # The cross-entropy's slope in the logits is the error of the means.
        error = logits.sigmoid_().sub_(x).mul_(levels / self.batch)
        slope = self.decoding.backward(error, to_input=True)
        kl = beta / self.batch
        to_mean = slope + kl * mean
        to_log_variance = (slope * offset + kl * (sd * sd - 1)) / 2
        self.encoding.backward(torch.cat([to_mean, to_log_variance], dim=-1))

    def _descend(self, progress: float) -> None:
        cosine = (1 + math.cos(math.pi * progress)) / 2
        self.optimiser.param_groups[0]["lr"] = self.family.learning_rate * cosine
        self.optimiser.step()


class _Network:
    """All chains' layers with their activations and gradients."""

    def __init__(self, layers: Layers, slopes: Layers, batch: int) -> None:
        self.layers, self.slopes = layers, slopes
        self.outputs, self.back = [], []
        for weights, _ in layers:
            chains, wide, narrow = weights.shape
            self.outputs.append(weights.new_empty(chains, batch, narrow))
            self.back.append(weights.new_empty(chains, batch, wide))
        self.inputs: list[torch.Tensor] = []

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Send (chains, batch, in) through: (chains, batch, out)."""
        self.inputs = []
        for place, (weights, bias) in enumerate(self.layers):
            if place:
                rows = rows.relu_()
            self.inputs.append(rows)
            rows = torch.baddbmm(bias, rows, weights, out=self.outputs[place])
        return rows

    def backward(self, slope: torch.Tensor, to_input: bool = False) -> torch.Tensor:
        """Turn the slope in the output into all others; return the last one."""
        for place in reversed(range(len(self.layers))):
            weights, _ = self.layers[place]
            to_weights, to_bias = self.slopes[place]
            rows = self.inputs[place]
            torch.bmm(rows.mT, slope, out=to_weights)
            torch.sum(slope, dim=1, keepdim=True, out=to_bias)
            if place or to_input:
                slope = torch.bmm(slope, weights.mT, out=self.back[place])
            if place:
                # What a ReLU has let through is above 0; its slope there is 1.
                slope.mul_(rows.sign_())
        return slope


def _views(row: torch.Tensor, layers: Layers) -> Layers:
    """Cut a row of numbers into pieces of the layers' shapes, without a copy."""
    shapes = [part.shape for pair in layers for part in pair]
    pieces = row.split([shape.numel() for shape in shapes])
    parts = [piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)]
    return tuple(zip(parts[::2], parts[1::2], strict=True))


def _images(name: str, images: Any, pixels: int | None = None) -> np.ndarray:
    images = finite_array(name, images, axes=2)
    if pixels is not None and images.shape[-1] != pixels:
        raise ValueError(
            f"{name} must have a last axis of {pixels} pixels, got shape {images.shape}"
        )
    low, high = images.min(), images.max()
    if low < 0 or high > 1:
        raise ValueError(f"{name} must lie in [0, 1], got {low:g} to {high:g}")
    return images


def _tensor(array: Any, device: torch.device | str) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(array, dtype=np.float32), device=device)


def _kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return KL(N(mean, exp(log_variance)) || N(0, 1)) of each coordinate."""
    return (mean**2 + torch.expm1(log_variance) - log_variance) / 2


def _binomial(means: np.ndarray, draws: np.ndarray, levels: int) -> np.ndarray:
    """Turn uniforms into binomial counts, divided by `levels`.

    By inversion: one uniform a pixel, so that a rounding in one mean cannot shift
    the numbers of all pixels after it.
    """
    rare = np.minimum(means, 1 - means).astype(float)
    odds = rare / (1 - rare)
    weight = (1 - rare) ** levels
    below, counts = weight.copy(), np.zeros(means.shape, dtype=np.int32)
    for k in range(levels):
        counts += draws >= below
        weight *= odds * ((levels - k) / (k + 1))
        below += weight
    counts = np.where(means > 0.5, levels - counts, counts)
    return (counts / levels).astype(np.float32)


def _each(
    rng: Randomness, chains: int, draw: Callable[[np.random.Generator], np.ndarray]
) -> np.ndarray:
    """Call `draw` for each chain, with its own generator or the one of all."""
    if isinstance(rng, Streams):
        return rng.each(draw)
    generator("rng", rng)
    return np.stack([draw(rng) for _ in range(chains)])


def _orders(n: int, passes: int) -> Callable[[np.random.Generator], np.ndarray]:
    def draw(one: np.random.Generator) -> np.ndarray:
        orders = [one.permutation(n) for _ in range(passes)]
        return np.concatenate([np.empty(0, dtype=np.int64), *orders])

    return draw


def _standard_normals(
    shape: tuple[int, ...],
) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda one: one.standard_normal(shape, dtype=np.float32)


def _check_device(device: object) -> None:
    if not isinstance(device, str):
        raise refuse("device", device, "a name such as 'cpu' or 'cuda'")
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device must be one that torch can use here, got {device!r}: {reason}"
        ) from None
