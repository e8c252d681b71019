"""The loop of the whole book: fit, sample, mix, repeat.

Generation 0 fits real data; generation i+1 fits a mixture of real data, earlier data
and samples of generation i. Floor 2: it knows arrays, generators and two verbs,
``fit`` and ``sample``, and no model family by name.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .streams import Randomness, Streams, one_per_chain
from .validation import (
    boolean,
    check_finite,
    finite_array,
    fraction,
    option,
    real_number,
    refuse,
    sample_sizes,
    verb,
    whole_number,
)

MEMORIES = ("replace", "accumulate", "accumulate-subsample")
"""What happens to the data of earlier generations."""

_FIT, _REAL, _PAST = 2, 3, 4
"""Keys of the side streams: fitting, real data, data of earlier generations."""

# Fractions such as 0.1 are not exact in binary: 1 - 0.9 - 0.1 is -3e-17.
_ROUNDING = 1e-9

Curator = Callable[[np.ndarray], np.ndarray]
Measure = Callable[[Any, np.ndarray], Any]


class Model(Protocol):
    """What a family's ``fit`` returns, and what can stand for the real distribution."""

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points: shape (n, ...), or (chains, n, ...) with a chain axis."""
        ...


class Family(Protocol):
    """Anything that turns data into a model.

    ``fit`` may also name ``rng`` (randomness for a random start or minibatches) and
    ``previous`` (the model of the generation before, None at first); the loop passes
    what the signature names. A family whose arrays all have a leading chain axis
    says so with ``chain_axis = True`` and receives `Streams` for ``rng``; any other
    family is run one chain after the other, with a plain Generator each.
    """

    def fit(self, data: np.ndarray) -> Model:
        """Fit `data`: shape (n, ...), or (chains, n, ...) with a chain axis."""
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
    real_fraction : float or sequence of float
        γ in [0, 1]; a sequence holds one for each chain.
    previous_fraction : float or sequence of float
        β in [0, 1]. The points are drawn without replacement from the previous
        training set; if it holds fewer than are asked for, each is used equally
        often or once more.
    memory : {"replace", "accumulate", "accumulate-subsample"}
        Train on the newest batch, on all batches so far, or on M random points of
        all batches so far. The last two need β = 0.
    replay : bool
        Whether the real points of every generation are the same: the first ones of
        generation 0's training set. Otherwise they are drawn afresh.
    curator : callable, optional
        ``curator(candidates)`` with candidates of shape (chains, n, ...) returns
        scores of shape (chains, n); the best-scored candidates are kept.
    curator_keep : float
        Share of the candidates that is kept, in (0, 1]: n new points are the best
        of n / curator_keep.

    Raises
    ------
    ValueError
        If a weight is not in [0, 1], α is negative, or an option is unknown.
    """

    real_fraction: float | Sequence[float] = 0.0
    previous_fraction: float | Sequence[float] = 0.0
    memory: str = "replace"
    replay: bool = False
    curator: Curator | None = None
    curator_keep: float = 0.5

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

    def _check_weights(self) -> None:
        if self.memory != "replace" and np.any(self.previous_fraction):
            raise ValueError(
                "previous_fraction must be 0 with memory "
                f"{self.memory!r}, which keeps earlier data itself, "
                f"got {self.previous_fraction}"
            )
        real, previous = self.real_fraction, self.previous_fraction
        both = isinstance(real, tuple) and isinstance(previous, tuple)
        if both and len(real) != len(previous):
            raise ValueError(
                "real_fraction and previous_fraction must have equal lengths, "
                f"got {len(real)} and {len(previous)}"
            )
        total = np.add(real, previous)
        if np.any(total > 1 + _ROUNDING):
            raise ValueError(
                "real_fraction + previous_fraction must be at most 1, "
                f"got {np.max(total):g}"
            )

    def counts(self, sample_sizes: Any, chains: int) -> tuple[np.ndarray, np.ndarray]:
        """Return how many points of each batch are real, and how many previous.

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
            If a weight was given per chain, for another number of chains.
        """
        sizes = np.asarray(sample_sizes)[:, None]
        real = _shares("real_fraction", self.real_fraction, sizes, chains)
        previous = _shares("previous_fraction", self.previous_fraction, sizes, chains)
        previous = np.minimum(previous, sizes - real)
        shape = (len(sizes), chains)
        return np.broadcast_to(real, shape), np.broadcast_to(previous, shape)


@dataclass(frozen=True)
class History:
    """What a recursion leaves behind; generation i has been refitted i + 1 times.

    Attributes
    ----------
    measures : dict of str to array, shape (generations + 1, chains, ...)
        What was measured on each generation; ``history["name"]`` for short.
    sample_sizes : array of int, shape (generations + 1,)
        M_i, the size of the batch made for generation i.
    training_sizes : array of int, shape (generations + 1,)
        How many points generation i was fitted to; larger under "accumulate".
    real_counts : array of int, shape (generations + 1, chains)
        How many points of each batch are real.
    model : object
        The last generation's model; for a family without a chain axis, a tuple of
        models, one per chain. The same holds for the entries of `models`.
    models : tuple or None
        All generations' models, if they were to be kept.
    data : tuple of array, shape (chains, n, ...), or None
        All training sets, if they were to be kept. A batch holds its real points
        first, then previous ones, then new ones.
    """

    measures: dict[str, np.ndarray]
    sample_sizes: np.ndarray
    training_sizes: np.ndarray
    real_counts: np.ndarray
    model: Any
    models: tuple[Any, ...] | None = None
    data: tuple[np.ndarray, ...] | None = None

    def __getitem__(self, name: str) -> np.ndarray:
        """Return one measure, shape (generations + 1, chains, ...)."""
        if name not in self.measures:
            raise KeyError(f"{name!r} was not measured, only {list(self.measures)}")
        return self.measures[name]


def recurse(
    family: Family,
    real: Any,
    *,
    generations: int,
    sample_size: int | Sequence[int],
    diet: Diet | None = None,
    chains: int = 1,
    rng: np.random.Generator | Sequence[np.random.Generator],
    measures: Mapping[str, Measure] | None = None,
    keep_models: bool = False,
    keep_data: bool = False,
) -> History:
    """Train generation after generation on what the one before has produced.

    Parameters
    ----------
    family : Family
        Has ``fit(data)``, which returns a model with ``sample(n, rng)``.
    real : array, shape (N, ...), or Model
        Real points shared by all chains, or the true distribution itself. Of an
        array, each batch takes a random subset without replacement.
    generations : int
        How many generations follow generation 0; at least 1.
    sample_size : int or sequence of int
        M, or M_0, ..., M_generations.
    diet : Diet, optional
        What generations 1, 2, ... eat; by default only new samples.
    chains : int
        How many independent universes run side by side.
    rng : Generator or sequence of Generators
        Spawned into one child per chain, or one per chain. What happens to a chain
        depends on its own generator and its own weights, never on its neighbours.
        Points come from that generator in the order in which a plain loop would
        draw them.
    measures : mapping of str to callable, optional
        ``measure(model, data)``, called after each fit with the training set of
        shape (chains, n, ...), returns an array with a leading chain axis. For a
        family without a chain axis it is called for each chain by itself.
    keep_models, keep_data : bool
        Whether the history holds every generation's model and training set.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument is not allowed, or if a model's samples have the wrong shape
        or are not finite; the message names the argument or the generation.

    References
    ----------
    Shumailov et al., Nature 631 (2024), "What is model collapse?".
    """
    diet = Diet() if diet is None else diet
    if not isinstance(diet, Diet):
        raise refuse("diet", diet, "a Diet")
    boolean("keep_models", keep_models)
    boolean("keep_data", keep_data)
    chains = whole_number("chains", chains, 1)
    sizes = sample_sizes(
        sample_size, whole_number("generations", generations, 1), smallest=1
    )
    streams = Streams(one_per_chain(rng, chains))
    kitchen = _Kitchen(real, diet, sizes, streams, _has_chain_axis(family))
    trainer = _Trainer(family, streams)
    recorder = _Recorder(measures, chains, trainer.one_by_one)

    model, models, meals = None, [], []
    for generation in range(len(sizes)):
        data = kitchen.serve(generation, model)
        model = trainer.fit(data, model)
        recorder.record(model, data)
        if keep_models:
            models.append(trainer.plain(model))
        if keep_data:
            meals.append(data)
    return History(
        measures=recorder.results(),
        sample_sizes=np.array(sizes),
        training_sizes=np.array(kitchen.served),
        real_counts=kitchen.real_counts(),
        model=trainer.plain(model),
        models=tuple(models) if keep_models else None,
        data=tuple(meals) if keep_data else None,
    )


class _Kitchen:
    """Prepares the training set of each generation."""

    def __init__(
        self,
        real: Any,
        diet: Diet,
        sizes: list[int],
        streams: Streams,
        vectorised: bool,
    ) -> None:
        self.diet, self.sizes, self.streams = diet, sizes, streams
        # Generation 0 eats nothing but real points; row i belongs to generation i + 1.
        self.real, self.previously = diet.counts(sizes[1:], streams.chains)
        new = np.array(sizes[1:])[:, None] - self.real - self.previously
        counts = {"real": self.real, "previous": self.previously, "new": new}
        self.anyone_eats = {kind: count.any() for kind, count in counts.items()}
        self.source = _real_source(real, streams, vectorised)
        if isinstance(self.source, _Points):
            self.source.check_enough(max(sizes[0], int(self.real.max())))
        self.replayed: np.ndarray | None = None
        self.pool: np.ndarray | None = None
        self.previous: np.ndarray | None = None
        self.served: list[int] = []

    def serve(self, generation: int, model: Any) -> np.ndarray:
        """Return the training set, shape (chains, n, ...)."""
        if generation == 0:
            batch = self._first_batch()
        else:
            batch = self._batch(generation, model)
        data = self._remember(generation, batch)
        self.served.append(data.shape[1])
        return data

    def real_counts(self) -> np.ndarray:
        """Return the number of real points, shape (generations + 1, chains)."""
        first = np.full((1, self.streams.chains), self.sizes[0])
        return np.concatenate([first, self.real])

    def _first_batch(self) -> np.ndarray:
        if not self.diet.replay:
            return self.source.draw(self.sizes[0], self.streams, at_start=True)
        # A longer meal later needs more points than generation 0 has: draw them now.
        most = max(self.sizes)
        if isinstance(self.source, _Points):
            most = min(most, len(self.source.points))
        self.replayed = self.source.draw(most, self.streams, at_start=True)
        return self.replayed[:, : self.sizes[0]]

    def _batch(self, generation: int, model: Any) -> np.ndarray:
        size = self.sizes[generation]
        real, previous = self.real[generation - 1], self.previously[generation - 1]
        new = size - real - previous
        # Every chain is offered `size` points of each kind that anyone eats, ever, and
        # takes its own count: no chain's random numbers depend on a neighbour's diet.
        portions = []
        if self.anyone_eats["real"]:
            portions.append((self._real(size), real))
        if self.anyone_eats["previous"]:
            portions.append((self._previous(size), previous))
        if self.anyone_eats["new"]:
            portions.append((self._new(generation, model, new), new))
        return _plate(portions, size)

    def _real(self, size: int) -> np.ndarray:
        if self.replayed is not None:
            return self.replayed
        return self.source.draw(size, self.streams.aside(_REAL), at_start=False)

    def _previous(self, size: int) -> np.ndarray:
        held = self.previous.shape[1]
        orders = [
            self.streams.aside(_PAST).permutation(held) for _ in range(-(-size // held))
        ]
        return _pick(self.previous, np.concatenate(orders, axis=1)[:, :size])

    def _new(self, generation: int, model: Any, counts: np.ndarray) -> np.ndarray:
        size = self.sizes[generation]
        keep = self.diet.curator_keep if self.diet.curator else 1.0
        candidates = self._sample(generation, model, int(_candidates(size, keep)))
        if self.diet.curator is None:
            return candidates
        return _curate(candidates, self.diet.curator, counts, keep)

    def _sample(self, generation: int, model: Any, n: int) -> np.ndarray:
        points = np.asarray(model.sample(n, self.streams))
        name = f"generation {generation}: what model.sample({n}) returned"
        expected = (self.streams.chains, n, *self.previous.shape[2:])
        _check_points(name, points, expected)
        return points

    def _remember(self, generation: int, batch: np.ndarray) -> np.ndarray:
        if self.diet.memory == "replace":
            self.previous = batch
            return batch
        if self.pool is None:
            self.pool = batch
        else:
            self.pool = np.concatenate([self.pool, batch], axis=1)
        self.previous = self.pool
        if self.diet.memory == "accumulate" or generation == 0:
            return self.pool
        places = self.streams.aside(_PAST).subset(
            self.pool.shape[1], self.sizes[generation]
        )
        return _pick(self.pool, places)


class _Points:
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


class _Truth:
    """Real data as a distribution to draw from."""

    def __init__(self, distribution: Model, vectorised: bool) -> None:
        self.distribution = distribution
        self.vectorised = vectorised and _has_chain_axis(distribution)
        self.shape: tuple[int, ...] | None = None

    def draw(self, n: int, streams: Streams, at_start: bool) -> np.ndarray:
        """Return fresh points for each chain, shape (chains, n, ...)."""
        if self.vectorised:
            points = np.asarray(self.distribution.sample(n, streams))
        else:
            points = _sample_each([self.distribution] * streams.chains, n, streams)
        if self.shape is None:
            self.shape = points.shape[2:]
        expected = (streams.chains, n, *self.shape)
        _check_points(f"what real.sample({n}) returned", points, expected)
        return points


class _Trainer:
    """Calls ``fit`` for all chains, with what its signature names."""

    def __init__(self, family: Family, streams: Streams) -> None:
        self._fit = verb("family", family, "fit")
        self._named = _named_arguments(self._fit)
        self._streams = streams
        self.one_by_one = not _has_chain_axis(family)
        if self.one_by_one:
            # Reserve the side streams now: a family may spawn from its generator.
            streams.seeds  # noqa: B018

    def fit(self, data: np.ndarray, previous: Any) -> Any:
        rng = self._streams.aside(_FIT) if "rng" in self._named else None
        if not self.one_by_one:
            return _with_sample(self._call(data, rng, previous))
        chains = range(self._streams.chains)
        return _Models(
            _with_sample(
                self._call(
                    data[chain],
                    rng and rng.generators[chain],
                    previous and previous.models[chain],
                )
            )
            for chain in chains
        )

    def plain(self, model: Any) -> Any:
        """Return the model as the reader knows it."""
        return model.models if self.one_by_one else model

    def _call(self, data: np.ndarray, rng: Any, previous: Any) -> Any:
        extra = {"rng": rng, "previous": previous}
        return self._fit(data, **{name: extra[name] for name in self._named})


class _Models:
    """One plain model per chain, sampled as if they were one."""

    def __init__(self, models: Any) -> None:
        self.models = tuple(models)

    def sample(self, n: int, rng: Streams) -> np.ndarray:
        return _sample_each(self.models, n, rng)


class _Recorder:
    """Calls the measures and stacks what they return."""

    def __init__(
        self, measures: Mapping[str, Measure] | None, chains: int, one_by_one: bool
    ) -> None:
        measures = {} if measures is None else measures
        if not isinstance(measures, Mapping):
            raise refuse("measures", measures, "a mapping of names to functions")
        for name, measure in measures.items():
            if not callable(measure):
                raise refuse(f"measures[{name!r}]", measure, "a function")
        self._measures, self._chains = dict(measures), chains
        self._one_by_one = one_by_one
        self._rows: dict[str, list[np.ndarray]] = {name: [] for name in measures}

    def record(self, model: Any, data: np.ndarray) -> None:
        for name, measure in self._measures.items():
            if self._one_by_one:
                pairs = zip(model.models, data, strict=True)
                row = np.stack([np.asarray(measure(*pair)) for pair in pairs])
            else:
                row = np.array(measure(model, data))
            if row.shape[:1] != (self._chains,):
                raise ValueError(
                    f"measures[{name!r}] must return a leading axis of "
                    f"{self._chains} chains, got shape {row.shape}"
                )
            self._rows[name].append(row)

    def results(self) -> dict[str, np.ndarray]:
        return {name: np.stack(rows) for name, rows in self._rows.items()}


def _shares(
    name: str, share: float | tuple[float, ...], sizes: np.ndarray, chains: int
) -> np.ndarray:
    """Round shares of `sizes`, shape (generations, 1), to whole numbers, halves up."""
    if isinstance(share, tuple) and len(share) != chains:
        raise ValueError(
            f"{name} must be one number or one for each of {chains} chains, "
            f"got {len(share)}"
        )
    counts = np.floor(np.multiply(share, sizes) + 0.5 + _ROUNDING).astype(np.int64)
    return np.minimum(counts, sizes)


def _candidates(counts: Any, keep: float) -> Any:
    """Return how many candidates are drawn to keep `counts` of them."""
    return np.ceil(np.divide(counts, keep) - _ROUNDING).astype(np.int64)


def _curate(
    candidates: np.ndarray, curator: Curator, counts: np.ndarray, keep: float
) -> np.ndarray:
    """Put each chain's best candidates first, in the order they were drawn in.

    A chain that needs n of them looks at its first n / keep candidates only.
    """
    scores = np.array(curator(candidates), dtype=float)
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


def _plate(portions: list[tuple[np.ndarray, np.ndarray]], size: int) -> np.ndarray:
    """Join the first ``counts[chain]`` rows of each portion into (chains, size, ...).

    A portion is a pair of rows, shape (chains, k, ...), and counts, shape (chains,);
    the counts of a chain add up to `size`.
    """
    first = portions[0][0]
    if all((counts == counts[0]).all() for _, counts in portions):
        parts = [rows[:, : counts[0]] for rows, counts in portions]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    dtype = np.result_type(*(rows.dtype for rows, _ in portions))
    data = np.empty((len(first), size, *first.shape[2:]), dtype)
    start, place = np.zeros(len(first), np.int64), np.arange(size)
    for rows, counts in portions:
        offset = place - start[:, None]
        into = (offset >= 0) & (offset < counts[:, None])
        out_of = np.arange(rows.shape[1]) < counts[:, None]
        data[into] = rows[out_of]
        start = start + counts
    return data


def _pick(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Take each chain's own `places`, shape (chains, n): (chains, n, ...)."""
    return rows[np.arange(len(rows))[:, None], places]


def _sample_each(models: Sequence[Model], n: int, streams: Streams) -> np.ndarray:
    """Draw from plain models, each with its chain's generator, and stack."""
    pairs = zip(models, streams.generators, strict=True)
    samples = [np.asarray(model.sample(n, rng)) for model, rng in pairs]
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


def _real_source(real: Any, streams: Streams, vectorised: bool) -> "_Points | _Truth":
    if callable(getattr(real, "sample", None)):
        return _Truth(real, vectorised)
    return _Points(finite_array("real", real, axes=1))


def _has_chain_axis(thing: object) -> bool:
    return getattr(thing, "chain_axis", False) is True


def _with_sample(model: Any) -> Any:
    verb("what family.fit returned", model, "sample")
    return model


def _named_arguments(function: Callable[..., Any]) -> set[str]:
    return {"rng", "previous"} & set(inspect.signature(function).parameters)
