"""Promises of the repository itself: what installs, what is named where."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

TEXTS = {"", ".css", ".html", ".js", ".md", ".py", ".sh", ".txt", ".yml"}
MOST_LINES = 500
LONGER = {
    "corpus/topics.py": "data: what the encyclopaedia may say of each topic",
}
"""Files of the package that may be longer, and why."""


@pytest.fixture(scope="module")
def settings(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(text: str) -> dict[str, str]:
    """Name -> version range, of the lines of a requirements file but its options."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    parts = [re.match(r"(\w[A-Za-z0-9_-]+)(.*)", line) for line in lines]
    return {part[1].lower(): part[2].strip() for part in parts if part}


def test_package_alone_and_book_ask_for_the_same_versions(
    root: Path, settings: dict
) -> None:
    book = requirements((root / "requirements.txt").read_text(encoding="utf-8"))
    project = settings["project"]
    alone = requirements(
        "\n".join(
            sum(project["optional-dependencies"].values(), project["dependencies"])
        )
    )
    shared = alone.keys() & book.keys()
    assert {"numpy", "scipy", "matplotlib", "torch"} <= shared
    assert {name: alone[name] for name in shared} == {
        name: book[name] for name in shared
    }


def test_binder_installs_what_the_book_asks_for_in_a_layer_it_keeps(root: Path) -> None:
    """Binder keeps the layer of a list that stands for itself, without other files."""
    text = (root / "binder" / "requirements.txt").read_text(encoding="utf-8")
    book = (root / "requirements.txt").read_text(encoding="utf-8")
    assert requirements(text) == requirements(book)
    options = [line for line in text.splitlines() if line.startswith("-")]
    assert [option.split()[0] for option in options] == ["--extra-index-url"]
    each_time = (root / "binder" / "postBuild").read_text(encoding="utf-8")
    assert "--requirement" not in each_time


@pytest.mark.parametrize(
    "file",
    [
        "requirements.txt",
        "tests/requirements.txt",
        "assignments/requirements.txt",
        "tools/handouts/requirements.txt",
    ],
)
def test_every_requirement_is_bounded_on_both_sides(root: Path, file: str) -> None:
    ranges = requirements((root / file).read_text(encoding="utf-8"))
    loose = [
        name
        for name, range_ in ranges.items()
        if not (range_.startswith("==") or (">=" in range_ and "<" in range_))
    ]
    assert loose == []


EXPLORE = """\
import sys
sys.modules |= dict.fromkeys(["torch", "scipy", "joblib", "sklearn"])  # none is here
from pathlib import Path
import matplotlib
matplotlib.use("agg")
from matplotlib import pyplot as plt
from collapse import explore as package
from collapse.explore import Slider, explore

fig, ax = plt.subplots()
(line,) = ax.plot([0, 1], [0, 1])

def update(height, colour):
    line.set(ydata=[0, height / 7], color=colour)
    return f"The line is {height} high and {colour}."

explore(fig, update, height=range(1, 8), colour=["red", "blue"]).save("page.html")
print(Path(package.__file__).parent)
"""


@pytest.fixture(scope="module")
def built(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Path]]:
    """The wheel of the package, and what it is to hold: name -> file."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((root / name).read_bytes())
    book = root / "book"
    suffixes = {".py", ".js", ".css", ".mplstyle", ".tsv"}
    kept = {
        path.relative_to(book).as_posix(): path
        for path in (book / "collapse").rglob("*")
        if path.is_file() and path.suffix in suffixes
    }
    # What lies beside the package: results, and what a chapter imports.
    kept |= {
        f"collapse/{path.relative_to(book).as_posix()}": path
        for path in (book / "data").rglob("*")
        if path.is_file()
    }
    kept |= {path.name: path for path in book.glob("*.py")}
    for path in kept.values():
        target = source / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, source]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    (wheel,) = folder.glob("*.whl")
    return wheel, kept


@pytest.mark.slow
def test_wheel_holds_all_that_a_notebook_imports_and_nothing_else(built) -> None:
    wheel, kept = built
    names = zipfile.ZipFile(wheel).namelist()
    packaged = {name for name in names if ".dist-info/" not in name}
    assert packaged == kept.keys()


@pytest.mark.slow
def test_explore_alone_saves_a_page_with_all_states(built, tmp_path: Path) -> None:
    """As after `pip install .`, without what the book's models need."""
    wheel, _ = built
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    command = [*pip, "--quiet", "--no-deps", "--target", installed, wheel]
    subprocess.run(command, check=True)
    ran = subprocess.run(
        [sys.executable, "-c", EXPLORE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str(installed / "collapse" / "explore")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    (data,) = re.findall(r"previousElementSibling, (\{.*?\}), \"ex", page)
    known = json.loads(data)
    states = {
        f"The line is {h} high and {c}." for h in range(1, 8) for c in ("red", "blue")
    }
    assert set(known["captions"]) == states
    drawn = {tuple(each) for layer in known["layers"] for each in layer["drawings"]}
    assert len(drawn) == len(states)


def test_a_clone_is_small(root: Path) -> None:
    listed = ["git", "ls-files", "-z"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True)
    files = [root / name for name in names.stdout.split("\0") if name]
    assert len(files) > 300
    assert sum(path.stat().st_size for path in files if path.is_file()) < 45e6


def commands(root: Path) -> set[str]:
    """Return what `make` can be asked for."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "CONTRIBUTING.md",
        "PUBLISHING.md",
        ".ci/run",
        ".github/workflows/pages.yml",
        ".github/workflows/release.yml",
        ".github/workflows/tests.yml",
    ],
)
def test_every_make_command_that_is_named_exists(root: Path, file: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    named = re.findall(r"(?:^|`|run: )make ([a-z]+)", text, re.MULTILINE)
    assert named, f"{file} names no command"
    assert set(named) <= commands(root)


def test_help_lists_every_command(root: Path) -> None:
    told = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True)
    assert commands(root) - {"install"} == set(
        re.findall(r"^  (\w+)", told.stdout, re.M)
    )


def test_the_hook_of_a_commit_runs_what_is_here_and_fetches_nothing(root: Path) -> None:
    file = root / ".pre-commit-config.yaml"
    command = [sys.executable, "-m", "pre_commit", "validate-config", file]
    assert subprocess.run(command).returncode == 0
    (repository,) = yaml.safe_load(file.read_text(encoding="utf-8"))["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["language"]) == ("local", "system")
    assert hook["entry"] == "make check"
    assert "check" in commands(root)
    assert hook["always_run"]
    assert hook["pass_filenames"] is False


@pytest.mark.slow
def test_tests_of_one_group_run_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "test_pair.py").write_text(
        """
import os, pathlib, pytest

groups = [pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in "ab"]

@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("group", groups)
def test_where_it_runs(group, number):
    pathlib.Path(f"{group}-{os.getpid()}").touch()
"""
    )
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-n2", "--dist=loadgroup"]
    assert subprocess.run(command, cwd=tmp_path, env=bare).returncode == 0
    assert len(list(tmp_path.glob("a-*"))) == 1
    assert len(list(tmp_path.glob("b-*"))) == 1


def test_the_readme_names_paths_that_exist(root: Path) -> None:
    table = [
        line.split("|")[1]
        for line in (root / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    paths = re.findall(r"`([^`]+)`", " ".join(table))
    assert len(paths) > 5
    assert [path for path in paths if not list(root.glob(path))] == []


def test_mutants_judged_equal_are_of_lines_that_are_still_there(root: Path) -> None:
    told, gone, lines = 0, [], set()
    for line in (root / "tests/mutants/equal.txt").read_text("utf-8").splitlines():
        if reason := re.match(r"(\S+\.py): \w", line):
            text = (root / "book/collapse" / reason[1]).read_text(encoding="utf-8")
            lines = {each.strip() for each in text.splitlines()}
        elif line.startswith("- "):
            told += 1
            gone += [line] if line[2:] not in lines else []
    assert told > 5
    assert gone == []


def test_no_file_of_the_package_is_too_long_to_overlook(root: Path) -> None:
    package = root / "book" / "collapse"
    lines = {
        path.relative_to(package).as_posix(): path.read_bytes().count(b"\n")
        for path in package.rglob("*.py")
    }
    long = {name for name, count in lines.items() if count > MOST_LINES}
    assert long == set(LONGER), {name: lines[name] for name in long}


def test_one_line_holds_the_address_of_the_repository(root: Path) -> None:
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    address = config["repository"]["url"]
    holders = []
    for folder in ("book", "binder", "tools", ".github"):
        for path in (root / folder).rglob("*"):
            if not path.is_file() or path.suffix not in TEXTS:
                continue
            if address in path.read_text(encoding="utf-8"):
                holders.append(path.relative_to(root).as_posix())
    assert holders == []
    assert (root / "_config.yml").read_text(encoding="utf-8").count(address) == 1


def test_scripts_that_others_start_are_executable(root: Path) -> None:
    for name in (".ci/run", "binder/postBuild"):
        mode = (root / name).stat().st_mode
        assert mode & 0o111, f"{name} is not executable"


def test_stubs_of_old_python_are_refused_with_a_clear_message(
    root: Path, tmp_path: Path
) -> None:
    old = tmp_path / "python3.9"
    old.write_text(
        '#!/bin/sh\ncase "$1" in --version) echo Python 3.9.1;; *) exit 1;; esac\n'
    )
    old.chmod(0o755)
    command = [
        "make",
        "-C",
        root,
        f"PYTHON={old}",
        f"VENV={tmp_path / 'venv'}",
        "install",
    ]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "Python 3.9.1" in refused.stderr
