"""What CONTRIBUTING.md tells a newcomer to write runs, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from collapse.recursion import recurse

# Placeholders of the recipes, and files that a newcomer is to write.
TO_BE_WRITTEN = ("NAME", "CHAPTER", "check.py", "test_NAME.py", "_build")


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    return (root / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names(guide: str) -> dict:
    """Run all Python of the guide, from top to bottom, and return what it defines."""
    namespace: dict = {}
    for block in re.findall(r"^```python\n(.*?)^```", guide, re.M | re.S):
        exec(compile(block, "CONTRIBUTING.md", "exec"), namespace)
    return namespace


def test_the_recipes_run(names: dict) -> None:
    assert names["mean_figure"]().generation.value == 20


@pytest.mark.parametrize(("family", "truth"), [("Poisson", "PoissonModel")])
def test_chains_of_the_fast_family_do_not_feel_their_neighbours(names, family, truth):
    def means(seeds):
        return recurse(
            names[family](),
            names[truth](4.0),
            generations=3,
            sample_size=6,
            chains=len(seeds),
            rng=[np.random.default_rng(seed) for seed in seeds],
            measures={"mean": lambda model, data: model.mean},
        )["mean"]

    assert np.array_equal(means([4, 5, 6])[:, 1:2], means([5]))


def test_every_path_that_is_named_exists(root: Path, guide: str) -> None:
    named = {
        path
        for path in re.findall(
            r"`([\w./*-]+\.(?:py|md|yml|toml|bib)|[\w./-]+/)`", guide
        )
        if not any(word in path for word in TO_BE_WRITTEN)
    }
    assert len(named) > 20
    folders = ("", "book", "book/collapse", "tests/chapters", "book/appendix")
    missing = {
        path for path in named if not any(list((root / f).glob(path)) for f in folders)
    }
    assert missing == set()
