"""Every entry of the claims ledger is run, and must reject its rival."""

from __future__ import annotations

import importlib
import inspect
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from claims.experiments.estimates import Estimate
from claims_reader import APPENDIX, read_claims, run_of
from collapse import theory
from collapse.categorical import zipf

pytestmark = pytest.mark.training
SEED = 20240724  # the day the Nature paper appeared
BY_ID = {claim["id"]: claim for claim in read_claims()}


def run_marks(claim: dict) -> list[pytest.MarkDecorator]:
    """Keep the claims of a chapter together on one core: some share a run.

    What trains networks step by step takes minutes, and waits for a rehearsal.
    """
    together = pytest.mark.xdist_group(f"claims of {claim['chapter']}")
    trains = "steps" in claim["arguments"]
    return [together, *([pytest.mark.rehearsal] if trains else [])]


RUNS = [pytest.param(name, marks=run_marks(claim)) for name, claim in BY_ID.items()]


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


def estimates_of(claim: dict, seed: int) -> list[Estimate]:
    """Run the experiment; each claim has random numbers of its own."""
    own = [seed, zlib.crc32(claim["id"].encode())]
    return experiment_of(claim)(**claim["arguments"], seed=own)


def intervals(
    claim: dict, estimates: Sequence[Estimate]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each estimate's interval; they share the false-alarm rate."""
    each = claim["false_alarm"] / len(estimates)
    return [estimate.interval(each) for estimate in estimates]


def holds(
    claim: dict, low: np.ndarray, high: np.ndarray, truth: float, rival: float
) -> np.ndarray:
    """Return whether an interval agrees with the claim and rejects its rival."""
    right = (
        (low <= truth) & (truth <= high) if claim["kind"] == "equal" else high < truth
    )
    return right & ~((low <= rival) & (rival <= high))


@pytest.mark.parametrize("name", RUNS)
def test_the_claim_holds(name: str) -> None:
    claim = BY_ID[name]
    estimates = estimates_of(claim, SEED)
    exact, rivals = exact_values(claim), claim["rival"]["values"]
    assert len(estimates) == len(exact) == len(rivals)
    bounds, shown = intervals(claim, estimates), claim["measured"]["values"]
    for estimate, (low, high), truth, rival, (_, printed, _) in zip(
        estimates, bounds, exact, rivals, shown, strict=True
    ):
        found = f"{name}: {estimate.value:.5g}, interval [{low:.5g}, {high:.5g}]"
        wanted = "" if claim["kind"] == "equal" else "less than "
        assert holds(claim, low, high, truth, rival), (
            f"{found}, expected {wanted}{truth:.5g} and not {rival}"
        )
        # Elsewhere the same seed may draw other numbers: two such runs may differ by
        # as much as two independent ones.
        apart = abs(estimate.value - printed)
        assert apart <= (high - low) / np.sqrt(2) + 1e-5 * abs(printed), (
            f"{found}, but the ledger shows {printed}: make measured CLAIM={name}"
        )


@pytest.mark.parametrize("name", BY_ID)
def test_the_claims_power_was_measured(name: str) -> None:
    claim = BY_ID[name]
    power = claim["power"]
    assert power["run"] == run_of(claim), f"{name} changed: make power CLAIM={name}"
    assert power["chains"] >= 20
    assert power["failures"] / power["of"] <= 1e-3, f"{name} fails too often: {power}"


@pytest.mark.parametrize("name", BY_ID)
def test_what_the_claim_shows_as_measured_is_of_its_run(name: str) -> None:
    claim = BY_ID[name]
    assert claim["measured"]["run"] == run_of(claim), f"make measured CLAIM={name}"
    assert len(claim["measured"]["values"]) == len(claim["expected"])
    assert all(low <= value <= high for low, value, high in claim["measured"]["values"])


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
