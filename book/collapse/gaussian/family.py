"""The family of normal distributions: mean and (co)variance of the data."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..linalg import mean_and_scatter
from ..validation import (
    finite_array,
    option,
    point_weights,
    positive_number,
    real_number,
    refuse,
    settled,
    whole_number,
)
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
    sampling_bias : float
        λ above 0: a model that has learned N(μ, σ²) speaks N(μ, λσ²). Below 1 it
        favours what is likely, a systematic push.
    verifier : (float, float), optional
        Centre v and width h above 0: of what would be spoken, a point x is let
        through with probability exp(-(x - v)² / 2h²). What passes is normal again,
        of precision 1/λσ² + 1/h² and between μ and v. For one number a point.
    known_variance : float, optional
        σ² of at least 0, which all models have: only the mean is fitted. For one
        number a point.

    Raises
    ------
    ValueError
        If the estimator is unknown, the dimension is not a positive whole number, or
        an option is out of range or needs one number a point.

    References
    ----------
    Alemohammad et al., "Self-Consuming Generative Models Go MAD" (2024), for the
    sampling bias; Yi et al., arXiv 2510.16657 (2025), for verifiers.
    """

    estimator: str = "mle"
    dimension: int | None = None
    sampling_bias: float = 1.0
    verifier: tuple[float, float] | None = None
    known_variance: float | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        option("estimator", self.estimator, ESTIMATORS)
        positive_number("sampling_bias", self.sampling_bias)
        if self.verifier is not None:
            object.__setattr__(self, "verifier", _centre_and_width(self.verifier))
        if self.known_variance is not None:
            real_number("known_variance", self.known_variance, 0)
        if self.dimension is not None:
            settled(self, "dimension", whole_number, 1)
            for name in ("verifier", "known_variance"):
                if (value := getattr(self, name)) is not None:
                    raise refuse(name, value, "None with a dimension")

    def fit(
        self, data: Any, weights: Any = None
    ) -> GaussianModel | MultivariateGaussianModel:
        """Fit one distribution to the points of each chain.

        Parameters
        ----------
        data : array, shape (..., n) or (..., n, d)
            At least two points; the leading axes are chains.
        weights : array, shape (..., n), optional
            What each point weighs, above 0; only their ratios count. By default all
            weigh the same. With sum W and sum of squares Q the squared deviations
            are divided by W, or by W - Q/W.

        Raises
        ------
        ValueError
            If there are fewer than two points, a shape does not fit, or a value
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
        if weights is not None:
            weights = point_weights(weights, data.shape[: data.ndim - axes + 1])
            table = data[..., None] if self.dimension is None else data
            mean, covariance = _weighted_moments(table, weights, self.ddof)
            if self.dimension is None:
                mean, covariance = mean[..., 0], covariance[..., 0, 0]
        elif self.dimension is None:
            mean = data.mean(axis=-1)
            # The mean goes first, then the squares: no digits cancel when the spread
            # is tiny.
            offset = data - mean[..., None]
            covariance = np.vecdot(offset, offset) / (points - self.ddof)
        else:
            mean, scatter = mean_and_scatter(data)
            covariance = scatter / (points - self.ddof)
        return self._model(mean, covariance)

    @property
    def ddof(self) -> int:
        """By how much less than n the squared deviations are divided: 0 or 1."""
        return 1 if self.estimator == "unbiased" else 0

    def spoken(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """Return mean and variance of what a model says that has learned these.

        Parameters
        ----------
        mean, variance : float or array
            Shapes that broadcast; a covariance where there is no verifier.

        Returns
        -------
        mean, variance : float or array
        """
        variance = self.sampling_bias * variance
        if self.verifier is None:
            return mean, variance
        centre, width = self.verifier
        learned = width**2 / (variance + width**2)
        return centre + learned * (mean - centre), learned * variance

    def _model(
        self, mean: np.ndarray, covariance: np.ndarray
    ) -> GaussianModel | MultivariateGaussianModel:
        kind: Any = GaussianModel
        if self.dimension is not None:
            kind = MultivariateGaussianModel
        if self.known_variance is not None:
            covariance = np.full(np.shape(mean), float(self.known_variance))
        if self.sampling_bias == 1 and self.verifier is None:
            return kind(mean, covariance)
        return kind(mean, covariance, kind(*self.spoken(mean, covariance)))


def _weighted_moments(
    data: np.ndarray, weights: np.ndarray, ddof: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of weighted points, shape (..., n, d)."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    mean = np.sum(shares[..., None] * data, axis=-2)
    offset = np.sqrt(shares)[..., None] * (data - mean[..., None, :])
    scatter = np.swapaxes(offset, -1, -2) @ offset
    return mean, scatter / (1 - ddof * np.vecdot(shares, shares))[..., None, None]


def _centre_and_width(verifier: Any) -> tuple[float, float]:
    if not isinstance(verifier, (tuple, list)) or len(verifier) != 2:
        raise refuse("verifier", verifier, "a pair (centre, width) or None")
    centre = real_number("verifier's centre", verifier[0])
    return centre, positive_number("verifier's width", verifier[1])
