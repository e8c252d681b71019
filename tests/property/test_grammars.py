"""What must hold for every grammar: it is a distribution, and all questions agree."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collapse.corpus.grammar import END, PAD, Grammar, Line, Plan

forty = settings(deadline=None, max_examples=40)

# Few words: different plans often write the same sentence.
sentences = st.lists(st.sampled_from("abc"), min_size=1, max_size=2)
lines = st.tuples(sentences, st.sampled_from([1.0, 2.0, 5.0]))
slots = st.lists(lines, min_size=1, max_size=3)
plans = st.tuples(
    st.lists(slots, min_size=1, max_size=3), st.sampled_from([1.0, 3.0]), st.booleans()
)
grammars = st.lists(plans, min_size=1, max_size=3)


def built(description):
    return Grammar(
        Plan(
            "even" if even else "odd",
            [
                [Line(" ".join([*words, "."]), weight=w) for words, w in slot]
                for slot in each
            ],
            weight,
        )
        for each, weight, even in description
    )


def enumerated(description, grammar):
    """Every document with its probability, by nested loops and nothing else."""
    documents = defaultdict(float)
    total = sum(weight for _, weight, _ in description)
    for each, weight, _ in description:
        for chosen in itertools.product(*each):
            p = weight / total
            words = []
            for (sentence, w), slot in zip(chosen, each, strict=True):
                p *= w / sum(other for _, other in slot)
                words += [*sentence, "."]
            tokens = tuple(grammar.words.index(word) for word in words)
            documents[(END, *tokens, END)] += p
    return documents


def padded(documents, length):
    return np.array([[*each, *[PAD] * (length - len(each))] for each in documents])


@forty
@given(grammars)
def test_probabilities_are_those_of_the_enumeration(description):
    grammar = built(description)
    documents = enumerated(description, grammar)
    p = np.array(list(documents.values()))
    found = grammar.log_prob(padded(documents, grammar.length))
    np.testing.assert_allclose(found, np.log(p), atol=1e-9)
    np.testing.assert_allclose(np.exp(found).sum(), 1, atol=1e-9)
    np.testing.assert_allclose(grammar.entropy, -(p @ np.log(p)), atol=1e-9)
    lengths = np.array([len(each) - 1 for each in documents])
    np.testing.assert_allclose(grammar.mean_length, p @ lengths, atol=1e-9)
    assert grammar.length == lengths.max() + 1


@forty
@given(grammars, st.integers(0, 2**32))
def test_every_sample_can_be_written_read_and_parsed(description, seed):
    grammar = built(description)
    tokens = grammar.sample(20, np.random.default_rng(seed))
    assert grammar.is_grammatical(tokens).all()
    possible = enumerated(description, grammar)
    for row in tokens:
        document = grammar.parse(row)
        end = document.sentences[-1].stop + 1
        assert tuple(row[:end]) in possible
        assert document.log_prob == grammar.log_prob(row)
        assert all(each.grammatical for each in document.sentences)
        again = grammar.encode(grammar.decode(row), finished=True)
        assert np.array_equal(again, row[: len(again)])


@forty
@given(grammars, st.lists(st.integers(0, 7), min_size=1, max_size=12))
def test_any_tokens_at_all_can_be_asked_about(description, tokens):
    grammar = built(description)
    tokens = np.array(tokens) % len(grammar.words)
    document = grammar.parse(tokens)
    assert document.grammatical == bool(grammar.is_grammatical(tokens))
    for sentence in document.sentences:
        assert len(sentence.strays) == sentence.stop - sentence.start
        assert not (sentence.grammatical and any(sentence.strays))
    census = grammar.census(tokens)
    assert census.topics.sum() == census.sentences == len(document.sentences)
