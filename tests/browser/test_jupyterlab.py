"""The live path: chapters as notebooks in the JupyterLab of `make lab`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from lab_driver import Notebook, copy_of_the_book, running_lab

CHAPTER = "book/gaussian.md"


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_book(root, tmp_path_factory.mktemp("a reader"))


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    subprocess.run([sys.executable, folder / "tools" / "lab_settings.py"], check=True)
    with running_lab(Path(sys.executable), folder) as address:
        yield address


@pytest.fixture
def chapter(lab: str, new_context: Callable[..., BrowserContext]) -> Notebook:
    return Notebook(new_context().new_page(), lab, CHAPTER)


def below_the_header(chapter: Path) -> str:
    """The text of a chapter without its notebook metadata."""
    return chapter.read_text(encoding="utf-8").split("\n---\n", 1)[1]


def test_chapter_is_a_live_notebook_and_stays_one(
    chapter: Notebook, folder: Path, root: Path
) -> None:
    """Run all, move a slider, listen to it, re-run the cell, close and reopen."""
    chapter.run_all()
    assert chapter.errors() == []

    figure = chapter.figure(0)
    assert figure.sliders().count() >= 2
    before, said = figure.drawing(), figure.caption()
    figure.press("End")
    assert figure.drawing() != before, "the slider moved, the picture did not"
    assert figure.caption() != said
    figure.press("Home")
    start = figure.drawing()
    figure.press("ArrowRight")
    assert figure.drawing() != start
    figure.press("ArrowLeft")
    assert figure.drawing() == start, "back at the same value, another picture"

    chapter.run_all()
    assert chapter.errors() == []
    assert chapter.figure(0).drawing() == before, "re-running starts another state"
    chapter.figure(0).press("End")
    assert chapter.figure(0).drawing() != before

    chapter.save()
    chapter.shut_down_and_reopen()
    reopened = chapter.figure(0)
    assert reopened.holder.locator("svg.explore-picture").first.is_visible()
    assert reopened.caption()

    moved = reopened.drawing()
    reopened.press("Home")
    assert reopened.drawing() != moved, "the reopened figure no longer moves"

    assert below_the_header(folder / CHAPTER) == below_the_header(root / CHAPTER)
    assert (folder / "notebooks" / "gaussian.ipynb").exists()


def test_the_notebook_reads_like_the_page(chapter: Notebook) -> None:
    """Equations are drawn, solutions and figure code folded, numbers at hand."""
    chapter.run_all()
    seen = chapter.page.evaluate(
        """async () => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const seen = { formulas: 0, raw: [], solutions: 0, open: 0, shown: 0 };
          for (let number = 0; number < notebook.widgets.length; number++) {
            await notebook.scrollToItem(number);
            await new Promise((resolve) => setTimeout(resolve, 150));
            const cell = notebook.widgets[number].node;
            seen.formulas += cell.querySelectorAll(".katex-display").length;
            for (const details of cell.querySelectorAll("details")) {
              seen.solutions += 1;
              seen.open += details.open;
            }
            const text = cell.querySelector(".jp-MarkdownOutput")?.textContent || "";
            if (/\\{(math|term|exercise|solution)\\}/.test(text)) seen.raw.push(text);
            const output = cell.querySelector(".jp-OutputArea")?.textContent || "";
            seen.shown += output.includes("half_life_mle");
          }
          return seen;
        }"""
    )
    assert seen["raw"] == []
    assert seen["formulas"] >= 5
    assert seen["solutions"] >= 5
    assert seen["open"] == 0
    assert seen["shown"] == 1


def test_python_hears_what_the_reader_moves(chapter: Notebook) -> None:
    source = """\
import matplotlib.pyplot as plt
from collapse.explore import explore

fig, ax = plt.subplots()
line, = ax.plot([0, 1], [0, 1])

def update(slope):
    line.set_ydata([0, slope])
    return f"The slope is {slope}."

heard = []
figure = explore(fig, update, slope=range(5))
figure.slope.observe(lambda change: heard.append(change["new"]), "value")
display(figure)
"""
    assert "Error" not in chapter.run_new_cell(source)
    figure = chapter.figure_that_says("The slope is")
    figure.press("End")
    assert figure.caption() == "The slope is 4."
    assert "4" in chapter.run_new_cell("print(heard)")
    chapter.run_new_cell("figure.slope.value = 2")
    assert chapter.figure_that_says("The slope is 2.").caption() == "The slope is 2."
