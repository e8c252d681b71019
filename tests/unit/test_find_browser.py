"""What is said and asked for where Playwright's driver cannot start."""

from __future__ import annotations

from pathlib import Path

import pytest

import find_browser

SAID = "node: error while loading shared libraries: libatomic.so.1: no such file"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """Which packages are asked for, on a machine whose driver lacks a library."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{SAID}' >&2\nexit 127\n")
    python.chmod(0o755)
    monkeypatch.setattr(find_browser.sys, "executable", str(python))
    found: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        find_browser, "install_debians", lambda *packages: found.append(packages)
    )
    return found


def test_the_drivers_library_is_got_and_named_where_that_does_not_help(asked) -> None:
    with pytest.raises(RuntimeError, match=r"needs libatomic1\. It says: node: error"):
        find_browser.install()
    assert asked == [("libatomic1",)]


def test_nothing_is_got_where_the_driver_starts_and_a_browser_is(monkeypatch) -> None:
    monkeypatch.setattr(find_browser, "install_debians", pytest.fail)
    monkeypatch.setenv("CHROMIUM", "a browser")
    assert not find_browser.drivers_fault()
    find_browser.install()
