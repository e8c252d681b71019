"""The whole book as an EPUB, built from what the chapters showed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from posixpath import normpath
from xml.etree import ElementTree

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

from build_book import Places

TOC = Path(__file__).parents[2] / "_toc.yml"
XHTML = "{http://www.w3.org/1999/xhtml}"

PROGRAM = """
import sys
from pathlib import Path
from jupyter_book.sphinx import build_sphinx
from write_pages import ROOT, settings

out, cache = map(Path, sys.argv[1:])
sys.exit(build_sphinx(
    ROOT / "book", out / "epub", doctreedir=out / "doctrees", builder="epub",
    path_config=ROOT / "_config.yml", noconfig=True, confoverrides=settings(cache),
    warningiserror=True, keep_going=True,
))
"""


@pytest.fixture(scope="module")
def epub(root: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("epub")
    built = subprocess.run(
        [sys.executable, "-c", PROGRAM, out, Places(root).cache],
        env={**os.environ, "PYTHONPATH": str(root / "tools")},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return out / "epub" / "model-collapse.epub"


def test_all_figures_of_the_pages_are_pictures_with_words(epub: Path, site: Path):
    with zipfile.ZipFile(epub) as book:
        assert book.testzip() is None
        names = set(book.namelist())
        shown = 0
        for page in (site / f"{name}.html" for name in parse_toc_yaml(TOC)):
            figures = page.read_text(encoding="utf-8").count('<figure class="explore"')
            if not figures:
                continue
            name = page.relative_to(site).with_suffix(".xhtml").as_posix()
            tree = ElementTree.fromstring(book.read(name))
            pictures = [
                image
                for image in tree.iter(f"{XHTML}img")
                if len(image.get("alt", "")) > 20 and image.get("src").endswith(".png")
            ]
            assert len(pictures) == figures, name
            folder = Path(name).parent
            files = {normpath(folder / each.get("src")) for each in pictures}
            assert files <= names
            shown += figures
    assert shown > 25
