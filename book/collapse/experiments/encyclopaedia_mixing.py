"""Language models that read what language models wrote, with a share of real text.

Eight generations of four chains for each way of choosing words and each real share;
each generation goes on from the weights of the one before. Floor 3.
"""

from dataclasses import replace

import numpy as np

from ..opt import Decoding
from ..sweep import Sweep
from ._encyclopaedia import (
    BRIEF,
    PERPLEXITIES,
    SHOWN,
    Setting,
    encyclopaedia_history,
)
from ._language_models import SEED

__all__ = ["DECODINGS", "PERPLEXITIES", "SHOWN", "SWEEP", "history"]

DECODINGS = {
    "temperature 1": Decoding(),
    "temperature 0.9": Decoding(temperature=0.9),
    "temperature 0.8": Decoding(temperature=0.8),
    "beam search": Decoding(beams=5),
}
"""How the next word is chosen."""


def history(
    decoding: Decoding,
    real_fraction: float,
    generations: int,
    documents: int,
    steps: int,
    first_steps: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run the chains of one cell; see `encyclopaedia_history` for what comes back."""
    training = replace(BRIEF, steps=steps)
    return encyclopaedia_history(
        Setting(decoding=decoding, documents=documents, training=training),
        real_fraction=real_fraction,
        generations=generations,
        first_steps=first_steps,
        chains=chains,
        rng=rng,
    )


SWEEP = Sweep(
    name="encyclopaedia_mixing",
    task=history,
    grid={
        "decoding": list(DECODINGS),
        "real_fraction": [0, 0.1, 0.5, 1],
        "generations": 8,
        "documents": 1000,
        "steps": 150,
        "first_steps": 900,
        "chains": 4,
    },
    options={"decoding": DECODINGS},
    seed=SEED,
)
TINY = SWEEP.with_grid(
    decoding=["temperature 0.8", "beam search"],
    real_fraction=0.1,
    generations=1,
    documents=60,
    steps=5,
    first_steps=20,
    chains=2,
)
CHEAP = {"decoding": "temperature 0.8", "real_fraction": 0, "generations": 1}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
