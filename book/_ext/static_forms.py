"""Forms that a script of the page answers: what all of them share.

A form is a node whose children are what is shown where no script answers: without
JavaScript, in a notebook, on paper. Its own extension says what the form looks like
and what stands instead, and calls `add_form`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective


class StaticForm(nodes.container):
    """A form. Subclasses say its name, its scripts and its markup."""

    name: ClassVar[str]
    """The directive, and the id of the element that is closed by `closing`."""
    scripts: ClassVar[tuple[str, ...]]
    """Its scripts, without ``.js``; the last one's name is the style sheet's too."""
    closing: ClassVar[str] = "</div>\n</div>\n"

    @classmethod
    def opening(cls, environment: BuildEnvironment) -> str:
        """The HTML before the children."""
        raise NotImplementedError


class FormDirective(SphinxDirective):
    """A directive without content; a page has at most one of each."""

    form: ClassVar[type[StaticForm]]

    def instead(self) -> list[nodes.Node]:
        """What is shown where the form cannot answer."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        box = self.form("", *self.instead())
        self.set_source_info(box)
        for each in box.findall(nodes.Element):
            each.source, each.line = box.source, box.line
        return [box]


def open_form(self: Any, node: StaticForm) -> None:
    self.body.append(node.opening(self.builder.env))


def close_form(self: Any, node: StaticForm) -> None:
    self.body.append(node.closing)


def pass_by(self: Any, node: StaticForm) -> None:
    """Where nothing answers, the children stand alone."""


def add_form(app: Sphinx, directive: type[FormDirective]) -> dict[str, Any]:
    """Register a form; its scripts are loaded where it stands.

    Parameters
    ----------
    app : Sphinx
    directive : subclass of FormDirective

    Returns
    -------
    dict
        What an extension's ``setup`` returns.
    """
    form = directive.form

    def add_files(
        app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
    ) -> None:
        # hover_texts names the folder in which they lie.
        if f'id="{form.name}"' in context.get("body", ""):
            for name in ("static_forms", form.scripts[-1]):
                app.add_css_file(f"{name}.css")
            for name in form.scripts:
                app.add_js_file(f"{name}.js", loading_method="defer")

    app.add_directive(form.name, directive)
    silent = (pass_by, pass_by)
    app.add_node(form, html=(open_form, close_form), latex=silent, text=silent)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
