"""Every closed form checks its arguments, takes arrays and names its source."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from collapse import theory


def public_functions():
    return {
        name: function
        for name, function in inspect.getmembers(theory, inspect.isfunction)
        if function.__module__.startswith("collapse.theory.")
        and name != "real_data_needed"  # which returns no array
    }


GOOD = {
    "refits": 3,
    "sample_size": 20,
    "sample_sizes": [20, 30, 40],
    "real_fraction": 0.5,
    "shrinkage": 0.9,
    "dimension": 3,
    "noise": 1.0,
    "synthetic_per_real": 1.0,
    "real_weight": 0.5,
    "estimator": "mle",
    "heterozygosity": 0.9,
    "frequency": 0.2,
    "probabilities": [0.5, 0.3, 0.2],
    "occurrences": 3,
    "temperature": 0.9,
    "smoothing": 0.1,
    "symbols": 10,
    "previous_fraction": 0.5,
    "real_points": 50,
    "diet": "fresh",
    "step": 1.0,
    "fraction": 0.5,
    "kept_words": 2,
    "start": [0.2, 0.3, 0.5],
    "cumulative": 0.5,
    "candidates": 3,
    "verifier_width": 2.0,
    "verifier_bias": 0.2,
    "years": 3,
    "synthetic_points": 5.0,
    "growth": 1.5,
    "mislabelled": 0.1,
    "kept_real": 0.9,
    "kept_synthetic": 0.2,
}
BAD = {
    "refits": [0, -1, 2.5, np.nan, "ten", None],
    "sample_size": [1, 0, -1, 2.5, np.inf, "ten", None],
    "sample_sizes": [[1, 20], [2.5], [], "ten"],
    "real_fraction": [-0.1, 1.1, np.nan, "half", None],
    "shrinkage": [-0.1, 1.1, np.nan, "half"],
    "dimension": [0, 2.5, 19, 30, "ten"],
    "noise": [-1, np.nan, np.inf, "loud"],
    "synthetic_per_real": [0, -1, np.inf, "one"],
    "real_weight": [0, -0.1, 1.1, "half"],
    "estimator": ["MLE", None, 1],
    "heterozygosity": [-0.1, 1.1, np.nan, "all"],
    "frequency": [-0.1, 1.1, np.nan, "rare"],
    "probabilities": [[0.5, 0.6], [1.5, -0.5], [[0.5, 0.5]], [np.nan, 1], [], "half"],
    "occurrences": [0, -1, 2.5, np.nan, "once"],
    "temperature": [0, -1, np.nan, np.inf, "hot"],
    "smoothing": [-0.1, np.nan, np.inf, "much"],
    "symbols": [0, -1, 2.5, np.nan, "ten"],
    "previous_fraction": [-0.1, 1.1, np.nan, "half"],
    "real_points": [0, -1, 2.5, np.nan, "ten"],
    "diet": ["stale", None, 1],
    "step": [-1, np.nan, np.inf, "long"],
    "fraction": [-0.1, 1.1, np.nan, "half"],
    "kept_words": [0, 4, 2.5, "all"],
    "start": [[0.5, 0.6, 0], [0.5, 0.5], [1.5, -0.5, 0], "even"],
    "cumulative": [-0.1, 1.1, np.nan, "half"],
    "candidates": [0, -1, 2.5, np.nan, "ten"],
    "verifier_width": [0, -1, np.nan, np.inf, "wide"],
    "verifier_bias": [np.nan, np.inf, "left"],
    "years": [-1, 2.5, np.nan, "ten"],
    "synthetic_points": [-1, np.nan, np.inf, "many"],
    "growth": [-0.1, np.nan, np.inf, "fast"],
    "mislabelled": [-0.1, 1.1, np.nan, "half"],
    "kept_real": [-0.1, 1.1, np.nan, "half"],
    "kept_synthetic": [-0.1, 1.1, np.nan, "half"],
}


@pytest.mark.parametrize("name", public_functions())
def test_every_formula_checks_its_arguments_and_names_its_source(name):
    function = public_functions()[name]
    names = list(inspect.signature(function).parameters)
    unknown = set(names) - GOOD.keys() & BAD.keys()
    assert not unknown, f"add {unknown} to GOOD and BAD"
    good = {each: GOOD[each] for each in names}
    assert np.isfinite(function(**good)).all()
    for each in names:
        for value in BAD[each]:
            with pytest.raises(ValueError, match="must"):
                function(**{**good, each: value})
    assert "Source: " in function.__doc__


@pytest.mark.parametrize("name", public_functions())
def test_every_formula_takes_arrays(name):
    function = public_functions()[name]
    names = list(inspect.signature(function).parameters)
    varied = next(each for each in names if each != "estimator")
    if varied == "sample_sizes":
        return
    good = {each: GOOD[each] for each in names}
    value = good[varied]
    several = np.array([value, value * 2 if value >= 1 else value * 1.1])
    result = function(**{**good, varied: several})
    expected = [function(**{**good, varied: one}) for one in several]
    np.testing.assert_allclose(result, expected)
