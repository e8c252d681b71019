"""Expectation-maximisation on many chains at once."""

from typing import TYPE_CHECKING

import numpy as np

from .k_means import k_means

if TYPE_CHECKING:
    from .family import GaussianMixture

_EMPTY = 1e-6
"""Points below which a component counts as empty."""

_FLOOR, _TIGHT = 1e-6, 0.01
"""The floor, and the spread of a part of the data below which it is lower.

Both relative to all data: to their mean variance, and to its root.
"""

_PART, _FEWEST = 0.1, 10
"""How much of a component's share of the points, and how many points, are a part."""

_ROUNDING = 1e-13
"""What is left of variances: they come from squares that are about 1."""

_UNLIKE = 1e-8
"""Share of the mean variance below which a column is measured by its own spread."""


class Fit:
    """EM on a block of chains; those that have converged drop out of the work.

    The log density of a Gaussian is linear in the features 1, x_i and x_i x_j of a
    point, and so are all sums that the maximisation needs. Both steps are therefore
    one product of matrices per chain.

    Parameters
    ----------
    family : GaussianMixture
    points : array, shape (chains, d, n)
        They lie side by side, where the long loops run.
    """

    def __init__(self, family: "GaussianMixture", points: np.ndarray) -> None:
        self.family = family
        chains, d, _ = points.shape
        centre = points.mean(axis=-1)
        squares = np.square(points - centre[..., None])
        variance = squares.mean(axis=(-1, -2))
        # Where all points are equal no fit is needed, and none is possible.
        self.moving = (points != points[..., :1]).any(axis=(-1, -2)) & (variance > 0)
        self.centre = np.where(self.moving[:, None], centre, points[..., 0])
        self.scale = np.sqrt(np.where(self.moving, variance, 1.0))
        self.scale = np.repeat(self.scale[:, None], d, axis=1)
        if family.covariance != "spherical" and d > 1:
            self._measure_by_column(squares.mean(axis=-1))
        self.points = points - self.centre[..., None]
        # Centred and of mean variance 1: no digits cancel, no square underflows.
        self.points /= self.scale[..., None]
        K = family.components
        self.floor = np.full((chains, 1, 1), family.floor or _FLOOR)
        if family.floor is None:
            self.floor *= _lowered(self.points, K)[:, None, None]
            self.floor = np.maximum(self.floor, _ROUNDING)
        self.weights = np.full((chains, K), 1 / K)
        self.means = np.zeros((chains, K, d))
        self.values = np.broadcast_to(1.0 * self.moving[:, None, None], (chains, K, d))
        self.values = self.values.copy()
        self.vectors = np.broadcast_to(np.eye(d), (chains, K, d, d)).copy()
        self.iterations = np.zeros(chains, dtype=np.int64)
        self.converged = ~self.moving
        self.log_likelihood = np.where(self.moving, -np.inf, np.inf)

    def _measure_by_column(self, variances: np.ndarray) -> None:
        """Give columns units of their own, where one would drown in those of all."""
        varied = variances > 0
        least = np.where(varied, variances, np.inf).min(axis=-1)
        unlike = least < _UNLIKE * self.scale[:, 0] ** 2
        own = varied & unlike[:, None]
        self.scale = np.where(own, np.sqrt(variances), self.scale)

    def start_at(self, seeds: np.ndarray) -> None:
        """Begin with clusters around random points.

        Parameters
        ----------
        seeds : array, shape (chains, K, tries)
            Uniforms on [0, 1).
        """
        active = np.flatnonzero(self.moving)
        if len(active):
            points = self.points[active]
            clusters = k_means(points, seeds[active])
            self._maximise(active, _features(points), clusters)

    def start_from(
        self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray
    ) -> None:
        """Begin with given parameters.

        Parameters
        ----------
        weights : array, shape (chains, K)
        means : array, shape (chains, K, d)
        covariances : array, shape (chains, K, d, d)
        """
        moving = self.moving
        self.weights[moving] = weights[moving]
        shifted = (means - self.centre[:, None]) / self.scale[:, None]
        self.means[moving] = shifted[moving]
        squares = self.scale[:, :, None] * self.scale[:, None, :]
        scaled = covariances / squares[:, None]
        self._shape(np.flatnonzero(moving), scaled[moving])

    def run(self) -> tuple[np.ndarray, ...]:
        """Alternate the two steps until each chain has converged.

        Returns
        -------
        weights : array, shape (chains, K)
        means : array, shape (chains, K, d)
        covariances : array, shape (chains, K, d, d)
        iterations, converged, log_likelihood, floored : array, shape (chains,)
            As in `Convergence`.
        """
        active = np.flatnonzero(self.moving)
        features = _features(self.points[active])
        before = np.full(len(active), -np.inf)
        while len(active):
            shares, now = self._expect(active, features)
            self.log_likelihood[active] = now
            self.converged[active] = now - before < self.family.tolerance
            spent = self.iterations[active] == self.family.max_iterations
            on = ~(self.converged[active] | spent)
            if not on.all():
                active, features, shares = active[on], features[on], shares[on]
                now = now[on]
            self._maximise(active, features, shares)
            self.iterations[active] += 1
            before = now
        return self._results()

    def _expect(
        self, active: np.ndarray, features: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return responsibilities (chains, K, n) and the mean log-likelihood."""
        values, vectors = self.values[active], self.vectors[active]
        means = self.means[active]
        precisions = (vectors / values[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        pull = np.matvec(precisions, means)
        with np.errstate(divide="ignore"):
            height = np.log(self.weights[active]) - 0.5 * np.log(values).sum(axis=-1)
        height -= 0.5 * np.vecdot(pull, means)
        rows, columns = np.triu_indices(means.shape[-1])
        twice = np.where(rows == columns, -0.5, -1.0)
        height = np.maximum(height, -1e300)  # not -inf: 0 times that is not a number
        quadratic = precisions[..., rows, columns] * twice
        form = np.concatenate([height[..., None], pull, quadratic], axis=-1)
        shares = form @ features
        top = shares.max(axis=1)
        shares -= top[:, None]
        np.exp(shares, out=shares)
        total = shares.sum(axis=1)
        shares /= total[:, None]
        top += np.log(total)
        return shares, top.mean(axis=-1) - 0.5 * means.shape[-1] * np.log(2 * np.pi)

    def _maximise(
        self, active: np.ndarray, features: np.ndarray, shares: np.ndarray
    ) -> None:
        """Set the parameters of the active chains to the weighted moments."""
        d = self.points.shape[1]
        sums = shares @ np.swapaxes(features, -1, -2)
        counts = sums[..., 0]
        self.weights[active] = counts / counts.sum(axis=-1, keepdims=True)
        empty = counts < _EMPTY
        sums = sums / np.maximum(counts, _EMPTY)[..., None]
        means = sums[..., 1 : d + 1]
        covariances = np.empty((*counts.shape, d, d))
        rows, columns = np.triu_indices(d)
        covariances[..., rows, columns] = sums[..., d + 1 :]
        covariances[..., columns, rows] = sums[..., d + 1 :]
        covariances -= means[..., :, None] * means[..., None, :]
        held = self.means[active], self.values[active], self.vectors[active]
        self.means[active] = means
        self._shape(active, covariances)
        if empty.any():
            chain, component = np.nonzero(empty)
            index = active[chain], component
            self.means[index] = held[0][chain, component]
            self.values[index] = held[1][chain, component]
            self.vectors[index] = held[2][chain, component]

    def _shape(self, active: np.ndarray, covariances: np.ndarray) -> None:
        """Constrain covariances to their kind and to the floor, as axes and values.

        In each kind this is the maximum of the likelihood under the constraint.
        """
        kind, d = self.family.covariance, covariances.shape[-1]
        if kind == "full" and d > 1:
            values, self.vectors[active] = np.linalg.eigh(covariances)
        else:
            values = np.diagonal(covariances, axis1=-2, axis2=-1)
            if kind == "spherical":
                values = np.repeat(values.mean(axis=-1, keepdims=True), d, axis=-1)
        self.values[active] = np.maximum(values, self.floor[active])

    def _results(self) -> tuple[np.ndarray, ...]:
        scale = self.scale[:, :1]
        # 1 to the last bit where all columns have one unit.
        ratios = self.scale / scale
        values = self.values * scale[..., None] ** 2
        scaled = self.vectors * values[..., None, :]
        covariances = scaled @ np.swapaxes(self.vectors, -1, -2)
        # Rounding must not leave the two halves different.
        covariances = (covariances + np.swapaxes(covariances, -1, -2)) / 2
        covariances *= (ratios[:, :, None] * ratios[:, None, :])[:, None]
        means = self.means * self.scale[:, None] + self.centre[:, None]
        # The density of points that were divided by s is s^d times as high.
        shift = ratios.shape[-1] * np.log(scale[:, 0]) + np.log(ratios).sum(axis=-1)
        held = (self.values <= self.floor).any(axis=-1) & (self.weights > 0)
        return (
            self.weights,
            means,
            covariances,
            self.iterations,
            self.converged,
            self.log_likelihood - shift,
            held.any(axis=-1) & self.moving,
        )


def _lowered(points: np.ndarray, components: int) -> np.ndarray:
    """Return by which factor the floor is lower than that of all data.

    Along each principal axis of a chain's data the narrowest interval is looked for
    that holds a part of the points. Intervals of equal points say nothing.

    Parameters
    ----------
    points : array, shape (chains, d, n)
        Centred, of mean variance 1.
    components : int

    Returns
    -------
    array, shape (chains,)
        In [0, 1]; 1 where all data are about equally spread.
    """
    n = points.shape[-1]
    _, axes = np.linalg.eigh(points @ np.swapaxes(points, -1, -2))
    along = np.sort(np.swapaxes(axes, -1, -2) @ points, axis=-1)
    part = min(n, max(_FEWEST, int(_PART * n / components)))
    widths = along[..., part - 1 :] - along[..., : n - part + 1]
    widths = np.where(widths > np.sqrt(_ROUNDING), widths, np.inf).min(axis=(-1, -2))
    return np.minimum(widths / _TIGHT, 1) ** 2


def _features(points: np.ndarray) -> np.ndarray:
    """Return 1, x_i and x_i x_j (i <= j) of each point: (B, d, n) to (B, F, n)."""
    rows, columns = np.triu_indices(points.shape[1])
    products = points[:, rows] * points[:, columns]
    return np.concatenate([np.ones_like(points[:, :1]), points, products], axis=1)
