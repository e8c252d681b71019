"""How the book is built and served, with a book of three small chapters."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from psutil import NoSuchProcess, Process, ZombieProcess
from sphinx.cmd.build import handle_exception
from sphinx.errors import SphinxError
from sphinx.util import console

import build_book
import chapters
import progress
import write_pages
from build_book import Build, BuildError, Places
from chapters import ChapterError
from serve import make_server
from support.servers import serving
from write_pages import ROOT

HEAD = """\
---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  name: python3
---

# A chapter

"""
CONFIG = """\
parse: {myst_enable_extensions: [dollarmath]}
execute: {timeout: 20}
"""
WRITE = """\
(folder / "html").mkdir(parents=True)
(folder / "html" / "index.html").write_text(" ".join(sys.argv[3:]) or "whole")
print("the pages are written")
"""


def cells(*sources: str) -> str:
    return HEAD + "".join(
        f"Words.\n\n```{{code-cell}} ipython3\n{source}\n```\n\n" for source in sources
    )


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A repository with three chapters; what writes its pages is quick."""
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: second\n- file: third\n"
    )
    (tmp_path / "requirements.txt").write_text("# Why.\nnumpy>=2.2,<3   # arrays\n")
    book = tmp_path / "book"
    (book / "collapse").mkdir(parents=True)
    (book / "collapse" / "model.py").write_text("SIZE = 100\n")
    for name in ("index", "second", "third"):
        (book / f"{name}.md").write_text(cells(f"print({name!r})"))
    pages_are_written_by(WRITE, tmp_path, monkeypatch)
    return Places(tmp_path)


def pages_are_written_by(
    code: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = folder / "writer.py"
    head = "import sys, time, pathlib\nfolder = pathlib.Path(sys.argv[1])\n"
    script.write_text(head + textwrap.dedent(code))
    monkeypatch.setattr(build_book, "WRITER", script)


def run(places: Places, cores: int = 2) -> None:
    """Run the chapters that the cache does not hold."""
    cache = chapters.open_cache(places.cache, "key")
    missing = [
        chapter
        for chapter in chapters.read_chapters(places.root)
        if not chapters.is_cached(cache, chapter)
    ]
    times = chapters.Times(places.build / "times.json")

    async def nothing(to_come: list[chapters.Chapter]) -> None:
        pass

    work = chapters.run_side_by_side(missing, cache, times, 5, cores, nothing)
    # As a build does: where a browser is tested, the main thread has a loop that runs.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def cached(places: Places) -> set[str]:
    cache = chapters.open_cache(places.cache, "key")
    return {
        chapter.name
        for chapter in chapters.read_chapters(places.root)
        if chapters.is_cached(cache, chapter)
    }


def kernels() -> list[Process]:
    return [each for each in Process().children(recursive=True) if is_kernel(each)]


def is_kernel(process: Process) -> bool:
    try:
        return "ipykernel_launcher" in " ".join(process.cmdline())
    except (NoSuchProcess, ZombieProcess):  # it ended while it was looked at
        return False


def test_a_touched_file_changes_nothing_a_changed_one_everything(places: Places):
    model = places.root / "book" / "collapse" / "model.py"
    before = chapters.computed_digest(places.root)
    os.utime(model, (1, 1))
    compiled = model.parent / "__pycache__"
    compiled.mkdir()
    (compiled / "model.cpython-313.pyc").write_bytes(b"\0")
    (model.parent / ".ipynb_checkpoints").mkdir()
    (model.parent / ".ipynb_checkpoints" / "model.py").write_text("")
    assert chapters.computed_digest(places.root) == before
    model.write_text("SIZE = 101\n")
    assert chapters.computed_digest(places.root) != before
    model.write_text("SIZE = 100\n")
    assert chapters.computed_digest(places.root) == before
    model.rename(model.with_name("other.py"))
    assert chapters.computed_digest(places.root) != before


def test_another_version_of_a_package_that_the_book_names_counts(
    places: Places, monkeypatch: pytest.MonkeyPatch
):
    before = chapters.computed_digest(places.root)
    monkeypatch.setattr(chapters, "version", lambda name: f"{name} 99")
    assert chapters.computed_digest(places.root) != before


def test_the_words_of_a_page_are_not_what_chapters_compute_with(places: Places):
    computed = chapters.computed_digest(places.root)
    pages = build_book.pages_digest(places.root, computed)
    with (places.root / "book" / "second.md").open("a") as chapter:
        chapter.write("More words.\n")
    assert chapters.computed_digest(places.root) == computed
    assert build_book.pages_digest(places.root, computed) != pages


def test_a_release_is_another_site(places: Places, monkeypatch: pytest.MonkeyPatch):
    before = build_book.pages_digest(places.root, "")
    monkeypatch.setenv("RELEASE", "v0.1.0")
    assert build_book.pages_digest(places.root, "") != before


def test_the_words_of_a_readme_are_not_what_chapters_compute_with(places: Places):
    computed = chapters.computed_digest(places.root)
    (places.root / "book" / "collapse" / "README.md").write_text("What it is.\n")
    assert chapters.computed_digest(places.root) == computed


@pytest.mark.slow
def test_a_page_in_a_folder_finds_the_package_of_its_own_book(places: Places, capfd):
    folder = places.root / "book" / "appendix"
    folder.mkdir()
    said = "from collapse.model import SIZE\nassert SIZE == 100"
    (folder / "more.md").write_text(cells(said))
    with (places.root / "_toc.yml").open("a") as contents:
        contents.write("- file: appendix/more\n")
    run(places)
    assert "4 of 4 done" in capfd.readouterr().out


@pytest.mark.slow
def test_chapters_run_once_and_quietly(places: Places, capfd):
    run(places)
    told = capfd.readouterr()
    assert "3 of 3 done" in told.out
    assert told.err == ""
    assert cached(places) == {"index", "second", "third"}
    run(places)
    assert capfd.readouterr().out == ""
    last = chapters.Times(places.build / "times.json").last("second")
    assert last.startswith(" (last time ")


@pytest.mark.slow
def test_a_cache_of_other_code_is_emptied(places: Places):
    run(places)
    chapters.open_cache(places.cache, "another key")
    assert cached(places) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("half = 1\nhalf / 0", "ZeroDivisionError: division by zero"),
        ("import time\ntime.sleep(60)", "ran for more than 5 s and was stopped"),
        ("import os\nos._exit(1)", "its Python ended"),
    ],
)
def test_a_chapter_that_fails_says_where_and_why(
    places: Places, source, said, capfd: pytest.CaptureFixture[str]
):
    second = places.root / "book" / "second.md"
    second.write_text(cells("1 + 1", source))
    line = second.read_text().splitlines().index(source.splitlines()[0]) + 1
    with pytest.raises(ChapterError) as failure:
        run(places)
    last = str(failure.value).splitlines()[-1]
    assert last.startswith(f"second.md, cell 2 of 2 (line {line})")
    assert said in last
    at_once = capfd.readouterr().out.splitlines()
    assert f"  second failed: {last}" in at_once
    assert cached(places) == {"index", "third"}, "the others were not kept"
    assert kernels() == []


@pytest.mark.slow
def test_a_reader_sees_the_first_chapters_while_the_others_run(places: Places):
    shown: list[tuple[str, str]] = []

    def show(folder: Path) -> None:
        shown.append((folder.parent.name, (folder / "index.html").read_text()))

    Build(places, show, cores=1).done.result()
    assert shown == [("preview", "third"), ("_build", "whole")]
    assert not places.preview.exists()
    Build(places, show, cores=1).done.result()
    assert shown[2:] == [("_build", "whole")]


@pytest.mark.slow
def test_what_is_stopped_leaves_no_kernel_and_goes_on_from_there(places: Places):
    third = places.root / "book" / "third.md"
    third.write_text(cells("import time\ntime.sleep(15)"))
    building = Build(places, cores=1)
    key = chapters.computed_digest(places.root)
    while not kernels() or not (places.cache / "computed").exists():
        time.sleep(0.1)
    while not {"index", "second"} <= set(
        chapters.Times(places.build / "times.json").known
    ):
        time.sleep(0.1)
    while not kernels():  # the third one's
        time.sleep(0.1)
    building.stop()
    assert building.done.cancelled()
    assert kernels() == []
    assert not places.next.exists()
    assert not places.site.exists()
    cache = chapters.open_cache(places.cache, key)
    known = [chapters.is_cached(cache, c) for c in chapters.read_chapters(places.root)]
    assert known == [True, True, False]
    third.write_text(cells("1 + 1"))
    Build(places, cores=1).done.result()
    assert (places.site / "index.html").read_text() == "whole"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit('b.md:7: WARNING: no such term')", "b.md:7: WARNING: no such term"),
        ("print('reading sources... second', flush=True)\ntime.sleep(60)", "second"),
        (WRITE + "sys.stdout.flush()\ntime.sleep(60)", "the pages are written"),
    ],
)
def test_a_build_that_fails_or_hangs_keeps_the_site_and_says_why(
    places: Places, monkeypatch: pytest.MonkeyPatch, code: str, said: str
):
    places.site.mkdir(parents=True)
    (places.site / "index.html").write_text("the old site")
    run(places)
    (places.cache / "computed").write_text(chapters.computed_digest(places.root))
    pages_are_written_by(code, places.root, monkeypatch)
    monkeypatch.setattr(build_book, "SILENT_SECONDS", 10)
    monkeypatch.setattr(build_book, "ENDING_SECONDS", 10)
    with pytest.raises(BuildError) as failure:
        Build(places).done.result()
    last = build_book.why_not(failure.value, places).splitlines()[-1]
    assert said in last
    if "sleep" in code:
        assert "writer.py" in str(failure.value), "it does not say where it hangs"
    assert (places.site / "index.html").read_text() == "the old site"
    assert not places.next.exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("_config.yml", "[dollarmath]", "[dollarmath", '_config.yml", line 1'),
        ("_config.yml", "execute", "run", "_config.yml: execute: timeout: is missing"),
        ("_toc.yml", "root: index", "root: [index", '_toc.yml", line 3'),
        ("_toc.yml", "- file: third", "- fil: third", "_toc.yml: entry"),
        ("_toc.yml", "third", "fourth", "_toc.yml: there is no book/fourth.md"),
        ("book/second.md", "kernelspec:", "kernelspec: [", "line 5, column 13"),
        ("book/second.md", "ipython3\n", "ipython3\n:a: [\n", "second.md: Code cell 1"),
        ("book/second.md", "ipython3\n", "ipython3\n:tags: a\n", "second.md: 'a' is"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    places: Places, name: str, old: str, new: str, said: str
):
    path = places.root / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BuildError) as failure:
        Build(places).done.result()
    assert said in build_book.why_not(failure.value, places)


@pytest.mark.parametrize("error", [KeyError("a cause"), SphinxError("a cause"), 1])
def test_the_cause_stands_last_and_without_colours(
    error: object, monkeypatch: pytest.MonkeyPatch, capsys, tmp_path: Path
):
    """Sphinx itself ends with where to report an error."""

    def build_sphinx(*arguments: object, **options: object) -> object:
        print(console.red("an error:"), file=sys.stderr)
        if isinstance(error, Exception):
            handler = SimpleNamespace(pdb=False, verbosity=0, traceback=False)
            try:
                raise error
            except type(error):
                handle_exception(None, handler, error, sys.stderr)
        else:
            print("a cause", file=sys.stderr)
        return error

    monkeypatch.setattr(console, "codes", {"red": "\x1b[91m", "reset": "\x1b[39m"})
    monkeypatch.setattr(write_pages, "build_sphinx", build_sphinx)
    assert write_pages.main(tmp_path, tmp_path, []) == 1
    told = capsys.readouterr().err
    assert "a cause" in told.strip().splitlines()[-1]
    assert "\x1b" not in told


def test_a_server_goes_over_to_another_folder(tmp_path: Path):
    for name in ("first", "whole"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name)
    server = make_server(str(tmp_path / "first"), port=0)
    with serving(server) as address:
        for name in ("first", "whole"):
            server.folder = str(tmp_path / name)
            with urllib.request.urlopen(f"{address}/", timeout=10) as answer:
                assert answer.read() == name.encode()


def test_a_reader_who_leaves_early_is_no_error_but_a_fault_is(tmp_path, capfd):
    server = make_server(str(tmp_path), port=0)
    for error, told in ((BrokenPipeError(), False), (KeyError("a fault"), True)):
        try:
            raise error
        except type(error):
            server.handle_error(None, ("127.0.0.1", 1))
        assert ("a fault" in capfd.readouterr().err) is told
    server.server_close()


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0 s"), (59.4, "59 s"), (125, "2 min 5 s")]
)
def test_a_time_is_said_as_a_reader_says_it(seconds: float, said: str):
    assert progress.clock(seconds) == said


def test_silence_is_broken(capfd):
    with progress.Progress(lambda: "unpacking torch", silence=0.2):
        time.sleep(0.5)
    assert "unpacking torch" in capfd.readouterr().out


def test_python_ends_after_a_formula(root: Path):
    """MathJax's engine, left open, keeps Python 3.12 and 3.13 from ending."""
    code = "import prerendered_math; prerendered_math.formula('x', display=False)"
    command = [sys.executable, "-c", code]
    folder = root / "book" / "_ext"
    assert subprocess.run(command, cwd=folder, timeout=60).returncode == 0


@pytest.mark.slow
def test_pages_are_written_where_the_package_is_not_installed(tmp_path: Path):
    """As in an environment that ``make serve`` made: only ``make lab`` installs it."""
    program = """
import sys
sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in repr(each)]
import write_pages, page_figures, claims_ledger, collapse
print(collapse.__file__)
"""
    folders = (ROOT / "tools", ROOT / "book" / "_ext")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == ROOT / "book" / "collapse"
