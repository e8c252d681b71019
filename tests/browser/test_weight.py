"""What a page costs a reader who sees all of it, on a first visit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from controls import awake
from watch import CHAPTERS, open_page

pytestmark = pytest.mark.pages
BUDGET_KB = 350


@pytest.mark.parametrize("path", CHAPTERS)
def test_page_with_all_it_loads_is_light(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    watched = open_page(new_context(), base_url, path)
    figures = watched.page.locator("figure.explore").all()
    for figure in figures:
        awake(figure)
    assert watched.troubles == []
    loaded = [url for url, _ in watched.gzipped() if "/_figures/" in url]
    assert len(loaded) == len(figures)
    parts = sorted(watched.gzipped(), key=lambda part: -part[1])
    total = sum(size for _, size in parts)
    table = "\n".join(f"{size / 1000:8.1f} KB  {url}" for url, size in parts)

    assert watched.requests_to_others() == []
    assert total <= BUDGET_KB * 1000, f"{total / 1000:.0f} KB gzipped:\n{table}"
