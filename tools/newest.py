"""Build the same pages with the newest Sphinx and theme, without Jupyter Book.

Jupyter Book 1 is no longer developed and needs Sphinx 7. That the book needs neither is
shown here once a week: Jupyter Book only translates `_config.yml` into Sphinx's
settings; an environment of its own, of `newest.txt`, writes the pages from what the
chapters showed in the last `make book`. They are in _build/newest/html.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jupyter_book.config import get_final_config

from build_book import Places
from write_pages import ROOT, settings

CONF = """\
import json, sys
from pathlib import Path

sys.path[:0] = {paths}
globals().update(json.loads(Path(__file__).with_name("conf.json").read_text("utf-8")))
"""
LIMIT_SECONDS = 300


def without_jupyter_book(cache: Path) -> dict:
    """What Jupyter Book makes of `_config.yml`, but for Jupyter Book itself."""
    config, _ = get_final_config(
        user_yaml=ROOT / "_config.yml",
        cli_config=settings(cache),
        sourcedir=ROOT / "book",
    )
    without = {"jupyter_book": "sphinx_multitoc_numbering"}
    config["extensions"] = [
        without.get(name, name)
        for name in config["extensions"]
        if name != "sphinx_jupyterbook_latex"
    ]
    # Paths count from the folder of conf.py.
    for name in ("html_logo", "html_favicon"):
        config[name] = str(ROOT / "book" / config[name])
    for name in ("html_static_path", "templates_path", "bibtex_bibfiles"):
        config[name] = [str(ROOT / "book" / each) for each in config.get(name, [])]
    return config


def environment(folder: Path) -> Path:
    """An environment of the newest packages in `folder`; returns its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    tools = ROOT / "tools"
    command = [python, tools / "install.py", tools / "newest.txt"]
    subprocess.run(command, check=True)
    return python


def main() -> None:
    places = Places(ROOT)
    folder = places.build / "newest"
    folder.mkdir(parents=True, exist_ok=True)
    python = environment(folder / "venv")
    config = without_jupyter_book(places.cache)
    (folder / "conf.json").write_text(json.dumps(config), "utf-8")
    paths = [str(ROOT / "book" / "_ext"), str(ROOT / "book")]
    (folder / "conf.py").write_text(CONF.format(paths=paths), "utf-8")
    command = [python, "-m", "sphinx", "-c", folder, "-W", "--keep-going", "--quiet"]
    command += ["-E", "-d", folder / "doctrees", ROOT / "book", folder / "html"]
    try:
        built = subprocess.run(command, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        sys.exit(f"The newest Sphinx did not end in {LIMIT_SECONDS} s.")
    if built.returncode:
        sys.exit("The newest Sphinx does not build the book; its reasons are above.")
    print(f"The pages are in {folder.relative_to(ROOT)}/html/index.html")


if __name__ == "__main__":
    main()
