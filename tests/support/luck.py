"""Other random numbers for a whole test run, to learn which tests live on luck.

A test that holds for the seed that it fixes may fail on a machine where that seed gives
other numbers, or the same numbers another training. Under ``pytest --luck=N`` every
seed means another one, the same throughout the run: what should be equal stays equal.
Other processes keep the seeds as written, and a test that compares with them fails.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch


def change_luck(luck: int) -> None:
    """Let every seed of numpy and torch mean another one, until the process ends."""
    default_rng, manual_seed = np.random.default_rng, torch.manual_seed

    @functools.wraps(default_rng)
    def reseeded(seed: Any = None) -> np.random.Generator:
        if isinstance(seed, np.random.SeedSequence):
            entropy, key = np.atleast_1d(seed.entropy).tolist(), seed.spawn_key
            return default_rng(np.random.SeedSequence([*entropy, luck], spawn_key=key))
        if seed is None or isinstance(seed, np.random.Generator):
            return default_rng(seed)
        return default_rng([*np.atleast_1d(seed).tolist(), luck])

    class Generator(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + 1_000_003 * luck)

    np.random.default_rng = reseeded
    torch.Generator = Generator
    torch.manual_seed = lambda seed: manual_seed(seed + 1_000_003 * luck)
