"""Random numbers for many chains: each chain its own, each kind undisturbed."""

from __future__ import annotations

import numpy as np
import pytest

from collapse import streams as streams_module
from collapse.streams import BLOCK, Streams, normals, one_per_chain, uniforms

DRAWS = {
    "normals": lambda streams: streams.standard_normal(5),
    "uniforms": lambda streams: streams.random(5),
    "direct": lambda streams: streams.each(lambda one: one.chisquare(3.0, 5)),
    "subset": lambda streams: streams.subset(6, 5),
    "few of many": lambda streams: streams.subset(900, 5),
    **{
        f"aside {key}": lambda streams, key=key: streams.aside(key).standard_normal(5)
        for key in (2, 3, 4)
    },
}
APART = [name for name in DRAWS if name not in ("subset", "few of many")]
"""Kinds with numbers of their own; subsets take uniforms or direct draws."""


def made(chains=3):
    return Streams([np.random.default_rng(seed) for seed in range(chains)])


class TestNumbers:
    def test_normals_are_those_of_the_generator(self):
        streams = made()
        parts = [streams.standard_normal(size) for size in (3, 700, (2, 5), ())]
        together = np.concatenate([part.reshape(3, -1) for part in parts], axis=1)
        for seed, row in enumerate(together):
            expected = np.random.default_rng(seed).standard_normal(714)
            assert np.array_equal(row, expected)

    def test_one_number_a_chain_is_what_is_asked_for_by_default(self):
        assert made().standard_normal().shape == (3,)
        assert made().random().shape == (3,)

    def test_uniforms_lie_between_0_and_1(self):
        drawn = made().random((200, 5))
        assert drawn.shape == (3, 200, 5)
        assert ((drawn >= 0) & (drawn < 1)).all()
        # The mean of 3000 uniforms, within 6 standard errors.
        assert abs(drawn.mean() - 0.5) < 6 / np.sqrt(12 * 3000)

    @pytest.mark.parametrize(
        ("sizes", "used"),
        [
            ([1], BLOCK),
            ([1, BLOCK - 1], BLOCK),
            ([BLOCK + 1], BLOCK + 1),
            ([3, 700], 2 * BLOCK),
        ],
    )
    def test_generators_are_left_a_block_further_on_or_what_was_asked(
        self, sizes, used
    ):
        generator = np.random.default_rng(0)
        streams = Streams([generator])
        for size in sizes:
            streams.standard_normal(size)
        expected = np.random.default_rng(0).standard_normal(used + 1)[-1]
        assert generator.standard_normal() == expected

    def test_a_block_holds_512_numbers(self):
        assert BLOCK == 512

    def test_the_block_size_and_threads_change_nothing(self, monkeypatch):
        expected = made().standard_normal(100)
        for block, threshold in ((1, 1), (7, 10**9), (4096, 1)):
            monkeypatch.setattr(streams_module, "BLOCK", block)
            monkeypatch.setattr(streams_module, "_WORTH_A_THREAD", threshold)
            streams = made()
            parts = [streams.standard_normal(size) for size in (1, 9, 30, 60)]
            assert np.array_equal(np.concatenate(parts, axis=1), expected)


class TestEach:
    def test_each_call_gets_the_row_of_its_chain(self):
        means, tables = np.array([1.0, 50.0, 900.0]), np.arange(12).reshape(3, 2, 2)
        drawn = made().each(lambda one, mean: one.poisson(mean, 7), means)
        alone = [
            made().aside(1).generators[chain].poisson(means[chain], 7)
            for chain in range(3)
        ]
        assert np.array_equal(drawn, alone)
        seen = made().each(lambda one, mean, table: table + mean, means, tables)
        assert np.array_equal(seen, tables + means[:, None, None])

    def test_one_number_goes_to_all(self):
        assert made().each(lambda one, mean: mean, 4.0).tolist() == [4, 4, 4]
        assert made().each(lambda one, mean: mean, np.array(4.0)).tolist() == [4, 4, 4]

    @pytest.mark.parametrize("rows", [2, 4])
    def test_rows_for_another_number_of_chains_are_refused(self, rows):
        with pytest.raises(
            ValueError, match=rf"each of 3 chains, got shape \({rows},\)"
        ):
            made().each(lambda one, mean: one.poisson(mean), np.ones(rows))


class TestIndependence:
    @pytest.mark.parametrize("kind", DRAWS)
    def test_a_chain_receives_what_it_would_receive_alone(self, kind):
        together = DRAWS[kind](made())
        for seed, row in enumerate(together):
            alone = DRAWS[kind](Streams([np.random.default_rng(seed)]))
            assert np.array_equal(alone[0], row)

    @pytest.mark.parametrize("other", APART)
    @pytest.mark.parametrize("kind", APART)
    def test_no_kind_of_number_shifts_another(self, kind, other):
        if kind != other:
            quiet, busy = made(), made()
            DRAWS[other](busy)
            assert np.array_equal(DRAWS[kind](quiet), DRAWS[kind](busy))

    def test_the_same_kind_asked_again_goes_on(self):
        for draw in DRAWS.values():
            streams = made()
            assert (draw(streams) != draw(streams)).any()

    def test_side_streams_differ_from_each_other(self):
        streams = made()
        draws = [streams.aside(key).standard_normal(4) for key in range(5)]
        draws.append(streams.standard_normal(4))
        assert len(np.unique(np.round(draws, 12))) == 6 * 3 * 4

    def test_side_streams_are_of_the_generators_kind(self):
        parent = np.random.Generator(np.random.Philox(1))
        (child,) = Streams([parent]).aside(2).generators
        assert isinstance(child.bit_generator, np.random.Philox)

    def test_a_generator_spawns_one_child_however_many_kinds_are_drawn(self):
        generator = np.random.default_rng(3)
        streams = Streams([generator])
        assert generator.bit_generator.seed_seq.n_children_spawned == 0
        for draw in DRAWS.values():
            draw(streams)
        assert generator.bit_generator.seed_seq.n_children_spawned == 1
        (seed,) = streams.seeds
        assert seed.spawn_key == (0,)


class TestSubset:
    @pytest.mark.parametrize("pool", [3, 10, 24, 25, 500])
    def test_it_has_no_repetition(self, pool):
        chosen = made().subset(pool, 3)
        assert chosen.shape == (3, 3)
        for row in chosen:
            assert len(set(row)) == 3
            assert set(row) <= set(range(pool))

    def test_it_may_be_empty(self):
        assert made().subset(5, 0).shape == (3, 0)

    def test_a_permutation_is_one_of_everything(self):
        for row in made().permutation(7):
            assert sorted(row) == list(range(7))

    @pytest.mark.parametrize("pool", [6, 30])
    def test_it_is_fair(self, pool):
        streams = Streams(np.random.default_rng(5).spawn(4000))
        for column in streams.subset(pool, 3).T:
            counts = np.bincount(column, minlength=pool)
            expected = 4000 / pool
            # Chi-square with pool - 1 degrees of freedom, false alarm below 1e-5.
            statistic = np.sum((counts - expected) ** 2 / expected)
            assert statistic < pool - 1 + 6 * np.sqrt(2 * (pool - 1))

    def test_a_seed_chooses_the_same_indices_in_every_version(self):
        """From up to 8 times as many by sorting, from more by numpy's choice."""
        sorted_first = np.argsort(made().random(24), axis=-1)[:, :3]
        assert np.array_equal(made().subset(24, 3), sorted_first)
        chosen = made().each(lambda one: one.choice(25, 3, replace=False))
        assert np.array_equal(made().subset(25, 3), chosen)

    @pytest.mark.parametrize("count", [-1, 4])
    def test_a_count_outside_of_its_pool_is_refused(self, count):
        with pytest.raises(ValueError, match=f"3, got {count}"):
            made().subset(3, count)


@pytest.mark.parametrize(
    ("draw", "kind"), [(normals, "standard_normal"), (uniforms, "random")]
)
class TestForModels:
    def test_a_generator_draws_for_every_parameter(self, draw, kind):
        drawn = draw(np.random.default_rng(2), (4, 2), (3,))
        expected = getattr(np.random.default_rng(2), kind)((4, 2, 3))
        assert np.array_equal(drawn, expected)

    def test_streams_draw_for_every_chain(self, draw, kind):
        drawn = draw(made(4), (4,), (3, 2))
        assert np.array_equal(drawn, getattr(made(4), kind)((3, 2)))

    def test_anything_else_is_refused(self, draw, kind):
        with pytest.raises(ValueError, match="rng must be"):
            draw(np.random.RandomState(1), (2,), (3,))


class TestOnePerChain:
    def test_one_generator_spawns_a_child_for_each(self):
        children = one_per_chain(np.random.default_rng(4), 3)
        expected = np.random.default_rng(4).spawn(3)
        assert [each.random() for each in children] == [
            each.random() for each in expected
        ]

    def test_several_are_used_as_they_are(self):
        several = tuple(np.random.default_rng(seed) for seed in range(3))
        assert one_per_chain(several, 3) == list(several)

    @pytest.mark.parametrize("number", [2, 4])
    def test_too_few_or_too_many_are_refused(self, number):
        several = [np.random.default_rng(seed) for seed in range(number)]
        with pytest.raises(ValueError, match=f"each of 3 chains, got {number}"):
            one_per_chain(several, 3)

    def test_one_that_serves_two_chains_is_refused(self):
        one, other = np.random.default_rng(1), np.random.default_rng(2)
        with pytest.raises(ValueError, match="a different Generator for each chain"):
            one_per_chain([one, other, np.random.Generator(one.bit_generator)], 3)

    def test_what_is_no_generator_is_named(self):
        with pytest.raises(ValueError, match=r"rng\[1\] must be"):
            one_per_chain([np.random.default_rng(1), 7], 2)
        with pytest.raises(ValueError, match="rng must be"):
            one_per_chain(7, 2)

    def test_one_without_a_seed_sequence_is_refused(self):
        seedless = np.random.Generator(np.random.MT19937(Words()))
        with pytest.raises(ValueError, match=r"rng\[0\] must be .*, which can spawn"):
            one_per_chain([seedless], 1)
        with pytest.raises(ValueError, match=r"rng must be .*, which can spawn"):
            one_per_chain(seedless, 1)


class Words(np.random.bit_generator.ISeedSequence):
    """The least that a bit generator asks of its seed."""

    def generate_state(self, n_words, dtype=np.uint32):
        return np.arange(n_words, dtype=dtype)
