"""Distributions over K symbols, refitted by counting: Wright-Fisher drift.

A word that is not drawn once is gone for ever, as a gene is that nobody inherits;
population genetics has studied this loop since Fisher (1930) and Wright (1931).
Also the exact law of the counts, which never draws the symbols one by one. Floor 1:
it knows numpy and the floor below, and no other family.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .shares import share_counts, shares_of_chains
from .streams import Randomness, uniforms
from .validation import (
    boolean,
    chain_rows,
    check_measures,
    distributions,
    finite_array,
    fraction,
    generator,
    option,
    read_only,
    real_number,
    sample_sizes,
    whole_number,
)

CountMeasure = Callable[[np.ndarray, np.ndarray], Any]


@dataclass(frozen=True, eq=False)
class CategoricalModel:
    """Distributions over the symbols 0, ..., K - 1, one for each chain.

    Parameters
    ----------
    probabilities : array, shape (..., K)
        What the model has learned; each row adds up to 1.
    spoken : array, shape (..., K), optional
        What `sample` draws from, if a temperature or a top-k makes the model speak
        otherwise than it has learned.

    Raises
    ------
    ValueError
        If an entry is negative or not finite, a row does not add up to 1, or the
        shapes differ.
    """

    probabilities: Any
    spoken: Any = None
    chain_axis = True

    def __post_init__(self) -> None:
        learned = distributions("probabilities", self.probabilities)
        spoken = learned
        if self.spoken is not None:
            spoken = distributions("spoken", self.spoken)
            if spoken.shape != learned.shape:
                raise ValueError(
                    f"spoken must have the shape of probabilities {learned.shape}, "
                    f"got {spoken.shape}"
                )
        object.__setattr__(self, "probabilities", learned)
        object.__setattr__(self, "spoken", spoken)

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` symbols from each distribution.

        Returns
        -------
        array of int, shape (..., n)
            With streams for `rng`, (chains, n).
        """
        spoken = self.spoken
        draws = uniforms(rng, spoken.shape[:-1], (whole_number("n", n, 1),))
        below = np.cumsum(spoken, axis=-1)
        # Divided by itself the last entry is 1, and no draw falls beyond it.
        below /= below[..., -1:]
        if below.ndim == 1:
            return np.searchsorted(below, draws, side="right")
        symbols = np.empty(draws.shape, dtype=np.int64)
        for chain in np.ndindex(below.shape[:-1]):
            symbols[chain] = np.searchsorted(below[chain], draws[chain], side="right")
        return symbols

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the learned log-probability of each symbol, (..., n) like `data`.

        Raises
        ------
        ValueError
            If `data` holds anything but symbols.
        """
        data = _symbols(data, self.probabilities.shape[-1])
        with np.errstate(divide="ignore"):
            logs = np.log(self.probabilities)
        if logs.ndim == 1:
            return logs[data]
        leading = np.broadcast_shapes(logs.shape[:-1], data.shape[:-1])
        logs = np.broadcast_to(logs, (*leading, logs.shape[-1]))
        data = np.broadcast_to(data, (*leading, data.shape[-1]))
        return np.take_along_axis(logs, data, axis=-1)

    def temperature(self, temperature: float) -> "CategoricalModel":
        """Return a model that has learned the same and speaks at a temperature.

        See `sharpen`; it acts on what the model speaks now.
        """
        return CategoricalModel(self.probabilities, sharpen(self.spoken, temperature))

    def top_k(self, keep: int) -> "CategoricalModel":
        """Return a model that has learned the same and speaks its top k symbols.

        See `truncate`; it acts on what the model speaks now.
        """
        return CategoricalModel(self.probabilities, truncate(self.spoken, keep))


@dataclass(frozen=True)
class Categorical:
    """The family of distributions over K symbols, fitted by counting.

    Parameters
    ----------
    symbols : int
        K, at least 1.
    smoothing : float
        λ of at least 0, added to every count: ``(count + λ) / (n + K λ)``. With
        λ = 0 (maximum likelihood) a symbol that is not in the data is gone.
    temperature : float
        τ of at least 0, at which fitted models speak; see `sharpen`.
    top_k : int, optional
        How many symbols fitted models speak at most; see `truncate`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Wright, "Evolution in Mendelian populations", Genetics 16 (1931).
    """

    symbols: int
    smoothing: float = 0.0
    temperature: float = 1.0
    top_k: int | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        whole_number("symbols", self.symbols, 1)
        real_number("smoothing", self.smoothing, 0)
        real_number("temperature", self.temperature, 0)
        if self.top_k is not None:
            whole_number("top_k", self.top_k, 1)

    def fit(self, data: Any) -> CategoricalModel:
        """Count the symbols of each chain.

        Parameters
        ----------
        data : array of int, shape (..., n)
            Symbols from 0 to K - 1; the leading axes are chains.

        Raises
        ------
        ValueError
            If `data` is empty or holds anything but symbols.
        """
        return self.model(count(data, self.symbols))

    def model(self, counts: np.ndarray) -> CategoricalModel:
        """Return the model for how often each symbol was seen, shape (..., K)."""
        learned = _learn(counts, self.smoothing, self.symbols)
        return CategoricalModel(learned, _decode(learned, self.temperature, self.top_k))


def count(data: Any, symbols: int) -> np.ndarray:
    """Count how often each of K symbols occurs: (..., n) to (..., K).

    Raises
    ------
    ValueError
        If `data` is empty or holds anything but whole numbers in [0, K).
    """
    symbols = whole_number("symbols", symbols, 1)
    data = _symbols(data, symbols)
    rows = data.reshape(-1, data.shape[-1])
    # One long count: chain c's symbols are shifted by c K.
    shifted = rows + symbols * np.arange(len(rows))[:, None]
    counts = np.bincount(shifted.ravel(), minlength=symbols * len(rows))
    return counts.reshape(*data.shape[:-1], symbols)


def zipf(symbols: int, exponent: float = 1.0) -> np.ndarray:
    """Return Zipf's law: probabilities in proportion to 1 / rank^s, shape (K,).

    Parameters
    ----------
    symbols : int
        K, at least 1; symbol 0 is the most frequent.
    exponent : float
        s of at least 0; 0 makes all symbols equal, words of a text have about 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Zipf, "Human Behavior and the Principle of Least Effort" (1949).
    """
    ranks = np.arange(1, whole_number("symbols", symbols, 1) + 1, dtype=float)
    weights = ranks ** -real_number("exponent", exponent, 0)
    return weights / weights.sum()


def sharpen(probabilities: Any, temperature: float) -> np.ndarray:
    """Return the distributions at a temperature: ``p^(1/τ)``, made to add up to 1.

    All log-odds are multiplied by 1/τ. At τ = 0 only the most probable symbol is
    left (the first of several), and a symbol of probability 0 stays at 0.

    Parameters
    ----------
    probabilities : array, shape (..., K)
    temperature : float
        τ of at least 0; 1 changes nothing, below 1 sharpens, above 1 flattens.

    Raises
    ------
    ValueError
        If the temperature is negative or the rows are no distributions.
    """
    temperature = real_number("temperature", temperature, 0)
    return _sharpen(distributions("probabilities", probabilities), temperature)


def truncate(probabilities: Any, keep: int) -> np.ndarray:
    """Return the distributions of the `keep` most probable symbols alone (top-k).

    Of equally probable symbols the first ones are kept.

    Parameters
    ----------
    probabilities : array, shape (..., K)
    keep : int
        At least 1; K and more change nothing.

    Raises
    ------
    ValueError
        If `keep` is too small or the rows are no distributions.
    """
    keep = whole_number("keep", keep, 1)
    return _truncate(distributions("probabilities", probabilities), keep)


def exact_law(
    probabilities: Any,
    *,
    generations: int,
    sample_size: int | Sequence[int],
    chains: int = 1,
    measures: Mapping[str, CountMeasure],
    real_fraction: float | Sequence[float] = 0.0,
    replay: bool = False,
    memory: str = "replace",
    smoothing: float = 0.0,
    temperature: float = 1.0,
    top_k: int | None = None,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Follow the counts of categorical chains without drawing their symbols.

    M symbols drawn from p are counted by the multinomial law, so a generation costs
    one random number a symbol that is left, whatever M is. The chains have the same
    law as those of ``recurse(Categorical(K), CategoricalModel(probabilities), ...)``.

    Symbols that all chains have lost are dropped from the work. A chain of a
    million Zipf symbols, as many draws a generation and 100 generations takes about
    half a second and 50 MB; where real data or smoothing brings symbols back, or M
    is so large that few are lost, 50 to 100 ms a generation.

    Parameters
    ----------
    probabilities : array, shape (K,)
        The real distribution.
    generations : int
        How many generations follow generation 0; at least 1.
    sample_size : int or sequence of int
        M of at least 1, up to 10**12 and beyond, or M_0, ..., M_generations.
    chains : int
        How many independent chains.
    measures : mapping of str to callable
        ``measure(probabilities, symbols)``, called after each fit with what the
        chains have learned, shape (chains, S), and the symbols of its columns,
        shape (S,), ascending; symbols that all chains have lost are left out.
        Returns an array with a leading chain axis. With real data or smoothing
        the columns are all K symbols.
    real_fraction : float or sequence of float
        γ in [0, 1], shared or one for each chain; round(γM) symbols are real.
    replay : bool
        Whether the real symbols are the first of generation 0's, each time.
    memory : {"replace", "accumulate"}
        Train on the newest batch or on all batches so far.
    smoothing, temperature, top_k
        As for `Categorical`.
    rng : Generator
        The source of randomness. Chains share it: a chain's path depends on how
        many neighbours it has, its law does not.

    Returns
    -------
    dict of str to array, shape (generations + 1, chains, ...)
        What was measured. Row i is generation i, which has been refitted i + 1
        times.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    """
    real = distributions("probabilities", probabilities)
    if real.ndim != 1:
        raise ValueError(f"probabilities must have one axis, got shape {real.shape}")
    sizes = sample_sizes(
        sample_size, whole_number("generations", generations, 1), smallest=1
    )
    chains = whole_number("chains", chains, 1)
    option("memory", memory, ("replace", "accumulate"))
    boolean("replay", replay)
    check_measures(measures)
    share = fraction("real_fraction", real_fraction)
    family = Categorical(len(real), smoothing, temperature, top_k)
    truth = _RealCounts(real, _real_counts(share, sizes, chains), replay)
    generator("rng", rng)

    recorded: dict[str, list[np.ndarray]] = {name: [] for name in measures}
    symbols = np.arange(len(real))
    training = learned = np.empty((chains, len(real)))
    for generation, size in enumerate(sizes):
        batch = truth.draw(generation, symbols, rng)
        if generation > 0:
            spoken = _decode(learned, temperature, top_k)
            batch = batch + _multinomial(size - truth.counts[generation], spoken, rng)
        grows = memory == "accumulate" and generation > 0
        training = training + batch if grows else batch
        if smoothing == 0 and truth.never_returns:
            alive = training.any(axis=0)
            training, symbols = training[:, alive], symbols[alive]
        learned = _learn(training, family.smoothing, family.symbols)
        for name, measure in measures.items():
            row = measure(read_only(learned), read_only(symbols))
            recorded[name].append(chain_rows(f"measure {name!r}", row, chains))
    return {name: np.stack(rows) for name, rows in recorded.items()}


class _RealCounts:
    """Counts of real symbols for each generation; 0 sees nothing else."""

    def __init__(self, truth: np.ndarray, counts: np.ndarray, replay: bool) -> None:
        self.truth, self.counts, self.replay = truth, counts, replay
        self.prefixes: dict[int, np.ndarray] = {}

    @property
    def never_returns(self) -> bool:
        """Whether generation 0 is the only one to see real symbols."""
        return not self.counts[1:].any()

    def draw(
        self, generation: int, symbols: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the counts of a generation's real symbols, shape (chains, S)."""
        counts = self.counts[generation]
        if not counts.any():
            return np.zeros((len(counts), len(symbols)), dtype=np.int64)
        if not self.replay:
            rows = np.broadcast_to(self.truth, (len(counts), len(self.truth)))
            return _multinomial(counts, rows, rng)
        if not self.prefixes:
            self._draw_prefixes(rng)
        if (counts == counts[0]).all():
            return self.prefixes[int(counts[0])]
        return np.stack(
            [self.prefixes[int(k)][chain] for chain, k in enumerate(counts)]
        )

    def _draw_prefixes(self, rng: np.random.Generator) -> None:
        """Count the symbols among the first k real ones, for each k in use."""
        rows = np.broadcast_to(self.truth, (self.counts.shape[1], len(self.truth)))
        drawn, grown = 0, np.zeros(rows.shape, dtype=np.int64)
        for k in np.unique(self.counts):
            more = np.full(len(rows), k - drawn)
            drawn, grown = k, grown + _multinomial(more, rows, rng)
            self.prefixes[int(k)] = grown


def _multinomial(
    counts: np.ndarray, rows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw multinomial counts: (chains,) draws with (chains, S) probabilities."""
    drawn = rng.multinomial(counts, rows)
    # What rounding leaves over goes to the last column, even where it is dead.
    strays = np.flatnonzero((rows[:, -1] == 0) & (drawn[:, -1] > 0))
    for chain in strays:
        drawn[chain, rows[chain].argmax()] += drawn[chain, -1]
        drawn[chain, -1] = 0
    return drawn


def _learn(counts: np.ndarray, smoothing: float, symbols: int) -> np.ndarray:
    total = counts.sum(axis=-1, keepdims=True) + symbols * smoothing
    return (counts + smoothing) / total


def _decode(learned: np.ndarray, temperature: float, top_k: int | None) -> np.ndarray:
    spoken = learned if temperature == 1 else _sharpen(learned, temperature)
    return spoken if top_k is None else _truncate(spoken, top_k)


def _sharpen(rows: np.ndarray, temperature: float) -> np.ndarray:
    if temperature == 0:
        return _truncate(rows, 1)
    # Relative to the largest, so that a low temperature does not make all of them 0.
    with np.errstate(under="ignore"):
        powers = (rows / rows.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def _truncate(rows: np.ndarray, keep: int) -> np.ndarray:
    if keep >= rows.shape[-1]:
        return rows
    order = np.argsort(-rows, axis=-1, kind="stable")[..., :keep]
    kept = np.zeros_like(rows)
    values = np.take_along_axis(rows, order, axis=-1)
    np.put_along_axis(kept, order, values, axis=-1)
    return kept / kept.sum(axis=-1, keepdims=True)


def _symbols(data: Any, symbols: int) -> np.ndarray:
    data = finite_array("data", data, axes=1)
    if data.dtype.kind not in "iu":
        raise ValueError(f"data must be whole numbers, got dtype {data.dtype}")
    low, high = data.min(), data.max()
    if low < 0 or high >= symbols:
        raise ValueError(
            f"data must hold symbols from 0 to {symbols - 1}, "
            f"got {low if low < 0 else high}"
        )
    return data.astype(np.int64, copy=False)


def _real_counts(
    share: float | tuple[float, ...], sizes: list[int], chains: int
) -> np.ndarray:
    """Return how many symbols are real, shape (generations + 1, chains)."""
    each = shares_of_chains("real_fraction", share, chains)
    counts = share_counts(each, np.array(sizes)[:, None])
    counts[0] = sizes[0]
    return counts
