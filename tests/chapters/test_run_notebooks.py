"""The notebooks that pages offer beside those to run: with what the build showed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from chapters import read_chapters

NAMES = [chapter.name for chapter in read_chapters(Path(__file__).parents[2])]
MOST_BYTES = 4e6


def read(site: Path, folder: str, name: str) -> nbformat.NotebookNode:
    return nbformat.read(site / folder / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", NAMES)
def test_run_notebook_is_the_other_one_with_outputs(name: str, site: Path) -> None:
    plain, ran = (read(site, folder, name) for folder in ("_sources", "_run"))
    assert ran.metadata == plain.metadata
    for one, other in zip(plain.cells, ran.cells, strict=True):
        assert (one.id, one.source, one.metadata) == (
            (other.id, other.source, other.metadata)
        )
    install, *cells = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert install.outputs == []
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_run_notebook_shows_the_figures_of_its_page_by_itself(
    name: str, site: Path
) -> None:
    ran = read(site, "_run", name)
    bundles = [
        output.data
        for cell in ran.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    shown = [
        BeautifulSoup(bundle["text/html"], "html.parser")
        for bundle in bundles
        if 'class="explore"' in bundle.get("text/html", "")
    ]
    page = BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")
    assert len(shown) == len(page.select("figure.explore"))
    for figure in shown:
        picture = figure.select_one(".explore-still img")
        assert picture["src"].startswith("data:image/png;base64,")
        assert len(picture["alt"]) > 20
        assert "Trust Notebook" in figure.select_one(".explore-still em").text
        outside = [
            tag
            for tag in figure.select("[src], link, iframe")
            if not tag.get("src", "").startswith("data:")
        ]
        assert outside == []
        assert "connect(" in figure.select_one(".explore-box > script").text
    kinds = {kind for bundle in bundles for kind in bundle}
    assert kinds <= {"text/html", "text/plain", "text/markdown", "image/png"}
    size = (site / "_run" / f"{name}.ipynb").stat().st_size
    assert size < MOST_BYTES, f"{size / 1e6:.1f} MB"


@pytest.mark.parametrize("folder", ["_sources", "_run"])
def test_editors_find_a_kernel_and_the_language_of_a_notebook(
    folder: str, site: Path
) -> None:
    """VS Code and Colab choose by these; cells keep their names in format 4.5."""
    for path in (site / folder).rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "python3"
        assert notebook.metadata.kernelspec.language == "python"
        assert notebook.metadata.language_info.name == "python"
        assert notebook.metadata.language_info.file_extension == ".py"
        identities = [cell.id for cell in notebook.cells]
        assert len(identities) == len(set(identities))
