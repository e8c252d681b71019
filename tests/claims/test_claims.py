"""Every entry of the claims ledger is run, and must reject its rival."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from collapse import theory
from collapse.categorical import zipf

HERE = Path(__file__).parent
LEDGER = HERE.parents[1] / "book" / "appendix" / "claims.yml"
SEED = 20240724  # the day the Nature paper appeared
FIELDS = {
    "id",
    "chapter",
    "claim",
    "source",
    "protocol",
    "formula",
    "expected",
    "kind",
    "false_alarm",
    "rival",
    "test",
}


def load_experiments() -> ModuleType:
    """Import the file beside this one, whatever pytest's import mode."""
    spec = importlib.util.spec_from_file_location(
        "claims_experiments", HERE / "experiments.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


experiments = load_experiments()
CLAIMS = yaml.safe_load(LEDGER.read_text(encoding="utf-8"))
BY_ID = {claim["id"]: claim for claim in CLAIMS}


def exact_values(claim: dict) -> np.ndarray:
    """Return what the theory says, or the printed values where they are exact."""
    if "theory" not in claim:
        return np.array([float(printed) for printed in claim["expected"]])
    arguments = dict(claim["theory"]["arguments"])
    sizes = arguments.get("sample_sizes")
    if isinstance(sizes, dict):
        refits = np.arange(1, sizes["refits"] + 1)
        arguments["sample_sizes"] = sizes["start"] * refits ** sizes["power"]
        return getattr(theory, claim["theory"]["function"])(**arguments)[-1:]
    words = arguments.get("probabilities")
    if isinstance(words, dict):
        arguments["probabilities"] = zipf(**words)
    return np.atleast_1d(getattr(theory, claim["theory"]["function"])(**arguments))


def run(claim: dict, seed: int) -> list[tuple[float, float, float]]:
    """Run the experiment: (value, low, high) for each estimate.

    Each entry has random numbers of its own; its false-alarm rate is shared among its
    estimates.
    """
    protocol = claim["protocol"]
    experiment = getattr(experiments, protocol["experiment"])
    own = [seed, zlib.crc32(claim["id"].encode())]
    estimates = experiment(**protocol["arguments"], seed=own)
    each = claim["false_alarm"] / len(estimates)
    return [(estimate.value, *estimate.interval(each)) for estimate in estimates]


@pytest.mark.parametrize("name", BY_ID)
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


def test_every_entry_is_complete() -> None:
    for claim in CLAIMS:
        name = claim["id"]
        missing = FIELDS - set(claim)
        assert not missing, f"{name} lacks {missing}"
        assert not set(claim) - FIELDS - {"theory"}, f"{name} has unknown fields"
        assert claim["kind"] in {"equal", "less"}, name
        assert 0 < claim["false_alarm"] <= 1e-3, name
        assert set(claim["source"]) == {"text", "bib"}, name
        assert set(claim["rival"]) == {"text", "values"}, name
        assert len(claim["rival"]["values"]) == len(claim["expected"]), name
        assert claim["protocol"]["sentence"].endswith("."), name
        assert claim["claim"].endswith("."), name


def test_identifiers_are_unique() -> None:
    names = [claim["id"] for claim in CLAIMS]
    assert sorted(set(names)) == sorted(names)


def test_every_entry_has_its_experiment_and_names_its_test() -> None:
    for claim in CLAIMS:
        experiment = getattr(experiments, claim["protocol"]["experiment"], None)
        assert inspect.isfunction(experiment), claim["id"]
        expected = f"tests/claims/test_claims.py::test_the_claim_holds[{claim['id']}]"
        assert claim["test"] == expected


def test_every_source_is_in_the_bibliography() -> None:
    text = (LEDGER.parents[1] / "references.bib").read_text(encoding="utf-8")
    for claim in CLAIMS:
        key = claim["source"]["bib"]
        assert f"{{{key}," in text, f"{claim['id']}: {key} is not in references.bib"
