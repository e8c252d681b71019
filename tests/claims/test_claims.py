"""Every entry of the claims ledger is run, and must reject its rival."""

from __future__ import annotations

import importlib
import inspect
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from claims_reader import APPENDIX, read_claims
from collapse import theory
from collapse.categorical import zipf

SEED = 20240724  # the day the Nature paper appeared
BY_ID = {claim["id"]: claim for claim in read_claims()}
# On several cores the claims of a chapter stay together: some share a run.
RUNS = [
    pytest.param(name, marks=pytest.mark.xdist_group(f"claims of {claim['chapter']}"))
    for name, claim in BY_ID.items()
]


def experiment_of(claim: dict) -> Callable:
    """Return the function that makes the claim's estimates."""
    chapter = claim["chapter"].replace("-", "_")
    module = importlib.import_module(f"claims.experiments.{chapter}")
    return getattr(module, claim["experiment"])


def exact_values(claim: dict) -> np.ndarray:
    """Return what the theory says, or the printed values where they are exact."""
    if "theory" not in claim:
        return np.array([float(printed) for printed in claim["expected"]])
    function = getattr(theory, claim["theory"])
    parameters = inspect.signature(function).parameters
    shared = {
        name: value for name, value in claim["arguments"].items() if name in parameters
    }
    arguments = {**shared, **claim.get("theory_arguments", {})}
    sizes = arguments.get("sample_sizes")
    if isinstance(sizes, dict):
        refits = np.arange(1, sizes["refits"] + 1)
        arguments["sample_sizes"] = sizes["start"] * refits ** sizes["power"]
        return function(**arguments)[-1:]
    words = arguments.get("probabilities")
    if isinstance(words, dict):
        arguments["probabilities"] = zipf(**words)
    return np.atleast_1d(function(**arguments))


def run(claim: dict, seed: int) -> list[tuple[float, float, float]]:
    """Run the experiment: (value, low, high) for each estimate.

    Each entry has random numbers of its own; its false-alarm rate is shared among its
    estimates.
    """
    own = [seed, zlib.crc32(claim["id"].encode())]
    estimates = experiment_of(claim)(**claim["arguments"], seed=own)
    each = claim["false_alarm"] / len(estimates)
    return [(estimate.value, *estimate.interval(each)) for estimate in estimates]


@pytest.mark.parametrize("name", RUNS)
def test_the_claim_holds(name: str) -> None:
    claim = BY_ID[name]
    results = run(claim, SEED)
    exact, rivals = exact_values(claim), claim["rival"]["values"]
    assert len(results) == len(exact) == len(rivals)
    for (value, low, high), truth, rival in zip(results, exact, rivals, strict=True):
        found = f"{name}: {value:.5g}, interval [{low:.5g}, {high:.5g}]"
        if claim["kind"] == "equal":
            assert low <= truth <= high, f"{found}, expected {truth:.5g}"
        else:
            assert high < truth, f"{found}, expected less than {truth:.5g}"
        assert not low <= rival <= high, f"{found} does not reject {rival}"


@pytest.mark.parametrize("name", [name for name in BY_ID if "theory" in BY_ID[name]])
def test_what_is_printed_is_the_theory_rounded(name: str) -> None:
    claim = BY_ID[name]
    for printed, exact in zip(claim["expected"], exact_values(claim), strict=True):
        decimals = len(printed.partition(".")[2])
        assert f"{exact:.{decimals}f}" == printed, f"{name}: {exact:.6f}, not {printed}"


def test_every_source_is_in_the_bibliography() -> None:
    text = (APPENDIX.parent / "references.bib").read_text(encoding="utf-8")
    for name, claim in BY_ID.items():
        assert f"{{{claim['bib']}," in text, f"{name}: {claim['bib']} is not there"
