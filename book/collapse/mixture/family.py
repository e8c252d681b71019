"""The family of mixtures: its options, and a fit in blocks of chains."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..streams import Randomness, uniforms
from ..validation import option, real_number, refuse, settled, whole_number
from .em import Fit
from .model import Convergence, GaussianMixtureModel, points_in_rows

COVARIANCES = ("full", "diagonal", "spherical")
"""Any ellipse, an ellipse along the axes, a circle."""

STARTS = ("k-means++", "previous")
"""Where EM begins."""

_BLOCK = 2**17
"""Responsibilities worked on together: what a processor's cache holds."""


@dataclass(frozen=True)
class GaussianMixture:
    """The family of mixtures of K Gaussians, fitted by EM.

    Parameters
    ----------
    components : int
        K, at least 1.
    covariance : {"full", "diagonal", "spherical"}
        What shapes a component may have; all the same on a line.
    dimension : int, optional
        None: data of shape (..., n), one number a point. d: shape (..., n, d).
    start : {"k-means++", "previous"}
        Where EM begins: k-means from a k-means++ seeding, each cluster a component;
        or the last generation's model, and k-means++ where there is none.
    tolerance : float
        EM stops once a step gains less than this, in nats per point.
    max_iterations : int
        EM stops after so many steps.
    floor : float, optional
        The least variance of a component along any direction, as a share of the
        mean variance of the chain's data, in [1e-8, 1]. By default a millionth,
        and less where the data are spread unevenly; see the head of the module.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Dempster, Laird & Rubin (1977), "Maximum likelihood from incomplete data via the
    EM algorithm"; Arthur & Vassilvitskii (2007), "k-means++: the advantages of
    careful seeding". Tolerance and step limit are those of Shumailov et al. (2024).
    """

    components: int
    covariance: str = "full"
    dimension: int | None = None
    start: str = "k-means++"
    tolerance: float = 1e-5
    max_iterations: int = 2000
    floor: float | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        settled(self, "components", whole_number, 1)
        option("covariance", self.covariance, COVARIANCES)
        if self.dimension is not None:
            settled(self, "dimension", whole_number, 1)
        option("start", self.start, STARTS)
        real_number("tolerance", self.tolerance, 0)
        settled(self, "max_iterations", whole_number, 1)
        if self.floor is not None and real_number("floor", self.floor, 0, 1) < 1e-8:
            raise refuse("floor", self.floor, "a number in [1e-08, 1]")

    def fit(
        self,
        data: Any,
        rng: Randomness | None = None,
        previous: GaussianMixtureModel | None = None,
    ) -> GaussianMixtureModel:
        """Fit one mixture to the points of each chain.

        Parameters
        ----------
        data : array, shape (..., n) or (..., n, d)
            At least K points, and at least two; the leading axes are chains.
        rng : Generator or Streams, optional
            For the start; not needed where that is the previous model.
        previous : GaussianMixtureModel, optional
            With ``start="previous"``, the model whose parameters EM begins with.

        Returns
        -------
        GaussianMixtureModel
            With its `Convergence`.

        Raises
        ------
        ValueError
            If there are too few points, a shape does not fit, a value is not finite,
            or a start needs `rng` and there is none.
        """
        data = points_in_rows("data", data, self.dimension).astype(float, copy=False)
        leading, (n, d) = data.shape[:-2], data.shape[-2:]
        if n < max(2, self.components):
            raise ValueError(
                f"data must hold at least {max(2, self.components)} points for "
                f"{self.components} components, got {n} (shape {data.shape})"
            )
        points = np.swapaxes(data.reshape(-1, n, d), -1, -2)
        begin = self._beginning(leading, d, rng, previous)
        step = max(1, _BLOCK // (n * self.components))
        results = []
        for first in range(0, len(points), step):
            block = slice(first, first + step)
            fit = Fit(self, np.ascontiguousarray(points[block]))
            begin(fit, block)
            results.append(fit.run())
        parts = [np.concatenate(each) for each in zip(*results, strict=True)]
        parts = [part.reshape(leading + part.shape[1:]) for part in parts]
        weights, means, covariances, *ends = parts
        if self.dimension is None:
            means, covariances = means[..., 0], covariances[..., 0, 0]
        convergence = Convergence(*(end[()] for end in ends))
        return GaussianMixtureModel(weights, means, covariances, convergence)

    def _beginning(
        self, leading: tuple[int, ...], d: int, rng: Any, previous: Any
    ) -> Callable[[Fit, slice], None]:
        """Return what gives the fit of a block of chains its first parameters."""
        if self.start == "previous" and previous is not None:
            given = self._given(leading, d, previous)
            return lambda fit, block: fit.start_from(*(part[block] for part in given))
        if rng is None:
            raise refuse("rng", rng, f"a Generator for the start {self.start!r}")
        # As many tries as scikit-learn's k-means++.
        size = self.components, 2 + int(np.log(self.components))
        seeds = uniforms(rng, leading, size).reshape(-1, *size)
        return lambda fit, block: fit.start_at(seeds[block])

    def _given(
        self, leading: tuple[int, ...], d: int, previous: Any
    ) -> list[np.ndarray]:
        """Return the previous parameters, one row per chain."""
        if not isinstance(previous, GaussianMixtureModel):
            raise refuse("previous", previous, "a GaussianMixtureModel or None")
        K = self.components
        if previous.weights.shape[-1] != K or previous.dimension != self.dimension:
            raise ValueError(
                f"previous must have {K} components of dimension {self.dimension}, "
                f"got means of shape {previous.means.shape}"
            )
        shapes = (K,), (K, d), (K, d, d)
        means, covariances = previous.means, previous.covariances
        if self.dimension is None:
            means, covariances = means[..., None], covariances[..., None, None]
        parts = zip((previous.weights, means, covariances), shapes, strict=True)
        return [
            np.broadcast_to(part, leading + shape).reshape(-1, *shape)
            for part, shape in parts
        ]
