"""Install what a requirements file asks for, with uv where it is at hand, else pip.

    install.py requirements.txt [--torch cpu]

Runs in the Python that gets the packages. With ``--torch cpu``, torch comes as its CPU
build, 2 GB less than the ordinary one on Linux; where the place that has these cannot
be reached, PyPI's ordinary build serves as well.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from progress import Progress, clock

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
LARGE = re.compile(r"\((\d{3,}\.\d MB|[\d.]+ GB)\)")
FETCHED = re.compile(r"(?:Downloading|Using cached|Processing) (\S+)(.*)")
INSTALLED = re.compile(r"Successfully installed (.*)")


def with_uv(uv: str, requirements: str, torch: str | None) -> bool:
    """Install with uv, which shows by itself what it does; say whether it could."""
    backend = [f"--torch-backend={torch}"] if torch else []
    command = [uv, "pip", "install", "--python", sys.executable, *backend]
    return subprocess.run([*command, "--requirement", requirements]).returncode == 0


def pip_command(requirements: str, torch: str | None) -> list[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    # Asked for each package: where it cannot be reached, one refusal each is enough.
    index = ["--extra-index-url", CPU_INDEX, "--retries", "1"] if torch == "cpu" else []
    return [*command, *index, "--requirement", requirements]


def with_pip(requirements: str, torch: str | None) -> None:
    """Install with pip and show which package it is at, not its hundreds of lines."""
    said = []
    now = ["asking for the packages and what they need"]
    with (
        Progress(lambda: now[0]) as progress,
        subprocess.Popen(
            pip_command(requirements, torch),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as pip,
    ):
        assert pip.stdout
        for line in map(str.strip, pip.stdout):
            said.append(line)
            if found := FETCHED.match(line):
                name = Path(found[1]).name.removesuffix(".metadata")
                now[0] = f"{name}{found[2]}"
                if LARGE.search(line):
                    progress.say(f"  {now[0]}")
            elif line.startswith("Installing collected packages"):
                count = line.count(",") + 1
                now[0] = f"unpacking {count} package{'s' if count > 1 else ''}"
                progress.say(f"  {now[0]}")
    if pip.returncode:
        sys.exit("\n".join([*said[-30:], f"pip could not install {requirements}."]))
    count = next(
        (len(INSTALLED.match(s)[1].split()) for s in said if INSTALLED.match(s)), 0
    )
    print(f"  {count} installed in {clock(progress.seconds)}.", flush=True)


def install(requirements: str, torch: str | None = None) -> None:
    if uv := shutil.which("uv"):
        print(f"Installing {requirements} with uv.", flush=True)
        if with_uv(uv, requirements, torch) or (
            torch and with_uv(uv, requirements, None)
        ):
            return
        print("uv could not do it; trying pip.", flush=True)
    print(
        f"Installing {requirements}; torch is large, so this can take some minutes."
        if "torch==" in Path(requirements).read_text(encoding="utf-8")
        else f"Installing {requirements}.",
        flush=True,
    )
    with_pip(requirements, torch)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("requirements")
    parser.add_argument("--torch", choices=["cpu"])
    options = parser.parse_args(arguments)
    install(options.requirements, options.torch)


if __name__ == "__main__":
    main()
