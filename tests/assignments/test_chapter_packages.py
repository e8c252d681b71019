"""A chapter to hand in: its exercises are there, its solutions are not."""

from __future__ import annotations

import re
import zipfile

import nbformat
import pytest

import chapter_assignments
import grade
from support.chapters import BOOK

NAMES = [
    path.stem for path in sorted(BOOK.glob("*.md")) if "check(" in path.read_text()
]
SOLUTION = re.compile(r"^`{4}\{solution\} \S+\n(.*?)^`{4}$", re.DOTALL | re.MULTILINE)


EXERCISES = ["gaussian-half-life", "gaussian-real-points", "keep-halve"]


def page(path):
    """Write a small page as the build does, with exercises and a solution."""
    cells = [
        nbformat.v4.new_markdown_cell(
            "# A page\n\nSee [it](vae.ipynb#cell-id=x).", id="a"
        ),
        nbformat.v4.new_code_cell("%pip install x", id="install"),
        nbformat.v4.new_code_cell("from collapse.exercises import check", id="code-1"),
        nbformat.v4.new_markdown_cell("> **Exercise**", id=EXERCISES[0]),
    ]
    for number, name in enumerate(EXERCISES):
        variable = name.replace("-", "_")
        source = f'{variable} = ...\ncheck("{name}", {variable})'
        cells.append(nbformat.v4.new_code_cell(source, id=f"code-{number + 2}"))
    solution = "<details>\n<summary><b>Solution to Exercise</b></summary>\n\n693"
    cells.append(nbformat.v4.new_markdown_cell(solution, id="gaussian-solution-1"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path
    )
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    chapter_assignments.make(
        page(folder / "small.ipynb"), folder / "chapters" / "small"
    )
    return folder


def test_a_page_loses_its_solution_and_its_links_lead_to_the_site(small):
    (path,) = small.glob("chapters/*/student/*.ipynb")
    notebook = nbformat.read(path, 4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "693" not in text
    assert "[it](https://model-collapse.github.io/textbook/vae.html)" in text
    assert [cell.id for cell in notebook.cells if "Exercise" in cell.source] == [
        "gaussian-half-life"
    ]
    assert "%pip install x" not in text
    assert text.count("open_grader(") == 1


@pytest.mark.slow
def test_its_checks_are_graded_by_the_chapter_s_checker(small, tmp_path):
    (path,) = small.glob("chapters/*/student/*.ipynb")
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("half_life = ...", "half_life = 1386")
        cell.source = cell.source.replace("real_points = ...", "real_points = 10")
    nbformat.write(notebook, tmp_path / "hand-in.ipynb")
    (graded,) = grade.grade_all(tmp_path, small, jobs=1)
    points = {"gaussian_half_life": 0, "gaussian_real_points": 1, "keep_halve": 0}
    assert graded.points == points
    said = grade.feedback(graded)
    assert "np.std divides by M. See https://" in said
    assert "Not answered yet: keep_halve." in said


@pytest.fixture(scope="module")
def chapters(site, tmp_path_factory):
    """All chapters of the built book, made."""
    folder = tmp_path_factory.mktemp("chapters")
    for name in NAMES:
        chapter_assignments.make(site / "_sources" / f"{name}.ipynb", folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_asks_all_its_exercises_and_answers_none(chapters, name):
    source = (BOOK / f"{name}.md").read_text("utf-8")
    asked = {found[1] for found in chapter_assignments.CHECK.finditer(source)}
    (archive,) = (chapters / name).glob("autograder/*.zip")
    with zipfile.ZipFile(archive) as packed:
        files = [each for each in packed.namelist() if each.startswith("tests/")]
    assert {each[6:-3].replace("_", "-") for each in files} == asked
    (path,) = (chapters / name).glob("student/*.ipynb")
    student = nbformat.read(path, 4)
    text = "\n".join(cell.source for cell in student.cells)
    assert "Solution to" not in text
    solutions = "\n".join(SOLUTION.findall(source))
    before = source[: source.index("## Exercises")]
    told = [line.strip() for line in solutions.splitlines() if len(line.strip()) > 24]
    found = [line for line in told if line in text and line not in before]
    assert not [line for line in found if not line.startswith((":", "`"))]
