"""Documents drawn from a probabilistic grammar, and exactly how probable each is.

A document follows a hidden plan, which has a topic and says for each of its sentences
what lines it may be made of; a line is a text with choices in braces. `lines` holds
what an author writes, `reading` what can be asked about documents. Floor 1: it knows
words, numpy and the floor below, and no model.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from ..streams import Randomness, uniforms
from ..validation import real_number, refuse, whole_number
from .lines import (
    END,
    PAD,
    SPECIAL,
    STOP,
    UNKNOWN,
    Line,
    Plan,
    check_plans,
    expand,
    in_order,
    written_out,
)
from .reading import (
    Census,
    Document,
    Origin,
    Reader,
    Reading,
    Sentence,
    Words,
    body,
    one_row,
)

__all__ = [
    "END",
    "PAD",
    "SPECIAL",
    "STOP",
    "UNKNOWN",
    "Census",
    "Document",
    "Grammar",
    "Line",
    "Plan",
    "Reading",
    "Sentence",
    "expand",
]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_CLOSING = frozenset(".,;:!?")


class _Slot:
    """All sentences of one slot, in order, and how probable each is."""

    def __init__(self, sentences: dict[Words, float]) -> None:
        self.sentences = sorted(sentences)
        weights = np.array([sentences[words] for words in self.sentences])
        self.probabilities = weights / weights.sum()
        self.cumulative = self.probabilities.cumsum()
        self.longest = max(map(len, self.sentences))

    @property
    def entropy(self) -> float:
        return float(-self.probabilities @ np.log(self.probabilities))

    @property
    def mean_length(self) -> float:
        return float(self.probabilities @ [len(words) for words in self.sentences])


class Grammar(Reader):
    """A distribution over documents, known exactly.

    A plan is chosen, then one sentence for each of its slots, independently. The
    sentences are written out once, so that every question about probabilities is
    answered by looking up and adding, without approximation.

    Parameters
    ----------
    plans : iterable of Plan
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
        plans = tuple(plans)
        check_plans(plans)
        exponent = real_number("word_exponent", word_exponent, 0)
        weights = np.array([plan.weight for plan in plans], dtype=float)
        prior = weights / weights.sum()
        written = [
            [written_out(slot, exponent) for slot in plan.slots] for plan in plans
        ]
        words, word_rates = _vocabulary(written, prior)
        self._ids = {word: index for index, word in enumerate(words)}
        # Each sentence -> where it can come from.
        origins: dict[Words, list[Origin]] = {}
        self._slots: list[list[_Slot]] = []
        rates: dict[str, float] = {}
        for plan, slots in enumerate(written):
            self._slots.append([])
            for position, slot in enumerate(slots):
                merged: dict[Words, float] = {}
                for line, sentence, probability in slot:
                    tokens = tuple(self._ids[word] for word in sentence)
                    merged[tokens] = merged.get(tokens, 0.0) + probability
                    origin = Origin(plan, position, line, probability)
                    origins.setdefault(tokens, []).append(origin)
                    for fact in line.facts:
                        rates[fact] = rates.get(fact, 0.0) + prior[plan] * probability
                self._slots[-1].append(_Slot(merged))
        super().__init__(plans, prior, words, word_rates, origins)
        self.topic_probabilities = np.bincount(self._topic_of, prior)
        self.fact_rates = np.array([rates[fact] for fact in self.facts])
        self.length = 2 + max(
            sum(slot.longest for slot in slots) for slots in self._slots
        )

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
            tokens.append(self._ids.get(word, UNKNOWN))
            first = word == STOP
        return np.array(tokens + [END] * bool(finished))

    def decode(self, tokens: Any) -> str:
        """Return the readable text of one row of tokens, up to its end."""
        words, _, _ = body(one_row(tokens, len(self.words)))
        parts: list[str] = []
        first = True
        for token in words:
            word = self.words[token]
            if not parts or word not in _CLOSING:
                parts.append(" " * bool(parts))
            parts.append(word[0].upper() + word[1:] if first else word)
            first = word == STOP
        return "".join(parts)

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` documents.

        Parameters
        ----------
        n : int
        rng : Generator or Streams

        Returns
        -------
        array of int, shape (n, length), or (chains, n, length) from streams
            ``</s>``, the words, ``</s>``, then padding.
        """
        n = whole_number("n", n, 1)
        slots = max(map(len, self._slots))
        numbers = uniforms(rng, (), (n, 1 + slots))
        flat = numbers.reshape(-1, 1 + slots)
        tokens = np.full((len(flat), self.length), PAD)
        plans = _pick(self._prior.cumsum(), flat[:, 0])
        for row, plan, below in zip(tokens, plans, flat[:, 1:], strict=True):
            words = [END]
            for slot, number in zip(self._slots[plan], below, strict=False):
                words += slot.sentences[_pick(slot.cumulative, number)]
            row[: len(words) + 1] = [*words, END]
        return tokens.reshape(*numbers.shape[:-1], self.length)

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


def _vocabulary(
    written: list[list[list[tuple[Line, tuple[str, ...], float]]]], prior: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the words and how often each is expected in a plan's document."""
    rates: dict[str, np.ndarray] = {}
    for plan, slots in enumerate(written):
        for slot in slots:
            for _, sentence, probability in slot:
                for word in sentence:
                    if word not in rates:
                        rates[word] = np.zeros(len(prior))
                    rates[word][plan] += probability
    often = sorted(rates, key=lambda word: (-in_order(prior * rates[word]), word))
    table = np.zeros((len(prior), len(SPECIAL) + len(often)))
    table[:, len(SPECIAL) :] = np.stack([rates[word] for word in often], axis=1)
    return SPECIAL + tuple(often), table


def _pick(cumulative: np.ndarray, numbers: Any) -> Any:
    # The last sum may be a rounding below 1.
    found = np.searchsorted(cumulative, numbers, side="right")
    return np.minimum(found, len(cumulative) - 1)
