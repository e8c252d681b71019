"""Find a Chromium for tests and prints; with ``--install``, get the best one for them.

In order: the program that the variable CHROMIUM names; the headless shell, which has no
windows and opens a page in half the time; another one on the machine; Playwright's own.
``--install`` gets Debian's shell where we may, and Playwright's where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
DRIVERS_LIBRARY = "libatomic1"
"""What Playwright's driver needs and a bare Debian lacks."""
NAMES = [
    SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
]
# Chromium's own sandbox cannot start as root; background requests of the browser itself
# would look like requests of a page. The headless shell fits letters to the pixels, and
# a formula then is a pixel too wide, unless told to draw as one with windows does.
ARGUMENTS = [
    "--font-render-hinting=none",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


def on_the_machine() -> str | None:
    """A browser that is already installed, or ``None``."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def playwrights_own() -> str | None:
    """The browser that Playwright downloaded, or ``None``."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_browser() -> str:
    """The path of a browser; raises ``FileNotFoundError`` where there is none."""
    path = on_the_machine() or playwrights_own()
    if not path:
        raise FileNotFoundError(
            "no Chromium, Chrome or Edge here; run `make pdf` or `make test`"
        )
    return path


def become_root() -> list[str] | None:
    """What to put before a command that needs root; ``None`` where we may not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True)
        if allowed.returncode == 0:
            return ["sudo", "-n"]
    return None


def install_debians(*packages: str) -> bool:
    """Install packages of Debian's where we may; return whether they are there."""
    prefix = become_root() if shutil.which("apt-get") else None
    if prefix is None:
        return False
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        if subprocess.run([*prefix, *command]).returncode:
            return False
    return True


def drivers_fault() -> str:
    """Why Playwright's driver does not start; empty where it does."""
    command = [sys.executable, "-m", "playwright", "--version"]
    tried = subprocess.run(command, capture_output=True, text=True)
    return (tried.stderr or "it says nothing") if tried.returncode else ""


def install() -> None:
    """Get what is missing; raises ``RuntimeError`` where the driver does not start."""
    if drivers_fault():
        install_debians(DRIVERS_LIBRARY)
        if fault := drivers_fault():
            raise RuntimeError(
                f"Playwright's driver does not start; on Debian and Ubuntu it needs "
                f"{DRIVERS_LIBRARY}. It says: {fault.strip()}"
            )
    if "CHROMIUM" in os.environ or shutil.which(SHELL) or playwrights_own():
        return
    if not install_debians(SHELL) and not on_the_machine():
        command = ["playwright", "install", "--only-shell", "chromium"]
        subprocess.run([sys.executable, "-m", *command])


if __name__ == "__main__":
    try:
        if "--install" in sys.argv:
            install()
        print(f"Browser: {find_browser()}")
    except (FileNotFoundError, RuntimeError) as missing:
        sys.exit(str(missing))
