"""Autoencoders trained on digits that autoencoders drew, with a share of real ones.

Twenty generations of eight chains, each model trained from scratch. Floor 3.
"""

import numpy as np

from ..recursion import Diet
from ..sweep import Sweep
from ..vae import VAE
from ._digits import digits_history


def history(
    real_fraction: float,
    output: str,
    generations: int,
    sample_size: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run eight chains; see `digits_history` for what comes back."""
    return digits_history(
        VAE(output=output),
        Diet(real_fraction=real_fraction),
        generations=generations,
        sample_size=sample_size,
        chains=chains,
        rng=rng,
    )


SWEEP = Sweep(
    name="digits_mixing",
    task=history,
    grid={
        "real_fraction": [0, 0.05, 0.1, 0.25, 0.5, 1],
        "output": ["mean", "draw"],
        "generations": 20,
        "sample_size": 1000,
        "chains": 8,
    },
    seed=2024,
)
TINY = SWEEP.with_grid(
    real_fraction=[0, 0.5], output="mean", generations=1, sample_size=200, chains=2
)
CHEAP = {"real_fraction": 0, "output": "mean", "generations": 1}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
