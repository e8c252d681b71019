"""Why language models collapse: one setting after the other is changed.

No fresh real text after generation 0, eight generations, four chains; the rest as in
`encyclopaedia_mixing`. Floor 3.
"""

import numpy as np

from ..opt import Decoding, Training
from ..sweep import Sweep
from ._encyclopaedia import FIRST_DOCUMENTS, Setting, encyclopaedia_history
from ._language_models import SEED

COOL = Decoding(temperature=0.8)

SETTINGS = {
    "temperature 1, no loop": Setting(loop=False),
    "temperature 0.8, no loop": Setting(decoding=COOL, loop=False),
    "first weights": Setting(start="first"),
    "from scratch": Setting(
        start="nothing", training=Training(steps=900), documents=FIRST_DOCUMENTS
    ),
    "3000 documents": Setting(
        training=Training(steps=450, learning_rate=5e-3), documents=3000
    ),
    "accumulate": Setting(memory="accumulate"),
    "nucleus 0.9": Setting(decoding=Decoding(top_p=0.9)),
    "repetition penalty 2": Setting(decoding=Decoding(repetition_penalty=2.0)),
    "real openings": Setting(opening=3),
    "real openings, beam search": Setting(opening=3, decoding=Decoding(beams=5)),
}
"""What is changed in each; otherwise the temperature is 1 and nothing is real.

Accumulating keeps the real documents of generation 0, and openings are real words.
"""


def history(
    setting: Setting,
    generations: int,
    first_steps: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run the chains of one of the `SETTINGS`; see `encyclopaedia_history`.

    The texts are those of the first chain: no figure draws them.
    """
    found = encyclopaedia_history(
        setting,
        generations=generations,
        first_steps=first_steps,
        chains=chains,
        rng=rng,
    )
    return {**found, "texts": found["texts"][:, 0]}


SWEEP = Sweep(
    name="encyclopaedia_errors",
    task=history,
    grid={
        "setting": list(SETTINGS),
        "generations": 8,
        "first_steps": 900,
        "chains": 4,
    },
    options={"setting": SETTINGS},
    seed=SEED,
)
TINY = SWEEP.with_grid(
    setting=["temperature 1, no loop", "real openings"],
    generations=1,
    first_steps=20,
    chains=1,
)
CHEAP = {"setting": "temperature 1, no loop", "generations": 1}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
