"""What a reader sees while packages are installed, and which program installs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import install

SAID = """\
Collecting torch==2.13.0
  Downloading torch-2.13.0-cp311-manylinux.whl.metadata (31 kB)
  Downloading torch-2.13.0-cp311-manylinux.whl (812.4 MB)
  Downloading numpy-2.4.6-cp311.whl (16.1 MB)
Installing collected packages: numpy, torch
Successfully installed numpy-2.4.6 torch-2.13.0
"""


@pytest.fixture
def wanted(tmp_path: Path) -> str:
    path = tmp_path / "requirements.txt"
    path.write_text("torch==2.13.0\nnumpy\n")
    return str(path)


@pytest.fixture
def no_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.shutil, "which", lambda name: None)


def pip_is(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(install, "pip_command", lambda *_: [sys.executable, "-c", code])


@pytest.mark.usefixtures("no_uv")
def test_pips_hundreds_of_lines_become_a_few(wanted: str, monkeypatch, capfd) -> None:
    pip_is(monkeypatch, f"print({SAID!r})")
    install.install(wanted)
    told = capfd.readouterr().out.splitlines()
    assert told[0].startswith(f"Installing {wanted}; torch is large")
    assert "  torch-2.13.0-cp311-manylinux.whl (812.4 MB)" in told
    assert "  unpacking 2 packages" in told
    assert told[-1].startswith("  2 installed in ")
    assert len(told) == 4


@pytest.mark.usefixtures("no_uv")
def test_what_pip_could_not_do_is_said_with_its_reason(
    wanted: str, monkeypatch, capfd
) -> None:
    pip_is(monkeypatch, "import sys; print('ERROR: no such package'); sys.exit(1)")
    with pytest.raises(SystemExit) as end:
        install.install(wanted)
    assert "ERROR: no such package" in str(end.value)


@pytest.mark.parametrize("backend", [None, "cpu"])
@pytest.mark.parametrize("status", [0, 1])
def test_uv_installs_where_it_is_at_hand_and_pip_where_uv_cannot(
    wanted: str, backend: str | None, status: int, tmp_path: Path, monkeypatch
) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\nexit {status}\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    asked_pip = []
    monkeypatch.setattr(install, "with_pip", lambda *given: asked_pip.append(given))
    install.install(wanted, backend)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert all(f"--python {sys.executable}" in line for line in asked)
    assert ("--torch-backend=cpu" in asked[0]) == (backend == "cpu")
    assert asked_pip == ([(wanted, backend)] if status else [])


def test_the_index_of_cpu_builds_is_asked_only_if_wanted(wanted: str) -> None:
    assert install.CPU_INDEX in install.pip_command(wanted, "cpu")
    assert install.CPU_INDEX not in install.pip_command(wanted, None)
