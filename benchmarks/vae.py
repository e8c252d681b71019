"""Eight autoencoders side by side against one by one, in plain torch and in ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest import mock

import jupytext
import numpy as np
import torch

from collapse.digits import load_digits
from collapse.streams import Streams
from collapse.vae import VAE, networks

from .table import ROOT, Row, ratio

CHAINS = 8
SAMPLE_SIZE = 1_000
THREADS = 2


def measure() -> Iterator[Row]:
    """Time one generation of training, all with the same number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield from _rows()
    finally:
        torch.set_num_threads(before)


def _rows() -> Iterator[Row]:
    family, rng = VAE(), np.random.default_rng(0)
    images = load_digits().train_images
    data = np.stack([rng.permutation(images)[:SAMPLE_SIZE] for _ in range(CHAINS)])
    fit_plain = _fit_of_the_chapter()

    def plain_torch():
        for chain in torch.tensor(data):
            fit_plain(chain, family.steps)

    def side_by_side():
        family.fit(data, Streams(rng.spawn(CHAINS)))

    def one_by_one():
        for chain in data:
            family.fit(chain[None], Streams(rng.spawn(1)))

    def all_by_torch():
        with mock.patch.object(networks, "differentiate", _differentiate_all):
            side_by_side()

    where = f"{CHAINS} autoencoders, {THREADS} threads"
    yield Row(
        f"the chapter's plain torch one by one / ours side by side, {where}",
        ratio(plain_torch, side_by_side, repeats=5),
        "times",
        at_least=2,
    )
    yield Row(
        f"ours one by one / ours side by side, {where}",
        ratio(one_by_one, side_by_side, repeats=5),
        "times",
    )
    yield Row(
        "the loss left to torch's differentiation / its slopes written out, side by "
        f"side, {where}",
        ratio(all_by_torch, side_by_side, repeats=5),
        "times",
    )


def _fit_of_the_chapter() -> Callable[[torch.Tensor, int], torch.nn.Module]:
    """Run the cell that defines the chapter's model; return its training."""
    cells = jupytext.read(ROOT / "book" / "vae.md").cells
    (source,) = [each.source for each in cells if "class Autoencoder" in each.source]
    names = {"torch": torch}
    exec(source, names)
    return names["fit"]


def _differentiate_all(encoder, decoder, x, noise, levels, beta) -> list[torch.Tensor]:
    """What `networks.differentiate` does, with nothing of the loss written out."""
    mean, log_variance = networks.forward(encoder, x).chunk(2, dim=-1)
    z = mean + (log_variance / 2).exp() * noise
    logits = networks.forward(decoder, z)
    log_likelihood = (x * logits - torch.nn.functional.softplus(logits)).sum()
    kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum() / 2
    loss = (beta * kl - levels * log_likelihood) / x.shape[1]
    return list(torch.autograd.grad(loss, networks.flat(encoder + decoder)))
