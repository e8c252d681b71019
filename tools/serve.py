"""A server for a folder of pages on this machine."""

from __future__ import annotations

import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from socket import socket

PREFERRED_PORT = 8000


class QuietHandler(SimpleHTTPRequestHandler):
    """Says nothing about requests that went well."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass

    def end_headers(self) -> None:
        # A page that is built anew is shown anew.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


class Server(ThreadingHTTPServer):
    """Serves `folder`, which may change while it runs."""

    folder: str

    def finish_request(self, request: socket, client_address: tuple) -> None:
        QuietHandler(request, client_address, self, directory=self.folder)

    def handle_error(self, request: socket | tuple, client_address: tuple) -> None:
        # A reader who leaves a page before all of it has come is no error.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def make_server(folder: str, port: int | None = None) -> Server:
    """A server of `folder` on `port`; with ``None``, on 8000 or on any free port."""
    wishes = [PREFERRED_PORT, 0] if port is None else [port]
    for wish in wishes:
        try:
            server = Server(("127.0.0.1", wish), QuietHandler)
        except OSError:
            if wish == wishes[-1]:
                raise
        else:
            server.folder = folder
            return server
    raise AssertionError("unreachable")
