"""Closed forms for what the loop does, each with its source.

Unless a function says otherwise the real distribution is N(0, 1). Everywhere
``refits`` counts fits: generation i of the loop has been refitted i + 1 times,
since generation 0 already is a fit. All functions take numpy arrays that broadcast.
Floor 2: it knows numpy and scipy, and no model.
"""

from ._arguments import ESTIMATORS
from .diets import (
    accumulate_expected_variance,
    accumulate_limit,
    accumulate_subsample_expected_variance,
    effective_real_samples,
    fresh_mixing_transient,
    fresh_mixing_variance,
    fresh_mixing_variance_of_mean,
    replay_transient,
    replay_variance,
    replay_variance_of_mean,
)
from .gaussian import (
    biased_sampling_variance,
    c4,
    expected_log_variance,
    expected_sd,
    expected_variance,
    expected_wasserstein2_squared,
    first_order_wasserstein2_squared,
    growing_median_sd,
    half_life,
    log_variance_drift,
    log_variance_variance,
    median_sd,
    variance_of_mean,
    variance_of_variance,
)
from .regression import regression_error_accumulate, regression_error_replace
from .temperature import log_odds_gain
from .weights import best_real_weight, weighted_mean_variance
from .words import (
    expected_heterozygosity,
    expected_support,
    fixation_probability,
    fixation_time,
    loss_probability,
    median_lifetime,
    mixing_heterozygosity,
    mixing_heterozygosity_transient,
    smoothed_heterozygosity,
    word_survival,
)

__all__ = [
    "ESTIMATORS",
    "accumulate_expected_variance",
    "accumulate_limit",
    "accumulate_subsample_expected_variance",
    "best_real_weight",
    "biased_sampling_variance",
    "c4",
    "effective_real_samples",
    "expected_heterozygosity",
    "expected_log_variance",
    "expected_sd",
    "expected_support",
    "expected_variance",
    "expected_wasserstein2_squared",
    "first_order_wasserstein2_squared",
    "fixation_probability",
    "fixation_time",
    "fresh_mixing_transient",
    "fresh_mixing_variance",
    "fresh_mixing_variance_of_mean",
    "growing_median_sd",
    "half_life",
    "log_odds_gain",
    "log_variance_drift",
    "log_variance_variance",
    "loss_probability",
    "median_lifetime",
    "median_sd",
    "mixing_heterozygosity",
    "mixing_heterozygosity_transient",
    "regression_error_accumulate",
    "regression_error_replace",
    "replay_transient",
    "replay_variance",
    "replay_variance_of_mean",
    "smoothed_heterozygosity",
    "variance_of_mean",
    "variance_of_variance",
    "weighted_mean_variance",
    "word_survival",
]
