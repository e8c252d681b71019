"""What must hold for every recursion, whatever the arguments."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collapse.gaussian import Gaussian, GaussianModel
from collapse.recursion import MEMORIES, Diet, recurse

TRUTH = GaussianModel(0.0, 1.0)
SHARES = ("real_fraction", "previous_fraction", "mislabelled")
REAL, FAKE = 1000, 0
"""Tags: real points are 1000 + place, synthetic ones are below 1000."""

sixty = settings(deadline=None, max_examples=60)

fractions = st.sampled_from([0.0, 0.01, 0.1, 1 / 3, 0.5, 0.9, 1.0])
seeds = st.integers(0, 2**32)


class Tagger:
    """A family whose samples tell the generation of their model."""

    chain_axis = True

    def __init__(self) -> None:
        self.fitted = 0

    def fit(self, data, weights=None):
        """Count the fits; the data does not matter."""
        self.fitted += 1
        return TaggedModel(self.fitted, len(data))


class TaggedModel:
    """Every sample is the number of the model's fit."""

    chain_axis = True

    def __init__(self, tag, chains) -> None:
        self.tag, self.chains = tag, chains

    def sample(self, n, rng):
        """Return `n` equal tags for each chain."""
        return np.full((self.chains, n), FAKE + self.tag)


class OneByOne:
    """The plainest family: one chain, two verbs."""

    def fit(self, data, weights=None):
        """Keep the moments."""
        if weights is None:
            return OneModel(data.mean(), data.std())
        mean = np.average(data, weights=weights)
        return OneModel(mean, np.average((data - mean) ** 2, weights=weights) ** 0.5)


class OneModel:
    """A normal distribution without a chain axis."""

    def __init__(self, mean, sd) -> None:
        self.mean, self.variance, self.sd = mean, sd**2, sd

    def sample(self, n, rng):
        """Draw as a ten-line loop would."""
        return rng.normal(self.mean, self.sd, n)


@st.composite
def runs(draw):
    """Arguments for a small recursion with memory, and shares for each chain.

    Shares have shape (chains,) or, where they change, (generations, chains).
    """
    chains = draw(st.integers(1, 5))
    generations = draw(st.integers(1, 4))
    memory = draw(st.sampled_from(MEMORIES))
    shape = (generations, chains) if draw(st.booleans()) else (chains,)

    def shares():
        return np.array([draw(fractions) for _ in range(np.prod(shape))]).reshape(shape)

    real, previous, mislabelled = shares(), np.zeros(shape), np.zeros(shape)
    if memory == "replace":
        previous = shares() * (1 - real)
    replay = draw(st.booleans())
    if not replay and draw(st.booleans()):
        mislabelled = shares()
    if draw(st.booleans()):
        size = draw(st.integers(2, 12))
    else:
        size = [draw(st.integers(2, 12)) for _ in range(generations + 1)]
    source = TRUTH
    if draw(st.booleans()):
        source = np.linspace(-1, 1, 12)
    curator = np.abs if draw(st.booleans()) else None
    return {
        "chains": chains,
        "generations": generations,
        "sample_size": size,
        "real": source,
        "diet": {
            "real_fraction": real,
            "previous_fraction": previous,
            "memory": memory,
            "replay": replay,
            "curator": curator,
            "mislabelled": mislabelled,
            "real_weight": draw(st.sampled_from([1.0, 2.5])),
        },
    }


def follow(run, rngs, chosen=None, family=None):
    """Run the `chosen` chains and return all data they were trained on."""
    chosen = range(run["chains"]) if chosen is None else chosen
    diet = dict(run["diet"])
    for name in SHARES:
        diet[name] = diet[name][..., list(chosen)]
    return recurse(
        Gaussian() if family is None else family,
        run["real"],
        generations=run["generations"],
        sample_size=run["sample_size"],
        chains=len(chosen),
        diet=Diet(**diet),
        rng=rngs,
        measures={"variance": lambda model, data: model.variance},
        keep_data=True,
    )


def generators(seed, chosen):
    return [np.random.default_rng([seed, chain]) for chain in chosen]


@sixty
@given(runs(), seeds)
def test_the_same_seed_gives_the_same_run(run, seed):
    first = follow(run, np.random.default_rng(seed))
    second = follow(run, np.random.default_rng(seed))
    for one, other in zip(first.data, second.data, strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(first["variance"], second["variance"])


@settings(deadline=None, max_examples=200)
@given(runs(), seeds, st.data())
def test_a_chain_does_not_notice_its_neighbours_or_its_place(run, seed, data):
    everyone = range(run["chains"])
    chosen = data.draw(st.permutations(everyone))
    chosen = chosen[: data.draw(st.integers(1, run["chains"]))]
    family = data.draw(st.sampled_from([None, OneByOne()]))
    together = follow(run, generators(seed, everyone), family=family)
    apart = follow(run, generators(seed, chosen), chosen, family=family)
    for all_chains, some in zip(together.data, apart.data, strict=True):
        assert np.array_equal(all_chains[list(chosen)], some)
    assert np.array_equal(together["variance"][:, list(chosen)], apart["variance"])


@sixty
@given(runs(), seeds)
def test_one_weight_for_all_is_the_same_weight_for_each(run, seed):
    shared, each = dict(run["diet"]), dict(run["diet"])
    for name in SHARES:
        first = each[name][..., :1]
        shared[name] = first if first.ndim == 2 else first[0]
        each[name] = np.broadcast_to(first, each[name].shape)
    common = {
        "generations": run["generations"],
        "sample_size": run["sample_size"],
        "chains": run["chains"],
        "keep_data": True,
    }
    one, other = (
        recurse(
            Gaussian(),
            run["real"],
            diet=Diet(**diet),
            rng=np.random.default_rng(seed),
            **common,
        )
        for diet in (shared, each)
    )
    for left, right in zip(one.data, other.data, strict=True):
        assert np.array_equal(left, right)


@sixty
@given(
    st.integers(1, 4),
    st.integers(2, 12),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from(MEMORIES),
    seeds,
)
def test_all_real_is_refitting_on_real_data(
    generations, size, chains, replay, memory, seed
):
    history = recurse(
        Tagger(),
        REAL + np.arange(20),
        generations=generations,
        sample_size=size,
        chains=chains,
        diet=Diet(real_fraction=1, replay=replay, memory=memory),
        rng=np.random.default_rng(seed),
        keep_data=True,
    )
    for data in history.data:
        assert (data >= REAL).all()
        if memory == "replace":
            assert all(len(set(row)) == size for row in data)


@sixty
@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 4), fractions, seeds)
def test_accumulate_never_forgets_a_point(generations, size, chains, share, seed):
    history = recurse(
        Tagger(),
        REAL + np.arange(20),
        generations=generations,
        sample_size=size,
        chains=chains,
        diet=Diet(real_fraction=share, memory="accumulate"),
        rng=np.random.default_rng(seed),
        keep_data=True,
    )
    for before, after in zip(history.data, history.data[1:], strict=False):
        assert after.shape[1] == before.shape[1] + size
        assert np.array_equal(after[:, : before.shape[1]], before)
    assert list(history.training_sizes) == [
        size * (generation + 1) for generation in range(generations + 1)
    ]


@sixty
@given(runs(), seeds)
def test_sizes_and_shares_are_exact(run, seed):
    run = {**run, "real": REAL + np.arange(20)}
    run["diet"] = {**run["diet"], "memory": "replace", "curator": None}
    history = follow_tags(run, seed)
    sizes = np.broadcast_to(run["sample_size"], run["generations"] + 1)
    assert np.array_equal(history.sample_sizes, sizes)
    for generation in range(1, run["generations"] + 1):
        size, data = sizes[generation], history.data[generation]
        assert data.shape == (run["chains"], size)
        for chain, row in enumerate(data):
            share, before, rate = (
                np.broadcast_to(run["diet"][name], (run["generations"], run["chains"]))[
                    generation - 1, chain
                ]
                for name in SHARES
            )
            taken = int(np.floor(share * size + 0.5 + 1e-9))
            previous = min(int(np.floor(before * size + 0.5 + 1e-9)), size - taken)
            real = history.real_counts[generation, chain]
            assert taken - taken * (rate > 0) <= real <= taken - taken * (rate == 1)
            assert (row[:real] >= REAL).all()
            assert (row[real:taken] == generation).all()
            # The newest tag belongs to the new points and to no other.
            assert np.count_nonzero(row == generation) == size - real - previous
            assert (row[taken + previous :] == generation).all()


def follow_tags(run, seed):
    return recurse(
        Tagger(),
        run["real"],
        generations=run["generations"],
        sample_size=run["sample_size"],
        chains=run["chains"],
        diet=Diet(**run["diet"]),
        rng=np.random.default_rng(seed),
        keep_data=True,
    )


@sixty
@given(st.integers(2, 40), st.integers(1, 20), seeds)
def test_the_fast_loop_is_the_ten_line_loop(size, generations, seed):
    rng = np.random.default_rng(seed)
    data = rng.normal(0, 1, size)
    path = []
    for _ in range(generations + 1):
        mean, sd = data.mean(), data.std()
        path.append((mean, sd))
        data = rng.normal(mean, sd, size)

    history = recurse(
        Gaussian(),
        TRUTH,
        generations=generations,
        sample_size=size,
        rng=[np.random.default_rng(seed)],
        measures={
            "mean": lambda model, data: model.mean,
            "sd": lambda model, data: np.sqrt(model.variance),
        },
    )
    means, sds = np.transpose(path)
    np.testing.assert_allclose(history["mean"][:, 0], means, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(history["sd"][:, 0], sds, rtol=1e-9, atol=1e-12)


@sixty
@given(st.integers(2, 12), st.integers(1, 4), st.integers(1, 4), seeds)
def test_a_plain_family_runs_as_the_vectorised_one_does(
    size, generations, chains, seed
):
    fast, plain = (
        recurse(
            family,
            TRUTH,
            generations=generations,
            sample_size=size,
            chains=chains,
            rng=np.random.default_rng(seed),
            measures={"variance": lambda model, data: model.variance},
        )["variance"]
        for family in (Gaussian(), OneByOne())
    )
    np.testing.assert_allclose(fast, plain, rtol=1e-9, atol=1e-12)
