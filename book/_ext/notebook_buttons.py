"""Buttons of a page that open its notebook elsewhere, or download it as it was run.

All addresses are made from the one line of `_config.yml` that names the repository. The
theme makes Binder's button; Colab and Codespaces open repositories of GitHub alone.
`reader_notebooks` writes the notebooks; Binder and `make notebooks` copy them to
`FOLDER`, and `tools/publish_notebooks.py` puts them on `BRANCH`, where Colab and a
JupyterHub's nbgitpuller find them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from site_address import release

if TYPE_CHECKING:  # tools/publish_notebooks.py runs without Sphinx
    from sphinx.application import Sphinx

FOLDER = "notebooks"
"""Where Binder and `make notebooks` put the notebooks, in a copy of the repository."""
BRANCH = "notebooks"
"""The branch of the repository that holds the notebooks and nothing else.

Those of a release are on a branch of their own, with its tag behind this word.
"""


ADDRESSES = {
    "binder": "{{hub}}/v2/gh/{path}/{branch}?urlpath=lab/tree/{folder}/{{page}}.ipynb",
    "colab": "https://colab.research.google.com/github/{path}/blob/{notebooks}"
    "/{{page}}.ipynb",
    "nbgitpuller": "{{hub}}/hub/user-redirect/git-pull?repo={quoted}"
    "&branch={notebooks}&urlpath=lab/tree/{name}/{{page}}.ipynb",
    "codespaces": "https://codespaces.new/{path}{tree}?quickstart=1",
}


def branch_of_notebooks(tag: str) -> str:
    """Where the notebooks of a release are; without a tag, the newest ones."""
    return f"{BRANCH}-{tag}" if tag else BRANCH


def addresses(options: dict[str, Any]) -> dict[str, str]:
    """Where services open a page, with ``{page}``, and ``{hub}`` if there are several.

    All but nbgitpuller take what lies on GitHub alone.
    """
    repository = options["repository_url"]
    parts = urlsplit(repository)
    path = parts.path.strip("/")
    known = {
        "path": path,
        "name": path.rpartition("/")[2],
        "branch": options["repository_branch"],
        "notebooks": branch_of_notebooks(release()),
        "tree": f"/tree/{release()}" if release() else "",
        "folder": FOLDER,
        "quoted": quote(repository, safe=""),
    }
    return {
        service: address.format(**known)
        for service, address in ADDRESSES.items()
        if parts.hostname == "github.com" or "{path}" not in address
    }


def launch_button(service: str, address: str) -> dict[str, str]:
    """A button of the menu under the rocket; words alone, since pictures weigh."""
    tooltip = f"Launch on {service}"
    return {"type": "link", "text": service, "tooltip": tooltip, "url": address}


def of_github(options: dict[str, Any], pagename: str) -> list[dict[str, str]]:
    """The buttons of services that open what lies on GitHub."""
    found = addresses(options)
    return [
        launch_button(service, found[service.lower()].format(page=pagename))
        for service in ("Colab", "Codespaces")
        if service.lower() in found
    ]


def download_button(address: str) -> dict[str, str]:
    return {
        "type": "link",
        "url": address,
        "text": ".ipynb with outputs",
        "tooltip": "Download the notebook as it was run",
        "icon": "fas fa-code",
        "label": "download-run-notebook-button",
    }


def add_buttons(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Lead Binder to the reader's notebook, and add the other buttons."""
    if doctree is None:
        return
    options = app.config.html_theme_options
    here = f"/{options['path_to_docs'].strip('/')}/{pagename}.md"
    for group in context.get("header_buttons", []):
        buttons = group.get("buttons", [])
        label = group.get("label")
        if label == "launch-buttons":
            group["buttons"] = [
                launch_button(
                    button["text"],
                    f"{button['url'].removesuffix(here)}/{FOLDER}/{pagename}.ipynb",
                )
                for button in buttons
            ] + of_github(options, pagename)
        elif label == "download-buttons" and "ran_notebook" in context:
            address = context["pathto"](context["ran_notebook"], 1)
            buttons.insert(1, download_button(address))


def setup(app: Sphinx) -> dict[str, Any]:
    # After the notebooks are written; `printed_pages` adds its own at the end.
    app.connect("html-page-context", add_buttons, priority=890)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
