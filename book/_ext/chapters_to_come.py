"""Pages of chapters that have not run yet, for a reader who need not wait for them.

With ``chapters_to_come`` MyST-NB leaves their cells alone; their pages show the text,
say that figures and numbers are on their way, and load themselves anew.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

RELOAD = '<meta http-equiv="refresh" content="5" />'
NOTE = """\
<div class="admonition note" role="status">
<p class="admonition-title">This chapter is still running</p>
<p>Its figures and numbers come as soon as they are computed.</p>
</div>
"""


def leave_cells_alone(app: Sphinx, config: Config) -> None:
    config.nb_execution_excludepatterns = [
        *config.nb_execution_excludepatterns,
        *(f"{name}.md" for name in config.chapters_to_come),
    ]


def say_so(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if pagename in app.config.chapters_to_come:
        context["metatags"] = context.get("metatags", "") + RELOAD
        context["body"] = NOTE + context["body"]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("chapters_to_come", [], "env", [list])
    app.connect("config-inited", leave_cells_alone)
    app.connect("html-page-context", say_so)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
