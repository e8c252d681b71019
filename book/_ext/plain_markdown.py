"""Writes a resolved page as Markdown that every notebook understands.

Numbers, citations, terms and references have become text and links before a page is
written, so that what is read here is what the page shows. Only CommonMark, tables, `$`
and a little HTML come out: no role and no directive. Knows docutils' nodes alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable

from docutils import nodes

Say = Callable[[nodes.Element], str]
"""Says something of a node, or nothing: an empty text."""

SPOKEN = re.compile(r"[\\`*_$]|\](?=[(:\[])")
LINE_START = re.compile(r"^(\s*)(?=[#>+=-](\s|$)|=+$)", re.MULTILINE)
LIST_START = re.compile(r"^(\s*\d+)(?=[.)](\s|$))", re.MULTILINE)


class Writer:
    """Writes nodes; how each kind is written is a method of the kind's name.

    Parameters
    ----------
    link : callable
        Returns the address of a reference; empty where it leads nowhere.
    number : callable
        Returns the number of an equation, and the name and number of what else is
        numbered, such as an exercise; empty where there is none.
    """

    def __init__(self, link: Say, number: Say) -> None:
        self.link = link
        self.number = number

    def blocks(self, children: Iterable[nodes.Node], level: int = 1) -> str:
        """Block after block, each by itself."""
        written = (self.block(child, level) for child in children)
        return "\n\n".join(text for text in written if text)

    def block(self, node: nodes.Node, level: int = 1) -> str:
        """Write a node that stands by itself."""
        return self._written("block", node, level)

    def inline(self, node: nodes.Node) -> str:
        """Write what is in a node as a part of a line."""
        return "".join(self._written("inline", child) for child in node.children)

    def _written(self, manner: str, node: nodes.Node, *level: int) -> str:
        for kind in type(node).__mro__:
            if method := getattr(self, f"{manner}_{kind.__name__}", None):
                return method(node, *level)
        raise ValueError(
            f"a notebook cannot show {type(node).__name__} ({manner}), "
            f"at line {node.line}: {node.astext()[:60]!r}"
        )

    # Blocks ---------------------------------------------------------------------------

    def block_section(self, node: nodes.section, level: int) -> str:
        return self.blocks(node.children, level + 1)

    def block_title(self, node: nodes.title, level: int) -> str:
        return f"{'#' * level} {self.inline(node)}"

    def block_rubric(self, node: nodes.rubric, level: int) -> str:
        return f"**{self.inline(node)}**"

    def block_paragraph(self, node: nodes.paragraph, level: int) -> str:
        text = LINE_START.sub(r"\1\\", self.inline(node))
        return LIST_START.sub(r"\1\\", text)

    def block_container(self, node: nodes.Element, level: int) -> str:
        return self.blocks(node.children, level)

    block_glossary = block_compound = block_container

    def block_nothing(self, node: nodes.Node, level: int) -> str:
        return ""

    block_target = block_index = block_comment = block_meta = block_nothing
    block_toctree = block_substitution_definition = block_nothing

    def block_math_block(self, node: nodes.math_block, level: int) -> str:
        number = self.number(node)
        tag = rf" \tag{{{number}}}" if number else ""
        return f"$$\n{node.astext().strip()}{tag}\n$$"

    def block_literal_block(self, node: nodes.literal_block, level: int) -> str:
        code = node.astext().rstrip()
        fence = _longer_than(code, "```")
        language = node.get("language", "").replace("ipython3", "python")
        return f"{fence}{language}\n{code}\n{fence}"

    def block_block_quote(self, node: nodes.block_quote, level: int) -> str:
        return _prefixed("> ", self.blocks(node.children, level))

    def block_transition(self, node: nodes.transition, level: int) -> str:
        return "---"

    def block_image(self, node: nodes.image, level: int) -> str:
        if "://" not in node["uri"]:
            raise ValueError(f"a notebook cannot carry the picture {node['uri']}")
        return f"![{_escaped(node.get('alt', ''))}]({node['uri']})"

    def block_bullet_list(self, node: nodes.bullet_list, level: int) -> str:
        return self._items("- " for _ in node.children)(node, level)

    def block_enumerated_list(self, node: nodes.enumerated_list, level: int) -> str:
        first = node.get("start", 1)
        marks = (f"{first + place}. " for place in range(len(node.children)))
        return self._items(marks)(node, level)

    def _items(self, marks: Iterable[str]) -> Callable[[nodes.Element, int], str]:
        def write(node: nodes.Element, level: int) -> str:
            written = []
            for mark, item in zip(marks, node.children, strict=True):
                text = self.blocks(item.children, level)
                rest = _prefixed(" " * len(mark), text).lstrip()
                written.append(f"{mark}{rest}")
            return "\n".join(written)

        return write

    def block_definition_list(self, node: nodes.definition_list, level: int) -> str:
        return self.blocks(node.children, level)

    def block_definition_list_item(self, node: nodes.Element, level: int) -> str:
        """A term in bold, and what it means in the next line."""
        terms = [each for each in node.children if isinstance(each, nodes.term)]
        names = "".join(f"**{self.inline(each)}**" for each in terms)
        (meaning,) = (e for e in node.children if isinstance(e, nodes.definition))
        return f"{names}<br>\n{self.blocks(meaning.children, level)}"

    def block_citation(self, node: nodes.citation, level: int) -> str:
        label, *text = node.children
        return f"**[{label.astext()}]** {self.blocks(text, level)}"

    def block_Admonition(self, node: nodes.Element, level: int) -> str:  # noqa: N802
        """A quotation under a bold title; one that a page folds is folded here, too."""
        heads = (nodes.title, nodes.subtitle)
        names = [each for each in node.children if isinstance(each, heads)]
        body = self.blocks((e for e in node.children if e not in names), level)
        name = " ".join([self.number(node), *map(self.inline, names)]).strip()
        name = re.sub(r" +", " ", name) or type(node).__name__.capitalize()
        if "dropdown" in node["classes"]:
            plain = " ".join(html.escape(each.astext()) for each in names)
            folded = f"<details>\n<summary><b>{plain}</b></summary>\n\n{body}\n\n"
            return f"{folded}</details>"
        return _prefixed("> ", f"**{name}**\n\n{body}")

    def block_table(self, node: nodes.table, level: int) -> str:
        rows = [
            [self._table_cell(entry) for entry in row.children]
            for row in node.findall(nodes.row)
        ]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])

    def _table_cell(self, entry: nodes.entry) -> str:
        text = " ".join(self.inline(block) for block in entry.children)
        return text.replace("\n", " ").replace("|", r"\|")

    # Parts of a line ------------------------------------------------------------------

    def inline_Text(self, node: nodes.Text) -> str:  # noqa: N802
        return _escaped(node.astext())

    def inline_inline(self, node: nodes.Element) -> str:
        return self.inline(node)

    inline_abbreviation = inline_generated = inline_inline

    def inline_emphasis(self, node: nodes.emphasis) -> str:
        return f"*{self.inline(node)}*"

    inline_title_reference = inline_emphasis

    def inline_strong(self, node: nodes.strong) -> str:
        return f"**{self.inline(node)}**"

    def inline_superscript(self, node: nodes.superscript) -> str:
        return f"<sup>{self.inline(node)}</sup>"

    def inline_subscript(self, node: nodes.subscript) -> str:
        return f"<sub>{self.inline(node)}</sub>"

    def inline_literal(self, node: nodes.literal) -> str:
        text = node.astext()
        fence = _longer_than(text, "`")
        space = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{fence}{space}{text}{space}{fence}"

    def inline_math(self, node: nodes.math) -> str:
        return f"${node.astext().strip()}$"

    def inline_reference(self, node: nodes.reference) -> str:
        address = self.link(node)
        return f"[{self.inline(node)}]({address})" if address else self.inline(node)

    inline_number_reference = inline_reference

    def inline_nothing(self, node: nodes.Node) -> str:
        return ""

    inline_index = inline_target = inline_comment = inline_nothing


def _escaped(text: str) -> str:
    """`text` so that Markdown and formulas leave it as it is."""
    return SPOKEN.sub(r"\\\g<0>", html.escape(text, quote=False))


def _longer_than(text: str, fence: str) -> str:
    runs = (len(run) for run in re.findall("`+", text))
    longest = max(runs, default=0)
    return fence if longest < len(fence) else "`" * (longest + 1)


def _prefixed(prefix: str, text: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))
