"""The reader's own data: the directive ``{own-data}``.

The reader puts points on a line, and own_data.js lets models learn from one another,
beginning with these: what `recurse` does with a `Gaussian`, in a page that has no
kernel. The tests compare the two laws.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from collapse.palette import REAL, SYNTHETIC
from static_forms import FormDirective, StaticForm, add_form

EXAMPLE = (12, 18, 25, 31, 36, 44, 52, 57, 63, 71, 80, 88)
GENERATIONS = 40
ELSEWHERE = (
    "On the page of the book you tap points onto a line here, with a script. This is "
    "what it does with them; put in your own."
)
LOOP = f"""\
import numpy as np

points = {list(EXAMPLE)}
for generation in range({GENERATIONS + 1}):
    mean, spread = np.mean(points), np.std(points)  # the model
    points = np.random.normal(mean, spread, len(points))
print(spread)
"""
BOX = f"""\
<div class="static-form own-data" id="own-data" data-example="{{example}}" \
data-generations="{GENERATIONS}" style="--real: {REAL}; --made: {SYNTHETIC}">
<form hidden autocomplete="off" aria-label="Your own data">
<p class="own-data-points"><label for="own-data-points">Your points \
<small>from 0 to 100; tap the line to add one, or a point to remove it</small></label>
<input id="own-data-points" name="points" inputmode="decimal"></p>
<p><label for="own-data-generation">Generation <output>0</output></label>
<input id="own-data-generation" name="generation" type="range" min="0" \
max="{GENERATIONS}" value="0"></p>
<p><label for="own-data-real">Yours in each generation <output>0</output></label>
<input id="own-data-real" name="real" type="range" min="0" value="0"></p>
</form>
<figure hidden>
<div class="own-data-picture" role="img" aria-labelledby="own-data-said"></div>
<figcaption id="own-data-said" aria-live="polite"></figcaption>
<div class="own-data-buttons"><button type="button" name="play">Play</button>
<button type="button" name="again">Again, with other luck</button>
<button type="button" name="clear">No points</button></div>
</figure>
<div class="own-data-loop">
"""


class OwnData(StaticForm):
    """The line, the points on it and what becomes of them."""

    name = "own-data"
    scripts = ("chance", "own_data")

    @classmethod
    def opening(cls, environment: BuildEnvironment) -> str:
        return BOX.format(example=", ".join(map(str, EXAMPLE)))


class OwnDataDirective(FormDirective):
    """The directive ``{own-data}``."""

    form = OwnData

    def instead(self) -> list[nodes.Node]:
        loop = nodes.literal_block(LOOP, LOOP, language="python")
        return [nodes.paragraph("", ELSEWHERE), loop]


def setup(app: Sphinx) -> dict[str, Any]:
    return add_form(app, OwnDataDirective)
