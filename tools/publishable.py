"""Say what the book still lacks before it can be published, and what does not agree.

    publishable.py [--tag v0.1.0] [--notes]

`PUBLISHING.md` says what each line means. With a tag, look also whether it is that of
the version; with ``--notes`` print what CHANGELOG.md says of the version, and no more.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from citation import Book, read_book  # noqa: E402
from printed_pages import version  # noqa: E402
from site_address import published_at  # noqa: E402

NOBODY = "The Model Collapse textbook authors"
NOWHERE = "model-collapse/textbook"
SITE = re.compile(r'^SITE = "(.+)"', re.MULTILINE)
HOLDER = re.compile(r"^Copyright \(c\) \d+ (.+)$", re.MULTILINE)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def paper_head(root: Path) -> dict[str, Any]:
    """The front matter of paper.md."""
    text = (root / "paper.md").read_text(encoding="utf-8")
    return yaml.safe_load(text.split("---\n", 2)[1])


def settings(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))


def missing(root: Path) -> list[str]:
    """What only the owner knows and has not said."""
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    paper = paper_head(root)
    found = []
    if any(each.get("name") == NOBODY for each in cited["authors"]):
        found.append("CITATION.cff: authors: family-names and given-names of each")
    for author in cited["authors"]:
        found += [
            f"CITATION.cff: {field} of {author.get('family-names', 'each author')}"
            for field in ("orcid", "affiliation")
            if field not in author
        ]
    if "doi" not in cited:
        found.append("CITATION.cff: doi, which the archive reserves")
    if NOWHERE in settings(root)["repository"]["url"]:
        found.append("_config.yml: repository: url, where the repository really is")
    if not paper["affiliations"][0]["name"]:
        found.append("paper.md: affiliations: name of the first")
    try:
        notes(root, cited["version"])
    except ValueError as lacking:
        found.append(f"{lacking}: rename Unreleased")
    told = {
        "experience": "Experience of use: where it was taught, or that it was not",
        "story": "Story of the project: how its authors came to write it",
    }
    return found + [f"paper.md: {told[each]}" for each in paper["missing"]]


def differences(root: Path) -> list[str]:
    """Where two files say what one of them must have wrong."""
    book: Book = read_book(root)
    names = [author.name for author in book.authors]
    archive = json.loads((root / ".zenodo.json").read_text(encoding="utf-8"))
    config = settings(root)
    repository = config["repository"]["url"]
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    known = (root / "book/collapse/exercises/check.py").read_text(encoding="utf-8")
    licence = (root / "LICENSE").read_text(encoding="utf-8")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    site = config["html"].get("baseurl") or published_at(repository)
    turned = [
        " ".join(reversed(each["name"].split(", "))) for each in archive["creators"]
    ]
    pairs = {
        "CITATION.cff and the package: version": (book.version, version(root / "book")),
        "CITATION.cff and .zenodo.json: version": (book.version, archive["version"]),
        "CITATION.cff and .zenodo.json: title": (book.title, archive["title"]),
        "CITATION.cff and .zenodo.json: authors": (names, turned),
        "CITATION.cff and paper.md: authors": (
            names,
            [each["name"] for each in paper_head(root)["authors"]],
        ),
        "CITATION.cff and _config.yml: author": (book.names, config["author"]),
        "CITATION.cff and _config.yml: repository": (
            cited["repository-code"],
            repository,
        ),
        "CITATION.cff and _config.yml: address of the site": (cited["url"], site),
        "CITATION.cff and LICENSE: authors": (book.names, HOLDER.search(licence)[1]),
        "CITATION.cff and pyproject.toml: authors": (
            names,
            [each["name"] for each in project["authors"]],
        ),
        "check.py and _config.yml: SITE": (SITE.search(known)[1], site),
    }
    return [f"{what}: {a!r} and {b!r}" for what, (a, b) in pairs.items() if a != b]


def notes(root: Path, wanted: str) -> str:
    """What CHANGELOG.md says of a version.

    Raises
    ------
    ValueError
        If it has no heading for it.
    """
    parts = HEADING.split((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if heading.split()[0] == wanted:
            return text.strip()
    raise ValueError(f"CHANGELOG.md has no heading for {wanted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tag")
    parser.add_argument("--notes", action="store_true")
    options = parser.parse_args()
    book = read_book(ROOT)
    if options.notes:
        try:
            print(notes(ROOT, book.version))
        except ValueError as lacking:
            sys.exit(str(lacking))
        return
    said = [f"Missing: {each}" for each in missing(ROOT)]
    said += [f"Not the same: {each}" for each in differences(ROOT)]
    if options.tag and options.tag != f"v{book.version}":
        said.append(
            f"Not the same: the tag {options.tag} and the version {book.version}"
        )
    if said:
        sys.exit("\n".join([*said, f"{len(said)} to do; PUBLISHING.md says how."]))
    print("The book can be published.")


if __name__ == "__main__":
    main()
