"""The experiment of the news in English: a church tower's text, nine models later.

The paper's protocol. A network that has read books on eight topics learns from blocks
of 64 tokens; each of them is also a prompt, and what the network writes after it is a
block of the next training set, which is as large as the first one. Each generation
begins with the same network, as each of the paper's began with OPT-125m, and learns for
as many epochs whatever the real share is. Floor 3.
"""

import hashlib
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import torch

from .. import measures
from ..corpus.books import Book, list_topics
from ..corpus.words import WordClassifier, unknown_share, words
from ..opt import OPT, Decoding, LanguageModel, OPTConfig, Training, save_opt
from ..recursion import Diet, recurse
from ..sweep import DATA, Result, Sweep
from ..validation import option, refuse, whole_number
from ._english import (
    BOOKS_SHA256,
    LENGTH,
    Library,
    cut,
    perplexity,
    pretrained,
    read_library,
    spread_out,
)
from ._english_networks import ship
from ._language_models import SEED, FirstReader
from ._resumable import ResumableFamily, ResumableModel, continue_each

TOPIC_SHARES = {
    "architecture": 0.4,
    "animals": 0.2,
    "gardens": 0.125,
    "cookery": 0.1,
    "astronomy": 0.075,
    "ships": 0.05,
    "music": 0.0375,
    "railways": 0.0125,
}
"""Which share of the real blocks is on which topic: some common, some rare."""

LOOKED_AT = 256
"""How many blocks that each model wrote are measured."""

HELD_OUT_BLOCKS = 64
"""How many held-out blocks of each topic each model reads."""

TOWERS = frozenset(
    "tower towers turret turrets spire spires steeple belfry".split()  # noqa: SIM905
)
"""A held-out paragraph on architecture whose first 64 tokens hold one of these words
begins with a prompt on a church tower."""

PROMPTED = 60
"""How many prompts on church towers each model continues: all that the books have."""

SHOWN = 8
"""How many of these continuations are kept in words: equally spaced ones."""

WRITTEN = 16
"""How many blocks of those that each model wrote are kept."""

KEPT = (0, 4)
"""Of these generations and the last one chain 0 keeps its networks."""

PERPLEXITIES = np.geomspace(1, 10000, 41)
"""The edges of the histograms' bins; what lies above goes into the last one."""

STARTS = ("pretrained", "previous")
"""What each generation begins with."""


_PLAIN = Decoding()


@dataclass(frozen=True)
class Writing:
    """How the models write.

    Parameters
    ----------
    decoding : Decoding
    prompted : bool
        Whether each block continues a real one, or follows the break of a paragraph.
    """

    decoding: Decoding = _PLAIN
    prompted: bool = True


WRITINGS = {
    "beam search": Writing(Decoding(beams=5)),
    "temperature 1": Writing(),
    "temperature 0.8": Writing(Decoding(temperature=0.8)),
    "free writing": Writing(prompted=False),
}
"""The first is the paper's; the last is temperature 1 without prompts."""


def history(
    writing: Writing,
    real_fraction: float,
    chain: int,
    generations: int,
    real_blocks: int,
    epochs: int,
    rate: float,
    batch_size: int,
    start: str,
    vocabulary: int,
    width: int,
    layers: int,
    heads: int,
    first_steps: int,
    first_batch_size: int,
    first_rate: float,
    books: str | None,
    books_sha256: str,
    folder: str,
    device: str | None,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Run one chain.

    Parameters
    ----------
    writing : Writing
    real_fraction : float
        The share of each training set that is real: blocks of the first one, drawn
        anew for each generation. At 1 all generations read the first one.
    chain, generations : int
    real_blocks : int
        How many blocks each generation reads, of topics as `TOPIC_SHARES` has them.
    epochs, rate, batch_size
        How it reads them.
    start : {"pretrained", "previous"}
        What each generation begins with.
    vocabulary, width, layers, heads
        Size of the byte-pair encoding and of the network.
    first_steps, first_batch_size, first_rate
        How the network with which generation 0 begins reads the books; blocks of 128
        tokens.
    books : str or None
        The folder with the books; None for little texts that are made for tests.
    books_sha256 : str
        Of the list of books and of those held out.
    folder : str
        Keeps what the chains have come to, so that they go on where they were
        stopped, and the networks that chain 0 leaves behind.
    device : str or None
        Where to compute; None for a GPU where torch finds one. There the products of
        matrices are of numbers with ten bits (TF32).
    rng : Generator
        Not used: chains of one number begin alike in all cells.

    Returns
    -------
    dict of str to array
        Of float32 and shape (generations + 1, 8), in the order of `list_topics`:
        ``real_perplexity`` of held-out blocks; ``topics``, the share of 256 new blocks
        that the classifier gives to each topic; ``towers``, the same for what follows
        prompts on church towers, which are held out. Of shape (generations + 1,):
        ``loss`` at the end of the training, nats a token; ``own_perplexity`` of new
        blocks under the model that wrote them; ``repeated``, the share of runs of four
        tokens that stood in their block before; ``distinct_2`` and ``distinct_4``,
        the share of different ones among all runs; ``vocabulary``, how many different
        tokens; ``unknown``, the share of words that no book holds. ``perplexities``
        (generations + 1, 40), int16: a histogram of the new blocks' perplexities under
        generation 0. ``quoted`` (generations + 1, 256), int16: the longest run of
        each new block that the books hold in the same words. ``tower_topics``
        (generations + 1, 60), int8: the topic of each continuation, and
        ``tower_tokens`` (generations + 1, 60, 64), int16, the continuations;
        ``written_tokens`` (generations + 1, 16, 64), int16: the first new blocks.
        ``prompts`` (8,) and ``texts`` (generations + 1, 8), words. ``accuracy`` (8,):
        of the classifier, on held-out real blocks of each topic. ``first_losses``
        (50,): the course of the first training, in equal parts, and
        ``first_perplexity`` (8,) of held-out blocks, by the network at its end.
        ``device``, a word: where this was computed.

    Raises
    ------
    ValueError
        If an argument is out of range or books are missing.
    """
    chain = whole_number("chain", chain, 0)
    generations = whole_number("generations", generations, 1)
    real_blocks = whole_number("real_blocks", real_blocks, len(TOPIC_SHARES))
    epochs = whole_number("epochs", epochs, 1)
    option("start", start, STARTS)
    if books is not None and books_sha256 != BOOKS_SHA256:
        raise refuse("books_sha256", books_sha256, f"{BOOKS_SHA256}, of today's list")
    steps = -(-real_blocks * epochs // batch_size)
    training = Training(steps, batch_size, rate)
    shape = OPTConfig(vocabulary, width, layers, heads, positions=2 * LENGTH)
    first = Training(first_steps, first_batch_size, first_rate)
    desk = _desk(books, vocabulary)
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device != "cpu":
        torch.set_float32_matmul_precision("high")
    network, first_losses = _first_network(books, shape, first, folder, device)
    real = original_set(desk.library, real_blocks)
    prompts = real if writing.prompted else np.full((len(real), 1), desk.paragraph)
    family = LanguageModel(
        network, training, decoding=writing.decoding, prompts=prompts
    )
    settings = repr((writing, real_fraction, chain, start, training, shape, first))
    name = hashlib.sha256(settings.encode() + real.tobytes()).hexdigest()[:16]
    place = Path(folder) / f"chain-{name}"
    zero = FirstReader(PERPLEXITIES)

    def measure(model: ResumableModel, data: np.ndarray) -> dict[str, np.ndarray]:
        # The first one, also where what was measured on it is found again.
        zero.model = zero.model or model.trained
        return model.recall("measured", lambda: _measured(model, desk, zero))

    run = recurse(
        ResumableFamily(family, start == "previous", place),
        real,
        generations=generations,
        sample_size=len(real),
        diet=Diet(real_fraction=real_fraction),
        rng=[np.random.default_rng([SEED, chain])],
        measure=measure,
        keep_models=True,
    )
    if chain == 0:
        for generation in {*KEPT, generations} & set(range(generations + 1)):
            (model,) = cast(tuple, run.models)[generation]
            target = checkpoint(folder, writing, real_fraction, generation)
            save_opt(model.network, target, half=True)
            desk.library.tokenizer.save(str(target / "tokenizer.json"))
    shutil.rmtree(place)
    return {
        **{name: values[:, 0] for name, values in run.measures.items()},
        "prompts": np.array(desk.library.words(spread_out(desk.towers, SHOWN))),
        "accuracy": desk.accuracy,
        "first_losses": first_losses,
        "first_perplexity": np.array(
            [perplexity(network, torch.from_numpy(rows)) for rows in desk.held_out],
            dtype=np.float32,
        ),
        "device": np.array(device),
    }


def original_set(library: Library, n: int) -> np.ndarray:
    """Return about `n` real blocks, of topics as `TOPIC_SHARES` has them.

    At equal distances in the books that are not held out; of each topic at least one.
    """
    rows = [
        spread_out(cut(library.training[topic], LENGTH), max(1, round(share * n)))
        for topic, share in TOPIC_SHARES.items()
    ]
    return np.concatenate(rows)


def checkpoint(
    folder: str | Path, writing: Writing, real_fraction: float, generation: int
) -> Path:
    """Return the folder in which chain 0 leaves the network of a generation."""
    decoding = writing.decoding
    parts = ["free"] if not writing.prompted else []
    parts += [f"beams-{decoding.beams}", f"temperature-{decoding.temperature:g}"]
    parts += [f"real-{real_fraction:g}", f"generation-{generation}"]
    return Path(folder) / "-".join(parts)


def hand_out(result: Result, target: str | Path = DATA / "english") -> bool:
    """Give readers the networks of history 0 by beam search without real blocks.

    Returns whether they are here: not if the cell was computed in another folder.
    """
    grid, writing = result.provenance["grid"], WRITINGS["beam search"]
    networks = {
        generation: checkpoint(grid["folder"], writing, 0, generation)
        for generation in (*KEPT, grid["generations"])
    }
    if not all(place.is_dir() for place in networks.values()):
        return False
    subjects = _desk(grid["books"], grid["vocabulary"]).subjects
    ship(networks, subjects, result, target)
    return True


@dataclass(frozen=True, eq=False)
class _Desk:
    """All by which what models write is judged; made once in a process.

    ``held_out`` has blocks of each topic, ``towers`` the prompts on church towers,
    ``paragraph`` the token that ends a paragraph.
    """

    library: Library
    subjects: WordClassifier
    accuracy: np.ndarray
    known: set[str]
    running_text: np.ndarray
    held_out: list[np.ndarray]
    towers: np.ndarray
    paragraph: int

    def topics(self, texts: list[str]) -> np.ndarray:
        """Return the number of each text's topic, in the order of `list_topics`."""
        return self.subjects.predict(texts)


@cache
def _desk(books: str | None, vocabulary: int) -> _Desk:
    library = read_library(books, vocabulary)
    subjects = library.learn_subjects()
    held_out = [cut(library.held_out[topic], LENGTH) for topic in list_topics()]
    right = [
        np.mean(subjects.predict(library.words(rows)) == number)
        for number, rows in enumerate(held_out)
    ]
    (paragraph,) = library.tokenizer.encode("\n").ids
    openings = _openings(library.held_out["architecture"], paragraph)
    on_towers = [not TOWERS.isdisjoint(words(text)) for text in library.words(openings)]
    return _Desk(
        library=library,
        subjects=subjects,
        accuracy=np.array(right, dtype=np.float32),
        known=library.all_words(),
        running_text=library.running_text(),
        held_out=[spread_out(rows, HELD_OUT_BLOCKS) for rows in held_out],
        towers=spread_out(openings[on_towers], PROMPTED),
        paragraph=paragraph,
    )


def _openings(books: dict[Book, np.ndarray], paragraph: int) -> np.ndarray:
    """Return the first tokens of each paragraph that is long enough, (n, 64)."""
    rows = []
    for tokens in books.values():
        ends = np.flatnonzero(tokens == paragraph)
        starts = np.concatenate([[0], ends + 1])
        rows += [
            tokens[start : start + LENGTH]
            for start, end in zip(starts, np.append(ends, len(tokens)), strict=True)
            if end - start >= LENGTH
        ]
    return np.array(rows)


@cache
def _first_network(
    books: str | None,
    shape: OPTConfig,
    training: Training,
    folder: str,
    device: str,
) -> tuple[OPT, np.ndarray]:
    """Return the network that has read the books, and the course of its losses."""
    library = _desk(books, shape.vocabulary_size).library
    network, losses = pretrained(library, shape, training, folder, device=device)
    parts = np.array_split(np.array(losses), 50)
    course = [part.mean() if len(part) else np.nan for part in parts]
    return network, np.array(course, dtype=np.float32)


def _measured(
    model: ResumableModel, desk: _Desk, zero: FirstReader
) -> dict[str, np.ndarray]:
    """Look at one generation: what it writes, and what it makes of real text."""
    trained, library = model.trained, desk.library
    written = model.written(min(LOOKED_AT, len(trained.family.prompts)))
    texts = library.words(written)
    towers = continue_each(trained, torch.from_numpy(desk.towers), SEED)
    tower_texts = library.words(towers)
    tower_topics = desk.topics(tower_texts)

    def shares(topics: np.ndarray) -> np.ndarray:
        return np.bincount(topics, minlength=len(desk.held_out)) / len(topics)

    numbers = {
        "real_perplexity": [trained.perplexity(rows) for rows in desk.held_out],
        "topics": shares(desk.topics(texts)),
        "towers": shares(tower_topics),
        "loss": trained.losses[-len(trained.losses) // 10 :].mean(),
        "own_perplexity": trained.perplexity(written),
        "repeated": measures.repeated_ngrams(written, 4),
        "distinct_2": measures.distinct_ngrams(written, 2),
        "distinct_4": measures.distinct_ngrams(written, 4),
        "vocabulary": measures.vocabulary_in_use(written),
        "unknown": unknown_share(texts, desk.known),
    }
    quoted = measures.longest_quotations(written, desk.running_text)
    return {
        **{name: np.array(value, np.float32) for name, value in numbers.items()},
        "perplexities": zero.perplexities(trained, written).astype(np.int16),
        "quoted": quoted.astype(np.int16),
        "tower_tokens": towers.astype(np.int16),
        "tower_topics": tower_topics.astype(np.int8),
        "written_tokens": written[:WRITTEN].astype(np.int16),
        "texts": np.array(spread_out(np.array(tower_texts), SHOWN)),
    }


SWEEP = Sweep(
    name="english",
    task=history,
    grid={
        "writing": list(WRITINGS),
        "real_fraction": [0, 0.1, 0.5, 1],
        "chain": [0, 1, 2, 3],
        "generations": 9,
        "real_blocks": 2048,
        "epochs": 5,
        "rate": 3e-4,
        "batch_size": 64,
        "start": "pretrained",
        "vocabulary": 8000,
        "width": 256,
        "layers": 4,
        "heads": 8,
        "first_steps": 8000,
        "first_batch_size": 64,
        "first_rate": 2e-3,
        "books": "books",
        "books_sha256": BOOKS_SHA256,
        "folder": ".cache/english",
        "device": None,
    },
    options={"writing": WRITINGS},
    seed=SEED,
)
TINY = SWEEP.with_grid(
    writing=["beam search", "free writing"],
    real_fraction=0.1,
    chain=0,
    generations=1,
    real_blocks=16,
    epochs=1,
    vocabulary=300,
    width=16,
    layers=1,
    heads=2,
    first_steps=60,
    books=None,
)
CHEAP = {
    "writing": "temperature 1",
    "real_fraction": 0,
    "chain": 0,
    "generations": 1,
}
# Training is chaotic: on another processor the chains are others of the same law.
TOLERANCE = None
