"""Eight autoencoders side by side against one by one, in plain torch and in ours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from collapse.digits import load_digits
from collapse.streams import Streams
from collapse.vae import VAE, SingleVAE, train

from .table import Row, ratio

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

    def side_by_side():
        family.fit(data, Streams(rng.spawn(CHAINS)))

    def one_by_one():
        for chain in data:
            family.fit(chain[None], Streams(rng.spawn(1)))

    def plain_torch():
        for chain in torch.tensor(data):
            blocks = family.minibatches(rng, 1, SAMPLE_SIZE, family.steps)
            places, noise = zip(*blocks, strict=True)
            train(
                SingleVAE(),
                chain,
                np.concatenate(places, axis=1)[0],
                torch.tensor(np.concatenate(noise, axis=1)[0]),
            )

    where = f"{CHAINS} autoencoders, {THREADS} threads"
    yield Row(
        f"plain torch one by one / ours side by side, {where}",
        ratio(plain_torch, side_by_side, repeats=5),
        "times",
        at_least=2,
    )
    yield Row(
        f"ours one by one / ours side by side, {where}",
        ratio(one_by_one, side_by_side, repeats=5),
        "times",
    )
