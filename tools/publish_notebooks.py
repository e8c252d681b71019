"""Put the notebooks of the built book on a branch of their own, and push it.

    publish_notebooks.py FOLDER [TAG]

Colab and nbgitpuller open what lies in a repository, and the notebooks are built from
the chapters: so they lie on a branch that holds nothing else. It only grows, because
nbgitpuller brings a reader's copy up to date from where it was. With the tag of a
release they go to a branch of its own, which stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from notebook_buttons import branch_of_notebooks  # noqa: E402

README = """\
# The notebooks of *Model Collapse: an interactive textbook*

Begin with `index.ipynb`. The first code cell of each notebook installs what it needs.
They are made from the chapters {source}; what is changed here is lost.
Text and figures are under CC BY 4.0, code is under the MIT licence.
"""


def publish(made: Path, repository: Path, remote: str = "origin", tag: str = "") -> str:
    """Push the notebooks in `made` if they differ from those on the branch.

    Parameters
    ----------
    made : Path
        The folder of the notebooks that the book's build wrote.
    repository : Path
        A clone; its working tree and its branches stay as they are.
    remote : str
        Where the branch goes.
    tag : str
        That of the release whose notebooks they are; of none, if they are the newest.

    Returns
    -------
    str
        The commit at the tip of the branch.
    """

    def git(*words: str, **more: str) -> str:
        command = ["git", *words]
        said = subprocess.run(
            command,
            cwd=repository,
            env={**os.environ, **more},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return said.stdout.strip()

    branch = branch_of_notebooks(tag)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "tree")
        for path in sorted(made.rglob("*.ipynb")):
            target = folder / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        source = f"at the tag `{tag}`" if tag else "on the branch `main`"
        readme = README.format(source=source)
        (folder / "README.md").write_text(readme, encoding="utf-8")
        own = {"GIT_INDEX_FILE": str(Path(name, "index"))}
        git("--work-tree", str(folder), "add", "--force", "--all", ".", **own)
        tree = git("write-tree", **own)

    tip, *_ = git("ls-remote", remote, f"refs/heads/{branch}").split() or [""]
    if tip:
        git("fetch", "--quiet", "--depth=1", remote, tip)
        if git("rev-parse", f"{tip}^{{tree}}") == tree:
            return tip
    commit = git("rev-parse", "--short", "HEAD")
    parents = ["-p", tip] if tip else []
    message = f"Notebooks of the chapters at {commit}"
    commit = git("commit-tree", tree, *parents, "-m", message)
    git("push", "--quiet", remote, f"{commit}:refs/heads/{branch}")
    return commit


if __name__ == "__main__":
    print(publish(Path(sys.argv[1]), ROOT, tag="".join(sys.argv[2:])))
