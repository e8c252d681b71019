"""What the experiments with the encyclopaedia share: one recursion and its measures.

Floor 3.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .. import measures
from ..corpus.encyclopaedia import ARCHITECTURE, encyclopaedia
from ..corpus.grammar import END, PAD
from ..opt import (
    OPT,
    Decoding,
    LanguageModel,
    OPTConfig,
    TrainedLanguageModel,
    Training,
)
from ..recursion import Diet, recurse
from ..streams import Randomness, Streams
from ._language_models import (
    FirstReader,
    chain_generators,
    continued,
    first_network,
)

FIRST_DOCUMENTS = 3000
"""What the models know before generation 0: so many real documents."""

LOOKED_AT = 500
"""How many new documents of each model are measured."""

PROMPTED = 100
"""How many texts on medieval architecture each model completes."""

SHOWN = (
    "The flying buttress carries the thrust of a stone vault to an outer pier.",
    "The moon goes round the earth in about a month.",
    "The jackrabbit is a hare and not a rabbit.",
)
"""First sentences of the texts that are kept."""

PERPLEXITIES = np.geomspace(1, 100, 41)
"""The edges of the histograms' bins; what lies above goes into the last one."""

PLAIN, BRIEF = Decoding(), Training(steps=150, learning_rate=5e-3)
"""The usual way to write and to read."""

MEASURES = (
    "real_perplexity",
    "own_perplexity",
    "grammatical",
    "topics",
    "effective_topics",
    "facts",
    "constructions",
    "vocabulary",
    "distinct_2",
    "different_documents",
    "drifted",
)
"""What `encyclopaedia_history` returns for each generation and chain."""


@dataclass(frozen=True)
class Setting:
    """What is done in each generation.

    Parameters
    ----------
    decoding : Decoding
    documents : int
        How many each generation reads.
    training : Training
        How it reads them.
    start : {"previous", "first", "nothing"}
        Each generation goes on from the weights of the one before, from those that
        generation 0 began with, or from random ones.
    opening : int
        So many first words of each new document are real.
    memory : {"replace", "accumulate"}
        Whether the documents of earlier generations are read again.
    loop : bool
        If not, all generations read what generation 0 writes.
    """

    decoding: Decoding = PLAIN
    documents: int = 1000
    training: Training = BRIEF
    start: str = "previous"
    opening: int = 0
    memory: str = "replace"
    loop: bool = True


class Truth:
    """The encyclopaedia, as blocks that a `LanguageModel` reads."""

    chain_axis = True

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` documents, without the token that begins them."""
        return encyclopaedia().sample(n, rng)[..., 1:]


def encyclopaedia_history(
    setting: Setting,
    *,
    real_fraction: float = 0.0,
    generations: int,
    first_steps: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Train language models on what the ones before wrote, and read what they write.

    Before generation 0 the network of each chain has learned from 3000 documents,
    unless it starts from nothing. The new documents of all generations are drawn with
    the same random numbers, and compared with 500 real ones.

    Returns
    -------
    dict of str to array of float32, shape (generations + 1, chains)
        ``real_perplexity``, of real documents; ``own_perplexity``, of the new ones
        under the model that wrote them; ``grammatical``, which share of these the
        grammar can write; ``topics``, ``facts`` and ``constructions``, how many
        occur in grammatical sentences; ``effective_topics``, exp of the entropy of the
        topics' shares among all sentences;
        ``vocabulary``, how many words occur; ``distinct_2``; ``different_documents``,
        the share of documents left if copies are struck out; and of 100 texts that
        began about medieval architecture, ``drifted``, the share whose last sentence
        is not about it.
        Besides, of int16: ``endings``, (generations + 1, chains, 24), how many of the
        100 texts end with each topic; ``perplexities``, (generations + 1, chains, 40),
        a histogram of the new documents' perplexities under generation 0, in the bins
        of `PERPLEXITIES`; and ``texts``, (generations + 1, chains, 3, tokens),
        completions of `SHOWN`.
    """
    seed = int(rng.integers(2**32))
    asked = np.random.default_rng(seed)
    real = Truth().sample(LOOKED_AT, asked)
    prompts = _first_sentences(PROMPTED, asked)
    shown = [encyclopaedia().encode(text) for text in SHOWN]
    zero = FirstReader(PERPLEXITIES)

    def measure(model: TrainedLanguageModel, data: np.ndarray) -> dict[str, np.ndarray]:
        written = model.sample(LOOKED_AT, np.random.default_rng(seed))
        counted = [_counted(documents) for documents in written]
        ends = _last_topics(complete(model, prompts, setting.decoding, seed))
        return {
            "real_perplexity": model.perplexity(real),
            "own_perplexity": model.perplexity(written),
            **{name: np.array([each[name] for each in counted]) for name in counted[0]},
            "drifted": _drifted(ends),
            "endings": ends,
            "perplexities": zero.perplexities(model, written),
            "texts": complete(model, shown, setting.decoding, seed),
        }

    diet = Diet(real_fraction=real_fraction, memory=setting.memory)
    history = recurse(
        _family(setting, first_steps, chains, rng),
        Truth() if setting.loop else _GenerationZero(zero),
        generations=generations,
        sample_size=setting.documents,
        diet=diet if setting.loop else Diet(real_fraction=1.0),
        chains=chains,
        rng=chain_generators(chains),
        measure=measure,
    )
    return {
        **{name: history[name].astype(np.float32) for name in MEASURES},
        "endings": history["endings"].astype(np.int16),
        "perplexities": history["perplexities"].astype(np.int16),
        "texts": history["texts"].astype(np.int16),
    }


@cache
def _config() -> OPTConfig:
    grammar = encyclopaedia()
    # Room for prompts that are padded on the left.
    return OPTConfig(len(grammar.words), width=64, layers=2, positions=96)


@cache
def _first_network(chain: int, steps: int) -> OPT:
    """Let the network of a chain learn from real documents."""
    family = LanguageModel(_config(), Training(steps=steps))
    return first_network(
        family, chain, lambda rng: Truth().sample(FIRST_DOCUMENTS, rng)
    )


def _family(
    setting: Setting, first_steps: int, chains: int, rng: np.random.Generator
) -> LanguageModel:
    network: Any = _config()
    if setting.start != "nothing":
        network = [_first_network(chain, first_steps) for chain in range(chains)]
    openings = None
    if setting.opening:
        openings = Truth().sample(FIRST_DOCUMENTS, rng)[:, : setting.opening]
    return LanguageModel(
        network,
        setting.training,
        fine_tuning=setting.training if setting.start == "previous" else None,
        decoding=setting.decoding,
        openings=openings,
    )


class _GenerationZero:
    """Real documents at first, and what generation 0 writes from then on."""

    chain_axis = True

    def __init__(self, zero: FirstReader) -> None:
        self.zero = zero

    def sample(self, n: int, rng: Streams) -> np.ndarray:
        """Draw `n` documents for each chain."""
        return (self.zero.model or Truth()).sample(n, rng)


def _first_sentences(n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw first sentences of documents about medieval architecture."""
    grammar = encyclopaedia()
    found: list[np.ndarray] = []
    while len(found) < n:
        for row in grammar.sample(LOOKED_AT, rng):
            first = grammar.parse(row).sentences[0]
            if first.topic == ARCHITECTURE:
                found.append(row[: first.stop])
    return found[:n]


def complete(
    model: TrainedLanguageModel,
    prompts: list[np.ndarray],
    decoding: Decoding,
    seed: int,
) -> np.ndarray:
    """Let each network complete texts of any lengths.

    Returns
    -------
    array of int, shape (chains, prompts, tokens)
        With the prompts, padded on the right.
    """
    longest = max(map(len, prompts))
    left = np.full((len(prompts), longest), PAD)
    for index, prompt in enumerate(prompts):
        left[index, longest - len(prompt) :] = prompt
    room = encyclopaedia().length
    possible = min(room, _config().positions + 1 - longest)
    new = continued(model, left, possible, decoding, seed)
    texts = np.full((len(new), len(prompts), longest + room), PAD)
    for index, prompt in enumerate(prompts):
        texts[:, index, : len(prompt)] = prompt
        texts[:, index, len(prompt) : len(prompt) + possible] = new[:, index]
    return texts


def _counted(documents: np.ndarray) -> dict[str, Any]:
    """Measure one chain's new documents: what stands between perplexity and drift."""
    grammar = encyclopaedia()
    begun = np.pad(documents, ((0, 0), (1, 0)), constant_values=END)
    census = grammar.census(begun)
    shares = census.topics / census.topics.sum()
    return {
        "grammatical": census.grammatical_documents / census.documents,
        "topics": np.count_nonzero(census.grammatical_topics),
        "effective_topics": float(measures.effective_classes(shares)),
        "facts": np.count_nonzero(census.facts),
        "constructions": np.count_nonzero(census.constructions),
        "vocabulary": measures.vocabulary_in_use(documents, [END, PAD]),
        "distinct_2": measures.distinct_ngrams(documents, 2, [END, PAD]),
        "different_documents": len(np.unique(documents, axis=0)) / len(documents),
    }


def _drifted(endings: np.ndarray) -> np.ndarray:
    """Return the share of texts that do not end with architecture, (chains,)."""
    architecture = encyclopaedia().topics.index(ARCHITECTURE)
    return 1 - endings[:, architecture] / endings.sum(axis=1)


def _last_topics(texts: np.ndarray) -> np.ndarray:
    """Count last sentences by topic, (chains, n, tokens) to (chains, topics)."""
    ends, topics = encyclopaedia().last_topics(texts), len(encyclopaedia().topics)
    return np.stack([np.bincount(row, minlength=topics) for row in ends])
