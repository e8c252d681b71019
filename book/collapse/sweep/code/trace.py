"""From a task to all that it can reach, and to a hash of what all of it computes.

Floor 3.
"""

import hashlib
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .canonical import ClassWriter, Link, Private, Writer, Written
from .classes import Family, family_of, is_private
from .messages import Messages
from .references import Definition, Library, Module, Sources


@dataclass(frozen=True)
class Method:
    """The methods of a class that have one name."""

    owner: Definition
    name: str


@dataclass(frozen=True)
class Idle:
    """What happens when a module is imported."""

    module: str


Unit = Definition | Method | Module | Idle


@dataclass(frozen=True)
class Code:
    """What some functions compute.

    Attributes
    ----------
    sha256 : str
        Of all definitions and of how they refer to one another.
    definitions : dict of str to dict of str to str
        For each module its definitions, with a hash of each by itself.
    libraries : set of str
        The top names of the packages of others that are used.
    """

    sha256: str
    definitions: dict[str, dict[str, str]]
    libraries: set[str]


def code_behind(
    starts: Iterable[Definition], sources: Sources, others: Iterable[Definition] = ()
) -> Code:
    """Read all that some definitions use, in the package.

    Parameters
    ----------
    starts : iterable of Definition
        In an order of their own.
    sources : Sources
    others : iterable of Definition
        Classes that count as well, in any order.

    Returns
    -------
    Code

    Raises
    ------
    LookupError
        If a definition is not there.

    Notes
    -----
    A name is followed to what it stands for, also within functions. Of a class the
    special methods count, and those whose names are used anywhere in what is reached;
    all, if a library may call them. Statements that bind nothing, such as a call,
    count as soon as their module is imported. A name that is put together when the
    program runs is not seen.
    """
    trace = _traced([*starts], sources, [*others])
    numbers: dict[Any, int] = {unit: place for place, unit in enumerate(trace.units)}
    text = "\n".join(written.text(numbers) for written in trace.units.values())
    definitions: dict[str, dict[str, str]] = {}
    for unit, written in sorted(trace.units.items(), key=lambda pair: _label(pair[0])):
        module, name = _label(unit)
        definitions.setdefault(module, {})[name] = _hash(written.text({}))[:12]
    libraries = {
        part.path.partition(".")[0]
        for written in trace.units.values()
        for part in written.parts
        if isinstance(part, Library)
    }
    return Code(_hash(text), definitions, libraries - set(sys.stdlib_module_names))


def changes(
    then: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Name the definitions that are new or not what they were, as well as possible.

    Parameters
    ----------
    then, now : mapping of str to mapping of str to str
        `Code.definitions`.
    """
    before, after = (
        {
            (hashed, f"{module}.{name}")
            for module, names in definitions.items()
            for name, hashed in names.items()
        }
        for definitions in (then, now)
    )
    kept = {hashed for hashed, _ in before} & {hashed for hashed, _ in after}
    changed = {name for hashed, name in before ^ after if hashed not in kept}
    return sorted(changed)


def _traced(
    starts: list[Definition], sources: Sources, others: list[Definition]
) -> "_Trace":
    """Follow names until it is known which attributes may do more than be looked up.

    What hides in a message may depend on a class that is reached later.
    """
    computed: set[str] = set()
    while True:
        trace = _Trace(sources, computed)
        for start in starts:
            trace.reach(start)
        trace.finish(others)
        if trace.computed() <= computed:
            return trace
        computed |= trace.computed()


class _Trace:
    """Goes from definition to definition, in an order that only they decide."""

    def __init__(self, sources: Sources, computed: set[str]) -> None:
        self._sources, self._messages = sources, Messages(sources, computed)
        self.units: dict[Unit, Written] = {}
        self._waiting: deque[Unit] = deque()
        self._seen: set[Unit] = set()
        self._families: dict[Definition, Family] = {}
        self._mentioned: dict[str, None] = {}

    def reach(self, unit: Unit) -> None:
        """Put something on the list of what is to be written."""
        if unit not in self._seen:
            self._seen.add(unit)
            self._waiting.append(unit)

    def finish(self, others: Iterable[Definition]) -> None:
        """Write all that is reached, after it other classes and what yet may happen."""
        self._write_the_waiting()
        heads = {
            unit: self._class_writer(family).class_head()
            for unit in others
            if unit not in self._seen and (family := family_of(self._sources, unit))
        }
        for unit in sorted(heads, key=lambda unit: heads[unit].text({})):
            self.reach(unit)
        self._write_the_waiting()
        while self._reach_the_rest():
            self._write_the_waiting()
        for written in self.units.values():
            written.parts = [self._owned(part) for part in written.parts]

    def computed(self) -> set[str]:
        """Return the attributes of all classes that may do anything."""
        return {name for family in self._families.values() for name in family.computed}

    def _write_the_waiting(self) -> None:
        while self._waiting:
            unit = self._waiting.popleft()
            self.units[unit] = written = self._write(unit)
            self._follow(written)

    def _owned(self, part: str | Link) -> str | Link:
        """Find the class of a private attribute; if it is unclear its name counts."""
        if not isinstance(part, Private) or part.owner:
            return part
        families = self._families.values()
        owners = {family.top for family in families if family.binds(part.name)}
        only = owners.pop() if len(owners) == 1 else None
        return Private(only, part.name) if only else f".{part.name}"

    def _write(self, unit: Unit) -> Written:
        if isinstance(unit, Method):
            return self._class_writer(self._families[unit.owner]).methods(unit.name)
        if isinstance(unit, Idle):
            idle = self._sources.source(unit.module).idle
            return self._writer(unit.module).statements(idle)
        if isinstance(unit, Module):
            return self._whole(unit)
        family = family_of(self._sources, unit)
        if family:
            self._families[unit] = family
            self._reach_methods(family)
            return self._class_writer(family).class_head()
        function = self._sources.function(unit)
        if function:
            silent = self._messages.silent(unit)
            return self._writer(unit.module).function(function, silent)
        statements = self._sources.statements(unit)
        return self._writer(unit.module).statements(statements)

    def _writer(self, module: str) -> Writer:
        return Writer(self._sources, self._messages, module)

    def _class_writer(self, family: Family) -> ClassWriter:
        return ClassWriter(self._sources, self._messages, family)

    def _whole(self, unit: Module) -> Written:
        """Write all names of a module, where it cannot be told which are used."""
        written = Written()
        for name in sorted(self._sources.source(unit.name).statements):
            written.parts += [name, Definition(unit.name, name)]
        return written

    def _follow(self, written: Written) -> None:
        for part in written.parts:
            if isinstance(part, Definition | Module):
                self.reach(part)
        for name in written.mentioned:
            if name not in self._mentioned:
                self._mentioned[name] = None
                for owner, family in self._families.items():
                    if name in family.methods:
                        self.reach(Method(owner, name))

    def _reach_methods(self, family: Family) -> None:
        """Reach the methods of a class that may be called by now."""
        owner = family.definition
        public = sorted(name for name in family.methods if not is_private(name))
        for name in public:
            if family.is_open or name.startswith("__"):
                self.reach(Method(owner, name))
        for name in self._mentioned:
            if name in family.methods:
                self.reach(Method(owner, name))

    def _reach_the_rest(self) -> bool:
        """Reach what no name leads to; return whether there is anything."""
        for owner, family in self._families.items():
            if family.is_open:
                for name in sorted(family.methods):
                    self.reach(Method(owner, name))
        idle = {
            Idle(module): self._writer(module).statements(source.idle)
            for module, source in self._sources.touched().items()
            if source.idle
        }
        for unit in sorted(idle, key=lambda unit: idle[unit].text({})):
            self.reach(unit)
        return bool(self._waiting)


def _label(unit: Unit) -> tuple[str, str]:
    """Return a module, and what something in it is called there."""
    match unit:
        case Method(owner, name):
            return owner.module, f"{owner.name}.{name}"
        case Definition(module, name):
            return module, name
        case Module(module):
            return module, "*"
        case Idle(module):
            return module, "on import"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
