"""Panels of the language models' figures: their texts, and how these surprise.

Every word of a text has the colour of its kind: blue for a real prompt, black for what
a model added, bold orange where that is strange, bold black where it is typical.
Beside the pages, since only `index.md` and `language-model.md` draw texts. Knows
matplotlib, the palette, the encyclopaedia's grammar and the classifier of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import MultipleLocator
from numpy.typing import ArrayLike

from collapse import plotting
from collapse.corpus.grammar import END, Grammar
from collapse.corpus.words import WordClassifier, words
from collapse.numerals import grouped
from collapse.palette import REAL, SYNTHETIC

COLUMNS, LINES = 41, 8  # of a completed document
TELLING = 1.0  # nats: e times rarer, or more frequent, than on all subjects
KINDS = (
    (REAL, "normal"),
    ("black", "normal"),
    (SYNTHETIC, "bold"),
    ("black", "bold"),
)
PROMPT, GOOD, STRANGE, TYPICAL = range(len(KINDS))
# 14 pixels high on a phone, where a line of 41 letters fills the screen.
TYPEWRITER = {"family": "monospace", "fontsize": 13, "in_layout": False}


def strange_words(grammar: Grammar, tokens: np.ndarray, topic: str) -> np.ndarray:
    """Return which words are foreign to a topic or break the grammar.

    Parameters
    ----------
    grammar : Grammar
    tokens : array of int, shape (length,)
        A document.
    topic : str
        One of ``grammar.topics``.

    Returns
    -------
    array of bool, shape (length,)
    """
    strange = grammar.foreign(tokens, topic)
    for sentence in grammar.parse(tokens).sentences:
        strange[sentence.start : sentence.stop] |= sentence.strays
    return strange


def coloured(
    grammar: Grammar, tokens: np.ndarray, prompt: str
) -> tuple[str, np.ndarray]:
    """Return a completed document as text, and of which kind each letter is.

    Parameters
    ----------
    grammar : Grammar
    tokens : array of int, shape (length,)
        The document, up to its end or its last token.
    prompt : str
        The real sentence that it begins with.

    Returns
    -------
    text : str
    kinds : array of int, shape (len(text),)
        `PROMPT`, `GOOD` or `STRANGE`.
    """
    tokens = np.asarray(tokens, dtype=int)
    given = len(grammar.encode(prompt))
    topic = grammar.parse(tokens[:given]).topic
    strange = strange_words(grammar, tokens, topic)
    end = given + int(np.argmax(np.append(tokens[given:], END) == END))
    stops = [len(grammar.decode(tokens[: n + 1])) for n in range(end)]
    text = grammar.decode(tokens[:end])
    kinds = np.full(len(text), PROMPT)
    for word in range(given, end):
        kinds[stops[word - 1] : stops[word]] = STRANGE if strange[word] else GOOD
    return text, kinds


def telling_words(classifier: WordClassifier, text: str, topic: int) -> np.ndarray:
    """Return of which kind each letter of a text is that continues a prompt.

    Parameters
    ----------
    classifier : WordClassifier
    text : str
    topic : int
        The number of the prompt's topic.

    Returns
    -------
    array of int, shape (len(text),)
        `STRANGE` in words that are e times rarer, or more, in texts on this topic than
        in those on all topics; `TYPICAL` in those that are as much more frequent;
        `GOOD` elsewhere.
    """
    kinds = np.full(len(text), GOOD)
    matches = [*re.finditer(r"\S+", text)]
    said = [words(match[0]) for match in matches]
    # All at once: the classifier looks through its whole vocabulary each time.
    weights = classifier.weights([word for each in said for word in each])[:, topic]
    stops = np.cumsum([len(each) for each in said], dtype=int)
    for match, here in zip(matches, np.split(weights, stops), strict=False):
        least, most = here.min(initial=0), here.max(initial=0)
        if max(-least, most) > TELLING:
            kind = STRANGE if -least > most else TYPICAL
            kinds[match.start() : match.end()] = kind
    return kinds


def layers(
    text: str, kinds: Sequence[int] | np.ndarray, lines: int = LINES
) -> list[list[str]]:
    """Lay a text out in lines, once for each kind, blank where another kind stands.

    Drawn over each other, in the kinds' colours, the layers are the text.

    Parameters
    ----------
    text : str
    kinds : sequence of int, shape (len(text),)
        Of its letters, as `coloured` returns them.
    lines : int

    Returns
    -------
    list of list of str
        For each kind so many lines of about `COLUMNS` letters; what is longer is cut.
    """
    pages, column = [""] * len(KINDS), 0
    for piece, kind in pieces(text, kinds):
        if column + len(piece.rstrip()) > COLUMNS:
            pages, column = [page + "\n" for page in pages], 0
        for number in range(len(KINDS)):
            pages[number] += piece if number == kind else re.sub(".", " ", piece)
        column = 0 if piece.endswith("\n") else column + len(piece)
    rows = [[line.rstrip() for line in page.split("\n")] for page in pages]
    return [(each + [""] * lines)[:lines] for each in rows]


def pieces(text: str, kinds: Sequence[int] | np.ndarray) -> Iterator[tuple[str, int]]:
    """Cut a text after blanks and lines, and where the kind of letter changes.

    Yields
    ------
    piece : str
    kind : int
    """
    start = 0
    for stop in range(1, len(text) + 1):
        ended = stop == len(text) or text[stop - 1] in " \n"
        if ended or kinds[stop] != kinds[stop - 1]:
            yield text[start:stop], int(kinds[stop - 1])
            start = stop


@dataclass(frozen=True)
class TextPanel:
    """A text whose words are coloured, as `text_panel` draws it."""

    rows: list[list[Text]]

    def show(self, text: str, kinds: Sequence[int] | np.ndarray) -> None:
        """Show a text.

        Parameters
        ----------
        text : str
        kinds : sequence of int, shape (len(text),)
            Of its letters: `PROMPT`, `GOOD` or `STRANGE`.
        """
        shown = layers(text, kinds, len(self.rows[0]))
        for rows, lines in zip(self.rows, shown, strict=True):
            for row, line in zip(rows, lines, strict=True):
                row.set_text(line)


def text_panel(ax: Axes, heights: Sequence[float] | np.ndarray) -> TextPanel:
    """Make room for a text.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Without lines and ticks.
    heights : sequence of float
        Of each line's foot, 1 at the top of the Axes and 0 at the bottom.

    Returns
    -------
    TextPanel
        Empty until its ``show(text, kinds)`` is called.
    """
    rows = [
        [
            ax.text(0, height, "", color=color, fontweight=weight, **TYPEWRITER)
            for height in heights
        ]
        for color, weight in KINDS
    ]
    return TextPanel(rows)


@dataclass(frozen=True)
class DocumentPanel:
    """A document of the encyclopaedia, as `document_panel` draws it."""

    page: TextPanel
    grammar: Grammar
    prompt: str

    def show(self, tokens: np.ndarray) -> None:
        """Show a document that begins with the prompt.

        Parameters
        ----------
        tokens : array of int, shape (length,)
        """
        self.page.show(*coloured(self.grammar, tokens, self.prompt))


def document_panel(
    ax: Axes, top: float, grammar: Grammar, prompt: str, lines: int = LINES
) -> DocumentPanel:
    """Make room for a document, of which an Axes holds two and a line for each.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Without lines and ticks.
    top : float
        Where the first line begins, 1 at the top of the Axes and 0 at the bottom.
    grammar : Grammar
    prompt : str
        The real sentence that the documents shown begin with.
    lines : int
        How many of its lines are shown.

    Returns
    -------
    DocumentPanel
        Empty until its ``show(tokens)`` is called.
    """
    heights = [top - (line + 0.8) / (2 * lines + 2) for line in range(lines)]
    return DocumentPanel(text_panel(ax, heights), grammar, prompt)


@dataclass(frozen=True)
class PerplexityCourses:
    """Perplexities over the generations, as `perplexity_courses` draws them."""

    real: plotting.BandedLine
    own: plotting.BandedLine
    here: Line2D

    def show(self, real: np.ndarray, own: np.ndarray, generation: int) -> None:
        """Show the mean of all chains in a band that holds them, up to a generation.

        Parameters
        ----------
        real, own : array of float, shape (generations, chains)
            The perplexity of real texts, and of those that the model writes.
        generation : int
            The last one shown, where the grey line stands.
        """
        ages = np.arange(generation + 1)
        self.real.show(*plotting.over_chains(real[ages]), ages)
        self.own.show(*plotting.over_chains(own[ages]), ages)
        self.here.set_xdata([generation, generation])


def perplexity_courses(ax: Axes, generations: int) -> PerplexityCourses:
    """Draw the perplexities of real and of own texts on a logarithmic axis.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    generations : int
        The last one, above 0.

    Returns
    -------
    PerplexityCourses
        At 1 until its ``show(real, own, generation)`` is called.
    """
    ages = np.arange(generations + 1)
    real = plotting.banded_line(ax, ages, REAL)
    own = plotting.banded_line(ax, ages, SYNTHETIC)
    here = plotting.here_line(ax)
    plotting.log_axes(ax, y=[1, 3, 10, 30, 100])
    ax.set(xlim=(0, generations), xlabel="generation")
    ax.xaxis.set_major_locator(MultipleLocator(2))
    ax.set(ylim=(0.95, 300), ylabel="perplexity")
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ax.text(0.3, 150, "real texts", color=REAL, bbox=paper)
    ax.text(0.3, 70, "its own", color=SYNTHETIC, bbox=paper)
    return PerplexityCourses(real, own, here)


@dataclass(frozen=True)
class PerplexityHistogram:
    """Perplexities of new texts over those of the first, by `perplexity_histogram`."""

    histograms: plotting.TwoHistograms
    least: float

    def show(self, counts: ArrayLike, generation: int) -> None:
        """Show a generation's texts, and generation 0's in outline.

        Parameters
        ----------
        counts : array_like of int, shape (generations, bins)
        generation : int
        """
        percent = 100 * np.asarray(counts) / np.sum(counts[0])
        percent = np.maximum(percent, self.least)
        self.histograms.show(now=percent[generation], first=percent[0])


def perplexity_histogram(
    ax: Axes, edges: np.ndarray, ticks: Sequence[float], least: float
) -> PerplexityHistogram:
    """Draw a histogram of new texts' perplexities, both axes logarithmic.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    edges : array of float, shape (bins + 1,)
        Perplexities; what lies above the last one is counted below it.
    ticks : sequence of float
        Of the perplexities, the last one being the last edge.
    least : float
        In per cent, where columns begin: less than one text, so that one is seen.

    Returns
    -------
    PerplexityHistogram
        Of height 1 until its ``show(counts, generation)`` is called.
    """
    histograms = plotting.two_histograms(ax, edges, baseline=least)
    plotting.log_axes(ax, x=ticks, y=[0.1, 1, 10, 100])
    ax.set_xticks(ticks, [*map(grouped, ticks[:-1]), f"{grouped(ticks[-1])}+"])
    ax.minorticks_off()
    ax.set(xlim=(edges[0], edges[-1]), xlabel="perplexity (generation 0)")
    ax.set(ylim=(least, 100), ylabel="new texts (%)")
    return PerplexityHistogram(histograms, least)
