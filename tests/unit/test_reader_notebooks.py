"""A reader's notebooks: their Markdown, their first cell, the reader's copies."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.core import publish_doctree

import reader_notebooks
from copy_notebooks import copy_notebooks
from plain_markdown import Writer


def written(rst: str, **says) -> str:
    """The Markdown of a text, from what docutils makes of it."""
    writer = Writer(
        link=says.get("link", lambda node: node.get("refuri", "")),
        number=says.get("number", lambda node: ""),
    )
    doctree = publish_doctree(rst)
    said = nodes.system_message  # of docutils, that a list begins with 3
    return writer.blocks(e for e in doctree.children if not isinstance(e, said))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("A *word*, a **bold** one, ``code``.", "A *word*, a **bold** one, `code`."),
        (r"Costs 5 \$ and a\_b\_c \* 2 \` 3", r"Costs 5 \$ and a\_b\_c \* 2 \` 3"),
        ("if a < b & c > d", "if a &lt; b &amp; c &gt; d"),
        ("`words <https://a.org/b>`__", "[words](https://a.org/b)"),
        ("[0, 1](2) stays", r"[0, 1\](2) stays"),
        (r":math:`\sigma^2`", r"$\sigma^2$"),
        ("``a`b``", "``a`b``"),
        ("- one\n\n  more\n- two", "- one\n\n  more\n- two"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("term\n  what it is", "**term**<br>\nwhat it is"),
        (".. math:: x\n", "$$\nx\n$$"),
        ("::\n\n  a = 1\n  ```\n", "````\na = 1\n```\n````"),
        (".. note:: Beware.\n", "> **Note**\n>\n> Beware."),
        (r"\- no list", r"\- no list"),
        (r"1\. no list", r"1\. no list"),
        (r"\# no heading", r"\# no heading"),
    ],
)
def test_text_is_written_as_plain_markdown(text: str, markdown: str) -> None:
    assert written(text) == markdown


def test_tables_and_headings() -> None:
    rst = """\
Head
====

text

Below
-----

===== =====
left  right
===== =====
a|b   c
===== =====
"""
    table = "| left | right |\n|---|---|\n| a\\|b | c |"
    assert written("first\n\n" + rst).endswith(table)
    assert "# Below" in written("first\n\n" + rst)


def test_numbers_of_equations_and_exercises_are_those_of_the_page() -> None:
    says = {"number": lambda node: "1.2" if isinstance(node, nodes.math_block) else "E"}
    assert written(".. math:: x\n", **says) == "$$\nx \\tag{1.2}\n$$"
    assert written(".. admonition:: Half\n\n  Do.\n", **says).startswith("> **E Half**")


def test_what_a_page_folds_is_folded() -> None:
    folded = written(".. admonition:: Solution\n  :class: dropdown\n\n  Four.\n")
    assert folded == (
        "<details>\n<summary><b>Solution</b></summary>\n\nFour.\n\n</details>"
    )


def test_what_nobody_can_write_stops_the_build() -> None:
    node = nodes.paragraph("", "", nodes.math("", "x"), nodes.footnote_reference())
    with pytest.raises(ValueError, match="cannot show footnote_reference"):
        Writer(str, str).block(node)
    with pytest.raises(ValueError, match=r"cannot carry the picture local\.png"):
        Writer(str, str).block(nodes.image(uri="local.png"))


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://github.com/a/b", "https://github.com/a/b/archive/main.zip"),
        ("https://github.com/a/b.git/", "https://github.com/a/b/archive/main.zip"),
        ("https://gitlab.com/a/b.git", "git+https://gitlab.com/a/b@main"),
    ],
)
def test_package_comes_from_the_repository(address: str, source: str) -> None:
    assert reader_notebooks.archive(address, "main") == source


@pytest.mark.parametrize(
    ("imports", "installs"),
    [
        ("import numpy as np", set()),
        ("from sklearn.datasets import load_iris", {"sklearn"}),
        (
            "import torch\nfrom torch import nn",
            {"torch", "filelock", "safetensors", "sklearn", "tokenizers"},
        ),
        ('sweep.load("paper_mixture")', set()),
        (
            'results = {"digits": "digits_mixing"}',
            {"torch", "filelock", "safetensors", "sklearn", "tokenizers"},
        ),
    ],
)
def test_first_cell_asks_for_what_the_chapter_imports(
    root: Path, imports: str, installs: set[str]
) -> None:
    cell = reader_notebooks.first_cell([imports], "https://github.com/a/b", "x", root)
    assert set(re.findall(r'needed\["(\w+)"\]', cell)) == installs
    assert "https://github.com/a/b/archive/x.zip" in cell
    assert max(map(len, cell.splitlines())) <= 80


def run_first_cell(root: Path, found: set[str], installs: bool) -> tuple[str, list]:
    """Run the first cell where only some modules are found; what it says and asks."""
    cell = reader_notebooks.first_cell(["import torch"], "https://a.org/b", "x", root)
    asked: list[str] = []
    said: list[str] = []

    def pip(sources: str) -> None:
        asked.append(sources)
        if installs:
            found.update({"collapse", "torch"})

    source = cell.replace("%pip install --quiet {sources}", "pip(sources)").replace(
        "from importlib.util import find_spec", ""
    )
    names = {
        "find_spec": lambda name: name in found or None,
        "pip": pip,
        "print": lambda *words: said.append(" ".join(words)),
    }
    exec(source, names)
    return "\n".join(said), asked


EVERYTHING = {
    *("collapse", "anywidget", "ipywidgets", "joblib", "matplotlib", "numpy", "PIL"),
    *(
        "scipy",
        "threadpoolctl",
        "tqdm",
        "torch",
        "filelock",
        "safetensors",
        "sklearn",
        "tokenizers",
    ),
}


def test_first_cell_installs_what_is_missing_and_says_so(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in ("matplotlib", "numpy", "scipy"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    said, asked = run_first_cell(root, EVERYTHING - {"collapse", "torch"}, True)
    (sources,) = asked
    assert set(re.findall('"([^"]+)"', sources)) == {
        "git+https://a.org/b@x",
        "torch==2.13.0",
    }
    assert "Installing" in said
    assert "torch==2.13.0" in said

    said, asked = run_first_cell(root, set(EVERYTHING), True)
    assert asked == []
    assert "Installing" not in said

    with pytest.raises(AssertionError, match="pip could not install"):
        run_first_cell(root, EVERYTHING - {"collapse"}, False)


def test_first_cell_takes_the_copy_of_the_book_that_it_lies_in(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a clone" / "notebooks" / "appendix"
    folder.mkdir(parents=True)
    (tmp_path / "a clone" / "book" / "collapse" / "explore").mkdir(parents=True)
    monkeypatch.chdir(folder)
    _, asked = run_first_cell(root, EVERYTHING - {"collapse"}, True)
    assert asked == [f'"{tmp_path / "a clone"}"']


def test_outputs_of_a_run_are_those_that_a_notebook_shows() -> None:
    both = nbformat.v4.new_output(
        "display_data", {"text/html": "<b>1</b>", "application/pdf": "JVBE"}
    )
    glued = nbformat.v4.new_output(
        "display_data", {"application/papermill.record/text/plain": "1"}
    )
    said = nbformat.v4.new_output("stream", text="two")
    ran = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("words"),
            nbformat.v4.new_code_cell("f()", outputs=[both, glued, said]),
        ]
    )
    ran.cells[1].execution_count = 7
    plain = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("words", id="code-0"),
            nbformat.v4.new_code_cell("install()", id="install"),
            nbformat.v4.new_code_cell("f()", id="code-1"),
        ]
    )
    _, install, code = reader_notebooks.with_outputs(plain, ran).cells
    assert install.outputs == []
    assert code.execution_count == 7
    assert [output.get("data") for output in code.outputs] == [
        {"text/html": "<b>1</b>"},
        None,
    ]
    assert code.outputs[1].text == "two"
    assert plain.cells[2].outputs == []


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "made" / "appendix").mkdir(parents=True)
    for name in ("one", "two", "appendix/three"):
        (tmp_path / "made" / f"{name}.ipynb").write_text(f"{name} of the book")
    return tmp_path / "made"


def test_a_readers_work_is_never_written_over(made: Path, tmp_path: Path) -> None:
    own = tmp_path / "notebooks"
    assert list(copy_notebooks(made, own)) == []
    assert (
        own / "appendix" / "three.ipynb"
    ).read_text() == "appendix/three of the book"
    (own / "one.ipynb").write_text("my answers")
    assert list(copy_notebooks(made, own)) == []
    assert (own / "one.ipynb").read_text() == "my answers"

    for name in ("one", "two"):
        (made / f"{name}.ipynb").write_text(f"{name}, a new edition")
    (sentence,) = copy_notebooks(made, own)
    assert "one.ipynb holds your work" in sentence
    assert (own / "one.ipynb").read_text() == "my answers"
    assert (own / "two.ipynb").read_text() == "two, a new edition"

    (own / "one.ipynb").rename(own / "mine.ipynb")
    assert list(copy_notebooks(made, own)) == []
    assert (own / "one.ipynb").read_text() == "one, a new edition"
    assert (own / "mine.ipynb").read_text() == "my answers"


def test_what_lay_there_before_is_kept_under_another_name(
    made: Path, tmp_path: Path
) -> None:
    own = tmp_path / "notebooks"
    own.mkdir()
    (own / "one.ipynb").write_text("from elsewhere")
    (sentence,) = copy_notebooks(made, own)
    assert "one-before.ipynb" in sentence
    assert (own / "one-before.ipynb").read_text() == "from elsewhere"
    assert (own / "one.ipynb").read_text() == "one of the book"
