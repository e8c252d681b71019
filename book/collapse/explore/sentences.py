"""How sentences stand on pages. Knows nothing else of the figure."""

import re


def typeset(sentence: str) -> str:
    """Return a sentence with minus signs, and no line's end between 5 and %."""
    minus = re.sub(r"(?<![\w.-])-(?=\.?\d)", "\N{MINUS SIGN}", sentence)
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", minus)
