"""Masters are made once in a session, and the sample with all that belongs to it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import assignments
import masters
from support.grading import ProblemSet, made

SAMPLE = Path(__file__).parent / "sample.md"


@pytest.fixture(scope="session")
def sets(tmp_path_factory):
    """Return a function that makes a set for a seed, and hands out its problems."""

    @cache
    def get(name: str, seed: int | None) -> ProblemSet:
        path = masters.MASTERS / f"{name}.md"
        return made(path, tmp_path_factory.mktemp(name), seed)

    return get


@pytest.fixture(scope="session")
def sample() -> Path:
    """Return a master of two problems with tests and one without."""
    return SAMPLE


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """Return where the sample's assignment is, made and solved."""
    folder = tmp_path_factory.mktemp("built") / "sample"
    assignments.make(SAMPLE, folder)
    return folder
