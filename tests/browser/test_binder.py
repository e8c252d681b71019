"""Binder, rehearsed: its own steps in a fresh environment, then a reader's.

Binder makes an environment, installs ``binder/requirements.txt``, runs
``binder/postBuild`` in the repository and starts JupyterLab, here on one core. Each
chapter is opened by the path of its page's launch button, run, and moved; all that runs
must fit into the memory that Binder gives at most.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import BrowserContext

from chapters import read_chapters
from controls import Control
from lab_driver import HOLDER, LiveFigure, Notebook, copy_of_the_book, running_lab

# The first test makes an environment and builds the book.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.rehearsal,
    pytest.mark.timeout(1500),
]
ROOT = Path(__file__).parents[2]
LARGEST_MINUTES = 15
MOST_BYTES = 2e9


@pytest.fixture(scope="module")
def repository(
    root: Path, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A clone, and what the chapters showed when the site was built.

    The build takes it up if the environment has the same packages; each chapter is run
    in JupyterLab afterwards, so that nothing is believed unseen.
    """
    copy = copy_of_the_book(root, tmp_path_factory.mktemp("binder"))
    cache = site.parent / ".jupyter_cache"
    shutil.copytree(cache, copy / "_build" / cache.name)
    return copy


@pytest.fixture(scope="module")
def environment(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Binder's build; gives the Python of the environment it made."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    variables = {
        **os.environ,
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        # The index of torch's CPU builds is asked for each of 170 packages: where it
        # cannot be reached from here, one refusal each must do.
        "PIP_RETRIES": "0",
    }
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


class Memory:
    """The most that the processes of an environment took together, in bytes."""

    def __init__(self, environment: Path) -> None:
        self.folder = str(environment.parent)
        self.most = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.ended.wait(0.3):
            self.most = max(self.most, sum(map(self._share, psutil.process_iter())))

    def _share(self, process: psutil.Process) -> int:
        # What processes share is counted once; one may end while it is looked at.
        with contextlib.suppress(psutil.Error, OSError):
            if " ".join(process.cmdline()[:1]).startswith(self.folder):
                return process.memory_full_info().pss
        return 0


def read_page(site: Path, chapter: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{chapter}.html").read_text("utf-8"), "html.parser")


def path_of_the_launch_button(published: BeautifulSoup) -> str:
    link = published.select_one("a[href*='mybinder.org']")["href"]
    (path,) = parse_qs(urlsplit(link).query)["urlpath"]
    return path.removeprefix("lab/tree/")


def figures(chapter: Notebook) -> Iterator[LiveFigure]:
    """All figures with sliders, scrolled to: JupyterLab draws what is in sight."""
    shown = chapter.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap(
          (cell, number) => cell.model.outputs?.length ? [number] : [])"""
    )
    for cell in shown:
        chapter.page.evaluate(
            "n => window.jupyterapp.shell.currentWidget.content.scrollToItem(n)", cell
        )
        holders = chapter.panel.locator(
            f'.jp-Cell[data-windowed-list-index="{cell}"] {HOLDER}'
        )
        chapter.page.wait_for_timeout(300)
        for number in range(holders.count()):
            holders.nth(number).locator("svg.explore-picture").first.wait_for()
            yield LiveFigure(chapter.page, holders.nth(number))


@pytest.mark.parametrize("name", [c.name for c in read_chapters(ROOT)])
def test_chapter_runs_on_binder_and_its_figures_move(
    name: str,
    site: Path,
    environment: Path,
    lab: str,
    new_context: Callable[..., BrowserContext],
) -> None:
    published = read_page(site, name)
    with Memory(environment) as memory:
        path = path_of_the_launch_button(published)
        chapter = Notebook(new_context().new_page(), lab, path)
        chapter.run_all()
        assert chapter.errors() == []
        assert chapter.unkept() == [], "lost when it is saved"

        seen, still = 0, []
        for figure in figures(chapter):
            seen += 1
            for slider in range(figure.sliders().count()):
                one, other = Control(figure.holder, slider).keys_to_two_values()
                figure.press(one, slider)
                before = figure.drawing(), figure.caption()
                figure.press(other, slider)
                if (figure.drawing(), figure.caption()) == before:
                    still.append(f"figure {seen}, slider {slider + 1}: {before[1]}")
        assert seen == len(published.select("figure.explore")), "fewer than on the page"
        assert still == [], "moved, but the picture did not"
        chapter.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
        )
    assert memory.most < MOST_BYTES, f"{name} took {memory.most / 1e9:.2f} GB"


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
