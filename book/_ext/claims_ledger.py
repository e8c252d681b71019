r"""The claims ledger: a page made from the file that also parametrises the tests.

The directive ``{claims-ledger}`` writes one entry for each claim of claims.yml, which
lies beside the page; the role ``{claim}`id``` links to an entry. A claim that no test
tests, or that lacks a part, is a warning of the build, and so an error.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

logger = logging.getLogger(__name__)

REQUIRED = {
    "id": str,
    "chapter": str,
    "claim": str,
    "source": dict,
    "protocol": dict,
    "formula": str,
    "expected": list,
    "kind": str,
    "false_alarm": float,
    "test": str,
}
KINDS = {
    "equal": "{values}; each estimate's interval must hold the exact value.",
    "less": "Below {values}, with the whole interval of each estimate.",
}
EXPERIMENTS = "tests/claims/experiments.py"


def claim_label(identity: str) -> str:
    return f"claim-{identity}"


@cache
def functions_in(path: Path) -> frozenset[str]:
    """The names of the functions at the top of a module; none without a file."""
    if not path.is_file():
        return frozenset()
    module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return frozenset(
        part.name for part in module.body if isinstance(part, ast.FunctionDef)
    )


def test_faults(claim: dict[str, Any], repository: Path) -> Iterator[str]:
    """Why the claim has no test, if it has none."""
    experiment = claim["protocol"].get("experiment")
    if experiment not in functions_in(repository / EXPERIMENTS):
        yield f"no test: {EXPERIMENTS} has no function {experiment!r}"
    file, _, function = claim["test"].partition("::")
    name, _, case = function.partition("[")
    if name not in functions_in(repository / file):
        yield f"no test: {file} has no function {name!r}"
    if case != f"{claim['id']}]":
        yield f"test: {claim['test']} is the test of something else"


def faults(claims: list[dict[str, Any]], repository: Path) -> Iterator[str]:
    """What is wrong with the ledger, one sentence a fault."""
    for identity, count in Counter(claim.get("id") for claim in claims).items():
        if count > 1:
            yield f"claim {identity}: the id is there {count} times"
    for claim in claims:
        name = f"claim {claim.get('id', '(without an id)')}"
        missing = [
            f"'{field}' is missing or no {kind.__name__}"
            for field, kind in REQUIRED.items()
            if not isinstance(claim.get(field), kind)
        ]
        if not missing and claim["kind"] not in KINDS:
            missing.append(f"kind is none of {', '.join(KINDS)}")
        for fault in missing or test_faults(claim, repository):
            yield f"{name}: {fault}"


def odds(probability: float) -> str:
    """A small probability in words: 1 in 10 000 runs."""
    return f"1 in {round(1 / probability):,} runs".replace(",", "\N{NO-BREAK SPACE}")


class ClaimsLedger(SphinxDirective):
    """All claims of the ledger, by chapter."""

    def run(self) -> list[nodes.Node]:
        relative, path = self.env.relfn2path("claims.yml")
        self.env.note_dependency(relative)
        claims = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        found = list(faults(claims, Path(self.env.srcdir).parent))
        for fault in found:
            logger.warning(fault, location=self.get_location(), type="claims")
        if found:
            return []
        return [
            self.chapter(name, list(entries))
            for name, entries in groupby(claims, key=lambda claim: claim["chapter"])
        ]

    def chapter(self, name: str, claims: list[dict[str, Any]]) -> nodes.section:
        section = nodes.section(ids=[f"claims-{name}"])
        heading = f"{name.replace('-', ' ').capitalize()}: {len(claims)} claims"
        section += nodes.title("", heading)
        section += self.markdown(f"The chapter: {{doc}}`/{name}`.")
        for claim in claims:
            section += self.entry(claim)
        return section

    def entry(self, claim: dict[str, Any]) -> nodes.container:
        label = claim_label(claim["id"])
        entry = nodes.container(ids=[label], classes=["claim"])
        domain = self.env.get_domain("std")
        domain.note_hyperlink_target(label, self.env.docname, label, claim["id"])
        entry += nodes.rubric("", "", nodes.Text(claim["id"]), classes=["claim-id"])
        entry += self.markdown(claim["claim"])
        formula = claim["formula"]
        entry += nodes.math_block(
            formula, formula, nowrap=False, number=None, label=None
        )
        entry += self.facts(claim)
        return entry

    def facts(self, claim: dict[str, Any]) -> nodes.definition_list:
        values = ", ".join(str(value) for value in claim["expected"])
        facts = {
            "Protocol": claim["protocol"]["sentence"],
            "Expected": KINDS[claim["kind"]].format(values=values),
        }
        if rival := claim.get("rival"):
            wrong = ", ".join(f"{value:g}" for value in rival["values"])
            facts["Must reject"] = f"{wrong}: {rival['text']}"
        facts["False alarm"] = odds(claim["false_alarm"])
        source = claim["source"]
        facts["Source"] = source["text"]
        if key := source.get("bib"):
            facts["Source"] += f" {{cite}}`{key}`"
        facts["Test"] = f"`pytest {claim['test']}`"
        items = []
        for term, text in facts.items():
            definition = nodes.definition("", *self.markdown(text))
            items.append(
                nodes.definition_list_item("", nodes.term("", term), definition)
            )
        return nodes.definition_list("", *items, classes=["claim-facts"])

    def markdown(self, text: str) -> list[nodes.Node]:
        """`text` as the page's own Markdown would be read, formulas and roles too."""
        parsed = nodes.container()
        source, line = self.get_source_info()
        lines = StringList([text], source)
        self.state.nested_parse(lines, line or self.content_offset, parsed)
        return parsed.children


class ClaimRole(ReferenceRole):
    """A link from a sentence to the entry of its claim."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        reference = pending_xref(
            "",
            nodes.inline("", self.title if self.has_explicit_title else "tested"),
            refdomain="std",
            reftype="ref",
            reftarget=claim_label(self.target),
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
            classes=["claim-link"],
        )
        self.set_source_info(reference)
        return [nodes.inline("", "", reference, classes=["claim-link"])], []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("claims-ledger", ClaimsLedger)
    app.add_role("claim", ClaimRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
