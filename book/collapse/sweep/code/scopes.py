"""Which names are a function's own, and which it takes from around it.

Floor 3: it reads syntax trees.
"""

import ast
from collections.abc import Iterator, Sequence

from .calls import Parameter
from .references import Function, Source, Sources, Target
from .trees import children, walk

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Named = Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar

_LOOKS_AT_NAMES = {"locals", "eval", "exec", "vars"}
"""Functions that can tell how variables are called."""


class Scope:
    """The names that are bound in a function or a comprehension.

    Attributes
    ----------
    words : dict of str to str, Target or Parameter
        How a name is written, as far as this is known.
    bound : set of str
        Names whose words are still to be given, when they appear.
    is_watched : bool
        Whether the function can tell how its variables are called.
    """

    def __init__(self) -> None:
        self.words: dict[str, str | Target | Parameter] = {}
        self.bound: set[str] = set()
        self.is_watched = False


def of_function(
    function: Function | ast.Lambda, source: Source, sources: Sources
) -> Scope:
    """Return the scope of a function; its parameters are written by their names."""
    body = function.body if isinstance(function.body, list) else [function.body]
    imports: dict[str, set[Target]] = {}
    scope = Scope()
    looked_at: set[str] = set()
    elsewhere: set[str] = set()
    for node in _nodes(body):
        if isinstance(node, ast.Name):
            (looked_at if isinstance(node.ctx, ast.Load) else scope.bound).add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere |= set(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name, target in source.targets(node):
                imports.setdefault(name, set()).add(sources.follow(target))
        else:
            scope.bound |= _binds(node)
    scope.bound |= {name for name, found in imports.items() if len(found) > 1}
    scope.bound -= elsewhere
    scope.is_watched = bool(looked_at & _LOOKS_AT_NAMES)
    if scope.is_watched:
        scope.words |= {name: f"={name}" for name in scope.bound}
    for name, found in imports.items():
        if name not in scope.bound:
            scope.words[name] = next(iter(found))
    for node in walk(function.args):
        if isinstance(node, ast.arg):
            scope.words[node.arg] = f"={node.arg}"
    scope.bound -= set(scope.words)
    return scope


def of_comprehension(node: Comprehension) -> Scope:
    """Return the scope of a comprehension."""
    scope = Scope()
    for generator in node.generators:
        for each in walk(generator.target):
            if isinstance(each, ast.Name):
                scope.bound.add(each.id)
    return scope


def _binds(node: ast.AST) -> set[str]:
    """Return the name that a node binds by a string, if there is one."""
    name = None
    if isinstance(node, ast.MatchMapping):
        name = node.rest
    elif isinstance(node, _Named):
        name = node.name
    return {name} if name else set()


def _nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Walk what belongs to one scope, and not to the scopes within it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Function | ast.ClassDef):
            waiting += node.decorator_list
        elif isinstance(node, Comprehension):
            # Of a comprehension only what := binds belongs to the scope around it.
            waiting += [each for each in walk(node) if isinstance(each, ast.NamedExpr)]
        elif not isinstance(node, ast.Lambda):
            waiting += children(node)
