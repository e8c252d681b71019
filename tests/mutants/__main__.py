"""Change a module in one place at a time; list the changes that no quick test notices.

Cosmic Ray makes the mutants. Each is judged in a copy of the repository, by the tests
of the module itself and then by all others of `make check` that import it. What was
read and judged to change nothing stands in equal.txt, with its reason, and is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shlex
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from modulefinder import ModuleFinder
from pathlib import Path
from queue import SimpleQueue

import attrs
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
EQUAL = Path(__file__).with_name("equal.txt")
PACKAGE = Path("book", "collapse")
LEFT_OUT = (".*", "_build", "__pycache__", "build", "notebooks")
QUICK, MARKS = ("property", "unit"), "not slow and not shipped"
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


def tests_of(file: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of quick tests that import a module, be it through others.

    The module's own tests stand apart; of the others, those that import least go first.
    """
    size = {}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    places = settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    for folder in QUICK:
        for test in (ROOT / "tests" / folder).rglob("test_*.py"):
            finder = ModuleFinder([str(ROOT / place) for place in places])
            for each in (test.with_name("conftest.py"), test):
                if each.is_file():
                    finder.run_script(str(each))
            known = {module.__file__ for module in finder.modules.values()}
            if str(ROOT / file) in known:
                size[test.relative_to(ROOT)] = len(known)
    names = file.relative_to(PACKAGE).with_suffix("").parts
    own = [test for test in size if test.stem.removeprefix("test_") in names]
    others = [test for test in size if test not in own]
    return own, sorted(others, key=size.__getitem__)


def command(tests: tuple[list[Path], list[Path]], root: Path) -> str:
    """Return the command that runs tests in a copy of the repository.

    The others run, and are imported, only where the module's own tests pass. Without
    pytest's plugins, whose start takes longer than most modules' tests, and without
    tests of shipped results, which refuse any change of the code behind them.
    """
    bare = (
        "env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 OMP_NUM_THREADS=1 PYTHONWARNINGS=ignore"
    )
    python = shlex.quote(sys.executable)
    options = f"-c {root / 'pyproject.toml'} -o addopts=--import-mode=importlib -x -q"
    run = f'{bare} {python} -m pytest {options} -m "{MARKS}"'
    files = (" ".join(str(root / test) for test in group) for group in tests if group)
    return f"bash -c {shlex.quote(' && '.join(f'{run} {each}' for each in files))}"


@contextlib.contextmanager
def copies(number: int) -> Iterator[SimpleQueue[Path]]:
    """Give copies of the repository, one for each core, and stand beside them."""
    skip = shutil.ignore_patterns(*LEFT_OUT)
    waiting: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for each in range(number):
            root = Path(folder, f"copy-{each}")
            shutil.copytree(ROOT, root, ignore=skip)
            waiting.put(root)
        yield waiting


def judge(
    file: Path, tests: tuple[list[Path], list[Path]], sample: int
) -> list[WorkResult]:
    """Run the tests on mutants of a file, as many at a time as there are cores."""
    with copies(CORES) as waiting:
        root = waiting.get()
        start = time.monotonic()
        outcome, output = run_tests(command(tests, root), LONGEST)
        if outcome != TestOutcome.SURVIVED:
            raise SystemExit(f"The tests fail without any mutant:\n{output}")
        patience = 10 + 5 * (time.monotonic() - start)
        mutants = mutations(root / file, Path("session.sqlite"))
        if 0 < sample < len(mutants):
            print(f"{sample} of {len(mutants)} mutants, drawn at random.")
            mutants = random.sample(mutants, sample)
        waiting.put(root)

        def run(mutant: MutationSpec) -> WorkResult:
            root = waiting.get()
            here = attrs.evolve(mutant, module_path=root / file)
            result = mutate_and_test([here], command(tests, root), patience)
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


def module_named(name: str) -> Path:
    """Return a module of the package, relative to the repository."""
    path = Path(name).resolve()
    if path.suffix != ".py" or not path.is_file() or ROOT / PACKAGE not in path.parents:
        raise argparse.ArgumentTypeError(f"must be a module of {PACKAGE}, got {name!r}")
    return path.relative_to(ROOT)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("FILE", type=module_named, help=f"as {PACKAGE}/streams.py")
    parser.add_argument(
        "--sample", type=int, default=0, help="judge so many, drawn at random; 0: all"
    )
    options = parser.parse_args()
    file = options.FILE
    tests = tests_of(file)
    if not any(tests):
        raise SystemExit(f"No quick test imports {file}.")
    equal = judged_equal(file)
    results = judge(file, tests, options.sample)
    if not results:
        raise SystemExit(f"There is nothing to change in {file}.")
    survived = [each for each in results if not each.is_killed]
    noticed = len(results) - len(survived)
    unnoticed = [each for each in survived if change(each) not in equal]
    for each in unnoticed:
        lines = each.diff.splitlines()[3:]
        print(*(line for line in lines if line[0] in "@-+"), sep="\n")
    share = noticed / max(noticed + len(unnoticed), 1)
    print(
        f"{file}: of {len(results)} mutants {noticed} are killed, {len(unnoticed)} "
        f"survive and {len(survived) - len(unnoticed)} are judged equal: {share:.1%}"
    )
    raise SystemExit(share < ENOUGH)


if __name__ == "__main__":
    main()
