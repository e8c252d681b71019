"""Documents drawn from a probabilistic grammar, and exactly how probable each is.

A document follows a hidden plan (a topic and a subject), which says for each of its
sentences what lines it may be made of; a line is a text with choices in braces. Floor
1: it knows words, numpy and the floor below, and no model.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..streams import Randomness, uniforms
from ..validation import finite_array, option, real_number, refuse, whole_number

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""The first four tokens; OPT begins and ends every text with ``</s>``."""

PAD, END, UNKNOWN = 1, 2, 3
STOP = "."
"""The word that ends a sentence and stands nowhere else."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_CLOSING = frozenset(".,;:!?")

# How much of a topic's words is taken to be any word at all when a sentence outside
# the grammar is assigned to the topic that it resembles most.
_ANY_WORD = 0.01

Words = tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """One way to make a sentence.

    Parameters
    ----------
    text : str
        Words and punctuation separated by spaces, ending in " ."; ``{a|b c|}``
        stands for one of its choices, which may be empty or hold braces themselves.
    construction : str
        The name of its form.
    facts : tuple of str
        What it says.
    weight : float
        How often it is chosen, relative to its neighbours; above 0.
    """

    text: str
    construction: str = ""
    facts: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What one kind of document says, sentence by sentence.

    Parameters
    ----------
    topic, subject : str
    slots : sequence of sequence of Line
        For each sentence of the document the lines it may be made of.
    weight : float
        How often the plan is followed, relative to the others; above 0.
    """

    topic: str
    subject: str
    slots: Sequence[Sequence[Line]]
    weight: float = 1.0


class Reading(NamedTuple):
    """One way in which a sentence can have come about; `log_prob` given its plan."""

    topic: str
    subject: str
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
    grammatical : bool
        Whether some plan has it as one of its sentences, in whatever place.
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
    grammatical: bool
    topic: str
    readings: tuple[Reading, ...]
    strays: tuple[bool, ...]


@dataclass(frozen=True)
class Document:
    """What `Grammar.parse` finds in a row of tokens.

    Attributes
    ----------
    sentences : tuple of Sentence
    log_prob : float
        In nats; minus infinity outside the grammar.
    topic : str or None
        That of the first sentence; None without one.
    finished : bool
        Whether the row has an end.
    """

    sentences: tuple[Sentence, ...]
    log_prob: float
    topic: str | None
    finished: bool

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

    def coverage(self, kind: str) -> float:
        """Return which share of all "topics", "constructions" or "facts" is there."""
        option("kind", kind, ("topics", "constructions", "facts"))
        return float((getattr(self, kind) > 0).mean())


class _Slot:
    """All sentences of one slot, sorted, so that those with one beginning adjoin."""

    def __init__(self, sentences: dict[Words, float]) -> None:
        self.sentences = sorted(sentences)
        weights = np.array([sentences[words] for words in self.sentences])
        self.probabilities = weights / weights.sum()
        self.cumulative = self.probabilities.cumsum()
        self.longest = max(map(len, self.sentences))

    def beginning(self, words: Words) -> slice:
        """Return where the sentences that begin with `words` stand."""
        after = (*words[:-1], words[-1] + 1) if words else (np.inf,)
        return slice(
            bisect_left(self.sentences, words), bisect_left(self.sentences, after)
        )

    @property
    def entropy(self) -> float:
        return float(-self.probabilities @ np.log(self.probabilities))

    @property
    def mean_length(self) -> float:
        return float(self.probabilities @ [len(words) for words in self.sentences])


class Grammar:
    """A distribution over documents, known exactly.

    A plan is chosen, then one sentence for each of its slots, independently. The
    sentences are written out once, so that every question about probabilities is
    answered by looking up and adding, without approximation.

    Parameters
    ----------
    plans : sequence of Plan
    word_exponent : float
        The k-th choice in a pair of braces has probability proportional to
        ``k**-word_exponent``; 0 makes choices equally frequent.

    Attributes
    ----------
    words : tuple of str
        The vocabulary by token id: `SPECIAL` first, then the most frequent word.
    topics, constructions, facts : tuple of str
        Names, in order of first mention.
    topic_probabilities : array, shape (topics,)
    construction_rates : array, shape (constructions,)
        Expected number in a document.
    fact_rates : array, shape (facts,)
        Expected number in a document.
    length : int
        Tokens in a row of `sample`: both ends and the longest document.

    Raises
    ------
    ValueError
        If a plan has no sentence, a line none, or a text is not well formed.
    """

    chain_axis = True

    def __init__(self, plans: Iterable[Plan], word_exponent: float = 0.0) -> None:
        self.plans = tuple(plans)
        _check_plans(self.plans)
        exponent = real_number("word_exponent", word_exponent, 0)
        weights = np.array([plan.weight for plan in self.plans], dtype=float)
        self._prior = weights / weights.sum()
        written = [
            [_normalised(slot, exponent) for slot in plan.slots] for plan in self.plans
        ]
        self.topics = _names(plan.topic for plan in self.plans)
        self._topic_of = np.array(
            [self.topics.index(each.topic) for each in self.plans]
        )
        self.topic_probabilities = np.bincount(self._topic_of, self._prior)
        self.words, self._word_rates = self._vocabulary(written)
        self._ids = {word: index for index, word in enumerate(self.words)}
        self._stop = self._ids[STOP]
        self._index(written)
        self.length = 2 + max(
            sum(slot.longest for slot in each) for each in self._slots
        )

    def _vocabulary(self, written: list) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the words and how often each is expected in a plan's document."""
        rates: dict[str, np.ndarray] = {}
        for plan, slots in enumerate(written):
            for _, sentence, probability in _each_sentence(slots):
                for word in sentence:
                    if word not in rates:
                        rates[word] = np.zeros(len(self.plans))
                    rates[word][plan] += probability
        often = sorted(rates, key=lambda word: (-(self._prior @ rates[word]), word))
        table = np.stack([np.zeros(len(self.plans))] * 4 + [rates[w] for w in often])
        return SPECIAL + tuple(often), table.T

    def _index(self, written: list) -> None:
        lines = [line for plan in self.plans for slot in plan.slots for line in slot]
        self.constructions = _names(line.construction for line in lines)
        self.facts = _names(fact for line in lines for fact in line.facts)
        self._construction_ids = {name: i for i, name in enumerate(self.constructions)}
        self._fact_ids = {name: i for i, name in enumerate(self.facts)}
        self.construction_rates = np.zeros(len(self.constructions))
        self.fact_rates = np.zeros(len(self.facts))
        # Each sentence -> where it can come from: (plan, position, line, probability).
        self._origins: dict[Words, list[tuple[int, int, Line, float]]] = {}
        self._slots: list[list[_Slot]] = []
        for plan, slots in enumerate(written):
            self._slots.append([])
            for position, slot in enumerate(slots):
                merged: dict[Words, float] = {}
                for line, sentence, probability in slot:
                    words = tuple(self._ids[word] for word in sentence)
                    merged[words] = merged.get(words, 0.0) + probability
                    origin = (plan, position, line, probability)
                    self._origins.setdefault(words, []).append(origin)
                    rate = self._prior[plan] * probability
                    self.construction_rates[
                        self._construction_ids[line.construction]
                    ] += rate
                    for fact in line.facts:
                        self.fact_rates[self._fact_ids[fact]] += rate
                self._slots[-1].append(_Slot(merged))

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

    # Words and tokens

    def encode(self, text: str, finished: bool = False) -> np.ndarray:
        """Return the tokens of a text, from the ``</s>`` that begins it.

        Parameters
        ----------
        text : str
            A prompt or a document. A capital at the start of a sentence is undone.
        finished : bool
            Whether to add the ``</s>`` that ends a document.

        Returns
        -------
        array of int, shape (tokens,)
            Words that the vocabulary lacks become `UNKNOWN`.
        """
        if not isinstance(text, str):
            raise refuse("text", text, "a string")
        tokens, first = [END], True
        for word in _WORD.findall(text):
            if first and word not in self._ids:
                word = word[0].lower() + word[1:]
            known = word in self._ids and word not in SPECIAL
            tokens.append(self._ids[word] if known else UNKNOWN)
            first = word == STOP
        return np.array(tokens + [END] * bool(finished))

    def decode(self, tokens: Any) -> str:
        """Return the readable text of one row of tokens, up to its end."""
        words, _, _ = self._body(_rows(tokens, len(self.words), axes=1)[0])
        parts, first = [], True
        for token in words:
            word = self.words[token]
            if not parts or word not in _CLOSING:
                parts.append(" " * bool(parts))
            parts.append(word[0].upper() + word[1:] if first else word)
            first = word == STOP
        return "".join(parts)

    def _body(self, row: list[int]) -> tuple[list[int], int, bool]:
        """Return the words of a row, where they start, and whether it has an end."""
        start = int(bool(row) and row[0] == END)
        for place in range(start, len(row)):
            if row[place] in (END, PAD):
                return row[start:place], start, row[place] == END
        return row[start:], start, False

    def _sentences(self, words: list[int]) -> list[Words]:
        """Cut after each full stop; the last piece may lack one."""
        pieces, start = [], 0
        for place, word in enumerate(words):
            if word == self._stop:
                pieces.append(tuple(words[start : place + 1]))
                start = place + 1
        return pieces + [tuple(words[start:])] * (start < len(words))

    # Drawing

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` documents.

        Returns
        -------
        array of int, shape (n, length), or (chains, n, length) from streams
            ``</s>``, the words, ``</s>``, then padding.
        """
        return self.draw(n, rng)[0]

    def draw(self, n: int, rng: Randomness) -> tuple[np.ndarray, np.ndarray]:
        """Draw `n` documents and tell their hidden plans.

        Returns
        -------
        tokens : array of int, shape (..., n, length)
        plans : array of int, shape (..., n)
            Indices of `plans`.
        """
        n = whole_number("n", n, 1)
        slots = max(map(len, self._slots))
        numbers = uniforms(rng, (), (n, 1 + slots))
        flat = numbers.reshape(-1, 1 + slots)
        plans = _pick(self._prior.cumsum(), flat[:, 0])
        tokens = np.full((len(flat), self.length), PAD)
        for row, plan in enumerate(plans):
            words = [END]
            for slot, number in zip(self._slots[plan], flat[row, 1:], strict=False):
                words += slot.sentences[_pick(slot.cumulative, number)]
            tokens[row, : len(words) + 1] = [*words, END]
        leading = numbers.shape[:-1]
        return tokens.reshape(*leading, self.length), plans.reshape(leading)

    # Probabilities

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
        words, _, finished = self._body(row)
        pieces = self._sentences(words)
        if not finished or not pieces:
            return -np.inf
        alive = self._posterior(pieces)
        return _log_sum(
            score
            for plan, score in alive.items()
            if len(self._slots[plan]) == len(pieces)
        )

    def _posterior(self, pieces: list[Words]) -> dict[int, float]:
        """Return log P(plan, whole sentences) of each plan that can have them."""
        alive = dict(enumerate(np.log(self._prior).tolist()))
        for position, words in enumerate(pieces):
            found: dict[int, float] = {}
            for plan, place, _, probability in self._origins.get(words, ()):
                if place == position and plan in alive:
                    found[plan] = found.get(plan, 0.0) + probability
            alive = {plan: alive[plan] + float(np.log(p)) for plan, p in found.items()}
        return alive

    def prefix_log_prob(self, tokens: Any) -> np.ndarray:
        """Return the log-probability that a document begins with these words.

        Parameters
        ----------
        tokens : array of int, shape (..., length)
            Rows up to their padding; one with an end must be a whole document.

        Returns
        -------
        array, shape (...)
            In nats. The difference of two is a conditional log-probability.
        """
        return self._each_row(tokens, self._prefix_log_prob, float)

    def _prefix_log_prob(self, row: list[int]) -> float:
        if self._body(row)[2]:
            return self._log_prob(row)
        totals = [weights.sum() for _, weights in self._continued(row)]
        return float(np.log(sum(totals))) if totals else -np.inf

    def next_token_distribution(self, tokens: Any) -> np.ndarray:
        """Return the true probabilities of the token that follows a prefix.

        Parameters
        ----------
        tokens : array of int, shape (length,)
            The beginning of a document, with or without its first ``</s>``.

        Returns
        -------
        array, shape (vocabulary,)

        Raises
        ------
        ValueError
            If no document begins in this way, or if this one has ended.
        """
        row = _rows(tokens, len(self.words), axes=1)[0]
        weights = np.zeros(len(self.words))
        if not self._body(row)[2]:
            for following, probabilities in self._continued(row):
                np.add.at(weights, following, probabilities)
        if not weights.any():
            raise ValueError(
                f"tokens must begin a document, got {self.decode(tokens)!r}"
            )
        return weights / weights.sum()

    def _continued(self, row: list[int]) -> list[tuple[list[int], np.ndarray]]:
        """Return what may follow and P(prefix, it), one pair for each live plan."""
        pieces = self._sentences(self._body(row)[0])
        begun: Words = ()
        if pieces and pieces[-1][-1] != self._stop:
            begun = pieces.pop()
        found = []
        for plan, score in self._posterior(pieces).items():
            slots = self._slots[plan]
            if len(pieces) == len(slots):
                if not begun:
                    found.append(([END], np.exp([score])))
            elif len(pieces) < len(slots):
                slot = slots[len(pieces)]
                span = slot.beginning(begun)
                following = [words[len(begun)] for words in slot.sentences[span]]
                if following:
                    found.append((following, np.exp(score) * slot.probabilities[span]))
        return found

    @cached_property
    def entropy(self) -> float:
        """Entropy of a document in nats, exact where readings are ambiguous too."""
        return self._entropy(tuple(enumerate(self._prior.tolist())), 0)

    def _entropy(self, belief: tuple[tuple[int, float], ...], position: int) -> float:
        """Return the entropy of what is still to come, given P(plan | so far)."""
        if len(belief) == 1:
            return sum(slot.entropy for slot in self._slots[belief[0][0]][position:])
        ended = sum(p for plan, p in belief if len(self._slots[plan]) == position)
        rest: dict[Words, list[tuple[int, float]]] = {}
        for plan, weight in belief:
            if len(self._slots[plan]) > position:
                slot = self._slots[plan][position]
                for words, p in zip(
                    slot.sentences, (weight * slot.probabilities).tolist(), strict=True
                ):
                    rest.setdefault(words, []).append((plan, p))
        total = -ended * np.log(ended) if ended else 0.0
        known: dict[tuple, float] = {}
        for joint in rest.values():
            p = sum(weight for _, weight in joint)
            after = tuple((plan, weight / p) for plan, weight in joint)
            if after not in known:
                known[after] = self._entropy(after, position + 1)
            total += p * (known[after] - np.log(p))
        return float(total)

    @cached_property
    def mean_length(self) -> float:
        """Expected number of tokens that a model has to predict: words and the end."""
        return 1 + float(
            sum(
                prior * sum(slot.mean_length for slot in slots)
                for prior, slots in zip(self._prior, self._slots, strict=True)
            )
        )

    @property
    def perplexity(self) -> float:
        """The floor: exp(entropy / mean length), the perplexity of the truth itself.

        No model's perplexity on many documents is lower: total log-loss over total
        tokens, the first ``</s>`` given and the last one predicted.
        """
        return float(np.exp(self.entropy / self.mean_length))

    # Reading

    def parse(self, tokens: Any) -> Document:
        """Read one row of tokens, sentence by sentence, grammatical or not."""
        return self._parse(_rows(tokens, len(self.words), axes=1)[0])

    def _parse(self, row: list[int]) -> Document:
        words, start, finished = self._body(row)
        sentences = []
        for piece in self._sentences(words):
            sentences.append(self._sentence(piece, start))
            start += len(piece)
        topic = sentences[0].topic if sentences else None
        return Document(tuple(sentences), self._log_prob(row), topic, finished)

    def _sentence(self, words: Words, start: int) -> Sentence:
        origins = self._origins.get(words, [])
        readings, votes = [], np.zeros(len(self.topics))
        ranked = sorted(origins, key=lambda each: -self._prior[each[0]] * each[3])
        for plan, position, line, probability in ranked:
            about = self.plans[plan]
            votes[self._topic_of[plan]] += self._prior[plan] * probability
            readings.append(
                Reading(
                    about.topic,
                    about.subject,
                    position,
                    line.construction,
                    line.facts,
                    float(np.log(probability)),
                )
            )
        topic = votes.argmax() if readings else self._resembles(words)
        strays = (False,) * len(words) if readings else self._strays(words)
        stop = start + len(words)
        return Sentence(
            start, stop, bool(readings), self.topics[topic], tuple(readings), strays
        )

    def _resembles(self, words: Words) -> int:
        """Return the topic that makes such words likeliest, common or rare."""
        return int(self._log_word_shares[:, list(words)].sum(axis=1).argmax())

    def _strays(self, words: Words) -> tuple[bool, ...]:
        first = _shared(self._forwards, words)
        last = len(words) - _shared(self._backwards, words[::-1])
        # Two good halves that do not fit: mark where the second one takes over.
        last = max(last, first + 1)
        return tuple(first <= place < last for place in range(len(words)))

    def is_grammatical(self, tokens: Any) -> np.ndarray:
        """Return whether the grammar can write each document; shape (...)."""
        return self.log_prob(tokens) > -np.inf

    def topics_of(self, tokens: Any) -> np.ndarray:
        """Return the topic of each sentence of each document.

        Parameters
        ----------
        tokens : array of int, shape (..., length)

        Returns
        -------
        array of int, shape (..., sentences)
            Indices of `topics`; -1 where a document has fewer sentences than others.
        """
        array = _tokens(tokens, len(self.words), axes=1)
        found = [
            [self.topics.index(each.topic) for each in self._parse(row).sentences]
            for row in array.reshape(-1, array.shape[-1]).tolist()
        ]
        table = np.full((len(found), max(1, *map(len, found), 1)), -1)
        for row, topics in enumerate(found):
            table[row, : len(topics)] = topics
        return table.reshape(*array.shape[:-1], -1)

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
        of = self.topics_of(tokens)
        last = np.maximum((of >= 0).sum(axis=-1, keepdims=True) - 1, 0)
        return np.take_along_axis(of, last, axis=-1)[..., 0]

    def drifted(self, tokens: Any, topic: str) -> np.ndarray:
        """Return whether documents no longer are about `topic` when they end.

        Parameters
        ----------
        tokens : array of int, shape (..., length)
        topic : str
            One of `topics`.

        Returns
        -------
        array of bool, shape (...)
            By the last sentence; True for a document without any.
        """
        return self.last_topics(tokens) != self._topic("topic", topic)

    def foreign(self, tokens: Any, topic: str) -> np.ndarray:
        """Return which words of documents never occur in texts about `topic`.

        Returns
        -------
        array of bool, shape of `tokens`
            False outside the text: at its ends, and after them.
        """
        index = self._topic("topic", topic)
        array = _tokens(tokens, len(self.words), axes=1)
        spoken = self._word_rates[self._topic_of == index].sum(axis=0) > 0
        mask = np.zeros(array.shape, dtype=bool).reshape(-1, array.shape[-1])
        for place, row in zip(mask, array.reshape(mask.shape).tolist(), strict=True):
            words, start, _ = self._body(row)
            place[start : start + len(words)] = ~spoken[words] if words else False
        return mask.reshape(array.shape)

    def census(self, tokens: Any) -> Census:
        """Count what a set of documents contains.

        Parameters
        ----------
        tokens : array of int, shape (..., length)
            All leading axes are counted together.
        """
        array = _tokens(tokens, len(self.words), axes=1)
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

    def _topic(self, name: str, topic: str) -> int:
        return self.topics.index(option(name, topic, self.topics))

    def _each_row(self, tokens: Any, ask: Any, dtype: type) -> np.ndarray:
        array = _tokens(tokens, len(self.words), axes=1)
        answers = [ask(row) for row in array.reshape(-1, array.shape[-1]).tolist()]
        return np.array(answers, dtype=dtype).reshape(array.shape[:-1])


def expand(text: str, exponent: float = 0.0) -> list[tuple[tuple[str, ...], float]]:
    """Write out all choices in the braces of a line.

    Parameters
    ----------
    text : str
        See `Line`.
    exponent : float
        The k-th choice has probability proportional to ``k**-exponent``.

    Returns
    -------
    list of (words, probability)
        One entry for each combination of choices; texts may repeat.

    Raises
    ------
    ValueError
        If braces do not match.
    """
    parts, rest = _sequence(re.findall(r"[{}|]|[^\s{}|]+", text), exponent)
    if rest:
        raise ValueError(f"text must have matching braces, got {text!r}")
    return parts


def _sequence(pieces: list[str], exponent: float) -> tuple[list, list[str]]:
    """Expand up to a bar or a closing brace; return that and what is left."""
    parts: list[list] = []
    while pieces and pieces[0] not in ("|", "}"):
        if pieces[0] != "{":
            parts.append([((pieces[0],), 1.0)])
            pieces = pieces[1:]
            continue
        choices = []
        while pieces and pieces[0] != "}":
            choice, pieces = _sequence(pieces[1:], exponent)
            choices.append(choice)
        if not pieces:
            raise ValueError("text must have matching braces, got one left open")
        pieces = pieces[1:]
        shares = np.arange(1, len(choices) + 1) ** -float(exponent)
        shares = (shares / shares.sum()).tolist()
        parts.append(
            [
                (words, share * probability)
                for share, choice in zip(shares, choices, strict=True)
                for words, probability in choice
            ]
        )
    combined = []
    for chosen in product(*parts):
        words = tuple(word for each, _ in chosen for word in each)
        combined.append((words, float(np.prod([p for _, p in chosen]))))
    return combined, pieces


def _normalised(
    lines: Sequence[Line], exponent: float
) -> list[tuple[Line, tuple[str, ...], float]]:
    total = sum(line.weight for line in lines)
    return [
        (line, words, line.weight / total * probability)
        for line in lines
        for words, probability in _checked(line, exponent)
    ]


def _checked(line: Line, exponent: float) -> list[tuple[tuple[str, ...], float]]:
    sentences = expand(line.text, exponent)
    for words, _ in sentences:
        if len(words) < 2 or words[-1] != STOP or STOP in words[:-1]:
            raise refuse("text", line.text, f"words that end in one {STOP!r}")
        if any(word in SPECIAL for word in words):
            raise refuse("text", line.text, f"without {SPECIAL}")
    return sentences


def _check_plans(plans: tuple[Plan, ...]) -> None:
    if not plans:
        raise refuse("plans", plans, "at least one Plan")
    for plan in plans:
        if not isinstance(plan, Plan):
            raise refuse("plans", plan, "made of Plan")
        slots = [list(slot) for slot in plan.slots]
        if not slots or not all(slots):
            raise refuse("slots", plan.slots, "at least one Line for each sentence")
        weights = [plan.weight] + [line.weight for slot in slots for line in slot]
        for weight in weights:
            if real_number("weight", weight, 0) == 0:
                raise refuse("weight", weight, "above 0")


def _each_sentence(slots: list) -> Iterable:
    return (entry for slot in slots for entry in slot)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _pick(cumulative: np.ndarray, numbers: Any) -> Any:
    # The last sum may be a rounding below 1.
    found = np.searchsorted(cumulative, numbers, side="right")
    return np.minimum(found, len(cumulative) - 1)


def _log_sum(scores: Iterable[float]) -> float:
    scores = list(scores)
    return float(np.logaddexp.reduce(scores)) if scores else -np.inf


def _shared(ordered: list[Words], words: Words) -> int:
    """Return how many first words the nearest of the sorted sentences shares."""
    place = bisect_left(ordered, words)
    longest = 0
    for near in ordered[max(place - 1, 0) : place + 1]:
        same = 0
        while same < min(len(near), len(words)) and near[same] == words[same]:
            same += 1
        longest = max(longest, same)
    return longest


def _tokens(tokens: Any, vocabulary: int, axes: int) -> np.ndarray:
    array = finite_array("tokens", tokens, axes=axes)
    if array.dtype.kind == "f" or array.min() < 0 or array.max() >= vocabulary:
        raise refuse("tokens", tokens, f"whole numbers from 0 to {vocabulary - 1}")
    return array


def _rows(tokens: Any, vocabulary: int, axes: int) -> list[list[int]]:
    array = _tokens(tokens, vocabulary, axes)
    if array.ndim != 1:
        raise ValueError(f"tokens must be one row, got shape {array.shape}")
    return [array.tolist()]
