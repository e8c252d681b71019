"""What an author of a grammar writes: plans of documents, made of lines with choices.

It knows how a line is written out in words, and how probable each way is; nothing of
tokens or documents.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..validation import real_number, refuse

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""The first four tokens; OPT begins and ends every text with ``</s>``."""

PAD, END, UNKNOWN = 1, 2, 3
"""What three of them are in numbers."""

STOP = "."
"""The word that ends a sentence and stands nowhere else."""

Choice = tuple[tuple[str, ...], float]
"""Words, and how probable they are."""


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
    topic : str
    slots : sequence of sequence of Line
        For each sentence of the document the lines it may be made of.
    weight : float
        How often the plan is followed, relative to the others; above 0.
    """

    topic: str
    slots: Sequence[Sequence[Line]]
    weight: float = 1.0


def expand(text: str, exponent: float = 0.0) -> list[Choice]:
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
    choices, rest = _sequence(re.findall(r"[{}|]|[^\s{}|]+", text), exponent)
    if rest:
        raise ValueError(f"text must have matching braces, got {text!r}")
    return choices


def _sequence(pieces: list[str], exponent: float) -> tuple[list[Choice], list[str]]:
    """Expand up to a bar or a closing brace; return that and what is left."""
    parts: list[list[Choice]] = []
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


def written_out(
    lines: Sequence[Line], exponent: float
) -> list[tuple[Line, tuple[str, ...], float]]:
    """Return all sentences of a slot, each with its line and its probability.

    Parameters
    ----------
    lines : sequence of Line
    exponent : float
        See `expand`.

    Raises
    ------
    ValueError
        If a sentence does not end in its only full stop, or has a special token.
    """
    total = in_order([line.weight for line in lines])
    return [
        (line, words, line.weight / total * probability)
        for line in lines
        for words, probability in _sentences(line, exponent)
    ]


def in_order(numbers: Sequence[float] | np.ndarray) -> float:
    """Return the sum, added up one by one.

    To the last bit the same everywhere: Python's own sum is another one since 3.12,
    numpy's and a dot product's depend on the processor. The last bit decides which of
    two words that are equally frequent comes first.

    Parameters
    ----------
    numbers : sequence of float
    """
    return float(np.cumsum(numbers)[-1])


def _sentences(line: Line, exponent: float) -> list[Choice]:
    sentences = expand(line.text, exponent)
    for words, _ in sentences:
        if len(words) < 2 or words[-1] != STOP or STOP in words[:-1]:
            raise refuse("text", line.text, f"words that end in one {STOP!r}")
        if any(word in SPECIAL for word in words):
            raise refuse("text", line.text, f"without {SPECIAL}")
    return sentences


def check_plans(plans: Sequence[Plan]) -> None:
    """Raise ``ValueError`` where a plan is none, is empty, or has no weight."""
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
