"""How functions are called: whether anything depends on what a parameter is called.

The parameters of private functions and of lambdas are named for readers alone, unless
an argument is given by its keyword, or a function is handed on to who knows what.
Floor 3: it reads syntax trees.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from .references import Definition, Library, Target
from .trees import children

Called = Target | str
"""What a call calls: a target, or the name of a method."""


@dataclass(frozen=True)
class Lambda:
    """A function without a name, and the method to which it is handed, if to one."""

    method: str | None = None


Owner = Definition | str | Lambda
"""A private function, the name of a private method, or a lambda."""


@dataclass(frozen=True)
class Parameter:
    """A parameter whose name may not matter, and its number within what is written."""

    owner: Owner
    number: int
    name: str


@dataclass
class Calls:
    """What is called, and what is only mentioned.

    Attributes
    ----------
    mentioned : Counter of Called
        How often something appears, called or not.
    called : Counter of Called
        How often it is called where it appears.
    keywords : dict of Called to set of str
        By which keywords its arguments are given; ``**`` stands for any.
    words : set of str
        All keywords, and all strings: a signature may be searched for these.
    """

    mentioned: Counter[Called] = field(default_factory=Counter)
    called: Counter[Called] = field(default_factory=Counter)
    keywords: dict[Called, set[str]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def add(self, call: ast.Call, called: Called | None) -> None:
        """Add a call of something that is mentioned already."""
        keywords = {each.arg or "**" for each in call.keywords}
        self.words |= keywords
        if called is not None:
            self.called[called] += 1
            self.keywords.setdefault(called, set()).update(keywords)

    def update(self, other: Self) -> None:
        """Add what has been found elsewhere."""
        self.mentioned.update(other.mentioned)
        self.called.update(other.called)
        for called, keywords in other.keywords.items():
            self.keywords.setdefault(called, set()).update(keywords)
        self.words |= other.words

    def name_counts(self, parameter: Parameter, methods: Iterable[str]) -> bool:
        """Whether the name of a parameter matters.

        Parameters
        ----------
        parameter : Parameter
        methods : iterable of str
            Names of the methods of all classes that are reached.
        """
        owner = parameter.owner
        if isinstance(owner, Lambda):
            unknown = owner.method is not None and owner.method not in methods
            return unknown or parameter.name in self.words
        called = self.called[owner]
        # A library calls what nothing here does, and may know its parameters' names.
        elsewhere = not called or self.mentioned[owner] > called or owner in self.words
        return elsewhere or bool({parameter.name, "**"} & self.keywords[owner])


def receiver(called: Called | None) -> Lambda | None:
    """Return the owner of a lambda's parameters if a call gets it; None if they count.

    The package's functions call it as is seen, and Python's own by position.
    """
    match called:
        case str(method):
            return Lambda(method)
        case Definition():
            return Lambda()
        case Library(path) if path.startswith("builtins."):
            return Lambda()
    return None


def handed(call: ast.Call) -> Iterator[ast.Lambda]:
    """Yield the lambdas among the arguments of a call, also within lists and the like.

    Yields
    ------
    Lambda
    """
    waiting: list[ast.AST] = [*call.args, *call.keywords]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            yield node
        elif not isinstance(node, ast.Call):
            waiting += children(node)
