"""How much real data is needed, against the closed forms that it turns around."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import theory
from collapse.theory import real_data_needed

FOR_EVER = {
    "accumulate": theory.accumulate_limit,
    "accumulate-subsample": theory.accumulate_subsample_limit,
    "fresh": lambda k: theory.few_real_points_variance(k, "fresh"),
    "replay": lambda k: theory.few_real_points_variance(k, "replay"),
    "once": lambda k: 1 - 1 / k,
}
DURING = {
    "replace": theory.biased_sampling_variance,
    "accumulate": lambda n, m, push: theory.accumulate_expected_variance(n, m, 0, push),
    "accumulate-subsample": theory.accumulate_subsample_expected_variance,
}
MIXED = {
    "fresh": (theory.fresh_mixing_transient, theory.fresh_mixing_variance),
    "replay": (theory.replay_transient, theory.replay_variance),
}


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.07, 0.4])
@pytest.mark.parametrize("diet", FOR_EVER)
def test_the_count_is_the_least_that_keeps_for_ever(diet, loss):
    count = real_data_needed(loss, diet).count
    kept = FOR_EVER[diet]
    assert kept(count) >= 1 - loss - 1e-12
    assert count == 1 or kept(count - 1) < 1 - loss


@pytest.mark.parametrize(("loss", "push"), [(0.05, 1.0), (0.3, 1.0), (0.3, 0.99)])
@pytest.mark.parametrize("diet", DURING)
def test_the_size_is_the_least_that_keeps_over_the_horizon(diet, loss, push):
    needed = real_data_needed(loss, diet, 20, push)
    assert needed.count == needed.sample_size
    assert needed.share is None
    kept = DURING[diet]
    assert kept(20, needed.count, push) >= 1 - loss
    assert kept(20, needed.count - 1, push) < 1 - loss


@pytest.mark.parametrize("horizon", [4, 30, None])
@pytest.mark.parametrize("push", [1.0, 0.95])
@pytest.mark.parametrize("diet", MIXED)
def test_in_a_sample_of_given_size_it_is_the_least_of_all_counts(diet, push, horizon):
    size = 60
    needed = real_data_needed(0.2, diet, horizon, push, sample_size=size)
    counts = np.arange(1 if diet == "replay" else 0, size + 1)
    transient, stationary = MIXED[diet]
    if horizon:
        kept = transient(horizon, size, counts / size, push)
    else:
        kept = stationary(counts / size, size, push)
    assert needed.count == counts[kept >= 0.8][0]
    assert needed.share == needed.count / size
    assert needed.sample_size == size


def test_rules_of_thumb():
    small = 1e-4
    count = {each: real_data_needed(small, each).count * small for each in FOR_EVER}
    assert count["accumulate"] == pytest.approx(np.pi**2 / 6, rel=1e-3)
    assert count["accumulate-subsample"] == pytest.approx(2.935, rel=1e-3)
    assert count["fresh"] == pytest.approx(0.5, rel=1e-3)
    assert count["replay"] == pytest.approx(1.5, rel=1e-3)
    assert count["once"] == pytest.approx(1, rel=1e-3)
    replaced = real_data_needed(0.05, "replace", 10)
    assert replaced.count == np.ceil(1 / (1 - 0.95**0.1))
    assert real_data_needed(0.01, "once").count == 100


def test_a_push_asks_for_a_share():
    needed = real_data_needed(0.05, "fresh", shrinkage=0.9)
    assert needed.count == real_data_needed(0.05, "fresh").count
    assert theory.biased_sampling_limit(needed.share, 0.9) == pytest.approx(0.95)
    large = real_data_needed(0.05, "fresh", shrinkage=0.9, sample_size=10**6)
    assert large.share == pytest.approx(needed.share, rel=1e-3)
    assert real_data_needed(0.05, "fresh").share is None
    assert real_data_needed(0.05, "once", shrinkage=0.1).count == 20


def test_the_smallest_group_asks_for_a_count():
    for p in (0.001, 0.01, 0.1):
        needed = real_data_needed(0.5, "fresh", smallest_group=p)
        assert needed.count == round(theory.minority_points(p))
        scatter = theory.minority_variance(p, needed.count)
        assert scatter <= p**2 * (1 - p) / (1 + p) * (1 + 1e-9)
    common = real_data_needed(0.01, "fresh", smallest_group=0.3)
    assert common == real_data_needed(0.01, "fresh")
    replaced = real_data_needed(0.5, "replace", 9, smallest_group=0.01).count
    lost = 0.01 * 0.99 * (1 - theory.expected_variance(9, replaced))
    assert lost <= 0.01**2


@pytest.mark.parametrize(
    "arguments",
    [
        {"diet": "replace"},
        {"diet": "replace", "horizon": 10, "shrinkage": 0.9},
        {"diet": "accumulate", "shrinkage": 0.999},
        {"diet": "accumulate-subsample", "shrinkage": 0.999},
        {"diet": "accumulate", "horizon": 1000, "shrinkage": 0.9},
        {"diet": "fresh", "sample_size": 9},
        {"diet": "replay", "sample_size": 9, "horizon": 3},
    ],
)
def test_where_no_count_is_enough_it_says_so(arguments):
    with pytest.raises(ValueError, match=r"the loss must be at least .* is enough"):
        real_data_needed(0.1, **arguments)


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "loss": [0, 1, -0.1, 1.5, np.nan, "little", None],
        "diet": ["vegan", None, 1],
        "horizon": [0, -1, 2.5, "long"],
        "shrinkage": [-0.1, 1.1, np.nan, None],
        "smallest_group": [0, -0.1, 0.6, np.nan, "small"],
        "sample_size": [1, 0, 2.5, "large"],
    }.items(),
)
def test_arguments_that_are_not_allowed(name, values):
    for value in values:
        with pytest.raises(ValueError, match=name):
            real_data_needed(**{"loss": 0.1, "diet": "fresh", name: value})


def test_a_size_is_asked_for_by_mixtures_only():
    for diet in ("replace", "accumulate", "accumulate-subsample", "once"):
        with pytest.raises(ValueError, match="sample_size must be None"):
            real_data_needed(0.1, diet, 10, sample_size=100)


def test_from_the_least_number_to_all():
    assert real_data_needed(0.5, "replace", 1).count == 2
    assert real_data_needed(0.9, "once").count == 2
    assert real_data_needed(0.9, "fresh").count == 1
    assert real_data_needed(0.1, "replay", sample_size=10).count == 10


def test_the_shortest_horizon_needs_no_real_points_later():
    assert real_data_needed(0.1, "fresh", 2, sample_size=100).count == 0
