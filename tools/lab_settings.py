"""Set up JupyterLab for the book's notebooks, in the environment that runs this.

A figure with sliders is kept in a notebook as HTML of its own. Widgets' state, which
JupyterLab would save as well, is not: it makes a notebook look changed that was only
opened. The chapters' Markdown opens as text; the reader's notebooks are made from it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {}},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": False},
    # A first visit to a course is no time for questions about news.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}
# The notebooks' Markdown is plain. An environment that was made for an earlier version
# of this book still has the extension that read the chapters' own.
EXTENSIONS = {"disabledExtensions": {"jupyterlab-myst": True}}


def add(path: Path, settings: dict) -> None:
    """Write settings into a file, and keep what others have written there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    existing = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**existing, **settings}, indent=2), encoding="utf-8")


def main() -> None:
    here = Path(sys.prefix)
    add(here / "share/jupyter/lab/settings/overrides.json", SETTINGS)
    add(here / "etc/jupyter/labconfig/page_config.json", EXTENSIONS)


if __name__ == "__main__":
    main()
