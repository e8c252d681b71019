"""Distributions over K symbols, refitted by counting: Wright-Fisher drift.

A word that is not drawn once is gone for ever, as a gene is that nobody inherits;
population genetics has studied this loop since Fisher (1930) and Wright (1931).
Also the exact law of the counts, which never draws the symbols one by one. Floor 1:
it knows numpy and the floor below, and no other family.
"""

from .decoding import best_of, sharpen, truncate
from .family import Categorical, CategoricalModel, count, zipf
from .law import CountMeasure, exact_law

__all__ = [
    "Categorical",
    "CategoricalModel",
    "CountMeasure",
    "best_of",
    "count",
    "exact_law",
    "sharpen",
    "truncate",
    "zipf",
]
