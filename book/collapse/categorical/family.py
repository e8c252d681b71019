"""The family of distributions over K symbols, and its models."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..streams import Randomness, uniforms
from ..validation import distributions, finite_array, real_number, whole_number
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
        learned = learn(counts, self.smoothing, self.symbols)
        return CategoricalModel(learned, decode(learned, self.temperature, self.top_k))


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
