"""Binder, rehearsed: its own steps in a fresh environment, then a reader's.

Binder makes an environment, installs ``binder/requirements.txt``, runs
``binder/postBuild`` in the repository and starts JupyterLab, here on one core. The
chapter is opened by the path of the page's launch button.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import BrowserContext

from lab_driver import Notebook, copy_of_the_book, running_lab

pytestmark = pytest.mark.slow
LARGEST_MINUTES = 15


@pytest.fixture(scope="module")
def repository(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_book(root, tmp_path_factory.mktemp("binder"))


@pytest.fixture(scope="module")
def environment(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Binder's build; gives the Python of the environment it made."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    variables = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"}
    steps = [
        [python, "-m", "pip", "install", "-q", "-r", "binder/requirements.txt"],
        ["binder/postBuild"],
    ]
    for step in steps:
        done = subprocess.run(
            step,
            cwd=repository,
            env=variables,
            capture_output=True,
            text=True,
            timeout=LARGEST_MINUTES * 60,
        )
        assert done.returncode == 0, f"{step}: {(done.stdout + done.stderr)[-4000:]}"
    return python


@pytest.fixture(scope="module")
def lab(environment: Path, repository: Path) -> Iterator[str]:
    with running_lab(environment, repository, one_core=True) as address:
        yield address


def path_of_the_launch_button(site: Path) -> str:
    soup = BeautifulSoup((site / "gaussian.html").read_text(), "html.parser")
    link = soup.select_one("a[href*='mybinder.org']")["href"]
    (path,) = parse_qs(urlsplit(link).query)["urlpath"]
    return path.removeprefix("lab/tree/")


def test_chapter_runs_on_binder_and_its_figure_moves(
    site: Path, lab: str, new_context: Callable[..., BrowserContext]
) -> None:
    path = path_of_the_launch_button(site)
    chapter = Notebook(new_context().new_page(), lab, path)
    chapter.run_all()
    assert chapter.errors() == []

    figure = chapter.figure(0)
    before, said = figure.drawing(), figure.caption()
    figure.press("End")
    assert figure.drawing() != before, "the slider moved, the picture did not"
    assert figure.caption() != said


def test_environment_has_the_torch_that_the_book_names(
    environment: Path, repository: Path
) -> None:
    listed = subprocess.run(
        [environment, "-m", "pip", "list", "--format=json"],
        capture_output=True,
        check=True,
    )
    versions = {
        part["name"].lower(): part["version"] for part in json.loads(listed.stdout)
    }
    lines = (repository / "requirements.txt").read_text().splitlines()
    (wanted,) = [line.split()[0] for line in lines if line.startswith("torch==")]
    assert versions["torch"].split("+")[0] == wanted.removeprefix("torch==")
    checked = subprocess.run(
        [environment, "-m", "pip", "check"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
