"""A page's notebook in a fresh environment and a folder that holds nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PACKED = ["pyproject.toml", "README.md", "LICENSE", "book"]
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


@pytest.mark.slow
def test_notebook_installs_what_it_needs_and_runs(
    root: Path, site: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in PACKED:
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, repository / name)
    folder = tmp_path / "somewhere else"
    folder.mkdir()
    notebook = nbformat.read(site / "_sources" / "index.ipynb", as_version=4)
    (install,) = [cell for cell in notebook.cells if cell.id == "install"]
    first = install.source.splitlines()
    (place,) = [n for n, line in enumerate(first) if line.startswith("package = ")]
    first[place] = f"package = {str(repository)!r}"  # in place of the published one
    install.source = "\n".join(first)
    notebook.cells.append(nbformat.v4.new_code_cell(ASKED))
    path = folder / "index.ipynb"
    nbformat.write(notebook, path)

    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    commands = tmp_path / "fresh" / "bin"
    kernel = [commands / "pip", "install", "--quiet", "ipykernel", "nbclient"]
    subprocess.run(kernel, check=True)
    ran = subprocess.run(
        [commands / "jupyter-execute", "--inplace", path],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    cells = {c.id: c for c in nbformat.read(path, 4).cells if c.cell_type == "code"}
    said = "".join(output.get("text", "") for output in cells["install"].outputs)
    assert f"Installing {repository}" in said
    *_, figure, asked = cells.values()
    assert 'class="explore"' in figure.outputs[-1].data["text/html"]
    results = len(list((root / "book" / "data").glob("*.json")))
    assert asked.outputs[0].text.split() == [str(results), "True"]
