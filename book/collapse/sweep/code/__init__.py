"""Which code made a result: all that its task can reach, definition by definition.

A sentence can be mended, a private name changed, a definition moved or added, without
an hour's run; whatever may change a number is noticed. `references` follows names,
`messages` finds what only words errors, `canonical` writes a definition in one way
only, and `trace` goes from one to the next. Floor 3: it reads source files and runs
none of them.
"""

from .references import Definition, Sources
from .trace import Code, changes, code_behind

__all__ = ["Code", "Definition", "Sources", "changes", "code_behind"]
