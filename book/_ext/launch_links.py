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

from notebook_buttons import addresses
from static_forms import FormDirective, StaticForm, add_form


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
<div class="static-form launch-links" id="launch-links">
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


class LaunchLinks(StaticForm):
    """The form."""

    name = "launch-links"
    scripts = ("launch_links",)

    @classmethod
    def opening(cls, environment: BuildEnvironment) -> str:
        chapters = sorted(pages(environment), key=lambda each: each[1])
        options = "".join(
            f'<option value="{name}" data-link="{escape(link)}" '
            f'data-hub="{PLATFORMS[name].hub}" '
            f'data-about="{escape(PLATFORMS[name].about)}"'
            f"{' data-needs-hub' * PLATFORMS[name].needs_hub}>"
            f"{escape(PLATFORMS[name].name)}</option>\n"
            for name, link in links(environment).items()
        )
        titles = "".join(
            f'<option value="{name}">{escape(title)}</option>\n'
            for name, title in chapters
        )
        return BOX.format(pages=titles, platforms=options)


class LaunchLinksDirective(FormDirective):
    """The directive ``{launch-links}``."""

    form = LaunchLinks

    def instead(self) -> list[nodes.Node]:
        found = nodes.definition_list()
        for name, link in links(self.env).items():
            text = link.replace("{page}", "PAGE").replace("{hub}", "HUB")
            found += nodes.definition_list_item(
                "",
                nodes.term("", PLATFORMS[name].name),
                nodes.definition("", nodes.paragraph("", "", nodes.literal("", text))),
            )
        words = "Put the chapter's name for PAGE, and your hub's address for HUB."
        return [nodes.paragraph("", words), found]


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


def setup(app: Sphinx) -> dict[str, Any]:
    return add_form(app, LaunchLinksDirective)
