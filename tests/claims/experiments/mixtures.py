"""Experiments of the chapter on mixtures."""

from __future__ import annotations

import numpy as np

from claims.experiments.estimates import Estimate
from collapse.measures import mixture_l2_distance, mode_shares
from collapse.mixture import GaussianMixture, GaussianMixtureModel
from collapse.recursion import Diet, recurse


def distance_by_sample_size(*, refits, sample_sizes, chains, seed) -> list[Estimate]:
    """Measure what each larger sample size does to the logarithm of the distance."""
    truth = GaussianMixtureModel([0.5, 0.5], [-2.5, 2.5], [1.0, 1.0])

    def distance(model, data):
        return mixture_l2_distance(
            model.weights,
            model.means,
            model.covariances,
            truth.weights,
            truth.means,
            truth.covariances,
        )

    logs = []
    for size in sample_sizes:
        history = recurse(
            GaussianMixture(2),
            truth,
            generations=refits - 1,
            sample_size=size,
            chains=chains,
            rng=np.random.default_rng([*seed, size]),
            measures={"distance": distance},
        )
        logs.append(np.log(history["distance"][-1]))
    return [Estimate(step) for step in np.diff(logs, axis=0)]


def _three_humps(components, *, refits, sample_size, chains, seed) -> np.ndarray:
    """Return the L2 distance to three humps, of norm 1, shape (refits, chains)."""
    humps = np.full(3, 1 / 3), np.array([-4.0, 0.0, 4.0]), np.ones(3)
    # Two Gaussians of variance 1 and means d apart have the product e^(-d²/4) / 2√π.
    products = np.exp(-(np.subtract.outer(humps[1], humps[1]) ** 2) / 4)
    norm = np.sqrt(products.mean() / (2 * np.sqrt(np.pi)))

    def distance(model, data):
        fitted = model.weights, model.means, model.covariances
        return mixture_l2_distance(*fitted, *humps) / norm

    return recurse(
        GaussianMixture(components),
        GaussianMixtureModel(*humps),
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        rng=np.random.default_rng(seed),
        measures={"distance": distance},
    )["distance"]


def expressivity(**protocol) -> list[Estimate]:
    """Measure how far a single Gaussian is off after the first and the last refit."""
    distance = _three_humps(1, **protocol)
    return [Estimate(distance[0]), Estimate(distance[-1])]


def components_drift(*, seed, **protocol) -> list[Estimate]:
    """Measure how much nearer to the truth one component ends than three."""
    one, three = (
        _three_humps(components, seed=[*seed, components], **protocol)[-1]
        for components in (1, 3)
    )
    return [Estimate(one - three)]


def whole_variance(*, refits, sample_size, chains, seed) -> list[Estimate]:
    """Measure the variance of the whole mixture, relative to the real one."""
    truth = GaussianMixtureModel([0.5, 0.5], [-2.5, 2.5], [1.0, 1.0])

    def whole(model, data):
        mean = np.vecdot(model.weights, model.means)
        square = np.vecdot(model.weights, model.covariances + model.means**2)
        return square - mean**2

    history = recurse(
        GaussianMixture(2),
        truth,
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        rng=np.random.default_rng(seed),
        measures={"variance": whole},
    )
    return [Estimate(history["variance"][-1] / whole(truth, None))]


def _lost_modes(
    *, refits, sample_size, minority, chains, seed, real_fraction=0.0
) -> np.ndarray:
    """Return which chains have lost the majority and the minority, (chains, 2)."""
    modes = np.array([0.0, 10.0])
    truth = GaussianMixtureModel([1 - minority, minority], modes, [1.0, 0.25])
    history = recurse(
        GaussianMixture(2),
        truth,
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        diet=Diet(real_fraction=real_fraction),
        rng=np.random.default_rng(seed),
        measures={"shares": lambda model, data: mode_shares(data, modes, 4)},
    )
    return (history["shares"][-1] == 0).astype(float)


def minority_lost(**protocol) -> list[Estimate]:
    """Measure how often no point of the minority is left."""
    return [Estimate(_lost_modes(**protocol)[:, 1])]


def spread_goes_first(*, refits, sample_size, minority, chains, seed) -> list[Estimate]:
    """Measure how much further the minority's weight has drifted than its spread.

    Both as the absolute change of a logarithm, cut at 3.
    """
    truth = GaussianMixtureModel([1 - minority, minority], [0.0, 10.0], [1.0, 0.25])
    history = recurse(
        GaussianMixture(2, start="previous"),
        truth,
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        rng=np.random.default_rng(seed),
        measures={
            "means": lambda model, data: model.means,
            "weights": lambda model, data: model.weights,
            "variances": lambda model, data: model.covariances,
        },
    )
    few = np.arange(chains), history["means"][0].argmax(axis=1)
    with np.errstate(divide="ignore"):  # a weight may reach 0
        weight = np.abs(np.log(history["weights"][-1][few] / minority))
    spread = np.abs(np.log(history["variances"][-1][few] / 0.25)) / 2
    return [Estimate(np.minimum(weight, 3) - np.minimum(spread, 3))]


def minority_goes_first(**protocol) -> list[Estimate]:
    """Measure how much more often the majority is lost; below 0: less often."""
    majority, minority = _lost_modes(**protocol).T
    return [Estimate(majority - minority)]


def real_data_keep_the_minority(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure how much more often the minority is lost with real data; below 0."""
    without = _lost_modes(seed=[*seed, 0], **protocol)[:, 1]
    mixed = _lost_modes(seed=[*seed, 1], real_fraction=real_fraction, **protocol)[:, 1]
    return [Estimate(mixed - without)]
