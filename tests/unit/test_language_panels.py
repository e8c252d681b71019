"""The panels of the language models' figures, in the module beside their chapter."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

import language_panels as panels
from collapse import sweep
from collapse.corpus.encyclopaedia import encyclopaedia
from collapse.corpus.grammar import PAD
from collapse.corpus.words import WordClassifier
from collapse.experiments.encyclopaedia_mixing import SHOWN

BUTTRESS = SHOWN[0]


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


@pytest.fixture(scope="module")
def wandering():
    """Return what generation 8 wrote of jackrabbits, without real texts."""
    result = sweep.load("encyclopaedia_mixing")
    texts = result.select(
        "texts", decoding="temperature 1", real_fraction=0, repetition=0
    )
    return texts[8, 0, 2]


def stacked(layers):
    """Lay the lines of all kinds over each other; no two letters share a place."""
    lines = []
    for rows in zip(*layers, strict=True):
        length = max(map(len, rows))
        letters = list(zip(*(row.ljust(length) for row in rows), strict=True))
        assert all(sum(letter != " " for letter in each) <= 1 for each in letters)
        lines.append("".join(max(each) for each in letters))
    return lines


class TestStrangeWords:
    def test_a_text_of_the_grammar_has_none(self):
        grammar = encyclopaedia()
        good = grammar.encode(f"{BUTTRESS} It leaves room for great windows.")
        assert not panels.strange_words(grammar, good, "medieval architecture").any()

    def test_words_of_another_topic_are_strange_and_the_prompt_is_not(self):
        grammar = encyclopaedia()
        given = len(grammar.encode(BUTTRESS))
        stray = grammar.encode(f"{BUTTRESS} It often wanders whale it.")
        marks = panels.strange_words(grammar, stray, "medieval architecture")
        whale = stray.tolist().index(grammar.encode("whale")[-1])
        assert marks[whale], marks
        assert not marks[:given].any(), marks


class TestColoured:
    def test_every_letter_has_the_kind_of_its_word(self):
        grammar = encyclopaedia()
        text, kinds = panels.coloured(
            grammar, grammar.encode(f"{BUTTRESS} It whale.", finished=True), BUTTRESS
        )
        assert text == f"{BUTTRESS} It whale."
        assert (kinds[: len(BUTTRESS)] == panels.PROMPT).all()
        assert (kinds[len(BUTTRESS) :] != panels.PROMPT).all()
        start = text.index("whale")
        assert (kinds[start : start + 5] == panels.STRANGE).all()

    def test_what_follows_the_end_is_not_shown(self):
        grammar = encyclopaedia()
        tokens = grammar.encode(f"{BUTTRESS} It whale.", finished=True)
        padded = np.append(tokens, [PAD, PAD])
        short, long = (
            panels.coloured(grammar, each, BUTTRESS) for each in (tokens, padded)
        )
        assert short[0] == long[0]
        assert (short[1] == long[1]).all()


class TestLayers:
    @pytest.mark.shipped
    def test_together_they_are_the_text_whole_and_once(self, wandering):
        grammar = encyclopaedia()
        text, kinds = panels.coloured(grammar, wandering, SHOWN[2])
        assert set(kinds.tolist()) == {panels.PROMPT, panels.GOOD, panels.STRANGE}
        lines = stacked(panels.layers(text, kinds))
        assert " ".join(line.strip() for line in lines).strip() == text
        assert max(len(line.rstrip()) for line in lines) <= panels.COLUMNS

    def test_each_holds_the_letters_of_its_kind_alone(self):
        layers = panels.layers("ab cde", [0, 0, 0, 1, 2, 3])
        assert [rows[0].rstrip() for rows in layers] == [
            "ab",
            "   c",
            "    d",
            "     e",
        ]

    def test_a_text_too_long_is_cut_and_a_short_one_filled_up(self):
        for text in ("a", "a word " * 100):
            layers = panels.layers(text, [1] * len(text))
            assert [len(rows) for rows in layers] == [panels.LINES] * len(panels.KINDS)

    def test_pieces_end_after_blanks_and_where_the_kind_changes(self):
        pieces = list(panels.pieces("on ice.", [0, 0, 0, 1, 1, 1, 2]))
        assert pieces == [("on ", 0), ("ice", 1), (".", 2)]


@pytest.mark.shipped
def test_a_document_panel_shows_each_word_in_the_colour_of_its_kind(ax, wandering):
    grammar = encyclopaedia()
    panels.document_panel(ax, 1, grammar, SHOWN[2]).show(wandering)
    expected = panels.layers(*panels.coloured(grammar, wandering, SHOWN[2]))
    for (color, weight), lines in zip(panels.KINDS, expected, strict=True):
        shown = [
            text.get_text()
            for text in ax.texts
            if (text.get_color(), text.get_fontweight()) == (color, weight)
        ]
        assert shown == lines


def test_two_document_panels_share_an_axes_and_no_line_lies_on_another(ax):
    for top in (1, 0.5):
        panels.document_panel(ax, top, encyclopaedia(), BUTTRESS)
    heights = np.unique([text.get_position()[1] for text in ax.texts])
    assert len(heights) == 2 * panels.LINES
    assert np.diff(heights).min() > 0.9 / (2 * panels.LINES + 2)
    assert 0 < heights.min() < heights.max() < 1


class TestTellingWords:
    classifier = WordClassifier(
        ("churches", "hares", "ships"),
        {"nave": 0, "fur": 1, "the": 2},
        np.log([[0.8, 0.01, 0.01], [0.01, 0.8, 0.8], [0.19, 0.19, 0.19]]),
    )

    @pytest.mark.parametrize(
        ("topic", "typical", "strange"), [(0, "nave.", "fur,"), (1, "", "nave.")]
    )
    def test_words_are_marked_that_speak_for_the_subject_or_against_it(
        self, topic, typical, strange
    ):
        text = "The fur, of the\nnave."
        kinds = panels.telling_words(self.classifier, text, topic)
        for kind, word in ((panels.TYPICAL, typical), (panels.STRANGE, strange)):
            marked = [a for a, of in zip(text, kinds, strict=True) if of == kind]
            assert "".join(marked) == word
        assert kinds[text.index("of")] == panels.GOOD

    def test_a_paragraph_begins_a_line(self, ax):
        panel = panels.text_panel(ax, [0.9, 0.6, 0.3])
        panel.show("one two\nthree", [panels.PROMPT] * 8 + [panels.STRANGE] * 5)
        real, _, strange, _ = ([row.get_text() for row in rows] for rows in panel.rows)
        assert real == ["one two", "", ""]
        assert strange == ["", "three", ""]


def test_courses_show_means_over_chains_and_the_generation(ax):
    real, own = np.array([[2.0, 4], [3, 5]]), np.array([[1.0, 1], [2, 1]])
    panel = panels.perplexity_courses(ax, generations=1)
    panel.show(real, own, generation=1)
    assert panel.real.line.get_ydata().tolist() == [3, 4]
    assert panel.own.line.get_ydata().tolist() == [1, 1.5]
    assert list(panel.here.get_xdata()) == [1, 1]
    panel.show(real, own, generation=0)  # what follows is not given away
    assert panel.own.line.get_xydata().tolist() == [[0, 1]]


def test_a_histogram_shows_shares_of_texts_and_none_as_the_least(ax):
    counts = np.array([[4, 0], [1, 3]])
    panel = panels.perplexity_histogram(ax, np.array([1, 10, 100]), [1, 10, 100], 0.1)
    panel.show(counts, generation=1)
    assert panel.histograms.now.get_data().values.tolist() == [25, 75]
    assert panel.histograms.first.get_data().values.tolist() == [100, 0.1]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "10", "100+"]
