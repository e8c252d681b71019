"""Build the book into _build/html; a warning is an error. Serve it, if asked to.

    build_book.py [--serve [--port 8000] [--browser none]]

Nothing is done when nothing has changed. The pages are written beside those that are
there, and take their place only when all is well. What fails or hangs is named in the
last lines that are printed.

A reader need not wait for all: the server starts when the first chapters have run. The
pages of the others say that they are still running, and load themselves anew.
"""

from __future__ import annotations

import signal

# While modules are imported there is nothing to tidy, and nothing worth a traceback.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import asyncio
import concurrent.futures
import contextlib
import fcntl
import itertools
import os
import shutil
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from chapters import (
    Chapter,
    ChapterError,
    Times,
    computed_digest,
    digest,
    files_below,
    is_cached,
    open_cache,
    read_chapters,
    run_side_by_side,
    setting,
)
from progress import Progress
from serve import make_server
from write_pages import ROOT, WRITTEN

WRITER = Path(__file__).with_name("write_pages.py")
SILENT_SECONDS = 180
"""Sphinx says what it does; after so long a silence it hangs."""
ENDING_SECONDS = 30
"""All is written; Python has so long to come to its end."""

READABLE = 2
"""So many chapters, the first ones, make the book worth opening."""


class BuildError(Exception):
    """The book was not built; the message says why."""


# Where what lies ----------------------------------------------------------------


class Places:
    """The files and folders of a build in `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build = root / "_build"
        self.site = self.build / "html"
        self.stamp = self.build / "built"
        """Holds the digest of what the site was made from."""
        self.cache = self.build / ".jupyter_cache"
        self.next = self.build / "next"
        self.preview = self.build / "preview"
        self.old = self.build / "old"

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no other process builds here."""
        self.build.mkdir(exist_ok=True)
        with (self.build / "building").open("w") as lock:
            for attempt in itertools.count():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if attempt == 0:
                        print("Waiting for another build to end.", flush=True)
                    await asyncio.sleep(0.5)
            yield

    def is_current(self, key: str) -> bool:
        return (
            (self.site / "index.html").is_file()
            and self.stamp.is_file()
            and self.stamp.read_text(encoding="utf-8") == key
        )

    def swap(self, key: str) -> None:
        """Put the new site in the place of the old one."""
        self.stamp.unlink(missing_ok=True)
        shutil.rmtree(self.old, ignore_errors=True)
        if self.site.exists():
            self.site.rename(self.old)
        (self.next / "html").rename(self.site)
        self.stamp.write_text(key, encoding="utf-8")

    def tidy(self) -> None:
        for folder in (self.old, self.next, self.preview):
            shutil.rmtree(folder, ignore_errors=True)


def pages_digest(root: Path, computed: str) -> str:
    """Changes with anything that any page may depend on."""
    paths = [root / "_config.yml", root / "_toc.yml", *files_below(root / "book")]
    # The ledger page fails the build when a claim has no test.
    for folder in ("tools", "tests/claims"):
        paths += files_below(root / folder)
    return digest(root, paths, computed, os.environ.get("RELEASE", ""))


# Writing pages ------------------------------------------------------------------


async def write_pages(folder: Path, cache: Path, to_come: list[str]) -> None:
    """Run Sphinx in a process of its own.

    Raises
    ------
    BuildError
        If it warns, fails, or says nothing for too long; with its warnings or with
        what it was at.
    """
    shutil.rmtree(folder, ignore_errors=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "faulthandler", WRITER, folder, cache, *to_come),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    last = "starting"
    assert process.stdout
    assert process.stderr
    told = asyncio.ensure_future(process.stderr.read())
    try:
        while words := await asyncio.wait_for(
            process.stdout.read(1 << 16),
            ENDING_SECONDS if last == WRITTEN else SILENT_SECONDS,
        ):
            if lines := words.decode(errors="replace").strip().splitlines():
                last = lines[-1].strip()
        await asyncio.wait_for(process.wait(), ENDING_SECONDS)
    except TimeoutError:
        process.send_signal(signal.SIGABRT)  # its faulthandler says where it is
        where = (await told).decode(errors="replace").strip()
        raise BuildError(
            f"{where}\nThe writing of pages hangs; its last words: {last}"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        problems = (await told).decode(errors="replace").strip()
        raise BuildError(problems or last)
    await told


# The whole ----------------------------------------------------------------------


async def build(
    places: Places, show: Callable[[Path], None] | None, cores: int
) -> None:
    """Build the site where it is not current; leave nothing half-built.

    Parameters
    ----------
    places
        Where it goes.
    show
        If given, called with the folder of the site when it is current, and before, if
        that takes longer, with one in which the first chapters can be read.
    cores
        How many chapters run at a time.

    Raises
    ------
    BuildError
        With what is to be mended.
    """
    async with places.alone():
        computed = computed_digest(places.root)
        key = pages_digest(places.root, computed)
        try:
            if not places.is_current(key):
                await compute(places, computed, show, cores)
                with Progress(lambda: "writing the pages"):
                    await write_pages(places.next, places.cache, [])
                places.swap(key)
            if show:
                show(places.site)
        except ChapterError as error:
            raise BuildError(str(error)) from error
        finally:
            places.tidy()


async def compute(
    places: Places, key: str, show: Callable[[Path], None] | None, cores: int
) -> None:
    """Run the chapters that are not in the cache; show the first ones early."""
    cache = open_cache(places.cache, key)
    chapters = read_chapters(places.root)
    missing = [chapter for chapter in chapters if not is_cached(cache, chapter)]
    if not missing:
        return
    first = {chapter.name for chapter in chapters[:READABLE]}
    times = Times(places.build / "times.json")
    # Then the long ones, or one core would run the longest while the others rest.
    missing.sort(key=lambda each: (each.name not in first, *times.expected(each)))
    previewed = False

    async def preview(to_come: list[Chapter]) -> None:
        nonlocal previewed
        names = [chapter.name for chapter in to_come]
        if show and names and not previewed and not first & {*names}:
            previewed = True
            await write_pages(places.preview, places.cache, names)
            show(places.preview / "html")

    rest = "" if len(missing) == len(chapters) else "; the others are as they were"
    print(
        f"Running {len(missing)} of {len(chapters)} chapters on {cores} cores{rest}.",
        flush=True,
    )
    timeout = setting(places.root, "execute", "timeout")
    await run_side_by_side(missing, cache, times, timeout, cores, then=preview)


async def cancel_others() -> None:
    """End what is left: nbclient asks after its kernels even when they are gone."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class Build:
    """A build that goes on in a thread of its own, until `stop`."""

    def __init__(
        self,
        places: Places,
        show: Callable[[Path], None] | None = None,
        cores: int | None = None,
    ) -> None:
        self.done: concurrent.futures.Future[None] = concurrent.futures.Future()
        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(
            build(places, show, cores or os.cpu_count() or 1)
        )
        self.task.add_done_callback(self._end)
        # In the main thread nbclient would take the signals for itself.
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.run_until_complete(cancel_others())
        self.loop.close()

    def _end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.done.cancel()
        elif error := task.exception():
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        self.loop.stop()

    def stop(self) -> None:
        """End what runs: no kernel is left behind, nothing is half-built."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self._cancel)
            self.thread.join()

    def _cancel(self) -> None:
        # What nbclient's own tasks say of kernels that end under them is no news.
        self.loop.set_exception_handler(lambda loop, context: None)
        self.task.cancel()


def why_not(error: BuildError, places: Places) -> str:
    """What is said of a failed build: the cause stands last."""
    there = places.site.relative_to(places.root)
    kept = f" {there} is what it was before." if places.site.exists() else ""
    return f"\nThe book was not built.{kept}\n\n{error}"


STOPPED = "Stopped. What has run is kept; the next call goes on from there."


def has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def reader(port: int | None, browser: bool) -> Callable[[Path], None]:
    """What shows a folder of pages: a server on `port`, at first with a browser."""
    server = make_server("", port)
    address = f"http://localhost:{server.server_port}/"

    def show(folder: Path) -> None:
        first, server.folder = not server.folder, str(folder)
        if not first:
            print("The whole book is there.", flush=True)
            return
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"The book is at {address} until you press Ctrl-C.", flush=True)
        if browser and has_display():
            webbrowser.open(address)

    return show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--port", type=int)
    parser.add_argument("--browser", choices=["auto", "none"], default="auto")
    options = parser.parse_args()
    places = Places(ROOT)
    show = None
    if options.serve:
        try:
            show = reader(options.port, options.browser == "auto")
        except OSError as error:
            sys.exit(f"Port {options.port} cannot be used: {error.strerror}")
    for each in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C; a container that stops
        signal.signal(each, signal.default_int_handler)
    building = Build(places, show)
    try:
        building.done.result()
    except KeyboardInterrupt:
        building.stop()
        sys.exit(STOPPED)
    except BuildError as error:
        sys.exit(why_not(error, places))
    if show:
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        print()
    else:
        print(f"The book is in {places.site.relative_to(places.root)}/index.html")


if __name__ == "__main__":
    main()
