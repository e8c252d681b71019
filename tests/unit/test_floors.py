"""Arrows point down: no module imports from its own floor's families or above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "book" / "collapse"
FLOORS = {
    "validation": 0,
    "streams": 0,
    "shares": 0,
    "linalg": 0,
    "whole_file": 0,
    "palette": 0,
    "numerals": 0,
    "gaussian": 1,
    "regression": 1,
    "mixture": 1,
    "categorical": 1,
    "vae": 1,
    "opt": 1,
    "digits": 1,
    "corpus": 1,
    "recursion": 2.5,
    "diet": 2,
    "measures": 2,
    "theory": 2,
    "sweep": 3,
    "experiments": 3.5,
    "exercises": 4,
    "plotting": 4,
    "glue": 4,
    "explore": 4,
    "grading": 4.5,
}
SIBLINGS_MAY_MEET = {0}
"""Floors on which modules may import one another; families never do."""


def imported(path: Path) -> set[str]:
    """Return the top modules of `collapse` that a file imports."""
    found = set()
    inside = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = absolute(node, inside)
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("collapse.")}
    return found


def absolute(node: ast.ImportFrom, inside: tuple[str, ...]) -> list[str]:
    """Write the names of a from-import in full, relative ones as well."""
    base = node.module or ""
    if node.level:
        package = ["collapse", *inside]
        kept = package[: len(package) - node.level + 1]
        base = ".".join([*kept, base] if base else kept)
    if base == "collapse":
        return [f"collapse.{alias.name}" for alias in node.names]
    return [base]


def module_of(path: Path) -> str:
    """Return the module or subpackage of `collapse` that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
FILES += [path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    module = module_of(path)
    assert module in FLOORS, f"{module} has no floor: add it to FLOORS"
    floor = FLOORS[module]
    for other in imported(path) - {module}:
        assert other in FLOORS, f"{module} imports {other}, which has no floor"
        below = FLOORS[other] < floor
        beside = FLOORS[other] == floor and floor in SIBLINGS_MAY_MEET
        assert below or beside, (
            f"{module} (floor {floor}) imports {other} (floor {FLOORS[other]})"
        )


def test_explore_knows_nothing_of_this_book() -> None:
    for path in (PACKAGE / "explore").rglob("*.py"):
        strangers = imported(path) - {"explore"}
        assert not strangers, f"{path.name} imports {strangers}"


def test_the_package_itself_loads_nothing() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("import collapse.theory", "theory"),
        ("from collapse import theory", "theory"),
        ("from collapse.theory import c4", "theory"),
        ("from . import theory", "theory"),
        ("from .theory import c4", "theory"),
    ],
)
def test_every_way_of_importing_is_seen(line, module, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    file = tmp_path / "gaussian.py"
    file.write_text(line, encoding="utf-8")
    assert imported(file) == {module}
