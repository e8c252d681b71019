"""Which error makes autoencoders collapse: one setting after the other is changed.

Nothing but synthetic digits after generation 0, twelve generations, eight chains.
Floor 3.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..recursion import Diet
from ..sweep import Sweep
from ..vae import VAE
from ._digits import digits_history

SAMPLE_SIZE = 1000

SETTINGS: dict[str, dict[str, Any]] = {
    "standard": {},
    "250 images": {"sample_size": 250},
    "500 images": {"sample_size": 500},
    "1497 images": {"sample_size": 1497},
    "16 hidden units": {"hidden": (16, 16)},
    "40 hidden units": {"hidden": (40, 40)},
    "2 latent dimensions": {"latent": 2},
    "4 latent dimensions": {"latent": 4},
    "16 latent dimensions": {"latent": 16},
    "150 steps": {"steps": 150},
    "2400 steps": {"steps": 2400},
    "previous weights": {"start": "previous"},
    "beta 1": {"beta": 1.0},
    "beta 16": {"beta": 16.0},
    "draws": {"output": "draw"},
}
"""What is changed in each; the rest is as in ``VAE()`` with 1000 images."""


def history(
    setting: Mapping[str, Any],
    generations: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run the chains of one of the `SETTINGS`.

    Returns
    -------
    dict of str to array
        As `digits_history`, without the divergences ``kl``, whose number varies, but
        with ``kl_total``, their sum, (generations + 1, chains).
    """
    changes = dict(setting)
    sample_size = changes.pop("sample_size", SAMPLE_SIZE)
    found = digits_history(
        VAE(**changes),
        Diet(),
        generations=generations,
        sample_size=sample_size,
        chains=chains,
        rng=rng,
    )
    kl = found.pop("kl")
    return {**found, "kl_total": kl.sum(axis=-1)}


SWEEP = Sweep(
    name="digits_errors",
    task=history,
    grid={"setting": list(SETTINGS), "generations": 12, "chains": 8},
    options={"setting": SETTINGS},
    seed=2024,
)
TINY = SWEEP.with_grid(setting=["250 images", "150 steps"], generations=1, chains=2)
CHEAP = {"setting": "150 steps", "generations": 1}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
