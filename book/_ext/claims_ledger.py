r"""The claims ledger: a page made from the files that also parametrise the tests.

The directive ``{claims-ledger}``, with the names of chapters, writes one entry for each
of their claims; the role ``{claim}`id``` links to an entry. A claim that no test
tests, or that has a fault, ends the build: every link to a claim would be a warning.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from unicodedata import lookup

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.addnodes import index, pending_xref
from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.errors import SphinxError
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from claims_reader import TEST, Claim, read_claims
from collapse.glue import grouped

LETTER = re.compile(r"\\([a-z]+)")

KINDS = {
    "equal": "{values}; each estimate's interval must hold the exact value.",
    "less": "Below {values}, with the whole interval of each estimate.",
}


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


def test_faults(claim: Claim, repository: Path) -> Iterator[str]:
    """Why the claim has no test, or none that is known to tell, if so."""
    experiments = f"tests/claims/experiments/{claim['chapter'].replace('-', '_')}.py"
    tests, _, function = TEST.partition("::")
    for file, name in ((experiments, claim["experiment"]), (tests, function)):
        if name not in functions_in(repository / file):
            yield f"claim {claim['id']}: no test: {file} has no function {name!r}"
    if not claim["power"]:
        yield f"claim {claim['id']}: its power was not measured: make power"
    if not claim["measured"]:
        yield f"claim {claim['id']}: nothing was measured: make measured"


def odds(probability: float) -> str:
    """A small probability in words: 1 in 10 000 runs."""
    return f"1 in {grouped(round(1 / probability))} runs"


def passes(failures: int, of: int, chains: int, **_: int) -> str:
    """How often the test passes while the claim is true, in words."""
    share = f"{grouped(of - failures)} of {grouped(of)}"
    return f"passes in {share} runs redrawn from {grouped(chains)} chains"


def found(low: float, value: float, high: float) -> str:
    """An estimate and its interval, to two digits of the interval's half."""
    half = (high - low) / 2
    if not half:
        return f"{value:.4g}, without scatter"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    low_text, text, high_text = (f"{each:.{decimals}f}" for each in (low, value, high))
    return f"{text} ({low_text} to {high_text})"


def measured(values: list[list[float]], date: str, **_: Any) -> str:
    """What the claim's test measured, and when, in words."""
    return f"{'; '.join(found(*each) for each in values)}. On {date}."


def in_lines(formula: str) -> str:
    """A formula whose parts, as a wide space divides them, stand in lines of their own.

    Beside each other they are wider than a phone.
    """
    lines = re.sub(r"\s*\\q?quad\s*", r" \\\\ ", formula)
    return (
        rf"\begin{{gathered}} {lines} \end{{gathered}}" if lines != formula else formula
    )


def plain(sentence: str) -> str:
    """A claim as the search shows it, where nothing draws formulas."""
    return LETTER.sub(
        lambda found: lookup(f"GREEK SMALL LETTER {found[1]}"),
        sentence.replace("$", "").replace(r"\,", " "),
    ).rstrip(".")


class ClaimsDomain(Domain):
    """The sentences of all claims, for the search: what it calls an object."""

    name = "claims"
    label = "Claims"
    # Sphinx takes an id of a type and a name for one that its search can make.
    object_types: ClassVar = {"sentence": ObjType("claim")}
    initial_data: ClassVar = {"sentences": {}}

    @property
    def sentences(self) -> dict[str, dict[str, str]]:
        """Page -> id -> sentence."""
        return self.data["sentences"]

    def clear_doc(self, docname: str) -> None:
        self.sentences.pop(docname, None)

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict) -> None:
        found = otherdata["sentences"]
        self.sentences.update({each: found[each] for each in docnames if each in found})

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        for page, claims in self.sentences.items():
            for identity, sentence in claims.items():
                yield identity, sentence, "sentence", page, claim_label(identity), 1

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        return type.lname


class LedgerError(SphinxError):
    """The ledger has faults; the message has a line for each."""

    category = "The ledger of claims"


class ClaimsLedger(SphinxDirective):
    """All claims of the ledger: those of each chapter, as the arguments order them."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.relfn2path("claims")[1])
        for path in folder.glob("*.yml"):
            self.env.note_dependency(str(path))
        chapters = self.arguments[0].split()
        try:
            claims = read_claims(folder)
        except ValueError as error:
            raise LedgerError(str(error)) from error
        repository = Path(self.env.srcdir).parent
        found = [fault for claim in claims for fault in test_faults(claim, repository)]
        with_claims = {claim["chapter"] for claim in claims}
        if with_claims != set(chapters):
            asked, there = ", ".join(chapters), ", ".join(sorted(with_claims))
            found.append(
                f"{self.get_location()}: the directive must name the chapters with "
                f"claims, {there}; it names {asked}"
            )
        if found:
            raise LedgerError("\n".join(found))
        return [
            self.chapter(name, [each for each in claims if each["chapter"] == name])
            for name in chapters
        ]

    def chapter(self, name: str, claims: list[Claim]) -> nodes.section:
        section = nodes.section(ids=[f"claims-{name}"])
        count = f"{len(claims)} claim{'s' if len(claims) > 1 else ''}"
        lines = Path(self.env.srcdir, f"{name}.md").read_text("utf-8").splitlines()
        title = next(line for line in lines if line.startswith("# "))[2:]
        section += nodes.title("", f"{title}: {count}")
        section += self.markdown(f"{{doc}}`To the chapter </{name}>`.")
        for claim in claims:
            section += self.entry(claim)
        return section

    def entry(self, claim: Claim) -> nodes.container:
        label = claim_label(claim["id"])
        entry = nodes.container(ids=[label], classes=["claim"])
        page = self.env.docname
        domain = self.env.get_domain("std")
        domain.note_hyperlink_target(label, page, label, claim["id"])
        found = self.env.get_domain(ClaimsDomain.name).sentences
        found.setdefault(page, {})[claim["id"]] = plain(claim["claim"])
        entry += index(
            entries=[("single", claim["id"], label, "main", None)]
        )  # for search
        entry += nodes.rubric("", "", nodes.Text(claim["id"]), classes=["claim-id"])
        entry += self.markdown(claim["claim"])
        formula = in_lines(claim["formula"])
        entry += nodes.math_block(
            formula, formula, nowrap=False, number=None, label=None
        )
        entry += self.facts(claim)
        return entry

    def facts(self, claim: Claim) -> nodes.definition_list:
        values = ", ".join(claim["expected"])
        rival = claim["rival"]
        wrong = ", ".join(f"{value:g}" for value in rival["values"])
        facts = {
            "Protocol": claim["protocol"],
            "Expected": KINDS[claim["kind"]].format(values=values),
            "Measured": measured(**claim["measured"]),
            "Must reject": f"{wrong}: {rival['text']}",
            "False alarm": odds(claim["false_alarm"]),
            "Power": passes(**claim["power"]),
            "Source": f"{claim['source']} {{cite}}`{claim['bib']}`",
            "Test": f"`pytest {claim['test']}`",
        }
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
    app.add_domain(ClaimsDomain)
    app.add_directive("claims-ledger", ClaimsLedger)
    app.add_role("claim", ClaimRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
