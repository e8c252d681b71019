"""Run the chapters side by side; keep what they show in Jupyter's cache.

Knows nbclient and jupyter-cache, not how pages are made: MyST-NB finds each chapter's
results in the cache. A chapter is kept as soon as it has run, so that after Ctrl-C
only the others are run. The cache is emptied when what the chapters compute with has
changed: the package, its data, the version of Python or of a package.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
import zmq
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from myst_nb.core.read import (
    MystMetadataParsingError,
    is_myst_markdown_notebook,
    read_myst_markdown_notebook,
)
from myst_parser.config.main import MdParserConfig
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from nbformat import NotebookNode, ValidationError
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml
from traitlets.config import Config

from progress import Progress, clock

ANSI = re.compile(r"\x1b\[[0-9;]*m")
TRACEBACK_LINES = 25
START_SECONDS = 120


@dataclass
class Chapter:
    """A page with code: its name in the table of contents and its cells."""

    name: str
    path: Path
    notebook: NotebookNode
    cell: int | None = None
    """The cell that runs, counted from 0 among all cells."""

    def book(self) -> Path:
        """The folder of the book, in which a page's name is its path."""
        return self.path.parents[self.name.count("/")]

    def where(self) -> str:
        """The cell that runs, as a reader counts, and its line in the file."""
        if self.cell is None:
            return f"{self.path.name}, before the first cell"
        codes = [
            index
            for index, cell in enumerate(self.notebook.cells)
            if cell.cell_type == "code"
        ]
        number, line = codes.index(self.cell) + 1, self.notebook.metadata.source_map
        return (
            f"{self.path.name}, cell {number} of {len(codes)} "
            f"(line {line[self.cell] + 1})"
        )


class ChapterError(Exception):
    """A chapter did not run to its end; the message says which cell and why."""


def setting(root: Path, *names: str) -> Any:
    """What ``_config.yml`` says under these names, one inside the other.

    Raises
    ------
    ChapterError
        If it cannot be read, or says nothing of that.
    """
    file = root / "_config.yml"
    try:
        with file.open(encoding="utf-8") as stream:  # YAML names it
            found = yaml.safe_load(stream)
        for name in names:
            found = found[name]
    except (OSError, yaml.YAMLError) as error:
        raise ChapterError(f"{file.name}: {error}") from error
    except (KeyError, TypeError):
        raise ChapterError(f"{file.name}: {': '.join(names)}: is missing") from None
    return found


def read_chapters(root: Path) -> list[Chapter]:
    """The pages with code, in the order of the table of contents.

    Raises
    ------
    ChapterError
        If a file cannot be read; the message names it.
    """
    extensions = setting(root, "parse", "myst_enable_extensions")
    syntax = MdParserConfig(enable_extensions=set(extensions))
    try:
        names = list(parse_toc_yaml(root / "_toc.yml"))
    except (OSError, yaml.YAMLError, MalformedError) as error:
        raise ChapterError(f"_toc.yml: {error}") from error
    chapters = []
    for name in names:
        path = root / "book" / f"{name}.md"
        try:
            text = path.read_text(encoding="utf-8")
            check_head(text)
            if is_myst_markdown_notebook(text):
                notebook = read_myst_markdown_notebook(
                    text, syntax, add_source_map=True, path=path
                )
                chapters.append(Chapter(name, path, notebook))
        except FileNotFoundError:
            raise ChapterError(f"_toc.yml: there is no book/{name}.md") from None
        except (MystMetadataParsingError, ValidationError, yaml.YAMLError) as error:
            raise ChapterError(f"{path.name}: {error}") from error
    return chapters


def check_head(text: str) -> None:
    """Read the metadata of a page: without them a chapter is no notebook.

    Raises
    ------
    yaml.YAMLError
        If they are no YAML; the message names the line of the page.
    """
    if text.startswith("---\n"):
        # A line for the first ---, so that YAML counts as the file does.
        yaml.safe_load("\n" + text.split("---\n", 2)[1])


# What chapters compute with -----------------------------------------------------


def digest(root: Path, paths: Iterable[Path], *texts: str) -> str:
    """A hash of the contents of the files, their places and `texts`."""
    found = hashlib.sha256("\0".join(texts).encode())
    for path in sorted(set(paths)):
        found.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """The files of a folder that a person wrote: nothing hidden, nothing compiled."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def computed_digest(root: Path) -> str:
    """Changes with what a figure or number of any chapter may depend on.

    Of the packages it is those that the book names: what tests bring along counts not.
    """
    book = root / "book"
    package = [f for f in files_below(book / "collapse") if f.suffix != ".md"]
    paths = [*book.glob("*.py"), *package]
    paths += [*files_below(book / "data"), *files_below(book / "mnist")]
    asked = (root / "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^[\w.-]+", asked, re.MULTILINE)
    return digest(root, paths, sys.version, *(f"{n} {version(n)}" for n in names))


def open_cache(folder: Path, key: str) -> JupyterCacheAbstract:
    """Jupyter's cache in `folder`; empty where it was filled under another `key`."""
    stamp = folder / "computed"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != key:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stamp.write_text(key, encoding="utf-8")
    return get_cache(str(folder))


def is_cached(cache: JupyterCacheAbstract, chapter: Chapter) -> bool:
    try:
        cache.get_cache_bundle(cache.match_cache_notebook(chapter.notebook).pk)
    except KeyError:  # never run, or stopped while it was being written
        return False
    return True


# Running them -------------------------------------------------------------------


async def run(chapter: Chapter, timeout: int) -> float:
    """Run the chapter's cells in a kernel of its own; return the seconds it took.

    A chapter finds the package of its own copy of the book, from any folder of it.

    Raises
    ------
    ChapterError
        If a cell fails, ends the kernel or runs for more than `timeout` seconds.
    """
    began = time.monotonic()

    def starts(cell: NotebookNode, cell_index: int) -> None:
        chapter.cell = cell_index

    # A kernel says so if what it is told and answers can be read by others.
    encryption = "auto" if zmq.has("curve") else "disabled"
    client = NotebookClient(
        chapter.notebook,
        timeout=timeout,
        startup_timeout=START_SECONDS,
        resources={"metadata": {"path": str(chapter.path.parent)}},
        shutdown_kernel="immediate",
        record_timing=False,  # it would be part of what the cache knows a cell by
        on_cell_execute=starts,
        config=Config(KernelManager={"transport_encryption": encryption}),
    )
    environment = {"OMP_NUM_THREADS": "1", **os.environ}  # each has its own core
    folders = [str(chapter.book()), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    try:
        await client.async_execute(env=environment)
    except CellExecutionError as error:
        lines = ANSI.sub("", error.traceback).rstrip().splitlines()
        cause = f"{error.ename}: {ANSI.sub('', error.evalue)}"
        told = "\n".join(lines[-TRACEBACK_LINES:])
        raise ChapterError(f"{told}\n{chapter.where()}: {cause}") from error
    except CellTimeoutError as error:
        raise ChapterError(
            f"{chapter.where()} ran for more than {timeout} s and was stopped"
        ) from error
    except DeadKernelError as error:
        task = asyncio.current_task()
        if task and task.cancelling():  # nbclient takes that for the kernel's end
            raise asyncio.CancelledError from None
        raise ChapterError(
            f"{chapter.where()}: its Python ended; was there too little memory?"
        ) from error
    except RuntimeError as error:  # the kernel did not answer
        raise ChapterError(f"{chapter.where()}: {error}") from error
    finally:
        # nbclient forgets a kernel that is stopped, or fails, while it starts.
        if client.km and client.km.has_kernel:
            await client.km.shutdown_kernel(now=True)
    return time.monotonic() - began


class Times:
    """How long each chapter took last time, in seconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.known: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.known = {}

    def note(self, name: str, seconds: float) -> None:
        self.known[name] = round(seconds, 1)
        self.path.write_text(json.dumps(self.known), encoding="utf-8")

    def expected(self, chapter: Chapter) -> tuple[float, int]:
        """Sorts the longest first; without a time the one with the most text."""
        return -self.known.get(chapter.name, 0.0), -chapter.path.stat().st_size

    def last(self, name: str) -> str:
        seconds = self.known.get(name)
        return "" if seconds is None else f" (last time {clock(seconds)})"


async def run_side_by_side(
    chapters: list[Chapter],
    cache: JupyterCacheAbstract,
    times: Times,
    timeout: int,
    cores: int,
    then: Callable[[list[Chapter]], Awaitable[None]],
) -> None:
    """Run `chapters`, one for each core, in this order; keep each in the cache.

    `then` is awaited with those that are still to come: by each core before its first
    chapter, and after each chapter before it takes up the next.

    Raises
    ------
    ChapterError
        If chapters failed, after all have run; the message has a paragraph for each.
    """
    waiting, running, failed = list(chapters), [], []
    count = len(chapters)

    def now() -> str:
        return "; ".join(chapter.where() for chapter in running) or "writing pages"

    async def work(progress: Progress) -> None:
        await then([*running, *waiting])
        while waiting:
            chapter = waiting.pop(0)
            running.append(chapter)
            progress.say(f"  {chapter.name} starts{times.last(chapter.name)}")
            try:
                seconds = await run(chapter, timeout)
            except ChapterError as error:
                failed.append(str(error))
                cause = failed[-1][failed[-1].rindex(chapter.where()) :]
                progress.say(f"  {chapter.name} failed: {cause}")
            else:
                keep(cache, chapter, seconds)
                times.note(chapter.name, seconds)
                done = count - len(waiting) - len(running) + 1
                progress.say(
                    f"  {chapter.name} took {clock(seconds)}; {done} of {count} done"
                )
            running.remove(chapter)
            await then([*running, *waiting])

    try:
        with Progress(now) as progress:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(cores, count)):
                    group.create_task(work(progress))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    if failed:
        raise ChapterError("\n\n".join(failed))


def keep(cache: JupyterCacheAbstract, chapter: Chapter, seconds: float) -> None:
    cache.cache_notebook_bundle(
        CacheBundleIn(
            chapter.notebook, str(chapter.path), data={"execution_seconds": seconds}
        ),
        check_validity=False,
        overwrite=True,
    )
