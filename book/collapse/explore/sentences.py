"""How sentences stand on pages. Knows nothing else of the figure."""

import re


def unbroken(sentence: str) -> str:
    """Return a sentence in which no line ends between a number and its per cent."""
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", sentence)
