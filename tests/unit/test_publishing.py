"""What is published: where, under which names, and what stays readable."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import publishable
from old_versions import add_versions
from site_address import published_at, set_address

READ = [
    "CITATION.cff",
    ".zenodo.json",
    "_config.yml",
    "paper.md",
    "CHANGELOG.md",
    "LICENSE",
    "pyproject.toml",
    "book/collapse/__init__.py",
    "book/collapse/exercises/check.py",
]


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A copy of the files that must agree."""
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("https://github.com/Some-One/Book", "https://some-one.github.io/Book/"),
        ("https://github.com/one/One.github.io", "https://one.github.io/"),
        ("https://gitlab.com/one/book", ""),
        ("https://github.com/one", ""),
    ],
)
def test_github_publishes_a_repository_here(repository: str, site: str) -> None:
    assert published_at(repository) == site


@pytest.mark.parametrize(
    ("tag", "address", "branch"),
    [("", "https://a.org/b/", "main"), ("v0.1.0", "https://a.org/b/v0.1.0/", "v0.1.0")],
)
def test_a_release_names_itself_in_its_own_folder(
    tag: str, address: str, branch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASE", tag)
    options = {"repository_url": "https://a.org/r", "repository_branch": "main"}
    config = SimpleNamespace(html_baseurl="https://a.org/b", html_theme_options=options)
    set_address(None, config)
    assert config.html_baseurl == address
    assert options["repository_branch"] == branch


def test_a_tag_of_another_version_is_told_with_all_else(root: Path) -> None:
    told = subprocess.run(
        [sys.executable, root / "tools" / "publishable.py", "--tag", "v9"],
        capture_output=True,
        text=True,
    )
    assert told.returncode
    assert "the tag v9 and the version" in told.stderr
    assert "CITATION.cff" in told.stderr


def test_files_agree_on_names_version_and_addresses(root: Path) -> None:
    assert publishable.differences(root) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (".zenodo.json", '"0.', '"9.', ".zenodo.json: version"),
        ("book/collapse/__init__.py", '"0.', '"9.', "the package: version"),
        ("_config.yml", "author: The", "author: A", "_config.yml: author"),
        ("paper.md", "name: The", "name: A", "paper.md: authors"),
        ("_config.yml", "/textbook", "/other", "SITE"),
        ("CITATION.cff", "url: https", "url: http", "address of the site"),
        ("LICENSE", "The Model", "A Model", "LICENSE: authors"),
        ("pyproject.toml", 'name = "The', 'name = "A', "pyproject.toml: authors"),
    ],
)
def test_a_difference_is_told(copy: Path, file: str, old: str, new: str, told: str):
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    publishable.read_book.cache_clear()
    assert any(told in each for each in publishable.differences(copy))


def test_nothing_is_missing_once_the_owner_has_said_all(copy: Path) -> None:
    assert len(publishable.missing(copy)) > 5
    cited = yaml.safe_load((copy / "CITATION.cff").read_text(encoding="utf-8"))
    person = {"family-names": "Lovelace", "given-names": "Ada"}
    cited["authors"] = [person | {"orcid": "https://orcid.org/0", "affiliation": "B"}]
    cited["doi"] = "10.1/x"
    (copy / "CITATION.cff").write_text(yaml.safe_dump(cited), encoding="utf-8")
    for file, old, new in (
        ("_config.yml", "model-collapse/textbook", "ada/book"),
        ("paper.md", 'name: ""', "name: B"),
        ("paper.md", "[experience, story]", "[]"),
        ("CHANGELOG.md", "## Unreleased", f"## {cited['version']}"),
    ):
        text = (copy / file).read_text(encoding="utf-8")
        (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    assert publishable.missing(copy) == []


def test_notes_of_a_release_are_those_of_its_version(copy: Path) -> None:
    (copy / "CHANGELOG.md").write_text(
        "# Changes\n\n## 0.2.0 (2026)\n\nNew.\n\n## 0.1.0\n\nOld.\n", encoding="utf-8"
    )
    assert publishable.notes(copy, "0.2.0") == "New."
    with pytest.raises(ValueError, match="no heading for 9"):
        publishable.notes(copy, "9")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([], ["--torch-backend cpu"]),
        (["TORCH=cu130"], ["--torch-backend cu130"]),
        (["INDEX=pypi"], []),
    ],
)
def test_the_frozen_environment_has_the_torch_that_is_asked_for(
    settings: list[str], told: list[str], root: Path
) -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "lock", *settings],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    compiled = shown[shown.index("uv pip compile") :]
    assert re.findall(r"--torch-backend \w+", compiled) == told
    assert "--generate-hashes" in compiled


def test_the_archive_says_what_it_holds(root: Path) -> None:
    known = json.loads((root / ".zenodo.json").read_text(encoding="utf-8"))
    wanted = {"title", "version", "upload_type", "description", "creators", "license"}
    assert wanted <= known.keys()


def test_an_old_version_stays_and_leads_to_the_newest(tmp_path: Path) -> None:
    site, releases = tmp_path / "site", tmp_path / "releases"
    releases.mkdir()
    (site / "appendix").mkdir(parents=True)
    for name in ("index.html", "appendix/kept.html"):
        (site / name).write_text("<article>new</article>")
    (site / "versions.html").write_text(
        '<ul class="versions">\n<li>The newest</li>\n</ul><ul></ul>'
    )
    for tag in ("v0.1.0", "v0.10.0", "v0.9.0"):
        with zipfile.ZipFile(releases / f"{tag}.zip", "w") as packed:
            for name in ("index", "appendix/kept", "appendix/gone", "404", "versions"):
                up = "../" * name.count("/")
                text = (
                    f'"datePublished": "2026-11-23"<a href="{up}versions.html">All</a>'
                    '<article class="bd-article">old</article>'
                )
                packed.writestr(f"book/{name}.html", text)
            packed.writestr("book/sitemap.xml", "")

    assert add_versions(site, releases) == ["v0.1.0", "v0.9.0", "v0.10.0"]
    listed = re.findall(r"<li>(.*?)</li>", (site / "versions.html").read_text())
    assert listed == [
        "The newest",
        *(
            f'<a href="v{number}/index.html">Version {number}</a>, 23 November 2026'
            for number in ("0.10.0", "0.9.0", "0.1.0")
        ),
    ]
    old = site / "v0.1.0"
    assert (site / "index.html").read_text() == "<article>new</article>"
    assert not (old / "sitemap.xml").exists()
    assert not (old / "404.html").exists()
    assert not (old / "versions.html").exists()
    for name, newest in (
        ("index.html", "../index.html"),
        ("appendix/kept.html", "../../appendix/kept.html"),
        ("appendix/gone.html", "../../index.html"),
    ):
        text = (old / name).read_text()
        assert f'<a href="{newest}">' in text
        assert "version 0.1.0" in text
        assert text.endswith("old</article>")
        assert (old / name).parent.joinpath(newest).exists()
        versions = re.search(r'href="(\S*versions.html)"', text)[1]
        assert (old / name).parent.joinpath(
            versions
        ).resolve() == site / "versions.html"


def test_a_release_is_looked_at_then_tested_then_built_then_published(
    root: Path,
) -> None:
    text = (root / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    order = ["publishable", "tests", "release", "publish"]
    assert [*jobs] == order
    assert [jobs[name].get("needs") for name in order] == [None, *order[:-1]]
    assert jobs["tests"]["uses"] == "./.github/workflows/tests.yml"
