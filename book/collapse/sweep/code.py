"""Which code made a result: a hash of every module that its experiment imports.

Comments, docstrings and blank lines do not count, so a sentence can be mended without
an hour's run. Floor 3: it reads source files and imports none of them.
"""

import ast
import hashlib
import importlib.util
import io
import sys
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The folder of `collapse`."""


def made_by(module: str, file: Path) -> dict[str, Path]:
    """Return the files of a module and of all that it imports from this package.

    Imports within functions count, and so do imports of imports. An import whose
    name is computed is not seen.

    Parameters
    ----------
    module : str
        Full name, such as ``"collapse.experiments.paper_mixture"``.
    file : Path
        Where it is.

    Returns
    -------
    dict of str to Path
        In alphabetical order.
    """
    found, waiting = {}, {module: file}
    while waiting:
        name, path = waiting.popitem()
        found[name] = path
        for base, names in _imports(name, path):
            for other, target in _targets(base, names).items():
                if other not in found:
                    waiting[other] = target
    return dict(sorted(found.items()))


def find(module: str) -> Path | None:
    """Return the file of a module by its name; None if there is none."""
    if module.partition(".")[0] == PACKAGE.name:
        return _locate(module)
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def outside(files: dict[str, Path]) -> set[str]:
    """Return the top names of what the files import from other packages."""
    tops = {
        base.partition(".")[0]
        for module, file in files.items()
        for base, _ in _imports(module, file)
    }
    own = {name.partition(".")[0] for name in files}
    return tops - own - set(sys.stdlib_module_names)


def code_hash(file: Path) -> str:
    """Return the SHA-256 of a file's `essence`."""
    return hashlib.sha256(essence(_text(file)).encode()).hexdigest()


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a whole text file, whatever its line endings.

    Where this is unchanged `code_hash` is, too, at a hundredth of the cost.
    """
    content = file.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def essence(source: str) -> str:
    """Return source code without comments, docstrings and blank lines.

    What is left is a part of the text, not what some version of Python makes of it,
    so that all versions agree.
    """
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    lines = [line.encode() for line in source.split("\n")]
    kept = _lines_within_strings(tokens)
    spans = _comments(source, tokens) + _idle_strings(ast.parse(source))
    # From the end, so that what comes before keeps its place.
    for first, start, last, end in sorted(spans, reverse=True):
        kept -= set(range(first, last))
        lines[first - 1] = lines[first - 1][:start] + lines[last - 1][end:]
        lines[first:last] = [b""] * (last - first)
    text = [
        line if number in kept else line.rstrip()
        for number, line in enumerate(lines, start=1)
        if number in kept or line.strip()
    ]
    return b"\n".join(text).decode()


def _text(file: Path) -> str:
    """Read source code; the line endings become those of Unix."""
    return file.read_text(encoding="utf-8-sig")


def _imports(module: str, file: Path) -> list[tuple[str, list[str]]]:
    """Return each import of a file: the full name of a module, and names in it."""
    inside = module.split(".")
    if file.name != "__init__.py":
        inside = inside[:-1]
    found = []
    for node in ast.walk(ast.parse(_text(file))):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = inside[: len(inside) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            found.append((base, [alias.name for alias in node.names]))
    return found


def _targets(base: str, names: list[str]) -> dict[str, Path]:
    """Return the files behind an import: modules taken from a package, or itself."""
    files = {f"{base}.{name}": _locate(f"{base}.{name}") for name in names}
    if not files or None in files.values():
        files[base] = _locate(base)
    return {name: file for name, file in files.items() if file is not None}


def _locate(module: str) -> Path | None:
    """Return the file of a module of the package; None for anything else."""
    top, *parts = module.split(".")
    if top != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*parts)
    for candidate in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


Span = tuple[int, int, int, int]
"""First line, byte in it, last line, byte after the end; lines count from 1."""


def _comments(source: str, tokens: list[tokenize.TokenInfo]) -> list[Span]:
    lines, spans = source.split("\n"), []
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            start = len(lines[row - 1][:column].encode())
            spans.append((row, start, row, start + len(token.string.encode())))
    return spans


def _idle_strings(tree: ast.AST) -> list[Span]:
    """Find docstrings, and the strings below constants that describe them."""
    return [
        (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def _lines_within_strings(tokens: list[tokenize.TokenInfo]) -> set[int]:
    """Return the lines that end within a string: nothing of them is stripped."""
    lines, opened = set(), []
    for token in tokens:
        kind = tokenize.tok_name[token.type]
        # An f-string is one token until Python 3.11, and several from then on.
        if kind == "FSTRING_START":
            opened.append(token.start[0])
        elif kind == "FSTRING_END":
            lines |= set(range(opened.pop(), token.end[0]))
        elif kind == "STRING":
            lines |= set(range(token.start[0], token.end[0]))
    return lines
