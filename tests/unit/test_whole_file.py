"""A file is there whole, old or new, whatever happens while it is written."""

from __future__ import annotations

import pytest

from collapse.whole_file import replace_file


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
