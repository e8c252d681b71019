"""The paper's protocol on real text: each model continues what people wrote.

A block of 64 tokens is a prompt, and the 64 tokens that a model writes after it are
a block of the next training set, which is as large as the first one. By default the
text is Python's documentation, and the network is small; another text, a larger
network or an OPT checkpoint, and a GPU are a matter of parameters. Floor 3.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from .. import measures
from ..corpus.text import (
    blocks,
    python_topics,
    read_text,
    read_tokenizer,
    read_wikitext,
    split,
    train_tokenizer,
)
from ..opt import (
    OPT,
    Decoding,
    LanguageModel,
    OPTConfig,
    TrainedLanguageModel,
    Training,
    load_opt,
)
from ..recursion import Diet, recurse
from ..sweep import Sweep
from ..validation import whole_number
from ._language_models import (
    SEED,
    FirstReader,
    chain_generators,
    continued,
    first_network,
)

LENGTH = 64
"""Tokens of a block, and of the prompt before it."""

LOOKED_AT = 128
"""How many new blocks, and how many held-out ones, are measured."""

SHOWN = 3
"""How many held-out prompts are continued in full view."""

DECODINGS = {"temperature 1": Decoding(), "beam search": Decoding(beams=5)}
"""How the next token is chosen; the second is the paper's way."""

PERPLEXITIES = np.geomspace(1, 1000, 31)
"""The edges of the histograms' bins; what lies above goes into the last one."""

MEASURES = ("real_perplexity", "own_perplexity", "vocabulary", "repeated")
"""What is returned for each generation and chain, beside histograms and texts."""


@dataclass(frozen=True)
class _Corpus:
    tokenizer: Tokenizer
    training: np.ndarray
    held_out: np.ndarray

    def spread_out(self, n: int) -> np.ndarray:
        """Return `n` of the held-out blocks, from the first to the last."""
        indices = np.linspace(0, len(self.held_out) - 1, n).round().astype(int)
        return self.held_out[indices]

    def words(self, rows: np.ndarray) -> list[str]:
        """Return what rows of tokens say."""
        return [self.tokenizer.decode(row) for row in rows.tolist()]


def history(
    decoding: Decoding,
    real_fraction: float,
    generations: int,
    training_blocks: int | None,
    first_steps: int,
    first_rate: float,
    steps: int,
    rate: float,
    batch_size: int,
    vocabulary: int,
    width: int,
    layers: int,
    text: str | None,
    checkpoint: str | None,
    device: str,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run the chains of one cell.

    Parameters
    ----------
    decoding : Decoding
    real_fraction : float
    generations : int
    training_blocks : int or None
        How many blocks each generation reads; None for all there are.
    first_steps, first_rate
        Steps and learning rate with which a network with random weights first learns
        from the real blocks; unused with a checkpoint.
    steps, rate, batch_size
        How generation 0 goes on from there, and each generation from the one before.
    vocabulary, width, layers
        Size of the byte-pair encoding and of the network; unused with a checkpoint.
    text : str or None
        A text file, or a folder with WikiText-2; None for Python's documentation.
    checkpoint : str or None
        A folder with an OPT checkpoint and its tokenizer, with which generation 0
        begins, such as OPT-125m; None for random weights.
    device : str
        Where to compute, such as "cuda".
    chains : int
    rng : Generator

    Returns
    -------
    dict of str to array
        Of float32, shape (generations + 1, chains): ``real_perplexity`` of held-out
        blocks; ``own_perplexity`` of new blocks under the model that wrote them;
        ``vocabulary``, how many different tokens 128 new blocks hold;
        ``repeated``, the share of runs of four tokens that stood in their block
        before. ``perplexities`` (generations + 1, chains, 30), int16: a histogram of
        the new blocks' perplexities under generation 0. ``prompts`` (3,) and
        ``texts`` (generations + 1, chains, 3), words: held-out prompts, and how
        each chain continues them.

    Raises
    ------
    ValueError
        If an argument is out of range: before anything is read or learned.
    """
    generations = whole_number("generations", generations, 1)
    chains = whole_number("chains", chains, 1)
    if training_blocks is not None:
        training_blocks = whole_number("training_blocks", training_blocks, 1)
    diet = Diet(real_fraction=real_fraction)
    corpus = _corpus(text, checkpoint, vocabulary)
    # The first blocks, the same for every cell.
    training = corpus.training[:training_blocks]
    again = Training(steps=steps, batch_size=batch_size, learning_rate=rate)
    first = Training(steps=first_steps, batch_size=batch_size, learning_rate=first_rate)
    shape = OPTConfig(vocabulary, width, layers, positions=2 * LENGTH)
    network: OPT | list[OPT]
    if checkpoint is None:
        network = [
            _first_network(chain, shape, first, text, training_blocks, device)
            for chain in range(chains)
        ]
    else:
        network = load_opt(checkpoint)
    family = LanguageModel(
        network,
        again,
        again,
        decoding=decoding,
        prompts=training,
        device=device,
    )
    seed = int(rng.integers(2**32))
    held_out, shown = corpus.held_out[:LOOKED_AT], corpus.spread_out(SHOWN)
    ignored = [family.config.padding_token]
    zero = FirstReader(PERPLEXITIES)

    def measure(model: TrainedLanguageModel, data: np.ndarray) -> dict[str, np.ndarray]:
        written = model.sample(LOOKED_AT, np.random.default_rng(seed))
        texts = continued(model, shown, LENGTH, decoding, seed)
        return {
            "real_perplexity": model.perplexity(held_out),
            "own_perplexity": model.perplexity(written),
            "vocabulary": measures.vocabulary_in_use(written, ignored),
            "repeated": measures.repeated_ngrams(written, 4, ignored),
            "perplexities": zero.perplexities(model, written),
            "texts": np.array([corpus.words(rows) for rows in texts]),
        }

    run = recurse(
        family,
        training,
        generations=generations,
        sample_size=len(training),
        diet=diet,
        chains=chains,
        rng=chain_generators(chains),
        measure=measure,
    )
    return {
        **{name: run[name].astype(np.float32) for name in MEASURES},
        "perplexities": run["perplexities"].astype(np.int16),
        "prompts": np.array(corpus.words(shown)),
        "texts": run["texts"],
    }


@cache
def _first_network(
    chain: int,
    shape: OPTConfig,
    training: Training,
    text: str | None,
    training_blocks: int | None,
    device: str,
) -> OPT:
    """Let the network of a chain learn from real blocks."""
    rows = _corpus(text, None, shape.vocabulary_size).training[:training_blocks]
    family = LanguageModel(shape, training, prompts=rows, device=device)
    return first_network(family, chain, lambda rng: rows)


@cache
def _corpus(text: str | None, checkpoint: str | None, vocabulary: int) -> _Corpus:
    """Read a text, and cut it into blocks to learn from and blocks to be asked."""
    parts = _parts(text)
    if checkpoint is None:
        tokenizer = train_tokenizer(parts[0], vocabulary)
    else:
        tokenizer = read_tokenizer(checkpoint)
    rows = [blocks(part, tokenizer, LENGTH) for part in parts]
    return _Corpus(tokenizer, *(rows if len(rows) == 2 else split(rows[0])))


def _parts(text: str | None) -> list[str]:
    """Return one text, or one to learn from and one that is held out."""
    if text is None:
        return [python_topics()]
    if not Path(text).is_dir():
        return [read_text(text)]
    # In the order train, valid, test; the last one is held out.
    first, *others = read_wikitext(text).values()
    return [first, *others[-1:]]


SWEEP = Sweep(
    name="real_text",
    task=history,
    grid={
        "decoding": list(DECODINGS),
        "real_fraction": [0, 0.1, 1],
        "generations": 4,
        "training_blocks": 1200,
        "first_steps": 600,
        "first_rate": 5e-3,
        "steps": 100,
        "rate": 2e-3,
        "batch_size": 16,
        "vocabulary": 1000,
        "width": 96,
        "layers": 2,
        "text": None,
        "checkpoint": None,
        "device": "cpu",
        "chains": 3,
    },
    options={"decoding": DECODINGS},
    seed=SEED,
)
TINY = SWEEP.with_grid(
    real_fraction=0.1,
    generations=1,
    training_blocks=40,
    first_steps=3,
    steps=2,
    vocabulary=300,
    width=16,
    layers=1,
    chains=2,
)
CHEAP = {"decoding": "temperature 1", "real_fraction": 0, "generations": 1}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
