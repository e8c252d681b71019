"""A formula as words in one line, where neither MathML nor TeX can stand."""

from __future__ import annotations

import re

from bs4 import Tag

RAISED = dict(zip("0123456789\N{MINUS SIGN}′∗", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻′*", strict=True))
RELATIONS = set("=<>≤≥≈∼→∝")
WHOLE, NUMERATOR = r"\w|[\d.\s]+", r"[\w.]+"
"""What needs no brackets: below a line or as a power; above a line."""


def in_one_line(formula: Tag) -> str:
    """MathML as words: σ², μ_n, (1−a²)/M."""
    parts = [in_one_line(each) for each in formula.find_all(True, recursive=False)]
    match formula.name, parts:
        case "msup", [base, power]:
            return base + _raised(power)
        case "mover", [base, "¯"]:
            return f"{base}\N{COMBINING MACRON}"
        case "msub" | "munder", [base, sub]:
            return f"{base}_{_grouped(sub)}"
        case "msubsup" | "munderover", [base, sub, power]:
            return f"{base}_{_grouped(sub)}{_raised(power)}"
        case "mfrac", [over, under]:
            return f"{_grouped(over, NUMERATOR)}/{_grouped(under)}"
        case "msqrt", _:
            return f"√{_grouped(''.join(parts))}"
        case "mtr", _:
            return " ".join([*parts, ""])
        case "mo", _ if formula.text in RELATIONS:
            return f" {formula.text} "
        case "mo", _ if formula.text == "\N{FUNCTION APPLICATION}":
            return " "
    return "".join(parts) if parts else formula.text


def _raised(power: str) -> str:
    raised = [RAISED.get(each) for each in power]
    return f"^{_grouped(power)}" if None in raised else "".join(raised)


def _grouped(part: str, whole: str = WHOLE) -> str:
    return part if re.fullmatch(whole, part) else f"({part})"
