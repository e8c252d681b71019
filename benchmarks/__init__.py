"""Benchmarks of the book's budgets; ``python -m benchmarks`` prints one table."""

import sys
from pathlib import Path

# The package and the tests' tools are used where they lie, as the chapters do.
_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT / name) for name in ("book", "tests/browser", "tools")]
