"""The family of distributions over K symbols, and its models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..streams import Randomness, uniforms
from ..validation import (
    distributions,
    finite_array,
    point_weights,
    real_number,
    refuse,
    settled,
    whole_number,
)
from .decoding import decode, sharpen, truncate


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
    candidates : int
        K of at least 1: of as many symbols that a fitted model would say, the best
        by `reward` is spoken; see `best_of`.
    reward : array, shape (K,), optional
        What each symbol earns.

    Raises
    ------
    ValueError
        If an argument is out of range, or `candidates` come without a reward.

    References
    ----------
    Wright, "Evolution in Mendelian populations", Genetics 16 (1931).
    """

    symbols: int
    smoothing: float = 0.0
    temperature: float = 1.0
    top_k: int | None = None
    candidates: int = 1
    reward: Sequence[float] | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        settled(self, "symbols", whole_number, 1)
        real_number("smoothing", self.smoothing, 0)
        real_number("temperature", self.temperature, 0)
        if self.top_k is not None:
            settled(self, "top_k", whole_number, 1)
        candidates = settled(self, "candidates", whole_number, 1)
        if candidates > 1 and self.reward is None:
            raise refuse("reward", None, "one number for each symbol with candidates")
        if self.reward is not None:
            reward = finite_array("reward", self.reward)
            if reward.shape != (self.symbols,):
                raise ValueError(
                    f"reward must have shape ({self.symbols},), one number for each "
                    f"symbol, got {reward.shape}"
                )
            # Frozen: a form that can be hashed takes the place of what was passed.
            object.__setattr__(self, "reward", tuple(reward.tolist()))

    def fit(self, data: Any, weights: Any = None) -> CategoricalModel:
        """Count the symbols of each chain.

        Parameters
        ----------
        data : array of int, shape (..., n)
            Symbols from 0 to K - 1; the leading axes are chains.
        weights : array, shape (..., n), optional
            What each symbol counts, above 0; by default 1.

        Raises
        ------
        ValueError
            If `data` is empty or holds anything but symbols, or `weights` do not
            fit.
        """
        return self.model(count(data, self.symbols, weights))

    def model(self, counts: np.ndarray) -> CategoricalModel:
        """Return the model for how often each symbol was seen, shape (..., K)."""
        learned = learn(counts, self.smoothing, self.symbols)
        return CategoricalModel(learned, self.spoken(learned))

    def spoken(self, learned: np.ndarray, symbols: Any = slice(None)) -> np.ndarray:
        """Return what a model speaks that has learned these rows.

        Parameters
        ----------
        learned : array, shape (..., S)
        symbols : array of int, shape (S,), optional
            Which symbols the columns are; by default all.

        Returns
        -------
        array, shape (..., S)
        """
        reward = None
        if self.candidates > 1:
            reward = np.array(self.reward)[symbols]
        return decode(learned, self.temperature, self.top_k, self.candidates, reward)


def count(data: Any, symbols: int, weights: Any = None) -> np.ndarray:
    """Count how often each of K symbols occurs: (..., n) to (..., K).

    With `weights`, of the shape of `data`, what its occurrences weigh together.

    Raises
    ------
    ValueError
        If `data` is empty or holds anything but whole numbers in [0, K), or
        `weights` have another shape or are not above 0.
    """
    symbols = whole_number("symbols", symbols, 1)
    data = _symbols(data, symbols)
    rows = data.reshape(-1, data.shape[-1])
    # One long count: chain c's symbols are shifted by c K.
    shifted = rows + symbols * np.arange(len(rows))[:, None]
    if weights is not None:
        weights = point_weights(weights, data.shape).ravel()
    counts = np.bincount(shifted.ravel(), weights, minlength=symbols * len(rows))
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


def learn(counts: np.ndarray, smoothing: float, symbols: int) -> np.ndarray:
    """Return what counts of some of K symbols, shape (..., S), teach of them."""
    total = counts.sum(axis=-1, keepdims=True) + symbols * smoothing
    return (counts + smoothing) / total


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
