"""How sentences stand on pages. Knows nothing else of the figure."""

import re


def typeset(sentence: str) -> str:
    """Return a sentence with minus signs, and no line's end within 10 000 or 5 %."""
    return unbroken(re.sub(r"(?<![\w.-])-(?=\.?\d)", "\N{MINUS SIGN}", sentence))


def unbroken(sentence: str) -> str:
    """Return a sentence with no line's end within 10 000 or 5 %."""
    whole = re.sub(
        r"(?<![\w.])\d{1,3}( \d{3})+(?!\w)",
        lambda number: number[0].replace(" ", "\N{NARROW NO-BREAK SPACE}"),
        sentence,
    )
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", whole)
