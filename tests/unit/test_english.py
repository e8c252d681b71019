"""The experiment in English, on little texts that are made for tests.

That chains are stopped and go on, what they read, and what is measured on them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from collapse.corpus.books import list_topics
from collapse.corpus.text import read_tokenizer
from collapse.corpus.words import words
from collapse.experiments import _english, _resumable, english
from collapse.experiments._english import (
    HELD_OUT,
    LENGTH,
    cut,
    pretrained,
    read_library,
    spread_out,
)
from collapse.experiments.english import TINY, checkpoint, original_set
from collapse.opt import (
    OPT,
    LanguageModel,
    OPTConfig,
    Training,
    generate,
    load_opt,
)
from collapse.sweep.runner import compute_cell

SMALL = TINY.with_grid(writing="temperature 1", generations=2)


@pytest.fixture(scope="module")
def library():
    return read_library(None, 300)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A folder with the network that has read the little books, and one chain's end."""
    folder = tmp_path_factory.mktemp("networks")
    return folder, compute_cell(SMALL.with_grid(folder=str(folder)))


@pytest.fixture
def folder(first, tmp_path):
    """A copy of that folder, without what the chain has left."""
    for path in first[0].iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path / path.name)
    return tmp_path


class TestLibrary:
    def test_whole_books_are_held_out_of_each_topic(self, library):
        assert list(library.training) == list(library.held_out) == list(HELD_OUT)
        assert list(HELD_OUT) == list(list_topics())
        for topic, numbers in HELD_OUT.items():
            assert not {book.id for book in library.training[topic]} & set(numbers)
            assert {book.id for book in library.held_out[topic]} <= set(numbers)

    def test_no_block_reaches_into_another_book(self):
        books = {"one": np.arange(7), "other": np.arange(10, 14)}
        assert cut(books, 3).tolist() == [[0, 1, 2], [3, 4, 5], [10, 11, 12]]

    def test_rows_are_spread_out_from_the_first_to_the_last(self):
        assert spread_out(np.arange(11), 3).tolist() == [0, 5, 10]

    def test_the_running_text_is_that_of_the_books_that_may_be_read(self, library):
        text = library.running_text()
        assert (text == -1).sum() == len(HELD_OUT)
        first, *_ = library.training["architecture"].values()
        assert np.array_equal(text[: len(first)], first)

    def test_all_words_are_those_of_held_out_books_as_well(self, library):
        assert {"tower", "hare", "signal", "by"} < library.all_words()

    def test_the_real_blocks_are_of_unequal_topics(self, library):
        rows = original_set(library, 80)
        topics = library.learn_subjects().predict(library.words(rows))
        assert np.bincount(topics).tolist() == [32, 16, 10, 8, 6, 4, 3, 1]


class TestFirstNetwork:
    shape = OPTConfig(300, width=16, layers=1, heads=2, positions=2 * LENGTH)
    training = Training(steps=4, batch_size=2)

    def test_it_is_learnt_once_and_its_course_is_kept(self, library, tmp_path):
        said = []
        network, losses = pretrained(
            library, self.shape, self.training, tmp_path, said.append
        )
        again, same = pretrained(
            library, self.shape, self.training, tmp_path, said.append
        )
        assert losses == same
        assert torch.equal(network.tokens.weight, again.tokens.weight)
        assert len(said) == 1
        (course,) = tmp_path.glob("*.tsv")
        names, row = (line.split("\t") for line in course.read_text().splitlines())
        assert names == ["step", "seconds", *list_topics()]
        rows = spread_out(cut(library.held_out["music"], 128), _english.EXAMINED)
        found = _english.perplexity(network, torch.from_numpy(rows))
        assert float(row[names.index("music")]) == pytest.approx(found, abs=0.06)

    def test_other_settings_have_other_files(self, library, tmp_path):
        for steps in (2, 3):
            pretrained(library, self.shape, Training(steps=steps), tmp_path)
        assert len(list(tmp_path.glob("*.state"))) == 2


class TestChain:
    class StopError(Exception):
        """What stops it."""

    def equal(self, found, expected):
        assert list(found) == list(expected)
        for name, array in expected.items():
            assert np.array_equal(found[name], array), name

    @pytest.mark.parametrize(
        ("function", "calls"),
        [("train", 1), ("train", 2), ("continue_each", 1), ("generate", 5)],
    )
    def test_it_goes_on_where_it_was_stopped(
        self, first, folder, monkeypatch, function, calls
    ):
        made, real = [], getattr(_resumable, function)

        def stop(*arguments, **options):
            if len(made) == calls:
                raise self.StopError
            made.append(1)
            return real(*arguments, **options)

        monkeypatch.setattr(_resumable, function, stop)
        cell = SMALL.with_grid(folder=str(folder))
        with pytest.raises(self.StopError):
            compute_cell(cell)
        monkeypatch.undo()
        self.equal(compute_cell(cell), first[1])

    def test_it_reads_and_writes_nothing_twice(self, first, folder, monkeypatch):
        """What was found before the last generation is found again, not made."""
        kept = []
        monkeypatch.setattr(english.shutil, "rmtree", kept.append)
        cell = SMALL.with_grid(folder=str(folder))
        compute_cell(cell)
        monkeypatch.setattr(_resumable, "generate", None)
        self.equal(compute_cell(cell), first[1])
        assert len(set(kept)) == 1
        assert Path(kept[0]).is_dir()

    def test_it_leaves_no_files_but_its_networks(self, first):
        folders = {path.name for path in first[0].iterdir() if path.is_dir()}
        assert folders == {
            f"beams-1-temperature-1-real-0.1-generation-{generation}"
            for generation in (0, 2)
        }

    def test_the_networks_it_leaves_write_what_it_wrote(self, first):
        """The half of each number that is left writes nearly the same words."""
        folder, found = first
        cell = english.WRITINGS["temperature 1"]
        for generation in (0, 2):
            place = checkpoint(folder, cell, 0.1, generation)
            tokenizer = read_tokenizer(place)
            desk = english._desk(None, 300)
            rows = generate(
                load_opt(place),
                desk.towers,
                new_tokens=LENGTH,
                forbidden=[0, 1, 2, 3],
                generator=torch.Generator().manual_seed(english.SEED),
            ).numpy()
            shown = spread_out(rows, english.SHOWN)
            texts = tokenizer.decode_batch(shown.tolist())
            same = np.mean(np.array(texts) == found["texts"][generation])
            assert same > 0.6, (texts, found["texts"][generation])

    def test_all_settings_of_a_chain_begin_with_one_network(self, first, folder):
        cell = SMALL.with_grid(folder=str(folder), generations=1)
        other = compute_cell(cell.with_grid(writing="free writing", real_fraction=0.5))
        for name in ("real_perplexity", "loss"):
            assert np.array_equal(other[name][0], first[1][name][0])
            assert not np.array_equal(other[name][1], first[1][name][1])
        chain = compute_cell(cell.with_grid(chain=1))
        assert not np.array_equal(chain["loss"][0], first[1]["loss"][0])

    def test_what_begins_with_the_one_before_learns_more(self, folder):
        cell = SMALL.with_grid(folder=str(folder), real_fraction=1, rate=1e-2)
        anew, on = (
            compute_cell(cell.with_grid(start=start))["real_perplexity"].mean(1)
            for start in ("pretrained", "previous")
        )
        assert anew[0] == on[0]
        assert on[2] < 0.9 * anew[2]
        assert abs(anew[2] / anew[0] - 1) < 0.05

    def test_what_reads_real_text_only_reads_the_first_set(self, folder, monkeypatch):
        read = []
        real = _resumable.train

        def look(network, blocks, *arguments, **options):
            read.append(blocks.numpy())
            return real(network, blocks, *arguments, **options)

        monkeypatch.setattr(_resumable, "train", look)
        compute_cell(SMALL.with_grid(folder=str(folder), real_fraction=1))
        expected = original_set(english._desk(None, 300).library, 16)
        for rows in read:
            assert sorted(rows.tolist()) == sorted(expected.tolist())
        assert len(read) == 3

    def test_each_real_block_is_a_prompt_once(self, folder, monkeypatch):
        asked = []
        real = _resumable.continue_each

        def look(trained, prompts, seed):
            asked.append(prompts.numpy())
            return real(trained, prompts, seed)

        monkeypatch.setattr(_resumable, "continue_each", look)
        monkeypatch.setattr(_resumable, "_AT_ONCE", 10)
        cell = SMALL.with_grid(folder=str(folder), generations=1, real_blocks=40)
        compute_cell(cell.with_grid(real_fraction=0))
        expected = original_set(english._desk(None, 300).library, 40)
        found = np.concatenate(asked)
        first = found[: len(expected)]
        assert sorted(first.tolist()) == sorted(expected.tolist())

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"start": "nothing"}, "start must be"),
            ({"chain": -1}, "chain must be"),
            ({"real_blocks": 3}, "real_blocks must be"),
            ({"epochs": 0}, "epochs must be"),
            ({"books": "books", "books_sha256": "0"}, "books_sha256 must be"),
            ({"books": "nowhere"}, "98 missing"),
        ],
    )
    def test_bad_arguments(self, change, message, tmp_path):
        with pytest.raises(ValueError, match=message):
            compute_cell(SMALL.with_grid(folder=str(tmp_path), **change))


class TestMeasures:
    def test_prompts_are_the_beginnings_of_held_out_paragraphs_on_towers(self, library):
        desk = english._desk(None, 300)
        texts = library.words(desk.towers)
        (book,) = library.held_out["architecture"].values()
        paragraphs = library.tokenizer.decode(book.tolist()).split("\n")
        assert all(not english.TOWERS.isdisjoint(words(text)) for text in texts)
        # Each of twenty paragraphs has eight sentences on two things of four.
        assert len(set(texts)) > 10
        assert all(any(each.startswith(text) for each in paragraphs) for text in texts)

    def test_what_is_measured_agrees_with_itself(self, first):
        found = first[1]
        for name in ("topics", "towers"):
            np.testing.assert_allclose(found[name].sum(1), 1, atol=1e-6)
        texts = found["tower_tokens"][1]
        desk = english._desk(None, 300)
        topics = desk.topics(desk.library.words(texts))
        assert np.array_equal(found["tower_topics"][1], topics)
        counted = [np.bincount(row, minlength=8) for row in found["tower_topics"]]
        np.testing.assert_allclose(
            found["towers"], np.array(counted) / english.PROMPTED, atol=1e-6
        )
        assert (found["perplexities"].sum(1) == found["quoted"].shape[1]).all()
        assert found["texts"].shape == (3, english.SHOWN)

    def test_the_first_blocks_are_the_same_however_many_are_asked_for(self, tmp_path):
        desk = english._desk(None, 300)
        prompts = spread_out(desk.towers, 128)
        shape = OPTConfig(300, width=16, layers=1, heads=2, positions=2 * LENGTH)
        training = Training(steps=1, batch_size=2)
        network = OPT(shape, torch.Generator().manual_seed(0))
        model = LanguageModel(network, training, prompts=prompts)
        texts = []
        for asked in ([5, 70], [128]):
            place = tmp_path / str(asked)
            family = _resumable.ResumableFamily(model, False, place)
            fitted = family.fit(prompts[:4], np.random.default_rng(1))
            texts.append([fitted.written(n) for n in asked][-1])
        assert texts[0].shape == (70, LENGTH)
        assert np.array_equal(texts[0], texts[1][:70])
        assert (texts[1] > 3).all()
        with pytest.raises(ValueError, match="at most the number of prompts, 128"):
            fitted.written(129)
