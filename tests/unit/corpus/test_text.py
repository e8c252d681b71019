"""Files that are text, byte pairs, and blocks of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from collapse.corpus import text

WIKITEXT = Path(__file__).parents[4] / "shared" / "data" / "wikitext-2"


def file(tmp_path, content):
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
        (b"\xff\xfe" + "word ".encode("utf-16-le") * 400 + b"x", "is not UTF-16: byte"),
        ("word ".encode("utf-16-le") * 400, "UTF-16 or UTF-32 without a byte order"),
        ("word ".encode("utf-16-be") * 400, "UTF-16 or UTF-32 without a byte order"),
        ("все семьи ".encode("utf-16-le") * 400, "UTF-16 or UTF-32 without a byte"),
        ("כל המשפחות ".encode("utf-16-be") * 400, "UTF-16 or UTF-32 without a byte"),
        (bytes(range(256)) * 40, "is binary, not text: byte 0 is zero"),
        ("word ".encode("utf-32-le") * 400, "UTF-16 or UTF-32 without a byte order"),
        ("\ufeff \n".encode("utf-16"), "is empty"),
        (b"word " * 300 + b"\x01", r"character 1500 is the control character U\+0001"),
        (b"\x7fELF" + b"word " * 300, r"control character U\+007F"),
        (b"word " * 300 + b"\x1b[0m", r"control character U\+001B"),
        (("word " * 300 + "\x93").encode(), r"control character U\+0093"),
        (("word " * 300 + "\x00").encode("utf-16"), r"control character U\+0000"),
        (b"a short story", "is too short: it has 13 characters, at least 1000"),
    ],
)
def test_what_is_no_text_is_refused_by_name(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as refused:
        text.read_text(file(tmp_path, content))
    assert "file.txt" in str(refused.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(ValueError, match="path must be a text file"):
            text.read_text(path)
    for nonsense in (None, 3, b"text.txt"):
        with pytest.raises(ValueError, match="path must be the path of a text"):
            text.read_text(nonsense)


def test_a_byte_order_mark_and_line_ends_are_evened(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "SHORTEST", 15)
    path = file(tmp_path, "\ufeffone\r\ntwo\rthree é".encode())
    assert text.read_text(path) == "one\ntwo\nthree é"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_text_may_say_how_it_is_encoded(tmp_path, encoding):
    story = "Été, 夏, 🌞\tone\fpage\n" * 100
    assert text.read_text(file(tmp_path, story.encode(encoding))) == story


@pytest.mark.parametrize("order", ["le", "be"])
def test_either_order_of_bytes_is_read(tmp_path, order):
    story = "Été, 夏, 🌞\n" * 200
    for width in (16, 32):
        content = f"\ufeff{story}".encode(f"utf-{width}-{order}")
        assert text.read_text(file(tmp_path, content)) == story


@pytest.mark.parametrize("letters", ["acgt", "a", " ", "夏秋冬春"])
def test_a_run_without_a_break_is_learned_in_pieces(letters):
    run = "".join(np.random.default_rng(1).choice(list(letters), 20_000))
    tokenizer = text.train_tokenizer(f"{run}x", 400)
    longest = max(len(page) for page in text._pages(f"{run}x"))
    assert longest <= 1001
    tokens = text.blocks(f"{run}x", tokenizer, 1).ravel()
    assert tokenizer.decode(tokens) == f"{run}x"


def test_lines_of_ordinary_length_are_not_cut():
    lines = ["a" * 1000 + "\n", "word " * 900 + "\n", "b" * 999]
    assert text._pages("".join(lines)) == lines


@pytest.mark.parametrize("size", [10**6, 10**12, 10**30])
def test_a_vocabulary_larger_than_the_text_is_no_larger(size):
    tokenizer = text.train_tokenizer("to be or not to be\n" * 50, size)
    assert 260 < tokenizer.get_vocab_size() < 300
    one = text.train_tokenizer("to be or not to be\n" * 50, 1000)
    assert tokenizer.to_str() == one.to_str()


def test_python_brings_a_text_of_its_own():
    found = text.python_topics()
    assert found == text.python_topics()
    assert len(found) > 200_000
    assert "\n\n\n" not in found
    assert "The extended form" in found
    assert not re.search(r"^\*{3,}$", found, flags=re.M)


def test_topics_come_in_the_order_of_their_names_without_rules(monkeypatch):
    pages = {"b": "Two\n***\n\n\nlines\n", "a": "\nOne\n===="}
    monkeypatch.setattr(text, "_PYTHON_TOPICS", pages)
    assert text.python_topics() == "One\n\nTwo\n\nlines\n"


def test_wikitext_is_found_under_its_names(tmp_path):
    (tmp_path / "wiki.train.tokens").write_text(" = A = \n" + "b " * 600)
    (tmp_path / "test.txt").write_text("c " * 600)
    found = text.read_wikitext(tmp_path)
    assert list(found) == ["train", "test"]
    assert found["train"].startswith(" = A = \n")


def test_a_folder_without_wikitext_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must hold one of train\.txt"):
        text.read_wikitext(tmp_path)


@pytest.mark.skipif(not WIKITEXT.is_dir(), reason="WikiText-2 is not here")
def test_the_real_wikitext_becomes_blocks_of_known_tokens():
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


def test_special_tokens_have_the_ids_of_opt(tokenizer):
    names = ("<s>", "<pad>", "</s>", "<unk>")
    assert [tokenizer.token_to_id(each) for each in names] == [0, 1, 2, 3]
    assert tokenizer.get_vocab_size() == 400


@pytest.mark.parametrize(
    "any_text",
    ["", "x", " two  spaces\n\n", "naïve “日本” 🦘", "<s></s><unk><pad>"],
)
def test_every_text_comes_back_and_holds_no_special_token(tokenizer, any_text):
    tokens = tokenizer.encode(any_text).ids
    assert tokenizer.decode(tokens) == any_text
    assert all(token > 3 for token in tokens)


def test_pairs_shorten_a_text(manual, tokenizer):
    letters = text.train_tokenizer(manual, 260)
    few = text.blocks(manual, tokenizer, 1).size
    many = text.blocks(manual, letters, 1).size
    assert many == len(manual.encode())
    assert few < 0.7 * many


def test_training_twice_gives_the_same_vocabulary(manual, tokenizer):
    again = text.train_tokenizer(manual, 400)
    assert again.get_vocab() == tokenizer.get_vocab()


def test_blocks_are_the_text_in_order(manual, tokenizer):
    rows = text.blocks(manual, tokenizer)
    assert rows.shape[1] == 64
    assert text.blocks(manual, tokenizer, 7).shape[1] == 7
    again = tokenizer.decode(rows.ravel().tolist())
    assert manual.startswith(again.rstrip("\ufffd"))
    assert len(manual) - len(again) < 64 * 20


def test_blocks_hold_no_token_that_a_tokenizer_would_put_around_a_text(
    manual, tokenizer
):
    around = Tokenizer.from_str(tokenizer.to_str())
    around.post_processor = TemplateProcessing(
        single="</s> $A", special_tokens=[("</s>", 2)]
    )
    assert around.encode("a").ids[0] == 2
    expected = text.blocks(manual, tokenizer)
    assert np.array_equal(text.blocks(manual, around), expected)


def test_the_end_is_held_out():
    rows = np.arange(40).reshape(20, 2)
    training, test = text.split(rows)
    assert np.array_equal(np.concatenate([training, test]), rows)
    assert len(test) == 2
    assert [len(part) for part in text.split(rows[:2])] == [1, 1]


def test_a_tokenizer_is_read_from_either_kind_of_folder(manual, tokenizer, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    tokenizer.save(str(one / "tokenizer.json"))
    tokenizer.model.save(str(two))
    expected = text.blocks(manual, tokenizer)
    for folder in (one, two):
        found = text.blocks(manual, text.read_tokenizer(folder))
        assert np.array_equal(found, expected)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path):
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
    ],
)
def test_bad_arguments(tokenizer, ask, message):
    with pytest.raises(ValueError, match=message):
        ask(tokenizer)
