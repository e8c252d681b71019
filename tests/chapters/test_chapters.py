"""The chapters as a student runs them: a fresh kernel, from top to bottom."""

from __future__ import annotations

import ast
import symtable
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
COLUMNS, LINES = 72, 60
SHOW_SET_UP, SET_UP_LINES = "Show the set-up", 20

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
    """But for the set-up, which would push a page's first figure out of sight."""
    set_up, *others = code_cells(jupytext.read(path))
    assert "source_hidden" not in set_up.metadata.get("jupyter", {})
    for cell in others:
        folded = {"hide-input", "remove-cell"} & set(cell.metadata.get("tags", []))
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert hidden is bool(folded), cell.source[:60]


@every_chapter
def test_the_set_up_comes_first_and_is_nothing_else(path: Path) -> None:
    """Imports, the look and constants: short, and told apart from a figure's code."""
    set_up, *_ = code_cells(jupytext.read(path))
    assert len(set_up.source.splitlines()) <= SET_UP_LINES
    kinds = [type(each) for each in ast.parse(set_up.source).body]
    assert set(kinds) <= {ast.Import, ast.ImportFrom, ast.Assign, ast.Expr}, kinds
    assert set_up.metadata.get("mystnb", {}).get("code_prompt_show") == SHOW_SET_UP


@every_chapter
def test_no_cell_is_longer_than_a_screen(path: Path) -> None:
    lengths = {
        cell.source[:60]: len(cell.source.splitlines())
        for cell in code_cells(jupytext.read(path))
    }
    assert {k: n for k, n in lengths.items() if n > LINES} == {}


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """Return the calls of a function, or of a method, of this name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    ]


@every_chapter
def test_every_figure_is_a_named_function_that_sets_no_title(path: Path) -> None:
    """Its names are its own, and `explore` sets the title that its update returns."""
    for cell in code_cells(jupytext.read(path)):
        tree = ast.parse(cell.source)
        figures = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        inside = [call for node in figures for call in calls(node, "explore")]
        assert len(inside) == len(calls(tree, "explore")), cell.source[:60]
        assert calls(tree, "set_title") == [], cell.source[:60]


def figures_of(path: Path) -> list[tuple[ast.Call, nbformat.NotebookNode]]:
    """Return each call of `explore` in a page, with its cell."""
    return [
        (call, cell)
        for cell in code_cells(jupytext.read(path))
        for call in calls(ast.parse(cell.source), "explore")
    ]


@every_chapter
def test_the_code_of_a_figure_is_folded(path: Path) -> None:
    """The page puts it under the figure then. The gallery is about the code."""
    if path.stem != "gallery":
        for _, cell in figures_of(path):
            assert "hide-input" in cell.metadata.get("tags", []), cell.source[:60]


@every_chapter
def test_more_than_the_first_figure_names_states_to_visit(path: Path) -> None:
    figures = [{word.arg for word in call.keywords} for call, _ in figures_of(path)]
    named = sum("moments" in words for words in figures)
    if path.parent == BOOK and path.stem != "index":
        assert named >= 2, f"{named} of {len(figures)} figures"


def read_later(function: symtable.SymbolTable) -> set[str]:
    """Return the global names that a function looks up when it is called."""
    inner = [read_later(child) for child in function.get_children()]
    own = {each.get_name() for each in function.get_symbols() if each.is_global()}
    return own.union(*inner)


@every_chapter
def test_no_cell_takes_away_what_a_function_still_reads(path: Path) -> None:
    """A figure's `update` is called again when its cell has long been left behind."""
    set_in, read_in = defaultdict(set), defaultdict(set)
    for place, cell in enumerate(code_cells(jupytext.read(path))):
        table = symtable.symtable(cell.source, "<cell>", "exec")
        for each in table.get_symbols():
            if each.is_assigned() or each.is_imported():
                set_in[each.get_name()].add(place)
        for child in table.get_children():
            for name in read_later(child):
                read_in[name].add(place)
    lost = {
        name: f"read in cell {min(places)}, set again in {max(set_in[name])}"
        for name, places in read_in.items()
        if max(set_in[name], default=-1) > min(places)
    }
    assert not lost, lost
