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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator


def read_yaml(path: Path) -> tuple[yaml.Node | None, Any]:
    """Return what a file holds: the nodes, which know their lines, and the values.

    Raises
    ------
    ValueError
        If it is no YAML; the message names the file and the line.
    """
    try:
        with path.open(encoding="utf-8") as file:  # its name is in YAML's messages
            loader = yaml.SafeLoader(file)
            node = loader.get_single_node()
            return node, node and loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


APPENDIX = Path(__file__).parents[1] / "appendix"
SCHEMA = read_yaml(APPENDIX / "claims.schema.yml")[1]
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
        If the files have faults; the message has a line for each, with its place.
    """
    entries = [
        (path.stem, f"{path}:{line}", entry)
        for path in sorted(folder.glob("*.yml"))
        for line, entry in read_entries(path)
    ]
    if found := list(faults({place: entry for _, place, entry in entries})):
        raise ValueError("\n".join(found))
    power, measured = (read_yaml(path)[1] or {} for path in (POWER, MEASURED))
    return [
        {
            **DEFAULTS,
            **entry,
            "chapter": chapter,
            "test": f"{TEST}[{entry['id']}]",
            "power": power.get(entry["id"]),
            "measured": measured.get(entry["id"]),
        }
        for chapter, _, entry in entries
    ]


def read_entries(path: Path) -> list[tuple[int, Claim]]:
    """Return the entries of a file and the lines in which they begin.

    Raises
    ------
    ValueError
        If it is no YAML, or no list.
    """
    node, entries = read_yaml(path)
    if not isinstance(entries, list):
        raise ValueError(f"{path}: a list of claims is wanted")
    lines = [each.start_mark.line + 1 for each in node.value]
    return list(zip(lines, entries, strict=True))


def run_of(claim: Claim) -> int:
    """Return a number that changes with what a claim's test does."""
    fields = ("experiment", "arguments", "expected", "kind", "false_alarm")
    parts = [*(claim[field] for field in fields), claim["rival"]["values"]]
    text = json.dumps(parts, sort_keys=True)
    return zlib.crc32(text.encode())


def faults(entries: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the entries at some places, one sentence a fault."""
    names = {
        place: str(entry["id"])
        for place, entry in entries.items()
        if isinstance(entry, dict) and "id" in entry
    }
    counts = Counter(names.values())
    for place, identity in names.items():
        if counts[identity] > 1:
            yield f"{place}: claim {identity}: the id is there {counts[identity]} times"
    validator = Draft202012Validator(SCHEMA)
    for place, entry in entries.items():
        name = f"{place}: claim {names.get(place, '(without an id)')}"
        found = [
            f"{error.json_path}: {error.message}"
            for error in validator.iter_errors(entry)
        ]
        if not found and len(entry["rival"]["values"]) != len(entry["expected"]):
            found = ["as many rivals as expected values are wanted"]
        for fault in found:
            yield f"{name}: {fault}"
