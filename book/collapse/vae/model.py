"""A trained autoencoder, or one for each chain: samples, codes, the evidence bound."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import stats
from torch.nn.functional import binary_cross_entropy_with_logits

from ..streams import Randomness, normals, uniforms
from ..validation import finite_array, whole_number
from .networks import Layers, float_tensor, forward

if TYPE_CHECKING:
    from .family import VAE


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
        return binomial(images, draws, self.family.levels)

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

    def _posterior(self, images: Any) -> tuple[torch.Tensor, torch.Tensor]:
        images = grey_images("images", images, self.pixels)
        mean, log_variance = self._run(self.encoder, images).chunk(2, dim=-1)
        return mean, log_variance

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
        rows = forward(layers, rows.expand(max(ours, theirs), *rows.shape[-2:]))
        return rows[0] if alone else rows

    def _tensor(self, array: Any) -> torch.Tensor:
        if isinstance(array, torch.Tensor):
            return array
        return float_tensor(array, self.encoder[0][0].device)


def grey_images(name: str, images: Any, pixels: int | None = None) -> np.ndarray:
    """Return images (..., n, pixels) as an array of numbers in [0, 1].

    Parameters
    ----------
    name : str
        The argument's name.
    images : array
    pixels : int, optional
        How many each must have.

    Raises
    ------
    ValueError
        If they are not finite, leave [0, 1] or have other pixels.
    """
    images = finite_array(name, images, axes=2)
    if pixels is not None and images.shape[-1] != pixels:
        raise ValueError(
            f"{name} must have a last axis of {pixels} pixels, got shape {images.shape}"
        )
    low, high = images.min(), images.max()
    if low < 0 or high > 1:
        raise ValueError(f"{name} must lie in [0, 1], got {low:g} to {high:g}")
    return images


def _kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return KL(N(mean, exp(log_variance)) || N(0, 1)) of each coordinate."""
    return (mean**2 + torch.expm1(log_variance) - log_variance) / 2


def binomial(means: np.ndarray, draws: np.ndarray, levels: int) -> np.ndarray:
    """Turn uniforms into binomial counts, divided by `levels`.

    By inversion: one uniform a pixel, so that a rounding in one mean cannot shift
    the numbers of all pixels after it.

    Parameters
    ----------
    means, draws : array, equal shapes
        Probabilities of a success, and uniforms on [0, 1).
    levels : int
        Trials.

    Returns
    -------
    array of float32
    """
    rare = np.minimum(means, 1 - means).astype(float)
    # scipy's answer to a uniform of 0 is -1.
    counts = np.maximum(stats.binom.ppf(draws, levels, rare), 0)
    counts = np.where(means > 0.5, levels - counts, counts)
    return (counts / levels).astype(np.float32)
