"""The grammar's probabilities and samples against an enumeration by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from collapse.corpus.grammar import END, Grammar, Line, Plan
from collapse.streams import Streams
from support.toy_grammar import TOY, TOY_DOCUMENTS, rows


def rng(seed=1):
    return np.random.default_rng(seed)


def test_every_document_has_the_probability_worked_out_by_hand():
    found = np.exp(TOY.log_prob(rows(TOY, TOY_DOCUMENTS)))
    expected = list(TOY_DOCUMENTS.values())
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.sum() == pytest.approx(1, abs=1e-12)


def test_words_stand_in_the_order_of_their_frequency():
    counts = dict.fromkeys(TOY.words[4:], 0.0)
    for document, p in TOY_DOCUMENTS.items():
        for token in TOY.encode(document)[1:]:
            counts[TOY.words[token]] += p
    assert (np.diff(list(counts.values())) < 1e-9).all()


def test_rows_have_room_for_the_longest_document():
    assert TOY.length == rows(TOY, TOY_DOCUMENTS).shape[1]
    assert TOY.sample(1, rng()).shape == (1, TOY.length)


@pytest.mark.slow
def test_no_other_text_of_up_to_five_words_is_possible():
    words = range(4, len(TOY.words))
    possible = {TOY.encode(each, True).tobytes() for each in TOY_DOCUMENTS}
    for count in range(6):
        texts = [
            [END, *chosen, END] for chosen in itertools.product(words, repeat=count)
        ]
        tokens = np.array(texts)
        for row in tokens[TOY.is_grammatical(tokens)]:
            possible.discard(row.tobytes())
            assert TOY.decode(row) in TOY_DOCUMENTS
    left = [np.frombuffer(each, dtype=int) for each in possible]
    assert all(len(each) > 7 for each in left), "a short document was not found"


def test_entropy_is_that_of_the_enumeration_although_readings_are_ambiguous():
    p = np.array(list(TOY_DOCUMENTS.values()))
    assert TOY.entropy == pytest.approx(-(p @ np.log(p)), rel=1e-12)


def test_perplexity_counts_words_and_the_end():
    p = np.array(list(TOY_DOCUMENTS.values()))
    lengths = [len(TOY.encode(each, True)) - 1 for each in TOY_DOCUMENTS]
    assert TOY.mean_length == pytest.approx(p @ lengths)
    assert pytest.approx(math.exp(-(p @ np.log(p)) / (p @ lengths))) == TOY.perplexity


def test_samples_come_as_often_as_they_should():
    drawn = [TOY.decode(row) for row in TOY.sample(20_000, rng())]
    counts = [drawn.count(each) for each in TOY_DOCUMENTS]
    expected = 20_000 * np.array(list(TOY_DOCUMENTS.values()))
    assert sum(counts) == 20_000
    assert stats.chisquare(counts, expected).pvalue > 1e-4, counts


def test_the_largest_uniform_draws_the_last_sentence(monkeypatch):
    """Ten times a tenth, added up, is less than one by rounding."""
    largest = np.nextafter(1, 0)
    grammar = Grammar([Plan("letters", [[Line("{a|b|c|d|e|f|g|h|i|j} .")]])])
    monkeypatch.setattr(
        "collapse.corpus.grammar.uniforms", lambda *_: np.full((1, 2), largest)
    )
    assert np.full(10, 0.1).cumsum()[-1] <= largest
    assert grammar.decode(grammar.sample(1, rng())[0]) == "J."


def test_marks_adjoin_the_word_before_them():
    grammar = Grammar([Plan("marks", [[Line("a , b ; c : d ! e ? f ( g .")]])])
    text = grammar.decode(grammar.sample(1, rng())[0])
    assert text == "A, b; c: d! e? f ( g."
    assert np.array_equal(grammar.encode(text, True), grammar.sample(1, rng())[0])


def test_rates_are_expected_counts():
    facts = dict(zip(TOY.facts, TOY.fact_rates, strict=True))
    assert facts == pytest.approx({"habit": 0.4, "sleep": 0.2, "dream": 0.6})
    assert TOY.topic_probabilities == pytest.approx([0.6, 0.2, 0.2])


def test_chains_draw_for_themselves():
    both = TOY.sample(50, Streams([rng(3), rng(4)]))
    alone = TOY.sample(50, Streams([rng(4)]))
    assert both.shape == (2, 50, TOY.length)
    assert np.array_equal(both[1], alone[0])
    assert not np.array_equal(both[0], both[1])
