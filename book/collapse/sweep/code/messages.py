"""What of a function only words its errors, and so has no part in its numbers.

These are the arguments of exceptions, functions that build nothing but an exception,
variables that are read nowhere else, and parameters that are only passed on to
messages. Nothing is hidden that may do more than return something, such as draw.
Floor 3: it reads syntax trees.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from .references import Definition, Function, Library, Sources, Target, dotted
from .trees import children, walk

_QUIET_FUNCTIONS = {
    "all",
    "any",
    "bool",
    "float",
    "format",
    "int",
    "isinstance",
    "len",
    "list",
    "max",
    "min",
    "range",
    "repr",
    "round",
    "sorted",
    "str",
    "sum",
    "tuple",
    "type",
    "zip",
}
"""Built-in functions that do nothing but return something."""

_QUIET_METHODS = {
    "argmax",
    "argmin",
    "format",
    "item",
    "items",
    "join",
    "keys",
    "max",
    "min",
    "sum",
    "tolist",
    "values",
}
_QUIET_NUMPY = {
    "abs",
    "argmax",
    "count_nonzero",
    "isfinite",
    "isnan",
    "max",
    "min",
    "sum",
}
"""The same of numpy."""


class Messages:
    """Finds what need not be looked at, function by function.

    Parameters
    ----------
    sources : Sources
    computed : set of str
        Attributes that may do anything when they are looked up; see `Family`.
    """

    def __init__(self, sources: Sources, computed: AbstractSet[str]) -> None:
        self._sources, self._computed = sources, computed
        self._silent: dict[Definition, frozenset[str]] = {}
        self.hidden: set[int] = set()
        """Identities of the nodes that belong to messages."""
        self.raised: dict[int, Target] = {}
        """Of a ``raise``, by its identity: the exception's class."""
        self._seen: set[int] = set()

    def look_at(self, module: str, function: Function) -> None:
        """Find what of a function, or a method, belongs to messages."""
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        nodes = walk(function)
        own = _bound(nodes) - {function.name}
        for node in nodes:
            if isinstance(node, ast.Raise) and node.exc is not None:
                self._look_at_raise(module, node, own)
            elif isinstance(node, ast.Assert) and node.msg is not None:
                self.hidden.add(id(node.msg))
            elif isinstance(node, ast.Call):
                self._look_at_call(module, node, own)
        self._hide_unread(module, function, nodes)

    def silent(self, target: Target) -> frozenset[str]:
        """Return the parameters of a function that only reach messages."""
        function = self._sources.function(target)
        if function is None or not isinstance(target, Definition):
            return frozenset()
        if function.decorator_list or function.args.vararg or function.args.kwarg:
            return frozenset()
        if target not in self._silent:
            # What calls itself meanwhile is taken to use all that it gets.
            self._silent[target] = frozenset()
            self.look_at(target.module, function)
            words = _loaded(walk(function)) - _loaded(self.visible(function))
            names = {each.arg for each in _parameters(function)}
            self._silent[target] = frozenset(words & names)
        return self._silent[target]

    def visible(self, node: ast.AST) -> Iterator[ast.AST]:
        """Walk what does not belong to messages.

        Yields
        ------
        AST
        """
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if id(node) in self.hidden:
                continue
            yield node
            if not (isinstance(node, ast.Raise) and id(node) in self.raised):
                waiting += children(node)

    def _look_at_raise(self, module: str, node: ast.Raise, own: set[str]) -> None:
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        target = self._target(module, called, own) if called else None
        error = self._error(target) if target else None
        if error:
            self.raised[id(node)] = error

    def _look_at_call(self, module: str, node: ast.Call, own: set[str]) -> None:
        target = self._target(module, node.func, own)
        function = self._sources.function(target)
        silent = self.silent(target) if target else frozenset()
        starred = any(isinstance(each, ast.Starred) for each in node.args)
        if function is None or not silent or starred:
            return
        names = [each.arg for each in _parameters(function)]
        given = [*zip(names, node.args, strict=False)]
        given += [(each.arg, each.value) for each in node.keywords if each.arg]
        for name, value in given:
            if name in silent and self._is_quiet(module, value):
                self.hidden.add(id(value))

    def _hide_unread(
        self, module: str, function: Function, nodes: Sequence[ast.AST]
    ) -> None:
        """Hide variables that nothing reads, and conditions under which they are set.

        Only if nothing happens when they are computed.
        """
        assigned = [each for node in nodes if (each := _assignment(node))]
        branches = [node for node in nodes if isinstance(node, ast.If)]
        plain = {id(each.variable) for each in assigned}
        kept = set()
        for node in nodes:
            if isinstance(node, ast.arg):
                kept.add(node.arg)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                kept |= set(node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                kept |= set() if id(node) in plain else {node.id}
        found = True
        while found:
            read = kept | _loaded(self.visible(function))
            unread = {
                id(each.statement)
                for each in assigned
                if each.variable.id not in read and self._is_quiet(module, each.value)
            }
            empty = {
                id(node)
                for node in branches
                if self._is_empty(module, node, self.hidden | unread)
            }
            found = not unread | empty <= self.hidden
            self.hidden |= unread | empty

    def _is_empty(self, module: str, node: ast.If, gone: set[int]) -> bool:
        inside = [*node.body, *node.orelse]
        empty = all(id(each) in gone for each in inside)
        return empty and self._is_quiet(module, node.test)

    def _is_quiet(self, module: str, value: ast.expr) -> bool:
        """Whether nothing can happen when an expression is computed."""
        for node in walk(value):
            if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
                return False
            if isinstance(node, ast.Call) and not self._is_quiet_call(module, node):
                return False
            if isinstance(node, ast.Attribute) and self._is_computed(node.attr):
                return False
        return True

    def _is_computed(self, name: str) -> bool:
        return bool({name, "__getattr__", "__getattribute__"} & self._computed)

    def _is_quiet_call(self, module: str, node: ast.Call) -> bool:
        target = self._target(module, node.func, set())
        if isinstance(target, Library):
            place, _, name = target.path.rpartition(".")
            if place == "builtins":
                return name in _QUIET_FUNCTIONS
            if place == "numpy":
                return name in _QUIET_NUMPY
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        return not isinstance(target, Definition) and method in _QUIET_METHODS

    def _error(self, target: Target) -> Target | None:
        """Return the class of what is raised, if the rest of it is words."""
        if isinstance(target, Library):
            place, _, name = target.path.rpartition(".")
            kind = getattr(builtins, name, None) if place == "builtins" else None
            known = isinstance(kind, type) and issubclass(kind, BaseException)
            return target if known else None
        if not isinstance(target, Definition):
            return None
        own = self._sources.only_statement(target)
        if isinstance(own, ast.ClassDef):
            return target if self._is_plain_error(target, own) else None
        return self._built_by(target)

    def _is_plain_error(self, target: Definition, own: ast.ClassDef) -> bool:
        """Whether a class is an exception that does nothing with its arguments."""
        path = dotted(own.bases[0]) if len(own.bases) == 1 else None
        if path is None or any(not isinstance(each, ast.Expr) for each in own.body):
            return False
        base = self._target(target.module, own.bases[0], set())
        return base is not None and self._error(base) is not None

    def _built_by(self, target: Definition) -> Target | None:
        """Return the class of what a function returns, if it only builds an error."""
        function = self._sources.function(target)
        if function is None or function.decorator_list:
            return None
        kinds = ast.Expr | ast.Assign | ast.AnnAssign | ast.If | ast.Return
        statements = [node for node in walk(function) if isinstance(node, ast.stmt)]
        if not all(isinstance(node, kinds) for node in statements[1:]):
            return None
        returned = [node.value for node in statements if isinstance(node, ast.Return)]
        if not returned or not all(isinstance(each, ast.Call) for each in returned):
            return None
        own = _bound(walk(function))
        targets = {
            self._target(target.module, each.func, own)
            for each in returned
            if isinstance(each, ast.Call)
        }
        only = targets.pop()
        return self._error(only) if only and only != target and not targets else None

    def _target(self, module: str, node: ast.expr, own: set[str]) -> Target | None:
        """Return what an expression names at the top level; None if it does not."""
        path = dotted(node)
        if path is None or path[0] in own:
            return None
        return self._sources.named(module, node)


class _Assignment(NamedTuple):
    """A statement that gives a value to a single name."""

    statement: ast.stmt
    variable: ast.Name
    value: ast.expr


def _assignment(node: ast.AST) -> _Assignment | None:
    match node:
        case ast.Assign(targets=[ast.Name() as variable], value=value):
            return _Assignment(node, variable, value)
        case ast.AnnAssign(target=ast.Name() as variable, value=ast.expr() as value):
            return _Assignment(node, variable, value)
    return None


def _parameters(function: Function) -> list[ast.arg]:
    """Return the parameters, those first that may be given by their place."""
    args = function.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Return all names that are bound anywhere in a function."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
    return names


def _loaded(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
    }
