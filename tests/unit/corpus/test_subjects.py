"""A classifier is what it was after it has been on disk."""

from __future__ import annotations

import numpy as np
import pytest

from collapse.corpus.subjects import load_classifier, save_classifier
from collapse.corpus.words import WordClassifier

TEXTS = {"towers": ["The tower of the church."], "hares": ["The hare's ears, naïve."]}


def test_it_comes_back_as_it_was(tmp_path):
    before = WordClassifier.fit(TEXTS, least=1)
    save_classifier(before, tmp_path / "words.npz")
    after = load_classifier(tmp_path / "words.npz")
    assert after.topics == before.topics
    assert dict(after.vocabulary) == dict(before.vocabulary)
    np.testing.assert_allclose(
        after.log_probabilities, before.log_probabilities, rtol=2**-11
    )
    asked = ["a tower", "the hare's tower and ears"]
    assert after.predict(asked).tolist() == before.predict(asked).tolist() == [0, 1]


@pytest.mark.parametrize("damage", ["cut", "other", "sizes"])
def test_a_damaged_file_is_refused(damage, tmp_path):
    path = tmp_path / "words.npz"
    save_classifier(WordClassifier.fit(TEXTS, least=1), path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    if damage == "other":
        np.savez(path, topics=np.array(["a"]))
    if damage == "sizes":
        np.savez(
            path, topics=np.array(["a"]), words=np.array("b\nc"), numbers=np.ones(1)
        )
    with pytest.raises(ValueError, match="holds no classifier of words"):
        load_classifier(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_classifier(tmp_path / "nowhere.npz")
