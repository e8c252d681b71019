"""The built pages: how heavy they are, whom they ask, how long a build takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from find_browser import find_browser
from serve import make_server
from watch import open_page

from .table import ROOT, Row


def measure() -> Iterator[Row]:
    """Weight of every page with what it loads; the whole build from nothing."""
    yield from _weights()
    yield _build()


def _weights() -> Iterator[Row]:
    site = ROOT / "_build" / "html"
    server = make_server(str(site), port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base_url = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox"]
        )
        others = 0
        for page in sorted((ROOT / "book").glob("*.md")):
            context = browser.new_context()
            watched = open_page(context, base_url, f"{page.stem}.html")
            total = sum(size for _, size in watched.gzipped()) / 1024
            others += len(watched.requests_to_others())
            first = page.stem == "index"
            what = f"{page.stem}: all it loads, gzipped"
            yield Row(what, total, "KB", 700 if first else None)
            context.close()
        yield Row("requests to other hosts, all pages", others, "", 0)
        browser.close()
    server.shutdown()


def _build() -> Row:
    """Build a copy of the sources, packages installed, caches empty."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        ignored = shutil.ignore_patterns(".git", ".venv", "_build", ".notebooks")
        shutil.copytree(ROOT, copy, ignore=ignored)
        jupyter_book = str(Path(sys.executable).with_name("jupyter-book"))
        command = [jupyter_book, "build", "book"]
        command += ["--config", "_config.yml", "--toc", str(copy / "_toc.yml")]
        command += ["--path-output", ".", "--quiet"]
        start = time.perf_counter()
        subprocess.run(
            command,
            cwd=copy,
            check=True,
            capture_output=True,
            env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"},
        )
        return Row(
            "the whole book, nothing cached", time.perf_counter() - start, "s", 360
        )
