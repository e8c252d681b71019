"""The family of normal distributions: mean and (co)variance of the data."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..linalg import mean_and_scatter
from ..validation import finite_array, option, whole_number
from .model import GaussianModel, MultivariateGaussianModel

ESTIMATORS = ("mle", "unbiased")
"""Divide the squared deviations of n points by n, or by n - 1."""


@dataclass(frozen=True)
class Gaussian:
    """The family of normal distributions, fitted by mean and (co)variance.

    Parameters
    ----------
    estimator : {"mle", "unbiased"}
        Divide the squared deviations by n (maximum likelihood) or by n - 1.
    dimension : int, optional
        None: data of shape (..., n), one number a point. d: shape (..., n, d).

    Raises
    ------
    ValueError
        If the estimator is unknown or the dimension is not a positive whole number.
    """

    estimator: str = "mle"
    dimension: int | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        option("estimator", self.estimator, ESTIMATORS)
        if self.dimension is not None:
            whole_number("dimension", self.dimension, 1)

    def fit(self, data: Any) -> GaussianModel | MultivariateGaussianModel:
        """Fit one distribution to the points of each chain.

        Parameters
        ----------
        data : array, shape (..., n) or (..., n, d)
            At least two points; the leading axes are chains.

        Raises
        ------
        ValueError
            If there are fewer than two points, the shape does not fit, or a value
            is not finite.
        """
        axes = 1 if self.dimension is None else 2
        data = finite_array("data", data, axes=axes).astype(float, copy=False)
        if self.dimension is not None and data.shape[-1] != self.dimension:
            raise ValueError(
                f"data must have a last axis of {self.dimension} for dimension="
                f"{self.dimension}, got shape {data.shape}"
            )
        points = data.shape[-axes]
        if points < 2:
            raise ValueError(
                f"data must hold at least 2 points to fit a variance, got {points} "
                f"(shape {data.shape})"
            )
        divisor = points - 1 if self.estimator == "unbiased" else points
        if self.dimension is None:
            return _fit_one(data, divisor)
        return _fit_many(data, divisor)


def _fit_one(data: np.ndarray, divisor: int) -> GaussianModel:
    mean = data.mean(axis=-1)
    # The mean goes first, then the squares: no digits cancel when the spread is tiny.
    offset = data - mean[..., None]
    return GaussianModel(mean, np.vecdot(offset, offset) / divisor)


def _fit_many(data: np.ndarray, divisor: int) -> MultivariateGaussianModel:
    mean, scatter = mean_and_scatter(data)
    return MultivariateGaussianModel(mean, scatter / divisor)
