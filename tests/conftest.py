"""Order and surroundings of the whole test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "agg")

ROOT = Path(__file__).parent.parent
# The quick ones first: a slip in the science is told before a browser starts.
ORDER = ["unit", "property", "claims", "chapters", "browser"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        place = ORDER.index(folder) if folder in ORDER else len(ORDER)
        return item.get_closest_marker("slow") is not None, place

    items.sort(key=rank)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT
