"""Linear regression that teaches itself, after Gerstgrasser et al. (2024).

A point is a row (x_1, ..., x_d, y); a model keeps the weights, draws new inputs and
labels them with its own predictions plus noise. Floor 1: it knows numpy and the
floor below, and no other family.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .streams import Randomness, normals
from .validation import (
    finite_array,
    point_weights,
    read_only,
    real_number,
    whole_number,
)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Labels ``y = x·w + σ ε`` on inputs x ~ N(0, I), one w for each chain.

    Parameters
    ----------
    weights : array, shape (..., d)
    noise : float
        σ, the known standard deviation of the label noise; at least 0.

    Raises
    ------
    ValueError
        If the weights are not finite or the noise is negative.
    """

    weights: Any
    noise: float = 1.0
    chain_axis = True

    def __post_init__(self) -> None:
        weights = finite_array("weights", self.weights, axes=1).astype(float)
        object.__setattr__(self, "weights", read_only(weights))
        real_number("noise", self.noise, low=0)

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` rows (x, y) from each model.

        Returns
        -------
        array, shape (..., n, d + 1)
            With streams for `rng`, (chains, n, d + 1).
        """
        size = (whole_number("n", n, 1), self.weights.shape[-1] + 1)
        rows = np.array(normals(rng, self.weights.shape[:-1], size))
        rows[..., -1] *= self.noise
        rows[..., -1] += np.vecdot(rows[..., :-1], self.weights[..., None, :])
        return rows


@dataclass(frozen=True)
class LinearRegression:
    """Ordinary least squares through the origin.

    Parameters
    ----------
    noise : float
        σ of the label noise that a fitted model adds to what it generates.

    Raises
    ------
    ValueError
        If the noise is negative or not finite.

    References
    ----------
    Gerstgrasser et al. (2024), "Is Model Collapse Inevitable?", section 3.
    """

    noise: float = 1.0
    chain_axis = True

    def __post_init__(self) -> None:
        real_number("noise", self.noise, low=0)

    def fit(self, data: Any, weights: Any = None) -> LinearModel:
        """Fit the weights of each chain.

        Parameters
        ----------
        data : array, shape (..., n, d + 1)
            Rows (x, y), at least d of them; the leading axes are chains.
        weights : array, shape (..., n), optional
            What the square of each row's error counts, above 0; by default 1.

        Raises
        ------
        ValueError
            If the rows are too few, do not determine the weights, or are not finite,
            or `weights` do not fit.
        """
        data = finite_array("data", data, axes=2).astype(float, copy=False)
        inputs, labels = data[..., :-1], data[..., -1:]
        if inputs.shape[-1] < 1 or inputs.shape[-2] < inputs.shape[-1]:
            raise ValueError(
                "data must have shape (..., n, d + 1) with n >= d >= 1, "
                f"got {data.shape}"
            )
        if weights is not None:
            scale = np.sqrt(point_weights(weights, data.shape[:-1]))[..., None]
            inputs, labels = scale * inputs, scale * labels
        # QR, not the normal equations: those square the condition number.
        basis, triangle = np.linalg.qr(inputs)
        # What each column adds to those before it, in its own units.
        added = np.abs(np.diagonal(triangle, axis1=-2, axis2=-1))
        if (added <= 1e-12 * np.linalg.norm(triangle, axis=-2)).any():
            raise ValueError("data must have inputs of full rank to determine weights")
        slopes = np.linalg.solve(triangle, np.swapaxes(basis, -1, -2) @ labels)
        return LinearModel(slopes[..., 0], self.noise)


def excess_error(weights: Any, true_weights: Any) -> np.ndarray:
    """Return the expected squared error on a fresh x ~ N(0, I), noise aside.

    ``E (x·w - x·w_true)² = |w - w_true|²``: the test error of Gerstgrasser et al.
    (2024) less the label noise σ², which no model can beat.

    Parameters
    ----------
    weights, true_weights : array, shape (..., d)
        Leading axes broadcast.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    ValueError
        If a value is not finite or d differs.
    """
    weights = finite_array("weights", weights, axes=1).astype(float)
    true_weights = finite_array("true_weights", true_weights, axes=1).astype(float)
    if weights.shape[-1] != true_weights.shape[-1]:
        raise ValueError(
            "weights and true_weights must have equal last axes, "
            f"got {weights.shape} and {true_weights.shape}"
        )
    return np.sum((weights - true_weights) ** 2, axis=-1)
