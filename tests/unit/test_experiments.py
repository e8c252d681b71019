"""Every result that ships is whole, current, and what its code computes today."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import t

from collapse import measures
from collapse.corpus.encyclopaedia import ARCHITECTURE, encyclopaedia
from collapse.corpus.grammar import END, PAD, UNKNOWN, expand
from collapse.corpus.text import train_tokenizer
from collapse.corpus.words import read_classifier
from collapse.digits import load_mnist
from collapse.experiments import __main__ as command
from collapse.experiments import (
    _encyclopaedia,
    encyclopaedia_errors,
    encyclopaedia_mixing,
    english,
    mnist,
    paper_mixture,
    real_text,
)
from collapse.experiments._english_networks import ORIGIN
from collapse.opt import (
    OPT,
    Decoding,
    OPTConfig,
    TrainedLanguageModel,
    Training,
    generate,
    load_opt,
    save_opt,
)
from collapse.recursion import recurse
from collapse.sweep import UnusableResultError, load, run, save
from collapse.sweep.files import DATA, read
from collapse.sweep.provenance import grid_of, write_provenance
from collapse.sweep.runner import compute_cell

SWEEPS = command.all_sweeps()


@pytest.fixture(params=SWEEPS)
def experiment(request):
    """The module of one experiment after the other."""
    return import_module(f"collapse.experiments.{request.param}")


@pytest.mark.shipped
@pytest.mark.parametrize("experiment", SWEEPS, indirect=True)
class TestShipped:
    def test_the_sweep_is_named_after_its_module(self, experiment):
        assert experiment.__name__ == f"collapse.experiments.{experiment.SWEEP.name}"

    def test_the_file_is_whole_and_the_code_that_made_it_has_not_changed(
        self, experiment
    ):
        load(experiment.SWEEP.name)

    def test_the_file_holds_the_whole_grid(self, experiment):
        sweep, result = experiment.SWEEP, load(experiment.SWEEP.name)
        assert dict(result.axes) == sweep.axes
        assert result.provenance["grid"] == grid_of(sweep)
        assert result.provenance["seed"] == sweep.seed

    @pytest.mark.parametrize(
        ("field", "value"), [("seed", 1), ("repetitions", 3), ("grid", {"new": (1, 2)})]
    )
    def test_a_result_of_another_sweep_is_refused(
        self, experiment, field, value, monkeypatch
    ):
        declared = vars(experiment.SWEEP)
        if field == "grid":
            value = declared["grid"] | value
        other = SimpleNamespace(**{**declared, field: value})
        monkeypatch.setattr(experiment, "SWEEP", other)
        with pytest.raises(UnusableResultError, match=f"sweep's {field} changed"):
            load(experiment.__name__.rpartition(".")[2])

    @pytest.mark.slow
    @pytest.mark.training
    @pytest.mark.rehearsal
    @pytest.mark.xdist_group("cheap cells")  # two of them share their first networks
    def test_a_cheap_cell_computed_again_gives_the_shipped_numbers(self, experiment):
        if experiment is mnist and not Path("mnist").is_dir():
            pytest.skip("MNIST's files are not in the folder mnist")
        if experiment is english and not (
            Path("books").is_dir() and torch.cuda.is_available()
        ):
            pytest.skip("the books are not in the folder books, or there is no GPU")
        result = load(experiment.SWEEP.name)
        again = compute_cell(experiment.SWEEP, **experiment.CHEAP)
        assert list(again) == list(result)
        compared = sum(len(got) for got in again.values() if is_measured(got))
        cell = {axis: experiment.CHEAP[axis] for axis in list(result.axes)[:-1]}
        for name, array in again.items():
            shipped = result.select(name, repetition=0, **cell)
            # Words take as much room as the longest one of the whole grid.
            same = array.dtype.kind == "U" == shipped.dtype.kind
            assert same or array.dtype == shipped.dtype
            if experiment.TOLERANCE is None:
                # A false alarm in a thousand runs of this test for all experiments.
                have_one_law(name, array, shipped, 1e-3 / len(SWEEPS) / compared)
            else:
                agree(name, array, shipped, experiment.TOLERANCE)


def agree(name: str, got: np.ndarray, shipped: np.ndarray, tolerance: float) -> None:
    """Check that two arrays differ by rounding only, in a share of their size."""
    if got.dtype.kind not in "fc":
        assert np.array_equal(got, shipped), f"{name} differs"
        return
    # A number kept in few digits may be rounded to the next one.
    share = max(tolerance, 2 * float(np.finfo(got.dtype).eps))
    size = float(np.median(np.abs(shipped.astype(float))))
    np.testing.assert_allclose(
        got.astype(float), shipped.astype(float), share, share * size, err_msg=name
    )


def is_measured(got: np.ndarray) -> bool:
    """Return whether an array holds a number for each generation and chain."""
    return got.ndim == 2 and got.dtype.kind == "f"


def have_one_law(
    name: str, got: np.ndarray, shipped: np.ndarray, false_alarm: float
) -> None:
    """Check that chains differ no more from the shipped ones than those do.

    For what is chaotic: shape (generations + 1, chains), of which the first few
    generations are computed again. Images and the like are not compared.
    """
    shipped = shipped[: len(got)]
    if not is_measured(got):
        assert got.shape == shipped.shape, name
        return
    chains = got.shape[1]
    spread = np.maximum(got.var(axis=1, ddof=1), shipped.var(axis=1, ddof=1))
    # Means over a few chains each.
    errors = t.isf(false_alarm / 2, 2 * (chains - 1))
    allowed = errors * np.sqrt(2 * spread / chains) + 1e-6
    difference = np.abs(got.mean(axis=1) - shipped.mean(axis=1))
    assert (difference <= allowed).all(), f"{name}: {difference} > {allowed}"


def noise_for_mnist(folder: Path) -> Path:
    """Write MNIST's four files, of noise."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for part, count in (("train", 50), ("t10k", 10)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
            head = bytes([0, 0, 8, array.ndim]) + sizes
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    return folder


class TestMNIST:
    @pytest.fixture
    def folder(self, tmp_path):
        return str(noise_for_mnist(tmp_path / "mnist"))

    @pytest.mark.training
    def test_it_keeps_what_models_drew_and_no_real_image(self, folder):
        found = compute_cell(mnist.TINY.with_grid(folder=folder))
        assert found["images"].shape == (2, 40, 784)
        real = {image.tobytes() for image in load_mnist(folder).train_images}
        drawn = (found["images"].reshape(-1, 784) / np.float32(255)).astype(np.float32)
        assert not real & {image.tobytes() for image in drawn}
        # Noise is fitted to; what hardly trained networks draw is grey.
        noise = 784 * (256**2 - 1) / 12 / 255**2
        np.testing.assert_allclose(found["fitted_variance"][0], noise, rtol=0.1)
        assert found["pixel_variance"].max() < 0.3 * noise

    def test_without_the_files_it_says_what_is_missing(self, tmp_path):
        nowhere = mnist.TINY.with_grid(folder=str(tmp_path / "nowhere"))
        with pytest.raises(ValueError, match=r"MNIST's four files.*download=True"):
            compute_cell(nowhere)


@pytest.mark.slow
@pytest.mark.training
class TestTiny:
    @pytest.mark.rehearsal
    def test_a_small_run_of_the_same_code_saves_and_loads(self, experiment, tmp_path):
        tiny = experiment.TINY
        if experiment is english:
            tiny = tiny.with_grid(folder=str(tmp_path / "networks"))
        if experiment is mnist:
            tiny = tiny.with_grid(folder=str(noise_for_mnist(tmp_path / "mnist")))
        made = run(tiny, folder=tmp_path / "cells", progress=False)
        save(made, tmp_path)
        loaded = load(experiment.SWEEP.name, tmp_path)
        assert list(loaded) == list(made)
        for name in made:
            assert np.array_equal(loaded[name], made[name])

    def test_it_differs_from_the_real_run_only_in_its_grid(self, experiment):
        tiny, sweep = experiment.TINY, experiment.SWEEP
        assert (tiny.name, tiny.task, tiny.seed) == (sweep.name, sweep.task, sweep.seed)
        assert list(tiny.grid) == list(sweep.grid)

    def test_the_cheap_cell_is_one_of_the_grid(self, experiment):
        axes = {**experiment.SWEEP.axes}
        del axes["repetition"]
        assert set(axes) <= set(experiment.CHEAP)
        assert all(experiment.CHEAP[name] in values for name, values in axes.items())
        # What else is changed, such as fewer generations, only shortens a history.
        assert set(experiment.CHEAP) - set(axes) <= {"generations"}


@pytest.mark.slow
class TestCommand:
    @pytest.fixture
    def small(self, monkeypatch, tmp_path):
        """The command, with tiny sweeps and folders of its own."""
        tiny = {"paper_mixture": paper_mixture.TINY.with_grid(generations=5)}
        monkeypatch.setattr(command, "all_sweeps", lambda: tiny)
        # A result that ships is compared with the sweep that its module declares.
        monkeypatch.setattr(paper_mixture, "SWEEP", tiny["paper_mixture"])
        monkeypatch.setattr("collapse.sweep.files.DATA", tmp_path / "data")
        monkeypatch.setattr("collapse.sweep.runner.CELLS", tmp_path / "cells")
        monkeypatch.setattr(command, "CELLS", tmp_path / "cells")
        return tmp_path / "data"

    def test_it_makes_what_is_missing_and_leaves_what_is_current(self, small, capsys):
        npz = small / "paper_mixture.npz"
        assert command.main(["--jobs", "1"]) == 0
        assert "is missing" in capsys.readouterr().out
        first = npz.read_bytes()
        npz.with_suffix(".json").touch()
        before = npz.stat().st_mtime_ns
        assert command.main([]) == 0
        assert "paper_mixture: is current; 16 cells" in capsys.readouterr().out
        assert npz.stat().st_mtime_ns == before
        assert command.main(["paper_mixture", "--force", "--jobs", "1"]) == 0
        assert npz.stat().st_mtime_ns > before
        assert npz.read_bytes() == first

    def test_a_damaged_file_is_made_again(self, small, capsys):
        command.main(["--jobs", "1"])
        npz = small / "paper_mixture.npz"
        whole = npz.read_bytes()
        npz.write_bytes(whole[:100])
        command.main(["--jobs", "1"])
        assert "is damaged" in capsys.readouterr().out
        assert npz.read_bytes() == whole

    def test_a_file_of_another_grid_is_made_again(self, small, monkeypatch, capsys):
        command.main(["--jobs", "1"])
        more = {"paper_mixture": paper_mixture.TINY.with_grid(generations=6)}
        monkeypatch.setattr(command, "all_sweeps", lambda: more)
        monkeypatch.setattr(paper_mixture, "SWEEP", more["paper_mixture"])
        capsys.readouterr()
        command.main(["--jobs", "1"])
        assert "the sweep's grid changed" in capsys.readouterr().out
        assert load("paper_mixture").provenance["grid"]["generations"] == 6

    def test_a_list_makes_nothing(self, small, capsys):
        assert command.main(["--list"]) == 0
        assert "paper_mixture: 16 cells" in capsys.readouterr().out
        assert not small.exists()

    def test_a_list_tells_of_other_versions(self, small, capsys):
        command.main(["--jobs", "1"])
        path = small / "paper_mixture.json"
        provenance = json.loads(path.read_text(encoding="utf-8"))
        provenance["versions"] |= {"numpy": "1.0"}
        write_provenance(path, provenance)
        capsys.readouterr()
        assert command.main(["--list"]) == 0
        expected = f"made under numpy 1.0 (here {np.__version__})"
        assert expected in capsys.readouterr().out

    def test_one_more_size_is_computed_beside_those_that_there_are(
        self, small, tmp_path, monkeypatch
    ):
        command.main(["--jobs", "1"])
        before = load("paper_mixture")
        shutil.rmtree(tmp_path / "cells")
        more = paper_mixture.TINY.with_grid(sample_size=[250, 200, 300], generations=5)
        monkeypatch.setattr(command, "all_sweeps", lambda: {"paper_mixture": more})
        monkeypatch.setattr(paper_mixture, "SWEEP", more)
        command.main(["--jobs", "1"])
        after = load("paper_mixture")
        assert after.provenance["resumed_cells"] == 16
        assert len(list((tmp_path / "cells" / "paper_mixture").iterdir())) == 8
        for name in before:
            assert np.array_equal(after[name][1:], before[name])

    def test_an_unknown_name_is_refused(self, small, capsys):
        with pytest.raises(SystemExit):
            command.main(["paper_mixtures"])
        assert "no experiment 'paper_mixtures'" in capsys.readouterr().err

    def test_other_parameters_leave_the_books_result_alone(
        self, small, tmp_path, capsys
    ):
        changes = ["--set", "generations=40", "sample_size=[150,250]"]
        assert command.main(["paper_mixture", "--jobs", "1", *changes]) == 0
        assert not small.exists()
        made = load("paper_mixture", tmp_path / "results")
        assert made.provenance["grid"] == {"sample_size": [150, 250], "generations": 40}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["paper_mixture", "--set", "width=3"], "grid must be changed in one of"),
            (["paper_mixture", "--set", "width"], "'width' is not PARAMETER=VALUE"),
            (["--set", "generations=3"], "--set needs the name of one experiment"),
        ],
    )
    def test_wrong_parameters_are_refused(self, small, arguments, message, capsys):
        with pytest.raises(SystemExit):
            command.main(arguments)
        assert message in capsys.readouterr().err

    @pytest.mark.slow
    def test_make_data_lists_what_ships(self, root: Path):
        # Without an environment to build: the one that runs this test.
        listed = subprocess.run(
            [sys.executable, "-m", "collapse.experiments", "--list"],
            env=os.environ | {"PYTHONPATH": "book"},
            cwd=root,
            capture_output=True,
            text=True,
        )
        assert listed.returncode == 0, listed.stderr
        assert [line.split(":")[0] for line in listed.stdout.splitlines()] == [*SWEEPS]
        recipe = (root / "Makefile").read_text(encoding="utf-8")
        assert "PYTHONPATH=book $(PY) -m collapse.experiments" in recipe


class TestPaperMixture:
    def test_it_is_the_papers_experiment(self):
        sweep = paper_mixture.SWEEP
        assert sweep.axes["sample_size"] == (500, 1000, 10_000, 50_000, 200_000)
        assert sweep.grid["generations"] == 2000
        assert paper_mixture.SNAPSHOTS == (0, 50, 100, 150, 200, 350, 2000)

    def test_distances_are_measured_at_all_scales_and_at_every_snapshot(self):
        ages = paper_mixture.measured(2000)
        assert 140 <= len(ages) <= 160
        assert set(paper_mixture.SNAPSHOTS) <= set(ages.tolist())
        assert np.all(np.diff(ages) > 0)
        assert (ages[0], ages[-1]) == (0, 2000)
        # Refits n to n + 1 at first, later never more than four per cent apart.
        refits = ages + 1
        assert np.all(np.diff(refits) <= np.maximum(1, 0.04 * refits[:-1] + 1))

    def test_the_history_is_the_one_of_the_loop(self):
        from collapse.measures import mixture_l2_distance
        from collapse.mixture import GaussianMixture
        from collapse.recursion import recurse

        got = paper_mixture.history(200, 60, np.random.default_rng(3))
        plain = recurse(
            GaussianMixture(2, dimension=2),
            paper_mixture.TRUTH,
            generations=60,
            sample_size=200,
            rng=np.random.default_rng(3),
            keep_models=True,
            keep_data=True,
        )
        truth = paper_mixture.TRUTH
        model, data = plain.models[50], plain.data[50]
        assert np.array_equal(got["means"][1], model.means[0])
        assert np.array_equal(got["weights"][1], model.weights[0])
        assert np.array_equal(got["covariances"][1], model.covariances[0])
        np.testing.assert_allclose(got["points"][1], data[0, :150], 1e-3, 1e-3)
        expected = mixture_l2_distance(
            model.weights[0],
            model.means[0],
            model.covariances[0],
            truth.weights,
            truth.means,
            truth.covariances,
        )
        at = got["generations"].tolist().index(50)
        assert got["l2"][at] == pytest.approx(expected, rel=1e-6)


def test_what_ships_is_small_and_nothing_else_lies_beside_it() -> None:
    # The largest holds every text begun in a church, so that they can be counted again.
    allowed = {f"{name}.{kind}" for name in SWEEPS for kind in ("npz", "json")}
    files = [path for path in DATA.iterdir() if path.is_file()]
    sizes = {path.name: path.stat().st_size for path in files}
    assert sizes.keys() == allowed
    assert max(sizes.values()) < 4_000_000, f"too large for a repository: {sizes}"
    for path in DATA.glob("*.json"):
        provenance = json.loads(path.read_text(encoding="utf-8"))
        absolute = re.compile(r'"(/|~|\w:)')
        assert not absolute.search(json.dumps(provenance)), f"{path.name} names a path"


class TestShippedNetworks:
    """What readers get to write with, beside the results."""

    def test_it_is_what_its_file_of_origin_says(self) -> None:
        folder = DATA / "english"
        assert [path for path in DATA.iterdir() if path.is_dir()] == [folder]
        files = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes())
            for path in folder.rglob("*")
            if path.is_file() and path.name != ORIGIN
        }
        origin = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
        found = {name: digest.hexdigest() for name, digest in files.items()}
        assert found == origin["sha256"]
        result = load("english")
        assert origin["commit"] == result.provenance["commit"]
        assert origin["versions"] == result.provenance["versions"]
        losses = result["first_losses"].reshape(-1, 50)[0]
        assert origin["first_training"]["loss"] == pytest.approx(losses[-1], abs=1e-4)

    def test_a_reader_does_not_wait_long_for_it(self) -> None:
        sizes = [p.stat().st_size for p in DATA.rglob("*") if p.is_file()]
        assert sum(sizes) < 40e6, "with the other 4 MB, the repository stays below 45"

    def test_what_a_small_history_leaves_is_put_together(
        self, tmp_path, monkeypatch
    ) -> None:
        monkeypatch.setattr(english, "KEPT", (0,))
        tiny = english.TINY.with_grid(
            writing="beam search",
            real_fraction=0,
            folder=str(tmp_path / "networks"),
        )
        made = run(tiny, folder=tmp_path / "cells", progress=False, n_jobs=1)
        save(made, tmp_path)
        result = read("english", tmp_path)
        assert english.hand_out(result, tmp_path / "shipped")
        # Another time the networks of an older, longer history go.
        (tmp_path / "shipped" / "generation-9").mkdir()
        assert english.hand_out(result, tmp_path / "shipped")
        subjects = english._desk(None, 300).subjects
        names = {
            path.relative_to(tmp_path / "shipped").as_posix()
            for path in (tmp_path / "shipped").rglob("*")
            if path.is_file()
        }
        origin = json.loads((tmp_path / "shipped" / ORIGIN).read_text())
        assert names - {ORIGIN} == origin["sha256"].keys()
        assert len(names) == 2 * 2 + 3
        read_back = read_classifier(tmp_path / "shipped" / "subjects.npz")
        assert read_back.topics == subjects.topics
        assert list(read_back.vocabulary) == list(subjects.vocabulary)
        np.testing.assert_allclose(
            read_back.log_probabilities, subjects.log_probabilities, rtol=1e-3
        )
        for generation in (0, 1):
            load_opt(tmp_path / "shipped" / f"generation-{generation}")

    def test_what_was_made_elsewhere_is_not_replaced(
        self, tmp_path, monkeypatch
    ) -> None:
        monkeypatch.chdir(tmp_path)  # where no history left a network
        assert not english.hand_out(load("english"), tmp_path / "shipped")
        assert not (tmp_path / "shipped").exists()


@pytest.fixture
def keep(monkeypatch):
    """A function: let an experiment's loop keep its models and data, in a list."""

    def listen(module):
        kept = []

        def keeping(*arguments, **options):
            kept.append(
                recurse(*arguments, keep_models=True, keep_data=True, **options)
            )
            return kept[-1]

        monkeypatch.setattr(module, "recurse", keeping)
        return kept

    return listen


@pytest.mark.slow
@pytest.mark.training
class TestEncyclopaediaHistory:
    """Models that have hardly learned, so that no generation is like another."""

    LOOKED_AT, PROMPTED = 60, 25

    @pytest.fixture(autouse=True)
    def look_at_few(self, monkeypatch):
        """To write 500 texts, and read them, takes longer than all that is trained."""
        monkeypatch.setattr(_encyclopaedia, "LOOKED_AT", self.LOOKED_AT)
        monkeypatch.setattr(_encyclopaedia, "PROMPTED", self.PROMPTED)

    @staticmethod
    def history(**changes):
        usual = {"documents": 40, "training": Training(steps=6, learning_rate=0.02)}
        return _encyclopaedia.encyclopaedia_history(
            _encyclopaedia.Setting(**(usual | changes)),
            generations=2,
            first_steps=8,
            chains=2,
            rng=np.random.default_rng(7),
        )

    def test_who_reads_what(self, keep):
        """Its own texts are read by who wrote them, the histogram by generation 0."""
        kept = keep(_encyclopaedia)
        made = self.history()
        models, edges = kept[0].models, _encyclopaedia.PERPLEXITIES
        seed = int(np.random.default_rng(7).integers(2**32))
        for age, model in enumerate(models):
            written = model.sample(self.LOOKED_AT, np.random.default_rng(seed))
            own, first = model.perplexity(written), models[0].perplexity(written)
            np.testing.assert_allclose(made["own_perplexity"][age], own, rtol=1e-5)
            if age:
                assert (np.abs(own / first - 1) > 0.01).all()
            expected = measures.histogram(models[0].block_perplexity(written), edges)
            assert np.array_equal(made["perplexities"][age], expected)
            real = encyclopaedia().sample(self.LOOKED_AT, np.random.default_rng(seed))
            expected = model.perplexity(real[:, 1:])
            np.testing.assert_allclose(made["real_perplexity"][age], expected, 1e-5)

    @pytest.mark.parametrize("loop", [True, False])
    def test_without_the_loop_all_read_what_generation_0_writes(
        self, keep, monkeypatch, loop
    ):
        kept, heard, sample = keep(_encyclopaedia), [], TrainedLanguageModel.sample

        def hear(model, n, rng):
            heard.append((model, sample(model, n, rng)))
            return heard[-1][1]

        monkeypatch.setattr(TrainedLanguageModel, "sample", hear)
        self.history(loop=loop)
        (history,) = kept
        for age in (1, 2):
            read = history.data[age]
            (writer,) = [who for who, written in heard if np.array_equal(written, read)]
            assert writer is history.models[age - 1 if loop else 0]
        assert encyclopaedia().is_grammatical(history.data[0]).all()

    def test_drift_is_judged_by_the_last_sentence(self, monkeypatch):
        """Of all texts whose first sentence is real and about architecture."""
        complete, completed = _encyclopaedia.complete, []

        def keeping(*arguments):
            completed.append(complete(*arguments))
            return completed[-1]

        monkeypatch.setattr(_encyclopaedia, "complete", keeping)
        made, grammar = self.history(), encyclopaedia()
        asked = [texts for texts in completed if texts.shape[1] == self.PROMPTED]
        assert len(asked) == 3
        for age, chains in enumerate(asked):
            for chain, texts in enumerate(chains):
                parsed = [grammar.parse(text).sentences for text in texts]
                assert {each[0].topic for each in parsed} == {ARCHITECTURE}
                assert all(each[0].grammatical for each in parsed)
                last = [each[-1].topic for each in parsed]
                expected = [last.count(topic) for topic in grammar.topics]
                assert made["endings"][age, chain].tolist() == expected
                away = 1 - last.count(ARCHITECTURE) / self.PROMPTED
                assert away > 0
                assert made["drifted"][age, chain] == pytest.approx(away)

    def test_texts_in_view_are_written_as_all_others(self, keep):
        """Each prompt continued alone, by each chain, is what is kept."""
        kept = keep(_encyclopaedia)
        decoding, grammar = Decoding(beams=2), encyclopaedia()
        made = self.history(decoding=decoding)
        prompts = [grammar.encode(text) for text in _encyclopaedia.SHOWN]
        room = 96 + 1 - max(map(len, prompts))
        for age, model in enumerate(kept[0].models):
            of_chains = zip(model.networks, made["texts"][age], strict=True)
            for (network, texts), number in product(of_chains, range(len(prompts))):
                prompt, text = prompts[number], texts[number]
                alone = generate(
                    network,
                    prompt[None],
                    new_tokens=min(grammar.length, room),
                    decoding=decoding,
                    end_token=END,
                    forbidden=[PAD],
                )
                whole = np.append(prompt, alone[0].numpy())
                assert np.array_equal(text[: len(whole)], whole)
                assert (text[len(whole) :] == PAD).all()

    def test_openings_are_words_of_real_documents(self, keep):
        kept = keep(_encyclopaedia)
        self.history(opening=3)
        self.history()
        grammar = encyclopaedia()
        lines = [line for plan in grammar.plans for line in plan.slots[0]]
        real = {words[:3] for line in lines for words, _ in expand(line.text)}
        for history, opened in zip(kept, (True, False), strict=True):
            for given in history.data[1:]:
                rows = given[..., :3].reshape(-1, 3)
                begun = {tuple(grammar.words[token] for token in row) for row in rows}
                assert (begun <= real) == opened

    def test_documents_are_counted(self):
        """A document, its copy, another one, and one with no right sentence."""
        grammar = encyclopaedia()
        about = {}
        for row in grammar.sample(300, np.random.default_rng(4)):
            about.setdefault(grammar.parse(row).topic, row)
        one, other, third = (about[topic] for topic in ("weather", "rivers", "bread"))
        broken = third.copy()
        words = np.flatnonzero(broken > UNKNOWN)
        full_stop = grammar.encode("Bread .")[-1]
        words = words[broken[words] != full_stop]
        broken[words] = broken[words][::-1]
        found = _encyclopaedia._counted(np.stack([one, one, other, broken])[:, 1:])
        assert list(found) == list(_encyclopaedia.MEASURES[2:-1])
        parsed = [grammar.parse(row) for row in (one, other)]
        readings = [each.readings[0] for text in parsed for each in text.sentences]
        assert not any(each.grammatical for each in grammar.parse(broken).sentences)
        assert found["grammatical"] == 3 / 4
        assert found["topics"] == 2
        assert found["facts"] == len({fact for each in readings for fact in each.facts})
        assert found["constructions"] == len({each.construction for each in readings})
        assert found["different_documents"] == 3 / 4
        rows = [
            row[1:][row[1:] > UNKNOWN].tolist() for row in (one, one, other, broken)
        ]
        assert found["vocabulary"] == len({word for row in rows for word in row})
        pairs = [pair for row in rows for pair in pairwise(row)]
        assert found["distinct_2"] == pytest.approx(len(set(pairs)) / len(pairs))
        # Sentences of the broken text count for the topics that they resemble.
        topics = [
            each.topic
            for row in (one, one, other, broken)
            for each in grammar.parse(row).sentences
        ]
        shares = np.unique(topics, return_counts=True)[1] / len(topics)
        effective = np.exp(-(shares * np.log(shares)).sum())
        assert found["effective_topics"] == pytest.approx(effective)

    @pytest.mark.parametrize("start", ["previous", "first", "nothing"])
    def test_where_each_generation_starts(self, keep, start):
        """Nothing is learned, so that a network shows what it began with."""
        kept = keep(_encyclopaedia)
        still = Training(steps=1, learning_rate=0.0)
        self.history(start=start, training=still, documents=20)
        weights = [
            [network.tokens.weight for network in model.networks]
            for model in kept[0].models
        ]
        for chain in (0, 1):
            begun = _encyclopaedia._first_network(chain, 8).tokens.weight
            for age in (0, 1, 2):
                known = torch.equal(weights[age][chain], begun)
                assert known == (start != "nothing")
        assert not torch.equal(weights[0][0], weights[0][1])
        if start == "nothing":
            assert not torch.equal(weights[0][0], weights[1][0])

    def test_learning_goes_on_or_begins_again(self, keep):
        """From the first weights a few steps lead less far than step upon step."""
        kept = keep(_encyclopaedia)
        step = Training(steps=1, learning_rate=1e-3)
        for start in ("previous", "first"):
            self.history(start=start, training=step)
        for chain in (0, 1):
            begun = _encyclopaedia._first_network(chain, 8).tokens.weight
            further, back = (
                (history.models[2].networks[chain].tokens.weight - begun).abs().max()
                for history in kept
            )
            # Adam moves a weight by about the rate in each step.
            assert further > 2e-3
            assert back < 1.5e-3

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            (encyclopaedia_mixing, "decoding"),
            (encyclopaedia_errors, "setting"),
            (real_text, "decoding"),
        ],
    )
    def test_a_choice_that_there_is_not_is_refused(self, module, name):
        with pytest.raises(ValueError, match=f"{name} must be one of .*got 'tea'"):
            compute_cell(module.TINY, **{name: "tea"})


@pytest.mark.slow
@pytest.mark.training
class TestRealText:
    WORDS = "the mason carves a stone and the stone outlives the mason by far . "

    @pytest.fixture
    def text(self, tmp_path):
        """A file of twelve hundred words."""
        path = tmp_path / "text.txt"
        path.write_text(self.WORDS * 100, encoding="utf-8")
        return str(path)

    def run(self, **changes):
        sweep = real_text.TINY.with_grid(decoding=["beam search"], **changes)
        return run(sweep, resume=False, n_jobs=1, progress=False)

    @staticmethod
    def history(**changes):
        usual = real_text.TINY.grid | {"decoding": Decoding(beams=5)}
        rng = np.random.default_rng(7)
        return real_text.history(**(usual | changes), rng=rng)

    def test_it_is_the_papers_protocol(self):
        sweep = real_text.SWEEP
        assert real_text.LENGTH == 64
        assert real_text.DECODINGS["beam search"].beams == 5
        assert {0, 0.1} <= set(sweep.axes["real_fraction"])

    def test_who_reads_what(self, keep):
        """Its own blocks are read by who wrote them, the histogram by generation 0."""
        kept = keep(real_text)
        made = self.history(decoding=Decoding(), rate=0.02, steps=30)
        first, last = kept[0].models
        corpus = real_text._corpus(None, None, 300)
        held_out = corpus.held_out[: real_text.LOOKED_AT]
        seed = int(np.random.default_rng(7).integers(2**32))
        for age, model in enumerate((first, last)):
            written = model.sample(128, np.random.default_rng(seed))
            for name, blocks in (("own", written), ("real", held_out)):
                got = made[f"{name}_perplexity"][age]
                np.testing.assert_allclose(got, model.perplexity(blocks), rtol=1e-5)
            counts = measures.histogram(
                first.block_perplexity(written), real_text.PERPLEXITIES
            )
            assert np.array_equal(made["perplexities"][age], counts)
            again = measures.repeated_ngrams(written, 4, [PAD])
            np.testing.assert_allclose(made["repeated"][age], again, rtol=1e-6)
            used = [len(np.setdiff1d(blocks, [PAD])) for blocks in written]
            assert made["vocabulary"][age].tolist() == used
        gap = np.log(last.perplexity(held_out) / first.perplexity(held_out))
        assert (np.abs(gap) > 0.01).all(), "nothing was learned between"

    def test_it_is_asked_about_what_no_network_has_read(self, keep):
        kept = keep(real_text)
        self.history()
        corpus = real_text._corpus(None, None, 300)
        training, held_out = (
            {tuple(row) for row in rows.tolist()}
            for rows in (corpus.training, corpus.held_out)
        )
        assert not training & held_out
        assert len(held_out) > real_text.LOOKED_AT
        read = {tuple(row) for chain in kept[0].data[0] for row in chain.tolist()}
        assert read <= training

    def test_any_text_will_do(self, text):
        made = self.run(text=text, training_blocks=None, vocabulary=270)
        assert set("".join(made["prompts"].ravel())) <= set(self.WORDS)

    def test_a_folder_with_splits_keeps_its_own_test_text(self, tmp_path):
        for name, words in (("train", self.WORDS), ("test", "apse nave tower . ")):
            (tmp_path / f"{name}.txt").write_text(words * 100, encoding="utf-8")
        made = self.run(text=str(tmp_path), training_blocks=None, vocabulary=270)
        assert set("".join(made["prompts"].ravel())) <= set("apse nave tower . ")

    def test_a_checkpoint_is_where_generation_0_begins(self, text, tmp_path):
        tokenizer = train_tokenizer(self.WORDS * 100, 270)
        size = tokenizer.get_vocab_size()
        shape = OPTConfig(size, width=16, layers=1, heads=2, positions=128)
        folder = tmp_path / "checkpoint"
        save_opt(OPT(shape, torch.Generator().manual_seed(0)), folder)
        tokenizer.save(str(folder / "tokenizer.json"))
        still = {"rate": 0.0, "text": text, "training_blocks": None}
        made = self.run(checkpoint=str(folder), **still)
        # Nothing is learned, so that all generations are the checkpoint.
        perplexity = made["real_perplexity"][0, 0]
        assert perplexity == pytest.approx(perplexity[0, 0], rel=1e-5)
        learned = self.run(checkpoint=str(folder), **{**still, "rate": 0.01})
        assert (learned["real_perplexity"] < perplexity).all()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"training_blocks": -3},
            {"training_blocks": 0},
            {"training_blocks": 2.5},
            {"training_blocks": True},
            {"chains": 0},
            {"chains": 1.5},
            {"generations": 0},
            {"generations": None},
            {"real_fraction": 1.5},
            {"real_fraction": None},
        ],
    )
    def test_what_cannot_be_is_refused_before_anything_is_read(self, wrong):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"{name} must be"):
            self.history(**wrong, text="there is no such file")

    def test_what_is_missing_is_named(self, tmp_path):
        with pytest.raises(ValueError, match=r"none\.txt"):
            self.run(text=str(tmp_path / "none.txt"))
        with pytest.raises(ValueError, match=r"must hold tokenizer\.json"):
            self.run(checkpoint=str(tmp_path))
