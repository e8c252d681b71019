"""Real text: read a file, cut it into byte pairs, and the pairs into blocks.

The default needs no network: the documentation that comes with Python. Floor 1: it
knows files and the `tokenizers` library, and no model.
"""

import codecs
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from pydoc_data.topics import topics as _PYTHON_TOPICS  # noqa: N812

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from ..validation import refuse, whole_number
from .lines import SPECIAL

SHORTEST = 1000
"""Characters below which a text is refused: a model would learn it by heart."""

HELD_OUT = 0.1
"""Which share of a text is held out."""

# A title's underline, a table's border.
_RULE = re.compile(r"[-=+|*~^\s]{3,}")

# What no text holds: control characters other than tabs and ends of lines or pages.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")

# A run without a break. The time that a tokenizer takes grows with its square.
_RUN = re.compile(r"\S{1000}(?=\S)|\s{1000}(?=\s)")

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # before those of UTF-16, which begin alike
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The byte order marks with which a file may say how it is encoded."""

_WIKITEXT_FILES = {
    split: (f"{split}.txt", f"wiki.{split}.tokens", f"wiki.{split}.raw")
    for split in ("train", "valid", "test")
}


def read_text(path: str | Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 or UTF-32 if it says so.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str
        With ``\\n`` at the ends of lines and without a byte order mark.

    Raises
    ------
    ValueError
        If there is no such file, or if it is empty, binary, in another encoding, or
        shorter than `SHORTEST`; the message says which, and where.
    """
    if not isinstance(path, str | Path):
        raise refuse("path", path, "the path of a text file")
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"path must be a text file, and {path} is none")
    content = path.read_bytes()
    if not content.strip():
        raise ValueError(f"{path} is empty")
    text = _decoded(path, content).removeprefix("\ufeff")
    if not text.strip():
        raise ValueError(f"{path} is empty")
    if found := _CONTROL.search(text):
        raise ValueError(
            f"{path} is binary, not text: character {found.start()} is the control "
            f"character U+{ord(found.group()):04X}"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text.strip()) < SHORTEST:
        raise ValueError(
            f"{path} is too short: it has {len(text.strip())} characters, "
            f"at least {SHORTEST} are needed"
        )
    return text


def _decoded(path: Path, content: bytes) -> str:
    """Decode by the byte order mark, or as UTF-8."""
    encoding = next(
        (name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8"
    )
    if encoding == "utf-8" and (zero := content.find(b"\0")) >= 0:
        # Of four bytes of UTF-32 two or three are zero.
        is_utf_32 = (
            max(content[::2].count(0), content[1::2].count(0)) > len(content) / 4
        )
        if is_utf_32 or _seems_utf_16(content):
            raise ValueError(
                f"{path} seems to be UTF-16 or UTF-32 without a byte order mark; save "
                "it as UTF-8"
            )
        raise ValueError(f"{path} is binary, not text: byte {zero} is zero")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not {encoding.upper()}: byte {error.start} is "
            f"0x{content[error.start]:02x} ({error.reason})"
        ) from None


def _seems_utf_16(content: bytes) -> bool:
    """Whether bytes, read in pairs, are characters that one can see, in some order.

    Letters of ASCII are, too, as Chinese ones: spaces and ends of lines leave zeros.
    """
    beginning = content[:4096]
    if beginning.count(0) < 0.01 * len(beginning):
        return False
    for encoding in ("utf-16-le", "utf-16-be"):
        text = beginning.decode(encoding, errors="ignore")
        seen = sum(each.isprintable() or each.isspace() for each in text)
        if seen > 0.99 * len(beginning) / 2:
            return True
    return False


def python_topics() -> str:
    """Return Python's documentation topics, those of ``help("FORMATTING")``.

    Underlines of titles and borders of tables are left out, and topics come in the
    order of their names. The text differs a little from one Python to the next.
    """
    pages = []
    for name in sorted(_PYTHON_TOPICS):
        lines = [line.rstrip() for line in _PYTHON_TOPICS[name].splitlines()]
        page = "\n".join("" if _RULE.fullmatch(line) else line for line in lines)
        pages.append(re.sub(r"\n{3,}", "\n\n", page).strip("\n"))
    return "\n\n".join(pages) + "\n"


def read_wikitext(folder: str | Path) -> dict[str, str]:
    """Return the splits of WikiText-2 that a folder holds.

    Parameters
    ----------
    folder : str or Path
        With files such as ``wiki.train.tokens``, ``wiki.train.raw`` or ``train.txt``.

    Returns
    -------
    dict of str to str
        Some of "train", "valid" and "test", in this order. The text is as the files
        have it: words apart, headings between equals signs, rare words ``<unk>``.

    Raises
    ------
    ValueError
        If there is none of these files, or if one is not text.

    References
    ----------
    Merity et al. (2016), "Pointer sentinel mixture models".
    """
    folder = Path(folder)
    found = {}
    for split, names in _WIKITEXT_FILES.items():
        paths = [folder / name for name in names if (folder / name).is_file()]
        if paths:
            found[split] = read_text(paths[0])
    if not found:
        known = ", ".join(name for names in _WIKITEXT_FILES.values() for name in names)
        raise ValueError(f"folder must hold one of {known}, and {folder} holds none")
    return found


def paragraph_lines(text: str) -> str:
    """Return a text with a paragraph in each line and no empty line.

    The break between two paragraphs is then one line end, and so one token. Where it
    was two, a model could go on writing empty lines for ever.

    Parameters
    ----------
    text : str
        With one or more empty lines between paragraphs, each of which is in one line,
        as `collapse.corpus.books.read_books` returns it.
    """
    return re.sub(r"\n\s*\n", "\n", text)


def train_tokenizer(text: str, vocabulary_size: int) -> Tokenizer:
    """Learn a byte-level byte-pair encoding from a text.

    Every text can be encoded and comes back unchanged, since the single bytes are
    part of the vocabulary. No pair reaches over the border of a word: a token is part
    of one word with the space before it, of one number, one run of punctuation or one
    of white space. The end of a line of words is one token, and an ordinary one: what
    ends a text is ``</s>`` alone. The first four tokens are those of the grammar, and
    of OPT: ``<s>``, ``<pad>``, ``</s>``, ``<unk>``.

    Parameters
    ----------
    text : str
    vocabulary_size : int
        At least 260, for the special tokens and the bytes. A short text may not have
        enough pairs to fill a large one. A run of letters without a break counts as
        pieces of a thousand.

    Returns
    -------
    tokenizers.Tokenizer

    References
    ----------
    Sennrich et al. (2016), "Neural machine translation of rare words with subword
    units"; on bytes, Radford et al. (2019).
    """
    _check_text(text)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    size = whole_number(
        "vocabulary_size", vocabulary_size, len(SPECIAL) + len(alphabet)
    )
    # A merge makes two of the text's tokens one. For more the library would reserve
    # memory that no computer has, and end the process.
    size = min(size, len(SPECIAL) + len(alphabet) + 4 * len(text))
    tokenizer = _byte_level(Tokenizer(models.BPE()))
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        # In the order of the alphabet: a set would give new ids in every process.
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_pages(text), trainer)
    # In a text the names of special tokens are words like others.
    tokenizer.encode_special_tokens = True
    return tokenizer


def read_tokenizer(folder: str | Path) -> Tokenizer:
    """Return the byte-pair encoding that a model's folder holds.

    Parameters
    ----------
    folder : str or Path
        With ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``, as OPT and
        GPT-2 have them.

    Raises
    ------
    ValueError
        If the folder has neither, or if the library cannot read them.
    """
    folder = Path(folder)
    whole = folder / "tokenizer.json"
    parts = [folder / "vocab.json", folder / "merges.txt"]
    try:
        if whole.is_file():
            return Tokenizer.from_file(str(whole))
        if all(part.is_file() for part in parts):
            vocabulary, merges = models.BPE.read_file(*map(str, parts))
            return _byte_level(Tokenizer(models.BPE(vocabulary, merges)))
    # The library raises plain Exception for whatever is wrong with a file.
    except Exception as error:
        raise ValueError(f"{folder} holds no readable tokenizer: {error}") from error
    raise ValueError(
        "folder must hold tokenizer.json, or vocab.json and merges.txt, "
        f"and {folder} does not"
    )


def blocks(text: str, tokenizer: Tokenizer, length: int = 64) -> np.ndarray:
    """Cut a text into blocks of equally many tokens.

    Parameters
    ----------
    text : str
    tokenizer : tokenizers.Tokenizer
    length : int
        Tokens in a block. Shumailov et al. (2024) use 64.

    Returns
    -------
    array of int, shape (blocks, length)
        What is left at the end is dropped.

    Raises
    ------
    ValueError
        If the text is shorter than one block.
    """
    _check_text(text)
    length = whole_number("length", length, 1)
    # Page by page, as in training: one call on a long text would need much memory.
    encoded = tokenizer.encode_batch(_pages(text), add_special_tokens=False)
    tokens = np.fromiter((token for page in encoded for token in page.ids), dtype=int)
    count = len(tokens) // length
    if not count:
        raise ValueError(
            f"text must have at least the {length} tokens of one block, "
            f"got {len(tokens)}"
        )
    return tokens[: count * length].reshape(count, length)


def split(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the last tenth of a text's blocks, rounded to at least one block.

    The last, not random ones: neighbours share their subject, and a model would be
    examined on what it has half read.

    Parameters
    ----------
    rows : array, shape (blocks, length)

    Returns
    -------
    training, test : arrays, shapes (blocks - k, length) and (k, length)

    Raises
    ------
    ValueError
        If there are fewer than two blocks.
    """
    rows = np.asarray(rows)
    if len(rows) < 2:
        raise ValueError(f"rows must hold at least 2 blocks, got shape {rows.shape}")
    count = max(round(HELD_OUT * len(rows)), 1)
    return rows[:-count], rows[-count:]


def _byte_level(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _pages(text: str) -> Sequence[str]:
    """Cut after lines, and within endless runs, without losing a character."""
    pages = []
    for line in text.splitlines(keepends=True):
        ends = [0, *(run.end() for run in _RUN.finditer(line)), len(line)]
        pages += [line[first:last] for first, last in pairwise(ends)]
    return pages


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise refuse("text", text, "a string")
    if not text.strip():
        raise ValueError("text must not be empty")
