"""One style sheet and one script for all pages, in place of the twenty of the theme.

After the pages are written, the style sheets that they link become one, without the
rules that no page uses (`used_rules`), and the scripts that all pages load become one,
at the end of the page: nothing but the one style sheet has to be there before a page
is painted. Scripts run in their old order and when the page has been read, as before;
lines that are a comment are left out, but for licences. What only some pages load
follows them. Settings, which are read by what stands in the page itself, are written
into it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from used_rules import Names, used_rules

STYLE_SHEET = Path("_static/joined.css")
SCRIPT = Path("_static/joined.js")
SETTINGS = Path("_static/documentation_options.js")
WORDS_OF_ALL_PAGES = "searchindex.js"
FOR_ELEMENTS = {"design-tabs.js": "sd-tab-label"}
"""Scripts that do nothing unless a page has elements of a class."""

LINK = re.compile(r"[ \t]*<link\b[^>]*>\n?")
LOADED = re.compile(r"[ \t]*<script\b[^>]*\bsrc=\"([^\"]*)\"[^>]*></script>\n?")
KEPT = re.compile(
    r"(<(?:link|script)\b[^>]*\b(?:href|src)=\")([^\"?]+\.(?:css|js))(?:\?[^\"]*)?\""
)
ATTRIBUTE = re.compile(r"\b(rel|href|media)=\"([^\"]*)\"")
IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?([^\"')\s;]+)[\"']?\)?\s*;")
ADDRESS = re.compile(r"url\(\s*([\"']?)(?!data:|[a-z]+:|[/#])([^\"')]+)\1\s*\)")
LICENCE = re.compile(
    r"/\*(?:(?!\*/).)*(?:licen[cs]e|copyright)(?:(?!\*/).)*\*/", re.I | re.S
)
DROPPED = re.compile(
    # A line that is a comment, or the address of a source map.
    r"^[ \t]*//(?!.*(?i:licen[cs]e|copyright)).*\n?"
    # When a page has loaded, the theme lays out all of it to find the boxes of code
    # that scroll. Our own script does so too, once somebody uses the keyboard.
    r"|(?<=,)\"complete\"===document\.readyState"
    r"\?(\w+)\(\):window\.addEventListener\(\"load\",\1\)",
    re.MULTILINE,
)


class Page:
    """A written page: its text, and the files of the site that it loads."""

    def __init__(self, path: Path, site: Path) -> None:
        self.path, self.site = path, site
        self.text = path.read_text(encoding="utf-8")
        self.style_sheets = [self.file(href) for _, href in self._links("stylesheet")]
        self.scripts = [
            self.file(found[1])
            for found in LOADED.finditer(self.text)
            if not _is_elsewhere(found[1])
        ]

    def is_joined(self) -> bool:
        """Whether it was written by an earlier build, and is as it should be."""
        return STYLE_SHEET in self.style_sheets

    def _links(self, kind: str) -> list[tuple[str, str]]:
        """Each link of a head to a file of the site, for any medium: tag, address."""
        found = []
        for tag in LINK.findall(self.text.partition("</head>")[0]):
            values = dict(ATTRIBUTE.findall(tag))
            address = values.get("href", "")
            if _is_elsewhere(address) or "media" in values:
                continue
            if values.get("rel") == kind:
                found.append((tag, address))
        return found

    def file(self, address: str) -> Path:
        """The file of the site behind an address as it stands in the page."""
        path = os.path.normpath(self.path.parent / address.partition("?")[0])
        return Path(path).relative_to(self.site)

    def address(self, path: Path) -> str:
        """The address of a file of the site as this page has to write it."""
        relative = os.path.relpath(self.site / path, self.path.parent)
        return Path(relative).as_posix()

    def link_instead(self, joined: set[Path], path: Path) -> None:
        """Link one style sheet where the first of the joined ones is linked."""
        new = f'    <link rel="stylesheet" href="{self.address(path)}" />\n'
        for tag, address in self._links("stylesheet"):
            if self.file(address) in joined:
                self.text = self.text.replace(tag, new, 1)
                new = ""

    def load_instead(self, joined: set[Path], path: Path, settings: str) -> None:
        """Load one script at the end of the page, before those that it alone loads.

        Those that wait for the page by themselves stay where they are.
        """
        for tag, address in self._links("preload"):
            if self.file(address) in joined:
                self.text = self.text.replace(tag, "", 1)
        addresses = [self.address(path)]

        def moved(found: re.Match[str]) -> str:
            if _is_elsewhere(found[1]):
                return found[0]
            file = self.file(found[1])
            if file == SETTINGS:
                return f"    <script>{settings}</script>\n"
            if file not in joined:
                if " defer" in found[0]:
                    return found[0]
                addresses.append(found[1])
            return ""

        text = LOADED.sub(moved, self.text)
        body, end, rest = text.rpartition("</body>")
        tags = "".join(f'  <script src="{each}"></script>\n' for each in addresses)
        self.text = f"{body.rstrip(' ')}{tags}  {end}{rest}"

    def add_versions(self) -> None:
        """Let addresses change with what they lead to: browsers keep what they have."""

        def versioned(found: re.Match[str]) -> str:
            begin, address = found.groups()
            if _is_elsewhere(address):
                return found[0]
            return f'{begin}{address}?v={_digest(self.site / self.file(address))}"'

        self.text = KEPT.sub(versioned, self.text)


def _is_elsewhere(address: str) -> bool:
    return address.startswith("//") or ":" in address.partition("/")[0]


def merged(lists: Iterable[Sequence[Path]]) -> list[Path]:
    """All files of some lists, in an order that each of the lists has.

    Raises
    ------
    ValueError
        If two lists have the same files in another order.
    """
    order: list[Path] = []
    lists = sorted(lists, key=len, reverse=True)
    for each in lists:
        place = 0
        for name in each:
            if name not in order:
                order.insert(place, name)
            place = order.index(name) + 1
    for each in lists:
        if [name for name in order if name in each] != list(each):
            raise ValueError(f"pages load {', '.join(map(str, each))} in other orders")
    return order


def whole_style_sheet(path: Path, folder: Path) -> str:
    """A style sheet with what it imports; its addresses count from `folder`."""
    text = path.read_text(encoding="utf-8")

    def counted(found: re.Match[str]) -> str:
        address = os.path.relpath(path.parent / found[2], folder)
        return f'url("{Path(address).as_posix()}")'

    text = ADDRESS.sub(counted, text)
    return IMPORT.sub(
        lambda found: whole_style_sheet(path.parent / found[1], folder), text
    )


def joined_style_sheet(paths: Iterable[Path], folder: Path, names: Names) -> str:
    """The rules of style sheets that may apply where `names` are, with licences.

    Raises
    ------
    ValueError
        If one is no valid style sheet.
    """
    parts = ['@charset "UTF-8";']
    for path in paths:
        css = whole_style_sheet(path, folder)
        try:
            rules = used_rules(css, names)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        if rules:
            parts += [*LICENCE.findall(css), rules]
    return "\n".join(parts) + "\n"


def joined_script(paths: Iterable[Path]) -> str:
    """Scripts, one after the other, as if each stood in a file of its own."""
    # A first statement: "use strict" in one script must not bind the others.
    texts = [_without(path.read_text(encoding="utf-8")) for path in paths]
    return ";\n" + "\n;\n".join(text.strip() for text in texts) + "\n"


def _without(script: str) -> str:
    return DROPPED.sub(lambda found: "0" if found[1] else "", script)


def _needed(script: Path, pages: Iterable[Page]) -> bool:
    wanted = FOR_ELEMENTS.get(script.name)
    return wanted is None or any(f'class="{wanted}' in page.text for page in pages)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def join_assets(app: Sphinx, exception: Exception | None) -> None:
    """After all else has been written: join, link, and drop what was joined."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    written = [Page(path, site) for path in sorted(site.rglob("*.html"))]
    # The rest is no page of the theme: what is shown in frames, and its templates.
    pages = [page for page in written if SETTINGS in page.scripts or page.is_joined()]
    fresh = [page for page in pages if not page.is_joined()]
    if not fresh:
        return
    others = [page for page in written if page not in pages]
    shared = {name for page in others for name in [*page.style_sheets, *page.scripts]}
    style_sheets = merged(page.style_sheets for page in fresh)
    scripts = merged(page.scripts for page in fresh)
    common = [
        name
        for name in scripts
        if name not in shared and all(name in page.scripts for page in fresh)
    ]

    names = Names()
    for page in pages:
        names.add_page(page.text)
    for path in site.rglob("*.js"):
        if path.name != WORDS_OF_ALL_PAGES:
            names.add_script(path.read_text(encoding="utf-8"))
    css = joined_style_sheet(
        [site / name for name in style_sheets], (site / STYLE_SHEET).parent, names
    )
    js = joined_script(
        site / name for name in common if name != SETTINGS and _needed(name, pages)
    )
    settings = (site / SETTINGS).read_text(encoding="utf-8").strip()

    for name in {*style_sheets, *common} - shared:
        (site / name).unlink()
    (site / STYLE_SHEET).write_text(css, encoding="utf-8")
    (site / SCRIPT).write_text(js, encoding="utf-8")
    for name in {name for page in pages for name in page.scripts} - {SCRIPT, *common}:
        script = (site / name).read_text(encoding="utf-8")
        (site / name).write_text(_without(script), encoding="utf-8")
    for page in pages:
        page.link_instead({STYLE_SHEET, *style_sheets}, STYLE_SHEET)
        page.load_instead({SCRIPT, *common}, SCRIPT, settings)
        page.add_versions()
        page.path.write_text(page.text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    # After the style sheets of icons and formulas.
    app.connect("build-finished", join_assets, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
