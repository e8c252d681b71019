"""Let JupyterLab open a chapter as a notebook, in the environment that runs this.

The chapters are MyST Markdown. JupyterLab opens Markdown as text unless Jupytext is
made the default viewer. Widgets' state is saved with a notebook's outputs, so that a
figure with sliders is still there when a notebook is closed and opened again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {
        "defaultViewers": {
            "markdown": "Jupytext Notebook",
            "myst": "Jupytext Notebook",
        }
    },
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    # A first visit to a course is no time for questions about news.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}


def main() -> None:
    path = Path(sys.prefix, "share", "jupyter", "lab", "settings", "overrides.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    existing = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**existing, **SETTINGS}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
