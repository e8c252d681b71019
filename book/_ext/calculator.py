r"""The calculator "How much real data do I need?": the directive ``{how-much}``.

The page gets a form, which calculator.js answers: the closed forms of
`theory.real_data_needed` a second time, because a page has no kernel. The tests compare
the two. The formulas are a list, drawn at build time: the script shows those in use, a
page without JavaScript and a notebook show all.
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from collapse.palette import MIXED, REAL, SYNTHETIC
from static_forms import FormDirective, StaticForm, add_form

ELSEWHERE = (
    "Without JavaScript, and in a notebook, the table and the call below answer. These "
    "are the formulas: the least whole number is wanted for which they hold."
)
SYMBOLS = (
    "ε is the tolerated loss, n the number of fits, M the points of a generation, k "
    "the real ones of them, γ = k/M, a = 1 − γ. A push leaves a share λ of the "
    "variance. The smallest group has a share p."
)
DIETS = {
    "replace": ("replace: only the last one's output", SYNTHETIC),
    "accumulate": ("accumulate: all data are kept", MIXED),
    "accumulate-subsample": ("accumulate and subsample", MIXED),
    "fresh": ("fresh: other real points each time", MIXED),
    "replay": ("replayed: the same real points again", MIXED),
    "once": ("one fit to real points, and no loop", REAL),
}
NUMBERS = {
    "loss": ("Tolerated loss", "% of the variance", "", "0.01", "99", "any", "5"),
    "horizon": ("Horizon", "generations", "for ever", "1", "10000", "1", ""),
    "push": ("Push", "% of the variance, each time", "none", "0", "100", "any", ""),
    "group": ("Smallest group", "% of the points", "none", "0.001", "50", "any", ""),
    "points": ("Generation size", "points", "any", "2", "1000000000", "1", ""),
}
"""Label, unit, what an empty field means, least, most, step, and the first value."""

_SUBSAMPLE = r"""
\begin{gathered}
\left(1-\tfrac1M\right)\prod_{j=2}^{n}(1-d_j) \ge 1-\varepsilon \\
d_j = \frac{(1-\lambda)(M-1)+\left(2+\lambda(1-\frac1M)\right)/j}{jM-1}
\end{gathered}
"""
_SUBSAMPLE_EVER = r"""
\begin{gathered} \frac{(1-\frac1M)\,\Gamma(2-\frac1M)}{\Gamma(2-r)\,\Gamma(2-s)}
\ge 1-\varepsilon \\ r, s = \frac{1\pm\sqrt{12M-3}}{2M} \end{gathered}
"""
_FRESH = r"""
\begin{gathered} \gamma\,\frac{1-V}{1-a\lambda} \ge 1-\varepsilon \\
V = \frac{1}{M(1+a)(1-a\lambda)+a\lambda} \end{gathered}
"""
_FRESH_DURING = r"""
\begin{aligned} v_n &\ge 1-\varepsilon \\
v' &= \left(1-\tfrac1M\right)(\gamma+a\lambda v)+\gamma aV \\
V' &= a^2V+\tfrac1M(\gamma+a\lambda v) \end{aligned}
"""
_REPLAY_DURING = r"""
\begin{aligned} v_n &\ge 1-\varepsilon \\
v' &= \gamma-\tfrac1M+a\left(1-\tfrac1M\right)\lambda v+\gamma aD \\
D' &= a^2D+\tfrac aM\lambda v \end{aligned}
"""
FORMULAS = {
    "replace": (
        "Replace, n fits to M points",
        r"\lambda^{n-1}\left(1-\tfrac1M\right)^n \ge 1-\varepsilon",
    ),
    "accumulate": (
        "Accumulate, n fits, M points each time",
        r"\left(1-\tfrac1M\right)\prod_{j=2}^{n}\left(1-\frac{1-\lambda}{j}"
        r"-\frac{\lambda}{Mj^2}\right) \ge 1-\varepsilon",
    ),
    "accumulate-ever": (
        "Accumulate, for ever",
        r"\frac{\sin x}{x} \ge 1-\varepsilon,\qquad x = \frac{\pi}{\sqrt M}",
    ),
    "accumulate-subsample": ("Accumulate and subsample, n fits", _SUBSAMPLE),
    "accumulate-subsample-ever": (
        "Accumulate and subsample, for ever",
        _SUBSAMPLE_EVER,
    ),
    "fresh": (
        "k fresh real points among many, for ever",
        r"\frac{1}{2k+1} \le \varepsilon",
    ),
    "replay": (
        "The same k real points among many, for ever",
        r"\frac{3}{2k+1} \le \varepsilon",
    ),
    "share": (
        "The share γ that holds a push λ",
        r"\gamma \ge \frac{(1-\lambda)(1-\varepsilon)}"
        r"{\varepsilon+(1-\lambda)(1-\varepsilon)}",
    ),
    "fresh-size": ("k fresh real points of M, for ever", _FRESH),
    "fresh-size-during": (
        "k fresh real points of M, fit by fit: v of the model, V of its mean",
        _FRESH_DURING,
    ),
    "replay-size": (
        "The same k real points among M, for ever",
        r"\frac{\gamma-\frac1M}{1-a\lambda+\frac{a\lambda}{M(1+a)}} \ge 1-\varepsilon",
    ),
    "replay-size-during": (
        "The same k of M, fit by fit: v of the model, D of its mean from theirs",
        _REPLAY_DURING,
    ),
    "once": ("One fit to k real points", r"\frac1k \le \varepsilon"),
    "group": (
        "The loss that a group of share p bears",
        r"\varepsilon \le \frac{p}{1+p}",
    ),
}
"""What calculator.js calls a formula, its words and itself."""

FIELD = """\
<p><label for="how-much-{name}">{label} <small>{unit}{empty}</small></label>
<input id="how-much-{name}" name="{name}" type="number" min="{least}" max="{most}" \
step="{step}" value="{value}"{required}></p>
"""
CHOICE = """\
<p class="how-much-diet"><label for="how-much-diet">Diet</label>
<select id="how-much-diet" name="diet">
{options}</select></p>
"""
BOX = """\
<div class="static-form how-much" id="how-much">
<form hidden autocomplete="off" aria-label="How much real data do I need?">
{fields}</form>
<div class="how-much-said" role="status"></div>
<figure hidden>
<div class="how-much-picture" role="img" aria-labelledby="how-much-caption"></div>
<figcaption id="how-much-caption" aria-live="polite"></figcaption>
<button type="button">Again, with other luck</button>
</figure>
<div class="how-much-formulas">
"""


class HowMuch(StaticForm):
    """The calculator."""

    name = "how-much"
    scripts = ("chance", "calculator")

    @classmethod
    def opening(cls, environment: BuildEnvironment) -> str:
        return BOX.format(fields=fields())


class HowMuchDirective(FormDirective):
    """The directive ``{how-much}``."""

    form = HowMuch

    def instead(self) -> list[nodes.Node]:
        formulas = nodes.definition_list()
        for name, (words, tex) in FORMULAS.items():
            classes = [f"how-much-{name}"]
            formulas += nodes.definition_list_item(
                "",
                nodes.term("", words, classes=classes),
                nodes.definition(
                    "", nodes.math_block("", tex.strip()), classes=classes
                ),
            )
        return [
            nodes.paragraph("", ELSEWHERE),
            formulas,
            nodes.paragraph("", SYMBOLS),
        ]


def fields() -> str:
    """The fields of the form."""
    numbers = {
        name: FIELD.format(
            name=name,
            label=label,
            unit=unit,
            empty=f"; empty: {empty}" if empty else "",
            least=least,
            most=most,
            step=step,
            value=value,
            required="" if empty else " required",
        )
        for name, (label, unit, empty, least, most, step, value) in NUMBERS.items()
    }
    options = "".join(
        f'<option value="{name}" data-colour="{colour}"'
        f"{' selected' * (name == 'fresh')}>{escape(words)}</option>\n"
        for name, (words, colour) in DIETS.items()
    )
    return CHOICE.format(options=options) + "".join(numbers.values())


def setup(app: Sphinx) -> dict[str, Any]:
    return add_form(app, HowMuchDirective)
