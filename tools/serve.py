"""Serve a built site on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import functools
import os
import sys
import webbrowser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

PREFERRED_PORT = 8000


class QuietHandler(SimpleHTTPRequestHandler):
    """Says nothing about requests that went well."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


def make_server(folder: str, port: int | None = None) -> ThreadingHTTPServer:
    """A server of `folder` on `port`; with ``None``, on 8000 or on any free port."""
    handler = functools.partial(QuietHandler, directory=folder)
    wishes = [PREFERRED_PORT, 0] if port is None else [port]
    for wish in wishes:
        try:
            return ThreadingHTTPServer(("127.0.0.1", wish), handler)
        except OSError:
            if wish == wishes[-1]:
                raise
    raise AssertionError("unreachable")


def has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--port", type=int)
    parser.add_argument("--browser", choices=["auto", "none"], default="auto")
    options = parser.parse_args()
    try:
        server = make_server(options.folder, options.port)
    except OSError as error:
        sys.exit(f"Port {options.port} cannot be used: {error.strerror}")
    address = f"http://localhost:{server.server_port}/"
    print(f"The book is at {address} until you press Ctrl-C.", flush=True)
    if options.browser == "auto" and has_display():
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
