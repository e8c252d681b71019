"""Put the released versions of the book beside the newest one.

    old_versions.py SITE RELEASES

RELEASES holds a zip of the site for each release, named by its tag: `v0.1.0.zip`. Each
is unpacked to a folder of SITE of that name, and every page of it says so and leads to
the same page of the newest version. The list of versions, which the newest keeps for
all, gets a line for each. The search engines' lists stay those of the newest.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import zipfile
from datetime import date
from pathlib import Path

ARTICLE = re.compile(r"<article\b[^>]*>")
NOTE = """
<p role="note" class="admonition"><strong>This is version {version}</strong>, as it was
released. <a href="{newest}">The newest version of this page</a> may say more.</p>
"""
VERSIONS = "versions.html"
TO_VERSIONS = re.compile(rf'href="((?:\.\./)*){VERSIONS}"')
LAST = re.compile(r'(<ul class="versions">.*?)(</ul>)', re.DOTALL)
LINE = '<li><a href="{tag}/index.html">Version {version}</a>{day}</li>\n'
DAY = re.compile(r'"datePublished": "([\d-]+)"')
OF_THE_NEWEST = [VERSIONS, "404.html", "robots.txt", "sitemap.xml", "llms.txt"]


def unpack(packed: Path, target: Path) -> None:
    """Unpack the site of a release, at whatever depth it lies in its zip."""
    with tempfile.TemporaryDirectory() as name:
        with zipfile.ZipFile(packed) as opened:
            opened.extractall(name)
        first = min(Path(name).rglob("index.html"), key=lambda each: len(each.parts))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(first.parent, target)
    for each in OF_THE_NEWEST:
        (target / each).unlink(missing_ok=True)


def mark(folder: Path, site: Path) -> None:
    """Let each page of a version lead to the newest one, or to its first page."""
    for page in folder.rglob("*.html"):
        path = page.relative_to(folder)
        newest = path if (site / path).exists() else Path("index.html")
        address = "../" * len(path.parts) + newest.as_posix()
        note = NOTE.format(version=folder.name.removeprefix("v"), newest=address)
        text = page.read_text(encoding="utf-8")
        marked = ARTICLE.sub(lambda found, note=note: found[0] + note, text, count=1)
        marked = TO_VERSIONS.sub(rf'href="\1../{VERSIONS}"', marked)
        page.write_text(marked, encoding="utf-8")


def long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def by_number(tag: str) -> list[int]:
    """What puts v0.10.0 after v0.9.0."""
    return [int(number) for number in re.findall(r"\d+", tag)]


def add_lines(site: Path, tags: list[str]) -> None:
    """Name versions in the list of the newest, the last one first."""
    page = site / VERSIONS
    lines = ""
    for tag in reversed(tags):
        first = (site / tag / "index.html").read_text(encoding="utf-8")
        found = DAY.search(first)
        day = f", {long(date.fromisoformat(found[1]))}" if found else ""
        lines += LINE.format(tag=tag, version=tag.removeprefix("v"), day=day)
    text = page.read_text(encoding="utf-8")
    page.write_text(
        LAST.sub(lambda found: found[1] + lines + found[2], text), encoding="utf-8"
    )


def add_versions(site: Path, releases: Path) -> list[str]:
    """Add what RELEASES holds; return the names of the versions."""
    tags = sorted((path.stem for path in releases.glob("v*.zip")), key=by_number)
    for tag in tags:
        unpack(releases / f"{tag}.zip", site / tag)
        mark(site / tag, site)
    add_lines(site, tags)
    return tags


if __name__ == "__main__":
    print("Versions:", *add_versions(Path(sys.argv[1]), Path(sys.argv[2])) or ["none"])
