"""What the experiments with the encyclopaedia share: one recursion and its measures.

Floor 3.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch

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
    generate,
)
from ..recursion import Diet, recurse
from ..streams import Randomness, Streams

SEED = 2024
"""Of all histories; chain 0 of every setting begins with one and the same model."""

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
"""First sentences of the texts that are kept, of chain 0."""

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
    loop : bool
        If not, all generations read what generation 0 writes.
    """

    decoding: Decoding = PLAIN
    documents: int = 1000
    training: Training = BRIEF
    start: str = "previous"
    opening: int = 0
    loop: bool = True


class Truth:
    """The encyclopaedia, as blocks that a `LanguageModel` reads."""

    chain_axis = True

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` documents, without the token that begins them."""
        return encyclopaedia().sample(n, rng)[..., 1:]


def encyclopaedia_history(
    setting: Setting,
    diet: Diet,
    *,
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
        of `PERPLEXITIES`; and ``texts``, (generations + 1, 3, tokens), chain 0's
        completions of `SHOWN`.
    """
    streams = [np.random.default_rng([SEED, chain]) for chain in range(chains)]
    eyes = _Eyes(setting, rng)
    truth = Truth() if setting.loop else _GenerationZero(eyes)
    history = recurse(
        _family(setting, first_steps, chains, rng),
        truth,
        generations=generations,
        sample_size=setting.documents,
        diet=diet if setting.loop else Diet(real_fraction=1.0),
        chains=chains,
        rng=streams,
        measures={
            "endings": eyes.endings,
            "numbers": eyes.numbers,
            "perplexities": eyes.perplexities,
            "texts": eyes.texts,
        },
    )
    numbers = history["numbers"].astype(np.float32)
    return {
        **{name: numbers[..., place] for place, name in enumerate(MEASURES)},
        "endings": history["endings"].astype(np.int16),
        "perplexities": history["perplexities"].astype(np.int16),
        "texts": history["texts"][:, 0].astype(np.int16),
    }


@cache
def _config() -> OPTConfig:
    grammar = encyclopaedia()
    # Room for prompts that are padded on the left.
    return OPTConfig(len(grammar.words), width=64, layers=2, positions=96)


@cache
def _first_network(chain: int, steps: int) -> OPT:
    """Train the network that a chain begins with; the same for every setting."""
    rng = np.random.default_rng([SEED, chain, 1])
    documents = Truth().sample(FIRST_DOCUMENTS, rng)
    family = LanguageModel(_config(), Training(steps=steps))
    return family.fit(documents, rng).networks[0]


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


class _Eyes:
    """Measures every generation with the same random numbers."""

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self.decoding = setting.decoding
        self.seed = int(rng.integers(2**32))
        self.zero: TrainedLanguageModel | None = None
        grammar, chance = encyclopaedia(), np.random.default_rng(self.seed)
        self.real = Truth().sample(LOOKED_AT, chance)
        self.prompts = _first_sentences(PROMPTED, chance)
        self.shown = [grammar.encode(text) for text in SHOWN]

    def endings(self, model: TrainedLanguageModel, data: np.ndarray) -> np.ndarray:
        """Return with which topics the completed texts end, (chains, topics)."""
        completed = complete(model, self.prompts, self.decoding, self.seed)
        self.ends = _last_topics(completed)
        return self.ends

    def numbers(self, model: TrainedLanguageModel, data: np.ndarray) -> np.ndarray:
        """Return (chains, measures), in the order of `MEASURES`."""
        self.zero = self.zero or model
        # The measures that follow look at these documents.
        self.written = model.sample(LOOKED_AT, np.random.default_rng(self.seed))
        counted = [_counted(documents) for documents in self.written]
        place = encyclopaedia().topics.index(ARCHITECTURE)
        return np.column_stack(
            [
                model.perplexity(self.real),
                model.perplexity(self.written),
                counted,
                1 - self.ends[:, place] / self.ends.sum(axis=1),
            ]
        )

    def perplexities(self, model: TrainedLanguageModel, data: np.ndarray) -> np.ndarray:
        """Return histograms under generation 0, (chains, bins)."""
        values = self.zero.block_perplexity(self.written)
        return measures.histogram(values, PERPLEXITIES)

    def texts(self, model: TrainedLanguageModel, data: np.ndarray) -> np.ndarray:
        """Return completed texts, (chains, 3, tokens)."""
        return complete(model, self.shown, self.decoding, self.seed)


class _GenerationZero:
    """Real documents at first, and what generation 0 writes from then on."""

    chain_axis = True

    def __init__(self, eyes: _Eyes) -> None:
        self.eyes = eyes

    def sample(self, n: int, rng: Streams) -> np.ndarray:
        """Draw `n` documents for each chain."""
        return (self.eyes.zero or Truth()).sample(n, rng)


def _first_sentences(n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw first sentences of documents about medieval architecture."""
    grammar, found = encyclopaedia(), []
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
    for row, prompt in zip(left, prompts, strict=True):
        row[longest - len(prompt) :] = prompt
    room = encyclopaedia().length
    texts = np.full((len(model.networks), len(prompts), longest + room), PAD)
    for network, rows in zip(model.networks, texts, strict=True):
        new = generate(
            network,
            torch.from_numpy(left),
            new_tokens=min(room, network.config.positions + 1 - longest),
            decoding=decoding,
            mask=torch.from_numpy(left != PAD),
            end_token=END,
            forbidden=[PAD],
            generator=torch.Generator().manual_seed(seed),
        ).numpy()
        for row, prompt, more in zip(rows, prompts, new, strict=True):
            row[: len(prompt)] = prompt
            row[len(prompt) : len(prompt) + len(more)] = more
    return texts


def _counted(documents: np.ndarray) -> tuple[float, ...]:
    """Measure one chain's new documents: what stands between perplexity and drift."""
    grammar = encyclopaedia()
    begun = np.pad(documents, ((0, 0), (1, 0)), constant_values=END)
    census = grammar.census(begun)
    return (
        census.grammatical_documents / census.documents,
        np.count_nonzero(census.grammatical_topics),
        float(measures.effective_classes(census.topics / census.topics.sum())),
        np.count_nonzero(census.facts),
        np.count_nonzero(census.constructions),
        measures.vocabulary_in_use(documents, [END, PAD]),
        measures.distinct_ngrams(documents, 2, [END, PAD]),
        len(np.unique(documents, axis=0)) / len(documents),
    )


def _last_topics(texts: np.ndarray) -> np.ndarray:
    """Count last sentences by topic, (chains, n, tokens) to (chains, topics)."""
    ends, topics = encyclopaedia().last_topics(texts), len(encyclopaedia().topics)
    return np.stack([np.bincount(row, minlength=topics) for row in ends])


def changed(**changes: Any) -> Setting:
    """Return the usual setting with some changes; ``steps`` is one of training's."""
    usual = Setting()
    if "steps" in changes:
        steps = changes.pop("steps")
        changes["training"] = replace(usual.training, steps=steps)
    return replace(usual, **changes)
