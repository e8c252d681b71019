"""Pages that load little, and nothing from anywhere else.

The theme draws its icons with a script of 540 KB gzipped. This extension replaces it by
one small style sheet, written after the pages: it holds only the icons that the pages
and the style sheets name, cut from the theme's own font file. It also keeps out of the
pages what only a notebook can use, widgets' state and some of a figure, and mends their
HTML.
"""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from sphinx.application import Sphinx
from sphinx.config import Config

from subset_font import glyphs_of, subset_font

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
THEME = Path(pydata_sphinx_theme.__file__).parent.joinpath(
    "theme", "pydata_sphinx_theme", "static"
)
# CSS class -> (file name without suffix, last word of the font's family, weight)
FONTS = {
    "solid": ("fa-solid-900", "Free", 900),
    "regular": ("fa-regular-400", "Free", 400),
    "brands": ("fa-brands-400", "Brands", 400),
}
# Newer themes load the whole fonts in their own style sheets.
WHOLE_FONT = re.compile(r"@font-face\s*\{[^}]*vendor/fontawesome[^}]*\}")
SHORT_CLASSES = {"fas": "solid", "far": "regular", "fab": "brands", "fa": "solid"}
# Glyphs named in a style sheet: an escape such as \f107, or the character itself.
PRIVATE_USE = re.compile(r"\\(f[0-9a-f]{3})\b|([\ue000-\uf8ff])", re.IGNORECASE)
ICON_ELEMENT = re.compile(r'<(?:i|span)[^>]*\bclass="([^"]*\bfa[bsr]?\b[^"]*)"')

MENDED = {
    # docutils: a list whose children are no list items.
    ' role="list" class="citation-list"': ' class="citation-list"',
    ' role="doc-biblioentry"': "",
    # sphinx-exercise: the same id for each exercise and for each solution.
    '<section id="exercise-content">': "<section>",
    '<section id="solution-content">': "<section>",
    # MyST-NB, the theme: a name that is not what is read there, such as "Show code".
    '<summary aria-label="Toggle hidden content">': "<summary>",
    'search-button-field search-button__button" title="Search" aria-label="Search"': (
        'search-button-field search-button__button" title="Search"'
    ),
}

# The name of a figure's model in a kernel, and its picture for untrusted notebooks.
OF_A_NOTEBOOK = re.compile(
    r' data-live="[0-9a-f]+"'
    r'|<style>\.explore-still[^<]*</style>\s*<div class="explore-still">.*?</div>'
)

BASE_RULES = """\
/* Icons: Font Awesome Free by Fonticons, Inc., cut to those in use.
   Licence: icons CC BY 4.0, fonts SIL OFL 1.1. */
:root {{
  --fa-font-solid: normal 900 1em/1 "{family} Free";
  --fa-font-regular: normal 400 1em/1 "{family} Free";
  --fa-font-brands: normal 400 1em/1 "{family} Brands";
}}
.fa, .fas, .far, .fab, .fa-solid, .fa-regular, .fa-brands {{
  display: inline-block; font-style: normal; font-variant: normal; line-height: 1;
  text-rendering: auto; -webkit-font-smoothing: antialiased;
}}
.fa, .fas, .fa-solid {{ font-family: "{family} Free"; font-weight: 900; }}
.far, .fa-regular {{ font-family: "{family} Free"; font-weight: 400; }}
.fab, .fa-brands {{ font-family: "{family} Brands"; font-weight: 400; }}
.fa-lg {{ font-size: 1.25em; line-height: .05em; vertical-align: -.075em; }}
"""


@cache
def family() -> str:
    """What the theme calls its font of icons: Font Awesome 6, or a later one."""
    text = "".join(sheet.read_text("utf-8") for sheet in THEME.rglob("*.css"))
    return f"Font Awesome {max(re.findall(r'Font Awesome[^0-9]{1,2}([67])', text))}"


@cache
def font_file(style: str) -> Path:
    """The theme's font of icons; newer themes have it as woff2 alone."""
    name = FONTS[style][0]
    return next(
        path for kind in ("ttf", "woff2") for path in THEME.rglob(f"{name}.{kind}")
    )


@cache
def icon_codepoints() -> dict[str, int]:
    """Icon name -> code point, from the theme's style sheets, older or newer."""
    found = {}
    for sheet in THEME.rglob("*.css"):
        for selectors, code in re.findall(
            r'([^{}]*)\{(?:content|--fa):"\\([0-9a-f]+)"\}', sheet.read_text("utf-8")
        ):
            for name in re.findall(r"\.fa-([a-z0-9-]+)", selectors):
                found[name] = int(code, 16)
    return found


def icons_in_pages(pages: list[Path]) -> set[tuple[str, str]]:
    """Every (style, icon name) that an element of `pages` asks for."""
    used = set()
    names = icon_codepoints()
    for page in pages:
        for classes in ICON_ELEMENT.findall(page.read_text(encoding="utf-8")):
            words = classes.split()
            styles = [SHORT_CLASSES[word] for word in words if word in SHORT_CLASSES]
            styles += [word[3:] for word in words if word[3:] in FONTS]
            for word in words:
                if word.startswith("fa-") and word[3:] in names:
                    used.add((styles[0] if styles else "solid", word[3:]))
    return used


def icon_style_sheet(pages: list[Path], style_sheets: list[Path]) -> str:
    """The style sheet that draws the icons of `pages` and of `style_sheets`."""
    codepoints = icon_codepoints()
    glyphs: dict[str, set[int]] = {style: set() for style in FONTS}
    rules = []
    for style, name in sorted(icons_in_pages(pages)):
        glyphs[style].add(codepoints[name])
        rules.append(f'.fa-{name}::before {{ content: "\\{codepoints[name]:x}"; }}')
    for sheet in style_sheets:
        for escape, character in PRIVATE_USE.findall(sheet.read_text("utf-8")):
            point = int(escape, 16) if escape else ord(character)
            for style in FONTS:
                if point in glyphs_of(font_file(style)):
                    glyphs[style].add(point)
                    break
    faces, name = [], family()
    for style, points in glyphs.items():
        if points:
            _, kind, weight = FONTS[style]
            address = subset_font(font_file(style), points)
            faces.append(
                f'@font-face {{ font-family: "{name} {kind}"; font-weight: {weight};'
                f' src: url("{address}") format("woff"); }}'
            )
    rules_of_all = BASE_RULES.format(family=name)
    return rules_of_all + "\n".join([*faces, *sorted(set(rules))]) + "\n"


def write_icons(app: Sphinx, exception: Exception | None) -> None:
    """After the build: write icons.css, drop the fonts that no page loads."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)
    sheet = static / "icons.css"
    sheet.unlink(missing_ok=True)
    for other in static.rglob("*.css"):
        before = other.read_text("utf-8")
        if (after := WHOLE_FONT.sub("", before)) != before:
            other.write_text(after, "utf-8")
    pages = sorted(out.rglob("*.html"))
    sheet.write_text(
        icon_style_sheet(pages, sorted(static.rglob("*.css"))), encoding="utf-8"
    )


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Put right what the theme and the extensions get wrong in the HTML."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        before = page.read_text(encoding="utf-8")
        after = OF_A_NOTEBOOK.sub("", before)
        for wrong, right in MENDED.items():
            after = after.replace(wrong, right)
        if page.name == "search.html":  # holds its search field twice, with one id
            after = after.replace('id="search-input"', "", 1)
        if after != before:
            page.write_text(after, encoding="utf-8")


def drop_widget_state(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Keep the widgets' state out of the page: nothing on the page reads it."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if getattr(script, "attributes", {}).get("type") != WIDGET_STATE
    ]


def plain_address(app: Sphinx, config: Config) -> None:
    """The repository's address as links to its parts begin: without .git, without /."""
    options = config.html_theme_options
    address = options.get("repository_url", "").strip().rstrip("/")
    options["repository_url"] = address.removesuffix(".git").rstrip("/")


def setup(app: Sphinx) -> dict[str, Any]:
    # Jupyter Book sets this value even where sphinx_comments is not loaded.
    app.add_config_value("comments_config", {}, "html")
    app.config.templates_path.insert(0, str(Path(__file__).parent / "templates"))
    app.connect("config-inited", plain_address)
    app.connect("html-page-context", drop_widget_state, priority=900)
    app.connect("build-finished", write_icons)
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
