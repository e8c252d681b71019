"""What must hold for every distribution over symbols, mixture and autoencoder."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from collapse import measures
from collapse.categorical import (
    Categorical,
    CategoricalModel,
    best_of,
    sharpen,
    truncate,
    zipf,
)
from collapse.mixture import COVARIANCES, GaussianMixture, GaussianMixtureModel
from collapse.recursion import MEMORIES, Diet, recurse
from collapse.vae import OUTPUTS, STARTS, VAE, VAEModel
from collapse.vae.model import binomial

sixty = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32)
fractions = st.sampled_from([0.0, 0.1, 1 / 3, 0.9, 1.0])

WORDS = CategoricalModel(zipf(12))
LINE = GaussianMixtureModel([0.8, 0.2], [0.0, 5.0], [1.0, 0.25])
PLANE = GaussianMixtureModel(
    [0.8, 0.2], [[0.0, 0.0], [5.0, 1.0]], [np.eye(2), 0.3 * np.eye(2)]
)


@st.composite
def distributions(draw, rows=1):
    """Rows over the same symbols, some of which may have probability 0."""
    symbols = draw(st.integers(1, 12))
    weight = st.one_of(st.just(0.0), st.floats(1e-3, 1))
    table = draw(arrays.arrays(float, (rows, symbols), elements=weight))
    table[table.sum(axis=-1) == 0, 0] = 1.0
    return table / table.sum(axis=-1, keepdims=True)


@st.composite
def families(draw):
    """A family with a true distribution that fits it."""
    kind = draw(st.sampled_from(["words", "line", "plane"]))
    if kind == "words":
        family = Categorical(
            12,
            smoothing=draw(st.sampled_from([0.0, 0.5])),
            temperature=draw(st.sampled_from([1.0, 0.7])),
            top_k=draw(st.sampled_from([None, 5])),
            candidates=draw(st.sampled_from([1, 3])),
            reward=range(12),
        )
        return family, WORDS
    family = GaussianMixture(
        draw(st.integers(1, 3)),
        draw(st.sampled_from(COVARIANCES)),
        None if kind == "line" else 2,
        draw(st.sampled_from(["k-means++", "previous"])),
    )
    return family, LINE if kind == "line" else PLANE


def parameters(model, data):
    """All that a model has learned, one row for each chain."""
    if isinstance(model, CategoricalModel):
        return model.probabilities
    if isinstance(model, VAEModel):
        parts = [part for pair in model.encoder + model.decoder for part in pair]
        return np.concatenate([part.flatten(1).numpy() for part in parts], axis=-1)
    parts = model.weights, model.means, model.covariances
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=-1)


def follow(family, truth, shares, memory, rngs):
    return recurse(
        family,
        truth,
        generations=3,
        sample_size=9,
        chains=len(shares),
        diet=Diet(real_fraction=shares, memory=memory),
        rng=rngs,
        measures={"all": parameters},
        keep_data=True,
    )


@sixty
@given(families(), st.data(), st.sampled_from(MEMORIES), seeds)
def test_a_chain_does_not_notice_its_neighbours_or_its_place(pair, data, memory, seed):
    shares = data.draw(st.lists(fractions, min_size=1, max_size=4))
    chosen = data.draw(st.permutations(range(len(shares))))
    chosen = chosen[: data.draw(st.integers(1, len(shares)))]
    together, apart = (
        follow(
            *pair,
            [shares[chain] for chain in chains],
            memory,
            [np.random.default_rng([seed, chain]) for chain in chains],
        )
        for chains in (range(len(shares)), chosen)
    )
    for everyone, some in zip(together.data, apart.data, strict=True):
        assert np.array_equal(everyone[list(chosen)], some)
    assert np.array_equal(together["all"][:, list(chosen)], apart["all"])


@sixty
@given(st.integers(1, 30), st.integers(1, 8), seeds)
def test_without_real_data_no_word_returns(size, generations, seed):
    alive = recurse(
        Categorical(12),
        WORDS,
        generations=generations,
        sample_size=size,
        chains=3,
        rng=np.random.default_rng(seed),
        measures={"alive": lambda model, data: model.probabilities > 0},
    )["alive"]
    assert not (alive[1:] & ~alive[:-1]).any()
    assert alive.any(axis=-1).all()


@sixty
@given(distributions(), st.floats(0, 3), st.integers(1, 13))
def test_a_decoder_keeps_the_order_and_adds_nothing(rows, temperature, keep):
    best = best_of(rows, keep, range(rows.shape[-1]))
    assert best.sum() == pytest.approx(1)
    assert not (best[rows == 0] > 0).any()
    assert (np.cumsum(best) <= np.cumsum(rows) + 1e-12).all()
    for spoken in (sharpen(rows, temperature), truncate(rows, keep)):
        assert spoken.sum() == pytest.approx(1)
        assert not (spoken[rows == 0] > 0).any()
        # Who was clearly behind is not ahead now.
        behind = rows[0][:, None] < rows[0] * (1 - 1e-9)
        ahead = spoken[0][:, None] > spoken[0]
        assert not (behind & ahead).any()
    assert np.count_nonzero(truncate(rows, keep)) <= keep


@sixty
@given(distributions(rows=2))
def test_diversity_lies_between_its_bounds(rows):
    classes, support = measures.effective_classes(rows), measures.support(rows)
    assert (classes >= 1 - 1e-12).all()
    assert (classes <= support * (1 + 1e-12)).all()
    mixed = measures.heterozygosity(rows)
    assert (mixed >= -1e-12).all()
    assert (mixed <= 1 - 1 / support + 1e-12).all()
    forth = measures.jensen_shannon_divergence(rows[0], rows[1])
    assert forth == measures.jensen_shannon_divergence(rows[1], rows[0])
    assert 0 <= forth <= np.log(2) * (1 + 1e-12)


numbers = st.floats(-100, 100).map(lambda x: round(x, 2))


@sixty
@given(
    arrays.arrays(float, st.tuples(st.just(3), st.integers(4, 25)), elements=numbers),
    st.integers(1, 4),
    st.sampled_from([None, 1e-6]),
    seeds,
)
def test_em_climbs_whatever_the_data(data, components, floor, seed):
    reached = []
    for steps in (1, 2, 3, 10, 40):
        family = GaussianMixture(
            components, tolerance=0.0, max_iterations=steps, floor=floor
        )
        model = family.fit(data, np.random.default_rng(seed))
        assert np.allclose(model.weights.sum(-1), 1)
        varied = np.ptp(data, axis=-1) > 0
        # Numbers are rounded to a hundredth: no part of them lies closer together.
        least = (floor or 1e-12) * data.var(axis=-1)[varied]
        assert (model.covariances[varied] >= least[:, None] * (1 - 1e-9)).all()
        reached.append(model.convergence.log_likelihood)
    for before, after in pairwise(reached):
        fallen = np.isfinite(before) & (after < before - 1e-8)
        assert not fallen.any(), f"fell by {np.max(before - after):.2g}"


@sixty
@given(st.integers(2, 3), st.sampled_from(COVARIANCES), seeds)
def test_the_order_of_the_points_does_not_matter(components, covariance, seed):
    rng = np.random.default_rng(seed)
    data = PLANE.sample(40, rng)
    start = GaussianMixture(components, covariance, 2, max_iterations=1).fit(data, rng)
    family = GaussianMixture(components, covariance, 2, "previous", max_iterations=20)
    one = family.fit(data, previous=start)
    other = family.fit(rng.permutation(data), previous=start)
    gap = one.convergence.log_likelihood - other.convergence.log_likelihood
    assert abs(gap) < 1e-4


@sixty
@given(seeds)
def test_the_l2_distance_is_a_distance(seed):
    rng = np.random.default_rng(seed)
    one, two, three = (
        (rng.dirichlet(np.ones(K)), rng.normal(size=K), rng.uniform(0.1, 2, K))
        for K in (1, 2, 3)
    )
    direct = measures.mixture_l2_distance(*one, *three)
    assert direct == pytest.approx(measures.mixture_l2_distance(*three, *one))
    detour = measures.mixture_l2_distance(*one, *two)
    detour += measures.mixture_l2_distance(*two, *three)
    assert 0 < direct <= detour * (1 + 1e-9)


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(STARTS),
    st.sampled_from(OUTPUTS),
    st.lists(fractions, min_size=1, max_size=4),
    st.data(),
    st.sampled_from(MEMORIES),
    seeds,
)
def test_an_autoencoder_notices_its_neighbours_by_rounding_only(
    start, output, shares, data, memory, seed
):
    chosen = data.draw(st.permutations(range(len(shares))))
    chosen = list(chosen[: data.draw(st.integers(1, len(shares)))])
    family = VAE(
        2, (5,), steps=4, further_steps=2, batch_size=4, start=start, output=output
    )
    images = np.random.default_rng(seed).random((30, 6))
    together, apart = (
        follow(
            family,
            images,
            [shares[chain] for chain in chains],
            memory,
            [np.random.default_rng([seed, chain]) for chain in chains],
        )
        for chains in (range(len(shares)), chosen)
    )
    for everyone, some in zip(together.data, apart.data, strict=True):
        # A draw is a whole step away where a mean's rounding decides it.
        near = np.isclose(everyone[chosen], some, atol=1e-5)
        assert near.mean() >= (0.99 if output == "draw" else 1)
    if output == "mean":
        np.testing.assert_allclose(together["all"][:, chosen], apart["all"], atol=1e-5)


@sixty
@given(
    st.integers(1, 40),
    st.lists(st.floats(0, 1), min_size=2, max_size=8),
    st.floats(0, 1, exclude_max=True),
)
def test_a_darker_mean_never_draws_a_lighter_pixel(levels, means, uniform):
    means = np.sort(np.array(means))
    # The lesser half counts ink, the greater half paper: each is ordered in itself.
    for half in (means[means <= 0.5], means[means > 0.5]):
        drawn = binomial(half, np.full(half.shape, uniform), levels)
        assert (np.diff(drawn) >= 0).all()
        assert ((drawn >= 0) & (drawn <= 1)).all()
