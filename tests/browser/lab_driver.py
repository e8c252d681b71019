"""Start a JupyterLab, open a chapter in it and use it as a reader would.

Knows nothing of the book but the class names of a figure with sliders.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page

from controls import Control

START_SECONDS = 60
RUN_SECONDS = 240
HOLDER = ".jp-OutputArea-output:has(figure.explore)"


def copy_of_the_book(root: Path, target: Path) -> Path:
    """What a clone of the repository holds: a test cannot change the original."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(
        listed, cwd=root, check=True, capture_output=True, text=True
    ).stdout
    for name in names.split("\0"):
        if not (root / name).is_file():  # deleted, and not yet committed
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, target / name)
    return target


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_lab(python: Path, folder: Path, one_core: bool = False) -> Iterator[str]:
    """A JupyterLab of the environment of `python` on `folder`; gives its address."""
    port = free_port()
    prefix = ["taskset", "-c", "0"] if one_core and shutil.which("taskset") else []
    settings = {
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": "True",
        "ServerApp.allow_root": "True",
        "ServerApp.port_retries": "0",
    }
    environment = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(python.parent.parent),
        # A user's own settings and kernels must not decide a test.
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"),
        "JUPYTER_DATA_DIR": str(folder / ".jupyter-data"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".jupyter-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".jupyter-workspaces"),
        "IPYTHONDIR": str(folder / ".ipython"),
    }
    command = [*prefix, str(python), "-m", "jupyter", "lab", "--no-browser"]
    command += [f"--port={port}", f"--ServerApp.root_dir={folder}"]
    command += [f"--{name}={value}" for name, value in settings.items()]
    log = folder / "jupyterlab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for_server(f"{address}/api/status", server, log)
            yield address
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def wait_for_server(address: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


class Notebook:
    """A chapter that is open in JupyterLab."""

    def __init__(self, page: Page, address: str, path: str) -> None:
        self.page = page
        self.page.set_default_timeout(30_000)
        self.address = address
        self.path = path
        self.open()

    def open(self) -> None:
        """Open the chapter by the path that the launch button uses."""
        address = f"{self.address}/lab/tree/{quote(self.path)}?reset"
        self.page.goto(address)
        self.panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.panel.wait_for()
        self.page.wait_for_function(
            """() => {
              const panel = window.jupyterapp?.shell.currentWidget;
              const kernel = panel?.sessionContext?.session?.kernel;
              return kernel?.status === "idle" && panel.content.model.cells.length > 0;
            }""",
            timeout=START_SECONDS * 1000,
        )

    def command(self, name: str) -> None:
        """Run one of JupyterLab's commands and wait until it is done."""
        self.page.set_default_timeout(RUN_SECONDS * 1000)
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)
        self.page.set_default_timeout(30_000)

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")

    def run_cells(self, numbers: list[int]) -> None:
        """Run some cells, by their place in the notebook."""
        self.page.evaluate(
            """async numbers => {
              const app = window.jupyterapp;
              const notebook = app.shell.currentWidget.content;
              for (const number of numbers) {
                notebook.activeCellIndex = number;
                notebook.deselectAll();
                await app.commands.execute("notebook:run-cell");
              }
            }""",
            numbers,
        )

    def restart(self) -> None:
        """Restart the kernel, without the question that the menu asks."""
        self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.sessionContext.session
              .kernel.restart()"""
        )

    def save(self) -> None:
        self.command("docmanager:save")

    @property
    def is_dirty(self) -> bool:
        """Whether JupyterLab thinks that there is something to save."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    def close(self, shut_down: bool = True) -> None:
        """Close the notebook, with its kernel or without."""
        if shut_down:
            self.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
            )
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")

    def shut_down_and_reopen(self) -> None:
        """Close the notebook with its kernel, then open it again in a fresh page."""
        self.close()
        self.open()

    def show_every_cell(self, gather: str) -> list:
        """Scroll to one cell after the other; return what a script finds in each.

        JupyterLab draws a cell when it comes into sight. `gather` is a function, in
        JavaScript, of a cell's element.
        """
        return self.page.evaluate(
            f"""async () => {{
              const gather = {gather};
              const notebook = window.jupyterapp.shell.currentWidget.content;
              const found = [];
              for (let number = 0; number < notebook.widgets.length; number++) {{
                await notebook.scrollToItem(number);
                const cell = notebook.widgets[number];
                if (cell.model.type === "markdown") await cell.ready;
                await new Promise((drawn) =>
                  requestAnimationFrame(() => setTimeout(drawn)));
                found.push(gather(cell.node));
              }}
              return found;
            }}"""
        )

    def errors(self) -> list[str]:
        """What cells raised: name and message of each error."""
        return self.page.evaluate(
            """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
              .filter(cell => cell.type === "code")
              .flatMap(cell => cell.outputs.toJSON())
              .filter(output => output.output_type === "error")
              .map(output => `${output.ename}: ${output.evalue}`)"""
        )

    def unkept(self) -> list[str]:
        """What is shown by a widget alone, which a saved notebook does not hold."""
        return self.page.evaluate(
            """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
              .filter(cell => cell.type === "code")
              .flatMap(cell => cell.outputs.toJSON().filter(output => output.data
                && "application/vnd.jupyter.widget-view+json" in output.data
                && !("text/html" in output.data))
                .map(() => cell.sharedModel.getSource()))"""
        )

    def sources(self) -> list[str]:
        return self.page.evaluate(
            """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
              .map(cell => cell.sharedModel.getSource())"""
        )

    def run_new_cell(self, source: str) -> str:
        """Append a cell with `source`, run it, return the text of its output."""
        self.page.evaluate(
            """async source => {
              const app = window.jupyterapp;
              const notebook = app.shell.currentWidget.content;
              notebook.activeCellIndex = notebook.widgets.length - 1;
              await app.commands.execute("notebook:insert-cell-below");
              notebook.activeCell.model.sharedModel.setSource(source);
              await app.commands.execute("notebook:run-cell");
            }""",
            source,
        )
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.activeCell.model
              .outputs.toJSON().map(out => out.text ?? out.data?.["text/plain"] ??
                `${out.ename}: ${out.evalue}`).join("")"""
        )

    def figure(self, number: int = 0) -> LiveFigure:
        """The figure with sliders that is the `number`-th of the chapter."""
        return self._live(self.panel.locator(HOLDER).nth(number))

    def figure_that_says(self, caption: str) -> LiveFigure:
        """The first figure whose caption holds `caption`; waits until it is drawn."""
        said = self.page.locator("figcaption", has_text=caption)
        return self._live(self.panel.locator(HOLDER, has=said).first)

    def _live(self, holder: Locator) -> LiveFigure:
        holder.locator("svg.explore-picture").first.wait_for()
        holder.scroll_into_view_if_needed()
        return LiveFigure(self.page, holder)


class LiveFigure:
    """A figure and its sliders in a notebook's output."""

    def __init__(self, page: Page, holder: Locator) -> None:
        self.page = page
        self.holder = holder

    def drawing(self) -> str:
        """The picture as it is drawn: what is inside its SVG, whatever its ids."""
        inside = self.holder.locator("svg.explore-picture").first.inner_html()
        return re.sub(r"\bex[0-9a-f]{10}(n\d+)?", "", inside)

    def caption(self) -> str:
        text = self.holder.locator("figcaption").first.inner_text()
        return re.sub(r"\s+", " ", text).strip()

    def sliders(self) -> Locator:
        return self.holder.locator("[data-name]")

    def press(self, key: str, slider: int = 0) -> None:
        """Press a key on a control; wait until the picture changes, for two seconds.

        The news travels from widget to widget, so a loaded machine may need a while;
        where the control itself says that it did not move, there is no news.
        """
        control, before = Control(self.holder, slider), self.drawing()
        said = control.said()
        control.press(key)
        end = time.monotonic() + (2 if control.said() != said else 0.2)
        while self.drawing() == before and time.monotonic() < end:
            self.page.wait_for_timeout(20)
