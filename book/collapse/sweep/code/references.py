"""What a name in the package's source code stands for: a definition, or a library's.

Imports are followed wherever they lead, so that it makes no difference in which module
a definition lives, or how it is imported. Floor 3: it reads source files and runs none.
"""

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .trees import children

PACKAGE = Path(__file__).parents[2]
"""The folder of `collapse`."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Imports = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class Definition:
    """A name that a module of the package defines."""

    module: str
    name: str


@dataclass(frozen=True)
class Module:
    """A module of the package, as a whole."""

    name: str


@dataclass(frozen=True)
class Library:
    """Something of another package, such as ``numpy.exp`` or ``builtins.len``."""

    path: str


Target = Definition | Module | Library


@dataclass(frozen=True)
class Import:
    """A module, or if `name` is given what it holds under this name."""

    module: str
    name: str | None = None


class Source:
    """The top level of one module.

    Attributes
    ----------
    statements : dict of str to list of statements
        Those that bind a name, or alter what it stands for.
    imports : dict of str to Import
        The names that nothing but an import binds.
    stars : list of str
        Modules of which all names are imported.
    idle : list of statements
        Those that bind nothing and may have an effect.
    imported : set of str
        All modules that are imported at the top level.
    """

    def __init__(self, module: str, file: Path, body: list[ast.stmt]) -> None:
        inside = module.split(".")
        self.parents = inside if file.name == "__init__.py" else inside[:-1]
        self.statements: dict[str, list[ast.stmt]] = {}
        self.imports: dict[str, Import] = {}
        self.stars: list[str] = []
        self.idle: list[ast.stmt] = []
        self.imported: set[str] = set()
        for statement in body:
            self._enter(statement)
        for name in self.statements:
            self.imports.pop(name, None)

    def targets(self, node: _Imports) -> Iterator[tuple[str, Import]]:
        """Yield each name that an import binds, with what it stands for.

        Yields
        ------
        tuple of str and Import
        """
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, Import(alias.name if alias.asname else top)
            return
        above = len(self.parents) - node.level + 1
        parts = self.parents[:above] if node.level else []
        base = ".".join([*parts, *([node.module] if node.module else [])])
        for alias in node.names:
            yield alias.asname or alias.name, Import(base, alias.name)

    def _enter(self, statement: ast.stmt) -> None:
        if isinstance(statement, _Imports):
            self._enter_import(statement)
            return
        if is_idle_constant(statement) or _never_runs(statement):
            return
        for name, part in _split(statement):
            bound = {name} if name else self._bound(part) | self._altered(part)
            for each in bound:
                self.statements.setdefault(each, []).append(part)
            if not bound or _has_effects(part, bound):
                self.idle.append(part)

    def _enter_import(self, node: _Imports) -> None:
        if isinstance(node, ast.Import):
            self.imported |= {alias.name for alias in node.names}
        for name, target in self.targets(node):
            self.imported |= {target.module, f"{target.module}.{target.name}"}
            if name == "*":
                self.stars.append(target.module)
            else:
                self.imports[name] = target

    def _bound(self, statement: ast.stmt) -> set[str]:
        """Return the names that a statement binds, also by importing them."""
        names = set()
        for node in own_nodes(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, Function | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, _Imports):
                self._enter_import(node)
                names |= {name for name, _ in self.targets(node)}
        return names

    def _altered(self, statement: ast.stmt) -> set[str]:
        """Return the names whose values a statement changes in place."""
        roots = set()
        for node in own_nodes(statement):
            if isinstance(node, ast.Attribute | ast.Subscript):
                if isinstance(node.ctx, ast.Store | ast.Del):
                    roots.add(root(node))
            elif isinstance(node, ast.Expr):
                called = node.value.func if isinstance(node.value, ast.Call) else None
                roots |= {root(called)} if isinstance(called, ast.Attribute) else set()
        return {name for name in roots if name in self.statements}


class Sources:
    """The modules of a package, each read when it is first needed.

    Parameters
    ----------
    folder : Path, optional
        Where the package is, by default this one; its name is the package's.
    files : mapping of str to Path, optional
        Files of further modules, each by itself.
    """

    def __init__(
        self, folder: Path | None = None, files: Mapping[str, Path] | None = None
    ) -> None:
        self.folder = PACKAGE if folder is None else folder
        self.files = dict(files or {})
        self._read: dict[str, Source] = {}
        self._located: dict[str, Path | None] = {}

    def locate(self, module: str) -> Path | None:
        """Return the file of a module of the package; None for anything else."""
        if module in self.files:
            return self.files[module]
        if module not in self._located:
            self._located[module] = self._locate(module)
        return self._located[module]

    def _locate(self, module: str) -> Path | None:
        top, *parts = module.split(".")
        if top != self.folder.name:
            return None
        path = os.path.join(self.folder, *parts)
        for candidate in (os.path.join(path, "__init__.py"), f"{path}.py"):
            if os.path.isfile(candidate):
                return Path(candidate)
        return None

    def source(self, module: str) -> Source:
        """Return the top level of a module.

        Raises
        ------
        LookupError
            If the package has no such module.
        """
        if module not in self._read:
            file = self.locate(module)
            if file is None:
                raise LookupError(f"there is no module {module}")
            self._read[module] = read_source(module, file)
        return self._read[module]

    def statements(self, definition: Definition) -> list[ast.stmt]:
        """Return the statements that make up a definition."""
        return self.source(definition.module).statements[definition.name]

    def only_statement(self, target: Target | None) -> ast.stmt | None:
        """Return what makes up a definition, if it is a single statement."""
        if isinstance(target, Definition):
            only, *more = self.statements(target)
            return None if more else only
        return None

    def function(self, target: Target | None) -> Function | None:
        """Return what makes up a definition, if it is a single function."""
        only = self.only_statement(target)
        return only if isinstance(only, Function) else None

    def resolve(self, module: str, name: str) -> Target:
        """Return what a name stands for at the top level of a module."""
        return self._resolve(module, name) or Library(f"builtins.{name}")

    def follow(self, target: Import) -> Target:
        """Return what an import brings."""
        inside = self.locate(target.module) is not None
        whole = Module(target.module) if inside else Library(target.module)
        return whole if target.name is None else self.attribute(whole, target.name)

    def attribute(self, target: Module | Library, name: str) -> Target:
        """Return what a module, of the package or another one, holds under a name."""
        if isinstance(target, Module):
            found = self._resolve(target.name, name)
            if found:
                return found
            if self.locate(f"{target.name}.{name}"):
                return Module(f"{target.name}.{name}")
            return Library(f"{target.name}.{name}")
        return Library(f"{target.path}.{name}")

    def named(self, module: str, node: ast.expr) -> Target | None:
        """Return what an expression at the top level names, if it is a name."""
        path = dotted(node)
        if path is None:
            return None
        target = self.resolve(module, path[0])
        for name in path[1:]:
            if isinstance(target, Definition):
                return None
            target = self.attribute(target, name)
        return target

    def touched(self) -> dict[str, Source]:
        """Return the modules that have been read, and all that these import."""
        waiting, seen = list(self._read), {}
        while waiting:
            module = waiting.pop()
            if module in seen or self.locate(module) is None:
                continue
            seen[module] = self.source(module)
            parts = module.split(".")
            waiting += [".".join(parts[:end]) for end in range(1, len(parts))]
            waiting += seen[module].imported
        return seen

    def _resolve(self, module: str, name: str) -> Target | None:
        source = self.source(module)
        if name in source.statements:
            return self._other_name(module, name) or Definition(module, name)
        if name in source.imports:
            return self.follow(source.imports[name])
        for star in source.stars:
            if self.locate(star):
                found = self._resolve(star, name)
                if found:
                    return found
        return None

    def _other_name(self, module: str, name: str) -> Target | None:
        """Return what is meant if a definition only gives a second name to it."""
        statement, *more = self.source(module).statements[name]
        if more or not isinstance(statement, ast.Assign):
            return None
        path = dotted(statement.value)
        if path is None or path[0] == name:
            return None
        target = self._resolve(module, path[0])
        for attribute in path[1:]:
            if not isinstance(target, Module | Library):
                return None
            target = self.attribute(target, attribute)
        if isinstance(target, Definition) and len(self.statements(target)) > 1:
            return None
        return target


def read_source(module: str, file: Path) -> Source:
    """Read the top level of a module, once as long as its file stays as it is."""
    stat = file.stat()
    return _read_source(module, file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _read_source(module: str, file: Path, *_stamp: int) -> Source:
    return Source(module, file, ast.parse(file.read_text(encoding="utf-8-sig")).body)


def dotted(node: ast.expr) -> list[str] | None:
    """Return the names of ``a.b.c``; None for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else None


def root(node: ast.expr) -> str | None:
    """Return the name at the beginning of ``a.b[c].d``, if there is one."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Walk a statement, but not into the bodies of functions and classes.

    Yields
    ------
    AST
    """
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            waiting += children(node)


def is_idle_constant(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, an ellipsis or the like."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _never_runs(statement: ast.stmt) -> bool:
    """Whether a statement is for type checkers, or for running the module."""
    test = statement.test if isinstance(statement, ast.If) else None
    if isinstance(test, ast.Compare):
        return ast.unparse(test) == "__name__ == '__main__'"
    path = dotted(test) if test else None
    return path is not None and path[-1] == "TYPE_CHECKING"


def _split(statement: ast.stmt) -> list[tuple[str | None, ast.stmt]]:
    """Take ``a, b = 1, 2`` apart, into a name and a statement each."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        names, value = statement.targets[0], statement.value
        if isinstance(names, ast.Tuple) and isinstance(value, ast.Tuple):
            plain = [name for name in names.elts if isinstance(name, ast.Name)]
            if len(plain) == len(names.elts) == len(value.elts):
                return [
                    (name.id, ast.Assign(targets=[name], value=part))
                    for name, part in zip(plain, value.elts, strict=True)
                ]
    return [(None, statement)]


def _has_effects(statement: ast.stmt, bound: set[str]) -> bool:
    """Whether a statement does more than binding some names and altering them."""
    if isinstance(statement, Function | ast.ClassDef):
        return False
    for node in own_nodes(statement):
        if isinstance(node, ast.Raise | ast.Assert | ast.Delete):
            return True
        if isinstance(node, ast.Expr) and not is_idle_constant(node):
            call = node.value
            if not isinstance(call, ast.Call) or root(call.func) not in bound:
                return True
    return False
