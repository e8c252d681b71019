"""Words of running text: which are known, and what subject they speak for.

The classifier is the plainest there is, multinomial naive Bayes on words: what it says
of a text is a sum with one term for each word, so that anyone can see why it says it.
Floor 1: it knows words and numpy, and no model that writes.
"""

import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..validation import real_number, refuse, whole_number
from ..whole_file import replace_file

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def words(text: str) -> list[str]:
    """Return the words of a text in small letters, without figures and marks."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def inner_words(text: str) -> list[str]:
    """Return the words but the first and the last one, which a block may cut."""
    return words(text)[1:-1]


def unknown_share(texts: Iterable[str], known: Collection[str]) -> float:
    """Return which share of the inner words of texts are not among the known ones.

    Parameters
    ----------
    texts : iterable of str
    known : collection of str
        As `words` returns them.

    Returns
    -------
    float
        In [0, 1]; 0 if there is no word.
    """
    found = [word for text in texts for word in inner_words(text)]
    return sum(word not in known for word in found) / max(len(found), 1)


@dataclass(frozen=True, eq=False)
class WordClassifier:
    """Multinomial naive Bayes: which topic makes the words of a text most probable.

    Parameters
    ----------
    topics : tuple of str
        All equally probable before a word is read.
    vocabulary : mapping of str to int
        The row of each word.
    log_probabilities : array, shape (words, topics)
        Of each word in texts on each topic, in nats.

    References
    ----------
    Manning, Raghavan & Schütze (2008), "Introduction to information retrieval",
    section 13.2.
    """

    topics: tuple[str, ...]
    vocabulary: Mapping[str, int]
    log_probabilities: np.ndarray

    @classmethod
    def fit(
        cls, texts: Mapping[str, Iterable[str]], least: int = 5
    ) -> "WordClassifier":
        """Count words in texts on each topic.

        Each count has 1 added to it, so that no word is impossible.

        Parameters
        ----------
        texts : mapping of str to iterable of str
            The texts on each topic.
        least : int
            Words that are rarer than that in all texts together are left out.

        Raises
        ------
        ValueError
            If there is no topic, or no word that is frequent enough.
        """
        least = whole_number("least", least, 1)
        counts = {
            topic: Counter(word for text in each for word in words(text))
            for topic, each in texts.items()
        }
        total = sum(counts.values(), Counter())
        kept = sorted(word for word, count in total.items() if count >= least)
        if not kept:
            raise refuse("texts", texts, f"texts with a word that occurs {least} times")
        found = np.array([[each[word] for each in counts.values()] for word in kept])
        smooth = found + 1.0
        return cls(
            tuple(counts),
            {word: row for row, word in enumerate(kept)},
            np.log(smooth / smooth.sum(0)),
        )

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Return the log probability of each text's different words, (texts, topics).

        A word that a text says again adds nothing: a text that goes round in circles
        is no surer of its topic than its circle.
        """
        scores = np.zeros((len(texts), len(self.topics)))
        for score, text in zip(scores, texts, strict=True):
            found = sorted(set(words(text)) & self.vocabulary.keys())
            rows = [self.vocabulary[word] for word in found]
            score += self.log_probabilities[rows].sum(0)
        return scores

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return the number of the most probable topic of each text, (texts,).

        A text without a known word is given the first topic.
        """
        return self.scores(texts).argmax(1)

    def weights(self, words: Sequence[str]) -> np.ndarray:
        """Return how strongly each word speaks for each topic, (words, topics).

        In nats: the log of how many times more probable the word is in texts on this
        topic than in texts on a random one of the topics. 0 for an unknown word.
        """
        mean = np.log(np.exp(self.log_probabilities).mean(1, keepdims=True))
        all_weights = self.log_probabilities - mean
        weights = np.zeros((len(words), len(self.topics)))
        for weight, word in zip(weights, words, strict=True):
            if word in self.vocabulary:
                weight += all_weights[self.vocabulary[word]]
        return weights


def clear_subjects(
    classifier: WordClassifier, texts: Sequence[str], margin: float = 2.0
) -> np.ndarray:
    """Return the number of each text's topic, or -1 where none is clear, (texts,).

    Parameters
    ----------
    classifier : WordClassifier
    texts : sequence of str
    margin : float
        In nats: by so much the words must speak for one topic more than for the next.
    """
    margin = real_number("margin", margin, 0)
    scores = classifier.scores(texts)
    second, first = np.sort(scores, axis=1)[:, -2:].T
    return np.where(first - second >= margin, scores.argmax(1), -1)


def write_classifier(classifier: WordClassifier, path: str | Path) -> None:
    """Keep a classifier in an npz file, its numbers in half precision."""
    content = io.BytesIO()
    np.savez_compressed(
        content,
        topics=np.array(classifier.topics),
        words=np.array(list(classifier.vocabulary)),
        log_probabilities=classifier.log_probabilities.astype(np.float16),
    )
    replace_file(Path(path), lambda part: part.write_bytes(content.getvalue()))


def read_classifier(path: str | Path) -> WordClassifier:
    """Return the classifier that `write_classifier` left in an npz file."""
    with np.load(path, allow_pickle=False) as file:
        return WordClassifier(
            tuple(file["topics"].tolist()),
            {word: row for row, word in enumerate(file["words"].tolist())},
            file["log_probabilities"].astype(float),
        )
