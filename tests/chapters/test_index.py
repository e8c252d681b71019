"""What the first page says of its texts."""

from __future__ import annotations

import numpy as np
import pytest

import language_panels
from support.chapters import BOOK, run_chapter

pytestmark = pytest.mark.shipped


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "index.md").names


def cell(names, name: str, real_fraction: float) -> np.ndarray:
    """A measure of the texts that the figure shows."""
    return names["mixing"].select(
        name,
        decoding="temperature 0.8",
        real_fraction=real_fraction,
        repetition=0,
    )


def strange(names, place: int, topic: str) -> np.ndarray:
    """How many words of a text are strange, by generation, without real texts."""
    grammar = names["grammar"]
    rows = cell(names, "texts", 0)[:, 0, place]
    return np.array(
        [language_panels.strange_words(grammar, row, topic).sum() for row in rows]
    )


def test_the_common_topic_stays_sound_and_the_rare_one_does_not(names):
    grammar = names["grammar"]
    prompts = names["encyclopaedia_mixing"].SHOWN
    topics = [grammar.parse(grammar.encode(each)).topic for each in prompts]
    assert strange(names, 0, topics[0]).max() == 0
    rare = strange(names, 2, topics[2])
    assert rare[0] == 0
    assert rare[2:].min() > 5
    words = " ".join(grammar.decode(row) for row in cell(names, "texts", 0)[1:, 0, 2])
    assert words.count("river") > 3
    assert words.count("queen") > 3


def test_half_real_texts_keep_most_topics(names):
    for share, low, high in ((0, 0, 0.3), (0.5, 0.7, 1)):
        counts = cell(names, "topics", share).mean(axis=1)
        assert low <= counts[-1] / counts[0] <= high
