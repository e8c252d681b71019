"""Change a module in one place at a time; list the changes that no quick test notices.

Cosmic Ray makes the mutants. Each is judged in a copy of the repository, by the tests
of the module itself and then by all others of `make check` that import it. What was
read and judged to change nothing stands in equal.txt, with its reason, and is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import attrs
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult
from tqdm import tqdm

ROOT = Path(__file__).parents[2]
EQUAL = Path(__file__).with_name("equal.txt")
PACKAGE = Path("book", "collapse")
COPIED = ["book", "tests", "tools"]
LONGEST = 600
ENOUGH = 0.9
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
# One change of each kind and place: what notices none will not notice a twelfth.
REPLACED = {
    "Binary": "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Div Mod_Mul Pow_Mul",
    "Comparison": "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Is_IsNot IsNot_Is",
    "Unary": "USub_UAdd Delete_Not Delete_Invert",
}
OPERATORS = {
    "core/AddNot",
    "core/NumberReplacer",
    "core/RemoveDecorator",
    "core/ReplaceAndWithOr",
    "core/ReplaceBinaryOperator_BitAnd_BitOr",
    "core/ReplaceBreakWithContinue",
    "core/ReplaceContinueWithBreak",
    "core/ReplaceFalseWithTrue",
    "core/ReplaceOrWithAnd",
    "core/ReplaceTrueWithFalse",
    "core/ZeroIterationForLoop",
}
OPERATORS |= {
    f"core/Replace{kind}Operator_{pair}"
    for kind, pairs in REPLACED.items()
    for pair in pairs.split()
}


def mutations(file: Path, session: Path) -> list[MutationSpec]:
    """Return the changes to make in a file."""
    with use_db(session) as database:
        init([file], database, {})
        found = [item.mutations[0] for item in database.work_items]
    return [each for each in found if each.operator_name in OPERATORS]


def tests_of(file: Path, root: Path) -> list[str]:
    """Return the files of tests that judge a module: its own ones first.

    Tests of shipped results stay out: they refuse any change of the code, rightly.
    """
    names = file.relative_to(root / PACKAGE).with_suffix("").parts
    imports = re.compile(rf"^(from|import) .*\b({'|'.join(names)})\b", re.MULTILINE)
    refuses = re.compile(
        r"^from collapse(\.| import .*)(experiments|sweep)", re.MULTILINE
    )
    texts = {
        path: path.read_text(encoding="utf-8")
        for folder in ("unit", "property")
        for path in sorted((root / "tests" / folder).rglob("test_*.py"))
    }
    found = [
        path
        for path, text in texts.items()
        if imports.search(text) and not refuses.search(text)
    ]
    found.sort(key=lambda path: path.stem.removeprefix("test_") not in names)
    return [str(path) for path in found]


def command(file: Path, root: Path) -> str:
    """Return the command that judges a file in a copy of the repository.

    Without pytest's plugins, whose start takes longer than most modules' tests.
    """
    options = f"-c {root / 'pyproject.toml'} -o addopts=--import-mode=importlib -x -q"
    tests = " ".join(tests_of(file, root))
    bare = (
        "env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTHONWARNINGS=ignore OMP_NUM_THREADS=1"
    )
    python = shlex.quote(sys.executable)
    return f'{bare} {python} -m pytest {options} -m "not slow" {tests}'


@contextlib.contextmanager
def copies(number: int) -> Iterator[SimpleQueue[Path]]:
    """Give copies of the repository, one for each core, and stand beside them."""
    skip = shutil.ignore_patterns("__pycache__")
    waiting: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for each in range(number):
            root = Path(folder, f"copy-{each}")
            for name in COPIED:
                shutil.copytree(ROOT / name, root / name, ignore=skip)
            shutil.copy(ROOT / "pyproject.toml", root)
            waiting.put(root)
        yield waiting


def judge(file: Path) -> list[WorkResult]:
    """Run the tests on each mutant of a file, as many at a time as there are cores."""
    with copies(CORES) as waiting:
        root = waiting.get()
        start = time.monotonic()
        outcome, output = run_tests(command(root / file, root), LONGEST)
        if outcome != TestOutcome.SURVIVED:
            raise SystemExit(f"The tests fail without any mutant:\n{output}")
        patience = 10 + 5 * (time.monotonic() - start)
        mutants = mutations(root / file, Path("session.sqlite"))
        waiting.put(root)

        def run(mutant: MutationSpec) -> WorkResult:
            root = waiting.get()
            here = attrs.evolve(mutant, module_path=root / file)
            result = mutate_and_test([here], command(root / file, root), patience)
            waiting.put(root)
            return result

        with ThreadPoolExecutor(CORES) as pool:
            return list(tqdm(pool.map(run, mutants), total=len(mutants)))


def change(result: WorkResult) -> tuple[str, str]:
    """Return the lines of a file before and after a mutation, without any space."""
    lines = result.diff.splitlines()[4:]
    before, after = (
        "".join("".join(line[1:].split()) for line in lines if line.startswith(sign))
        for sign in "-+"
    )
    return before, after


def judged_equal(file: Path) -> set[tuple[str, str]]:
    """Return the changes of a file that were read and found to change nothing."""
    known, module, before = set(), "", ""
    for line in EQUAL.read_text(encoding="utf-8").splitlines():
        code = "".join(line[1:].split())
        if line.startswith("-"):
            before = code
        elif line.startswith("+") and module == file.relative_to(PACKAGE).as_posix():
            known.add((before, code))
        elif ".py: " in line:
            module = line.split(":")[0]
    return known


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="a module, as book/collapse/streams.py")
    file = parser.parse_args().file
    equal = judged_equal(file)
    results = judge(file)
    survived = [each for each in results if not each.is_killed]
    noticed = len(results) - len(survived)
    unnoticed = [each for each in survived if change(each) not in equal]
    for each in unnoticed:
        lines = each.diff.splitlines()[3:]
        print(*(line for line in lines if line[0] in "@-+"), sep="\n")
    share = noticed / (noticed + len(unnoticed))
    print(
        f"{file}: of {len(results)} mutants {noticed} are killed, {len(unnoticed)} "
        f"survive and {len(survived) - len(unnoticed)} are judged equal: {share:.1%}"
    )
    raise SystemExit(share < ENOUGH)


if __name__ == "__main__":
    main()
