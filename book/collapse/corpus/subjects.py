"""A classifier of words on disk: what a page needs of the books to mark words.

Floor 1: it knows `words` and files.
"""

from pathlib import Path

import numpy as np

from ..whole_file import replace_file
from .words import WordClassifier


def save_classifier(classifier: WordClassifier, path: str | Path) -> None:
    """Write a classifier into an npz file.

    Its numbers are kept in half precision: right to one part in two thousand.

    Parameters
    ----------
    classifier : WordClassifier
    path : str or Path
        What stands there is replaced.
    """
    numbers = classifier.log_probabilities.astype(np.float16)
    names = np.array("\n".join(classifier.vocabulary))
    topics = np.array(classifier.topics)

    def write(unfinished: Path) -> None:
        with unfinished.open("wb") as file:
            np.savez_compressed(file, topics=topics, words=names, numbers=numbers)

    replace_file(Path(path), write)


def load_classifier(path: str | Path) -> WordClassifier:
    """Read what `save_classifier` wrote.

    Raises
    ------
    ValueError
        If the file is damaged or of another kind.
    OSError
        If it cannot be opened.
    """
    with Path(path).open("rb"):
        pass  # what cannot be opened is not damaged
    try:
        with np.load(path, allow_pickle=False) as file:
            topics, names = file["topics"].tolist(), str(file["words"]).split("\n")
            numbers = file["numbers"].astype(float)
    # Of a damaged file the library raises almost anything.
    except Exception as error:
        raise ValueError(f"{path} holds no classifier of words: {error}") from None
    if numbers.shape != (len(names), len(topics)):
        raise ValueError(f"{path} holds no classifier of words: its sizes differ")
    vocabulary = {word: row for row, word in enumerate(names)}
    return WordClassifier(tuple(topics), vocabulary, numbers)
