"""Write down everything that goes wrong, or out, while a page is open."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
)
from sphinx_external_toc.parsing import parse_toc_yaml

TOC = Path(__file__).parents[2] / "_toc.yml"
CHAPTERS = [f"{name}.html" for name in sorted(parse_toc_yaml(TOC))]
"""Every page of the table of contents."""

AXE = {
    # What axe-core leaves out: WCAG 2.5.3, who says what is read is understood; and
    # 2.5.8 of WCAG 2.2, what is tapped has 24 pixels.
    "rules": {
        "label-content-name-mismatch": {"enabled": True},
        "target-size": {"enabled": True},
    },
    # The elements that pass need not be written down: that takes half of the time.
    "resultTypes": ["violations"],
}
IMPACTS = ["minor", "moderate", "serious", "critical"]


REST_SECONDS = 0.15
"""A page that has asked for nothing for so long has what it asks for."""
LONGEST_SECONDS = 60


class Watched:
    """A page and what it did since it was opened."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.requests: list[str] = []
        self.responses: list[Response] = []
        self.troubles: list[str] = []
        self._open: set[Request] = set()
        self._changed = time.monotonic()
        page.on("request", self._requested)
        page.on("response", self._answered)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._failed)
        page.on("pageerror", self._raised)
        page.on("console", self._said)

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)
        self._open.add(request)
        self._changed = time.monotonic()

    def _ended(self, request: Request) -> None:
        self._open.discard(request)
        self._changed = time.monotonic()

    def rest(self) -> None:
        """Wait until the page has all that it asks for.

        Playwright's ``networkidle`` waits half a second, and once for each page only.
        """
        began = self._changed = time.monotonic()
        while self._open or time.monotonic() - self._changed < REST_SECONDS:
            if time.monotonic() - began > LONGEST_SECONDS:
                asked = [request.url for request in self._open]
                raise TimeoutError(f"the page does not come to rest: {asked}")
            self.page.wait_for_timeout(20)

    def _answered(self, response: Response) -> None:
        self.responses.append(response)
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")

    def _failed(self, request: Request) -> None:
        self._ended(request)
        self.troubles.append(f"failed: {request.url}")

    def _raised(self, error: Error) -> None:
        self.troubles.append(f"error: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def requests_to_others(self) -> list[str]:
        inside = (self.base_url, "data:", "blob:", "about:", "file:")
        return [url for url in self.requests if not url.startswith(inside)]

    def gzipped(self) -> Iterator[tuple[str, int]]:
        """Address and gzipped bytes of each response."""
        for response in self.responses:
            yield response.url, len(gzip.compress(response.body(), mtime=0))


def open_page(context: BrowserContext, base_url: str, path: str) -> Watched:
    """Open ``base_url/path`` and wait until it has loaded all that it asks for."""
    watched = Watched(context.new_page(), base_url)
    # On a busy machine the network may rest while half of the page is still to be read.
    watched.page.goto(f"{base_url}/{path}", wait_until="load")
    watched.rest()
    return watched


def violations(
    page: Page, within: str | None = None, least: str = "minor"
) -> list[str]:
    """What axe-core finds on a page or in a part of it: of `least` impact or more."""
    weighs = IMPACTS[IMPACTS.index(least) :]
    return [
        f"{finding['id']}: {node['html'][:200]} {node['failureSummary']}"
        for finding in Axe().run(page, within, AXE).response["violations"]
        if finding["impact"] in weighs
        for node in finding["nodes"]
    ]
