"""What each generation is trained on: the diet, and the training sets that it makes.

A batch holds real points first, then those mistaken for real, earlier ones, and new
ones; what is kept of earlier batches is the diet's memory. Floor 2: it knows arrays,
generators and the verb ``sample``, and no model family by name.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .shares import ROUNDING, Shares, share_counts, shares_by_generation
from .streams import Randomness, Streams
from .validation import (
    boolean,
    check_finite,
    finite_array,
    fraction,
    lent,
    one_array,
    option,
    plain_array,
    positive_number,
    read_only,
    real_number,
    refuse,
)

MEMORIES = ("replace", "accumulate", "accumulate-subsample")
"""What happens to the data of earlier generations."""

_REAL, _PAST, _MISTAKES = 3, 4, 5
"""Keys of the side streams: real data, data of earlier generations, false labels."""

Curator = Callable[[np.ndarray], np.ndarray]

Rows = tuple[np.ndarray, ...]
"""Points, shape (chains, n, ...); then, if they differ, their weights, (chains, n)."""


class Model(Protocol):
    """What a family's ``fit`` returns, and what can stand for the real distribution."""

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points: shape (n, ...), or (chains, n, ...) with a chain axis."""
        ...


@dataclass(frozen=True)
class Diet:
    """What each generation after the first is trained on.

    The weights are those of Shumailov et al. (2024), ``p[i+1] = α p_θ[i+1] + β p[i]
    + γ p[0]`` with α = 1 - β - γ. Of M points, round(γM) are real, round(βM) come
    from the previous training set, and the rest is new; halves are rounded up, and
    previous data gives way where the two would exceed M.

    Parameters
    ----------
    real_fraction : float or array of float
        γ in [0, 1], one for all; of shape (chains,), one for each chain; of shape
        (generations, chains) or (generations, 1), a row for each of generations 1,
        2, ..., as generation 0 sees real points only.
    previous_fraction : float or array of float
        β in [0, 1], of any of these shapes. The points are drawn without
        replacement from the previous training set; if it holds fewer than are
        asked for, each is used equally often or once more.
    memory : {"replace", "accumulate", "accumulate-subsample"}
        Train on the newest batch, on all batches so far, or on M random points of
        all batches so far. The last two need β = 0.
    replay : bool
        Whether the real points of every generation are the same: the first ones of
        generation 0's training set. Otherwise they are drawn afresh. A pool of P
        points among an output that grows is this with γ = P/M in each generation.
    curator : callable, optional
        ``curator(candidates)`` with read-only candidates of shape (chains, n, ...)
        returns scores of shape (chains, n); the best-scored candidates are kept.
    curator_keep : float
        Share of the candidates that is kept, in (0, 1]: n new points are the best
        of n / curator_keep.
    mislabelled : float or array of float
        The rate in [0, 1] at which what is taken for real is new in truth, of any of
        the shapes of `real_fraction`. Each point is mistaken or not by itself: their
        number is binomial, so that a small rate does not round to nothing. Points
        that are replayed are known, so the rate is 0 with `replay`.
    real_weight : float
        How much a point that is taken for real weighs in a fit, against 1 for a
        new one; above 0. Points keep their weight in all batches to come. For any
        weight but 1 the family's ``fit`` must take ``weights``.

    Raises
    ------
    ValueError
        If a weight is not in [0, 1], α is negative, or an option is unknown.
    """

    real_fraction: Shares = 0.0
    previous_fraction: Shares = 0.0
    memory: str = "replace"
    replay: bool = False
    curator: Curator | None = None
    curator_keep: float = 0.5
    mislabelled: Shares = 0.0
    real_weight: float = 1.0

    def __post_init__(self) -> None:
        real = fraction("real_fraction", self.real_fraction)
        previous = fraction("previous_fraction", self.previous_fraction)
        # Frozen: the checked, hashable forms take the place of what was passed.
        object.__setattr__(self, "real_fraction", real)
        object.__setattr__(self, "previous_fraction", previous)
        option("memory", self.memory, MEMORIES)
        boolean("replay", self.replay)
        self._check_weights()
        if self.curator is not None and not callable(self.curator):
            raise refuse("curator", self.curator, "a function or None")
        if real_number("curator_keep", self.curator_keep, 0, 1) == 0:
            raise refuse("curator_keep", self.curator_keep, "a number in (0, 1]")
        rates = fraction("mislabelled", self.mislabelled)
        object.__setattr__(self, "mislabelled", rates)
        if self.replay and np.any(rates):
            raise refuse("mislabelled", self.mislabelled, "0 with replay=True")
        positive_number("real_weight", self.real_weight)

    def _check_weights(self) -> None:
        if self.memory != "replace" and np.any(self.previous_fraction):
            raise ValueError(
                "previous_fraction must be 0 with memory "
                f"{self.memory!r}, which keeps earlier data itself, "
                f"got {self.previous_fraction}"
            )
        real, previous = self.real_fraction, self.previous_fraction
        try:
            total = np.add(real, previous)
        except ValueError:
            raise ValueError(
                "real_fraction and previous_fraction must have shapes that fit, "
                f"got {np.shape(real)} and {np.shape(previous)}"
            ) from None
        if np.any(total > 1 + ROUNDING):
            raise ValueError(
                "real_fraction + previous_fraction must be at most 1, "
                f"got {np.max(total):g}"
            )

    def counts(self, sample_sizes: Any, chains: int) -> tuple[np.ndarray, np.ndarray]:
        """Return how many points are taken for real, and how many are previous.

        Parameters
        ----------
        sample_sizes : array of int, shape (generations,)
        chains : int

        Returns
        -------
        real, previous : arrays of int, shape (generations, chains)

        Raises
        ------
        ValueError
            If a weight was given for another number of chains or of generations.
        """
        sizes = np.asarray(sample_sizes)[:, None]
        real, previous = (
            share_counts(
                shares_by_generation(name, getattr(self, name), len(sizes), chains),
                sizes,
            )
            for name in ("real_fraction", "previous_fraction")
        )
        return real, np.minimum(previous, sizes - real)


class TrainingSets:
    """Builds the training set of each generation from batches, as the diet says."""

    def __init__(
        self,
        real: Any,
        diet: Diet,
        sizes: list[int],
        streams: Streams,
        vectorised: bool,
    ) -> None:
        self.diet, self.sizes, self.streams = diet, sizes, streams
        # Generation 0 sees nothing but real points; row i belongs to generation i + 1.
        self.real, self.previous = diet.counts(sizes[1:], streams.chains)
        self.new = np.array(sizes[1:])[:, None] - self.real - self.previous
        self.mistaken = self._mistakes()
        self.source = _real_source(real, streams, vectorised)
        if isinstance(self.source, _RealPoints):
            self.source.check_enough(max(sizes[0], int(self.real.max())))
        self.replayed: np.ndarray | None = None
        self.pool: Rows  # all that a later generation may see again
        self.sizes_built: list[int] = []

    def build(self, generation: int, model: Any) -> Rows:
        """Return the read-only training set; with it its weights, if they differ."""
        if generation == 0:
            batch = self._rows(self._first_batch(), self.diet.real_weight)
        else:
            batch = self._batch(generation, model)
        rows = self._with_memory(generation, batch)
        self.sizes_built.append(rows[0].shape[1])
        return tuple(read_only(each) for each in rows)

    def real_counts(self) -> np.ndarray:
        """Return the number of real points, shape (generations + 1, chains)."""
        first = np.full((1, self.streams.chains), self.sizes[0])
        return np.concatenate([first, self.real - self.mistaken])

    def _mistakes(self) -> np.ndarray:
        """Draw how many of the points taken for real are new, shape as for these."""
        shape = self.real.shape
        rates = shares_by_generation("mislabelled", self.diet.mislabelled, *shape)
        if not rates.any():
            return np.zeros(shape, np.int64)
        streams = self.streams.aside(_MISTAKES)
        drawn = streams.each(lambda one, *law: one.binomial(*law), self.real.T, rates.T)
        return drawn.T

    def _rows(self, points: np.ndarray, weight: float) -> Rows:
        if self.diet.real_weight == 1:
            return (points,)
        return points, np.full(points.shape[:2], weight)

    def _first_batch(self) -> np.ndarray:
        if not self.diet.replay:
            return self.source.draw(self.sizes[0], self.streams, at_start=True)
        # A larger batch later needs more points than generation 0 has: draw them now.
        most = max(self.sizes)
        if isinstance(self.source, _RealPoints):
            most = min(most, len(self.source.points))
        self.replayed = self.source.draw(most, self.streams, at_start=True)
        return self.replayed[:, : self.sizes[0]]

    def _batch(self, generation: int, model: Any) -> Rows:
        size, row = self.sizes[generation], generation - 1
        # Every chain is offered `size` points of each kind that any chain uses, ever,
        # and takes its own count: its random numbers do not depend on a neighbour's
        # diet.
        parts: list[tuple[Rows, np.ndarray]] = []
        weight, mistaken = self.diet.real_weight, self.mistaken[row]
        if self.real.any():
            rows = self._rows(self._real(size), weight)
            parts.append((rows, self.real[row] - mistaken))
        if self.new.any() or self.mistaken.any():
            new = self._generated(generation, model, self.new[row] + mistaken)
        if self.mistaken.any():
            parts.append((self._rows(new, weight), mistaken))
            # Those behind the mistaken ones move up.
            new = _pick(new, (np.arange(size) + mistaken[:, None]) % size)
        if self.previous.any():
            parts.append((self._earlier(size), self.previous[row]))
        if self.new.any():
            parts.append((self._rows(new, 1.0), self.new[row]))
        return tuple(
            _join([(rows[kind], counts) for rows, counts in parts], size)
            for kind in range(len(parts[0][0]))
        )

    def _real(self, size: int) -> np.ndarray:
        if self.replayed is not None:
            return self.replayed
        return self.source.draw(size, self.streams.aside(_REAL), at_start=False)

    def _earlier(self, size: int) -> Rows:
        held = self.pool[0].shape[1]
        orders = [
            self.streams.aside(_PAST).permutation(held) for _ in range(-(-size // held))
        ]
        indices = np.concatenate(orders, axis=1)[:, :size]
        return tuple(_pick(each, indices) for each in self.pool)

    def _generated(self, generation: int, model: Any, counts: np.ndarray) -> np.ndarray:
        size = self.sizes[generation]
        keep = self.diet.curator_keep if self.diet.curator else 1.0
        candidates = self._sample(model, int(_candidates(size, keep)))
        if self.diet.curator is None:
            return candidates
        return _curate(candidates, self.diet.curator, counts, keep)

    def _sample(self, model: Any, n: int) -> np.ndarray:
        name = f"what model.sample({n}) returned"
        # A copy: a model may use the array that it has returned again.
        points = np.array(one_array(name, model.sample(n, self.streams)))
        shape = self.pool[0].shape[2:]
        expected = (self.streams.chains, n, *shape)
        if shape and points.shape != expected:
            # A table, and perhaps a family of another dimension: both are named.
            raise ValueError(
                f"real must have points of the shape that a model samples: they are of "
                f"{shape}, but {name} has shape {points.shape}, not {expected}"
            )
        _check_points(name, points, expected)
        return points

    def _with_memory(self, generation: int, batch: Rows) -> Rows:
        if self.diet.memory == "replace" or generation == 0:
            self.pool = batch
            return batch
        self.pool = tuple(
            np.concatenate(both, axis=1) for both in zip(self.pool, batch, strict=True)
        )
        if self.diet.memory == "accumulate":
            return self.pool
        indices = self.streams.aside(_PAST).subset(
            self.pool[0].shape[1], self.sizes[generation]
        )
        return tuple(_pick(each, indices) for each in self.pool)


class _RealPoints:
    """Real data as a finite array that all chains share."""

    def __init__(self, points: np.ndarray) -> None:
        self.points = points

    def check_enough(self, needed: int) -> None:
        if needed > len(self.points):
            raise ValueError(
                f"real must hold at least the {needed} points that one generation "
                f"asks for, got {len(self.points)}"
            )

    def draw(self, n: int, streams: Streams, at_start: bool) -> np.ndarray:
        """Return a random subset for each chain, shape (chains, n, ...)."""
        held = len(self.points)
        choices = streams.aside(_REAL) if at_start else streams
        return self.points[choices.subset(held, min(n, held))]


class _RealDistribution:
    """Real data as a distribution to draw from."""

    def __init__(self, distribution: Model, vectorised: bool) -> None:
        self.distribution = distribution
        self.vectorised = vectorised and has_chain_axis(distribution)
        self.shape: tuple[int, ...] | None = None

    def draw(self, n: int, streams: Streams, at_start: bool) -> np.ndarray:
        """Return fresh points for each chain, shape (chains, n, ...)."""
        name = f"what real.sample({n}) returned"
        if self.vectorised:
            points = np.array(one_array(name, self.distribution.sample(n, streams)))
        else:
            same = [self.distribution] * streams.chains
            points = sample_each(same, n, streams, name)
        if self.shape is None:
            self.shape = points.shape[2:]
        expected = (streams.chains, n, *self.shape)
        _check_points(name, points, expected)
        return points


def _candidates(counts: Any, keep: float) -> Any:
    """Return how many candidates are drawn to keep `counts` of them."""
    return np.ceil(np.divide(counts, keep) - ROUNDING).astype(np.int64)


def _curate(
    candidates: np.ndarray, curator: Curator, counts: np.ndarray, keep: float
) -> np.ndarray:
    """Put each chain's best candidates first, in the order they were drawn in.

    A chain that needs n of them looks at its first n / keep candidates only.
    """
    given = plain_array("what curator returns", curator(lent(candidates)))
    scores = np.array(given, dtype=float)
    if scores.shape != candidates.shape[:2] or np.isnan(scores).any():
        raise ValueError(
            f"curator must return scores of shape {candidates.shape[:2]} without "
            f"NaN, got shape {scores.shape}"
        )
    # Ranks, not scores, are compared: an infinite score is still in the running.
    offered = np.arange(scores.shape[1]) < _candidates(counts, keep)[:, None]
    by_score = np.lexsort((-scores, ~offered), axis=-1)
    rank = np.argsort(by_score, axis=-1)
    chosen = rank < counts[:, None]
    return _pick(candidates, np.argsort(~chosen, axis=-1, kind="stable"))


def _join(parts: list[tuple[np.ndarray, np.ndarray]], size: int) -> np.ndarray:
    """Join the first ``counts[chain]`` rows of each part into (chains, size, ...).

    A part is a pair of rows, shape (chains, k, ...), and counts, shape (chains,);
    the counts of a chain add up to `size`.
    """
    first = parts[0][0]
    if all((counts == counts[0]).all() for _, counts in parts):
        pieces = [rows[:, : counts[0]] for rows, counts in parts]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
    dtype = np.result_type(*(rows.dtype for rows, _ in parts))
    data = np.empty((len(first), size, *first.shape[2:]), dtype)
    start, index = np.zeros(len(first), np.int64), np.arange(size)
    for rows, counts in parts:
        offset = index - start[:, None]
        into = (offset >= 0) & (offset < counts[:, None])
        out_of = np.arange(rows.shape[1]) < counts[:, None]
        data[into] = rows[out_of]
        start = start + counts
    return data


def _pick(rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Take each chain's own rows by `indices`, shape (chains, n): (chains, n, ...)."""
    return rows[np.arange(len(rows))[:, None], indices]


def sample_each(
    models: Sequence[Model], n: int, streams: Streams, name: str
) -> np.ndarray:
    """Draw from plain models, each with its chain's generator, and stack."""
    pairs = zip(models, streams.generators, strict=True)
    # Copies: models may share the array that they return, and use it again.
    samples = [np.array(one_array(name, model.sample(n, rng))) for model, rng in pairs]
    if len({points.shape for points in samples}) > 1:
        shapes = sorted({str(points.shape) for points in samples})
        raise ValueError(f"sample({n}) must return equal shapes, got {shapes}")
    return np.stack(samples)


def _check_points(name: str, points: np.ndarray, expected: tuple[int, ...]) -> None:
    if points.shape != expected:
        raise ValueError(f"{name} must have shape {expected}, got {points.shape}")
    if points.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be numbers, got dtype {points.dtype}")
    check_finite(name, points)


def _real_source(
    real: Any, streams: Streams, vectorised: bool
) -> _RealPoints | _RealDistribution:
    # Tables and tensors have a method of that name, too; an array is an array.
    if callable(getattr(real, "sample", None)) and not hasattr(real, "__array__"):
        if isinstance(real, type) or not _takes_rng(real.sample):
            raise refuse("real", real, "points, or an object with sample(n, rng)")
        return _RealDistribution(real, vectorised)
    return _RealPoints(finite_array("real", one_array("real", real), axes=1))


def _takes_rng(sample: Callable[..., Any]) -> bool:
    """Whether a method can be called with a number and a generator.

    Those of other libraries are called otherwise.
    """
    try:
        parameters = inspect.signature(sample).bind(0, None).signature.parameters
    except (TypeError, ValueError):
        return False
    return "random_state" not in parameters


def has_chain_axis(thing: object) -> bool:
    """Return whether a family or distribution says that its arrays have that axis."""
    return getattr(thing, "chain_axis", False) is True
