"""What a document says, which words of it are wrong, and what a set of them holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from collapse.corpus.grammar import PAD, Grammar, Line, Plan
from support.toy_grammar import TOY, TOY_DOCUMENTS, rows


def rng(seed=1):
    return np.random.default_rng(seed)


def test_all_readings_of_a_sentence_are_found_the_likeliest_first():
    sentence = TOY.parse(TOY.encode("A cat sleeps.")).sentences[0]
    assert sentence.topic == "cats"
    readings = [(each.topic, each.construction) for each in sentence.readings]
    # 0.2 each, the second and third by one plan's line and by another plan.
    assert sorted(readings) == [
        ("cats", "again"),
        ("cats", "plain"),
        ("myths", "myth"),
    ]
    joint = {"cats": 0.6, "myths": 0.2}
    scores = [joint[r.topic] * math.exp(r.log_prob) for r in sentence.readings]
    assert scores == sorted(scores, reverse=True)


def test_the_likeliest_reading_is_that_of_the_plan_and_the_line_together():
    """A common plan that seldom says it, before a rare one that says nothing else."""
    often = Plan("often", [[Line("{a|b} .", "often")]], 9.0)
    rare = Plan("rare", [[Line("a .", "rare")]], 1.0)
    for plans in ((often, rare), (rare, often)):
        grammar = Grammar(plans)
        (sentence,) = grammar.parse(grammar.encode("A.")).sentences
        found = [(each.topic, each.log_prob) for each in sentence.readings]
        assert found == [("often", pytest.approx(np.log(0.5))), ("rare", 0.0)]
        assert sentence.topic == "often"


def test_what_follows_the_end_is_not_read():
    tokens = rows(TOY, TOY_DOCUMENTS)
    padded = np.concatenate([tokens, np.full((len(tokens), 3), 5)], axis=1)
    assert np.array_equal(TOY.log_prob(padded), TOY.log_prob(tokens))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "A cat sleeps.",
        "It dreams. A cat sleeps.",
        "A cat sleeps. It dreams. It dreams.",
        "A dog barks. It dreams.",
        "A cat sleeps. It dreams",
        "A cat purrs. It riddles.",
        "A unicorn sleeps. It dreams.",
    ],
)
def test_other_documents_are_impossible(wrong):
    tokens = TOY.encode(wrong, finished=True)
    assert TOY.log_prob(tokens) == -np.inf
    assert not TOY.parse(tokens).grammatical


def test_an_unfinished_document_is_none():
    tokens = TOY.encode("A cat sleeps. It dreams.")
    assert TOY.log_prob(tokens) == -np.inf


def test_padding_ends_a_text_that_has_no_end():
    tokens = TOY.encode("A cat sleeps. It")
    cut = np.append(tokens, [PAD, PAD])
    assert TOY.parse(cut) == TOY.parse(tokens)
    assert TOY.decode(cut) == "A cat sleeps. It"
    assert TOY.log_prob(np.append(TOY.encode("A dog barks."), PAD)) == -np.inf


def test_leading_axes_are_kept():
    tokens = TOY.sample(6, rng())
    shaped = tokens.reshape(2, 3, -1)
    for ask in (TOY.log_prob, TOY.is_grammatical, TOY.last_topics):
        assert np.array_equal(ask(shaped).reshape(ask(tokens).shape), ask(tokens))
    foreign = TOY.foreign(shaped, "cats").reshape(tokens.shape)
    assert np.array_equal(foreign, TOY.foreign(tokens, "cats"))


def parse(document):
    tokens = TOY.encode(document, finished=True)
    parsed = TOY.parse(tokens)
    marked = [
        TOY.words[token]
        for each in parsed.sentences
        for token, stray in zip(
            tokens[each.start : each.stop], each.strays, strict=True
        )
        if stray
    ]
    return parsed, marked


def test_nothing_is_marked_in_good_sentences_even_in_the_wrong_place():
    parsed, marked = parse("It dreams. A dog barks.")
    assert marked == []
    assert [each.grammatical for each in parsed.sentences] == [True, True]
    assert [each.topic for each in parsed.sentences] == ["cats", "dogs"]
    assert not parsed.grammatical


def test_the_word_that_does_not_belong_is_marked():
    _, marked = parse("A cat riddles sleeps. It dreams.")
    assert marked == ["riddles"]


def test_where_two_halves_do_not_fit_the_second_is_marked():
    _, marked = parse("A dog sleeps.")
    assert marked == ["sleeps"]


def test_a_sentence_outside_the_grammar_has_the_topic_of_its_words():
    parsed, _ = parse("Far dog far. Purrs cat purrs.")
    assert [each.topic for each in parsed.sentences] == ["dogs", "cats"]


def test_how_common_a_topic_is_does_not_make_strange_words_its_own():
    """A sentence of words that both topics use alike goes to the one that uses
    one of them a little more, were it a thousand times rarer."""
    often = Plan("often", [[Line("it {is|was} {here|there} .")]], 1000.0)
    rare = Plan("rare", [[Line("it is {here|there} .")]], 1.0)
    grammar = Grammar([often, rare])
    for words, topic in (("here is it .", "rare"), ("here was it .", "often")):
        (sentence,) = grammar.parse(grammar.encode(words)).sentences
        assert not sentence.grammatical
        assert sentence.topic == topic


@pytest.mark.parametrize(("times", "topic"), [(4, "rare"), (5, "often")])
def test_a_word_that_a_topic_never_has_weighs_as_if_it_had_it_seldom(times, topic):
    """One in a hundred words may be any: with 0.5 or 0.001 one of these would turn."""
    grammar = Grammar(
        [
            Plan("often", [[Line("x x x x x x x x .")]]),
            Plan("rare", [[Line("x y y y .")]]),
        ]
    )
    (sentence,) = grammar.parse(grammar.encode("x " * times + "y .")).sentences
    assert not sentence.grammatical
    assert sentence.topic == topic


def test_an_unfinished_sentence_is_a_sentence():
    parsed, marked = parse("A dog runs")
    assert [each.grammatical for each in parsed.sentences] == [False]
    assert marked == []


def test_drift_is_told_by_the_last_sentence():
    tokens = rows(
        TOY, ["A cat purrs. It.", "A cat purrs. A dog barks.", "", "A dog barks."]
    )
    assert TOY.last_topics(tokens).tolist() == [0, 2, -1, 2]
    assert TOY.last_topics(tokens.reshape(2, 2, -1)).tolist() == [[0, 2], [-1, 2]]
    assert TOY.last_topics(tokens[1]) == 2


def test_foreign_words_are_those_that_a_topic_never_uses():
    tokens = TOY.encode("A cat barks. It riddles unicorns.", finished=True)
    mask = TOY.foreign(tokens, "cats")
    assert TOY.words[tokens[mask][0]] == "barks"
    assert [TOY.words[t] for t in tokens[mask]] == ["barks", "riddles", "<unk>"]
    assert not mask[0]
    assert not mask[-1]


def test_census_counts_what_is_there():
    tokens = rows(TOY, ["A cat purrs. It dreams.", "A dog barks.", "Dog dog. A"])
    census = TOY.census(tokens)
    assert (census.documents, census.grammatical_documents) == (3, 2)
    assert (census.sentences, census.grammatical_sentences) == (5, 3)
    assert census.topics.sum() == 5
    assert census.grammatical_topics.sum() == 3
    assert (census.grammatical_topics <= census.topics).all()
    assert dict(zip(TOY.facts, census.facts.tolist(), strict=True)) == {
        "habit": 1,
        "sleep": 0,
        "dream": 1,
    }
    assert dict(zip(TOY.constructions, census.constructions.tolist(), strict=True)) == {
        "plain": 2,
        "again": 0,
        "it": 1,
        "myth": 0,
    }


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: TOY.log_prob([0.5]), "tokens must be whole numbers"),
        (lambda: TOY.log_prob([len(TOY.words)]), "tokens must be whole numbers"),
        (lambda: TOY.log_prob([-1]), "tokens must be whole numbers"),
        (lambda: TOY.log_prob([]), "tokens must not be empty"),
        (lambda: TOY.log_prob(3), "tokens must have at least 1 axes"),
        (lambda: TOY.parse([[2, 2]]), "tokens must be one row"),
        (lambda: TOY.decode([[2, 2]]), "tokens must be one row"),
        (lambda: TOY.foreign([2, 2], "unicorns"), "topic must be one of 'cats'"),
        (lambda: TOY.sample(0, rng()), "n must be"),
        (lambda: TOY.sample(2, 1), "rng must be"),
        (lambda: TOY.encode(3), "text must be a string"),
    ],
)
def test_bad_arguments(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
