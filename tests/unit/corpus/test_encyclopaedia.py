"""The encyclopaedia against English, and against its own probabilities."""

from __future__ import annotations

import hashlib
import itertools
import re

import numpy as np
import pytest
from scipy import stats

from collapse import measures
from collapse.corpus.encyclopaedia import (
    ARCHITECTURE,
    JACKRABBITS,
    TOPIC_EXPONENT,
    encyclopaedia,
)
from collapse.corpus.grammar import END, PAD, UNKNOWN, expand
from support.toy_grammar import rows

WORDS = "0598804e92b0931b86b568fbce6d64140e6812d03eb7c2bc0a64a461c045e67c"
DOCUMENTS = "4a4a5f2ce57d56feaa43c83673f24dbc2723115567a37e5da63530ecf7464bfc"


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def book():
    return encyclopaedia()


@pytest.fixture(scope="module")
def thousand(book):
    return book.sample(1000, rng(2))


def test_topics_have_zipf_frequencies_and_the_rarest_a_handful(book):
    p = book.topic_probabilities
    zipf = np.arange(1, 25) ** -TOPIC_EXPONENT
    np.testing.assert_allclose(p, zipf / zipf.sum(), rtol=1e-12)
    assert len(book.topics) == 24
    assert 4 < 1000 * p[-1] < 10
    chances = dict(zip(book.topics, p, strict=True))
    assert chances[ARCHITECTURE] > 10 * chances[JACKRABBITS]


def test_its_size_suits_a_small_model(book):
    assert 500 <= len(book.words) <= 800
    assert book.length <= 64
    assert 25 <= book.mean_length <= 45


def test_mean_loss_of_the_truth_is_its_entropy(book):
    loss = -book.log_prob(book.sample(3000, rng(3)))
    error = loss.std() / np.sqrt(len(loss))
    gap = loss.mean() - book.entropy
    assert abs(gap) < 4.5 * error, f"{gap:.3f} nats, standard error {error:.3f}"


def test_parsing_finds_the_plan_that_was_followed(book):
    for plan in book.plans:
        firsts = [" ".join(expand(slot[0].text)[0][0]) for slot in plan.slots]
        lasts = [" ".join(expand(slot[-1].text)[-1][0]) for slot in plan.slots]
        for sentences, chosen in ((firsts, 0), (lasts, -1)):
            document = book.parse(book.encode(" ".join(sentences), finished=True))
            assert document.grammatical
            assert document.topic == plan.topic
            assert len(document.sentences) == 3
            for position, sentence in enumerate(document.sentences):
                (reading,) = sentence.readings
                line = plan.slots[position][chosen]
                assert reading.position == position
                assert reading.topic == sentence.topic == plan.topic
                assert reading.construction == line.construction
                assert reading.facts == line.facts
                assert not any(sentence.strays)


def test_the_second_fact_of_a_sentence_is_another_one(book):
    """Of facts with the chances p and q, the pair has p q / (1 - p)."""
    for plan in book.plans:
        single, pairs = {}, {}
        for line in plan.slots[1]:
            if line.construction == "plain pronoun":
                single[line.facts[0]] = line.weight
            elif line.construction == "two facts":
                pairs[line.facts] = line.weight
        chances = {fact: w / sum(single.values()) for fact, w in single.items()}
        total = sum(pairs.values())
        assert set(pairs) == set(itertools.permutations(chances, 2))
        for (first, second), weight in pairs.items():
            p, q = chances[first], chances[second]
            assert weight / total == pytest.approx(p * q / (1 - p))


def test_no_sentence_belongs_to_two_topics(book):
    owners = {}
    for plan in book.plans:
        for slot in plan.slots:
            for line in slot:
                for words, _ in expand(line.text):
                    assert owners.setdefault(words, plan.topic) == plan.topic


def test_a_census_of_the_truth_agrees_with_its_rates(book, thousand):
    census = book.census(thousand)
    assert census.grammatical_documents == census.documents == 1000
    assert census.sentences == 3000
    # Documents are independent, and each counts 3 times for its topic.
    result = stats.chisquare(census.topics / 3, 1000 * book.topic_probabilities)
    assert result.pvalue > 1e-4
    prior = np.array([plan.weight for plan in book.plans])
    rates = dict.fromkeys(book.constructions, 0.0)
    for plan, share in zip(book.plans, prior / prior.sum(), strict=True):
        for slot in plan.slots:
            total = sum(line.weight for line in slot)
            for line in slot:
                rates[line.construction] += share * line.weight / total
    expected = 1000 * np.array(list(rates.values()))
    assert (np.abs(census.constructions - expected) < 5 * np.sqrt(expected)).all()
    assert census.facts.sum() >= 3000
    assert (census.constructions > 0).all()
    assert (census.topics > 0).all()
    expected = -np.expm1(1000 * np.log1p(-book.fact_rates)).mean()
    assert abs((census.facts > 0).mean() - expected) < 0.05


def test_reading_and_writing_are_inverse(book, thousand):
    for row in thousand[:200]:
        again = book.encode(book.decode(row), finished=True)
        assert np.array_equal(again, row[: len(again)])
        assert (row[len(again) :] == PAD).all()


def test_unknown_words_are_known_to_be_unknown(book):
    tokens = book.encode("The flying hippopotamus </s>")
    assert tokens[:1].tolist() == [END]
    assert UNKNOWN in tokens
    assert END not in tokens[1:]


def test_its_words_and_documents_are_those_of_the_shipped_results(book):
    """Results in ``book/data`` were made with these; other words would not fit."""
    words = "\n".join(book.words).encode()
    assert hashlib.sha256(words).hexdigest() == WORDS
    drawn = book.sample(1000, rng(2024)).astype("<i8")
    assert hashlib.sha256(drawn.tobytes()).hexdigest() == DOCUMENTS


def test_the_same_seed_gives_the_same_documents(book):
    assert np.array_equal(book.sample(20, rng(7)), book.sample(20, rng(7)))
    assert not np.array_equal(book.sample(20, rng(7)), book.sample(20, rng(8)))


def test_architecture_that_ends_with_jackrabbits_has_drifted(book):
    about = {
        topic: next(plan for plan in book.plans if plan.topic == topic)
        for topic in (ARCHITECTURE, JACKRABBITS)
    }
    first, second = (
        [" ".join(expand(slot[0].text)[0][0]) for slot in about[topic].slots]
        for topic in (ARCHITECTURE, JACKRABBITS)
    )
    faithful = " ".join(first)
    strayed = " ".join([*first[:2], second[2]])
    tokens = rows(book, [faithful, strayed])
    assert book.is_grammatical(tokens).tolist() == [True, False]
    ends = [book.topics[topic] for topic in book.last_topics(tokens)]
    assert ends == [ARCHITECTURE, JACKRABBITS]
    about = [each.topic for each in book.parse(tokens[1]).sentences]
    assert about == [ARCHITECTURE, ARCHITECTURE, JACKRABBITS]
    foreign = book.foreign(tokens, ARCHITECTURE)
    assert not foreign[0].any()
    assert "jackrabbit" in [book.words[t] for t in tokens[1][foreign[1]]]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("The flying buttress lets", "The flying buttress let"),
        ("Rose windows hold", "Rose windows holds"),
        ("Some masons insist that", "Some masons insists that"),
        ("Any wise mason insists that", "Any wise mason insist that"),
        ("If the mason is right,", "If the masons is right,"),
        ("In a gothic cathedral, the", "In a gothic cathedral, it"),
    ],
)
def test_verbs_agree_with_their_subjects(book, good, bad):
    def begins_a_sentence(words):
        tokens = tuple(book.encode(words)[1:].tolist())
        return any(s[: len(tokens)] == tokens for s in book._origins)

    assert begins_a_sentence(good)
    assert not begins_a_sentence(bad)


def test_pronouns_agree_with_the_subject_of_the_sentence_before(book, thousand):
    its, they = (book.encode(each)[1] for each in ("it", "they"))
    swap = {its: they, they: its}
    tried = 0
    for row in thousand[:300]:
        start = book.parse(row).sentences[1].start
        if row[start] in swap:
            changed = row.copy()
            changed[start] = swap[row[start]]
            assert not book.is_grammatical(changed), book.decode(changed)
            tried += 1
    assert tried > 50


def test_its_english_has_no_slips(book):
    for plan in book.plans:
        for line in (line for slot in plan.slots for line in slot):
            for words, _ in expand(line.text):
                sentence = " ".join(words)
                slip = re.search(
                    r"\ba [aeio]|\ban [^aeiouL]|\b(\w+) \1\b|, ,|, \.|~|[{}|]",
                    sentence.replace("a one", ""),
                )
                assert slip is None, f"{slip[0]!r} in {sentence!r}"
                assert sentence == sentence.strip()


def test_diversity_falls_when_documents_are_copied(book, thousand):
    tokens = thousand
    copies = tokens[rng().integers(0, 50, 1000)]
    both = np.stack([tokens, copies])
    ignored = [PAD, END]
    distinct = measures.distinct_ngrams(both, 3, ignored)
    words = measures.vocabulary_in_use(both, ignored)
    assert distinct[1] < distinct[0] / 3
    assert words[1] < words[0] <= len(book.words) - 4
    shares = [book.census(each).topics for each in both]
    classes = [measures.effective_classes(each / each.sum()) for each in shares]
    assert 1 < classes[1] < classes[0] < 24
