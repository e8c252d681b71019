"""A class among those that it inherits from: whose methods and names are whose.

Floor 3: it reads syntax trees.
"""

import ast

from .references import (
    Definition,
    Function,
    Library,
    Sources,
    dotted,
    own_nodes,
)


class Family:
    """A class among those it inherits from in the package.

    Attributes
    ----------
    node : ClassDef
    methods : dict of str to list of functions
        Several of a name are a property and its setter.
    is_open : bool
        Whether code outside the package may call methods by their names.
    """

    def __init__(self, sources: Sources, definition: Definition) -> None:
        self.definition, self.node = definition, sources.class_of(definition)
        self.methods: dict[str, list[Function]] = {}
        for statement in self.node.body:
            if isinstance(statement, Function):
                self.methods.setdefault(statement.name, []).append(statement)
        self.is_open = bool(self.node.keywords)
        self.bases: list[Family] = []
        for decorator in self.node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            path = dotted(called)
            self.is_open |= path is None or path[-1] != "dataclass"
        for base in self.node.bases:
            target = sources.named(definition.module, base)
            if sources.class_of(target):
                self.bases.append(Family(sources, target))
            elif not isinstance(target, Library) or not _is_plain(target):
                self.is_open = True
        self.is_open |= any(base.is_open for base in self.bases)
        self.top = self.bases[0].top if self.bases else definition
        self._bound = set(self.methods)
        for node in ast.walk(self.node):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                self._bound.add(node.attr)
        self.names = {
            node.id
            for statement in self.node.body
            for node in own_nodes(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        } | set(self.methods)

    def binds(self, name: str) -> bool:
        """Whether the class or one above it gives an attribute of this name."""
        own = name in self._bound or name in self.names
        return own or any(base.binds(name) for base in self.bases)


def _is_plain(base: Library) -> bool:
    """Whether nothing calls the methods of what inherits from a class."""
    top, _, name = base.path.rpartition(".")
    return top == "typing" or (top == "builtins" and name != "type")


def is_private(name: str) -> bool:
    """Whether a name is its owner's business alone."""
    return name.startswith("_") and not name.endswith("__")
