"""On one line: 10 000, a number and its per cent sign, a formula and its full stop."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from collapse.explore.sentences import unbroken

# A number that the book computed is a node of its own: the sign begins the next one.
BETWEEN = re.compile(r"(?:(?<=\d)|^) (?=%)")
ENDS = re.compile(r"[.,;:?!)\]]+")
AS_WRITTEN = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw)


class KeepTogether(SphinxPostTransform):
    """A space that does not break, but in code; a part of a line that does not."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, AS_WRITTEN):
                continue
            together = BETWEEN.sub("\N{NO-BREAK SPACE}", unbroken(text))
            if together != text:
                text.parent.replace(text, nodes.Text(together))
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.Text) and (ends := ENDS.match(after)):
                formula.parent.replace(after, nodes.Text(after[ends.end() :]))
                whole = nodes.inline("", "", classes=["unbroken"])
                formula.replace_self(whole)
                whole += [formula, nodes.Text(ends[0])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(KeepTogether)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
