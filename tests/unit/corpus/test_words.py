"""Words, and naive Bayes on them, against scikit-learn and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from collapse.corpus.words import (
    WordClassifier,
    clear_subjects,
    inner_words,
    read_classifier,
    unknown_share,
    words,
    write_classifier,
)

TEXTS = {
    "towers": ["The old tower of the church.", "A tower and a nave, a tower!"],
    "hares": ["The hare runs; a hare's ears are long.", "The old hare."],
}


def test_words_are_letters_alone():
    text = "The Hare’s 3 ears -- a jack-rabbit's, or NAÏVE_ones."
    found = " ".join(words(text))
    assert found == "the hare's ears a jack rabbit's or naïve ones"
    assert words("1897. --") == []


def test_the_first_and_last_word_of_a_block_may_be_cut():
    assert inner_words("ower of the chur") == ["of", "the"]
    assert inner_words("alone") == []


def test_the_share_of_unknown_words():
    texts = ["x the towre of hares x", "x hare x", ""]
    assert unknown_share(texts, {"the", "of", "hare"}) == 2 / 5
    assert unknown_share([""], {"the"}) == 0


class TestClassifier:
    def test_it_is_scikit_learns(self):
        ours = WordClassifier.fit(TEXTS, least=1)
        joined = [" ".join(texts) for texts in TEXTS.values()]
        vectorizer = CountVectorizer(tokenizer=words, token_pattern=None)
        theirs = MultinomialNB(fit_prior=False).fit(
            vectorizer.fit_transform(joined), list(TEXTS)
        )
        assert list(ours.vocabulary) == sorted(vectorizer.vocabulary_)
        asked = ["a hare and a tower", "the old nave", "hare hare tower", "zebra"]
        once = np.minimum(vectorizer.transform(asked).toarray(), 1)
        expected = theirs.predict_log_proba(once)
        scores = ours.scores(asked)
        found = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        # Theirs sorts the topics.
        np.testing.assert_allclose(found, expected[:, ::-1], atol=1e-12)
        assert ours.topics == ("towers", "hares")

    def test_by_hand(self):
        """Of 'tower' 3 + 1 in 12 + 11 words, of 'hare' 2 + 1 in 11 + 11."""
        found = WordClassifier.fit(TEXTS, least=1)
        row = found.log_probabilities[found.vocabulary["tower"]]
        size = len(found.vocabulary)
        lengths = [sum(len(words(text)) for text in each) for each in TEXTS.values()]
        np.testing.assert_allclose(
            np.exp(row), [4 / (lengths[0] + size), 1 / (lengths[1] + size)]
        )
        assert found.predict(["tower", "hare", "zebra"]).tolist() == [0, 1, 0]

    def test_rare_words_are_left_out(self):
        found = WordClassifier.fit(TEXTS, least=2)
        assert list(found.vocabulary) == ["a", "hare", "old", "the", "tower"]

    def test_the_weights_say_how_many_times_more_probable(self):
        found = WordClassifier.fit(TEXTS, least=1)
        weights = found.weights(["tower", "zebra"])
        p = np.exp(found.log_probabilities[found.vocabulary["tower"]])
        np.testing.assert_allclose(np.exp(weights[0]), p / p.mean())
        assert (weights[1] == 0).all()
        # Words that say nothing weigh nothing.
        alike = WordClassifier.fit({"one": ["same"], "other": ["same"]}, least=1)
        assert (alike.weights(["same"]) == 0).all()

    @pytest.mark.parametrize("texts", [{}, {"towers": []}, {"towers": ["a b"]}])
    def test_nothing_to_learn(self, texts):
        with pytest.raises(ValueError, match="texts with a word that occurs 5 times"):
            WordClassifier.fit(texts)


class TestClearSubjects:
    fitted = WordClassifier.fit(TEXTS, least=1)

    def test_a_text_with_few_words_of_its_subject_has_none(self):
        texts = ["tower", "tower " * 9, "hare tower", "zebra"]
        scores = np.sort(self.fitted.scores(texts), axis=1)
        apart = scores[0, -1] - scores[0, -2]
        assert clear_subjects(self.fitted, texts, 0).tolist() == [0, 0, 0, 0]
        found = clear_subjects(self.fitted, texts, apart)
        assert found.tolist() == [0, 0, -1, -1]
        assert (clear_subjects(self.fitted, texts, apart + 1e-9) == -1).all()

    def test_a_margin_below_0_is_refused(self):
        with pytest.raises(ValueError, match="margin must be"):
            clear_subjects(self.fitted, ["tower"], -1)


def test_what_is_written_is_read_again(tmp_path):
    fitted = WordClassifier.fit(TEXTS, least=1)
    write_classifier(fitted, tmp_path / "words.npz")
    found = read_classifier(tmp_path / "words.npz")
    assert (found.topics, dict(found.vocabulary)) == (
        fitted.topics,
        dict(fitted.vocabulary),
    )
    np.testing.assert_allclose(
        found.log_probabilities, fitted.log_probabilities, rtol=1e-3
    )
