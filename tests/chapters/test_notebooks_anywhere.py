"""A page's notebook on a bare laptop, and with what Colab and a hub greet a reader.

Each place is an environment made anew and a folder that holds nothing else;
``tests/places`` has the versions that Colab and a JupyterHub publish. Their servers are
not here. `make places` runs all pages in all places; else one without torch must do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from chapters import read_chapters

pytestmark = [pytest.mark.slow, pytest.mark.rehearsal, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[2]
PACKED = ["pyproject.toml", "README.md", "LICENSE", "book"]
PLACES = {
    "laptop": ["ipykernel", "nbclient"],
    "colab": ["-r", ROOT / "tests" / "places" / "colab.txt"],
    "jupyterhub": ["-r", ROOT / "tests" / "places" / "jupyterhub.txt"],
}
FIRST = "gaussian"
LOADED = {"colab": "import matplotlib, numpy, scipy"}
"""What kernels have in hand before the first cell."""
KERNEL = ("ipykernel", "ipython", "jupyter_client", "nbclient", "pyzmq", "tornado")
RESTART = "numpy was renewed: restart the kernel, then go on here"
ASKED = """\
import importlib.util
from pathlib import Path
import collapse
from collapse import sweep
from collapse.sweep.files import DATA, read

results = sorted(path.stem for path in DATA.glob("*.json"))
for name in results:
    read(name)
sweep.load("paper_mixture")  # the others need torch
panels = importlib.util.find_spec("language_panels").origin
print(len(results), Path(panels).parent == Path(collapse.__file__).parents[1])
"""


@dataclass
class Place:
    """An environment that knows nothing of the book, and the book to install."""

    name: str
    folder: Path

    @property
    def commands(self) -> Path:
        return self.folder / "fresh" / "bin"

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def run(self, notebook: nbformat.NotebookNode) -> str:
        """Run a notebook as far as it goes; what went wrong."""
        folder = self.folder / "somewhere else"
        folder.mkdir(exist_ok=True)
        path = folder / "notebook.ipynb"
        nbformat.write(notebook, path)
        ran = subprocess.run(
            [self.commands / "jupyter-execute", "--inplace", path],
            cwd=folder,
            env={**os.environ, "IPYTHONDIR": str(self.folder / "ipython")},
            capture_output=True,
            text=True,
        )
        if ran.returncode == 0:
            notebook.cells = nbformat.read(path, 4).cells
        return ran.stderr if ran.returncode else ""

    def kernel(self) -> list[str]:
        command = [self.commands / "pip", "list", "--format=freeze"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line for line in listed.stdout.split() if line.startswith(KERNEL)]


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    made = Place(request.param, tmp_path_factory.mktemp(request.param))
    made.repository.mkdir()
    for name in PACKED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, made.repository / name)
    subprocess.run([sys.executable, "-m", "venv", made.folder / "fresh"], check=True)
    pip = [made.commands / "pip", "install", "--quiet", *PLACES[made.name]]
    subprocess.run(pip, check=True)
    startup = made.folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "loaded.py").write_text(LOADED.get(made.name, ""))
    return made


def published(site: Path, page: str, repository: Path) -> nbformat.NotebookNode:
    """The notebook that a page offers, which is to find the book in `repository`."""
    notebook = nbformat.read(site / "_sources" / f"{page}.ipynb", as_version=4)
    (install,) = [cell for cell in notebook.cells if cell.id == "install"]
    first = install.source.splitlines()
    (line,) = [n for n, line in enumerate(first) if line.startswith("package = ")]
    first[line] = f"package = {str(repository)!r}"
    install.source = "\n".join(first)
    return notebook


def figures(notebook: nbformat.NotebookNode) -> list[str]:
    """The cells that show a figure."""
    return [
        cell.id
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if 'class="explore"' in output.get("data", {}).get("text/html", "")
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every page in every place if asked to, else one where it is quick."""
    everywhere = metafunc.config.getoption("everywhere")
    names = ["laptop"]
    if sys.version_info < (3, 13):  # some packages of the others know no later Python
        names += ["colab", "jupyterhub"] if everywhere else ["colab"]
    pages = [FIRST]
    if everywhere:
        pages += [each.name for each in read_chapters(ROOT) if each.name != FIRST]
    metafunc.parametrize("place", names, indirect=True, scope="module")
    metafunc.parametrize("page", pages)


def test_notebook_installs_what_it_needs_and_runs(
    place: Place, page: str, site: Path
) -> None:
    notebook = published(site, page, place.repository)
    notebook.cells.append(nbformat.v4.new_code_cell(ASKED))
    before = place.kernel()

    wrong = place.run(notebook)
    is_first = page == FIRST
    assert (RESTART in wrong) == (is_first and place.name in LOADED), wrong[-3000:]
    if RESTART in wrong:
        wrong = place.run(notebook)
    assert wrong == "", wrong[-3000:]

    ran = nbformat.read(site / "_run" / f"{page}.ipynb", 4)
    assert figures(notebook) == figures(ran)
    results = len(list((ROOT / "book" / "data").glob("*.json")))
    assert notebook.cells[-1].outputs[0].text.split() == [str(results), "True"]
    assert place.kernel() == before, "what runs the notebook was replaced under it"
