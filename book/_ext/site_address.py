"""Where the site is published, as pages name themselves to the outside.

`html: baseurl` of `_config.yml` says it. Where it says nothing, the site is where
GitHub publishes the pages of the repository; elsewhere there is none, and what needs
one (canonical addresses, cards, the sitemap) is left out.

A release stays readable in a folder of the site that its tag names. `make book
RELEASE=v0.1.0` builds it as one: its pages name themselves there, and what they open
elsewhere is the repository at that tag.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:  # tools/publish_notebooks.py runs without Sphinx
    from sphinx.application import Sphinx
    from sphinx.config import Config


def release() -> str:
    """The tag of the release that is built; empty for the newest version."""
    return os.environ.get("RELEASE", "")


def within(site: str) -> str:
    """Where a release lies within the site; the newest version is the site itself."""
    return f"{site}{release()}/" if site and release() else site


def published_at(repository: str) -> str:
    """Where GitHub publishes a repository's pages; empty for a repository elsewhere."""
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").partition("/")
    if parts.hostname != "github.com" or not name:
        return ""
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def address_of(app: Sphinx, page: str, identity: str = "") -> str:
    """The whole address of a page of the site, and of an id in it.

    The first page is the site itself.
    """
    path = "" if page == app.config.root_doc else app.builder.get_target_uri(page)
    mark = f"#{identity}" if identity else ""
    return f"{app.config.html_baseurl}{path}{mark}"


def set_address(app: Sphinx, config: Config) -> None:
    repository = config.html_theme_options.get("repository_url", "")
    address = config.html_baseurl or published_at(repository)
    config.html_baseurl = within(f"{address.rstrip('/')}/" if address else "")
    if release():
        config.html_theme_options["repository_branch"] = release()


def mend_canonical(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let the first page be known by the site's address alone."""
    if app.config.html_baseurl and pagename == app.config.root_doc:
        context["pageurl"] = app.config.html_baseurl


def setup(app: Sphinx) -> dict[str, Any]:
    # After `lean_pages` has made the repository's address a plain one.
    app.connect("config-inited", set_address, priority=600)
    app.connect("html-page-context", mend_canonical)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
