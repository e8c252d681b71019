"""The exact law of categorical chains: their counts, without their symbols."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..shares import Shares, share_counts, shares_by_generation
from ..validation import (
    boolean,
    chain_rows,
    check_measures,
    distributions,
    fraction,
    generator,
    option,
    positive_number,
    read_only,
    refuse,
    sample_sizes,
    whole_number,
)
from .family import Categorical, learn

CountMeasure = Callable[[np.ndarray, np.ndarray], Any]


def exact_law(
    probabilities: Any,
    *,
    generations: int,
    sample_size: int | Sequence[int],
    chains: int = 1,
    measures: Mapping[str, CountMeasure],
    real_fraction: Shares = 0.0,
    replay: bool = False,
    memory: str = "replace",
    smoothing: float = 0.0,
    temperature: float = 1.0,
    top_k: int | None = None,
    candidates: int = 1,
    reward: Sequence[float] | None = None,
    mislabelled: Shares = 0.0,
    real_weight: float = 1.0,
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
    real_fraction : float or array of float
        γ in [0, 1], one for all or of shape (chains,), (generations, chains) or
        (generations, 1), as `Diet` takes it; round(γM) symbols are real.
    replay : bool
        Whether the real symbols are the first of generation 0's, each time.
    memory : {"replace", "accumulate"}
        Train on the newest batch or on all batches so far.
    smoothing, temperature, top_k, candidates, reward
        As for `Categorical`.
    mislabelled : float or array of float
        The rate in [0, 1], of the shapes of `real_fraction`, at which a symbol taken
        for real is new in truth; 0 with `replay`.
    real_weight : float
        What a symbol taken for real counts, against 1 for a new one; above 0.
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
    check_measures(measures)
    share = fraction("real_fraction", real_fraction)
    rates = shares_by_generation(
        "mislabelled", fraction("mislabelled", mislabelled), len(sizes) - 1, chains
    )
    if boolean("replay", replay) and rates.any():
        raise refuse("mislabelled", mislabelled, "0 with replay=True")
    positive_number("real_weight", real_weight)
    family = Categorical(
        len(real), smoothing, temperature, top_k, candidates=candidates, reward=reward
    )
    truth = _RealCounts(real, _real_counts(share, sizes, chains), replay)
    generator("rng", rng)

    recorded: dict[str, list[np.ndarray]] = {name: [] for name in measures}
    symbols = np.arange(len(real))
    wrong = np.zeros_like(truth.counts)
    if rates.any():
        wrong[1:] = rng.binomial(truth.counts[1:], rates)
    training = learned = np.empty((chains, len(real)))
    for generation, size in enumerate(sizes):
        batch = truth.draw(generation, wrong[generation], symbols, rng)
        if generation > 0:
            spoken = family.spoken(learned, symbols)
        if wrong[generation].any():
            batch = batch + _multinomial(wrong[generation], spoken, rng)
        if real_weight != 1:
            batch = real_weight * batch
        if generation > 0:
            batch = batch + _multinomial(size - truth.counts[generation], spoken, rng)
        grows = memory == "accumulate" and generation > 0
        training = training + batch if grows else batch
        if smoothing == 0 and truth.never_returns:
            alive = training.any(axis=0)
            training, symbols = training[:, alive], symbols[alive]
        learned = learn(training, family.smoothing, family.symbols)
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
        self,
        generation: int,
        wrong: np.ndarray,
        symbols: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the counts of a generation's real symbols, shape (chains, S).

        Those that are taken for real by mistake, shape (chains,), are left out.
        """
        counts = self.counts[generation] - wrong
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


def _real_counts(share: Shares, sizes: list[int], chains: int) -> np.ndarray:
    """Return how many symbols are real, shape (generations + 1, chains)."""
    each = shares_by_generation("real_fraction", share, len(sizes) - 1, chains)
    counts = share_counts(each, np.array(sizes[1:])[:, None])
    return np.concatenate([np.full((1, chains), sizes[0]), counts])
