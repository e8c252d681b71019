"""Sweeps: the same numbers everywhere, nothing done twice, nothing stale used."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from collapse.experiments import digits_mixing
from collapse.sweep import (
    Result,
    Sweep,
    UnusableResultError,
    load,
    run,
    save,
)
from collapse.sweep import provenance as provenance_module
from collapse.sweep.code import Code, references
from collapse.sweep.files import read
from collapse.sweep.grid import Cell, cell_generator, classes
from collapse.sweep.provenance import options_of
from collapse.sweep.runner import compute_cell
from support import tasks

DRAW = Sweep(
    name="draw",
    task=tasks.draw,
    grid={"size": [1, 2, 3], "shift": [0.0, 0.5]},
    repetitions=2,
    seed=7,
)


def quickly(sweep, **arguments):
    """Run in this process, without a bar; keep nothing unless asked to."""
    defaults = {"n_jobs": 1, "progress": False, "resume": "folder" in arguments}
    return run(sweep, **{**defaults, **arguments})


def equal(one: Result, other: Result) -> bool:
    """Whether two results hold the same arrays, bit by bit."""
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name])
        for name in one
    )


class TestTheDoor:
    @pytest.mark.parametrize(
        ("argument", "value", "message"),
        [
            ("name", "two words", "name must be letters"),
            ("name", "../x", "name must be letters"),
            ("name", None, "name must be letters"),
            ("task", lambda size, shift, rng: {}, "task must be a function at the top"),
            ("task", None, "task must be a function at the top"),
            ("task", tasks.uneven, r"task must take \['size', 'shift'\] and rng"),
            ("grid", {}, "grid must be a mapping with at least one"),
            ("grid", [1, 2], "grid must be a mapping"),
            ("grid", {"size": [], "shift": 0}, "size must be one value or a list of"),
            ("grid", {"size": [1, 1.0], "shift": 0}, "size must be one value or"),
            ("grid", {"size": [np.nan], "shift": 0}, "size must be finite"),
            ("grid", {"size": [[1]], "shift": 0}, "size must be finite numbers"),
            ("grid", {"size": object(), "shift": 0}, "size must be finite numbers"),
            ("grid", {"rng": [1]}, "which are taken"),
            ("grid", {"repetition": [1]}, "which are taken"),
            ("grid", {1: [1]}, "keys are names"),
            ("repetitions", 0, "repetitions must be a whole number"),
            ("repetitions", 1.5, "repetitions must be a whole number"),
            ("seed", -1, "seed must be a whole number"),
            ("seed", None, "seed must be a whole number"),
        ],
    )
    def test_a_sweep_that_cannot_run_is_refused(self, argument, value, message):
        with pytest.raises(ValueError, match=message):
            replace(DRAW, **{argument: value})

    def test_only_parameters_of_the_grid_can_be_changed(self):
        with pytest.raises(ValueError, match="'width'"):
            DRAW.with_grid(width=[1])

    @pytest.mark.parametrize("argument", ["resume", "progress"])
    def test_switches(self, argument):
        with pytest.raises(ValueError, match=f"{argument} must be True or False"):
            run(DRAW, **{argument: "yes"})

    def test_only_sweeps_run(self):
        with pytest.raises(ValueError, match="sweep must be a Sweep"):
            run(tasks.draw)

    @pytest.mark.parametrize(
        ("task", "message"),
        [
            (tasks.uneven, "every cell must return the same shapes"),
            (tasks.nothing, "what the task returns must be a dict of arrays"),
            (tasks.objects, "draws must be an array of numbers or words"),
            (tasks.masked, "draws must be an array without masked"),
        ],
    )
    def test_what_a_task_returns(self, task, message):
        with pytest.raises(ValueError, match=message):
            quickly(Sweep(name="bad", task=task, grid={"size": [1, 2]}))

    def test_a_flipped_bit_is_found_or_changes_nothing(self, tmp_path):
        result = quickly(DRAW)
        save(result, tmp_path)
        for file in (tmp_path / "draw.npz", tmp_path / "draw.json"):
            whole = file.read_bytes()
            for place in np.random.default_rng(3).integers(8 * len(whole), size=200):
                damaged = bytearray(whole)
                damaged[place // 8] ^= 1 << place % 8
                file.write_bytes(damaged)
                with suppress(UnusableResultError):
                    found = read("draw", tmp_path)
                    assert equal(found, result)
                    assert found.axes == result.axes
            file.write_bytes(whole)

    @pytest.mark.parametrize("field", ["axes", "grid"])
    def test_axes_are_those_of_the_grid(self, tmp_path, field):
        save(quickly(DRAW), tmp_path)
        file = tmp_path / "draw.json"
        provenance = json.loads(file.read_text())
        provenance[field]["size"] = [1, 2, 7]
        file.write_text(json.dumps(provenance))
        with pytest.raises(UnusableResultError, match="'axes' are not those of 'grid'"):
            read("draw", tmp_path)

    def test_numbers_of_numpy_are_as_good(self, tmp_path):
        sweep = replace(
            DRAW,
            repetitions=np.int8(2),
            seed=np.uint64(7),
            grid={
                "size": np.arange(1, 4, dtype=np.uint8),
                "shift": [np.float64(0), np.float32(0.5)],
            },
        )
        result = quickly(sweep, n_jobs=np.int64(1))
        assert equal(result, quickly(DRAW))
        save(result, tmp_path)
        saved = read("draw", tmp_path)
        assert equal(saved, result)
        assert saved.axes == result.axes
        one = compute_cell(sweep, np.int64(1), size=np.int8(2), shift=np.float32(0.5))
        assert np.array_equal(one["draws"], result["draws"][1, 1, 1])

    @pytest.mark.parametrize("repetition", [-1, 0.5, "1", None])
    def test_the_repetition_of_a_single_cell(self, repetition):
        with pytest.raises(ValueError, match="repetition must be a whole number"):
            compute_cell(DRAW, repetition, size=1, shift=0.0)

    def test_a_single_cell_needs_a_value_on_each_axis(self):
        with pytest.raises(ValueError, match="a value for each of"):
            compute_cell(DRAW, size=1)


class TestNumbers:
    def test_axes_are_those_of_the_grid_then_repetitions_then_the_cell(self):
        result = quickly(DRAW)
        assert result["draws"].shape == (3, 2, 2, 2)
        assert result["size"].shape == (3, 2, 2)
        assert np.array_equal(result["size"][:, 1, 0], [1, 2, 3])
        assert dict(result.axes) == {
            "size": (1, 2, 3),
            "shift": (0.0, 0.5),
            "repetition": (0, 1),
        }

    def test_a_single_value_makes_no_axis(self):
        result = quickly(DRAW.with_grid(shift=0.5))
        assert result["draws"].shape == (3, 2, 2)
        assert np.array_equal(result["draws"], quickly(DRAW).select("draws", shift=0.5))

    def test_a_cell_does_not_depend_on_the_grid_around_it(self):
        whole = quickly(DRAW)
        part = quickly(replace(DRAW.with_grid(size=[9, 3], shift=[0.5]), repetitions=1))
        mine = part.select("draws", size=3, shift=0.5, repetition=0)
        assert np.array_equal(
            mine, whole.select("draws", size=3, shift=0.5, repetition=0)
        )
        again = replace(DRAW, grid={"shift": [0.5, 0], "size": [3, 2, 1]})
        assert np.array_equal(
            np.moveaxis(quickly(again)["draws"], 0, 1)[::-1, ::-1], whole["draws"]
        )

    def test_one_cell_by_itself_is_the_one_of_the_sweep(self):
        cell = compute_cell(DRAW, repetition=1, size=2, shift=0.5)
        expected = quickly(DRAW).select("draws", size=2, shift=0.5, repetition=1)
        assert np.array_equal(cell["draws"], expected)

    def test_no_two_cells_share_random_numbers(self):
        draws = quickly(DRAW.with_grid(shift=[0.0, 1e-9]))["draws"]
        firsts = np.round(draws[..., 0], 6)
        assert len(np.unique(firsts)) == firsts.size

    def test_another_seed_gives_other_numbers(self):
        one, other = quickly(DRAW)["draws"], quickly(replace(DRAW, seed=8))["draws"]
        assert not np.any(one == other)

    def test_a_whole_number_is_the_same_cell_however_it_is_written(self):
        values = [2, 2.0, np.int64(2), np.float64(2)]
        draws = [quickly(DRAW.with_grid(shift=value))["draws"] for value in values]
        assert all(np.array_equal(draws[0], each) for each in draws)

    def test_the_generators_are_those_of_the_shipped_results(self):
        # Shipped files were made with these; another derivation makes them all wrong.
        cell = Cell({"size": 1, "share": 0.1, "word": "a", "on": True, "to": None}, 3)
        got = cell_generator(7, cell).integers(2**32, size=3).tolist()
        assert got == [2865339826, 2991784078, 3617742214]

    @pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
    def test_every_back_end_gives_the_same_numbers(self, backend):
        sweep = Sweep(name="p", task=tasks.multiply, grid={"size": [50, 257]})
        sweeps = [DRAW, *(sweep.with_grid(size=size) for size in (50, 257))]
        for each in sweeps:
            expected = quickly(each)
            with joblib.parallel_config(backend=backend, n_jobs=2):
                got = quickly(each, n_jobs=None)
            assert equal(got, expected), f"{each.name} differs under {backend}"

    @pytest.mark.slow
    @pytest.mark.rehearsal
    def test_a_dask_cluster_of_two_processes_gives_the_same_numbers(self, tmp_path):
        from dask.distributed import Client, LocalCluster

        sweep = Sweep(
            name="count",
            task=tasks.count_calls,
            grid={"folder": str(tmp_path), "number": range(24)},
        )
        big = Sweep(name="big", task=tasks.multiply, grid={"size": 257}, repetitions=3)
        with (
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            ) as cluster,
            Client(cluster),
            joblib.parallel_config(backend="dask"),
        ):
            far = run(sweep, resume=False, progress=False)
            far_big = run(big, resume=False, progress=False)
            far_digits = run(digits_mixing.TINY, resume=False, progress=False)
        processes = {path.name.split("-")[2] for path in tmp_path.glob("call-*")}
        assert len(processes) == 2, f"the cells ran in processes {processes}"
        assert far.provenance["workers"] == 2
        assert equal(far, quickly(sweep))
        assert equal(far_big, quickly(big))
        # A chapter's own sweep, whose autoencoders train on threads of torch. Not in
        # this process, where an earlier test may have fitted the classifier on several
        # threads, which changes its last digits.
        with joblib.parallel_config(backend="loky", n_jobs=2):
            assert equal(far_digits, quickly(digits_mixing.TINY, n_jobs=None))

    @pytest.mark.slow
    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_a_cell_computes_on_one_thread(self, n_jobs):
        sweep = Sweep(name="t", task=tasks.threads, grid={"number": [1, 2]})
        assert np.all(quickly(sweep, n_jobs=n_jobs)["most"] == 1)

    def test_afterwards_there_are_as_many_threads_as_before(self):
        torch = pytest.importorskip("torch")
        before = torch.get_num_threads()
        try:
            torch.set_num_threads(3)
            quickly(DRAW)
            assert torch.get_num_threads() == 3
        finally:
            torch.set_num_threads(before)


class Calls:
    """A sweep of six cells whose calls are counted."""

    def __init__(self, folder: Path) -> None:
        self.log, self.cache = folder / "log", folder / "cache"
        self.log.mkdir()
        self.sweep = Sweep(
            name="calls",
            task=tasks.count_calls,
            grid={"folder": str(self.log), "number": range(1, 7)},
        )

    def made(self) -> list[int]:
        """Return the numbers of the calls so far, and forget them."""
        paths = list(self.log.glob("call-*"))
        for path in paths:
            path.unlink()
        return sorted(int(path.name.split("-")[1]) for path in paths)

    def ends(self, how: str) -> None:
        """Make number 3 end badly from now on."""
        (self.log / how).touch()

    def recovers(self) -> None:
        """Let number 3 work again."""
        for how in ("error", "interrupt", "kill", "wait"):
            (self.log / how).unlink(missing_ok=True)

    def run(self, **arguments) -> Result:
        """Run the sweep with its own cache."""
        return quickly(self.sweep, folder=self.cache, **arguments)


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


class TestResuming:
    def test_nothing_is_computed_twice(self, calls):
        first = calls.run()
        assert calls.made() == [1, 2, 3, 4, 5, 6]
        second = calls.run()
        assert calls.made() == []
        assert equal(first, second)
        assert second.provenance["resumed_cells"] == 6

    @pytest.mark.parametrize(
        ("how", "error"), [("error", ArithmeticError), ("interrupt", KeyboardInterrupt)]
    )
    def test_a_run_that_stops_at_the_third_cell_goes_on_from_there(
        self, calls, how, error
    ):
        calls.ends(how)
        with pytest.raises(error):
            calls.run()
        assert calls.made() == [1, 2, 3]
        calls.recovers()
        result = calls.run()
        assert calls.made() == [3, 4, 5, 6]
        assert result.provenance["resumed_cells"] == 2
        assert equal(result, quickly(calls.sweep))

    def test_the_error_of_a_cell_names_it(self, calls):
        calls.ends("error")
        for n_jobs in (1, 2):
            with pytest.raises(ArithmeticError, match="does not work") as caught:
                calls.run(n_jobs=n_jobs)
            assert '"number": 3' in " ".join(caught.value.__notes__)

    def test_a_killed_run_goes_on_where_it_was(self, calls, root):
        calls.ends("wait")
        program = (
            "from support import tasks; from collapse.sweep import Sweep, run; "
            f"run(Sweep('calls', tasks.count_calls, {calls.sweep.grid!r}), n_jobs=1, "
            f"folder={str(calls.cache)!r}, progress=False)"
        )
        paths = os.pathsep.join([str(root / "book"), str(root / "tests")])
        process = subprocess.Popen(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": paths}
        )
        try:
            until = time.monotonic() + 60
            while not list(calls.log.glob("call-3-*")):
                assert process.poll() is None, "the run ended by itself"
                assert time.monotonic() < until, "the run never came to cell 3"
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
        assert calls.made() == [1, 2, 3]
        calls.recovers()
        result = calls.run()
        assert calls.made() == [3, 4, 5, 6]
        assert equal(result, quickly(calls.sweep))

    def test_a_killed_worker_costs_only_what_was_not_done(self, calls):
        quickly(calls.sweep.with_grid(number=[1, 2]), folder=calls.cache)
        calls.ends("kill")
        with pytest.raises(Exception, match=r"terminated|killed"):
            calls.run(n_jobs=2)
        calls.made()
        calls.recovers()
        result = calls.run()
        assert not {1, 2} & set(calls.made())
        assert equal(result, quickly(calls.sweep))

    def test_more_values_keep_the_cells_that_are_done(self, calls):
        calls.run()
        calls.made()
        more = calls.sweep.with_grid(number=range(1, 9))
        quickly(more, folder=calls.cache)
        assert calls.made() == [7, 8]

    def test_another_seed_finds_nothing(self, calls):
        calls.run()
        calls.made()
        quickly(replace(calls.sweep, seed=1), folder=calls.cache)
        assert calls.made() == [1, 2, 3, 4, 5, 6]

    def test_other_code_finds_nothing(self, calls, monkeypatch):
        calls.run()
        calls.made()
        other = Code("other", {}, set())
        monkeypatch.setattr(provenance_module, "code_of", lambda *_: other)
        calls.run()
        assert calls.made() == [1, 2, 3, 4, 5, 6]

    def test_other_versions_find_nothing(self, calls, monkeypatch):
        calls.run()
        calls.made()
        other = {"python": "3.99.0", "numpy": "9.9.9"}
        monkeypatch.setattr(provenance_module, "versions", lambda _: other)
        calls.run()
        assert calls.made() == [1, 2, 3, 4, 5, 6]

    def test_a_damaged_cell_is_computed_again(self, calls):
        expected = calls.run()
        calls.made()
        files = sorted(calls.cache.iterdir())
        assert len(files) == 6
        files[0].write_bytes(files[0].read_bytes()[:-40])
        files[1].write_bytes(b"")
        assert equal(calls.run(), expected)
        assert len(calls.made()) == 2

    @pytest.mark.slow
    def test_no_bit_of_a_cell_may_differ(self, calls):
        expected = calls.run()
        file = sorted(calls.cache.iterdir())[0]
        whole = file.read_bytes()
        for place in range(0, len(whole), 7):
            content = bytearray(whole)
            content[place] ^= 1 << place % 8
            file.write_bytes(content)
            calls.made()
            assert equal(calls.run(), expected)
            assert len(calls.made()) == 1, f"byte {place} was believed"

    def test_the_file_of_another_cell_is_not_believed(self, calls):
        expected = calls.run()
        one, other = sorted(calls.cache.iterdir())[:2]
        one.write_bytes(other.read_bytes())
        calls.made()
        assert equal(calls.run(), expected)
        assert len(calls.made()) == 1

    def test_nothing_half_written_stays_behind(self, calls):
        calls.run()
        assert {path.suffix for path in calls.cache.iterdir()} == {".npz"}


@dataclass(frozen=True)
class Knob:
    """An option made of values."""

    height: float = 1.0
    words: tuple[str, ...] = ()


class TestOptions:
    """Names along an axis, and what they stand for."""

    @pytest.fixture
    def named(self, calls):
        """The sweep of six cells, whose numbers now have names."""
        names = {f"number {number}": number for number in calls.sweep.grid["number"]}
        grid = {**calls.sweep.grid, "number": list(names)}
        return replace(calls.sweep, grid=grid, options={"number": names})

    def test_the_task_gets_what_a_name_stands_for(self, calls, named):
        result = quickly(named)
        assert calls.made() == [1, 2, 3, 4, 5, 6]
        assert result.axes["number"][:2] == ("number 1", "number 2")

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_no_cell_changes_what_others_get(self, jobs):
        sweep = Sweep(
            "append", tasks.append, {"n": [1, 2, 3], "to": "it"}, {"to": {"it": [0]}}
        )
        made = run(sweep, resume=False, n_jobs=jobs, progress=False)
        assert made["count"].ravel().tolist() == [2, 2, 2]

    def test_random_numbers_belong_to_the_name(self, calls, named):
        other = replace(
            named, options={"number": dict.fromkeys(named.options["number"], 0)}
        )
        differences = quickly(named)["value"] - quickly(other)["value"]
        np.testing.assert_allclose(differences[:, 0], [1, 2, 3, 4, 5, 6])

    def test_a_changed_option_is_computed_alone(self, calls, named):
        quickly(named, folder=calls.cache)
        calls.made()
        changed = named.options["number"] | {"number 4": 40}
        quickly(replace(named, options={"number": changed}), folder=calls.cache)
        assert calls.made() == [40]

    def test_one_more_option_is_computed_alone_beside_a_saved_result(
        self, calls, named, tmp_path
    ):
        save(quickly(named), tmp_path / "data")
        calls.made()
        names = {"before": 9} | named.options["number"]
        more = replace(
            named,
            grid={**named.grid, "number": list(names)},
            options={"number": names},
        )
        result = quickly(more, known=read("calls", tmp_path / "data"))
        assert calls.made() == [9]
        assert result.provenance["resumed_cells"] == 6
        assert equal(result, quickly(more))

    @pytest.mark.parametrize(
        "other", [{"seed": 9}, {"code": {"sha256": "9"}}, {"versions": {"python": "9"}}]
    )
    def test_cells_that_might_differ_are_not_taken_over(self, calls, other):
        first = calls.run(resume=False)
        calls.made()
        known = Result(
            {name: first[name] for name in first}, first.axes, first.provenance | other
        )
        quickly(calls.sweep, known=known)
        assert len(calls.made()) == 6

    def test_words_of_a_saved_result_take_no_more_room_than_they_need(self):
        sweep = Sweep(name="w", task=tasks.word, grid={"word": ["a", "abc"]})
        known = quickly(sweep)
        short = sweep.with_grid(word=["a"])
        assert equal(quickly(short, known=known), quickly(short))

    def test_options_are_written_with_what_is_not_the_default(self):
        known = {"plain": Knob(), "high": Knob(height=2, words=("a", "b"))}
        sweep = replace(
            DRAW, grid={"size": list(known), "shift": 0}, options={"size": known}
        )
        assert options_of(sweep) == {
            "size": {"plain": {}, "high": {"height": 2, "words": ["a", "b"]}}
        }
        assert set(classes(list(known.values()))) == {Knob}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"size": {"a": 1}}, r"size must be one of \['a'\], got 1"),
            ({"shape": {"a": 1}}, "options must be mappings for some of"),
            ({"shift": 3}, "options must be mappings for some of"),
            ({"size": {1: 1, 2: 2, 3: 3}}, "size must be one of"),
        ],
    )
    def test_options_that_do_not_fit_the_grid(self, options, message):
        with pytest.raises(ValueError, match=message):
            replace(DRAW, options=options)

    def test_a_missing_value_is_no_setting(self):
        sizes = np.ma.array([1, 2, 3], mask=[False, True, False])
        with pytest.raises(ValueError, match="size must be an array without masked"):
            replace(DRAW, grid={"size": sizes, "shift": 0})

    def test_options_must_be_something_that_can_be_compared(self):
        grid = {"size": ["a"], "shift": 0}
        with pytest.raises(ValueError, match="options must be finite numbers, words"):
            replace(DRAW, grid=grid, options={"size": {"a": object()}})


class TestProgress:
    def test_a_bar_counts_the_cells_and_starts_with_those_that_are_done(
        self, calls, capsys
    ):
        quickly(calls.sweep.with_grid(number=[1, 2]), folder=calls.cache)
        calls.run(progress=True)
        shown = capsys.readouterr()
        # In a notebook standard error looks like a fault.
        assert shown.err == ""
        assert "calls:  33%" in shown.out
        assert "2/6" in shown.out
        assert "6/6" in shown.out

    def test_there_is_none_if_none_is_wanted(self, capsys):
        quickly(DRAW)
        assert capsys.readouterr() == ("", "")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with one saved result, draw.npz and draw.json."""
    save(quickly(DRAW), tmp_path)
    return tmp_path


def damaged(folder: Path, message: str) -> str:
    """Check that the result in a folder is refused; return the whole message."""
    with pytest.raises(UnusableResultError, match=message) as caught:
        load("draw", folder)
    text = str(caught.value)
    assert "make data NAME=draw" in text
    assert str(folder) in text
    return text


class TestSaving:
    def test_what_is_loaded_is_what_was_saved(self, saved):
        result = load("draw", saved)
        assert equal(result, quickly(DRAW))
        assert dict(result.axes) == DRAW.axes

    def test_the_same_numbers_make_the_same_file(self, saved, tmp_path):
        first = (saved / "draw.npz").read_bytes()
        save(quickly(DRAW), tmp_path / "again")
        assert (tmp_path / "again" / "draw.npz").read_bytes() == first

    def test_nothing_but_the_two_files_is_written(self, saved):
        assert sorted(path.name for path in saved.iterdir()) == [
            "draw.json",
            "draw.npz",
        ]

    def test_provenance_says_where_the_numbers_are_from(self, saved):
        provenance = load("draw", saved).provenance
        assert provenance["task"] == "support.tasks:draw"
        assert provenance["grid"] == {"size": [1, 2, 3], "shift": [0.0, 0.5]}
        assert (provenance["seed"], provenance["repetitions"]) == (7, 2)
        assert provenance["versions"]["numpy"] == np.__version__
        assert provenance["versions"]["python"] == ".".join(
            str(part) for part in sys.version_info[:3]
        )
        assert provenance["workers"] == 1
        assert 0 < provenance["compute_seconds"] <= provenance["elapsed_seconds"]
        definitions = provenance["code"]["definitions"]
        assert list(definitions) == ["collapse.sweep.grid", "support.tasks"]
        assert list(definitions["support.tasks"]) == ["draw"]
        assert provenance["commit"] is None

    def test_a_result_cannot_be_changed(self, saved):
        result = load("draw", saved)
        with pytest.raises(ValueError, match="read-only"):
            result["draws"][0] = 1
        with pytest.raises(TypeError):
            result.axes["size"] = ()
        with pytest.raises(TypeError):
            result.provenance["seed"] = 1

    def test_whole_numbers_of_numpy_are_as_good_as_pythons(self, saved, tmp_path):
        sweep = replace(DRAW, repetitions=np.int64(2), seed=np.uint8(7))
        save(quickly(sweep), tmp_path / "again")
        assert equal(load("draw", tmp_path / "again"), load("draw", saved))

    def test_words_and_small_types_survive(self, tmp_path):
        sweep = Sweep(name="label", task=tasks.label, grid={"word": ["a", "bcd"]})
        save(quickly(sweep), tmp_path)
        result = load("label", tmp_path)
        assert result["length"].dtype == np.uint8
        assert result.select("length", word="bcd", repetition=0) == 3

    def test_select_takes_axes_away(self, saved):
        result = load("draw", saved)
        assert result.select("draws").shape == (3, 2, 2, 2)
        part = result.select("draws", shift=0.5)
        assert part.shape == (3, 2, 2)
        assert np.array_equal(part, result["draws"][:, 1])

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"width": 1}, r"axis must be one of \['size', 'shift', 'repetition'\]"),
            ({"size": 4}, r"size must be one of \[1, 2, 3\], got 4"),
            ({"repetition": 2}, r"repetition must be one of \[0, 1\], got 2"),
        ],
    )
    def test_select_refuses_what_is_not_there(self, saved, values, message):
        with pytest.raises(ValueError, match=message):
            load("draw", saved).select("draws", **values)

    def test_an_unknown_array_is_named(self, saved):
        with pytest.raises(KeyError, match="only \\['draws', 'size'\\]"):
            load("draw", saved)["loss"]

    def test_a_task_in_no_file_can_run_but_not_be_kept(self, tmp_path):
        typed = {}
        exec("def task(size, rng):\n    return {'size': size}", typed)
        typed["task"].__module__ = "__main__"
        sweep = Sweep(name="typed", task=typed["task"], grid={"size": [1, 2]})
        result = quickly(sweep)
        assert np.array_equal(result["size"], [[1], [2]])
        with pytest.raises(ValueError, match="written in a file"):
            save(result, tmp_path)
        with pytest.raises(ValueError, match="written in no file"):
            quickly(sweep, folder=tmp_path)


class TestDamage:
    @pytest.mark.parametrize("file", ["draw.npz", "draw.json"])
    def test_a_missing_file(self, saved, file):
        (saved / file).unlink()
        assert file in damaged(saved, "is missing")

    @pytest.mark.parametrize("keep", [0, 10, 200, -1])
    def test_arrays_cut_short(self, saved, keep):
        path = saved / "draw.npz"
        path.write_bytes(path.read_bytes()[:keep])
        assert "draw.npz" in damaged(saved, "is damaged")

    def test_one_flipped_bit(self, saved):
        content = bytearray((saved / "draw.npz").read_bytes())
        content[len(content) // 2] ^= 1
        (saved / "draw.npz").write_bytes(content)
        assert "draw.npz" in damaged(saved, "is damaged")

    def test_something_else_than_arrays(self, saved):
        (saved / "draw.npz").write_text("<!doctype html>", encoding="utf-8")
        damaged(saved, "is damaged")

    def test_the_arrays_of_another_run(self, saved, tmp_path):
        save(quickly(replace(DRAW, seed=8)), tmp_path / "other")
        other = tmp_path / "other" / "draw.npz"
        (saved / "draw.npz").write_bytes(other.read_bytes())
        damaged(saved, "not the file that draw.json describes")

    @pytest.mark.parametrize("text", ["", "{", '{"name": "draw"', "\x00\x01", "\udcff"])
    def test_provenance_that_is_not_json(self, saved, text):
        content = text.encode("utf-8", "surrogateescape")
        (saved / "draw.json").write_bytes(content)
        assert "draw.json" in damaged(saved, "is damaged: it is not JSON")

    @pytest.mark.parametrize("text", ["[]", "3", "null"])
    def test_json_that_is_no_provenance(self, saved, text):
        (saved / "draw.json").write_text(text, encoding="utf-8")
        damaged(saved, "holds no provenance")

    def edit(self, folder: Path, **changes) -> None:
        path = folder / "draw.json"
        provenance = json.loads(path.read_text(encoding="utf-8")) | changes
        gone = {name for name, entry in changes.items() if entry is None}
        kept = {name: provenance[name] for name in provenance if name not in gone}
        path.write_text(json.dumps(kept), encoding="utf-8")

    @pytest.mark.parametrize(
        "changes",
        [
            {"seed": 6},
            {"date": "2026-11-38"},
            {"compute_seconds": 1e9},
            {"versions": {"python": "3.11.6"}},
            {"commit": "1" * 40},
            {"restamped": "2026-11-28"},
            {"json_sha256": "1" * 64},
        ],
    )
    def test_provenance_that_was_changed_by_hand(self, saved, changes):
        self.edit(saved, **changes)
        assert "draw.json" in damaged(saved, "is damaged: it is not as it was written")

    def test_no_flipped_bit_of_the_provenance_goes_unseen(self, saved):
        path = saved / "draw.json"
        content, written = path.read_bytes(), json.loads(path.read_bytes())
        for place in range(0, 8 * len(content), 61):
            flipped = bytearray(content)
            flipped[place // 8] ^= 1 << place % 8
            path.write_bytes(flipped)
            try:
                same = json.loads(path.read_bytes()) == written
            except ValueError:
                same = False
            if not same:
                damaged(saved, r"is damaged|is of another sweep")

    @pytest.mark.parametrize(
        "field", ["seed", "code", "axes", "versions", "npz_sha256", "date"]
    )
    def test_a_missing_field(self, saved, field):
        self.edit(saved, **{field: None})
        damaged(saved, f"is damaged: '{field}' is missing")

    def test_a_field_of_another_kind(self, saved):
        self.edit(saved, axes=[1])
        damaged(saved, "is damaged: 'axes' is missing or no dict")

    @pytest.mark.parametrize(
        "changes",
        [
            {"axes": {"size": [1, 2], "shift": [0, 0.5], "repetition": [0, 1]}},
            {"axes": {"size": 3, "shift": [0, 0.5], "repetition": [0, 1]}},
            {"code": {}},
            {"code": {"sha256": "abc", "definitions": {"support.tasks": "abc"}}},
            {"code": {"sha256": 1, "definitions": {}}},
        ],
    )
    def test_fields_that_do_not_fit_the_arrays(self, saved, changes):
        self.edit(saved, **changes)
        damaged(saved, "is damaged")

    def test_a_result_of_another_name(self, saved):
        self.edit(saved, name="other")
        damaged(saved, "is of another sweep, 'other'")


PACKAGE = {
    "__init__": "__version__ = '1'\n",
    "base": "def one():\n    return 1\n\n\ndef unused():\n    return 5\n",
    "loop": "from .base import one\n",
    "late": "def f():\n    from collapse_copy.loop import one\n    return one()\n",
    "aside": "def two():\n    return 2\n",
    "experiments/__init__": "",
    "experiments/first": (
        "from .. import late\nimport scipy.special\n\n\n"
        "def task(size, shift, rng):\n"
        "    return {'draws': late.f() * scipy.special.expit(rng.random(2))}\n"
    ),
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package in whose modules the book's code is now looked for."""
    folder = tmp_path / "collapse_copy"
    for name, text in PACKAGE.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(references, "PACKAGE", folder)
    monkeypatch.syspath_prepend(str(folder.parent))
    importlib.invalidate_caches()
    yield folder
    for name in [name for name in sys.modules if name.startswith("collapse_copy")]:
        del sys.modules[name]


class TestOutdated:
    @pytest.fixture
    def old(self, package, tmp_path):
        """Run and save the copied package's experiment; its numbers and folders."""
        first = importlib.import_module("collapse_copy.experiments.first")
        result = quickly(replace(DRAW, task=first.task))
        save(result, tmp_path / "data")
        return package, tmp_path / "data", result

    def test_unchanged_code_is_fine(self, old):
        _, folder, result = old
        assert equal(load("draw", folder), result)

    def test_libraries_are_named_and_the_standard_library_is_not(self, old):
        _, _, result = old
        assert list(result.provenance["versions"]) == ["python", "numpy", "scipy"]

    def test_a_mended_sentence_is_fine(self, old):
        package, folder, result = old
        text = '"""A head."""\n' + PACKAGE["base"]
        (package / "base.py").write_text(text, encoding="utf-8")
        assert equal(load("draw", folder), result)

    @pytest.mark.parametrize(
        ("module", "old_text", "new_text", "named"),
        [
            ("base", "return 1", "return 2", "base.one"),
            ("late", "return one()", "return -one()", "late.f"),
            ("experiments/first", "random(2)", "random(3)", "experiments.first.task"),
            ("loop", "import one", "import one\nprint(end='')", "loop.on import"),
            ("loop", "import one", "import unused as one", "base.unused"),
        ],
    )
    def test_changed_code_is_refused_and_named(
        self, old, module, old_text, new_text, named
    ):
        package, folder, _ = old
        text = PACKAGE[module].replace(old_text, new_text)
        assert text != PACKAGE[module]
        (package / f"{module}.py").write_text(text, encoding="utf-8")
        message = damaged(folder, "is outdated")
        assert f"collapse_copy.{named}" in message
        assert "changed since it was made" in message

    def test_many_changes_are_counted(self, old):
        package, folder, _ = old
        functions = [f"def f{place}():\n    return {place}\n" for place in range(9)]
        uses = " + ".join(f"f{place}()" for place in range(9))
        text = "".join(functions) + f"def one():\n    return {uses}\n"
        (package / "base.py").write_text(text, encoding="utf-8")
        assert "and 4 more changed" in damaged(folder, "is outdated")

    def test_code_that_the_task_does_not_use_may_change(self, old):
        package, folder, result = old
        text = PACKAGE["base"].replace("5", "6") + "\n\ndef more():\n    return 7\n"
        (package / "base.py").write_text(text, encoding="utf-8")
        (package / "aside.py").write_text("import os\n", encoding="utf-8")
        assert equal(load("draw", folder), result)

    @pytest.mark.parametrize("module", ["base", "experiments/first"])
    def test_a_module_that_is_gone_is_named(self, old, module):
        package, folder, _ = old
        (package / f"{module}.py").unlink()
        assert module.replace("/", ".") in damaged(folder, "is outdated")

    def test_code_edited_during_a_run_is_not_taken_for_what_ran(
        self, package, tmp_path
    ):
        edit = "open(late.__file__, 'a').write('print()\\n')"
        first = PACKAGE["experiments/first"].replace(
            "    return", f"    {edit}\n    return"
        )
        (package / "experiments" / "first.py").write_text(first, encoding="utf-8")
        module = importlib.import_module("collapse_copy.experiments.first")
        save(quickly(replace(DRAW, task=module.task)), tmp_path / "data")
        assert "collapse_copy.late" in damaged(tmp_path / "data", "is outdated")

    def test_other_versions_are_told_and_no_reason_to_refuse(self, old):
        _, folder, result = old
        path = folder / "draw.json"
        provenance = json.loads(path.read_text(encoding="utf-8"))
        provenance["versions"]["scipy"] = "0.1"
        provenance_module.write_provenance(path, provenance)
        loaded = load("draw", folder)
        assert equal(loaded, result)
        today = result.provenance["versions"]["scipy"]
        found = provenance_module.other_versions(loaded.provenance)
        assert found == {"scipy": ("0.1", today)}
