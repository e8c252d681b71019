"""From a file of Project Gutenberg to the book's plain prose, always the same.

A model learns whatever it reads: licences, page numbers, indexes and notes of
transcribers would come back in what it writes. The result is judged by a hash, so every
rule is part of what a text is: to change one is to make another corpus. Floor 1: it
knows bytes and strings, and no list of books.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

Lines = list[str]

_MARGIN = 4
"""Columns of a tabulator."""

_PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("—―⸺", "--")
    | dict.fromkeys("–‒‐‑−", "-")
    | dict.fromkeys("\u00a0\u2009\u200a\u2003\u2002\u202f\t", " ")
    | dict.fromkeys("\u00ad\ufeff\u200b", "")
    | {"…": "...", "\ufb01": "fi", "\ufb02": "fl", "Œ": "Oe", "œ": "oe"}
)
"""One form for each mark, so that a model need not learn several."""

# Where the book begins and ends in files of the last twenty years, and in older ones.
_START = re.compile(
    r"\*\*\*\s*START OF (?:THE|THIS) PROJECT GUTENBERG.*?\*\*\*", re.S | re.I
)
_SMALL_PRINT = re.compile(r"^\*?END[ *]*THE SMALL PRINT.*$", re.M | re.I)
_HEADER = re.compile(r"^.*(?:gutenberg|small print).*$", re.M | re.I)
_END = re.compile(
    r"\*\*\*\s*END OF (?:THE|THIS) PROJECT GUTENBERG"
    r"|^\s*End of (?:the |this )?Project Gutenberg"
    r"|^\s*(?:The )?Project Gutenberg E(?:text|book) of",
    re.M | re.I,
)

_INSERTIONS = (
    *("illustration", "frontispiece", "headpiece", "tailpiece", "decoration", "image"),
    *("plate", "figure", "fig.", "map", "table", "drawing", "diagram", "picture"),
    *("footnote", "sidenote", "side-note", "note:", "transcriber", "typo", "errata"),
    *("music", "greek", "hebrew", "arabic", "symbol"),
    *("pg", "page", "blank page", "heading"),
)
"""How brackets begin that hold no words of the author's."""

_LONGEST_INSERTION = 12_000
"""Characters after which an open bracket counts as a slip of the pen."""

_NOTE = re.compile(
    r"^\s*(?:\[(?:\d{1,4}|[A-Za-z]{1,2}|[*†‡§]+)\]"
    r"|\{\d+\}"
    r"|(?:\*|†|‡)+(?= ?[A-Z'\"])(?![^*]{0,90}\*)"
    r"|footnotes?\b"
    r"|\(\d{1,3}\) (?:see|ibid|vol|op)"
    r"|\d{1,3} (?:see|ibid)\b)",
    re.I,
)
"""How a footnote begins."""

_INDEX = re.compile(r"^\s*(?:\w+ )?INDEX\b[\w ,.&'-]{0,40}$")
_THE_END = re.compile(r"^\s*(?:THE END|The End|FINIS|END)\.?\s*$")
_ADVERTISEMENTS = re.compile(
    r"^\s*[#_]*(?:ADVERTISEMENTS?"
    r"|(?:OTHER |NEW |SELECTED |RECENT )?(?:BOOKS|WORKS|PUBLICATIONS) "
    r"(?:BY|PUBLISHED BY|FOR|ON)\b.{0,60}"
    r"|(?:SOME |FROM |FIRST )?(?:OPINIONS OF THE PRESS|PRESS OPINIONS)"
    r"|BELL'S CATHEDRAL SERIES|THE MACMILLAN \w+ LIBRAR(?:Y|IES))[.#_]*$",
    re.I,
)
_PRICED = re.compile(
    r"\b(?:8vo|12mo|16mo)\b|\b(?:Cloth|cloth)[,.;] |\bnet[.,]?_?$|\b[Nn]et,? \$"
    r"|\d[sd]\. net|\d net\b|\bpostpaid\b|\b\d+s\. \d+d\."
    r"|\$ ?\d\.\d\d(?: net|\.?_?$)|\b(?:[Ff]cap|[Cc]rown|[Dd]emy)\.? [58]"
)
_OFFERED = re.compile(
    _PRICED.pattern + r"|^\s*_?B[Yy] [A-Z][A-Z. ]{5,}|\b[Ii]llustrat(?:ed|ions)\b"
    r"|\b(?:[Ee]dition|[Vv]olumes?)\b"
)

# Each with what stands in its place. Their order counts.
_MARKUP: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # Letters that ASCII lacks: [oe], [=a], [a'].
    (re.compile(r"\[((?:oe|OE|ae|AE))\]"), r"\1"),
    (re.compile(r"\[[=)(:'`~^.,·\"-]+([A-Za-z]{1,2})\]"), r"\1"),
    (re.compile(r"\[([A-Za-z])[=)(:'`~^.,\"]\]"), r"\1"),
    # Fractions, pages, marks of footnotes.
    (re.compile(r"\[(\d/\d+)\]"), r" \1"),
    (re.compile(r"\[(?:Pg|pg|p\.|P\.|Page|page) ?[0-9ivxlcIVXLC]+\.?\]"), ""),
    (
        re.compile(r"\[(?:\d{1,4}[a-z]?|[A-Za-z]{1,2}|[*†‡§#+]+|sic|cross|dagger)\]"),
        "",
    ),
    (re.compile(r"\{(?:\d{1,4}|[ivxlc]+|p\. ?\d+)\}"), ""),
    (re.compile(r"^\s*§\s*(?:[IVXLC]+|\d+)\.?\s*"), ""),
    # Raised and lowered letters, italics.
    (re.compile(r"\^\{([^}]*)\}"), r"\1"),
    (re.compile(r"_\{([^}]*)\}"), r"\1"),
    (re.compile(r"[_^†‡~|{}☞]"), ""),
    (re.compile(r"(?<=\d)·(?=\d)"), "."),
    (
        re.compile(r"[\u02b0-\u02e3\u1d2c-\u1d6a\u2070-\u209c\x80-\x9f]+"),
        lambda raised: unicodedata.normalize("NFKC", raised.group()),
    ),
    # Bold, and small capitals.
    (re.compile(r"(?<!\w)[=#+]+(?=[\w\"'(])|(?<=[\w.,;:!?\"')])[=#+]+(?!\w)"), ""),
    (re.compile(r"\*+|</?[a-z]{1,6}>|\( ?\)"), ""),
)

_COMMON = frozenset(
    re.findall(
        r"[a-z]+",
        """
    a about after all also an and any as at be been before being between but by can
    could did do does each every for from had has have he her here him his how i if in
    into is it its many may me might more most much must my no nor not of on one only or
    other our out over shall she should so some such than that the their them then there
    these they this those through to two under until up upon us very was we were what
    when where which while who whom will with would you your are because
    """,
    )
)
"""Frequent words: where few are, there is a list, a table or another language."""

_ABOUT_THE_FILE = re.compile(
    r"transcriber|gutenberg|proofread|\be-?texts?\b|\be-?books?\b|\bwww\.|https?:"
    r"|\.html?\b|\binternet archive\b|hathitrust"
    # What every guide to a cathedral says alike.
    r"|^this series of monographs has been planned"
    r"|^to specify all the authorities which have been made use of",
    re.I,
)
_CREDIT = re.compile(
    r"^(?:this file was )?"
    r"(?:produced|prepared|transcribed|digitized|scanned|converted) (?:by|from)\b",
    re.I,
)
# These two meet words of authors as well, so they judge short paragraphs only.
_ABOUT_THE_EDITION = re.compile(
    r"typographical err|printer'?s'? errors?\b|\bhyphenation|\bunderscores?\b|\bhtml\b"
    r"|\btext version|utf-8|unicode|\bascii\b|superscripted"
    r"|superscripts? (?:are|is)|super- or subscript|equals? signs?\b|\bligatures?\b"
    r"|\bmacron|\bbreve\b|\btilde\b|greek words are|^author of |\bcaret\b"
    r"|curly (?:brackets|braces)|small[- ]caps|paragraph break"
    r"|illustrations? (?:has|have) been (?:moved|relocated|removed)|page numbers\b"
    r"|list of (?:changes|corrections)|minor changes"
    r"|italici[sz]ed (?:in|words|text)|italics are (?:enclosed|indicated|marked|shown)"
    r"|end of this file|in the original (?:book|text)\b"
    r"|(?:spelling|punctuation|accent)\w*\b.{0,160}"
    r"\b(?:retained|maintained|preserved|corrected|faithfully|as in the original)"
    r"|^pages? \d+\b.{0,3}:|\bpage \d+\b.*\b(?:changed|corrected) (?:from|to)\b"
    r"|dover edition|vestal press",
    re.I,
)
_FOR_SALE = re.compile(
    r"\bbooksellers?;|\bsent by mail|\bsells for \d"
    r"|\"--(?:the )?[a-z][a-z .&'-]{2,34}\.$|\b(?:8vo|12mo|16mo|4to)\b"
    r"|\d ?[sd]\.,? net\b|\d net\b|\bnet\. \$|\bcloth,? (?:gilt|extra|boards|\$?\d)"
    r"|gilt top|post(?:-| )free|postpaid|all rights reserved|copyright"
    r"|printed (?:in great britain|by)|entered according to act"
    r"|\b(?:second|third|fourth|fifth) (?:edition|impression), ",
    re.I,
)

_GAP = re.compile(r"\S {3,}\S|\. ?\. ?\. ?\.")
_NUMBER_AT_END = re.compile(r"(?:\s|,|\.|-)(?:\d{1,4}|[ivxlc]{1,7})\.?$")
_CAPITAL_FIRST = re.compile(r"[\"'(“‘_]*[A-Z]")
_PAGES_AT_END = re.compile(r"(?:, \d{1,3}(?:-\d{1,3})?)+\.?$")
_REFERENCE = re.compile(
    r"\d{1,3} [A-Z].*(?:\bpp?\.|\bvol\.|\bib(?:id)?\.|, [ivxlc]+\.)"
)
_FULL_STOP = re.compile(r"[.!?;:][\"')\]]*$")


def clean(raw: bytes) -> str:
    """Return the prose of a book as Project Gutenberg has it.

    Parameters
    ----------
    raw : bytes
        Of a plain text file in UTF-8, Windows-1252 or Latin-1, with header and licence.

    Returns
    -------
    str
        One paragraph a line, a blank line between two, a line end after the last. Of
        what is no text, or holds no prose, this line end is all that is left.
    """
    text = _decoded(raw).replace("\r\n", "\n").replace("\r", "\n")
    lines = _without_tail(_without_insertions(_without_licence(text)).split("\n"))
    kept = dict.fromkeys(filter(_is_prose, _paragraphs(_blocks(lines))))
    return "\n\n".join(kept) + "\n"


def _decoded(raw: bytes) -> str:
    """Decode, trying the strictest encoding first: Latin-1 takes anything."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _without_licence(text: str) -> str:
    """Cut Gutenberg's header and licence off.

    Old files have no line of stars where the book begins: there it begins after the
    last line in the first tenth that speaks of Gutenberg.
    """
    if start := _START.search(text):
        text = text[start.end() :]
    else:
        half = len(text) // 2
        before = [each for each in _SMALL_PRINT.finditer(text) if each.end() < half]
        before = before or list(_HEADER.finditer(text[: len(text) // 10]))
        if before:
            text = text[before[-1].end() :]
    ends = (each.start() for each in _END.finditer(text))
    return text[: next((end for end in ends if end > len(text) // 2), len(text))]


def _without_insertions(text: str) -> str:
    """Remove ``[Illustration: ...]`` and the like, with the brackets within them."""
    kept, here = [], 0
    while (opened := text.find("[", here)) >= 0:
        kept.append(text[here:opened])
        here = opened + 1
        word = text[here : here + 23].lstrip(" _*=\n").lower()
        closed = _closing(text, opened) if word.startswith(_INSERTIONS) else None
        if closed is None:
            kept.append("[")
        else:
            here = closed + 1
    return "".join(kept) + text[here:]


def _closing(text: str, opened: int) -> int | None:
    """Return where the bracket that opens here is closed, if it is."""
    depth = 0
    for here in range(opened, min(len(text), opened + _LONGEST_INSERTION)):
        depth += (text[here] == "[") - (text[here] == "]")
        if depth == 0:
            return here
    return None


def _without_tail(lines: Lines) -> Lines:
    """Cut an index or a publisher's list off the end of a book.

    What looks like one counts only late in the book: the later it stands, the less is
    asked of it.
    """
    n = len(lines)
    for i in range(int(n * 0.6), n):
        line = lines[i]
        if (
            (_INDEX.match(line) and _has_many_numbers(lines[i + 1 : i + 160]))
            or (i > n * 0.75 and _THE_END.match(line))
            or (i > n * 0.85 and _ADVERTISEMENTS.match(line))
            or (i > n * 0.93 and _OFFERED.search(line) and _is_offer(lines[i : i + 80]))
        ):
            return lines[:i]
    return lines


def _has_many_numbers(lines: Lines) -> bool:
    written = [line for line in lines if line.strip()]
    return sum(bool(re.search(r"\d", line)) for line in written) * 10 >= 4 * len(
        written
    )


def _is_offer(lines: Lines) -> bool:
    """Return whether books and their prices follow."""
    near = [line for line in lines if line.strip()][:40]
    offered = sum(bool(_OFFERED.search(line)) for line in near)
    return offered >= 5 and sum(bool(_PRICED.search(line)) for line in near) >= 3


def _blocks(lines: Lines) -> Iterator[Lines]:
    """Yield what stands between blank lines."""
    block: Lines = []
    for line in (*lines, ""):
        line = line.expandtabs(_MARGIN).rstrip()
        if line:
            block.append(line)
        elif block:
            yield block
            block = []


def _paragraphs(blocks: Iterable[Lines]) -> Lines:
    """Join the lines of blocks, and what a page or an illustration tore apart.

    A long paragraph without a full stop goes on in the next one that begins with a
    small letter.
    """
    found: Lines = []
    broken_off = False
    for block in blocks:
        if _NOTE.match(block[0]) or _is_layout(block):
            continue
        text = _joined([_plain(line) for line in block])
        if broken_off and re.match(r"[a-z]", text):
            found[-1] = _joined([found[-1], text])
        else:
            found.append(text)
        last = found[-1]
        broken_off = len(last) > 120 and bool(re.search(r"[A-Za-z,]$", last))
    return found


def _plain(line: str) -> str:
    """Remove markup within a line."""
    for pattern, replacement in _MARKUP:
        line = pattern.sub(replacement, line)
    return line.translate(_PLAIN)


def _joined(lines: Iterable[str]) -> str:
    """Make one line of several, words that end in a hyphen whole."""
    text = ""
    for line in filter(None, (line.strip() for line in lines)):
        torn = text.endswith("--") or line.startswith("--")
        torn = torn or bool(re.search(r"[A-Za-z]-$", text))
        text += line if torn or not text else f" {line}"
    text = text.replace("''", '"')
    text = re.sub(r"-{3,}", "--", text)
    text = re.sub(r"(?:\. ){2,}\.", "...", text)
    text = re.sub(r"\.{4,}", "...", text)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ([,;:!?.])(?=\s|$)", r"\1", text).strip()


def _is_layout(block: Lines) -> bool:
    """Return whether lines are a table, a list, verse or a title: no running prose."""
    lines = [line.strip() for line in block]
    n, widths = len(lines), [len(line) for line in lines]
    ruled = sum("|" in line or "+--" in line or line[:3] == "---" for line in lines)
    spaced = sum(bool(_GAP.search(line)) for line in lines)
    numbered = sum(bool(_NUMBER_AT_END.search(line)) for line in lines)
    capitals = all(_CAPITAL_FIRST.match(line) for line in lines)
    indents = [len(line) - len(line.lstrip()) for line in block]
    return (
        ruled * 3 >= n  # a table
        or spaced * 3 > n  # columns, contents with dots
        or (n > 1 and numbered * 10 >= 4 * n)  # contents, an index
        or (n > 1 and max(widths) < 50)  # verse, a title page, a list
        or (n > 3 and max(widths) < 62 and capitals)  # verse of longer lines
        or (n > 2 and sum(widths[:-1]) / (n - 1) < 44)
        or min(indents) >= 10  # centred
    )


def _is_prose(text: str) -> bool:
    """Return whether a paragraph is English prose of the author's."""
    n, letters = len(text), sum(each.isalpha() for each in text)
    if n < 60 or letters < 0.70 * n:
        return False
    return not (
        sum(each.isupper() for each in text) > 0.22 * letters  # a heading
        or _is_editors(text)
        or (n < 300 and _is_entry(text))
        or _is_synopsis(text)
        or not _is_english(text)
        or (n < 200 and not _FULL_STOP.search(text))  # a caption
    )


def _is_editors(text: str) -> bool:
    """Return whether a paragraph is a note, or about the file or about books to buy."""
    if _ABOUT_THE_FILE.search(text) or _CREDIT.match(text) or _NOTE.match(text):
        return True
    about = _ABOUT_THE_EDITION.search(text) or _FOR_SALE.search(text)
    return len(text) < 900 and bool(about)


def _is_entry(text: str) -> bool:
    """Return whether a text is an index's entry, a caption's end or a reference."""
    unopened = text.endswith("]") and text.count("]") > text.count("[")
    return bool(_PAGES_AT_END.search(text) or unopened or _REFERENCE.match(text))


def _is_synopsis(text: str) -> bool:
    """Return whether dashes part what a chapter is about."""
    dashes = text.count("--")
    return dashes >= 4 and dashes * 70 > len(text)


def _is_english(text: str) -> bool:
    words = re.findall(r"[A-Za-z']+", text.lower())
    return sum(word in _COMMON for word in words) >= 0.22 * len(words)
