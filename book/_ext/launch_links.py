"""A form that makes the link by which a class opens a chapter: ``{launch-links}``.

Which page, on which platform, at which hub: launch_links.js puts them together. The
links are a list, made at build time by `notebook_buttons`: without
JavaScript, and on paper, the list is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from notebook_buttons import addresses


class Platform(NamedTuple):
    """Where a chapter opens."""

    name: str
    hub: str = ""
    """The address of the hub; if a class has none of its own."""
    needs_hub: bool = False
    about: str = ""


PLATFORMS = {
    "binder": Platform(
        "Binder",
        hub="https://mybinder.org",
        about="Nobody needs an account. What is typed is gone after ten idle minutes.",
    ),
    "colab": Platform(
        "Google Colab",
        about="Each student needs a Google account; Google sees what they run.",
    ),
    "nbgitpuller": Platform(
        "JupyterHub with nbgitpuller",
        needs_hub=True,
        about="The notebooks come to each student's home and stay there.",
    ),
    "codespaces": Platform(
        "GitHub Codespaces",
        about="Each student needs a GitHub account. All chapters open together.",
    ),
}
BOX = """\
<div class="launch-links" id="launch-links">
<form hidden autocomplete="off" aria-label="A link for your class">
<p><label for="launch-page">Page</label>
<select id="launch-page" name="page">
{pages}</select></p>
<p><label for="launch-platform">Platform</label>
<select id="launch-platform" name="platform">
{platforms}</select></p>
<p class="launch-hub"><label for="launch-hub">Address of your hub <small>such as
https://hub.example.edu</small></label>
<input id="launch-hub" name="hub" type="url" aria-describedby="launch-said"></p>
<p class="launch-made"><label for="launch-link">Link to hand out</label>
<input id="launch-link" name="link" readonly>
<button type="button">Copy the link</button></p>
</form>
<p class="launch-said" id="launch-said" role="status"></p>
<div class="launch-by-hand">
"""


class LaunchLinks(nodes.container):
    """The form; its children are the list that stands where there is no script."""


class LaunchLinksDirective(SphinxDirective):
    """The directive ``{launch-links}``; a page has at most one."""

    def run(self) -> list[nodes.Node]:
        found = nodes.definition_list()
        for name, link in links(self.env).items():
            text = link.replace("{page}", "PAGE").replace("{hub}", "HUB")
            found += nodes.definition_list_item(
                "",
                nodes.term("", PLATFORMS[name].name),
                nodes.definition("", nodes.paragraph("", "", nodes.literal("", text))),
            )
        words = "Put the chapter's name for PAGE, and your hub's address for HUB."
        box = LaunchLinks("", nodes.paragraph("", words), found)
        self.set_source_info(box)
        for each in box.findall(nodes.Element):
            each.source, each.line = box.source, box.line
        return [box]


def links(environment: BuildEnvironment) -> dict[str, str]:
    """The links of all platforms, with ``{page}`` and ``{hub}`` left open."""
    found = addresses(environment.config.html_theme_options)
    return {name: found[name] for name in PLATFORMS if name in found}


def pages(environment: BuildEnvironment) -> Iterator[tuple[str, str]]:
    """The numbered chapters: name, and number with title."""
    for name, numbers in environment.toc_secnumbers.items():
        if number := numbers.get(""):
            title = environment.titles[name].astext()
            yield name, f"{'.'.join(map(str, number))}. {title}"


def open_box(self: Any, node: LaunchLinks) -> None:
    if self.builder.name == "epub":
        return
    environment = self.builder.env
    chapters = sorted(pages(environment), key=lambda each: each[1])
    options = "".join(
        f'<option value="{name}" data-link="{escape(link)}" '
        f'data-hub="{PLATFORMS[name].hub}" '
        f'data-about="{escape(PLATFORMS[name].about)}"'
        f"{' data-needs-hub' * PLATFORMS[name].needs_hub}>"
        f"{escape(PLATFORMS[name].name)}</option>\n"
        for name, link in links(environment).items()
    )
    self.body.append(
        BOX.format(
            pages="".join(
                f'<option value="{name}">{escape(title)}</option>\n'
                for name, title in chapters
            ),
            platforms=options,
        )
    )


def close_box(self: Any, node: LaunchLinks) -> None:
    if self.builder.name != "epub":
        self.body.append("</div>\n</div>\n")


def pass_by(self: Any, node: LaunchLinks) -> None:
    """Where nothing answers, the list stands alone."""


def add_files(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load script and styles where the form is; hover_texts names the folder."""
    if app.builder.name != "epub" and 'id="launch-links"' in context.get("body", ""):
        app.add_css_file("launch_links.css")
        app.add_js_file("launch_links.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("launch-links", LaunchLinksDirective)
    silent = (pass_by, pass_by)
    app.add_node(LaunchLinks, html=(open_box, close_box), latex=silent, text=silent)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
