"""Measure the book's budgets and print one table: ``make bench``.

Times on one machine compare with each other and with nothing else, so most rows are
ratios measured in turn, or counts. ``python -m benchmarks NAME ...`` runs a part:
figures, others, chains, mixtures, words, vae, language-models, site, chapters.
"""

from __future__ import annotations

import sys

from . import (
    chains,
    chapters,
    figures,
    language_models,
    mixtures,
    others,
    site,
    vae,
    words,
)

PARTS = {
    "figures": figures.measure,
    "others": others.measure,
    "chains": chains.measure,
    "mixtures": mixtures.measure,
    "words": words.measure,
    "vae": vae.measure,
    "language-models": language_models.measure,
    "site": site.measure,
    "chapters": chapters.measure,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no part is called {unknown[0]!r}; there are {', '.join(PARTS)}")
        return 2
    print("| what | measured | budget | met |\n|---|---|---|---|", flush=True)
    for name in names or PARTS:
        for row in PARTS[name]():
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
