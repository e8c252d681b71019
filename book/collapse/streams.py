"""Random numbers for many chains at once, each chain from its own generator.

What a chain receives depends on its own generator and on what was asked, never on
its neighbours, their order or their number. Floor 0: it knows numpy's generators
and nothing about models.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np

from .validation import generator, refuse

BLOCK = 512
"""Numbers fetched from a chain's generator at a time, unless more are asked for."""

_WORTH_A_THREAD = 2**19
"""Numbers from which on a second thread pays; generators work without the GIL."""

_UNIFORM, _DIRECT = 0, 1
"""Keys of the side streams that `Streams` keeps for itself."""


class Streams:
    """Draw from one generator per chain, with the chains as the leading axis.

    The methods are those of ``numpy.random.Generator``; ``size`` is the shape *per
    chain*, so ``standard_normal(5)`` has shape (chains, 5). Normals come from the
    chain's own generator, in the order in which it would produce them: one chain
    that asks for 10 and then for 5 gets what ``generator.standard_normal(15)``
    gives. Everything else comes from side streams derived from its seed sequence,
    so that one kind of number never shifts another.

    Numbers are fetched in blocks of at least `BLOCK`, so the generators are left
    further on than what was used.

    Parameters
    ----------
    generators : sequence of numpy.random.Generator
        One per chain, each made from a seed (``default_rng``, ``spawn``).
    """

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self.generators = list(generators)
        self._seeds: list[np.random.SeedSequence] = []
        self._aside: dict[int, Streams] = {}
        self._normals = _Buffer(self.generators, "standard_normal")
        self._uniforms = _Buffer(self.generators, "random")

    @property
    def chains(self) -> int:
        """How many chains there are."""
        return len(self.generators)

    @property
    def seeds(self) -> list[np.random.SeedSequence]:
        """One seed sequence per chain, spawned on first use, to derive others."""
        if not self._seeds:
            self._seeds = [
                cast(np.random.SeedSequence, each.bit_generator.seed_seq).spawn(1)[0]
                for each in self.generators
            ]
        return self._seeds

    def aside(self, key: int) -> "Streams":
        """Return further streams, independent of these, one set for each `key`.

        They serve draws that only some of the chains need: a chain which ignores
        them is not disturbed when its neighbours use theirs.

        Parameters
        ----------
        key : int
            0 and 1 are taken by the class itself.
        """
        if key not in self._aside:
            self._aside[key] = self._derive(key)
        return self._aside[key]

    def _derive(self, key: int) -> "Streams":
        seeds = [
            np.random.SeedSequence(
                seed.entropy,
                spawn_key=(*seed.spawn_key, key),
                pool_size=seed.pool_size,
            )
            for seed in self.seeds
        ]
        derived = Streams(
            [
                np.random.Generator(type(parent.bit_generator)(seed))
                for parent, seed in zip(self.generators, seeds, strict=True)
            ]
        )
        derived._seeds = seeds
        return derived

    def standard_normal(self, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """Draw standard normals, shape (chains, *size)."""
        return self._normals.take(self._shape(size))

    def random(self, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """Draw uniforms on [0, 1), shape (chains, *size)."""
        return self.aside(_UNIFORM)._uniforms.take(self._shape(size))

    def each(self, draw: Callable[..., Any], *parameters: Any) -> np.ndarray:
        """Call `draw` once per chain with a plain generator and stack the results.

        The way to everything that is not buffered: with means of shape (chains,), or
        one mean for all, ``streams.each(lambda generator, mean: generator.poisson(mean,
        n), means)``.

        Parameters
        ----------
        draw : callable
            ``draw(generator, *rows)`` returns a number or an array.
        *parameters : float or array, shape (chains, ...)
            Each call gets its chain's row of each; a single number goes to all.

        Raises
        ------
        ValueError
            If a parameter has rows for another number of chains.
        """
        generators = self.aside(_DIRECT).generators
        rows = [self._rows(parameter) for parameter in parameters]
        return np.stack([draw(*each) for each in zip(generators, *rows, strict=True)])

    def subset(self, pool: int, count: int) -> np.ndarray:
        """Choose `count` different indices below `pool`, in random order.

        Returns
        -------
        array of int, shape (chains, count)

        Raises
        ------
        ValueError
            If `count` exceeds `pool`.
        """
        if not 0 <= count <= pool:
            raise refuse("count", count, f"between 0 and the pool's {pool}")
        # Sorting the whole pool is one call for all chains; for a small part of a
        # large pool, numpy's own algorithm, chain by chain, is the faster one.
        if pool <= 8 * count:
            return np.argsort(self.random(pool), axis=-1)[:, :count]
        return self.each(lambda one: one.choice(pool, count, replace=False))

    def permutation(self, n: int) -> np.ndarray:
        """Return a random order of ``range(n)`` for each chain, shape (chains, n)."""
        return self.subset(n, n)

    def _rows(self, parameter: Any) -> np.ndarray:
        if np.ndim(parameter) == 0:
            return np.broadcast_to(parameter, self.chains)
        if len(parameter) != self.chains:
            raise ValueError(
                f"parameters must be numbers or hold one row for each of {self.chains} "
                f"chains, got shape {np.shape(parameter)}"
            )
        return parameter

    def _shape(self, size: int | tuple[int, ...]) -> tuple[int, ...]:
        per_chain = tuple(size) if isinstance(size, Iterable) else (size,)
        return (self.chains, *per_chain)


class _Buffer:
    """Numbers of one kind, fetched ahead in blocks, one row per chain."""

    def __init__(self, generators: list[np.random.Generator], kind: str) -> None:
        self._fill = [getattr(each, kind) for each in generators]
        self._rows = np.empty((len(generators), 0))
        self._used = 0

    def take(self, shape: tuple[int, ...]) -> np.ndarray:
        """Hand out the next numbers of each chain; they are not used again."""
        count = int(np.prod(shape[1:], dtype=np.int64))
        left = self._rows.shape[1] - self._used
        if left < count:
            self._refill(left, max(count - left, BLOCK))
        taken = self._rows[:, self._used : self._used + count]
        self._used += count
        return taken.reshape(shape)

    def _refill(self, left: int, fresh: int) -> None:
        rows = np.empty((len(self._fill), left + fresh))
        rows[:, :left] = self._rows[:, self._used :]
        new = rows[:, left:]
        if new.size < _WORTH_A_THREAD or len(self._fill) == 1:
            self._fetch(self._fill, new)
        else:
            # Each row has its own generator: who fills it, and when, changes nothing.
            half = len(self._fill) // 2
            with ThreadPoolExecutor(1) as helper:
                waiting = helper.submit(self._fetch, self._fill[:half], new[:half])
                self._fetch(self._fill[half:], new[half:])
                waiting.result()
        self._rows, self._used = rows, 0

    @staticmethod
    def _fetch(fill: list[Callable[..., Any]], rows: np.ndarray) -> None:
        for draw, row in zip(fill, rows, strict=True):
            draw(out=row)


Randomness = np.random.Generator | Streams
"""What a family's ``sample`` takes: one generator, or one per chain."""


def normals(
    rng: Randomness, leading: tuple[int, ...], size: tuple[int, ...]
) -> np.ndarray:
    """Draw standard normals for a model whose parameters have a `leading` shape.

    Returns
    -------
    array
        Shape (*leading, *size) from a plain generator, (chains, *size) from streams.
    """
    if isinstance(rng, Streams):
        return rng.standard_normal(size)
    return generator("rng", rng).standard_normal(leading + size)


def uniforms(
    rng: Randomness, leading: tuple[int, ...], size: tuple[int, ...]
) -> np.ndarray:
    """Draw uniforms on [0, 1), with shapes as for `normals`."""
    if isinstance(rng, Streams):
        return rng.random(size)
    return generator("rng", rng).random(leading + size)


def one_per_chain(
    rng: np.random.Generator | Sequence[np.random.Generator], chains: int
) -> list[np.random.Generator]:
    """Return one generator for each chain.

    Parameters
    ----------
    rng : Generator or sequence of Generators
        One generator is spawned into a child per chain; a sequence is used as it is.
    chains : int
        How many are needed.

    Raises
    ------
    ValueError
        If it is neither, if the number differs, if one generator serves two chains,
        or if one was made without a seed sequence.
    """
    if isinstance(rng, np.random.Generator):
        _check_seeded("rng", rng)
        return rng.spawn(chains)
    if not isinstance(rng, (list, tuple)):
        raise refuse("rng", rng, "a numpy.random.Generator or a list of them")
    if len(rng) != chains:
        raise ValueError(
            f"rng must hold one Generator for each of {chains} chains, got {len(rng)}"
        )
    for chain, each in enumerate(rng):
        _check_seeded(f"rng[{chain}]", generator(f"rng[{chain}]", each))
    if len({id(each.bit_generator) for each in rng}) < chains:
        raise ValueError("rng must hold a different Generator for each chain")
    return list(rng)


def _check_seeded(name: str, rng: np.random.Generator) -> None:
    if not isinstance(rng.bit_generator.seed_seq, np.random.SeedSequence):
        raise refuse(name, rng, "a Generator made from a seed, which can spawn")
