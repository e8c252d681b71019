"""What the experiment in English starts from: books in tokens, a network that writes.

The books are cut into byte pairs and the pairs into blocks; whole books are held out.
A network of OPT's architecture reads the others. Both are kept in a folder that git
ignores, and made again from the books where it is lacking. Floor 3.
"""

import csv
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from tokenizers import Tokenizer

from ..corpus.books import Book, list_books, list_topics, read_books
from ..corpus.text import blocks, paragraph_lines, train_tokenizer
from ..corpus.words import WordClassifier, words
from ..opt import OPT, OPTConfig, Training, train
from ..opt.training import log_probabilities

LENGTH = 64
"""Tokens of a block, and of the prompt before it."""

HELD_OUT = {
    "architecture": (19420, 20191, 22260),
    "animals": (42871,),
    "gardens": (36279,),
    "cookery": (15360,),
    "astronomy": (54378,),
    "ships": (54136,),
    "music": (17474,),
    "railways": (62609,),
}
"""The books that no network reads: of their topic's usual kind and of middling size.

Of architecture the guides to York, Durham and Tewkesbury.
"""

SEED = 2024
"""Of the network's first weights and the order in which it reads."""

BOOKS_SHA256 = hashlib.sha256(
    repr(([(book.place, book.sha256) for book in list_books()], HELD_OUT)).encode()
).hexdigest()
"""Of which books there are, word for word, and which of them are held out."""

EXAMINED = 40
"""How many held-out blocks of each topic are read while the network learns."""


@dataclass(frozen=True, eq=False)
class Library:
    """Books in tokens.

    Attributes
    ----------
    tokenizer : tokenizers.Tokenizer
        Learnt from the books that are not held out.
    training, held_out : dict of str to dict of Book to array of int, shape (tokens,)
        The books of each topic; a paragraph ends with one token.
    """

    tokenizer: Tokenizer
    training: dict[str, dict[Book, np.ndarray]]
    held_out: dict[str, dict[Book, np.ndarray]]

    def words(self, rows: np.ndarray) -> list[str]:
        """Return what rows of tokens say."""
        return self.tokenizer.decode_batch(rows.tolist())

    def learn_subjects(self) -> WordClassifier:
        """Return the classifier that has read the books that are not held out."""
        texts = {
            topic: [self.tokenizer.decode(tokens.tolist()) for tokens in each.values()]
            for topic, each in self.training.items()
        }
        return WordClassifier.fit(texts)

    def all_words(self) -> set[str]:
        """Return every word of every book, whether held out or not."""
        topics = chain(self.training.values(), self.held_out.values())
        return {
            word
            for books in topics
            for tokens in books.values()
            for word in words(self.tokenizer.decode(tokens.tolist()))
        }

    def running_text(self) -> np.ndarray:
        """Return all that may be copied, (tokens,); -1 stands between two books."""
        books = [each for topic in self.training.values() for each in topic.values()]
        return np.concatenate([np.append(tokens, -1) for tokens in books])


def read_library(folder: str | Path | None, vocabulary: int) -> Library:
    """Read a folder with all books, and cut them into tokens.

    Parameters
    ----------
    folder : path or None
        See `collapse.corpus.books`; None for little texts that are made here, for
        tests.
    vocabulary : int
        How many tokens there are.

    Raises
    ------
    ValueError
        If a book is missing.
    """
    found = _made_texts() if folder is None else read_books(folder)
    texts = {book: paragraph_lines(text) for book, text in found.items()}
    learnt = {b: text for b, text in texts.items() if b.id not in HELD_OUT[b.topic]}
    tokenizer = train_tokenizer("\n".join(learnt.values()), vocabulary)
    training: dict[str, dict[Book, np.ndarray]] = {each: {} for each in list_topics()}
    held_out: dict[str, dict[Book, np.ndarray]] = {each: {} for each in list_topics()}
    for book, text in texts.items():
        part = training if book in learnt else held_out
        part[book.topic][book] = blocks(text, tokenizer, 1).ravel()
    return Library(tokenizer, training, held_out)


_MADE = {
    "architecture": "tower nave vault arch",
    "animals": "hare fox deer owl",
    "gardens": "rose bed hedge lawn",
    "cookery": "bread soup egg oven",
    "astronomy": "moon star comet sun",
    "ships": "mast sail deck keel",
    "music": "violin string organ song",
    "railways": "engine track train signal",
}
"""Things of each topic, of which little texts are made."""


def _made_texts() -> dict[Book, str]:
    """Return two little books on each topic, the second of which is held out."""
    rng = np.random.default_rng(1)
    texts = {}
    for topic, names in _MADE.items():
        for number in (0, HELD_OUT[topic][0]):
            pairs = rng.choice(names.split(), (20, 8, 2))
            said = [[f"The {a} is by the {b}." for a, b in part] for part in pairs]
            text = "\n".join(" ".join(part) for part in said)
            texts[Book(topic, number, "", "", None, len(text), "")] = text
    return texts


def cut(books: dict[Book, np.ndarray], length: int) -> np.ndarray:
    """Return blocks of so many tokens, (n, length); none reaches into another book."""
    rows = [
        tokens[: len(tokens) // length * length].reshape(-1, length)
        for tokens in books.values()
    ]
    return np.concatenate(rows)


def spread_out(rows: np.ndarray, n: int) -> np.ndarray:
    """Return `n` rows at equal distances, from the first to the last."""
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(int)]


def pretrained(
    library: Library,
    shape: OPTConfig,
    training: Training,
    folder: str | Path,
    log: Callable[[str], None] | None = None,
    device: str = "cpu",
) -> tuple[OPT, list[float]]:
    """Return a network that has read the library's books, and the loss of each step.

    Parameters
    ----------
    library : Library
    shape : OPTConfig
    training : Training
        Blocks of a prompt and its continuation, in random order.
    folder : path
        Keeps how far the training has come, every five minutes, and the course of
        losses and perplexities in ``NAME.tsv``. What is there is not learnt again,
        and processes that want the same network wait for the first of them.
    log : callable, optional
        Told the course as well, line by line.
    device : str
        Where it is learnt, and left.
    """
    rows = np.concatenate([cut(each, 2 * LENGTH) for each in library.training.values()])
    examined = {
        topic: torch.from_numpy(spread_out(cut(each, 2 * LENGTH), EXAMINED))
        for topic, each in library.held_out.items()
    }
    generator = torch.Generator().manual_seed(SEED)
    network = OPT(shape, generator).to(device)
    what = hashlib.sha256(repr((shape, training)).encode() + rows.tobytes())
    state = Path(folder) / f"{what.hexdigest()[:16]}.state"
    course = state.with_suffix(".tsv")
    began = time.monotonic()

    def look(step: int) -> None:
        if step % 250 and step != training.steps:
            return
        found = {
            topic: round(perplexity(network, each), 1)
            for topic, each in examined.items()
        }
        row = {"step": step, "seconds": round(time.monotonic() - began), **found}
        new = not course.exists()
        with course.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(row), delimiter="\t")
            if new:
                writer.writeheader()
            writer.writerow(row)
        if log is not None:
            log(str(row))

    state.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(state.with_suffix(".lock")):
        losses = train(network, rows, training, generator, state=state, after_step=look)
    return network, losses


@torch.inference_mode()
def perplexity(network: OPT, rows: torch.Tensor) -> float:
    """Return the perplexity of all tokens but the first of each row."""
    parts = rows.to(network.device).split(32)
    scores = [log_probabilities(network, part) for part in parts]
    return float(torch.cat(scores).double().mean().neg().exp())
