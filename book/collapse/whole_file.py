"""Files that stand in their place whole or not at all.

Floor 0: it knows paths and nothing about what is written.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def replace_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Write beside a file, then put the new one in its place in one step.

    Parameters
    ----------
    path : Path
        Its folder must be there; what stands at `path` stays if `write` fails or is
        interrupted.
    write : callable
        Gets the path of the unfinished file.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
