"""Reading: how probable documents are, what they say, and what is wrong with them.

It knows all sentences and the plans that they can come from, and not how documents
are drawn.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..validation import finite_array, option, refuse
from .lines import END, PAD, STOP, Line, Plan

# How much of a topic's words is taken to be any word at all when a sentence outside
# the grammar is assigned to the topic that it resembles most.
_ANY_WORD = 0.01

Words = tuple[int, ...]
"""The tokens of a sentence."""


class Origin(NamedTuple):
    """Where a sentence can come from; `probability` given the plan."""

    plan: int
    position: int
    line: Line
    probability: float


class Reading(NamedTuple):
    """One way in which a sentence can have come about; `log_prob` given its plan."""

    topic: str
    position: int
    construction: str
    facts: tuple[str, ...]
    log_prob: float


@dataclass(frozen=True)
class Sentence:
    """A stretch of a document up to its full stop.

    Attributes
    ----------
    start, stop : int
        ``tokens[start:stop]`` is the sentence.
    topic : str
        The most probable one; outside the grammar, the one whose words it has.
    readings : tuple of Reading
        The most probable first; empty outside the grammar.
    strays : tuple of bool
        Which words lie between the longest beginning and the longest ending that
        some grammatical sentence shares.
    """

    start: int
    stop: int
    topic: str
    readings: tuple[Reading, ...]
    strays: tuple[bool, ...]

    @property
    def grammatical(self) -> bool:
        """Whether some plan has it as one of its sentences, wherever."""
        return bool(self.readings)


@dataclass(frozen=True)
class Document:
    """What `Reader.parse` finds in a row of tokens.

    Attributes
    ----------
    sentences : tuple of Sentence
    log_prob : float
        In nats; minus infinity outside the grammar.
    """

    sentences: tuple[Sentence, ...]
    log_prob: float

    @property
    def topic(self) -> str | None:
        """That of the first sentence; None without one."""
        return self.sentences[0].topic if self.sentences else None

    @property
    def grammatical(self) -> bool:
        """Whether the grammar can write the whole document."""
        return self.log_prob > -np.inf


@dataclass(frozen=True)
class Census:
    """What a set of documents still contains.

    Attributes
    ----------
    documents, grammatical_documents : int
    sentences, grammatical_sentences : int
    topics, grammatical_topics : arrays of int, shape (topics,)
        Sentences about each topic, and those of them that are grammatical.
    constructions : array of int, shape (constructions,)
        Grammatical sentences of each form, by their most probable reading.
    facts : array of int, shape (facts,)
        Grammatical sentences that state each fact.
    """

    documents: int
    grammatical_documents: int
    sentences: int
    grammatical_sentences: int
    topics: np.ndarray
    grammatical_topics: np.ndarray
    constructions: np.ndarray
    facts: np.ndarray


class Reader:
    """Looks up where sentences can come from.

    Parameters
    ----------
    plans : sequence of Plan
    prior : array, shape (plans,)
        How probable each plan is.
    words : sequence of str
        The vocabulary by token id.
    word_rates : array, shape (plans, words)
        How often each word is expected in a document.
    origins : dict of tuple of int to list of Origin
        For each sentence all that it can come from.

    Attributes
    ----------
    topics, constructions, facts : tuple of str
        Names, in order of first mention.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        prior: np.ndarray,
        words: Sequence[str],
        word_rates: np.ndarray,
        origins: dict[Words, list[Origin]],
    ) -> None:
        self.plans, self.words = tuple(plans), tuple(words)
        self._prior, self._word_rates, self._origins = prior, word_rates, origins
        lines = [line for plan in plans for slot in plan.slots for line in slot]
        self.topics = tuple(dict.fromkeys(plan.topic for plan in plans))
        self.constructions = tuple(dict.fromkeys(line.construction for line in lines))
        self.facts = tuple(dict.fromkeys(fact for line in lines for fact in line.facts))
        self._construction_ids = {name: i for i, name in enumerate(self.constructions)}
        self._fact_ids = {name: i for i, name in enumerate(self.facts)}
        self._topic_of = np.array([self.topics.index(plan.topic) for plan in plans])
        self._stop = self.words.index(STOP)

    @cached_property
    def _log_word_shares(self) -> np.ndarray:
        """How topics use words, with some room for any word; shape (topics, words)."""
        rates = np.zeros((len(self.topics), len(self.words)))
        np.add.at(rates, self._topic_of, self._prior[:, None] * self._word_rates)
        shares = rates / rates.sum(axis=1, keepdims=True)
        return np.log((1 - _ANY_WORD) * shares + _ANY_WORD / len(self.words))

    @cached_property
    def _forwards(self) -> list[Words]:
        return sorted(self._origins)

    @cached_property
    def _backwards(self) -> list[Words]:
        return sorted(words[::-1] for words in self._origins)

    def log_prob(self, tokens: Any) -> np.ndarray:
        """Return the exact log-probability of documents, summed over their readings.

        Parameters
        ----------
        tokens : array of int, shape (..., length)
            Rows of any length; what follows the ``</s>`` that ends one is not read.

        Returns
        -------
        array, shape (...)
            In nats; minus infinity for what the grammar cannot write, an unfinished
            document among it.

        Raises
        ------
        ValueError
            If a token is not in the vocabulary.
        """
        return self._each_row(tokens, self._log_prob, float)

    def _log_prob(self, row: list[int]) -> float:
        words, _, finished = body(row)
        pieces = self._pieces(words)
        if not finished or not pieces:
            return -np.inf
        # log P(plan, sentences so far) of each plan that can have them.
        alive = dict(enumerate(np.log(self._prior).tolist()))
        for position, piece in enumerate(pieces):
            found: dict[int, float] = {}
            for plan, offset, _, probability in self._origins.get(piece, ()):
                if offset == position and plan in alive:
                    found[plan] = found.get(plan, 0.0) + probability
            alive = {plan: alive[plan] + float(np.log(p)) for plan, p in found.items()}
        whole = [
            score
            for plan, score in alive.items()
            if len(self.plans[plan].slots) == len(pieces)
        ]
        return float(np.logaddexp.reduce(whole)) if whole else -np.inf

    def is_grammatical(self, tokens: Any) -> np.ndarray:
        """Return whether the grammar can write each document; shape (...)."""
        return self.log_prob(tokens) > -np.inf

    def parse(self, tokens: Any) -> Document:
        """Read one row of tokens, sentence by sentence, grammatical or not."""
        return self._parse(one_row(tokens, len(self.words)))

    def _parse(self, row: list[int]) -> Document:
        words, start, _ = body(row)
        sentences = []
        for piece in self._pieces(words):
            sentences.append(self._sentence(piece, start))
            start += len(piece)
        return Document(tuple(sentences), self._log_prob(row))

    def _pieces(self, words: list[int]) -> list[Words]:
        """Cut after each full stop; the last piece may lack one."""
        pieces, start = [], 0
        for index, word in enumerate(words):
            if word == self._stop:
                pieces.append(tuple(words[start : index + 1]))
                start = index + 1
        return pieces + [tuple(words[start:])] * (start < len(words))

    def _sentence(self, words: Words, start: int) -> Sentence:
        origins = self._origins.get(words, [])
        readings, votes = [], np.zeros(len(self.topics))
        ranked = sorted(
            origins, key=lambda each: -self._prior[each.plan] * each.probability
        )
        for plan, position, line, probability in ranked:
            votes[self._topic_of[plan]] += self._prior[plan] * probability
            readings.append(
                Reading(
                    self.plans[plan].topic,
                    position,
                    line.construction,
                    line.facts,
                    float(np.log(probability)),
                )
            )
        topic = votes.argmax() if readings else self._resembles(words)
        strays = (False,) * len(words) if readings else self._strays(words)
        stop = start + len(words)
        return Sentence(start, stop, self.topics[topic], tuple(readings), strays)

    def _resembles(self, words: Words) -> int:
        """Return the topic that makes such words likeliest, common or rare."""
        return int(self._log_word_shares[:, list(words)].sum(axis=1).argmax())

    def _strays(self, words: Words) -> tuple[bool, ...]:
        first = _shared(self._forwards, words)
        last = len(words) - _shared(self._backwards, words[::-1])
        # Two good halves that do not fit: mark where the second one takes over.
        last = max(last, first + 1)
        return tuple(first <= index < last for index in range(len(words)))

    def last_topics(self, tokens: Any) -> np.ndarray:
        """Return the topic of each document's last sentence.

        Parameters
        ----------
        tokens : array of int, shape (..., length)

        Returns
        -------
        array of int, shape (...)
            Indices of `topics`; -1 for a document without any sentence.
        """
        return self._each_row(tokens, self._last_topic, int)

    def _last_topic(self, row: list[int]) -> int:
        pieces = self._pieces(body(row)[0])
        return self.topics.index(self._sentence(pieces[-1], 0).topic) if pieces else -1

    def foreign(self, tokens: Any, topic: str) -> np.ndarray:
        """Return which words of documents never occur in texts about `topic`.

        Parameters
        ----------
        tokens : array of int, shape (..., length)
        topic : str
            One of `topics`.

        Returns
        -------
        array of bool, shape of `tokens`
            False outside the text: at its ends, and after them.
        """
        about = self.topics.index(option("topic", topic, self.topics))
        array = _tokens(tokens, len(self.words))
        spoken = self._word_rates[self._topic_of == about].sum(axis=0) > 0
        mask = np.zeros(array.shape, dtype=bool).reshape(-1, array.shape[-1])
        for marks, row in zip(mask, array.reshape(mask.shape).tolist(), strict=True):
            words, start, _ = body(row)
            marks[start : start + len(words)] = ~spoken[words] if words else False
        return mask.reshape(array.shape)

    def census(self, tokens: Any) -> Census:
        """Count what a set of documents contains.

        Parameters
        ----------
        tokens : array of int, shape (..., length)
            All leading axes are counted together.
        """
        array = _tokens(tokens, len(self.words))
        topics = np.zeros(len(self.topics), dtype=int)
        grammatical_topics = np.zeros(len(self.topics), dtype=int)
        constructions = np.zeros(len(self.constructions), dtype=int)
        facts = np.zeros(len(self.facts), dtype=int)
        rows = array.reshape(-1, array.shape[-1]).tolist()
        documents = [self._parse(row) for row in rows]
        sentences = [each for document in documents for each in document.sentences]
        for sentence in sentences:
            topic = self.topics.index(sentence.topic)
            topics[topic] += 1
            grammatical_topics[topic] += sentence.grammatical
            if sentence.readings:
                reading = sentence.readings[0]
                constructions[self._construction_ids[reading.construction]] += 1
                facts[[self._fact_ids[fact] for fact in reading.facts]] += 1
        return Census(
            documents=len(documents),
            grammatical_documents=sum(each.grammatical for each in documents),
            sentences=len(sentences),
            grammatical_sentences=sum(each.grammatical for each in sentences),
            topics=topics,
            grammatical_topics=grammatical_topics,
            constructions=constructions,
            facts=facts,
        )

    def _each_row(
        self, tokens: Any, ask: Callable[[list[int]], float], dtype: type
    ) -> np.ndarray:
        array = _tokens(tokens, len(self.words))
        answers = [ask(row) for row in array.reshape(-1, array.shape[-1]).tolist()]
        return np.array(answers, dtype=dtype).reshape(array.shape[:-1])


def body(row: list[int]) -> tuple[list[int], int, bool]:
    """Return the words of a row, where they start, and whether it has an end."""
    start = int(bool(row) and row[0] == END)
    for index in range(start, len(row)):
        if row[index] in (END, PAD):
            return row[start:index], start, row[index] == END
    return row[start:], start, False


def one_row(tokens: Any, vocabulary_size: int) -> list[int]:
    """Return the tokens of a single document.

    Raises
    ------
    ValueError
        If they have several axes, or one is not in the vocabulary.
    """
    array = _tokens(tokens, vocabulary_size)
    if array.ndim != 1:
        raise ValueError(f"tokens must be one row, got shape {array.shape}")
    return array.tolist()


def _tokens(tokens: Any, vocabulary_size: int) -> np.ndarray:
    array = finite_array("tokens", tokens, axes=1)
    if array.dtype.kind == "f" or array.min() < 0 or array.max() >= vocabulary_size:
        raise refuse("tokens", tokens, f"whole numbers from 0 to {vocabulary_size - 1}")
    return array


def _shared(ordered: list[Words], words: Words) -> int:
    """Return how many first words the nearest of the sorted sentences shares."""
    index = bisect_left(ordered, words)
    longest = 0
    for near in ordered[max(index - 1, 0) : index + 1]:
        same = 0
        while same < min(len(near), len(words)) and near[same] == words[same]:
            same += 1
        longest = max(longest, same)
    return longest
