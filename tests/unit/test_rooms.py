"""The rooms of each subpackage: arrows among them point one way."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "book" / "collapse"
SUBPACKAGES = sorted(path.parent for path in PACKAGE.rglob("*/__init__.py"))


def neighbours(path: Path) -> set[str]:
    """Return the rooms beside it that a file imports, and not for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names = [alias.name for alias in node.names]
            found |= {node.module.partition(".")[0]} if node.module else set(names)
    return found & {each.stem for each in path.parent.iterdir()}


@pytest.mark.parametrize(
    "folder", SUBPACKAGES, ids=lambda folder: str(folder.relative_to(PACKAGE))
)
def test_no_room_leads_back_to_itself(folder: Path) -> None:
    graph = {path.stem: neighbours(path) for path in folder.glob("*.py")}
    # Raises CycleError, which names the circle.
    graphlib.TopologicalSorter(graph).prepare()


def test_a_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("from .two import a\n", encoding="utf-8")
    (tmp_path / "two.py").write_text("from . import one\n", encoding="utf-8")
    with pytest.raises(graphlib.CycleError, match="one"):
        test_no_room_leads_back_to_itself(tmp_path)
