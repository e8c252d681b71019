"""What to measure on each generation: distances, diversity, and what texts repeat.

Every function takes arrays whose leading axes are chains and returns one number for
each. Floor 2: it knows numpy and scipy, and no model.
"""

from .distances import (
    frechet_distance,
    gaussian_frechet_distance,
    jensen_shannon_divergence,
    mixture_l2_distance,
    wasserstein2_squared,
)
from .diversity import (
    classes_held,
    coverage,
    effective_classes,
    entropy,
    heterozygosity,
    mode_shares,
    pixel_variance,
    support,
)
from .quotations import longest_quotations
from .texts import distinct_ngrams, histogram, repeated_ngrams, vocabulary_in_use

__all__ = [
    "classes_held",
    "coverage",
    "distinct_ngrams",
    "effective_classes",
    "entropy",
    "frechet_distance",
    "gaussian_frechet_distance",
    "heterozygosity",
    "histogram",
    "jensen_shannon_divergence",
    "longest_quotations",
    "mixture_l2_distance",
    "mode_shares",
    "pixel_variance",
    "repeated_ngrams",
    "support",
    "vocabulary_in_use",
    "wasserstein2_squared",
]
