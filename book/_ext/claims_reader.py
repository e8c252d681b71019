"""Reads the ledger of claims, for the page that shows it and the tests that run it.

What an entry holds is said in book/appendix/claims.schema.yml, a JSON schema that the
library jsonschema checks; what an entry leaves out is that schema's default. How often
its test fails although it is true was measured by `make power`: claims.power.yml. What
the test measures was written by `make measured`: claims.measured.yml.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

APPENDIX = Path(__file__).parents[1] / "appendix"
SCHEMA = yaml.safe_load((APPENDIX / "claims.schema.yml").read_text(encoding="utf-8"))
POWER = APPENDIX / "claims.power.yml"
MEASURED = APPENDIX / "claims.measured.yml"
DEFAULTS = {
    name: field["default"]
    for name, field in SCHEMA["properties"].items()
    if "default" in field
}
TEST = "tests/claims/test_claims.py::test_the_claim_holds"

Claim = dict[str, Any]


def read_claims(folder: Path = APPENDIX / "claims") -> list[Claim]:
    """Return all entries, with what belongs to them and the defaults.

    They gain ``chapter`` and ``test``, and ``power`` and ``measured``, None if unknown.

    Raises
    ------
    ValueError
        If the files have faults; the message has a line for each.
    """
    entries = [
        (path.stem, entry)
        for path in sorted(folder.glob("*.yml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    if found := list(faults([entry for _, entry in entries])):
        raise ValueError("\n".join(found))
    power, measured = (
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (POWER, MEASURED)
    )
    return [
        {
            **DEFAULTS,
            **entry,
            "chapter": chapter,
            "test": f"{TEST}[{entry['id']}]",
            "power": power.get(entry["id"]),
            "measured": measured.get(entry["id"]),
        }
        for chapter, entry in entries
    ]


def run_of(claim: Claim) -> int:
    """Return a number that changes with what a claim's test does."""
    fields = ("experiment", "arguments", "expected", "kind", "false_alarm")
    parts = [*(claim[field] for field in fields), claim["rival"]["values"]]
    text = json.dumps(parts, sort_keys=True)
    return zlib.crc32(text.encode())


def faults(entries: Sequence[Claim]) -> Iterator[str]:
    """What is wrong with entries as they are written, one sentence a fault."""
    for identity, count in Counter(entry.get("id") for entry in entries).items():
        if count > 1:
            yield f"claim {identity}: the id is there {count} times"
    validator = Draft202012Validator(SCHEMA)
    for entry in entries:
        name = f"claim {entry.get('id', '(without an id)')}"
        found = [
            f"{error.json_path}: {error.message}"
            for error in validator.iter_errors(entry)
        ]
        if not found and len(entry["rival"]["values"]) != len(entry["expected"]):
            found = ["as many rivals as expected values are wanted"]
        for fault in found:
            yield f"{name}: {fault}"
