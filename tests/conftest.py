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
QUICK = ORDER[:2]
TRAINING_SECONDS = 3600
"""What trains may take: minutes on a quiet core, far more on a busy one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make luck`, `make rehearse` and `make places` ask for."""
    parser.addoption("--luck", type=int, default=0, help="0: the seeds as written")
    parser.addoption("--rehearse", action="store_true", help="rehearsals, too")
    parser.addoption("--everywhere", action="store_true", help="all notebooks")


def pytest_configure(config: pytest.Config) -> None:
    """Change what seeds mean before anything is imported that draws."""
    if luck := config.getoption("--luck"):
        from support.luck import change_luck

        change_luck(luck)


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Order the tests; on several cores, keep together what shares work.

    Rehearsals wait until they are asked for. Quick tests are spread one by one. Of the
    others a file's tests stay together, and those that carry a group of their own, as
    all that run the same chapter do.
    """

    def folder(item: pytest.Item) -> str:
        return item.path.relative_to(ROOT / "tests").parts[0]

    def rank(item: pytest.Item) -> tuple[bool, int]:
        place = ORDER.index(folder(item)) if folder(item) in ORDER else len(ORDER)
        return item.get_closest_marker("slow") is not None, place

    if not (config.getoption("--rehearse") or config.getoption("--everywhere")):
        rehearsals = [item for item in items if item.get_closest_marker("rehearsal")]
        config.hook.pytest_deselected(items=rehearsals)
        items[:] = [item for item in items if not item.get_closest_marker("rehearsal")]
    # On several cores the long ones start first, or the last one would run alone.
    items.sort(key=rank, reverse="PYTEST_XDIST_WORKER" in os.environ)
    for item in items:
        if item.get_closest_marker("training"):
            item.add_marker(pytest.mark.timeout(TRAINING_SECONDS))
        grouped = item.get_closest_marker("xdist_group") is not None
        if not grouped and folder(item) not in QUICK:
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
