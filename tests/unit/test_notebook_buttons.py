"""Buttons that open a page's notebook elsewhere, and the branch that Colab reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import notebook_buttons
from notebook_buttons import BRANCH
from publish_notebooks import publish


def buttons(repository: str, page: str) -> dict[str, dict[str, str]]:
    """Word -> address of each menu of a page."""
    options = {
        "repository_url": repository,
        "repository_branch": "main",
        "path_to_docs": "book",
    }
    app = SimpleNamespace(config=SimpleNamespace(html_theme_options=options))
    binder = {
        "text": "Binder",
        "url": f"https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/book/{page}.md",
    }
    ipynb = {"text": ".ipynb", "url": f"_sources/{page}.ipynb"}
    context = {
        "header_buttons": [
            {"label": "launch-buttons", "buttons": [binder]},
            {"label": "download-buttons", "buttons": [ipynb]},
            {"label": "fullscreen-button"},
        ],
        "ran_notebook": f"_run/{page}.ipynb",
        "pathto": lambda path, resource: f"../{path}",
    }
    notebook_buttons.add_buttons(app, page, "page.html", context, doctree=object())
    return {
        group["label"]: {each["text"]: each["url"] for each in group["buttons"]}
        for group in context["header_buttons"]
        if "buttons" in group
    }


def test_addresses_are_made_from_the_repositorys() -> None:
    assert buttons("https://github.com/a/b", "appendix/c") == {
        "launch-buttons": {
            "Binder": "https://mybinder.org/v2/gh/a/b/main"
            "?urlpath=lab/tree/notebooks/appendix/c.ipynb",
            "Colab": "https://colab.research.google.com/github/a/b/blob/notebooks"
            "/appendix/c.ipynb",
            "Codespaces": "https://codespaces.new/a/b?quickstart=1",
        },
        "download-buttons": {
            ".ipynb": "_sources/appendix/c.ipynb",
            ".ipynb with outputs": "../_run/appendix/c.ipynb",
        },
    }


def test_a_release_opens_at_its_own_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE", "v0.1.0")
    options = {
        "repository_url": "https://github.com/a/b",
        "repository_branch": "v0.1.0",
    }
    found = notebook_buttons.addresses(options)
    assert "/a/b/v0.1.0?" in found["binder"]
    assert "/a/b/blob/notebooks-v0.1.0/" in found["colab"]
    assert "&branch=notebooks-v0.1.0&" in found["nbgitpuller"]
    assert found["codespaces"] == "https://codespaces.new/a/b/tree/v0.1.0?quickstart=1"


def test_who_is_not_on_github_has_no_buttons_that_need_it() -> None:
    assert set(buttons("https://gitlab.com/a/b", "c")["launch-buttons"]) == {"Binder"}


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.org", *words]
    ran = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    )
    return ran.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a repository on this machine that has one commit."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@b.org")
    folder, remote = tmp_path / "clone", tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(tmp_path, "clone", "--quiet", str(remote), str(folder))
    (folder / ".gitignore").write_text("*.ipynb\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "One")
    return folder


def test_branch_of_notebooks_holds_them_alone_and_only_grows(
    clone: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    (made / "appendix").mkdir(parents=True)
    for name in ("one", "appendix/two"):
        (made / f"{name}.ipynb").write_text(name)
        (made / f"{name}.md").write_text(name)
    remote = tmp_path / "remote.git"

    first = publish(made, clone)
    assert git(remote, "rev-parse", BRANCH) == first
    names = git(remote, "ls-tree", "-r", "--name-only", BRANCH).split()
    assert names == ["README.md", "appendix/two.ipynb", "one.ipynb"]
    assert git(remote, "show", f"{BRANCH}:appendix/two.ipynb") == "appendix/two"
    assert git(clone, "status", "--short", "--branch").count("\n") == 0

    assert publish(made, clone) == first, "nothing is new"
    (made / "one.ipynb").write_text("another edition")
    second = publish(made, clone)
    assert git(remote, "rev-parse", f"{second}^") == first
    (made / "one.ipynb").unlink()
    publish(made, clone)
    names = git(remote, "ls-tree", "-r", "--name-only", BRANCH).split()
    assert names == ["README.md", "appendix/two.ipynb"]


def test_notebooks_of_a_release_stay_on_a_branch_of_their_own(
    clone: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (made / "one.ipynb").write_text("as released")
    remote = tmp_path / "remote.git"
    publish(made, clone, tag="v1")
    (made / "one.ipynb").write_text("newer")
    publish(made, clone)
    assert git(remote, "show", "notebooks-v1:one.ipynb") == "as released"
    assert "at the tag `v1`" in git(remote, "show", "notebooks-v1:README.md")
    assert git(remote, "show", f"{BRANCH}:one.ipynb") == "newer"


def test_notebooks_are_published_without_sphinx(root: Path) -> None:
    """By a step of the workflow that installs nothing."""
    script = "import sys; sys.modules['sphinx'] = None; import publish_notebooks"
    subprocess.run(
        [sys.executable, "-c", script], cwd=root / "tools", check=True, timeout=60
    )


def test_a_codespace_runs_a_command_of_the_readme(root: Path) -> None:
    path = root / ".devcontainer" / "devcontainer.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    command = settings["postCreateCommand"]
    target = re.fullmatch(r"make (\w+) TORCH=cpu", command)[1]
    assert f"make {target}" in (root / "README.md").read_text(encoding="utf-8")
    steps = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--dry-run",
            "--always-make",
            target,
            f"PYTHON={sys.executable}",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert steps.stdout.splitlines()[-1].endswith("_build/html/_notebooks notebooks")
    tried = (root / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    version = settings["image"].rpartition(":")[2]
    assert f'"{version}"' in tried, "a Python that the workflow does not try"
    (opened,) = settings["customizations"]["codespaces"]["openFiles"]
    assert opened == f"{notebook_buttons.FOLDER}/index.ipynb"
