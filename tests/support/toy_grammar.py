"""A grammar so small that its documents can be told on two hands."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from collapse.corpus.grammar import PAD, Grammar, Line, Plan

TOY = Grammar(
    [
        Plan(
            "cats",
            [
                [
                    Line("a cat {sleeps|purrs} .", "plain", ("habit",), weight=2.0),
                    # The same sentence once more: readings add up.
                    Line("a cat sleeps .", "again", ("sleep",), weight=1.0),
                ],
                [Line("it {dreams|} .", "it", ("dream",))],
            ],
            weight=3.0,
        ),
        # Begins as the first plan can, ends otherwise.
        Plan(
            "myths",
            [[Line("a cat sleeps .", "myth")], [Line("it riddles .", "myth")]],
        ),
        Plan("dogs", [[Line("a dog {barks|runs {far|}} .", "plain")]]),
    ]
)
# By hand: 3/5 cats, of which 2/3 sleep; 1/5 each for myths and dogs.
TOY_DOCUMENTS = {
    "A cat sleeps. It dreams.": 0.6 * 2 / 3 / 2,
    "A cat sleeps. It.": 0.6 * 2 / 3 / 2,
    "A cat purrs. It dreams.": 0.6 / 3 / 2,
    "A cat purrs. It.": 0.6 / 3 / 2,
    "A cat sleeps. It riddles.": 0.2,
    "A dog barks.": 0.2 / 2,
    "A dog runs far.": 0.2 / 4,
    "A dog runs.": 0.2 / 4,
}


def rows(grammar: Grammar, texts: Iterable[str]) -> np.ndarray:
    """Return the tokens of several documents, padded to one length."""
    encoded = [grammar.encode(text, finished=True) for text in texts]
    table = np.full((len(encoded), max(map(len, encoded))), PAD)
    for row, tokens in zip(table, encoded, strict=True):
        row[: len(tokens)] = tokens
    return table
