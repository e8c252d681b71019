"""Files and downloads that are whole or not there at all.

Floor 0: it knows paths and addresses, and nothing about what is written or read.
"""

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

AGENT = "model-collapse-textbook"
"""How a download presents itself to whoever runs the other end."""

TIMEOUT = 60
"""Seconds without a byte after which a download is given up."""


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


def download(address: str) -> bytes:
    """Return what an address holds, all of it.

    Parameters
    ----------
    address : str

    Raises
    ------
    FileNotFoundError
        If the other end answers that it has no such file.
    OSError
        If it does not answer, refuses, or breaks off; one sentence names the address.
    """
    try:
        request = urllib.request.Request(address, headers={"User-Agent": AGENT})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.read()
    except (OSError, ValueError, http.client.HTTPException) as error:
        gone = isinstance(error, urllib.error.HTTPError) and error.code in (404, 410)
        kind = FileNotFoundError if gone else OSError
        raise kind(f"{address} could not be downloaded: {error}") from error
