"""Web servers of this machine that a test starts and ends."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[str]:
    """Serve while the block runs; gives the address, without a slash at its end."""
    with server:
        # It looks this often whether it is to end: by default twice a second.
        work = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        work.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
