"""Results are kept where code was changed and computes the same, and only there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from collapse.experiments import __main__ as command
from collapse.experiments import paper_mixture
from collapse.sweep import UnusableResultError, commits, load, run
from collapse.sweep.code import Sources, references
from collapse.sweep.files import DATA
from collapse.sweep.provenance import code_of, origin, write_provenance, written
from collapse.sweep.restamp import NoRestampError, _check_equal, renewed, restamp

NAME = "paper_mixture"
OTHER_GRID = {**paper_mixture.SWEEP.grid, "generations": 3}
TASK = "collapse.experiments.paper_mixture:history"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, whatever a hook has set; return what it prints."""
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *author, *arguments]
    env = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    return ran.stdout.strip()


class Book:
    """A repository with a copy of the package, and a result that its commit made."""

    def __init__(self, folder: Path) -> None:
        self.package, self.data = folder / "book" / "collapse", folder / "data"
        shutil.copytree(
            references.PACKAGE,
            self.package,
            ignore=shutil.ignore_patterns("__pycache__", "explore", "exercises*"),
        )
        git(folder, "init", "--quiet")
        git(folder, "add", "book")
        git(folder, "commit", "--quiet", "--message", "Begin")
        self.commit = git(folder, "rev-parse", "HEAD")
        self.data.mkdir()
        for suffix in ("npz", "json"):
            shutil.copy(DATA / f"{NAME}.{suffix}", self.data)
        made = written(code_of(TASK, Sources(self.package)), [])
        self.stamp(commit=self.commit, code=made)

    @property
    def json(self) -> Path:
        """The file with the stamp."""
        return self.data / f"{NAME}.json"

    def stamp(self, **changes) -> dict:
        """Change the stamp; return it."""
        stamp = json.loads(self.json.read_text(encoding="utf-8")) | changes
        del stamp["json_sha256"]
        write_provenance(self.json, stamp)
        return stamp

    def edit(self, module: str, old: str, new: str) -> None:
        """Replace a text that stands in a module once."""
        path = self.package / f"{module}.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    made = Book(tmp_path)
    monkeypatch.setattr(references, "PACKAGE", made.package)
    # So cheap that a test can compute it twice.
    cheap = {"sample_size": 500, "generations": 3}
    monkeypatch.setattr(paper_mixture, "CHEAP", cheap)
    return made


SAME = (
    "[age for age in SNAPSHOTS if age <= generations]",
    "[*filter(lambda age: age <= generations, SNAPSHOTS)]",
)
"""Other code that computes the same."""

SLIGHTLY = ('"l2": mixture_l2_distance(', '"l2": (1 + 1e-6) * mixture_l2_distance(')
"""Other code that computes something else."""

EXPERIMENT = "experiments/paper_mixture"


@pytest.mark.slow
class TestRestamp:
    def test_what_computes_the_same_is_kept_with_all_that_is_known_of_it(self, book):
        book.edit(EXPERIMENT, *SAME)
        with pytest.raises(
            UnusableResultError, match=r"paper_mixture\.history changed"
        ):
            load(NAME, book.data)
        before, arrays = book.stamp(), (book.data / f"{NAME}.npz").read_bytes()
        found = restamp(NAME, book.data)
        assert "are the same to the last bit" in found
        after = dict(load(NAME, book.data).provenance)
        assert (book.data / f"{NAME}.npz").read_bytes() == arrays
        assert after.pop("code") != before.pop("code")
        assert after.pop("restamped") >= before.pop("restamped", before["date"])
        assert after.pop("restamped_cell") == paper_mixture.CHEAP
        before.pop("restamped_cell", None)
        assert after == before
        assert after["commit"] == book.commit

    def test_another_cell_may_be_compared_and_is_noted(self, book, monkeypatch):
        monkeypatch.setattr("collapse.sweep.restamp.DATA", book.data)
        monkeypatch.setattr("collapse.sweep.files.DATA", book.data)
        book.edit(EXPERIMENT, *SAME)
        assert command.main([NAME, "--restamp", "--set", "generations=2"]) == 0
        compared = load(NAME, book.data).provenance["restamped_cell"]
        assert compared == {"sample_size": 500, "generations": 2}

    def test_a_cell_finds_what_lies_here_and_nothing_that_is_hidden(
        self, book, tmp_path, monkeypatch
    ):
        """A network that the commit's code had left would be taken for today's."""
        here = tmp_path / "here"
        for name in ("books", ".cache"):
            (here / name).mkdir(parents=True)
        monkeypatch.chdir(here)
        same, _ = SAME
        seen = "[each for each in __import__('os').listdir()] == ['books']"
        book.edit(EXPERIMENT, same, f"{same[:-1]} and {seen}]")
        assert "are the same to the last bit" in restamp(NAME, book.data)

    def test_its_cells_are_taken_over_if_today_needs_one_more_library(
        self, book, monkeypatch
    ):
        versions = origin(paper_mixture.SWEEP)["versions"]
        assert "scipy" not in versions
        book.stamp(versions=versions)
        book.edit(
            EXPERIMENT, "import numpy as np\n", "import numpy as np\nimport scipy\n"
        )
        shown = "age in SNAPSHOTS if age <= generations"
        book.edit(EXPERIMENT, shown, f"{shown} and scipy.special.ndtr(age)")
        restamp(NAME, book.data)
        kept = load(NAME, book.data)
        assert kept.provenance["versions"] == {
            **versions,
            "scipy": metadata.version("scipy"),
        }
        # Nothing is left to compute: it would fail.
        monkeypatch.setattr("collapse.sweep.runner._compute", None)
        again = run(
            paper_mixture.SWEEP, known=kept, resume=False, n_jobs=1, progress=False
        )
        assert all(np.array_equal(again[name], kept[name]) for name in kept)
        assert list(again) == list(kept)

    def test_the_number_that_moved_is_named_and_nothing_is_written(self, book):
        book.edit(EXPERIMENT, *SLIGHTLY)
        before = book.json.read_bytes()
        with pytest.raises(
            NoRestampError, match=r"of 'l2' moved: the one at \[0\] was .* and is "
        ):
            restamp(NAME, book.data)
        assert book.json.read_bytes() == before

    def test_an_array_more_is_noticed(self, book):
        book.edit(
            EXPERIMENT, '{"generations": ages,', '{"ages": ages, "generations": ages,'
        )
        with pytest.raises(NoRestampError, match=r"it has arrays \['ages', 'generat"):
            restamp(NAME, book.data)

    def test_code_that_fails_is_told(self, book):
        book.edit(EXPERIMENT, "rng=rng,", "rng=rng, width=3,")
        with pytest.raises(NoRestampError, match=r"(?s)today's code.*'width'"):
            restamp(NAME, book.data)

    def test_code_that_is_what_it_was_needs_no_cell(self, book, monkeypatch):
        monkeypatch.setattr("collapse.sweep.restamp._cells", None)
        assert restamp(NAME, book.data) == "its code is what it was"
        # As if the stamp had been written in another way.
        book.stamp(code={"sha256": "0", "given": [], "definitions": {}})
        assert f"commit {book.commit[:7]} is today's" in restamp(NAME, book.data)
        load(NAME, book.data)

    def test_a_commit_that_came_later_is_noted(self, book):
        book.stamp(commit=None)
        assert f"stands in commit {book.commit[:7]}" in restamp(NAME, book.data)
        assert load(NAME, book.data).provenance["commit"] == book.commit
        # Not one of other code, however new it is.
        book.edit(EXPERIMENT, *SAME)
        book.stamp(commit=None, code=written(code_of(TASK, Sources()), []))
        assert restamp(NAME, book.data) == "its code is what it was"
        assert load(NAME, book.data).provenance["commit"] is None

    @pytest.mark.parametrize(
        ("stamp", "message"),
        [
            ({"commit": None}, "in no commit"),
            ({"commit": "0" * 40}, "git fetch --unshallow"),
            ({"seed": 1}, "the sweep's seed changed: this is another experiment"),
            ({"grid": OTHER_GRID}, "the sweep's grid changed"),
        ],
    )
    def test_what_cannot_be_told(self, book, stamp, message):
        book.edit(EXPERIMENT, *SAME)
        book.stamp(**stamp)
        before = book.json.read_bytes()
        with pytest.raises(NoRestampError, match=message):
            restamp(NAME, book.data)
        assert book.json.read_bytes() == before

    def test_the_command_says_what_it_found(self, book, monkeypatch, capsys):
        monkeypatch.setattr("collapse.sweep.restamp.DATA", book.data)
        monkeypatch.setattr("collapse.sweep.files.DATA", book.data)
        assert command.main([NAME, "--restamp"]) == 0
        assert f"{NAME}: kept, its code is" in capsys.readouterr().out
        book.edit(EXPERIMENT, *SLIGHTLY)
        assert command.main([NAME, "--restamp"]) == 1
        assert f"{NAME}: not kept, " in capsys.readouterr().out

    def test_a_hook_of_another_repository_does_not_lead_there(
        self, tmp_path, monkeypatch
    ):
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "nowhere"))
        made = Book(tmp_path)
        monkeypatch.setattr(references, "PACKAGE", made.package)
        assert commits.head() == made.commit
        then = commits.unpack(made.commit, tmp_path / "then")
        assert then is not None
        assert (then / "streams.py").is_file()


class TestRenewed:
    def test_versions_stay_as_recorded_for_the_libraries_that_are_used_today(self):
        then = {"python": "3.11.0", "numpy": "2.0.0", "torch": "2.0.0"}
        now = {"python": "3.13.0", "numpy": "2.4.0", "scipy": "1.17.0"}
        rest = {"options": {}, "code": {}}
        got = renewed({"versions": then, **rest}, {"versions": now, **rest})
        kept = {"python": "3.11.0", "numpy": "2.0.0", "scipy": "1.17.0"}
        assert got["versions"] == kept


class TestToTheLastBit:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ([1.0, 2.0], [1.0, np.nextafter(2, 3)], r"1 of 2 .* at \[1\] was 2\.0"),
            ([[0.0], [1.0]], [[-0.0], [1.0]], r"at \[0, 0\] was 0\.0 and is -0\.0"),
            ([1.0], [np.nan], "was 1.0 and is nan"),
            ([1], [1.0], "float64 of shape .* and was int64"),
            ([1.0], [[1.0]], r"shape \(1, 1\)"),
            (["a"], ["b"], "was a and is b"),
            (1.0, 2.0, r"at \[\] was 1\.0"),
        ],
    )
    def test_every_difference_counts(self, old, new, message):
        with pytest.raises(NoRestampError, match=message):
            _check_equal({"x": np.array(old)}, {"x": np.array(new)})

    @pytest.mark.parametrize(
        "array", [[np.nan, -0.0], ["ab", "c"], 3, np.zeros((0, 2))]
    )
    def test_equal_arrays_are_equal(self, array):
        _check_equal({"x": np.array(array)}, {"x": np.array(array)})
