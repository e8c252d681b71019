"""A file is there whole, old or new, whatever happens while it is written."""

from __future__ import annotations

import http.server

import pytest

from collapse.whole_file import download, replace_file
from support.servers import serving


@pytest.mark.parametrize("old", [None, "old"])
def test_the_new_file_stands_alone(tmp_path, old):
    path = tmp_path / "file.txt"
    if old is not None:
        path.write_text(old)
    replace_file(path, lambda place: place.write_text("new"))
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("trouble", [OSError, KeyboardInterrupt])
def test_the_old_file_stays_if_writing_is_broken_off(tmp_path, trouble):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write(place):
        place.write_text("ne")
        raise trouble

    with pytest.raises(trouble):
        replace_file(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_unfinished_file_stands_beside_it_under_another_name(tmp_path):
    path = tmp_path / "file.txt"
    seen = []

    def write(unfinished):
        unfinished.write_text("new")
        seen.append(unfinished)
        assert not path.exists()

    replace_file(path, write)
    assert seen[0].parent == tmp_path
    assert seen[0].name.startswith("file.txt.")


ANSWERS = {
    "/whole": (200, b"0123456789", 10),
    "/broken": (200, b"01234", 10),
    "/nowhere": (404, b"", 0),
    "/gone": (410, b"", 0),
    "/forbidden": (403, b"", 0),
    "/busy": (503, b"", 0),
}


@pytest.fixture(scope="module")
def address():
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            code, content, announced = ANSWERS[self.path]
            self.send_response(code)
            self.send_header("Content-Length", str(announced))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)) as address:
        yield address


def test_a_download_is_all_of_it(address):
    assert download(f"{address}/whole") == b"0123456789"


@pytest.mark.parametrize(
    "path", ["/broken", "/nowhere", "/gone", "/forbidden", "/busy"]
)
def test_a_download_that_fails_names_its_address(address, path):
    with pytest.raises(OSError, match=f"{path} could not be downloaded: ") as failed:
        download(f"{address}{path}")
    gone = path in ("/nowhere", "/gone")
    assert isinstance(failed.value, FileNotFoundError) == gone


@pytest.mark.parametrize("nonsense", ["", "nonsense", "http://", "http://127.0.0.1:9/"])
def test_what_is_no_address_cannot_be_downloaded(nonsense):
    with pytest.raises(OSError, match="could not be downloaded"):
        download(nonsense)
