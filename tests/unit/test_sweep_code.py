"""What counts as other code: each edit is made in a copy of the package.

No edit of words, layout, private names or places may make a result stale, and none
that could change a number may go unnoticed.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from collapse.sweep.code import Code, Sources, changes, references
from collapse.sweep.provenance import code_of

MIXTURE, TEXT = "paper_mixture", "encyclopaedia_mixing"

Change = Callable[[ast.Module], ast.AST]


class Copy:
    """A copy of the package to be edited; what is not is read where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "collapse"
        self.files: dict[str, Path] = {}

    def path(self, module: str) -> Path:
        """Return the copy of a module's file, such as ``corpus.grammar``'s."""
        name = f"collapse.{module}" if module else "collapse"
        if name not in self.files:
            original = Sources().locate(name)
            assert original is not None, f"there is no module {module}"
            self.files[name] = self.folder / original.relative_to(references.PACKAGE)
            self.files[name].parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(original, self.files[name])
        return self.files[name]

    def add(self, module: str, text: str, place: str = "") -> None:
        """Write a new module, at a place of its own if one is given."""
        path = self.folder / (place or f"{module.replace('.', '/')}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.files[f"collapse.{module}"] = path

    def text(self, module: str) -> str:
        """Return what stands in a module."""
        return self.path(module).read_text(encoding="utf-8")

    def replace(self, module: str, old: str, new: str) -> None:
        """Replace a text that stands in a module once."""
        text = self.text(module)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        self.path(module).write_text(text.replace(old, new), encoding="utf-8")

    def substitute(self, module: str, old: str, new: str) -> None:
        """Replace whatever fits a regular expression."""
        text, count = re.subn(old, new, self.text(module))
        assert count, f"{old} does not stand in {module}"
        self.path(module).write_text(text, encoding="utf-8")

    def transform(self, modules: Iterable[str], change: Change) -> None:
        """Change the syntax trees of modules; comments and layout are lost anyway."""
        for name in modules:
            path = self.path(name.partition(".")[2])
            tree = change(ast.parse(path.read_text(encoding="utf-8")))
            text = ast.unparse(ast.fix_missing_locations(tree))
            path.write_text(text, encoding="utf-8")

    def code(self, experiment: str) -> Code:
        """Return what stands behind an experiment."""
        task = f"collapse.experiments.{experiment}:history"
        return code_of(task, Sources(files=self.files))


def holding(text: str, codes: dict[str, Code]) -> str:
    """Return the only module behind some code in which a text stands, and once."""
    places = {}
    for module in {name for code in codes.values() for name in code.definitions}:
        path = Sources().locate(module)
        assert path is not None
        count = path.read_text(encoding="utf-8").count(text)
        if count:
            places[module.partition(".")[2]] = count
    assert list(places.values()) == [1], f"{text!r} stands in {places}"
    return next(iter(places))


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.fixture(scope="module")
def before() -> dict[str, Code]:
    """The code behind two experiments before any edit."""
    return {
        experiment: code_of(f"collapse.experiments.{experiment}:history", Sources())
        for experiment in (MIXTURE, TEXT)
    }


class Reworded(ast.NodeTransformer):
    """Other words in every error, also where a function builds it."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                each.value = f"other words, {each.value}"
        return node


class Undocumented(ast.NodeTransformer):
    """No docstrings, and no strings below constants."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                kept = [each for each in block if not is_string(each)]
                setattr(node, name, kept or [ast.Pass()])
        return node


def is_string(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class Unannotated(ast.NodeTransformer):
    """No annotations; those that make a field say nothing of its type."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Name("object")
        return self.generic_visit(node)


class Annotated(ast.NodeTransformer):
    """An annotation for every variable of a function."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        seen: set[str] = set()
        for place, each in enumerate(node.body):
            target = each.targets[0] if isinstance(each, ast.Assign) else None
            if isinstance(target, ast.Name) and target.id not in seen:
                seen.add(target.id)
                node.body[place] = ast.AnnAssign(
                    target, ast.Name("object"), each.value, simple=1
                )
        return node


class RenamedLocals(ast.NodeTransformer):
    """Another name for every variable of a function."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        every = list(ast.walk(node))
        kept = {each.arg for each in every if isinstance(each, ast.arg)}
        stored = {
            each.id
            for each in every
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        for each in every:
            if isinstance(each, ast.Name) and each.id in stored - kept:
                each.id = f"renamed_{each.id}"
        return node


class RenamedPrivates(ast.NodeTransformer):
    """Another name for all private functions, classes, methods and attributes."""

    @staticmethod
    def other(name: str) -> str:
        private = name.startswith("_") and not name.endswith("__") and name != "_"
        return f"_renamed{name}" if private else name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.other(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self.other(node.attr)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.other(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self.other(node.name)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        # Private modules keep their names: files are not renamed here.
        if node.name not in ("_digits", "_encyclopaedia"):
            node.name = self.other(node.name)
        node.asname = node.asname and self.other(node.asname)
        return node


def with_parameter_renamed(tree: ast.Module, function: str, name: str) -> ast.Module:
    """Rename a parameter of a function, or of all lambdas that have it."""
    found = False
    for node in ast.walk(tree):
        if getattr(node, "name", type(node).__name__) != function:
            continue
        inside = list(ast.walk(node))
        if any(isinstance(each, ast.arg) and each.arg == name for each in inside):
            found = True
            for each in inside:
                if isinstance(each, ast.arg) and each.arg == name:
                    each.arg = "renamed"
                elif isinstance(each, ast.Name) and each.id == name:
                    each.id = "renamed"
    assert found, f"{function} has no parameter {name}"
    return tree


class Reordered(ast.NodeTransformer):
    """Methods, and functions of a module, in the opposite order."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        functions = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        turned = iter(reversed(functions))
        plain = all(not each.decorator_list for each in functions)
        if plain:
            node.body = [
                next(turned) if isinstance(each, ast.FunctionDef) else each
                for each in node.body
            ]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        if all(not each.decorator_list for each in methods):
            turned = iter(reversed(methods))
            node.body = [
                next(turned) if isinstance(each, ast.FunctionDef) else each
                for each in node.body
            ]
        return node


class TestNoChange:
    @pytest.mark.slow  # the changes below it take single modules
    @pytest.mark.parametrize(
        "change",
        [
            lambda tree: tree,
            Reworded().visit,
            Undocumented().visit,
            Unannotated().visit,
            Annotated().visit,
            RenamedLocals().visit,
            RenamedPrivates().visit,
            Reordered().visit,
        ],
        ids=[
            "layout",
            "messages",
            "docstrings",
            "no annotations",
            "annotations",
            "locals",
            "privates",
            "order",
        ],
    )
    def test_what_no_number_depends_on_throughout_the_package(
        self, copy, before, change
    ):
        modules = {name for code in before.values() for name in code.definitions}
        copy.transform(modules, change)
        for experiment, code in before.items():
            got = copy.code(experiment)
            moved = changes(code.definitions, got.definitions)
            assert got.sha256 == code.sha256, f"{moved} counted as changed"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            # Words of errors, and what only serves them.
            ("must be {allowed}, got {shown(value)}", "is {shown(value)}: {allowed}"),
            ("return text if len(text) <= 80", "return text if len(text) <= 90"),
            ('allowed = "a finite number"', 'allowed = "finite"'),
            ("    elif np.isfinite(low):", "    elif low > -np.inf:"),
            ("join(repr(value).split())", "join(str(value).split())"),
            ('real_number(f"{name}[{chain}]"', "real_number(name"),
            # What nothing uses.
            (
                "    def random(",
                "    def unused(self):\n        return 1\n\n    def random(",
            ),
            ("BLOCK = 512", "BLOCK = 512\nUNUSED = 3"),
            ("def refuse(", "def unused():\n    return np.pi\n\n\ndef refuse("),
        ],
    )
    def test_single_edits(self, copy, before, old, new):
        copy.replace(holding(old, before), old, new)
        assert copy.code(MIXTURE).sha256 == before[MIXTURE].sha256

    @pytest.mark.parametrize(
        ("module", "function", "name"),
        [
            ("corpus.grammar", "_pick", "cumulative"),
            ("corpus.grammar", "_vocabulary", "prior"),
            ("diet", "_sample", "model"),
            ("opt.network", "_attention_bias", "mask"),
            ("corpus.grammar", "Lambda", "word"),
            ("streams", "Lambda", "one"),
        ],
    )
    def test_a_parameter_that_has_its_name_for_readers_alone(
        self, copy, before, module, function, name
    ):
        copy.transform(
            [f"collapse.{module}"],
            lambda tree: with_parameter_renamed(tree, function, name),
        )
        assert copy.code(TEXT).sha256 == before[TEXT].sha256

    def test_a_name_taken_from_its_module_in_another_way(self, copy, before):
        copy.replace(
            "streams",
            "import numpy as np\n",
            "import numpy\nimport numpy as other\nfrom numpy import argsort\n",
        )
        copy.substitute("streams", r"np\.argsort", "argsort")
        copy.substitute("streams", r"np\.stack", "numpy.stack")
        copy.substitute("streams", r"\bnp\.", "other.")
        copy.substitute(
            "streams",
            r"from \.validation import .*",
            "from collapse.validation import generator\n"
            "from collapse.validation import refuse as build_error",
        )
        copy.substitute("streams", r"refuse(?=\()", "build_error")
        assert copy.code(MIXTURE).sha256 == before[MIXTURE].sha256

    def test_a_definition_moves_and_the_old_place_still_offers_it(self, copy, before):
        head, rest = copy.text("validation").split("def whole_number(")
        imports, _ = head.split("def refuse(")
        copy.add(
            "checks",
            f"{imports}from .validation import refuse\n\n\ndef whole_number({rest}",
        )
        copy.path("validation").write_text(
            f"{head}from .checks import *\n"
            "from .checks import check_finite, real_number as real_number\n",
            encoding="utf-8",
        )
        code = copy.code(MIXTURE)
        assert code.sha256 == before[MIXTURE].sha256
        assert "whole_number" in code.definitions["collapse.checks"]

    @pytest.mark.parametrize("module", ["streams", "recursion", "validation"])
    def test_a_module_becomes_a_package(self, copy, before, module):
        text = copy.text(module)
        names = [
            node.name
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        ]
        inner = re.sub(r"^from \.", "from ..", text, flags=re.MULTILINE)
        copy.add(f"{module}.inner", inner)
        offers = f"from .inner import {', '.join(names)}\n"
        copy.add(module, offers, f"{module}/__init__.py")
        code = copy.code(MIXTURE)
        assert code.sha256 == before[MIXTURE].sha256
        assert f"collapse.{module}.inner" in code.definitions


class TestRealChanges:
    """Whatever could change a number is noticed."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            # A constant, and a table.
            ("BLOCK = 512", "BLOCK = 1024"),
            ("_UNIFORM, _DIRECT = 0, 1", "_UNIFORM, _DIRECT = 1, 1"),
            ("_EMPTY = 1e-6", "_EMPTY = 1e-5"),
            ("[-2.0, 0.0]", "[-2.5, 0.0]"),
            ("WORD_EXPONENT = 0.5", "WORD_EXPONENT = 1"),
            ("{some|many|a few}", "{some|a few|many}"),
            # The order of draws, and which numbers are drawn.
            (
                "    real = Truth().sample(LOOKED_AT, asked)\n"
                "    prompts = _first_sentences(PROMPTED, asked)\n",
                "    prompts = _first_sentences(PROMPTED, asked)\n"
                "    real = Truth().sample(LOOKED_AT, asked)\n",
            ),
            ("[:, :count]", "[:, -count:]"),
            ("spawn(1)[0]", "spawn(2)[1]"),
            # Defaults, and the order of a dataclass's fields.
            ("axes: int = 0", "axes: int = 1"),
            ("tolerance: float = 1e-5", "tolerance: float = 1e-6"),
            ("beams: int = 1\n", "beams: int = 2\n"),
            (
                "    temperature: float = 1.0\n    top_p: float | None = None\n",
                "    top_p: float | None = None\n    temperature: float = 1.0\n",
            ),
            # Operators and library calls.
            ("if pool <= 8 * count", "if pool < 8 * count"),
            ("np.argsort(self", "np.argmax(self"),
            # Decorators and class attributes.
            ("@cache\ndef encyclopaedia(", "def encyclopaedia("),
            ("@cached_property\n    def _log_word", "@property\n    def _log_word"),
            (
                "floor: float | None = None\n    chain_axis = True",
                "floor: float | None = None\n    chain_axis = False",
            ),
            # Exceptions: which is raised, and which is caught.
            ("return ValueError(", "return TypeError("),
            (
                "except (ValueError, TypeError, RuntimeError):",
                "except (ValueError, TypeError):",
            ),
            # Control flow.
            ("if not self._seeds:", "if self._seeds:"),
            ("        derived._seeds = seeds\n", ""),
            # What happens on import, and what is done to a table later.
            ("def refuse", "np.seterr(all='ignore')\n\n\ndef refuse"),
            ("def measured(", "TRUTH.means[0] = 0\n\n\ndef measured("),
            # What a property does, though nothing reads what it returns.
            (
                "    streams = Streams(one_per_chain(rng, chains))\n",
                "    streams = Streams(one_per_chain(rng, chains))\n"
                "    unread = streams.seeds\n",
            ),
            # Another attribute, and methods that Python calls by itself.
            ("self._uniforms = _B", "self._normals = _B"),
            ("    def aside(", "    __len__ = None\n\n    def aside("),
            ("    def random(", "    def __len__("),
        ],
    )
    def test_it_is_noticed(self, copy, before, old, new):
        module = holding(old, before)
        copy.replace(module, old, new)
        made = [
            name
            for name, code in before.items()
            if f"collapse.{module}" in code.definitions
        ]
        assert copy.code(made[0]).sha256 != before[made[0]].sha256

    @pytest.mark.parametrize(
        ("module", "function", "name"),
        [
            # An argument of a public function may be given by its keyword.
            ("mixture.family", "fit", "data"),
            # One is: `axes=`.
            ("measures.distances", "_joined", "axes"),
            # The function is handed on, to who knows what.
            ("recursion", "_is_name", "key"),
        ],
    )
    def test_a_parameter_whose_name_may_be_used(
        self, copy, before, module, function, name
    ):
        copy.transform(
            [f"collapse.{module}"],
            lambda tree: with_parameter_renamed(tree, function, name),
        )
        assert copy.code(MIXTURE).sha256 != before[MIXTURE].sha256

    @pytest.mark.parametrize(
        "new",
        [
            # A library that gets it, and one that may look at it.
            "np.apply_along_axis(_joined, 0, _square_root)",
            "inspect.signature(_square_root)",
            "_square_root(covariance=1)",
            "_square_root(**{})",
        ],
    )
    def test_a_name_counts_as_soon_as_the_function_is_used_by_it(self, copy, new):
        codes = []
        copy.add(
            "started",
            f"""import inspect
import numpy as np

def history():
    return _square_root(2), _joined(1), {new}

def _square_root(covariance):
    return covariance**0.5

def _joined(parts):
    return parts
""",
        )
        for renamed in ("covariance", "renamed"):
            copy.substitute(
                "started",
                r"\(\w+\):\n    return \w+\*\*",
                f"({renamed}):\n    return {renamed}**",
            )
            sources = Sources(files=copy.files)
            codes.append(code_of("collapse.started:history", sources).sha256)
        assert codes[0] != codes[1]

    @pytest.mark.parametrize(
        ("body", "noticed"),
        [
            ("seeds = 0", False),
            ("@property\n    def seeds(self): return self.rng.spawn(1)", True),
            ("def __getattr__(self, name): return self.rng.spawn(1)", True),
            ("seeds = cached_property(lambda self: self.rng.spawn(1))", True),
        ],
    )
    def test_an_attribute_that_is_not_read_counts_if_it_may_be_computed(
        self, copy, body, noticed
    ):
        text = (
            "from functools import cached_property\n\n"
            f"class Streams:\n    {body}\n\n"
            "def history(rng):\n    streams = Streams(rng)\n    return rng.random()\n"
        )
        read = text.replace(
            "    return rng.random", "    unread = streams.seeds\n    return rng.random"
        )
        codes = []
        for each in (text, read):
            copy.add("started", each)
            sources = Sources(files=copy.files)
            codes.append(code_of("collapse.started:history", sources).sha256)
        assert (codes[0] != codes[1]) == noticed

    def test_the_order_of_parameters_counts(self, copy, before):
        module = "corpus.grammar"
        copy.substitute(
            module,
            r"def _pick\((\w+): ([^,]*), (\w+): ([^)]*)\)",
            r"def _pick(\3: \4, \1: \2)",
        )
        assert copy.code(TEXT).sha256 != before[TEXT].sha256

    def test_a_library_put_in_the_place_of_another(self, copy, before):
        copy.replace("streams", "import numpy as np", "import torch as np")
        assert copy.code(MIXTURE).sha256 != before[MIXTURE].sha256
        assert copy.code(MIXTURE).libraries == {"numpy", "torch"}

    def test_an_effect_of_the_package_itself(self, copy, before):
        copy.path("").write_text("print()\n", encoding="utf-8")
        assert copy.code(MIXTURE).sha256 != before[MIXTURE].sha256
