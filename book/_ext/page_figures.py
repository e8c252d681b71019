"""Figures with controls on pages: they share one script, and wake when they are near.

In a notebook each figure carries its own script, style and data. On a page they would
all be read before the first word is shown. After the build this extension takes them
apart: script and style stand once in ``_static``, a figure's data in a script of its
own, which is asked for when the figure comes near (a script, because pages opened from
disk may load nothing else). It also writes a page for each named figure, to be shown in
a frame, and two roles: ``{explore}`words <name?real_fraction=0.1>`` is a link that
moves a figure, ``{still}`name?real_fraction=0.1`` its picture in a state. It puts the
folded code of a figure under it. Knows how `collapse.explore` writes pages.
"""

from __future__ import annotations

import json
import re
import shutil
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import ReferenceRole

from collapse.explore import page
from collapse.explore.stills import still

STATIC = Path(__file__).parent / "static"
FOLDER = "_figures"
FRAMES = "embed"
SCHEME = "explore:"
LINK = re.compile(rf'href="{SCHEME}([^"]*)"')
STILL = re.compile(r'<span data-still="([^"]*)"></span>')
FRAME = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="stylesheet" href="../_static/explore.css">
<link rel="stylesheet" href="../_static/embed.css">
<script defer src="../_static/explore.js"></script>
</head>
<body>
<main>{figure}</main>
<footer><a href="../{page}#{name}" target="_top">{title}</a></footer>
</body>
</html>
"""


class StateLink(nodes.inline):
    """Words that move a figure; on paper and in a notebook, words."""


class StateRole(ReferenceRole):
    """The role ``{explore}`words <name?setting=value>``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        name, _, query = self.target.partition("?")
        address = f"{name}?{urlencode(parse_qsl(query))}" if query else name
        return [StateLink(self.rawtext, self.title, address=address)], []


class Still(nodes.inline):
    """A figure's picture in a state; where there are no pages, nothing."""


class StillRole(ReferenceRole):
    """The role ``{still}`name?setting=value``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [Still(self.rawtext, address=self.target)], []


class FoldUnderFigure(SphinxPostTransform):
    """Put folded code under the figure that it leads to: what it shows comes first.

    Beside the figure's own that is the code of cells right before it that show nothing.
    """

    default_priority = 200  # right after MyST-NB has folded it
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for fold in list(self.document.findall(HideCodeCellNode)):
            cell = fold.parent
            if not any(
                'class="explore-box"' in raw.astext() for raw in cell.findall(nodes.raw)
            ):
                continue
            folds, siblings = [fold], cell.parent
            cell.remove(fold)
            while (place := siblings.index(cell)) and _is_folded(siblings[place - 1]):
                folds[:0] = siblings.pop(place - 1).children
            cell.extend(folds)


def _is_folded(node: nodes.Node) -> bool:
    """Whether a node is a cell of folded code that shows nothing."""
    is_cell = getattr(node, "attributes", {}).get("nb_element") == "cell_code"
    return is_cell and all(isinstance(each, HideCodeCellNode) for each in node.children)


def open_link(self: Any, node: StateLink) -> None:
    address = escape(node["address"])
    self.body.append(f'<a class="explore-link" href="{SCHEME}{address}">')


def close_link(self: Any, node: StateLink) -> None:
    self.body.append("</a>")


def open_still(self: Any, node: Still) -> None:
    self.body.append(f'<span data-still="{escape(node["address"])}"></span>')


def pass_by(self: Any, node: nodes.Node) -> None:
    """Where nothing moves, the words stand alone."""


class Figures:
    """The figures of all pages, as they are taken out of them.

    Parameters
    ----------
    out : Path
        The folder of the built pages.
    is_whole : bool
        Whether all chapters are there; until then links may lead to figures to come.
    """

    def __init__(self, out: Path, is_whole: bool) -> None:
        self.out, self.is_whole = out, is_whole
        self.data: dict[str, dict] = {}
        """What each named figure can show."""
        self.pages: dict[str, str] = {}
        """The page of each named figure."""
        self.pictures: dict[str, tuple[str, str]] = {}
        """Of each named figure, what holds its base picture, and the prefix of ids."""
        for folder in (FOLDER, FRAMES):
            shutil.rmtree(out / folder, ignore_errors=True)

    def take_out(self, path: Path) -> None:
        """Give a page's figures files of their own."""
        text = path.read_text(encoding="utf-8")
        if 'class="explore-box"' not in text:
            return
        here = path.relative_to(self.out).as_posix()
        up = "../" * here.count("/")
        title = unescape(re.search(r"<title>(.*?)</title>", text, re.DOTALL)[1])
        number = 0

        def write(figure: str, inside: str, data: str, identity: str) -> str:
            nonlocal number
            number += 1
            known = json.loads(data)
            name = known["name"]
            file = name or f"{here.removesuffix('.html')}-{number}"
            source = f"{FOLDER}/{file}.js"
            script = self.out / source
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(f'showFigure("{source}",{data},"{identity}");', "utf-8")
            # Room is kept for what the script connects when the figure wakes.
            inside = re.sub(r'("explore-(controls|prediction)") hidden', r"\1", inside)

            def placed(up: str, more: str = "") -> str:
                opened = figure.removesuffix(">")
                opened += (
                    f' data-figure="{source}" data-up="{up}" data-addressed{more}>'
                )
                return opened + inside

            if not name:
                return placed(up)
            if name in self.pages:
                raise ExtensionError(
                    f"two figures have the name {name!r}, in {self.pages[name]} and "
                    f"{here}; a name belongs to one figure of the book"
                )
            self.data[name], self.pages[name] = known, here
            self.pictures[name] = inside, identity
            frame = self.out / FRAMES / f"{name}.html"
            frame.parent.mkdir(exist_ok=True)
            frame.write_text(
                FRAME.format(
                    title=escape(title), figure=placed("../"), page=here, name=name
                ),
                "utf-8",
            )
            return placed(up, f' data-embed="{up}{FRAMES}/{name}.html"')

        path.write_text(page.take_apart(text, write), encoding="utf-8")

    def link(self, path: Path) -> None:
        """Let the links of a page lead to the states of figures.

        Raises
        ------
        ExtensionError
            If a figure, one of its controls or a value does not exist.
        """
        text = path.read_text(encoding="utf-8")
        here = path.relative_to(self.out).as_posix()
        up = "../" * here.count("/")

        def lead(found: re.Match[str]) -> str:
            address = unescape(found[1])
            name = address.partition("?")[0]
            if name not in self.pages and not self.is_whole:
                return 'href="#"'
            self.check(address, here)
            target = self.pages[name]
            place = "" if target == here else up + target
            return f'href="{place}#{escape(address)}"'

        def show(found: re.Match[str]) -> str:
            address = unescape(found[1])
            if address.partition("?")[0] not in self.pages and not self.is_whole:
                return ""
            self.check(address, here)
            picture = self.still(address)
            return f'<span class="explore still" aria-hidden="true">{picture}</span>'

        replaced = STILL.sub(show, LINK.sub(lead, text))
        if replaced != text:
            path.write_text(replaced, encoding="utf-8")

    def still(self, address: str) -> str:
        """The picture of a figure in the state that an address asks for."""
        name, _, query = address.partition("?")
        known, asked = self.data[name], dict(parse_qsl(query))
        controls = zip(known["names"], known["keys"], known["start"], strict=True)
        positions = [
            keys.index(asked[control]) if control in asked else start
            for control, keys, start in controls
        ]
        inside, identity = self.pictures[name]
        picture = still(inside, known, identity, positions)
        # The figure itself may stand on the same page.
        return picture.replace(identity, f"{identity}still")

    def check(self, address: str, here: str) -> None:
        """Refuse an address that asks for what no figure shows."""
        name, _, query = address.partition("?")
        if name not in self.data:
            raise ExtensionError(
                f"{here} links to the figure {name!r}; the figures are "
                f"{', '.join(sorted(self.data))}"
            )
        known = self.data[name]
        keys = dict(zip(known["names"], known["keys"], strict=True))
        for control, value in parse_qsl(query):
            if control not in keys:
                raise ExtensionError(
                    f"{here} links to {address!r}, but {control!r} is no control of "
                    f"that figure, which has {', '.join(keys)}"
                )
            if value not in keys[control]:
                raise ExtensionError(
                    f"{here} links to {address!r}, but {control} stops at "
                    f"{', '.join(keys[control])}"
                )


def take_figures_out(app: Sphinx, exception: Exception | None) -> None:
    """After the build: take all figures out, then let all links lead to them."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    figures = Figures(out, is_whole=not app.config.chapters_to_come)
    pages = sorted(out.rglob("*.html"))
    for path in pages:
        figures.take_out(path)
    for path in pages:
        figures.link(path)


def write_shared(app: Sphinx) -> None:
    """Write the script and the styles that all figures share."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    waking = (STATIC / "page_figures.js").read_text("utf-8")
    script = f"(() => {{\n{page.script(has_story=True)}{waking}}})();\n"
    (static / "explore.js").write_text(script, "utf-8")
    for name, text in (
        ("explore.css", page.style(has_story=True)),
        ("embed.css", (STATIC / "embed.css").read_text("utf-8")),
    ):
        (static / name).write_text(text, "utf-8")


def add_shared(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load script and styles where there are figures."""
    if re.search(r'class="explore-box"|data-still=', context.get("body", "")):
        app.add_css_file("explore.css")
        app.add_js_file("explore.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("explore", StateRole())
    app.add_role("still", StillRole())
    app.add_post_transform(FoldUnderFigure)
    silent = (pass_by, pass_by)
    links = (open_link, close_link)
    app.add_node(StateLink, html=links, latex=silent, text=silent)
    app.add_node(Still, html=(open_still, pass_by), latex=silent, text=silent)
    app.connect("builder-inited", write_shared)
    app.connect("html-page-context", add_shared)
    app.connect("build-finished", take_figures_out)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
