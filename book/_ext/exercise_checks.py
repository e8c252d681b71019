"""Exercises whose answer is a number are checked on the page.

A page has no kernel: the cell that calls `check` does nothing there, and what it showed
in the build is taken away. On the site the cell is folded, and above it stands a form:
exercise_checks.js looks the answer up in the table that `check` uses, which a
`NumberChecker` holds. Notebooks keep the cell and what it showed.
"""

from __future__ import annotations

import json
import math
import re
from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from collapse.exercises.answers import NO_NUMBER, NOT_FINITE, NumberChecker
from collapse.exercises.check import Feedback, checker_of

CALL = re.compile(r'^check\("([\w-]+)"', re.MULTILINE)
IN_A_NOTEBOOK = "The same in a notebook"
TAKES_CODE = "A notebook checks your code"
BOX = """\
<div class="static-form exercise-check" data-checker="{checker}">
<form hidden autocomplete="off">
<label for="answer-{name}">Your answer</label>
<input id="answer-{name}" name="answer" inputmode="decimal" autocomplete="off">
<button>Check</button>
<output for="answer-{name}" aria-live="polite"></output>
</form>
</div>
"""


class CheckOnPage(SphinxPostTransform):
    """Take away what cells that check showed; on the site fold them under a form."""

    default_priority = 201  # after MyST-NB has chosen what is shown, and folded it

    def run(self, **kwargs: Any) -> None:
        is_site = self.app.builder.format == "html"
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") != "cell_code":
                continue
            code = cell[0]
            if not (found := CALL.search(code.astext())):
                continue
            for output in cell[1:]:
                cell.remove(output)
            if is_site:
                self.put_form(cell, found[1])

    def put_form(self, cell: nodes.container, exercise: str) -> None:
        """Fold the cell of an exercise, under a form if a number is asked for."""
        code, checker = cell[0], checker_of(exercise)
        is_number = isinstance(checker, NumberChecker)
        words = IN_A_NOTEBOOK if is_number else TAKES_CODE
        fold = HideCodeCellNode("", prompt_show=words, prompt_hide=words)
        fold["classes"].append("above-input")
        cell.replace(code, fold)
        fold += code
        if is_number:
            here = self.app.builder.get_target_uri(self.env.docname)
            cell.insert(0, nodes.raw("", box(exercise, checker, here), format="html"))


def box(name: str, checker: NumberChecker, here: str) -> str:
    """The form of an exercise on the page ``here``."""
    return BOX.format(name=name, checker=escape(json.dumps(known(checker, here))))


def known(checker: NumberChecker, here: str) -> dict[str, Any]:
    """What the script knows; where an interval has no end, null stands."""
    return {
        "table": [
            [
                *(end if math.isfinite(end) else None for end in (each.low, each.high)),
                each.whole,
                each.correct,
                Feedback(each.correct, each.message).text,
                lead(each.figure, here),
            ]
            for each in checker.table
        ],
        "isShare": checker.is_share,
        "noNumber": Feedback(False, NO_NUMBER).text,
        "notFinite": Feedback(False, NOT_FINITE).text,
    }


def lead(figure: str, here: str) -> str:
    """The address of a figure's state, from the page ``here``."""
    page, _, state = figure.partition("#")
    return state and f"{'' if page == here else relative_uri(here, page)}#{state}"


def add_files(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load script and styles where there is a form."""
    if "static-form exercise-check" in context.get("body", ""):
        # hover_texts names the folder in which they lie.
        for name in ("static_forms", "exercise_checks"):
            app.add_css_file(f"{name}.css")
        app.add_js_file("exercise_checks.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(CheckOnPage)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
