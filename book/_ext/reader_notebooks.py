r"""Writes each page as a notebook of the reader's own, as written and as run.

The notebook reads like the page: its Markdown is written from the resolved page, so
that numbers, citations, terms, claims and references are text and links there, in any
program that opens notebooks. Its code cells are those of the chapter, after one that
finds the book's package or installs it. The notebooks in ``_sources/`` are the pages'
downloads, which may lie alone: links to other pages lead to the site. In ``_run/`` they
lie once more, with what their cells showed in the build. `notebook_buttons` links to
both. Those in ``_notebooks/`` lead to each other: `make notebooks` and Binder copy them
all for the reader.
"""

from __future__ import annotations

import ast
import bisect
import copy
import json
import posixpath
import re
import textwrap
import tomllib
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from ipykernel.ipkernel import IPythonKernel
from jupyter_cache import get_cache
from myst_nb.core.read import create_nb_reader
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number

from plain_markdown import Writer
from site_address import address_of

ALONE, RUN, TOGETHER = "_sources", "_run", "_notebooks"
"""The site's folders of notebooks: to download, as the build ran them, and one set."""
LEFT_OUT = re.compile(r"application/(pdf|papermill\.record/.*)")
"""Forms of an output for paper and for the sentences of a page, not for notebooks."""

METADATA = {
    # As JupyterLab writes it, or the notebook would have changes as soon as it is open.
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": IPythonKernel.language_info,
}
DISTRIBUTIONS = {"pillow": "PIL", "scikit-learn": "sklearn"}
"""Names of distributions that are not those of what one imports."""

LISTS = (addnodes.glossary, nodes.definition_list)
"""Whose items can be linked to one by one."""

FIRST_CELL = Template("""\
# Begin here: run all cells. This one installs what is missing.
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
import sys

package = "$package"
for folder in [Path.cwd(), *Path.cwd().parents]:
    if Path(folder, "book", "collapse", "explore").is_dir():
        package = str(folder)  # a copy of the book at hand
        break
needed = dict.fromkeys((
$modules
).split(), package)
$more

def missing():
    return {
        source for name, source in needed.items() if find_spec(name) is None
    }


if missing():
    print("Installing", *missing(), "... this may take minutes.")
    sources = " ".join(f'"{source}"' for source in missing())
    %pip install --quiet {sources}
    assert not missing(), f"pip could not install {missing()}: see above"
    for name in {"matplotlib", "numpy", "scipy"} & sys.modules.keys():
        assert sys.modules[name].__version__ == version(name), (
            f"{name} was renewed: restart the kernel, then go on here"
        )
print("All that this notebook needs is installed.")
""")
BEFORE_A_CHECK = (
    'assert "check" in globals(), "Run the cells above first: '
    'they load what this one uses."\n'
)


def requirements(repository: Path) -> tuple[list[str], dict[str, str]]:
    """What the package imports, and the requirement of what else a chapter may."""
    settings = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]

    def by_module(lines: list[str]) -> dict[str, str]:
        named = {line.split("=")[0].split(">")[0]: line for line in lines}
        return {DISTRIBUTIONS.get(name, name): line for name, line in named.items()}

    more = by_module(project["optional-dependencies"]["torch"])
    return ["collapse", *by_module(project["dependencies"])], more


def imported(sources: list[str]) -> set[str]:
    """The packages that some cells import."""
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found


def behind_results(sources: list[str], repository: Path) -> set[str]:
    """The packages that made the shipped results whose names some cells hold.

    Who loads a result looks whether the code that made it is as it was, and imports it.
    """
    trees = map(ast.parse, sources)
    constants = [e for t in trees for e in ast.walk(t) if isinstance(e, ast.Constant)]
    words = {constant.value for constant in constants}
    names: set[str] = set()
    for path in (repository / "book" / "data").glob("*.json"):
        if path.stem in words:
            names |= json.loads(path.read_text(encoding="utf-8"))["versions"].keys()
    return {DISTRIBUTIONS.get(name, name) for name in names}


def further(sources: list[str], repository: Path) -> dict[str, str]:
    """What some cells need beside the package: requirements by what one imports."""
    more = requirements(repository)[1]
    used = imported(sources) | behind_results(sources, repository)
    # Who imports torch works with the book's networks, which use the others as well.
    return more if "torch" in used else {n: more[n] for n in more if n in used}


def first_cell(
    sources: list[str],
    address: str,
    branch: str,
    repository: Path,
    also: dict[str, str] | None = None,
) -> str:
    """The cell that finds the book's package and what else `sources` need.

    ``also`` has requirements by what one imports.
    """
    wanted = further(sources, repository) | (also or {})
    base = " ".join(requirements(repository)[0])
    lines = textwrap.wrap(base, 60, drop_whitespace=False)
    return FIRST_CELL.substitute(
        package=archive(address, branch),
        modules="\n".join(f'    "{line}"' for line in lines),
        more="".join(f'needed["{n}"] = "{line}"\n' for n, line in wanted.items()),
    ).strip()


def archive(address: str, branch: str) -> str:
    """What pip installs a repository from; GitHub's files need no git."""
    address = address.rstrip("/").removesuffix(".git")
    if urlsplit(address).hostname == "github.com":
        return f"{address}/archive/{branch}.zip"
    return f"git+{address}@{branch}"


class Page:
    """A resolved page and the cells of its source."""

    def __init__(self, app: Sphinx, name: str, doctree: nodes.document) -> None:
        self.app, self.name, self.doctree = app, name, doctree
        self.builder = app.builder  # where Sphinx's own functions look for numbers
        path = app.env.doc2path(name)
        content = Path(path).read_text(encoding="utf-8")
        configs = app.env.myst_config, app.env.mystnb_config
        reader = create_nb_reader(path, *configs, content)
        self.source = reader.read(content) if reader else nbformat.v4.new_notebook()
        self.cells = self.source.cells
        self.starts = self.source.metadata.get("source_map", [0])

    @property
    def has_run(self) -> bool:
        """Whether the page has code, and the build has what it showed."""
        has_code = any(cell.cell_type == "code" for cell in self.cells)
        return has_code and self.name not in self.app.config.chapters_to_come

    def ran(self) -> nbformat.NotebookNode:
        """The source with what its cells showed, from Jupyter's cache."""
        cache = get_cache(self.app.env.mystnb_config.execution_cache_path)
        return cache.merge_match_into_notebook(self.source)[1]

    def notebook(self) -> nbformat.NotebookNode:
        """The page as a notebook, without outputs."""
        texts = self.texts()
        sources = [cell.source for cell in self.cells if cell.cell_type == "code"]
        options = self.app.config.html_theme_options
        cells, is_first = [], True
        for number, cell in enumerate(self.cells or [None]):
            if cell is None or cell.cell_type == "markdown":
                cells += [
                    nbformat.v4.new_markdown_cell(text, id=name)
                    for name, text in texts.pop(number, {}).items()
                ]
                continue
            if is_first:
                source = first_cell(
                    sources,
                    options["repository_url"],
                    options["repository_branch"],
                    Path(self.app.srcdir).parent,
                )
                folded = {"jupyter": {"source_hidden": True}}
                cells.append(
                    nbformat.v4.new_code_cell(source, id="install", metadata=folded)
                )
                is_first = False
            cells.append(code_cell(cell, number))
        if texts:
            raise ValueError(f"{self.name}: text in code cells {sorted(texts)}")
        return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)

    def texts(self) -> dict[int, dict[str, str]]:
        """The Markdown of each cell of the source, in cells by their names."""
        writer = Writer(self.link, self.number)
        texts: dict[int, dict[str, str]] = {}
        for number, name, blocks in self.parts():
            written = [writer.block(node, level) for node, level in blocks]
            if text := "\n\n".join(filter(None, written)):
                texts.setdefault(number, {})[name] = text
        return texts

    def parts(self) -> Iterator[tuple[int, str, list[tuple[nodes.Node, int]]]]:
        """The text in parts, of which each becomes a cell: where it stands, its name.

        What can be linked to begins a part, since JupyterLab follows links to cells: it
        finds an anchor within one only where that is drawn already.
        """
        number, name, blocks = 0, "text-0", []
        for node, level in _blocks(self.doctree):
            if isinstance(node, nodes.Element) and node.get("nb_element"):
                continue  # a code cell and its output
            before = number
            if node.line:
                number = max(number, bisect.bisect_right(self.starts, node.line) - 1)
            marks = _identities(node)
            if blocks and (number > before or marks):
                yield before, name, blocks
                blocks = []
            if not blocks:
                name = _cell_name(marks[0]) if marks else f"text-{number}"
            blocks.append((node, level))
        if blocks:
            yield number, name, blocks

    @cached_property
    def places(self) -> dict[str, str]:
        """The name of the cell in which each id of the page is."""
        return {
            identity: name
            for _, name, blocks in self.parts()
            for block, _ in blocks
            for node in [block, *block.findall(nodes.Element)]
            for identity in _identities(node)
        }

    def link(self, node: nodes.Element) -> str:
        """Where a reference leads: to a page and an id in it, or to the web."""
        if "refid" in node:
            return self.address(self.name, node["refid"])
        address = node.get("refuri", "")
        if not node.get("internal"):
            return address
        path, _, identity = address.partition("#")
        if not path:
            return self.address(self.name, identity)
        if not path.endswith(".html"):
            raise ValueError(f"{self.name}: {address} is no page")
        target = posixpath.join(posixpath.dirname(self.name), path)
        return self.address(posixpath.normpath(target).removesuffix(".html"), identity)

    def address(self, page: str, identity: str) -> str:
        """Where an id is, seen from here: in a cell of this or another notebook."""
        mark = f"#{self.anchor(page, identity)}" if identity else ""
        if page == self.name and mark:
            return mark
        here = posixpath.dirname(self.name)
        return f"{posixpath.relpath(page, here or '.')}.ipynb{mark}"

    def number(self, node: nodes.Element) -> str:
        """The number that the page shows with a node, after the name of its kind."""
        if isinstance(node, nodes.math_block):
            numbered = isinstance(node.get("number"), int) and node["ids"]
            return get_node_equation_number(self, node) if numbered else ""
        kind = self.app.env.get_domain("std").get_enumerable_node_type(node)
        numbers = self.builder.fignumbers.get(kind, {})
        number = next((numbers[each] for each in node["ids"] if each in numbers), ())
        words = self.app.config.numfig_format.get(kind, "")
        return words % ".".join(map(str, number)) if number else ""

    def anchor(self, page: str, identity: str) -> str:
        """What follows ``#`` in a link to an id: the cell in which it is."""
        there = self if page == self.name else _unresolved(self.app, page)
        # Books appear when a page is resolved, each in a cell of its own.
        return f"cell-id={there.places.get(identity, _cell_name(identity))}"


class LonePage(Page):
    """A page whose notebook may lie alone: no other one is beside it to lead to."""

    def address(self, page: str, identity: str) -> str:
        """Where an id is: in a cell of this notebook, or on the site."""
        if page == self.name and identity:
            return super().address(page, identity)
        return address_of(self.app, page, identity)


@cache
def _unresolved(app: Sphinx, page: str) -> Page:
    return Page(app, page, app.env.get_doctree(page))


def _identities(node: nodes.Node) -> list[str]:
    """The ids by which a block is linked to; a section's are those of its title."""
    if not isinstance(node, nodes.Element):
        return []
    owner = node.parent if isinstance(node, nodes.title) else node
    inside = [e for e in node.children if isinstance(e, nodes.term)]
    return [identity for each in [owner, *inside] for identity in each.get("ids", [])]


def _cell_name(identity: str) -> str:
    """An id as nbformat wants it: up to 64 letters, digits, hyphens and underscores."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", identity)[:64]


def _blocks(doctree: nodes.Node, level: int = 0) -> Iterator[tuple[nodes.Node, int]]:
    """Every block of a page that is no section or list of terms or books.

    With the level of its heading.
    """
    for node in doctree.children:
        if isinstance(node, nodes.section):
            yield from _blocks(node, level + 1)
        elif isinstance(node, LISTS) or _holds_books(node):
            yield from _blocks(node, level)
        else:
            yield node, level


def _holds_books(node: nodes.Node) -> bool:
    return bool(node.children) and all(
        isinstance(each, nodes.citation) for each in node.children
    )


def code_cell(cell: nbformat.NotebookNode, number: int) -> nbformat.NotebookNode:
    """A chapter's cell as a reader gets it."""
    metadata = {key: cell.metadata[key] for key in cell.metadata if key != "mystnb"}
    source = cell.source
    if any(line.startswith("check(") for line in source.splitlines()):
        source = BEFORE_A_CHECK + source
    return nbformat.v4.new_code_cell(source, id=f"code-{number}", metadata=metadata)


def with_outputs(
    notebook: nbformat.NotebookNode, ran: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """A page's notebook with what its cells showed in the build.

    Figures stay what they are in a notebook: HTML that moves by itself, and a picture
    with words for who shows no scripts of others.
    """
    whole = copy.deepcopy(notebook)
    for cell in whole.cells:
        number = cell.id.removeprefix("code-")
        if cell.cell_type != "code" or not number.isdigit():
            continue
        source = ran.cells[int(number)]
        cell.execution_count = source.execution_count
        cell.outputs = [each for each in map(shown, source.outputs) if each]
    return whole


def shown(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """An output as a notebook shows it; None if it shows nothing of it."""
    if "data" not in output:
        return output
    data = {kind: v for kind, v in output.data.items() if not LEFT_OUT.match(kind)}
    return nbformat.from_dict({**output, "data": data}) if data else None


def write_notebook(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write a page's notebook, and once more with its outputs if it has code."""
    if doctree is None:
        return
    page = LonePage(app, pagename, doctree)
    notebooks = {
        ALONE: page.notebook(),
        TOGETHER: Page(app, pagename, doctree).notebook(),
    }
    if page.has_run:
        notebooks[RUN] = with_outputs(notebooks[ALONE], page.ran())
        context["ran_notebook"] = f"{RUN}/{pagename}.ipynb"
    for folder, notebook in notebooks.items():
        nbformat.validate(notebook)
        path = Path(app.outdir, folder, f"{pagename}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)


def setup(app: Sphinx) -> dict[str, Any]:
    # After the theme, which puts another notebook in the same place.
    app.connect("html-page-context", write_notebook, priority=880)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
