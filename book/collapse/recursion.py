"""The loop of the whole book: fit, sample, mix, repeat.

Generation 0 fits real data; generation i+1 fits a mixture of real data, earlier data
and samples of generation i. Floor 2: it knows arrays, generators and two verbs,
``fit`` and ``sample``, and no model family by name.
"""

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .diet import (
    MEMORIES,
    Curator,
    Diet,
    Model,
    TrainingSets,
    has_chain_axis,
    sample_each,
)
from .streams import Streams, one_per_chain
from .validation import (
    boolean,
    chain_rows,
    check_measures,
    lent,
    measured_array,
    refuse,
    sample_sizes,
    shown,
    verb,
    whole_number,
)

__all__ = ["MEMORIES", "Curator", "Diet", "Family", "History", "Model", "recurse"]

_FIT = 2
"""Key of the side streams for fitting."""

Measure = Callable[[Any, np.ndarray], Any]
Measurement = Callable[[Any, np.ndarray], Mapping[str, Any]]


class Family(Protocol):
    """Anything that turns data into a model.

    ``fit`` may also name ``rng`` (randomness for a random start or minibatches),
    ``previous`` (the model of the generation before, None at first) and ``weights``
    (of the points, shape (n,) or (chains, n); None where all weigh the same); the
    loop passes what the signature names. A family whose arrays all have a leading
    chain axis says so with ``chain_axis = True`` and receives `Streams` for ``rng``
    and a read-only training set; any other family is run one chain after the other,
    with a plain Generator and a training set of its own for each.
    """

    @property
    def fit(self) -> Callable[..., Model]:
        """``fit(data)``: shape (n, ...), or (chains, n, ...) with a chain axis."""
        ...


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
        How many points of each batch are real in truth.
    model : object
        The last generation's model; for a family without a chain axis, a tuple of
        models, one per chain. The same holds for the entries of `models`.
    models : tuple or None
        All generations' models, if they were to be kept.
    data : tuple of array, shape (chains, n, ...), or None
        All training sets, if they were to be kept, read-only. A batch holds its real
        points first, then those mistaken for real, previous ones, and new ones.
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
    measure: Measurement | None = None,
    keep_models: bool = False,
    keep_data: bool = False,
) -> History:
    """Train generation after generation on what the one before has produced.

    Parameters
    ----------
    family : Family
        Has ``fit(data)``, which returns a model with ``sample(n, rng)``: a new one, or
        the family itself, of which copies are made where several models are needed.
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
        How many independent histories run side by side.
    rng : Generator or sequence of Generators
        Spawned into one child per chain, or one per chain. What happens to a chain
        depends on its own generator and its own weights, never on its neighbours.
        Points come from that generator in the order in which a plain loop would
        draw them.
    measures : mapping of str to callable, optional
        ``function(model, data)``, called after each fit with the read-only training
        set of shape (chains, n, ...), returns an array with a leading chain axis. For
        a family without a chain axis it is called for each chain by itself.
    measure : callable, optional
        ``measure(model, data)``, called in the same way, returns several measures at
        once, a dict of such arrays by name: they may share samples.
    keep_models, keep_data : bool
        Whether the history holds every generation's model and training set.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument is not allowed, if a model's samples have the wrong shape or
        are not finite, if a family cannot fit what it is given or returns one model
        for several, or if what is measured does not fit together; the message names
        the argument or the generation.
    Exception
        What a family or a measure raises, with a note that names the generation.

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
    training_sets = TrainingSets(real, diet, sizes, streams, has_chain_axis(family))
    trainer = _Trainer(family, streams, diet.real_weight, keep_models)
    recorder = _Recorder(measures, measure, chains, trainer.one_by_one)

    model, models, kept = None, [], []
    for generation in range(len(sizes)):
        with _named(generation):
            data, *weights = training_sets.build(generation, model)
            with _fitting_real(family, data) if generation == 0 else nullcontext():
                model = trainer.fit(data, model, *weights)
            recorder.record(model, data)
        if keep_models:
            models.append(trainer.plain(model))
        if keep_data:
            kept.append(data)
    return History(
        measures=recorder.results(),
        sample_sizes=np.array(sizes),
        training_sizes=np.array(training_sets.sizes_built),
        real_counts=training_sets.real_counts(),
        model=trainer.plain(model),
        models=tuple(models) if keep_models else None,
        data=tuple(kept) if keep_data else None,
    )


@contextmanager
def _named(generation: int) -> Iterator[None]:
    """Say in which generation something went wrong."""
    try:
        yield
    except ValueError as error:
        if str(error).startswith("real must"):  # whatever the generation
            raise
        raise ValueError(f"generation {generation}: {error}") from error
    except Exception as error:
        error.add_note(f"in generation {generation}")
        raise


@contextmanager
def _fitting_real(family: Family, data: np.ndarray) -> Iterator[None]:
    """Generation 0 is fitted to nothing but real points: say so of its data."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("data must"):
            raise
        raise ValueError(
            f"real must have points that {type(family).__name__} can be fitted to; "
            f"generation 0 got {data.shape[1]} of shape {data.shape[2:]}: {error}"
        ) from error


class _Trainer:
    """Calls ``fit`` for all chains, with what its signature names."""

    def __init__(
        self, family: Family, streams: Streams, real_weight: float, keep_models: bool
    ) -> None:
        self._family = family
        self._fit = verb("family", family, "fit")
        self._named = _named_arguments(self._fit)
        if real_weight != 1 and "weights" not in self._named:
            raise ValueError(
                "real_weight must be 1 for a family whose fit does not take weights, "
                f"as that of {type(family).__name__}, got {real_weight}"
            )
        self._streams = streams
        self.one_by_one = not has_chain_axis(family)
        self._has_several = keep_models or (self.one_by_one and streams.chains > 1)
        self._keep_models = keep_models
        self._returned: dict[int, Any] = {}
        if self.one_by_one:
            # Reserve the side streams now: a family may spawn from its generator.
            streams.seeds  # noqa: B018

    def fit(
        self, data: np.ndarray, previous: Any, weights: np.ndarray | None = None
    ) -> Any:
        rng = self._streams.aside(_FIT) if "rng" in self._named else None
        if not self._keep_models:
            self._returned.clear()
        if not self.one_by_one:
            weights = None if weights is None else lent(weights)
            return self._call(lent(data), rng, previous, weights)
        return _Models(
            self._call(
                np.array(points),
                rng and rng.generators[chain],
                previous and previous.models[chain],
                None if weights is None else np.array(weights[chain]),
            )
            for chain, points in enumerate(data)
        )

    def plain(self, model: Any) -> Any:
        """Return the model as the reader knows it."""
        return model.models if self.one_by_one else model

    def _call(self, data: np.ndarray, rng: Any, previous: Any, weights: Any) -> Any:
        extra = {"rng": rng, "previous": previous, "weights": weights}
        model = self._fit(data, **{name: extra[name] for name in self._named})
        verb("what family.fit returned", model, "sample")
        if not self._has_several:
            return model
        if model is self._family:
            # It holds what it has learnt in itself, until the next fit.
            return copy.deepcopy(model)
        if id(model) in self._returned:
            raise ValueError(
                "family.fit must return a new model each time, where several chains or "
                f"generations are kept, got {shown(model)} again; "
                "copy.deepcopy(model) is one"
            )
        self._returned[id(model)] = model
        return model


class _Models:
    """One plain model per chain, sampled as if they were one."""

    def __init__(self, models: Any) -> None:
        self.models = tuple(models)

    def sample(self, n: int, rng: Streams) -> np.ndarray:
        return sample_each(self.models, n, rng, f"what model.sample({n}) returned")


class _Recorder:
    """Calls the measures and stacks what they return."""

    def __init__(
        self,
        measures: Mapping[str, Measure] | None,
        measure: Measurement | None,
        chains: int,
        one_by_one: bool,
    ) -> None:
        self._measures = check_measures({} if measures is None else measures)
        if measure is not None and not callable(measure):
            raise refuse("measure", measure, "a function or None")
        self._measure, self._chains = measure, chains
        self._one_by_one = one_by_one
        self._generations: list[dict[str, np.ndarray]] = []

    def record(self, model: Any, data: np.ndarray) -> None:
        if self._one_by_one:
            pairs = zip(model.models, data, strict=True)
            measured = _stacked([self._measured(*pair) for pair in pairs])
        else:
            measured = self._measured(model, data)
        rows = {
            name: chain_rows(f"measure {name!r}", value, self._chains)
            for name, value in measured.items()
        }
        self._check_alike(rows)
        self._generations.append(rows)

    def results(self) -> dict[str, np.ndarray]:
        return {
            name: np.stack([rows[name] for rows in self._generations])
            for name in self._generations[0]
        }

    def _measured(self, model: Any, data: np.ndarray) -> dict[str, Any]:
        several = {} if self._measure is None else self._measure(model, lent(data))
        if not isinstance(several, Mapping) or not all(map(_is_name, several)):
            raise refuse("what measure returns", several, "a dict of arrays by name")
        if twice := sorted(several.keys() & self._measures.keys()):
            raise ValueError(f"measure must not repeat names of measures, got {twice}")
        single = {
            name: each(model, lent(data)) for name, each in self._measures.items()
        }
        return {**several, **single}

    def _check_alike(self, rows: dict[str, np.ndarray]) -> None:
        first, now = (
            {name: row.shape for name, row in each.items()}
            for each in ((self._generations or [rows])[0], rows)
        )
        if now != first:
            raise ValueError(
                "what is measured must have the names and shapes of generation 0, "
                f"{first}, got {now}"
            )


def _is_name(key: object) -> bool:
    return isinstance(key, str)


def _stacked(chains: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Join what was measured on each chain by itself."""
    measured = {}
    for name in chains[0]:
        values = [
            measured_array(f"measure {name!r}", each[name])
            for each in chains
            if name in each
        ]
        if len(values) < len(chains) or len({each.shape for each in values}) > 1:
            raise ValueError(
                f"measure {name!r} must return an array of the same shape for each of "
                f"{len(chains)} chains, got {[each.shape for each in values]}"
            )
        measured[name] = np.stack(values)
    return measured


def _named_arguments(function: Callable[..., Any]) -> set[str]:
    return {"rng", "previous", "weights"} & set(inspect.signature(function).parameters)
