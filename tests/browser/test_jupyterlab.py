"""A reader's notebooks, in the JupyterLab of `make lab`."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext
from sphinx_external_toc.parsing import parse_toc_yaml

from copy_notebooks import copy_notebooks
from lab_driver import Notebook, copy_of_the_book, running_lab

pytestmark = pytest.mark.pages
READ_FIRST = {"appendix/claims", "bibliography", "gaussian"}
"""Pages that hold one of each kind of text; all others wait for a rehearsal."""
PAGES = [
    pytest.param(name, marks=() if name in READ_FIRST else pytest.mark.rehearsal)
    for name in sorted(parse_toc_yaml(Path(__file__).parents[2] / "_toc.yml"))
]
GATHER_TEXT = """cell => {
  const shown = cell.querySelector(".jp-MarkdownOutput");
  if (!shown || cell.querySelector(".jp-CodeCell")) return "";
  const copy = shown.cloneNode(true);
  copy.querySelectorAll("mjx-container, .jp-InternalAnchorLink")
    .forEach((each) => each.replaceWith(" "));
  return copy.textContent;
}"""


@pytest.fixture(scope="module")
def folder(root: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_of_the_book(root, tmp_path_factory.mktemp("a reader"))
    assert list(copy_notebooks(site / "_notebooks", copy / "notebooks")) == []
    return copy


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    subprocess.run([sys.executable, folder / "tools" / "lab_settings.py"], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder / "book"))  # the copy's own package
        with running_lab(Path(sys.executable), folder) as address:
            yield address


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all: JupyterLab's 20 MB of scripts are read once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def opened(
    lab: str, folder: Path, context: BrowserContext
) -> Iterator[Callable[[str], Notebook]]:
    """Opens a page's notebook, as it is when nobody has touched it."""

    def open_page(name: str) -> Notebook:
        own = folder / "notebooks" / f"{name}.ipynb"
        made = folder / "untouched" / f"{name}.ipynb"
        if made.exists():
            own.write_bytes(made.read_bytes())
        else:
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_bytes(own.read_bytes())
        return Notebook(context.new_page(), lab, f"notebooks/{name}.ipynb")

    yield open_page
    for page in context.pages:
        page.close()


@pytest.fixture
def chapter(opened: Callable[[str], Notebook]) -> Notebook:
    return opened("gaussian")


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

    chapter.save()
    chapter.run_cells(figures_of(folder / "notebooks" / "gaussian.ipynb")[:1])
    assert chapter.errors() == []
    assert chapter.figure(0).drawing() == before, "re-running starts another state"
    chapter.figure(0).press("End")
    assert chapter.figure(0).drawing() != before

    chapter.save()
    chapter.shut_down_and_reopen()
    reopened = chapter.figure(0)
    assert reopened.caption()
    moved = reopened.drawing()
    reopened.press("End")
    assert reopened.drawing() != moved, "the reopened figure no longer moves"

    digests = [
        hashlib.sha256((place / "book" / "gaussian.md").read_bytes()).hexdigest()
        for place in (folder, root)
    ]
    assert digests[0] == digests[1], "what the reader did is in the chapter's file"


def figures_of(path: Path) -> list[int]:
    """The places of the cells that show a figure, in a notebook that has been run."""
    return [
        number
        for number, cell in enumerate(nbformat.read(path, 4).cells)
        for output in cell.get("outputs", [])
        if 'class="explore"' in output.get("data", {}).get("text/html", "")
    ]


@pytest.mark.rehearsal
def test_figures_survive_any_order_of_what_readers_do(
    chapter: Notebook, folder: Path
) -> None:
    path = folder / "notebooks" / "gaussian.ipynb"
    chapter.run_all()
    chapter.save()
    cells = figures_of(path)
    assert len(cells) > 3
    code = [
        number
        for number, cell in enumerate(nbformat.read(path, 4).cells)
        if cell.cell_type == "code" and not cell.source.startswith('assert "check"')
    ]
    choice = random.Random(0)
    done = []
    for _ in range(10):
        act = choice.choice(["open", "save", "restart", "one cell", "some cells"])
        keeps_its_kernel = choice.random() < 0.5
        done.append((act, keeps_its_kernel))
        if act == "restart":
            chapter.restart()
        elif act == "one cell":
            # After a restart a figure's cell fails alone: the set-up has to come first.
            chapter.run_cells([code[0], code[1], choice.choice(cells[:1])])
        elif act == "some cells":
            chapter.run_cells(code[: choice.randrange(2, len(code))])
        elif act == "open":
            assert not chapter.is_dirty, done
        if act != "open":
            chapter.save()
        chapter.close(shut_down=not keeps_its_kernel)
        chapter.open()
        chapter.page.wait_for_timeout(1000)
        assert not chapter.is_dirty, done
        assert figures_of(path) == cells, done
        for number in range(len(cells)):
            figure = chapter.figure(number)
            assert figure.holder.locator("svg.explore-picture").count() == 1
            assert figure.holder.locator(".explore-still").is_hidden()
            figure.press("Home")
            first = figure.drawing(), figure.caption()
            figure.press("End")
            assert (figure.drawing(), figure.caption()) != first, done
        assert chapter.page.locator("text=model not found").count() == 0, done
        assert not chapter.is_dirty, done


def test_a_run_from_somebody_else_shows_pictures_until_it_is_trusted(
    site: Path, folder: Path, lab: str, context: BrowserContext
) -> None:
    """JupyterLab drops scripts, style sheets and SVG of the page's second download."""
    path = folder / "notebooks" / "theirs.ipynb"
    path.write_bytes((site / "_run" / "gaussian.ipynb").read_bytes())
    opened = Notebook(context.new_page(), lab, "notebooks/theirs.ipynb")
    opened.show_every_cell("cell => null")
    pictures = opened.panel.locator(".explore-still img")
    assert pictures.count() == len(figures_of(path)) > 3
    assert pictures.first.is_visible()
    assert opened.panel.locator(".explore-still em").first.is_visible()
    assert opened.panel.locator("svg.explore-picture").count() == 0

    opened.page.evaluate(
        "() => { window.jupyterapp.commands.execute('notebook:trust'); }"
    )
    opened.page.locator(".jp-Dialog .jp-mod-accept").click()
    opened.page.locator(".jp-Dialog").wait_for(state="detached")
    opened.show_every_cell("cell => null")
    figure = opened.figure(0)
    before = figure.drawing()
    figure.press("End")
    assert figure.drawing() != before, "trusted, but it does not move"
    assert not figure.holder.locator(".explore-still").is_visible()
    opened.close()


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def sentences_of(page: Path) -> list[str]:
    """The paragraphs, headings, terms and table cells of a built page, in their order.

    Formulas are left out; so is what a code cell shows, what only paper does, pictures,
    and a form, which moves by a script of the page.
    """
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article.bd-article")
    for each in article.select(
        "div.cell, form, .still, a.headerlink, div.toctree-wrapper, "
        "span.section-number, mjx-container, .math, .eqno, "
        ".admonition-title .toggle-button, pre, .colophon"
    ):
        each.replace_with(" ")
    return [
        text
        for each in article.select("h1, h2, h3, p, dt, td, th, li")
        if not each.find(["p", "li", "dd"])
        and (text := plain(each.get_text())) not in ("", ".")
    ]


@pytest.mark.parametrize("name", PAGES)
def test_the_notebook_reads_like_the_page_and_stays_clean(
    name: str, opened: Callable[[str], Notebook], site: Path
) -> None:
    """Every sentence of the page is on the screen, and nothing is left unresolved.

    Who has only read the notebook is not asked whether to save it.
    """
    notebook = opened(name)
    notebook.page.wait_for_timeout(1500)
    assert not notebook.is_dirty
    seen = plain(" ".join(notebook.show_every_cell(GATHER_TEXT)))
    wanted = sentences_of(site / f"{name}.html")
    assert len(wanted) > 1
    assert [text for text in wanted if text not in seen] == []
    assert re.findall(r"\{[a-z:-]+\}`|:::|```", seen) == []
    assert notebook.panel.locator(".merror, mjx-merror").count() == 0
    assert not notebook.is_dirty


def test_links_lead_to_other_notebooks_and_into_them(chapter: Notebook) -> None:
    places = chapter.show_every_cell(
        """cell => [...cell.querySelectorAll(".jp-MarkdownOutput a[href]")]
          .map(a => a.getAttribute("href"))"""
    )
    addresses = [address for cell in places for address in cell]
    assert len(addresses) > 30
    files = {a.split("?")[0].split("#")[0].rpartition("/files/")[2] for a in addresses}
    assert {
        "notebooks/appendix/glossary.ipynb",
        "notebooks/appendix/claims.ipynb",
        "notebooks/bibliography.ipynb",
    } <= files
    within = chapter.panel.locator('a[href^="#cell-id=eq"]').first
    within.click()
    wait_until_in_view(chapter, within.get_attribute("href"))
    term = chapter.panel.locator("a", has_text="martingale").first
    term.click()
    chapter.page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget?.context.path
          === "notebooks/appendix/glossary.ipynb" """
    )
    wait_until_in_view(chapter, "#cell-id=term-martingale")


def wait_until_in_view(notebook: Notebook, mark: str) -> None:
    """Wait until a notebook shows the cell to which a link has led."""
    notebook.page.wait_for_function(
        """name => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const cell = notebook.widgets.find(cell => cell.model.id === name);
          const place = cell?.node.getBoundingClientRect();
          const window_ = notebook.node.getBoundingClientRect();
          return place?.height > 0 && place.top >= window_.top - 5
            && place.top < window_.bottom;
        }""",
        arg=mark.removeprefix("#cell-id="),
    )


def test_every_link_leads_to_a_cell(site: Path) -> None:
    home = site / "_notebooks"
    notebooks = {path: nbformat.read(path, 4).cells for path in home.rglob("*.ipynb")}
    followed = 0
    for path, cells in notebooks.items():
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        for file, mark in re.findall(r"\]\(([^)#\s:]*)#([^)\s]*)\)", text):
            target = (path.parent / file).resolve() if file else path
            names = [cell.id for cell in notebooks[target]]
            assert mark.removeprefix("cell-id=") in names, f"{path.name}: {file}#{mark}"
            followed += 1
    assert followed > 100


@pytest.mark.rehearsal
def test_what_the_page_folds_the_notebook_folds_too(chapter: Notebook) -> None:
    """Equations are drawn, solutions and figure code folded, numbers at hand."""
    chapter.run_all()
    seen = chapter.show_every_cell(
        """cell => ({
          formulas: cell.querySelectorAll("mjx-container[display=true]").length,
          solutions: cell.querySelectorAll("details").length,
          open: cell.querySelectorAll("details[open]").length,
          shown: (cell.querySelector(".jp-OutputArea")?.textContent || "")
            .includes("half_life_mle"),
        })"""
    )
    assert sum(cell["formulas"] for cell in seen) >= 5
    assert sum(cell["solutions"] for cell in seen) >= 5
    assert sum(cell["open"] for cell in seen) == 0
    assert sum(cell["shown"] for cell in seen) == 1


def test_python_hears_what_the_reader_moves(chapter: Notebook) -> None:
    source = """\
import matplotlib.pyplot as plt
from collapse.explore import explore

fig, ax = plt.subplots()
line, = ax.plot([0, 1], [0, 1])

def update(slope, shift):
    line.set_ydata([shift, slope + shift])
    return f"The slope is {slope}, the shift {shift}."

heard = []
figure = explore(fig, update, slope=range(5), shift=range(3))
figure.slope.observe(lambda change: heard.append(change["new"]), "value")
display(figure)
"""
    assert "Error" not in chapter.run_new_cell(source)
    figure = chapter.figure_that_says("The slope is")
    figure.press("End")
    figure.press("ArrowRight", slider=1)
    assert figure.caption() == "The slope is 4, the shift 1."
    assert "[4] 1" in chapter.run_new_cell("print(heard, figure.shift.value)")
    chapter.run_new_cell("figure.slope.value = 2")
    moved = chapter.figure_that_says("The slope is 2, the shift 1.")
    assert moved.sliders().first.input_value() == "2"
    chapter.run_new_cell("figure")  # shown once more, in the state in which it is
    again = chapter.page.locator("figcaption", has_text="The slope is 2, the shift 1.")
    again.nth(1).wait_for()
    chapter.save()
    chapter.close(shut_down=False)
    chapter.open()
    reopened = chapter.figure_that_says("The slope is 2, the shift 1.")
    reopened.sliders().first.focus()
    chapter.page.keyboard.press("Home")
    chapter.figure_that_says("The slope is 0, the shift 1.")
    assert "0" in chapter.run_new_cell("print(figure.slope.value)")


def test_an_answer_before_the_first_cell_says_what_to_do(chapter: Notebook) -> None:
    sources = chapter.sources()
    cells = [number for number, text in enumerate(sources) if "\ncheck(" in text]
    chapter.restart()
    chapter.run_cells(cells[:1])
    (error,) = chapter.errors()
    assert "Run the cells above first" in error
    assert "NameError" not in error
