"""The family of autoencoders: its options, its first weights and its minibatches."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from ..streams import Randomness, Streams
from ..validation import generator, option, real_number, refuse, settled, whole_number
from .model import VAEModel, grey_images
from .networks import Layers, flat, float_tensor, train

STARTS = ("scratch", "previous")
"""Where training begins."""

OUTPUTS = ("mean", "draw")
"""What a sample is: the decoder's means, or grey levels drawn from the likelihood."""

_BLOCK = 50
"""Training steps whose random numbers are drawn together."""


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
            settled(self, name, whole_number, 1)
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
            model or the streams; if the training diverges, so that weights are not
            finite.
        """
        data = grey_images("data", data)
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
            steps, start = self.further_steps, self._given(previous, leading, pixels)
        else:
            steps, start = self.steps, self._random(rng, chains, pixels)
        encoder, decoder = train(
            *start,
            float_tensor(rows, self.device),
            self.minibatches(rng, chains, n, steps),
            steps=steps,
            learning_rate=self.learning_rate,
            levels=self.levels,
            beta=self.beta,
        )
        if not all(part.isfinite().all() for part in flat(encoder + decoder)):
            raise ValueError(
                "training must lead to finite weights, got some that are not: it "
                f"diverged, perhaps by its learning_rate of {self.learning_rate:g}"
            )
        return VAEModel(self, encoder, decoder, leading)

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
        indices : array of int, shape (chains, block, batch)
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
            indices, left = left[:, : block * size], left[:, block * size :]
            shape = block, size, self.latent
            noise = _each(rng, chains, _standard_normals(shape))
            yield indices.reshape(chains, block, size), noise

    def _random(
        self, rng: Randomness, chains: int, pixels: int
    ) -> tuple[Layers, Layers]:
        """Draw first weights: uniform with variance 2 / inputs (He et al., 2015).

        With torch's own, a sixth of that, training leaves half of the latent space
        unused. Biases begin at 0.
        """
        encoder = pixels, *self.hidden, 2 * self.latent
        decoder = self.latent, *reversed(self.hidden), pixels
        first, second = (
            tuple(self._layer(rng, chains, *widths) for widths in pairwise(side))
            for side in (encoder, decoder)
        )
        return first, second

    def _layer(
        self, rng: Randomness, chains: int, inputs: int, outputs: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        bound = math.sqrt(6 / inputs)
        values = _each(
            rng, chains, lambda one: one.uniform(-bound, bound, (inputs, outputs))
        )
        weights = float_tensor(values, self.device)
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
        return previous.encoder, previous.decoder


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
