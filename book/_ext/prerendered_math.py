r"""Formulas drawn at build time.

MathJax runs here, once, instead of in every reader's browser: a page loads no script
for its formulas, shows them at once and with JavaScript disabled, and a mistake in a
formula is a warning of the build (so an error) instead of yellow text on the page.
Beside each drawn formula stands its MathML, which is what a screen reader reads.

MathJax and its fonts come from the package sphinx-mathjax-offline, the JavaScript
engine from mini-racer. The chapters also open in JupyterLab, which draws their formulas
by itself: so there are no macros of our own here.
"""

from __future__ import annotations

import atexit
import re
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from subset_font import glyphs_of, subset_font

logger = logging.getLogger(__name__)

SCRIPTS = [
    "startup.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
]

SET_UP = """
const parts = MathJax._;
const adaptor = parts.adaptors.liteAdaptor.liteAdaptor();
parts.handlers.html_ts.RegisterHTMLHandler(adaptor);
const chtml = new parts.output.chtml_ts.CHTML({
  font: new parts.output.chtml.fonts.tex_ts.TeXFont({fontURL: "."}),
  adaptiveCSS: false,
  matchFontHeight: false,
});
const page = parts.mathjax.mathjax.document("", {
  InputJax: new parts.input.tex_ts.TeX({
    packages: ["base", "ams", "boldsymbol", "mathtools", "newcommand"],
    tags: "none",
  }),
  OutputJax: chtml,
});
const Visitor = parts.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor;
const mathml = new Visitor();
const CONVERT = parts.core.MathItem.STATE.CONVERT;

function drawn(tex, display) {
  return adaptor.outerHTML(page.convert(tex, {display, em: 16, ex: 8}));
}
function spoken(tex, display) {
  return mathml.visitTree(page.convert(tex, {display, end: CONVERT}));
}
function styleSheet() {
  return adaptor.textContent(chtml.styleSheet(page));
}
"""

LICENCE = """\
/* Formulas: MathJax 3 and its TeX fonts, Apache License 2.0, cut to those in use. */
"""
EXTRA_RULES = """\
mjx-container { position: relative; }
mjx-assistive-mml {
  position: absolute; top: 0; left: 0; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; user-select: none;
}
"""


@cache
def mathjax_folder() -> Path:
    """Where sphinx-mathjax-offline keeps MathJax."""
    for file in files("sphinx-mathjax-offline") or []:
        if file.name == "startup.js":
            return Path(str(file.locate())).parent
    raise FileNotFoundError("the package sphinx-mathjax-offline holds no startup.js")


@cache
def engine() -> MiniRacer:
    """A JavaScript engine with MathJax loaded, which takes a tenth of a second."""
    context = MiniRacer()
    # Left open, it keeps Python 3.12 and 3.13 from ending.
    atexit.register(context.close)
    context.eval("MathJax = {loader: {load: []}, startup: {typeset: false}};")
    for script in SCRIPTS:
        context.eval((mathjax_folder() / script).read_text(encoding="utf-8"))
    context.eval(SET_UP)
    return context


@cache
def formula(tex: str, display: bool) -> str:
    """The HTML of one formula: drawn for the eye, MathML for a screen reader.

    Raises ``ValueError`` with MathJax's message when `tex` is not valid.
    """
    html = engine().call("drawn", tex, display)
    if error := re.search(r'data-mjx-error="([^"]*)"', html):
        raise ValueError(error[1])
    html = html.replace("<mjx-math", '<mjx-math aria-hidden="true"', 1)
    mathml = re.sub(r">\s+<", "><", engine().call("spoken", tex, display))
    hidden = f"<mjx-assistive-mml>{mathml}</mjx-assistive-mml>"
    return html.removesuffix("</mjx-container>") + hidden + "</mjx-container>"


def _formula_or_warning(node: nodes.Element, tex: str, display: bool) -> str:
    try:
        return formula(tex, display)
    except ValueError as error:
        logger.warning("formula %r: %s", tex, error, location=node, type="math")
        return f"<code>{nodes.unescape(tex)}</code>"


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    html = _formula_or_warning(node, node.astext(), display=False)
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    self.body.append(html + "</span>")
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    html = _formula_or_warning(node, node.astext().strip(), display=True)
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    self.body.append(f'<div class="formula">{html}</div>')
    if node.get("number"):
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _rules(css: str) -> list[tuple[str, str]]:
    """(selector, declarations) of each rule; MathJax's style sheet nests none."""
    without_comments = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    text = r'((?:[^{}"]|"[^"]*")*)'  # a quoted string may hold a brace: content: "{"
    found = re.findall(text + r"\{" + text + r"\}", without_comments)
    return [(" ".join(name.split()), " ".join(body.split())) for name, body in found]


def _content(declarations: str) -> list[int]:
    """The code points that a rule puts on the page."""
    quoted = re.search(r'content: "([^"]*)"', declarations)
    parts = re.findall(r"\\([0-9A-Fa-f]+) ?|(.)", quoted[1] if quoted else "")
    return [int(escape, 16) if escape else ord(char) for escape, char in parts]


def math_style_sheets(pages: list[Path]) -> tuple[str, str]:
    """The rules and the fonts that the formulas of `pages` need, and no others."""
    elements: set[tuple[str, frozenset[str]]] = set()
    tags: set[str] = set()
    for page in pages:
        for tag, attributes in re.findall(
            r"<(mjx-[a-zA-Z-]+)([^>]*)>", page.read_text(encoding="utf-8")
        ):
            tags.add(tag)
            if classes := re.search(r'class="([^"]*)"', attributes):
                elements.add((tag, frozenset(classes[1].split())))
    if not tags:
        return "", ""

    kept = []
    faces = {}
    glyphs: dict[str, set[int]] = {}
    for selector, declarations in _rules(engine().call("styleSheet")):
        if selector.startswith("@font-face"):
            family = re.search(r"font-family: ([\w-]+)", declarations)[1]
            faces[family] = re.search(r'url\("\./([^"]+)"\)', declarations)[1]
            continue
        if character := re.search(r"(mjx-[a-z-]+)\.mjx-c[0-9A-F]", selector):
            # A rule for one character: mjx-c.mjx-c1D465.TEX-I::before, or a part of a
            # stretched bracket: mjx-stretchy-v.mjx-c28 mjx-beg mjx-c::before.
            classes = set(re.findall(r"\.([\w-]+)", selector)) - {"mjx-stretched"}
            if not any(
                tag == character[1] and classes <= present for tag, present in elements
            ):
                continue
            if "stretch" in selector:
                families = ["MJXTEX-S1", "MJXTEX-S4", "MJXTEX", "MJXTEX-A"]
            else:
                font = next((c for c in classes if c.startswith("TEX-")), "TEX")
                families = [f"MJX{font}"]
            for family in families:
                glyphs.setdefault(family, set()).update(_content(declarations))
        elif (used := re.findall(r"mjx-[a-zA-Z-]+", selector)) and not tags & {*used}:
            continue
        kept.append(f"{selector} {{ {declarations} }}")

    folder = mathjax_folder() / "output" / "chtml" / "fonts" / "woff-v2"
    fonts = [LICENCE]
    for family, points in glyphs.items():
        path = folder / faces[family]
        present = points & glyphs_of(path)
        if present:
            fonts.append(
                f"@font-face {{ font-family: {family};"
                f' src: url("{subset_font(path, present)}") format("woff"); }}'
            )
    rules = [LICENCE, EXTRA_RULES, *kept]
    return "\n".join(rules) + "\n", "\n".join(fonts) + "\n"


def write_style_sheets(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    rules, fonts = math_style_sheets(sorted(static.parent.rglob("*.html")))
    (static / "math.css").write_text(rules, encoding="utf-8")
    (static / "math-fonts.css").write_text(fonts, encoding="utf-8")


def link_style_sheets(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Only a page with a formula loads the style sheets for formulas.

    The fonts stand at its end: they are heavy, and a page is painted without them. The
    rules say how wide each character is, so nothing moves when they come.
    """
    if "<mjx-container" in context.get("body", ""):
        app.add_css_file("math.css")
        address = context["pathto"]("_static/math-fonts.css", 1)
        context["body"] += f'<link rel="stylesheet" href="{address}" />\n'


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer(
        "prerendered", (visit_math, None), (visit_math_block, None)
    )
    app.connect("html-page-context", link_style_sheets)
    app.connect("build-finished", write_style_sheets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
