"""The grammar against brute force, the encyclopaedia against English, files."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from collapse import measures
from collapse.corpus import text
from collapse.corpus.encyclopaedia import (
    ARCHITECTURE,
    JACKRABBITS,
    TOPIC_EXPONENT,
    encyclopaedia,
)
from collapse.corpus.grammar import END, PAD, UNKNOWN, Grammar, Line, Plan, expand
from collapse.streams import Streams

WIKITEXT = Path(__file__).parents[3] / "shared" / "data" / "wikitext-2"


def rng(seed=1):
    return np.random.default_rng(seed)


def rows(grammar, texts, finished=True):
    """Tokens of several texts, padded to one length."""
    encoded = [grammar.encode(each, finished) for each in texts]
    table = np.full((len(texts), max(map(len, encoded))), PAD)
    for row, tokens in zip(table, encoded, strict=True):
        row[: len(tokens)] = tokens
    return table


TOY = Grammar(
    [
        Plan(
            "cats",
            "cat",
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
            "sphinx",
            [[Line("a cat sleeps .", "myth")], [Line("it riddles .", "myth")]],
        ),
        Plan("dogs", "dog", [[Line("a dog {barks|runs {far|}} .", "plain")]]),
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


class TestToyGrammar:
    def test_every_document_has_the_probability_worked_out_by_hand(self):
        found = np.exp(TOY.log_prob(rows(TOY, TOY_DOCUMENTS)))
        expected = list(TOY_DOCUMENTS.values())
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert found.sum() == pytest.approx(1, abs=1e-12)

    def test_no_other_text_of_up_to_five_words_is_possible(self):
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

    def test_entropy_is_that_of_the_enumeration_although_readings_are_ambiguous(self):
        p = np.array(list(TOY_DOCUMENTS.values()))
        assert TOY.entropy == pytest.approx(-(p @ np.log(p)), rel=1e-12)

    def test_perplexity_counts_words_and_the_end(self):
        p = np.array(list(TOY_DOCUMENTS.values()))
        lengths = [len(TOY.encode(each, True)) - 1 for each in TOY_DOCUMENTS]
        assert TOY.mean_length == pytest.approx(p @ lengths)
        assert (
            pytest.approx(math.exp(-(p @ np.log(p)) / (p @ lengths))) == TOY.perplexity
        )

    def test_samples_come_as_often_as_they_should(self):
        drawn = [TOY.decode(row) for row in TOY.sample(20_000, rng())]
        counts = [drawn.count(each) for each in TOY_DOCUMENTS]
        expected = 20_000 * np.array(list(TOY_DOCUMENTS.values()))
        assert sum(counts) == 20_000
        assert stats.chisquare(counts, expected).pvalue > 1e-4, counts

    def test_next_token_is_as_probable_as_in_the_enumeration(self):
        documents = {
            tuple(TOY.encode(each, True)): p for each, p in TOY_DOCUMENTS.items()
        }
        prefixes = {each[:k] for each in documents for k in range(1, len(each))}
        for prefix in prefixes:
            expected = np.zeros(len(TOY.words))
            for document, p in documents.items():
                if document[: len(prefix)] == prefix:
                    expected[document[len(prefix)]] += p
            found = TOY.next_token_distribution(prefix)
            np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-12)
            total = TOY.prefix_log_prob(np.array(prefix))
            assert total == pytest.approx(np.log(expected.sum()), abs=1e-12)

    def test_rates_are_expected_counts(self):
        rates = dict(zip(TOY.constructions, TOY.construction_rates, strict=True))
        assert rates == pytest.approx(
            {"plain": 0.6 * 2 / 3 + 0.2, "again": 0.2, "it": 0.6, "myth": 0.4}
        )
        facts = dict(zip(TOY.facts, TOY.fact_rates, strict=True))
        assert facts == pytest.approx({"habit": 0.4, "sleep": 0.2, "dream": 0.6})
        assert TOY.topic_probabilities == pytest.approx([0.6, 0.2, 0.2])

    def test_all_readings_of_a_sentence_are_found_the_likeliest_first(self):
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

    def test_what_follows_the_end_is_not_read(self):
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
    def test_other_documents_are_impossible(self, wrong):
        tokens = TOY.encode(wrong, finished=True)
        assert TOY.log_prob(tokens) == -np.inf
        assert not TOY.parse(tokens).grammatical

    def test_an_unfinished_document_is_none_but_a_prefix(self):
        tokens = TOY.encode("A cat sleeps. It dreams.")
        assert TOY.log_prob(tokens) == -np.inf
        assert TOY.prefix_log_prob(tokens) == pytest.approx(np.log(0.2))
        assert TOY.prefix_log_prob(TOY.encode("A dog dreams")) == -np.inf

    def test_chains_draw_for_themselves(self):
        both = TOY.sample(50, Streams([rng(3), rng(4)]))
        alone = TOY.sample(50, Streams([rng(4)]))
        assert both.shape == (2, 50, TOY.length)
        assert np.array_equal(both[1], alone[0])
        assert not np.array_equal(both[0], both[1])

    def test_leading_axes_are_kept(self):
        tokens = TOY.sample(6, rng())
        shaped = tokens.reshape(2, 3, -1)
        for ask in (TOY.log_prob, TOY.prefix_log_prob, TOY.topics_of):
            assert np.array_equal(ask(shaped).reshape(ask(tokens).shape), ask(tokens))
        drifted = TOY.drifted(shaped, "cats")
        assert np.array_equal(drifted.ravel(), TOY.drifted(tokens, "cats"))
        assert TOY.foreign(shaped, "cats").shape == shaped.shape


class TestMarking:
    def parse(self, document):
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

    def test_nothing_is_marked_in_good_sentences_even_in_the_wrong_place(self):
        parsed, marked = self.parse("It dreams. A dog barks.")
        assert marked == []
        assert [each.grammatical for each in parsed.sentences] == [True, True]
        assert [each.topic for each in parsed.sentences] == ["cats", "dogs"]
        assert not parsed.grammatical

    def test_the_word_that_does_not_belong_is_marked(self):
        _, marked = self.parse("A cat riddles sleeps. It dreams.")
        assert marked == ["riddles"]

    def test_where_two_halves_do_not_fit_the_second_is_marked(self):
        _, marked = self.parse("A dog sleeps.")
        assert marked == ["sleeps"]

    def test_a_sentence_outside_the_grammar_has_the_topic_of_its_words(self):
        parsed, _ = self.parse("Far dog far. Purrs cat purrs.")
        assert [each.topic for each in parsed.sentences] == ["dogs", "cats"]

    def test_how_common_a_topic_is_does_not_make_strange_words_its_own(self):
        """A sentence of words that both topics use alike goes to the one that uses
        one of them a little more, were it a thousand times rarer."""
        often = Plan("often", "it", [[Line("it {is|was} {here|there} .")]], 1000.0)
        rare = Plan("rare", "it", [[Line("it is {here|there} .")]], 1.0)
        grammar = Grammar([often, rare])
        for words, topic in (("here is it .", "rare"), ("here was it .", "often")):
            (sentence,) = grammar.parse(grammar.encode(words)).sentences
            assert not sentence.grammatical
            assert sentence.topic == topic

    def test_an_unfinished_sentence_is_a_sentence(self):
        parsed, marked = self.parse("A dog runs")
        assert [each.grammatical for each in parsed.sentences] == [False]
        assert marked == []

    def test_drift_is_told_by_the_last_sentence(self):
        tokens = rows(
            TOY, ["A cat purrs. It.", "A cat purrs. A dog barks.", "", "A dog barks."]
        )
        assert TOY.drifted(tokens, "cats").tolist() == [False, True, True, True]
        assert TOY.drifted(tokens, "dogs").tolist() == [True, False, True, False]
        assert TOY.topics_of(tokens).tolist() == [[0, 0], [0, 2], [-1, -1], [2, -1]]
        assert TOY.last_topics(tokens).tolist() == [0, 2, -1, 2]
        assert TOY.last_topics(tokens.reshape(2, 2, -1)).tolist() == [[0, 2], [-1, 2]]
        assert TOY.last_topics(tokens[1]) == 2

    def test_foreign_words_are_those_that_a_topic_never_uses(self):
        tokens = TOY.encode("A cat barks. It riddles unicorns.", finished=True)
        mask = TOY.foreign(tokens, "cats")
        assert TOY.words[tokens[mask][0]] == "barks"
        assert [TOY.words[t] for t in tokens[mask]] == ["barks", "riddles", "<unk>"]
        assert not mask[0]
        assert not mask[-1]

    def test_census_counts_what_is_there(self):
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
        assert dict(
            zip(TOY.constructions, census.constructions.tolist(), strict=True)
        ) == {"plain": 2, "again": 0, "it": 1, "myth": 0}
        assert census.coverage("facts") == pytest.approx(2 / 3)
        assert census.coverage("constructions") == 1 / 2


class TestLines:
    def test_choices_nest_and_may_be_empty(self):
        found = {" ".join(words): p for words, p in expand("{a|b {c|}} d .")}
        assert found == pytest.approx({"a d .": 0.5, "b c d .": 0.25, "b d .": 0.25})

    def test_later_choices_are_rarer(self):
        found = [p for _, p in expand("{a|b|c} .", exponent=1.0)]
        assert found == pytest.approx(np.array([6, 3, 2]) / 11)

    @pytest.mark.parametrize("torn", ["{a|b .", "a} .", "a | b ."])
    def test_torn_braces_are_refused(self, torn):
        with pytest.raises(ValueError, match="matching braces"):
            expand(torn)

    @pytest.mark.parametrize(
        ("plans", "message"),
        [
            ([], "plans must be at least one"),
            ([Plan("t", "s", [])], "slots must be"),
            ([Plan("t", "s", [[]])], "slots must be"),
            ([Plan("t", "s", [[Line("no stop")]])], "text must be words that end"),
            ([Plan("t", "s", [[Line("a . b .")]])], "text must be words that end"),
            ([Plan("t", "s", [[Line(".")]])], "text must be words that end"),
            ([Plan("t", "s", [[Line("</s> .")]])], "text must be without"),
            ([Plan("t", "s", [[Line("a .", weight=0.0)]])], "weight must be above 0"),
            ([Plan("t", "s", [[Line("a .")]], weight=-1.0)], "weight must be"),
            (["a ."], "plans must be made of Plan"),
        ],
    )
    def test_a_grammar_without_sentences_is_refused(self, plans, message):
        with pytest.raises(ValueError, match=message):
            Grammar(plans)


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
        (lambda: TOY.drifted([2, 2], "unicorns"), "topic must be one of 'cats'"),
        (lambda: TOY.sample(0, rng()), "n must be"),
        (lambda: TOY.sample(2, 1), "rng must be"),
        (lambda: TOY.census([2, 2]).coverage("words"), "kind must be one of"),
        (lambda: TOY.encode(3), "text must be a string"),
        (
            lambda: TOY.next_token_distribution(TOY.encode("Dog a")),
            "tokens must begin a document, got 'Dog a'",
        ),
        (
            lambda: TOY.next_token_distribution(TOY.encode("A dog barks.", True)),
            "tokens must begin a document",
        ),
    ],
)
def test_bad_arguments(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


@pytest.fixture(scope="module")
def book():
    return encyclopaedia()


@pytest.fixture(scope="module")
def thousand(book):
    return book.draw(1000, rng(2))


class TestEncyclopaedia:
    def test_topics_have_zipf_frequencies_and_the_rarest_a_handful(self, book):
        p = book.topic_probabilities
        zipf = np.arange(1, 25) ** -TOPIC_EXPONENT
        np.testing.assert_allclose(p, zipf / zipf.sum(), rtol=1e-12)
        assert len(book.topics) == 24
        assert 4 < 1000 * p[-1] < 10
        chances = dict(zip(book.topics, p, strict=True))
        assert chances[ARCHITECTURE] > 10 * chances[JACKRABBITS]

    def test_its_size_suits_a_small_model(self, book):
        assert 500 <= len(book.words) <= 800
        assert book.length <= 64
        assert 25 <= book.mean_length <= 45

    def test_mean_loss_of_the_truth_is_its_entropy(self, book):
        loss = -book.log_prob(book.sample(3000, rng(3)))
        error = loss.std() / np.sqrt(len(loss))
        gap = loss.mean() - book.entropy
        assert abs(gap) < 4.5 * error, f"{gap:.3f} nats, standard error {error:.3f}"

    def test_conditional_probabilities_multiply_to_the_whole(self, book, thousand):
        row = thousand[0][0]
        count = int(np.flatnonzero(row == END)[1])
        steps = [
            np.log(book.next_token_distribution(row[:k])[row[k]])
            for k in range(1, count + 1)
        ]
        assert sum(steps) == pytest.approx(float(book.log_prob(row)), rel=1e-9)

    def test_parsing_finds_the_hidden_plan(self, book, thousand):
        tokens, plans = thousand
        for row, plan in zip(tokens, plans, strict=True):
            document = book.parse(row)
            assert document.grammatical
            assert document.topic == book.plans[plan].topic
            assert len(document.sentences) == 3
            for position, sentence in enumerate(document.sentences):
                reading = sentence.readings[0]
                assert reading.position == position
                assert reading.topic == sentence.topic == document.topic
                assert not any(sentence.strays)

    def test_the_second_fact_of_a_sentence_is_another_one(self, book):
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

    def test_no_sentence_belongs_to_two_topics(self, book):
        owners = {}
        for plan in book.plans:
            for slot in plan.slots:
                for line in slot:
                    for words, _ in expand(line.text):
                        assert owners.setdefault(words, plan.topic) == plan.topic

    def test_a_census_of_the_truth_agrees_with_its_rates(self, book, thousand):
        census = book.census(thousand[0])
        assert census.grammatical_documents == census.documents == 1000
        assert census.sentences == 3000
        # Documents are independent, and each counts 3 times for its topic.
        result = stats.chisquare(census.topics / 3, 1000 * book.topic_probabilities)
        assert result.pvalue > 1e-4
        gap = census.constructions - 1000 * book.construction_rates
        assert (np.abs(gap) < 5 * np.sqrt(1000 * book.construction_rates)).all()
        assert census.facts.sum() >= 3000
        assert census.coverage("constructions") == 1
        assert census.coverage("topics") == 1
        expected = -np.expm1(1000 * np.log1p(-book.fact_rates)).mean()
        assert abs(census.coverage("facts") - expected) < 0.05

    def test_reading_and_writing_are_inverse(self, book, thousand):
        for row in thousand[0][:200]:
            again = book.encode(book.decode(row), finished=True)
            assert np.array_equal(again, row[: len(again)])
            assert (row[len(again) :] == PAD).all()

    def test_unknown_words_are_known_to_be_unknown(self, book):
        tokens = book.encode("The flying hippopotamus </s>")
        assert tokens[:1].tolist() == [END]
        assert UNKNOWN in tokens
        assert END not in tokens[1:]

    def test_the_same_seed_gives_the_same_documents(self, book):
        assert np.array_equal(book.sample(20, rng(7)), book.sample(20, rng(7)))
        assert not np.array_equal(book.sample(20, rng(7)), book.sample(20, rng(8)))

    def test_architecture_that_ends_with_jackrabbits_has_drifted(self, book):
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
        assert book.drifted(tokens, ARCHITECTURE).tolist() == [False, True]
        of = [[book.topics[t] for t in row] for row in book.topics_of(tokens)]
        assert of[1] == [ARCHITECTURE, ARCHITECTURE, JACKRABBITS]
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
    def test_verbs_agree_with_their_subjects(self, book, good, bad):
        def begins_a_sentence(words):
            tokens = tuple(book.encode(words)[1:].tolist())
            return any(s[: len(tokens)] == tokens for s in book._origins)

        assert begins_a_sentence(good)
        assert not begins_a_sentence(bad)

    def test_pronouns_agree_with_the_subject_of_the_sentence_before(
        self, book, thousand
    ):
        its, they = (book.encode(each)[1] for each in ("it", "they"))
        swap = {its: they, they: its}
        tried = 0
        for row in thousand[0][:300]:
            start = book.parse(row).sentences[1].start
            if row[start] in swap:
                changed = row.copy()
                changed[start] = swap[row[start]]
                assert not book.is_grammatical(changed), book.decode(changed)
                tried += 1
        assert tried > 50

    def test_its_english_has_no_slips(self, book):
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

    def test_diversity_falls_when_documents_are_copied(self, book, thousand):
        tokens = thousand[0]
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


class TestReadText:
    def file(self, tmp_path, content):
        path = tmp_path / "file.txt"
        path.write_bytes(content)
        return path

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is empty"),
            (b" \n\t ", "is empty"),
            (b"a" * 2000 + b"\0", "is binary, not text: byte 2000 is zero"),
            ("é".encode("latin-1") * 2000, "is not UTF-8: byte 0 is 0xe9"),
            (b"ab\xff" + b"c" * 2000, "is not UTF-8: byte 2 is 0xff"),
            (b"a short story", "is too short: it has 13 characters, at least 1000"),
        ],
    )
    def test_what_is_no_text_is_refused_by_name(self, tmp_path, content, message):
        with pytest.raises(ValueError, match=message) as refused:
            text.read_text(self.file(tmp_path, content))
        assert "file.txt" in str(refused.value)

    def test_a_missing_file_and_a_folder_are_refused(self, tmp_path):
        for path in (tmp_path / "none.txt", tmp_path):
            with pytest.raises(ValueError, match="path must be a text file"):
                text.read_text(path)
        for nonsense in (None, 3, b"text.txt"):
            with pytest.raises(ValueError, match="path must be the path of a text"):
                text.read_text(nonsense)

    def test_a_byte_order_mark_and_line_ends_are_evened(self, tmp_path):
        path = self.file(tmp_path, "\ufeffone\r\ntwo\rthree é".encode())
        assert text.read_text(path, shortest=5) == "one\ntwo\nthree é"

    def test_python_brings_a_text_of_its_own(self):
        found = text.python_topics()
        assert found == text.python_topics()
        assert len(found) > 200_000
        assert "\n\n\n" not in found
        assert "The extended form" in found
        assert not re.search(r"^\*{3,}$", found, flags=re.M)

    def test_wikitext_is_found_under_its_names(self, tmp_path):
        (tmp_path / "wiki.train.tokens").write_text(" = A = \n" + "b " * 600)
        (tmp_path / "test.txt").write_text("c " * 600)
        found = text.read_wikitext(tmp_path)
        assert list(found) == ["train", "test"]
        assert found["train"].startswith(" = A = \n")

    def test_a_folder_without_wikitext_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match=r"must hold one of train\.txt"):
            text.read_wikitext(tmp_path)

    @pytest.mark.skipif(not WIKITEXT.is_dir(), reason="WikiText-2 is not here")
    def test_the_real_wikitext_becomes_blocks_of_known_tokens(self):
        found = text.read_wikitext(WIKITEXT)
        tokenizer = text.train_tokenizer(found["valid"], 1000)
        rows = text.blocks(found["test"], tokenizer)
        assert rows.shape[1] == 64
        assert rows.max() < 1000
        decoded = tokenizer.decode(rows[:20].ravel().tolist())
        assert found["test"].startswith(decoded.rstrip("\ufffd"))


@pytest.fixture(scope="module")
def manual():
    return text.python_topics()[:60_000]


@pytest.fixture(scope="module")
def tokenizer(manual):
    return text.train_tokenizer(manual, 400)


class TestBytePairs:
    def test_special_tokens_have_the_ids_of_opt(self, tokenizer):
        names = ("<s>", "<pad>", "</s>", "<unk>")
        assert [tokenizer.token_to_id(each) for each in names] == [0, 1, 2, 3]
        assert tokenizer.get_vocab_size() == 400

    @pytest.mark.parametrize(
        "any_text",
        ["", "x", " two  spaces\n\n", "naïve “日本” 🦘", "<s></s><unk><pad>"],
    )
    def test_every_text_comes_back_and_holds_no_special_token(
        self, tokenizer, any_text
    ):
        tokens = tokenizer.encode(any_text).ids
        assert tokenizer.decode(tokens) == any_text
        assert all(token > 3 for token in tokens)

    def test_pairs_shorten_a_text(self, manual, tokenizer):
        letters = text.train_tokenizer(manual, 260)
        few = text.blocks(manual, tokenizer, 1).size
        many = text.blocks(manual, letters, 1).size
        assert many == len(manual.encode())
        assert few < 0.7 * many

    def test_training_twice_gives_the_same_vocabulary(self, manual, tokenizer):
        again = text.train_tokenizer(manual, 400)
        assert again.get_vocab() == tokenizer.get_vocab()

    def test_blocks_are_the_text_in_order(self, manual, tokenizer):
        rows = text.blocks(manual, tokenizer, 64)
        assert rows.shape[1] == 64
        again = tokenizer.decode(rows.ravel().tolist())
        assert manual.startswith(again.rstrip("\ufffd"))
        assert len(manual) - len(again) < 64 * 20

    def test_the_end_is_held_out(self):
        rows = np.arange(40).reshape(20, 2)
        training, test = text.split(rows, 0.15)
        assert np.array_equal(np.concatenate([training, test]), rows)
        assert len(test) == 3
        assert len(text.split(rows, 0.001)[1]) == 1
        assert len(text.split(rows, 0.999)[0]) == 1

    def test_a_tokenizer_is_read_from_either_kind_of_folder(
        self, manual, tokenizer, tmp_path
    ):
        one, two = tmp_path / "one", tmp_path / "two"
        one.mkdir()
        two.mkdir()
        tokenizer.save(str(one / "tokenizer.json"))
        tokenizer.model.save(str(two))
        expected = text.blocks(manual, tokenizer)
        for folder in (one, two):
            found = text.blocks(manual, text.read_tokenizer(folder))
            assert np.array_equal(found, expected)

    def test_a_folder_without_a_tokenizer_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match=r"folder must hold tokenizer\.json"):
            text.read_tokenizer(tmp_path)
        (tmp_path / "tokenizer.json").write_text(json.dumps({"model": 1}))
        with pytest.raises(ValueError, match="no readable tokenizer"):
            text.read_tokenizer(tmp_path)

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda t: text.train_tokenizer("", 300), "text must not be empty"),
            (lambda t: text.train_tokenizer(b"a", 300), "text must be a string"),
            (lambda t: text.train_tokenizer("a", 259), "vocabulary_size must be"),
            (lambda t: text.blocks("a", t, 64), "at least the 64 tokens"),
            (lambda t: text.blocks("a", t, 0), "length must be"),
            (lambda t: text.split(np.ones((1, 2))), "rows must hold at least 2"),
            (lambda t: text.split(np.ones((9, 2)), 1.0), "held_out must be"),
            (lambda t: text.read_text("a", shortest=0), "shortest must be"),
        ],
    )
    def test_bad_arguments(self, tokenizer, ask, message):
        with pytest.raises(ValueError, match=message):
            ask(tokenizer)
