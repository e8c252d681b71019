"""The style sheets of the book as they are before rules are dropped.

A book of one page, made with the theme and the extensions that bring style sheets, has
them all in `_static` and links them in their order.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import lean_pages
import prerendered_math
from collapse.explore import page
from joined_assets import Page, whole_style_sheet

STATIC = Path(lean_pages.__file__).parent / "static"
BUILD = """
import sys
from pathlib import Path
import yaml
from jupyter_book.sphinx import build_sphinx

folder, settings = Path(sys.argv[1]), Path(sys.argv[2])
config = yaml.safe_load(settings.read_text(encoding="utf-8"))["sphinx"]
own = {*config["local_extensions"]} - {"lean_pages", "prerendered_math"}
extensions = [name for name in config["config"]["extensions"] if name not in own]
sys.exit(build_sphinx(
    folder, folder / "html", doctreedir=folder / "doctrees", path_config=settings,
    noconfig=True, confoverrides={
        "extensions": extensions,
        "external_toc_path": str(folder / "_toc.yml"),
        "latex_individualpages": False,
        "nb_execution_mode": "off",
    },
))
"""


def whole_styles(root: Path, site: Path, folder: Path) -> str:
    """All rules of the style sheets that `site` would link without joined_assets.

    Parameters
    ----------
    root
        The repository.
    site
        The built pages: their icons and formulas have style sheets, too.
    folder
        An empty one, in which the book of one page is made.
    """
    shutil.copytree(root / "book" / "_static", folder / "_static")
    (folder / "references.bib").write_text("", encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    (folder / "index.md").write_text("# Title\n\n$x$\n", encoding="utf-8")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, folder, root / "_config.yml"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    one = folder / "html"
    static = one / "_static"
    pages = sorted(site.rglob("*.html"))
    rules, _ = prerendered_math.math_style_sheets(pages)
    (static / "math.css").write_text(rules, encoding="utf-8")
    sheets = Page(one / "index.html", one).style_sheets
    found = sorted(static.rglob("*.css"))
    icons = lean_pages.icon_style_sheet(pages, [f for f in found if f.stem != "icons"])
    (static / "icons.css").write_text(icons, encoding="utf-8")
    rules = {each.name: whole_style_sheet(one / each, static) for each in sheets}
    # Those that only some pages link, as the extensions write them; the book's has the
    # last word.
    some = (
        "hover_texts",
        "static_forms",
        "calculator",
        "exercise_checks",
        "page_footers",
    )
    for name in (f"{each}.css" for each in some):
        rules[name] = (STATIC / name).read_text("utf-8")
    rules["explore.css"] = page.style(has_story=True)
    rules["book.css"] = rules.pop("book.css")
    return "\n".join(rules.values())
