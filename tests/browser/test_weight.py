"""What a first visit costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from watch import open_page

BUDGET_KB = 700


@pytest.mark.parametrize("path", ["index.html", "gaussian.html"])
def test_first_page_with_all_it_loads_is_light(
    path: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    watched = open_page(new_context(), base_url, path)
    parts = sorted(watched.gzipped(), key=lambda part: -part[1])
    total = sum(size for _, size in parts)
    table = "\n".join(f"{size / 1000:8.1f} KB  {url}" for url, size in parts)

    assert watched.requests_to_others() == []
    assert total <= BUDGET_KB * 1000, f"{total / 1000:.0f} KB gzipped:\n{table}"
