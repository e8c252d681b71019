"""The chapters as a student runs them: a fresh kernel, from top to bottom."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_cache import get_cache
from nbclient import NotebookClient
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = [BOOK / f"{name}.md" for name in sorted(parse_toc_yaml(ROOT / "_toc.yml"))]
CHAPTERS = [path for path in PAGES if "{code-cell}" in path.read_text(encoding="utf-8")]
# What the build and JupyterLab understand; a misspelt tag would change nothing.
TAGS = {
    "hide-cell",
    "hide-input",
    "hide-output",
    "raises-exception",
    "remove-cell",
    "remove-input",
    "remove-output",
    "skip-execution",
}
COLUMNS = 72

every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def said_on_stderr(notebook: nbformat.NotebookNode) -> list[str]:
    return [
        f"{cell.source[:60]!r}: {output.text}"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]


@every_chapter
def test_chapter_ran_in_a_fresh_kernel_without_a_warning(path: Path, site) -> None:
    """The run is the one that the build made for the page."""
    cache = get_cache(site.parent / ".jupyter_cache")
    _, notebook = cache.merge_match_into_notebook(jupytext.read(path))

    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "not once, from top to bottom"
    assert said_on_stderr(notebook) == []


def test_a_warning_in_a_chapter_would_be_seen() -> None:
    cell = nbformat.v4.new_code_cell("import warnings\nwarnings.warn('too old')")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook).execute()
    (said,) = said_on_stderr(notebook)
    assert "UserWarning: too old" in said


@every_chapter
def test_chapter_opens_as_a_notebook(path: Path) -> None:
    metadata = jupytext.read(path).metadata
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["jupytext"]["text_representation"]["format_name"] == "myst"


@every_chapter
def test_code_fits_a_phone(path: Path) -> None:
    long = [
        line
        for cell in code_cells(jupytext.read(path))
        for line in cell.source.splitlines()
        if len(line) > COLUMNS
    ]
    assert long == [], f"lines of more than {COLUMNS} columns"


@every_chapter
def test_tags_mean_something(path: Path) -> None:
    cells = code_cells(jupytext.read(path))
    used = {tag for cell in cells for tag in cell.metadata.get("tags", [])}
    assert used <= TAGS


@every_chapter
def test_what_a_page_folds_a_notebook_folds_too(path: Path) -> None:
    for cell in code_cells(jupytext.read(path)):
        folded = {"hide-input", "remove-cell"} & set(cell.metadata.get("tags", []))
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert hidden is bool(folded), cell.source[:60]


@every_chapter
def test_no_cell_takes_away_what_a_figure_still_reads(path: Path) -> None:
    """A figure's `update` is called again when its cell has long been left behind."""
    set_in, read_in = defaultdict(set), defaultdict(set)
    for place, cell in enumerate(code_cells(jupytext.read(path))):
        for statement in ast.parse(cell.source).body:
            names = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
            stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
            if not isinstance(statement, ast.FunctionDef):
                for name in stored:
                    set_in[name].add(place)
            elif statement.name == "update":
                own = stored | {each.arg for each in statement.args.args}
                for name in {n.id for n in names} - own:
                    read_in[name].add(place)
    lost = {
        name: f"read in cell {min(places)}, set again in {max(set_in[name])}"
        for name, places in read_in.items()
        if max(set_in[name], default=-1) > min(places)
    }
    assert not lost, lost
