"""Definitions written in one way only, whatever their words, layout and private names.

What is left of a definition decides what it computes. It is written from the syntax
tree without whatever differs between versions of Python. Floor 3.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import scopes
from .calls import Called, Calls, Lambda, Owner, Parameter, handed, receiver
from .classes import Family, is_private
from .messages import Messages
from .references import (
    Definition,
    Function,
    Library,
    Module,
    Sources,
    Target,
    dotted,
    is_idle_constant,
)
from .trees import walk

_IGNORED = {"ctx", "kind", "type_comment", "type_params", "returns", "annotation"}
"""Fields of syntax trees that compute nothing."""

_FIELDS_OF_THEIR_OWN = {"ClassVar", "InitVar", "KW_ONLY"}
"""Annotations that change what a dataclass does."""


@dataclass(frozen=True)
class Private:
    """A private attribute, and the topmost class to which it belongs, if known."""

    owner: Definition | None
    name: str


Link = Definition | Module | Library | Private | Parameter

_SAME_PARAMETERS = {"staticmethod", "classmethod"}
"""Decorators that hand a function to nobody."""


@dataclass
class Written:
    """A definition: words, and in between what it refers to.

    Attributes
    ----------
    parts : list of str or Link
    mentioned : dict
        Its keys are names by which attributes may be looked up, in their order.
    calls : Calls
    """

    parts: list[str | Link] = field(default_factory=list)
    mentioned: dict[str, None] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)

    def text(self, numbers: dict[Link, int]) -> str:
        """Write the links into the package as numbers, in the order of appearance."""
        words = []
        for part in self.parts:
            if isinstance(part, Library):
                part = f"library:{part.path}"
            elif not isinstance(part, str):
                number = numbers.setdefault(part, len(numbers))
                part = f"{type(part).__name__}:{number}"
            words.append(part)
        return " ".join(words)


class Writer:
    """Writes definitions of one module.

    Parameters
    ----------
    sources : Sources
    messages : Messages
    module : str

    Attributes
    ----------
    written : Written
    """

    def __init__(self, sources: Sources, messages: Messages, module: str) -> None:
        self._sources, self._messages = sources, messages
        self._module, self._source = module, sources.source(module)
        self._scopes: list[scopes.Scope] = []
        self._locals = 0
        # Of lambdas, by their identities: whose parameters theirs are.
        self._handed: dict[int, Lambda | None] = {}
        # What the body of a class binds, within a class.
        self._class_names: set[str] = set()
        self.written = Written()

    def statements(self, statements: Sequence[ast.stmt]) -> Written:
        """Write statements of the top level."""
        for statement in statements:
            for node in walk(statement):
                if isinstance(node, Function):
                    self._messages.look_at(self._module, node)
        self._put("statements")
        self._block(statements)
        return self.written

    def function(
        self, function: Function, silent: frozenset[str], owner: Definition
    ) -> Written:
        """Write a function, without some of its parameters and without its name."""
        self._messages.look_at(self._module, function)
        self._function(function, silent, owner if is_private(owner.name) else None)
        return self.written

    def _put(self, *parts: str | Link) -> None:
        self.written.parts += parts
        for part in parts:
            if isinstance(part, Definition):
                self.written.calls.mentioned[part] += 1

    def _list(self, title: str, nodes: Sequence[ast.AST | None]) -> None:
        if nodes:
            self._put(title, "[")
            for node in nodes:
                self._node(node)
            self._put("]")

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        self._put("{")
        for statement in statements:
            self._statement(statement)
        self._put("}")

    def _statement(self, statement: ast.stmt) -> None:
        """Write a statement, if it computes anything."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            idle = all(self._is_alias(name) for name in _names_of(statement))
        elif isinstance(statement, ast.AnnAssign):
            idle = statement.value is None
        else:
            idle = is_idle_constant(statement)
        if not idle:
            self._node(statement)

    def _is_alias(self, name: str) -> bool:
        return bool(self._scopes) and isinstance(self._look_up(name), Target)

    def _node(self, node: ast.AST | None) -> None:
        """Write any part of a syntax tree."""
        if node is None:
            self._put("none")
        elif id(node) not in self._messages.hidden:
            _WRITE.get(type(node), Writer._plain)(self, node)

    def _plain(self, node: ast.AST) -> None:
        self._put(type(node).__name__, "(")
        for name, value in ast.iter_fields(node):
            if name in _IGNORED or value is None or value == []:
                continue
            self._put(f"{name}:")
            if isinstance(value, ast.AST):
                self._node(value)
            elif not isinstance(value, list):
                self._put(ascii(value))
            elif name in ("body", "orelse", "finalbody"):
                self._block(value)
            elif isinstance(value[0], str):
                for each in value:
                    self._mention(each, own=False)
            else:
                self._list(name, value)
        self._put(")")

    def _write_constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and value.isidentifier():
            self.written.mentioned[value] = None
            self.written.calls.words.add(value)
        self._put(f"{type(value).__name__}:{value!a}")

    def _write_format(self, node: ast.JoinedStr) -> None:
        self._put("format", "[")
        words = ""
        for part in [*node.values, None]:
            if isinstance(part, ast.Constant):
                words += str(part.value)
                continue
            if words:
                self._put(ascii(words))
            words = ""
            if part:
                self._node(part)
        self._put("]")

    def _write_name(self, node: ast.Name) -> None:
        self._path([node.id])

    def _write_attribute(self, node: ast.Attribute) -> None:
        path = dotted(node)
        if path:
            self._path(path)
            return
        self._node(node.value)
        self._mention(node.attr, own=False)

    def _path(self, path: list[str]) -> None:
        """Write ``a.b.c``: what it stands for, and attributes of that."""
        found, rest = self._follow(path)
        self._put(found)
        itself = found in ("own", "=self", "=cls")
        for place, name in enumerate(rest):
            self._mention(name, own=itself and place == 0)

    def _follow(self, path: list[str]) -> tuple[str | Link, list[str]]:
        """Return what ``a.b.c`` stands for, and which attributes of that are meant."""
        found: str | Link = "own"
        rest = path
        if self._scopes or path[0] not in self._class_names:
            found, rest = self._look_up(path[0]), path[1:]
        while rest and isinstance(found, Module | Library):
            found, rest = self._sources.attribute(found, rest[0]), rest[1:]
        return found, rest

    def _mention(self, name: str, own: bool) -> None:
        """Write the name of an attribute that is used."""
        self.written.calls.mentioned[name] += 1
        self._attribute_name(name, own)

    def _attribute_name(self, name: str, own: bool) -> None:
        """Write the name of an attribute; `own` if it is one of the class's."""
        self.written.mentioned[name] = None
        private = Private(self._owner(name, own), name)
        self._put(private if is_private(name) else f".{name}")

    def _owner(self, name: str, own: bool) -> Definition | None:
        """Return the topmost class to which a private attribute belongs, if known."""
        return None

    def _look_up(self, name: str) -> str | Target | Parameter:
        """Return what a name stands for: of a local one a word, or a target."""
        for scope in reversed(self._scopes):
            if name in scope.bound:
                scope.bound.remove(name)
                scope.words[name] = f"local:{self._locals}"
                self._locals += 1
            if name in scope.words:
                return scope.words[name]
        return self._sources.resolve(self._module, name)

    def _binding(self, name: str | None) -> None:
        """Write a name that a statement binds by a string, if there is one."""
        self._put(self._look_up(name) if name else "none")

    def _write_global(self, node: ast.Global | ast.Nonlocal) -> None:
        self._put(type(node).__name__, *(self._look_up(name) for name in node.names))

    def _write_call(self, node: ast.Call) -> None:
        self._put("call", "(")
        self._node(node.func)
        called = self._called(node.func)
        self.written.calls.add(node, called)
        self._handed |= {id(each): receiver(called) for each in handed(node)}
        self._list("args", node.args)
        self._list("keywords", node.keywords)
        self._put(")")

    def _called(self, node: ast.expr) -> Called | None:
        """Return what is called; None if this is a value."""
        path = dotted(node)
        if path:
            found, rest = self._follow(path)
            if not rest:
                return found if isinstance(found, Target) else None
        return node.attr if isinstance(node, ast.Attribute) else None

    def _write_keyword(self, node: ast.keyword) -> None:
        if id(node.value) not in self._messages.hidden:
            self._put(f"{node.arg}=")
            self._node(node.value)

    def _write_raise(self, node: ast.Raise) -> None:
        error = self._messages.raised.get(id(node))
        if error is None:
            self._plain(node)
        else:
            self._put("raise", error)

    def _write_annotated(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._node(ast.Assign(targets=[node.target], value=node.value))

    def _write_import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Write an import that is one of several ways to bind a name."""
        for name, target in self._source.targets(node):
            self._put("import", self._look_up(name), self._sources.follow(target))

    def _write_handler(self, node: ast.ExceptHandler) -> None:
        self._put("except")
        self._node(node.type)
        self._binding(node.name)
        self._block(node.body)

    def _write_match_as(self, node: ast.MatchAs) -> None:
        self._put("as")
        self._binding(node.name)
        self._node(node.pattern)

    def _write_match_star(self, node: ast.MatchStar) -> None:
        self._put("star")
        self._binding(node.name)

    def _write_match_mapping(self, node: ast.MatchMapping) -> None:
        self._list("keys", node.keys)
        self._list("patterns", node.patterns)
        self._binding(node.rest)

    def _write_inner_function(self, node: Function) -> None:
        """Write a function within another one, or within a statement."""
        self._put(self._look_up(node.name))
        self._function(node, frozenset(), None)

    def _write_inner_class(self, node: ast.ClassDef) -> None:
        self._put(self._look_up(node.name))
        self._plain(ast.ClassDef(**{**dict(ast.iter_fields(node)), "name": None}))

    def _function(
        self, function: Function, silent: frozenset[str], owner: Owner | None
    ) -> None:
        """Write a function; if it has an `owner` its parameters' names are private."""
        self._put(type(function).__name__)
        self._list("decorators", function.decorator_list)
        paths = [dotted(each) or [""] for each in function.decorator_list]
        if any(path[-1] == "register" for path in paths):
            # Which function is called may depend on the annotations.
            self._list("types", [each.annotation for each in function.args.args])
        if any(path[-1] not in _SAME_PARAMETERS for path in paths):
            owner = None
        scope = scopes.of_function(function, self._source, self._sources)
        self._parameters(function.args, silent, scope, owner)
        self._scopes.append(scope)
        self._block(function.body)
        self._scopes.pop()

    def _write_lambda(self, node: ast.Lambda) -> None:
        self._put("lambda")
        scope = scopes.of_function(node, self._source, self._sources)
        owner = self._handed.get(id(node), Lambda())
        self._parameters(node.args, frozenset(), scope, owner)
        self._scopes.append(scope)
        self._node(node.body)
        self._scopes.pop()

    def _parameters(
        self,
        args: ast.arguments,
        silent: frozenset[str],
        scope: scopes.Scope,
        owner: Owner | None,
    ) -> None:
        """Write parameters, without those that only reach messages.

        What a private one, of an `owner`, is called in the scope is settled here.
        """
        first = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(first) - len(args.defaults))
        defaults += args.defaults
        kinds: list[tuple[str, list[ast.arg], list[ast.expr | None]]] = [
            ("only", args.posonlyargs, defaults),
            ("either", args.args, defaults[len(args.posonlyargs) :]),
            ("named", args.kwonlyargs, args.kw_defaults),
            ("rest", [each for each in (args.vararg,) if each], [None]),
            ("others", [each for each in (args.kwarg,) if each], [None]),
        ]
        self._put("(")
        for kind, parameters, values in kinds:
            for parameter, value in zip(parameters, values, strict=False):
                name = parameter.arg
                if name in silent:
                    continue
                if owner and not scope.is_watched and name not in ("self", "cls"):
                    scope.words[name] = Parameter(owner, self._locals, name)
                    self._locals += 1
                self._put(kind, scope.words[name])
                self._node(value)
        self._put(")")

    def _write_comprehension(self, node: scopes.Comprehension) -> None:
        # The first iterable belongs to the scope around the comprehension.
        self._put(type(node).__name__, "(")
        self._node(node.generators[0].iter)
        self._scopes.append(scopes.of_comprehension(node))
        for place, each in enumerate(node.generators):
            self._put("async" if each.is_async else "for")
            self._node(each.target)
            if place:
                self._node(each.iter)
            self._list("ifs", each.ifs)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._list("gives", parts)
        self._scopes.pop()
        self._put(")")


class ClassWriter(Writer):
    """Writes a class, and its methods.

    Parameters
    ----------
    sources : Sources
    messages : Messages
    family : Family
    """

    def __init__(self, sources: Sources, messages: Messages, family: Family) -> None:
        super().__init__(sources, messages, family.definition.module)
        self._family, self._class_names = family, family.names

    def class_head(self) -> Written:
        """Write the class without its methods and its name."""
        node = self._family.node
        self._put("class")
        self._list("decorators", node.decorator_list)
        self._list("bases", [*node.bases, *node.keywords])
        # The annotations of a dataclass, or of a NamedTuple, make its fields.
        has_fields = bool(node.decorator_list or node.bases)
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and has_fields:
                self._field(statement)
            elif not isinstance(statement, Function):
                self._statement(statement)
        return self.written

    def methods(self, name: str) -> Written:
        """Write the methods of a name."""
        for function in self._family.methods[name]:
            self._messages.look_at(self._module, function)
            self._put("method", self._family.definition)
            self._attribute_name(name, own=True)
            owner = name if is_private(name) else None
            self._function(function, frozenset(), owner)
        return self.written

    def _owner(self, name: str, own: bool) -> Definition | None:
        family = self._family
        known = family.binds(name) or (own and not family.is_open)
        return family.top if known else None

    def _field(self, node: ast.AnnAssign) -> None:
        """Write a field of a dataclass, or of something like it."""
        self._put("field")
        if isinstance(node.target, ast.Name):
            self._attribute_name(node.target.id, own=True)
        words = {
            each.id if isinstance(each, ast.Name) else each.attr
            for each in walk(node.annotation)
            if isinstance(each, ast.Name | ast.Attribute)
        }
        self._put(*sorted(words & _FIELDS_OF_THEIR_OWN))
        self._node(node.value)


def _names_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.asname or alias.name.partition(".")[0] for alias in node.names]


_WRITE: dict[type[ast.AST], Callable[[Any, Any], None]] = {
    ast.Constant: Writer._write_constant,
    ast.JoinedStr: Writer._write_format,
    ast.Name: Writer._write_name,
    ast.Attribute: Writer._write_attribute,
    ast.Global: Writer._write_global,
    ast.Nonlocal: Writer._write_global,
    ast.Call: Writer._write_call,
    ast.keyword: Writer._write_keyword,
    ast.Raise: Writer._write_raise,
    ast.AnnAssign: Writer._write_annotated,
    ast.Import: Writer._write_import,
    ast.ImportFrom: Writer._write_import,
    ast.ExceptHandler: Writer._write_handler,
    ast.MatchAs: Writer._write_match_as,
    ast.MatchStar: Writer._write_match_star,
    ast.MatchMapping: Writer._write_match_mapping,
    ast.FunctionDef: Writer._write_inner_function,
    ast.AsyncFunctionDef: Writer._write_inner_function,
    ast.ClassDef: Writer._write_inner_class,
    ast.Lambda: Writer._write_lambda,
    ast.ListComp: Writer._write_comprehension,
    ast.SetComp: Writer._write_comprehension,
    ast.DictComp: Writer._write_comprehension,
    ast.GeneratorExp: Writer._write_comprehension,
}
"""How to write what is not written as the syntax tree has it."""
