"""Autoencoders trained on MNIST, and then on what autoencoders drew.

Fully connected networks, five synthetic generations. The images are not the book's:
`collapse.digits.load_mnist` says which files the folder must hold. The result that
ships was computed from ten thousand of MNIST's 70 000 images, which a JavaScript
package carries as JSON, and keeps no real one. Floor 3.
"""

import numpy as np

from .. import measures
from ..digits import load_mnist
from ..recursion import Diet, recurse
from ..sweep import Sweep
from ..vae import VAE, VAEModel

LOOKED_AT = 1000
"""How many images of each model are measured."""

SHOWN = 40
"""How many of them are kept, of the first chain."""


def history(
    real_fraction: float,
    folder: str,
    generations: int,
    sample_size: int,
    steps: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run the chains of one real share.

    Parameters
    ----------
    real_fraction : float
    folder : str
        With MNIST's four files. ``make data`` looks from the top of the repository.
    generations, sample_size, steps, chains : int
    rng : Generator

    Returns
    -------
    dict of str to array
        Of float32, shape (generations + 1, chains): ``pixel_variance`` of a thousand
        images that each model draws, from the same random numbers, and
        ``fitted_variance`` of those it was fitted to. ``images``, shape
        (generations + 1, 40, 784) of uint8: grey values of 0 to 255, drawn by chain 0.

    Raises
    ------
    ValueError
        If a file is missing or damaged, or an argument is out of range.
    """
    seed = int(rng.integers(2**32))

    def measure(model: VAEModel, data: np.ndarray) -> dict[str, np.ndarray]:
        images = model.sample(LOOKED_AT, np.random.default_rng(seed))
        return {
            "pixel_variance": measures.pixel_variance(images),
            "fitted_variance": measures.pixel_variance(data),
            "images": np.rint(255 * images[:, :SHOWN]),
        }

    found = recurse(
        # Of 255 dots a pixel, 64 for a nat are a price like 4 of the small digits' 16.
        VAE(latent=20, hidden=(256, 256), levels=255, beta=64, steps=steps),
        load_mnist(folder).train_images,
        generations=generations,
        sample_size=sample_size,
        diet=Diet(real_fraction=real_fraction),
        chains=chains,
        rng=rng,
        measure=measure,
    )
    return {
        "pixel_variance": found["pixel_variance"].astype(np.float32),
        "fitted_variance": found["fitted_variance"].astype(np.float32),
        "images": found["images"][:, 0].astype(np.uint8),
    }


SWEEP = Sweep(
    name="mnist",
    task=history,
    grid={
        "real_fraction": [0, 0.5],
        "folder": "mnist",
        "generations": 5,
        "sample_size": 5000,
        "steps": 600,
        "chains": 3,
    },
    seed=2024,
)
TINY = SWEEP.with_grid(
    real_fraction=0.5, generations=1, sample_size=30, steps=2, chains=2
)
CHEAP = {"real_fraction": 0, "generations": 1}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
