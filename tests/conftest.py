"""Order, company and surroundings of the whole test run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

os.environ.setdefault("MPLBACKEND", "agg")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each worker has a core of its own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent
# The quick ones first: a slip in the science is told before a browser starts.
ORDER = ["unit", "property", "claims", "chapters", "browser"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests; on several cores, a file's tests stay together.

    So do all tests of a chapter, which share its run: they carry a group of their own.
    """

    def rank(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        place = ORDER.index(folder) if folder in ORDER else len(ORDER)
        return item.get_closest_marker("slow") is not None, place

    # On several cores the long ones start first, or the last one would run alone.
    items.sort(key=rank, reverse="PYTEST_XDIST_WORKER" in os.environ)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def site(root: Path) -> Path:
    """The folder of the built pages; builds them if something changed."""
    folder = root / "_build"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock"):
        built = subprocess.run(
            ["make", "book"], cwd=root, capture_output=True, text=True
        )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "html"
