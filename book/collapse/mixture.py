"""Mixtures of Gaussians, fitted by expectation-maximisation, many chains at once.

Each chain starts by k-means++, at random or where the last generation's model ended,
and stops by itself once its likelihood stands still. Floor 1: it knows numpy and the
floor below, and no other family.

Two rules keep a fit going where maximum likelihood has no answer. *Collapse*: no
variance of a component, along any direction, may fall below `floor` times the mean
variance of the chain's data; what would is set to that bound. That is the maximum
of the likelihood among the covariances allowed, so the likelihood still never
decreases. *Empty*: a component with less than a millionth of a point keeps its mean
and its covariance, only its weight goes on shrinking; once it is 0 it stays 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .streams import Randomness, normals, uniforms
from .validation import (
    distributions,
    finite_array,
    option,
    real_number,
    refuse,
    whole_number,
)

COVARIANCES = ("full", "diagonal", "spherical")
"""Any ellipse, an ellipse along the axes, a circle."""

STARTS = ("k-means++", "random", "previous")
"""Where EM begins."""

_EMPTY = 1e-6
"""Points below which a component counts as empty."""

_LLOYD = 20
"""The most steps of k-means after its seeding."""

_BLOCK = 2**17
"""Responsibilities worked on together: what a processor's cache holds."""


@dataclass(frozen=True, eq=False)
class Convergence:
    """How the fits of all chains ended; arrays of shape (...).

    Attributes
    ----------
    iterations : array of int
        Steps of EM, each an expectation and a maximisation.
    converged : array of bool
        Whether the last step gained less than the tolerance.
    log_likelihood : array
        Of the fitted model, in nats per point of its training data; infinite where
        all points are equal.
    """

    iterations: np.ndarray
    converged: np.ndarray
    log_likelihood: np.ndarray


@dataclass(frozen=True, eq=False)
class GaussianMixtureModel:
    """Mixtures of K normal distributions, one mixture for each chain.

    Parameters
    ----------
    weights : array, shape (..., K)
        Each row adds up to 1; a weight may be 0.
    means : array, shape (..., K), or (..., K, d) for points of d numbers
    covariances : array, shape (..., K) of variances, or (..., K, d, d)
        Symmetric, without negative eigenvalues; they may be singular.
    convergence : Convergence, optional
        How the fit ended, if it was one.

    Raises
    ------
    ValueError
        If they are not finite, do not fit together, or are no weights or
        covariances.
    """

    weights: Any
    means: Any
    covariances: Any
    convergence: Convergence | None = None
    chain_axis = True

    def __post_init__(self) -> None:
        weights = distributions("weights", self.weights)
        means = finite_array("means", self.means, axes=1).astype(float)
        covariances = finite_array("covariances", self.covariances, axes=1)
        covariances = covariances.astype(float)
        flat = means.ndim == weights.ndim
        shape = weights.shape if flat else (*weights.shape, means.shape[-1])
        if means.shape != shape:
            raise ValueError(
                f"means must have shape {weights.shape} or {weights.shape} and d to "
                f"fit the weights, got {means.shape}"
            )
        shape = shape if flat else (*shape, shape[-1])
        if covariances.shape != shape:
            raise ValueError(
                f"covariances must have shape {shape} to fit the means, "
                f"got {covariances.shape}"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariances", covariances)
        matrices = covariances[..., None, None] if flat else covariances
        object.__setattr__(self, "_axes", _principal_axes(matrices))

    @property
    def dimension(self) -> int | None:
        """The d of the points; None where a point is one number."""
        flat = self.means.ndim == self.weights.ndim
        return None if flat else self.means.shape[-1]

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Draw `n` points from each mixture.

        Returns
        -------
        array, shape (..., n) or (..., n, d)
            With streams for `rng`, (chains, n) or (chains, n, d).
        """
        n, leading = whole_number("n", n, 1), self.weights.shape[:-1]
        below = np.cumsum(self.weights, axis=-1)
        # Divided by itself the last entry is 1, and no draw falls beyond it.
        below /= below[..., -1:]
        draws = uniforms(rng, leading, (n,))
        chosen = sum(
            (draws >= below[..., k, None]).astype(np.int8)
            for k in range(self.weights.shape[-1] - 1)
        )
        chosen = np.broadcast_to(chosen, draws.shape)
        if self.dimension is None:
            noise = normals(rng, leading, (n,))
            return _look_up(self.means, chosen) + noise * np.sqrt(
                _look_up(self.covariances, chosen)
            )
        noise = normals(rng, leading, (n, self.dimension))
        scales, directions = self._axes
        stretch = directions * scales[..., None, :]
        points = np.empty(noise.shape)
        for k in range(self.weights.shape[-1]):
            mine = chosen == k
            spread = noise @ np.swapaxes(stretch[..., k, :, :], -1, -2)
            points[mine] = (spread + self.means[..., k, None, :])[mine]
        return points

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the log density of each point: (..., n[, d]) to (..., n).

        Raises
        ------
        ValueError
            If the points are not finite or of another dimension.
        """
        joint = self._joint(data)
        return _log_sum_exp(joint)

    def responsibilities(self, data: Any) -> np.ndarray:
        """Return how probably each point came from each component, (..., n, K).

        Raises
        ------
        ValueError
            If the points are not finite or of another dimension.
        """
        joint = self._joint(data)
        with np.errstate(invalid="ignore"):
            shares = np.exp(joint - _log_sum_exp(joint)[..., None, :])
        # On a point mass, or infinitely far from all components: the weights decide.
        undecided = np.isnan(shares).any(axis=-2, keepdims=True)
        shares = np.where(undecided, self.weights[..., None], shares)
        return np.swapaxes(shares, -1, -2)

    def _joint(self, data: Any) -> np.ndarray:
        """Return log weight plus log density, (..., K, n)."""
        data = _points("data", data, self.dimension)
        means = self.means if self.dimension else self.means[..., None]
        offset = np.swapaxes(data, -1, -2)[..., None, :, :] - means[..., None]
        scales, directions = self._axes
        along = np.swapaxes(directions, -1, -2) @ offset
        with np.errstate(divide="ignore", invalid="ignore"):
            standard = np.where(along == 0, 0.0, along / scales[..., None])
            square = np.sum(standard**2, axis=-2)
            height = np.log(self.weights) - np.sum(np.log(scales), axis=-1)
            height -= 0.5 * scales.shape[-1] * np.log(2 * np.pi)
            joint = height[..., None] - 0.5 * square
        # A point off the subspace of a singular covariance, or a component of weight 0.
        nowhere = np.isinf(square) | (self.weights == 0)[..., None]
        return np.where(nowhere, -np.inf, joint)


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
    start : {"k-means++", "random", "previous"}
        Where EM begins: k-means from a k-means++ seeding, each cluster a component;
        K random points as means, with equal weights and the covariance of all
        points; or the last generation's model, and k-means++ where there is none.
    tolerance : float
        EM stops once a step gains less than this, in nats per point.
    max_iterations : int
        EM stops after so many steps.
    floor : float
        The least variance of a component along any direction, as a share of the
        mean variance of the chain's data, in [1e-8, 1]; see the head of the module.

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
    floor: float = 1e-6
    chain_axis = True

    def __post_init__(self) -> None:
        whole_number("components", self.components, 1)
        option("covariance", self.covariance, COVARIANCES)
        if self.dimension is not None:
            whole_number("dimension", self.dimension, 1)
        option("start", self.start, STARTS)
        real_number("tolerance", self.tolerance, 0)
        whole_number("max_iterations", self.max_iterations, 1)
        if real_number("floor", self.floor, 0, 1) < 1e-8:
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
        data = _points("data", data, self.dimension).astype(float, copy=False)
        leading, (n, d) = data.shape[:-2], data.shape[-2:]
        if n < max(2, self.components):
            raise ValueError(
                f"data must hold at least {max(2, self.components)} points for "
                f"{self.components} components, got {n} (shape {data.shape})"
            )
        # (chains, d, n): the points lie side by side, where the long loops run.
        points = np.swapaxes(data.reshape(-1, n, d), -1, -2)
        seeds = self._seeds(leading, rng, previous)
        given = self._given(leading, d, previous)
        step = max(1, _BLOCK // (n * self.components))
        results = []
        for first in range(0, len(points), step):
            block = slice(first, first + step)
            fit = _Fit(self, np.ascontiguousarray(points[block]))
            if given is None:
                fit.start_at(seeds[block])
            else:
                fit.start_from(*(part[block] for part in given))
            results.append(fit.run())
        parts = [np.concatenate(each) for each in zip(*results, strict=True)]
        parts = [part.reshape(leading + part.shape[1:]) for part in parts]
        weights, means, covariances, *ends = parts
        if self.dimension is None:
            means, covariances = means[..., 0], covariances[..., 0, 0]
        convergence = Convergence(*(end[()] for end in ends))
        return GaussianMixtureModel(weights, means, covariances, convergence)

    def _seeds(
        self, leading: tuple[int, ...], rng: Any, previous: Any
    ) -> np.ndarray | None:
        """Draw the uniforms of a start, (chains, K, tries), if it needs them."""
        if self.start == "previous" and previous is not None:
            return None
        if rng is None:
            raise refuse("rng", rng, f"a Generator for the start {self.start!r}")
        # As many tries as scikit-learn's k-means++.
        size = self.components, 2 + int(np.log(self.components))
        return uniforms(rng, leading, size).reshape(-1, *size)

    def _given(
        self, leading: tuple[int, ...], d: int, previous: Any
    ) -> tuple[np.ndarray, ...] | None:
        """Return the previous parameters, one row per chain, if EM begins there."""
        if self.start != "previous" or previous is None:
            return None
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
        return tuple(
            np.broadcast_to(part, leading + shape).reshape(-1, *shape)
            for part, shape in parts
        )


class _Fit:
    """EM on a block of chains; those that have converged drop out of the work.

    The log density of a Gaussian is linear in the features 1, x_i and x_i x_j of a
    point, and so are all sums that the maximisation needs. Both steps are therefore
    one product of matrices per chain.
    """

    def __init__(self, family: GaussianMixture, points: np.ndarray) -> None:
        self.family = family
        chains, d, _ = points.shape
        centre = points.mean(axis=-1)
        variance = np.square(points - centre[..., None]).mean(axis=(-1, -2))
        # Where all points are equal no fit is needed, and none is possible.
        self.moving = (points != points[..., :1]).any(axis=(-1, -2)) & (variance > 0)
        self.centre = np.where(self.moving[:, None], centre, points[..., 0])
        self.scale = np.sqrt(np.where(self.moving, variance, 1.0))
        self.points = points - self.centre[..., None]
        # Centred and of mean variance 1: no digits cancel, no square underflows.
        self.points /= self.scale[:, None, None]
        K = family.components
        self.weights = np.full((chains, K), 1 / K)
        self.means = np.zeros((chains, K, d))
        self.values = np.broadcast_to(1.0 * self.moving[:, None, None], (chains, K, d))
        self.values = self.values.copy()
        self.vectors = np.broadcast_to(np.eye(d), (chains, K, d, d)).copy()
        self.iterations = np.zeros(chains, dtype=np.int64)
        self.converged = ~self.moving
        self.log_likelihood = np.where(self.moving, -np.inf, np.inf)

    def start_at(self, seeds: np.ndarray) -> None:
        """Begin with clusters around random seeds, or with equal components there."""
        active = np.flatnonzero(self.moving)
        if not len(active):
            return
        points, seeds = self.points[active], seeds[active]
        K = self.family.components
        if self.family.start == "random":
            everyone = np.ones((len(active), K, points.shape[-1]))
            self._maximise(active, _features(points), everyone)
            at = _distinct(seeds[..., 0], points.shape[-1])
            self.means[active] = np.take_along_axis(
                np.swapaxes(points, -1, -2), at[..., None], axis=1
            )
        else:
            self._maximise(active, _features(points), _k_means(points, seeds))

    def start_from(
        self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray
    ) -> None:
        """Begin with given parameters, shapes (chains, K), (..., d), (..., d, d)."""
        moving = self.moving
        self.weights[moving] = weights[moving]
        shifted = (means - self.centre[:, None]) / self.scale[:, None, None]
        self.means[moving] = shifted[moving]
        scaled = covariances / self.scale[:, None, None, None] ** 2
        self._shape(np.flatnonzero(moving), scaled[moving])

    def run(self) -> tuple[np.ndarray, ...]:
        """Alternate the two steps; return parameters and how the fits ended."""
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
            place = active[chain], component
            self.means[place] = held[0][chain, component]
            self.values[place] = held[1][chain, component]
            self.vectors[place] = held[2][chain, component]

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
        self.values[active] = np.maximum(values, self.family.floor)

    def _results(self) -> tuple[np.ndarray, ...]:
        values = self.values * self.scale[:, None, None] ** 2
        scaled = self.vectors * values[..., None, :]
        covariances = scaled @ np.swapaxes(self.vectors, -1, -2)
        # Rounding must not leave the two halves different.
        covariances = (covariances + np.swapaxes(covariances, -1, -2)) / 2
        means = self.means * self.scale[:, None, None] + self.centre[:, None]
        # The density of points that were divided by s is s^d times as high.
        shift = self.points.shape[1] * np.log(self.scale)
        return (
            self.weights,
            means,
            covariances,
            self.iterations,
            self.converged,
            self.log_likelihood - shift,
        )


def _features(points: np.ndarray) -> np.ndarray:
    """Return 1, x_i and x_i x_j (i <= j) of each point: (B, d, n) to (B, F, n)."""
    rows, columns = np.triu_indices(points.shape[1])
    products = points[:, rows] * points[:, columns]
    return np.concatenate([np.ones_like(points[:, :1]), points, products], axis=1)


def _k_means(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return clusters as 0s and 1s, (chains, K, n): k-means++, then Lloyd's steps."""
    centres = _k_means_plus_plus(points, seeds)
    clusters = _nearest(points, centres)
    padded = np.concatenate([np.ones_like(points[:, :1]), points], axis=1)
    padded = np.swapaxes(padded, -1, -2)
    for _ in range(_LLOYD):
        sums = clusters @ padded
        counts = sums[..., :1]
        # A cluster that has lost all its points keeps its centre.
        means = sums[..., 1:] / np.maximum(counts, 1)
        centres = np.where(counts > 0, means, centres)
        moved = _nearest(points, centres)
        if (moved == clusters).all():
            break
        clusters = moved
    return clusters


def _k_means_plus_plus(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Choose K points of each chain as centres, far apart; seeds (chains, K, tries).

    Each is chosen in proportion to the squared distance from those before it. Of
    several tries the one that leaves the least distance is taken.
    """
    chains = np.arange(len(points))
    chains_tries = chains[:, None]
    centres = np.empty((len(points), seeds.shape[1], points.shape[1]))
    nearest = np.ones((len(points), points.shape[-1]))
    for k in range(seeds.shape[1]):
        reach = np.cumsum(nearest, axis=-1)
        goals = seeds[:, k] * reach[:, -1:]
        places = np.stack(
            [
                np.searchsorted(row, goal, side="right")
                for row, goal in zip(reach, goals, strict=True)
            ]
        )
        places = np.minimum(places, points.shape[-1] - 1)
        tries = points[chains_tries, :, places]
        if k == 0:
            # All tries are alike at first.
            tries = tries[:, :1]
        offsets = points[:, None] - tries[..., None]
        left = np.square(offsets).sum(axis=2)
        if k > 0:
            left = np.minimum(left, nearest[:, None])
        best = left.sum(axis=-1).argmin(axis=-1)
        centres[:, k], nearest = tries[chains, best], left[chains, best]
    return centres


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return 1 where a point's nearest centre is, (chains, K, n)."""
    # |x - c|² without |x|², which is the same for all centres.
    closeness = centres @ points - 0.5 * np.vecdot(centres, centres)[..., None]
    chosen = np.zeros(closeness.shape)
    free = np.ones(closeness[:, 0].shape, dtype=bool)
    best = closeness.max(axis=1)
    for k in range(centres.shape[1]):
        chosen[:, k] = free & (closeness[:, k] == best)
        free &= closeness[:, k] != best
    return chosen


def _distinct(seeds: np.ndarray, n: int) -> np.ndarray:
    """Turn K uniforms into K different places out of n, for each chain."""
    places = np.empty(seeds.shape, dtype=np.int64)
    for k in range(seeds.shape[1]):
        place = np.floor(seeds[:, k] * (n - k)).astype(np.int64)
        for taken in np.sort(places[:, :k], axis=-1).T:
            place += place >= taken
        places[:, k] = place
    return places


def _points(name: str, data: Any, dimension: int | None) -> np.ndarray:
    """Return data as (..., n, d), whatever d is."""
    data = finite_array(name, data, axes=1 if dimension is None else 2)
    if dimension is None:
        return data[..., None]
    if data.shape[-1] != dimension:
        raise ValueError(
            f"{name} must have a last axis of {dimension} for dimension={dimension}, "
            f"got shape {data.shape}"
        )
    return data


def _look_up(parameters: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Take each point's parameter: (..., K) and (..., n) to (..., n)."""
    rows = np.broadcast_to(parameters, chosen.shape[:-1] + parameters.shape[-1:])
    return np.take_along_axis(rows, chosen.astype(np.intp), axis=-1)


def _log_sum_exp(joint: np.ndarray) -> np.ndarray:
    """Return the log of the sum over components, (..., K, n) to (..., n)."""
    top = joint.max(axis=-2)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.log(np.exp(joint - safe[..., None, :]).sum(axis=-2)) + safe


def _principal_axes(covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standard deviations (..., d) and directions (..., d, d) in columns."""
    # Scaled to 1, so that a tolerance and the solver see no tiny numbers.
    size = np.abs(covariances).max(axis=(-2, -1), keepdims=True)
    size = np.where(size > 0, size, 1.0)
    scaled = covariances / size
    if not np.allclose(scaled, np.swapaxes(scaled, -1, -2), rtol=0, atol=1e-9):
        raise ValueError("covariances must be symmetric")
    values, directions = np.linalg.eigh(scaled)
    if (values < -1e-9).any():
        raise ValueError("covariances must not have negative eigenvalues")
    return np.sqrt(np.maximum(values, 0) * size[..., 0]), directions
