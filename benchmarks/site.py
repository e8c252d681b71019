"""The built pages: how heavy and quick they are, whom they ask, how long to build."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from controls import awake
from find_browser import find_browser
from serve import make_server
from watch import open_page

from .browser import key_to_paint, opened
from .table import ROOT, Row


def measure() -> Iterator[Row]:
    """Weight of every page, key to paint of every figure, the build from nothing."""
    with _served() as base_url:
        yield from _weights(base_url)
        yield from _keys(base_url)
    yield _build()


@contextlib.contextmanager
def _served() -> Iterator[str]:
    server = make_server(str(ROOT / "_build" / "html"), port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _keys(base_url: str) -> Iterator[Row]:
    """Of each page the slowest figure; every figure is measured."""
    for path in sorted((ROOT / "book").glob("*.md")):
        with opened(f"{base_url}/{path.stem}.html") as page:
            found = {}
            for figure in page.locator("figure.explore").all():
                name = awake(figure).get_attribute("id")
                paints = key_to_paint(page, name)
                late = statistics.quantiles(paints, n=20)[-1]
                found[name] = statistics.median(paints), late
        if found:
            for what, place, limit in (("median", 0, 16), ("95th percentile", 1, 32)):
                name = max(found, key=lambda name: found[name][place])
                what = f"{path.stem}: key to paint, {what}, slowest: {name}"
                yield Row(what, found[name][place], "ms", limit)


def _weights(base_url: str) -> Iterator[Row]:
    """Of each page with all that it loads when a reader has seen all of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox"]
        )
        others = 0
        for page in sorted((ROOT / "book").glob("*.md")):
            context = browser.new_context()
            watched = open_page(context, base_url, f"{page.stem}.html")
            for figure in watched.page.locator("figure.explore").all():
                awake(figure)
            total = sum(size for _, size in watched.gzipped()) / 1000
            others += len(watched.requests_to_others())
            yield Row(f"{page.stem}: all it loads, gzipped", total, "KB", 350)
            context.close()
        yield Row("requests to other hosts, all pages", others, "", 0)
        browser.close()


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
