"""The package as it was at some commit, taken out of git's history.

Floor 3: it calls git and knows nothing of what is in the package.
"""

import io
import os
import subprocess
import tarfile
from pathlib import Path

from .code import references


def head() -> str | None:
    """Return the newest commit; None outside a repository, or without git."""
    found = _git("rev-parse", "HEAD")
    return found.decode().strip() if found else None


def unpack(commit: str, folder: Path) -> Path | None:
    """Write the package of a commit into a folder.

    Returns
    -------
    Path or None
        The package's folder; None if the history does not hold it.
    """
    archive = _git("archive", "--format=tar", commit, references.PACKAGE.name)
    if archive is None:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder / references.PACKAGE.name


def _git(*arguments: str) -> bytes | None:
    """Return what git prints where the package lies; None if it fails."""
    command = ["git", "-C", str(references.PACKAGE.parent), *arguments]
    # A hook's variables, such as GIT_DIR, may lead to another repository.
    env = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    try:
        return subprocess.run(command, capture_output=True, check=True, env=env).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
