"""The site as one zip, to be opened from disk on a machine without network.

It leaves out the notebooks that hold what the build showed, which are most of the
site's weight, and the buttons that lead to them, and what only servers show or engines
ask for. Notebooks to run are in it.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

RUN = "_run"
"""The folder of notebooks with outputs."""
FOR_SERVERS = (RUN, ".buildinfo", "404.html", "robots.txt", "sitemap.xml")
BUTTON = re.compile(rf'<li><a href="[^"]*\b{RUN}/(?:(?!</li>).)*</li>', re.DOTALL)
FOLDER = "model-collapse"
"""What the zip unpacks to; `index.html` in it is the book."""


def write_zip(site: Path, archive: Path) -> None:
    """Write the site's files, the same bytes for the same site."""
    with zipfile.ZipFile(archive, "w") as offline:

        def add(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}")
            entry.external_attr = 0o644 << 16
            offline.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)

        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name = path.relative_to(site)
            if name.parts[0] in FOR_SERVERS:
                continue
            content = path.read_bytes()
            if path.suffix in (".html", ".js"):
                content = BUTTON.sub("", content.decode("utf-8")).encode("utf-8")
            add(name.as_posix(), content)
