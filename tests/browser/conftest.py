"""A server for the built site and a browser: one of each for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from collapse.explore import explore
from find_browser import ARGUMENTS, find_browser
from opened_figure import Opened, save
from serve import make_server
from support import figures
from support.servers import serving


@pytest.fixture(scope="session")
def base_url(site: Path) -> Iterator[str]:
    """Where the built pages are served, without a slash at the end."""
    with serving(make_server(str(site), port=0)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts (own storage and window); closes them after the test."""
    contexts: list[BrowserContext] = []

    def make(width: int = 1280, **settings: object) -> BrowserContext:
        size = {"width": width, "height": 900 if width > 600 else 844}
        contexts.append(browser.new_context(viewport=size, **settings))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def open_figure(
    new_context: Callable[..., BrowserContext], tmp_path: Path
) -> Callable[..., tuple]:
    """Opens a figure; returns the page, the figure, its update and what was saved."""

    def opened(make=figures.lines, context=None, **settings) -> tuple:
        figure, update, axes = make()
        explored = explore(figure, update, **axes)
        context = context or new_context(**settings)
        return Opened(context, save(explored, tmp_path)), figure, update, explored

    return opened
