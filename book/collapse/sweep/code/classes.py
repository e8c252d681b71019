"""A class among those that it inherits from: whose methods and names are whose.

Floor 3: it reads syntax trees.
"""

import ast

from .references import (
    Definition,
    Function,
    Library,
    Sources,
    Target,
    dotted,
    own_nodes,
)
from .trees import walk


class Family:
    """A class among those it inherits from in the package.

    Parameters
    ----------
    sources : Sources
    definition : Definition
    node : ClassDef
        The statement that makes up the definition.

    Attributes
    ----------
    methods : dict of str to list of functions
        Several of a name are a property and its setter.
    names : set of str
        What is bound in the body of the class.
    computed : set of str
        Attributes by which more may happen than that something is looked up: methods,
        properties among them, and what a call has made, which may be a descriptor.
    top : Definition
        The highest class in the package.
    is_open : bool
        Whether code outside the package may call methods by their names.
    """

    def __init__(
        self, sources: Sources, definition: Definition, node: ast.ClassDef
    ) -> None:
        self.definition, self.node = definition, node
        self.methods: dict[str, list[Function]] = {}
        for statement in node.body:
            if isinstance(statement, Function):
                self.methods.setdefault(statement.name, []).append(statement)
        self.is_open = bool(node.keywords)
        self.bases: list[Family] = []
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            path = dotted(called)
            self.is_open |= path is None or path[-1] != "dataclass"
        for base in node.bases:
            target = sources.named(definition.module, base)
            above = family_of(sources, target)
            if above:
                self.bases.append(above)
            elif not isinstance(target, Library) or not _is_plain(target):
                self.is_open = True
        self.is_open |= any(base.is_open for base in self.bases)
        self.top: Definition = self.bases[0].top if self.bases else definition
        self._bound = set(self.methods)
        for each in walk(node):
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
                self._bound.add(each.attr)
        self.names = {
            each.id
            for statement in node.body
            for each in own_nodes(statement)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        } | set(self.methods)
        self.computed = set(self.methods) | {
            each.id
            for statement in node.body
            if any(isinstance(each, ast.Call) for each in own_nodes(statement))
            for each in own_nodes(statement)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }

    def binds(self, name: str) -> bool:
        """Whether the class or one above it gives an attribute of this name."""
        own = name in self._bound or name in self.names
        return own or any(base.binds(name) for base in self.bases)


def family_of(sources: Sources, target: Target | None) -> Family | None:
    """Return the family of what is a class; None for anything else."""
    node = sources.only_statement(target)
    if isinstance(target, Definition) and isinstance(node, ast.ClassDef):
        return Family(sources, target, node)
    return None


def _is_plain(base: Library) -> bool:
    """Whether nothing calls the methods of what inherits from a class."""
    top, _, name = base.path.rpartition(".")
    return top == "typing" or (top == "builtins" and name != "type")


def is_private(name: str) -> bool:
    """Whether a name is its owner's business alone."""
    return name.startswith("_") and not name.endswith("__")
