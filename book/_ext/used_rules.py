"""Which rules of a style sheet can apply to some pages, now or when a script has run.

A rule stays unless it asks for an element, a class, an id or an attribute that no page
has and no script names. So what only a script adds stays: every word of a script counts
as a name, and the beginning of a name that a script puts together counts for all names
that begin so. Only names are looked at, never how elements lie within one another: what
goes can apply nowhere. Order, layers, media queries and what is between braces stay as
they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import tinycss2
from tinycss2.ast import Node, WhitespaceToken

WORD = re.compile(r"-{0,2}[a-zA-Z_][\w-]*")
# `bs-${name}`, "kind-" + name: the beginning of a name that is put together.
BEGINNING = re.compile(r"([a-zA-Z_][\w-]*-)(?:\$\{|[\"'`]\s*\+|[\"'`]\.concat)")
# element.dataset.bsToggle is the attribute data-bs-toggle.
DATA = re.compile(r"\bdataset(?:\.|\[[\"'])(\w+)")
# What a browser adds to a page by itself.
ADDED = frozenset({"html", "head", "body", "tbody", "colgroup", "open"})
# Selectors whose arguments an element must match; of the others, such as :not(), none.
ALTERNATIVES = frozenset({"is", "where", "has", "matches", "-webkit-any", "-moz-any"})
WITH_RULES = frozenset({"media", "supports", "layer", "container", "document"})
# A browser that does not know such a name drops the whole rule.
VENDORS = re.compile(r":-[a-z]+-")


@dataclass
class Names:
    """The names of elements, classes, ids and attributes that pages may have."""

    words: set[str] = field(default_factory=lambda: set(ADDED))
    beginnings: set[str] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        return (
            name in self.words
            or name.lower() in self.words
            or name.startswith(tuple(self.beginnings))
        )

    def add_script(self, script: str) -> None:
        """All words of a script: some may be names that it gives to something."""
        self.words.update(WORD.findall(script))
        self.beginnings.update(BEGINNING.findall(script))
        for name in DATA.findall(script):
            self.words.add("data-" + re.sub("[A-Z]", r"-\g<0>", name).lower())

    def add_page(self, html: str) -> None:
        """All names in a page and in the scripts that stand in it."""
        reader = _PageReader(self)
        reader.feed(html)
        reader.close()


class _PageReader(HTMLParser):
    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag == "script"
        self.names.words.add(tag)
        for name, value in attrs:
            self.names.words.add(name)
            if name in ("class", "id"):
                self.names.words.update((value or "").split())
            elif name.startswith("on"):
                self.names.add_script(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        if self.in_script:
            self.names.add_script(data)


def used_rules(css: str, names: Names) -> str:
    """Return `css` without the rules that cannot apply where only `names` are.

    Raises
    ------
    ValueError
        If it is no valid style sheet, or imports another one.
    """
    kept = list(_kept(tinycss2.parse_stylesheet(css, True, True), names))
    rules = "\n".join(text for node, text in kept if not _keyframes(node))
    named = {*WORD.findall(rules)}
    return "\n".join(text for node, text in kept if _keyframes(node) in {"", *named})


def _keyframes(node: Node) -> str:
    """The name of a movement that a rule defines; empty for any other rule."""
    if node.type != "at-rule" or not node.lower_at_keyword.endswith("keyframes"):
        return ""
    return next(part.value for part in node.prelude if part.type in ("ident", "string"))


def _kept(rules: Iterable[Node], names: Names) -> Iterator[tuple[Node, str]]:
    """Each rule that may apply, and how it is written."""
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"line {rule.source_line}: {rule.message}")
        if rule.type == "qualified-rule":
            if selectors := _used_selectors(rule.prelude, names):
                yield rule, f"{selectors}{{{_plain(rule.content)}}}"
        elif rule.lower_at_keyword == "import":
            raise ValueError(f"line {rule.source_line}: @import is not resolved")
        elif rule.lower_at_keyword == "charset":
            continue
        elif rule.content is None:
            yield rule, f"@{rule.at_keyword} {_plain(rule.prelude)};"
        elif rule.lower_at_keyword in WITH_RULES:
            inside = tinycss2.parse_rule_list(rule.content, True, True)
            if written := "\n".join(text for _, text in _kept(inside, names)):
                yield (
                    rule,
                    f"@{rule.at_keyword} {_plain(rule.prelude)}{{\n{written}\n}}",
                )
        else:
            head = f"@{rule.at_keyword} {_plain(rule.prelude)}".rstrip()
            yield rule, f"{head}{{{_plain(rule.content)}}}"


def _plain(tokens: Iterable[Node]) -> str:
    """How tokens are written, without comments and with no more than a space."""
    kept: list[Node] = []
    for token in tokens:
        if token.type == "whitespace":
            token = WhitespaceToken(token.source_line, token.source_column, " ")
            if kept and kept[-1].type == "whitespace":
                continue
        if token.type != "comment":
            kept.append(token)
    return tinycss2.serialize(kept).strip()


def _used_selectors(prelude: list[Node], names: Names) -> str:
    """The selectors of a list that may match; all, where a browser may refuse one."""
    selectors = _split(prelude)
    used = [each for each in selectors if may_match(each, names)]
    if not used:
        return ""
    if VENDORS.search(tinycss2.serialize(prelude)):
        used = selectors
    return ",".join(_plain(each) for each in used)


def _split(tokens: Iterable[Node]) -> list[list[Node]]:
    """Tokens between commas."""
    parts: list[list[Node]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def may_match(selector: Iterable[Node], names: Names) -> bool:
    """Whether all that a selector names is there."""
    before = ""
    for token in selector:
        if token.type == "function" and token.lower_name in ALTERNATIVES:
            wanted = _split(token.arguments)
            if not any(may_match(each, names) for each in wanted):
                return False
        elif (name := _named(token, before)) and name not in names:
            return False
        before = token.value if token.type == "literal" else ""
    return True


def _named(token: Node, before: str) -> str:
    """What an element must be or have to match a token; empty where it is no name."""
    if token.type == "hash" or (token.type == "ident" and before != ":"):
        return token.value
    if token.type == "[] block":
        return next(part.value for part in token.content if part.type == "ident")
    return ""
