"""Which code made a result: a hash of every definition that its task can reach.

From the task's own function names are followed through this package, so a module may
gain a function that the task never calls. Comments, docstrings and blank lines do not
count: a sentence can be mended without an hour's run. Floor 3: it reads source files
and imports none of them.
"""

import ast
import hashlib
import importlib.util
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[1]
"""The folder of `collapse`."""

EVERYTHING = "*"
"""Stands for all names of a module, where it cannot be told which are used."""


class Use(NamedTuple):
    """A name in a module: something that code refers to."""

    module: str
    name: str


@dataclass
class Part:
    """What is used of one module: statements at its top level, and foreign names."""

    file: Path
    statements: set[int] = field(default_factory=set)
    foreign: set[Use] = field(default_factory=set)


def made_by(starts: dict[Use, Path]) -> dict[str, Part]:
    """Return all that some functions use, in their modules and in this package.

    A name brings every statement that binds it at the top level of its module, and
    what these refer to; imports are followed, those within functions as well.
    Statements that bind nothing, such as a call, belong to any use of their module.
    A shadowed name is followed all the same; one that is computed, as by
    ``getattr``, is not seen.

    Parameters
    ----------
    starts : dict of Use to Path
        The functions, each with the file of its module.

    Returns
    -------
    dict of str to Part
        In alphabetical order of the modules.
    """
    files = {start.module: file for start, file in starts.items()}
    sources: dict[str, _Source] = {}
    parts: dict[str, Part] = {}
    waiting, seen = list(starts), set()
    while waiting:
        use = waiting.pop()
        if use in seen:
            continue
        seen.add(use)
        module = use.module
        if module not in parts:
            path = files.get(module) or _locate(module)
            sources[module], parts[module] = _Source(module, path), Part(path)
        source, part = sources[module], parts[module]
        new = source.binding(use.name) - part.statements
        part.statements |= new
        referred = source.imported(use.name)
        for place in new:
            referred |= source.refers(place)
        for other in referred:
            inside = other.module in files or _locate(other.module)
            (waiting.append if inside else part.foreign.add)(other)
    return dict(sorted(parts.items()))


def find(module: str) -> Path | None:
    """Return the file of a module by its name; None if there is none."""
    if module.partition(".")[0] == PACKAGE.name:
        return _locate(module)
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def outside(parts: dict[str, Part]) -> set[str]:
    """Return the top names of the packages of others that the parts use."""
    tops = {
        use.module.partition(".")[0] for part in parts.values() for use in part.foreign
    }
    return tops - set(sys.stdlib_module_names)


def code_hash(part: Part) -> str:
    """Return the SHA-256 of the `essence` of what is used, and of foreign names."""
    text = _text(part.file)
    kept = set()
    for place, statement in enumerate(ast.parse(text).body):
        if place in part.statements:
            kept |= set(range(_first_line(statement), statement.end_lineno + 1))
    lines = enumerate(text.split("\n"), start=1)
    used = "\n".join(line if number in kept else "" for number, line in lines)
    names = "\n".join(sorted(f"{use.module}.{use.name}" for use in part.foreign))
    return hashlib.sha256(f"{names}\n\n{essence(used)}".encode()).hexdigest()


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a whole text file, whatever its line endings.

    Where this is unchanged `code_hash` is, too, at a hundredth of the cost.
    """
    content = file.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def essence(source: str) -> str:
    """Return source code without comments, docstrings and blank lines.

    What is left is a part of the text, not what some version of Python makes of it,
    so that all versions agree.
    """
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    lines = [line.encode() for line in source.split("\n")]
    kept = _lines_within_strings(tokens)
    spans = _comments(source, tokens) + _idle_strings(ast.parse(source))
    # From the end, so that what comes before keeps its place.
    for first, start, last, end in sorted(spans, reverse=True):
        kept -= set(range(first, last))
        lines[first - 1] = lines[first - 1][:start] + lines[last - 1][end:]
        lines[first:last] = [b""] * (last - first)
    text = [
        line if number in kept else line.rstrip()
        for number, line in enumerate(lines, start=1)
        if number in kept or line.strip()
    ]
    return b"\n".join(text).decode()


class _Source:
    """The top level of a module: which statement binds which names, and to what."""

    def __init__(self, module: str, file: Path) -> None:
        self.module, self.file = module, file
        self.body = ast.parse(_text(file)).body
        self.bound: dict[str, set[int]] = {}
        self.imports: dict[str, set[Use]] = {}
        self.idle: set[int] = set()
        for place, statement in enumerate(self.body):
            self._enter(place, statement)

    def binding(self, name: str) -> set[int]:
        """Return the places of the statements that bind a name, and of idle ones."""
        if name == EVERYTHING:
            return self.idle.union(*self.bound.values())
        return self.idle | self.bound.get(name, set())

    def imported(self, name: str) -> set[Use]:
        """Return what a name, or any of them, is imported from."""
        if name == EVERYTHING:
            return set().union(*self.imports.values())
        return set(self.imports.get(name, ()))

    def refers(self, place: int) -> set[Use]:
        """Return what a statement refers to, here and elsewhere."""
        uses, dotted = set(), set()
        for node in ast.walk(self.body[place]):
            if isinstance(node, ast.Import | ast.ImportFrom):
                uses |= {use for _, use in self._targets(node)}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                dotted.add(node.value)
                uses |= self._look_up(node.value.id, node.attr)
            elif isinstance(node, ast.Name) and node not in dotted:
                uses |= self._look_up(node.id, None)
        return uses

    def _look_up(self, name: str, attribute: str | None) -> set[Use]:
        """Return what a name means, or of an imported module only an attribute."""
        uses = {Use(self.module, name)} if name in self.bound else set()
        for use in self.imports.get(name, ()):
            # After `import a.b` the name a stands for more than the module a.b.
            whole = use.module.startswith(f"{name}.") or attribute is None
            if use.name == EVERYTHING and not whole:
                use = _submodule(use.module, attribute)
            uses.add(use)
        return uses

    def _enter(self, place: int, statement: ast.stmt) -> None:
        names = set()
        for node in _own_nodes(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name, use in self._targets(node):
                    self.imports.setdefault(name, set()).add(use)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, _Definition):
                names.add(node.name)
        for name in names:
            self.bound.setdefault(name, set()).add(place)
        if not names and not isinstance(statement, ast.Import | ast.ImportFrom):
            self.idle.add(place)

    def _targets(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Use]]:
        """Yield each name that an import binds, with what it stands for."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, Use(alias.name, EVERYTHING)
            return
        inside = self.module.split(".")
        if self.file.name != "__init__.py":
            inside = inside[:-1]
        parts = inside[: len(inside) - node.level + 1] if node.level else []
        base = ".".join([*parts, *([node.module] if node.module else [])])
        for alias in node.names:
            yield alias.asname or alias.name, _submodule(base, alias.name)


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Walk a statement, but not into the bodies of functions and classes."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _Definition | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _submodule(base: str, name: str) -> Use:
    """Return a name of a package: a module in it, or something that it defines."""
    if name != EVERYTHING and _locate(f"{base}.{name}"):
        return Use(f"{base}.{name}", EVERYTHING)
    return Use(base, name)


def _first_line(statement: ast.stmt) -> int:
    """Return where a statement begins, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _text(file: Path) -> str:
    """Read source code; the line endings become those of Unix."""
    return file.read_text(encoding="utf-8-sig")


def _locate(module: str) -> Path | None:
    """Return the file of a module of the package; None for anything else."""
    top, *parts = module.split(".")
    if top != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*parts)
    for candidate in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


Span = tuple[int, int, int, int]
"""First line, byte in it, last line, byte after the end; lines count from 1."""


def _comments(source: str, tokens: list[tokenize.TokenInfo]) -> list[Span]:
    lines, spans = source.split("\n"), []
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            start = len(lines[row - 1][:column].encode())
            spans.append((row, start, row, start + len(token.string.encode())))
    return spans


def _idle_strings(tree: ast.AST) -> list[Span]:
    """Find docstrings, and the strings below constants that describe them."""
    return [
        (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def _lines_within_strings(tokens: list[tokenize.TokenInfo]) -> set[int]:
    """Return the lines that end within a string: nothing of them is stripped."""
    lines, opened = set(), []
    for token in tokens:
        kind = tokenize.tok_name[token.type]
        # An f-string is one token until Python 3.11, and several from then on.
        if kind == "FSTRING_START":
            opened.append(token.start[0])
        elif kind == "FSTRING_END":
            lines |= set(range(opened.pop(), token.end[0]))
        elif kind == "STRING":
            lines |= set(range(token.start[0], token.end[0]))
    return lines
