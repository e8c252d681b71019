"""The experiments behind the claims ledger, one function for each kind of estimate.

Each takes the protocol of a ledger entry as keyword arguments and a seed, runs the
loop or the exact law, and returns one `Estimate` for each value that the entry
expects. Nothing here knows what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import torch
from scipy.optimize import minimize

from collapse import categorical, measures
from collapse.categorical import Categorical, CategoricalModel, zipf
from collapse.corpus.encyclopaedia import encyclopaedia
from collapse.digits import digit_classifier, load_digits
from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.measures import mixture_l2_distance, mode_shares, wasserstein2_squared
from collapse.mixture import GaussianMixture, GaussianMixtureModel
from collapse.opt import Decoding, LanguageModel, OPTConfig, Training
from collapse.recursion import Diet, recurse
from collapse.regression import LinearModel, LinearRegression, excess_error
from collapse.streams import Streams
from collapse.vae import VAE

TRUTH = GaussianModel(0.0, 1.0)


@dataclass(frozen=True)
class Estimate:
    """A number, and the interval that holds the truth with a given probability.

    ``values`` holds one number for each chain; ``statistic`` says what is estimated
    from them. For a mean the interval is z standard errors wide, for a median it
    lies between order statistics, which needs no assumption on the law.
    """

    values: np.ndarray
    statistic: str = "mean"

    @property
    def value(self) -> float:
        """The point estimate."""
        return float(
            {"mean": np.mean, "median": np.median}[self.statistic](self.values)
        )

    @property
    def standard_error(self) -> float:
        """The standard error of the mean."""
        return float(self.values.std(ddof=1) / np.sqrt(len(self.values)))

    def interval(self, false_alarm: float) -> tuple[float, float]:
        """Return the two-sided interval that misses with probability `false_alarm`."""
        z = NormalDist().inv_cdf(1 - false_alarm / 2)
        if self.statistic == "mean":
            half = z * self.standard_error
            return self.value - half, self.value + half
        return _median_interval(self.values, z)


def _median_interval(values: np.ndarray, z: float) -> tuple[float, float]:
    """Count on the binomial law: how many of the values lie below the true median."""
    count = len(values)
    half = z * np.sqrt(count) / 2
    low, high = int(np.floor(count / 2 - half)), int(np.ceil(count / 2 + half))
    ordered = np.sort(values)
    return float(ordered[max(low - 1, 0)]), float(ordered[min(high, count - 1)])


def _paths(
    *, refits, sample_size, chains, seed, engine="loop", estimator="mle", **diet
) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances after each refit, shape (refits, chains)."""
    rng = np.random.default_rng(seed)
    common = {
        "generations": refits - 1,
        "sample_size": sample_size,
        "chains": chains,
        "rng": rng,
    }
    if engine == "law":
        return exact_law(estimator=estimator, **common, **diet)
    history = recurse(
        Gaussian(estimator),
        TRUTH,
        diet=Diet(**diet),
        measures={
            "mean": lambda model, data: model.mean,
            "variance": lambda model, data: model.variance,
        },
        **common,
    )
    return history["mean"], history["variance"]


def variance(**protocol) -> list[Estimate]:
    """Measure σ² after the last refit."""
    _, variances = _paths(**protocol)
    return [Estimate(variances[-1])]


def total_variance(**protocol) -> list[Estimate]:
    """Measure E σ² + Var μ after the last refit; the true E μ is 0."""
    means, variances = _paths(**protocol)
    return [Estimate(variances[-1] + means[-1] ** 2)]


def squared_mean(**protocol) -> list[Estimate]:
    """Measure Var μ after the last refit; the true E μ is 0."""
    means, _ = _paths(**protocol)
    return [Estimate(means[-1] ** 2)]


def log_variance(**protocol) -> list[Estimate]:
    """Measure log σ² after the last refit."""
    _, variances = _paths(**protocol)
    return [Estimate(np.log(variances[-1]))]


def median_sd(**protocol) -> list[Estimate]:
    """Measure the median of σ after the last refit."""
    _, variances = _paths(**protocol)
    return [Estimate(np.sqrt(variances[-1]), "median")]


def growing_median_sd(*, refits, start, power, **protocol) -> list[Estimate]:
    """Measure the median of σ after the last refit, with M_i = start · (i+1)^p."""
    sizes = [start * (generation + 1) ** power for generation in range(refits)]
    return median_sd(refits=refits, sample_size=sizes, **protocol)


def wasserstein(*, refits, **protocol) -> list[Estimate]:
    """Measure squared W2 to the real distribution after each number of refits."""
    means, variances = _paths(refits=max(refits), **protocol)
    distances = wasserstein2_squared(means, variances)
    return [Estimate(distances[refit - 1]) for refit in refits]


def regression_replace_slope(
    *, refits, sample_size, dimension, noise, chains, seed
) -> list[Estimate]:
    """Measure what each refit after the first adds to the excess error, on average."""
    errors = _regression_errors(
        refits, sample_size, dimension, noise, chains, seed, "replace"
    )
    return [Estimate((errors[-1] - errors[0]) / (refits - 1))]


def regression_accumulate_ratio(
    *, refits, sample_size, dimension, noise, chains, seed
) -> list[Estimate]:
    """Measure the last excess error as a multiple of the exact first one."""
    errors = _regression_errors(
        refits, sample_size, dimension, noise, chains, seed, "accumulate"
    )
    first = noise**2 * dimension / (sample_size - dimension - 1)
    return [Estimate(errors[-1] / first)]


def _regression_errors(
    refits, sample_size, dimension, noise, chains, seed, memory
) -> np.ndarray:
    """Return excess errors after each refit, shape (refits, chains)."""
    weights = np.ones(dimension)
    history = recurse(
        LinearRegression(noise),
        LinearModel(weights, noise),
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        diet=Diet(memory=memory),
        rng=np.random.default_rng(seed),
        measures={"error": lambda model, data: excess_error(model.weights, weights)},
    )
    return history["error"]


@dataclass(frozen=True)
class _WeightedMean:
    """Estimate a mean with a weight for the real points, which come first."""

    real_weight: float
    real_points: int
    chain_axis = True

    def fit(self, data: np.ndarray) -> GaussianModel:
        """Weight the two parts of the batch, real and new."""
        real, new = np.split(data, [self.real_points], axis=-1)
        weight = self.real_weight
        return GaussianModel(
            weight * real.mean(axis=-1) + (1 - weight) * new.mean(axis=-1), 1.0
        )


def weighted_mean(
    *, real_weight, real_points, synthetic_per_real, refits, chains, seed
) -> list[Estimate]:
    """Measure Var μ relative to real points only; the true E μ is 0."""
    total = real_points * (1 + synthetic_per_real)
    history = recurse(
        _WeightedMean(real_weight, real_points),
        TRUTH,
        generations=refits - 1,
        sample_size=total,
        chains=chains,
        diet=Diet(real_fraction=real_points / total),
        rng=np.random.default_rng(seed),
        measures={"mean": lambda model, data: model.mean},
    )
    return [Estimate(real_points * history["mean"][-1] ** 2)]


@dataclass(frozen=True)
class _Timid:
    """A Gaussian family whose models sample with λ times the fitted variance."""

    family: Gaussian
    shrinkage: float
    chain_axis = True

    def fit(self, data: np.ndarray) -> _TimidModel:
        """Fit as the family does."""
        return _TimidModel(self.family.fit(data), self.shrinkage)


@dataclass(frozen=True)
class _TimidModel:
    fitted: GaussianModel
    shrinkage: float

    def sample(self, n, rng):
        """Draw from N(μ, λ σ²)."""
        shrunk = self.shrinkage * self.fitted.variance
        return GaussianModel(self.fitted.mean, shrunk).sample(n, rng)


def shrunken_variance(
    *, refits, sample_size, chains, shrinkage, estimator, seed
) -> list[Estimate]:
    """Measure σ² after the last refit when every model samples too narrowly."""
    history = recurse(
        _Timid(Gaussian(estimator), shrinkage),
        TRUTH,
        generations=refits - 1,
        sample_size=sample_size,
        chains=chains,
        rng=np.random.default_rng(seed),
        measures={"variance": lambda model, data: model.fitted.variance},
    )
    return [Estimate(history["variance"][-1])]


def _words(
    probabilities, measure, *, refits, sample_size, chains, seed, engine="law", **other
) -> np.ndarray:
    """Measure the learned probabilities after each refit, shape (refits, chains)."""
    common = {
        "generations": refits - 1,
        "sample_size": sample_size,
        "chains": chains,
        "rng": np.random.default_rng(seed),
    }
    if engine == "law":
        return categorical.exact_law(
            probabilities,
            measures={"it": lambda learned, symbols: measure(learned)},
            **common,
            **other,
        )["it"]
    share = other.pop("real_fraction", 0.0)
    return recurse(
        Categorical(len(probabilities), **other),
        CategoricalModel(probabilities),
        diet=Diet(real_fraction=share),
        measures={"it": lambda model, data: measure(model.probabilities)},
        **common,
    )["it"]


def heterozygosity(*, symbols, **protocol) -> list[Estimate]:
    """Measure H after the last refit; all symbols begin equally frequent."""
    words = np.full(symbols, 1 / symbols)
    return [Estimate(_words(words, measures.heterozygosity, **protocol)[-1])]


def fixation(*, frequency, **protocol) -> list[Estimate]:
    """Measure how often the first of two symbols ends as the only one."""
    words = np.array([frequency, 1 - frequency])
    # Thousands of chains never lose a word all together: its column stays the first.
    won = _words(words, lambda learned: learned[:, 0] == 1, **protocol)
    return [Estimate(won[-1].astype(float))]


def zipf_support(*, refits, symbols, exponent, **protocol) -> list[Estimate]:
    """Measure how many different words are left after each number of refits."""
    words = zipf(symbols, exponent)
    left = _words(words, measures.support, refits=max(refits), **protocol)
    return [Estimate(left[refit - 1].astype(float)) for refit in refits]


def word_alive(*, occurrences, sample_size, **protocol) -> list[Estimate]:
    """Measure how often a word, seen so many times in a text, is still in use."""
    share = occurrences / sample_size
    words = np.array([share, 1 - share])
    # Thousands of chains never lose the word all together: its column stays the first.
    alive = _words(
        words,
        lambda learned: learned[:, 0] > 0,
        sample_size=sample_size,
        **protocol,
    )
    return [Estimate(alive[-1].astype(float))]


def smoothing_forgets(*, symbols, **protocol) -> list[Estimate]:
    """Measure how much nearer a smoothed list is than a flat one; below 0: farther."""
    real = zipf(symbols)
    flat = measures.jensen_shannon_divergence(np.full(symbols, 1 / symbols), real)
    off = _words(
        real,
        lambda learned: measures.jensen_shannon_divergence(learned, real),
        **protocol,
    )
    return [Estimate(flat - off[-1])]


def log_odds(**protocol) -> list[Estimate]:
    """Measure the first word's log-odds against the others, relative to the real."""
    words = np.array([0.5, 0.3, 0.2])

    def gains(learned):
        real = np.log(words[0] / words[1:])
        return np.log(learned[:, :1] / learned[:, 1:]) / real

    return [Estimate(gain) for gain in _words(words, gains, **protocol)[-1].T]


def mixture_sample_sizes(*, refits, sample_sizes, chains, seed) -> list[Estimate]:
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


def mixture_variance(*, refits, sample_size, chains, seed) -> list[Estimate]:
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


@cache
def _autoencoders(
    refits: int, sample_size: int, steps: int, chains: int, seed: int
) -> dict[float, dict[str, np.ndarray]]:
    """Follow digits for each share of real data; all entries use this one run.

    Returns
    -------
    dict
        For each share the spread, relative to that of generation 0, and the classes
        held, shape (refits, chains); and the spread of generation 0, relative to the
        real one.
    """
    shares = (0.0, 0.1, 0.5, 1.0)
    classifier = digit_classifier()
    everyone = chains * len(shares)
    # The same seed for all measurements, which must not disturb the chains.
    eyes = np.random.SeedSequence([seed, 1]).spawn(everyone)

    def look(model, data):
        images = model.sample(500, Streams([np.random.default_rng(e) for e in eyes]))
        held = measures.classes_held(classifier.probabilities(images))
        return np.stack([measures.pixel_variance(images), held], axis=-1)

    # Where other programs compute as well, two threads mostly wait for each other.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seen = recurse(
            VAE(steps=steps),
            load_digits().train_images,
            generations=refits - 1,
            sample_size=sample_size,
            chains=everyone,
            diet=Diet(real_fraction=np.repeat(shares, chains)),
            rng=np.random.default_rng([seed, 0]),
            measures={"it": look},
        )["it"]
    finally:
        torch.set_num_threads(threads)
    real = measures.pixel_variance(load_digits().train_images)
    return {
        share: {
            "spread": part[..., 0] / part[0, :, 0],
            "classes": part[..., 1],
            "first": part[0, :, 0] / real,
        }
        for share, part in zip(shares, np.split(seen, len(shares), axis=1), strict=True)
    }


def vae_spread(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure the last generation's pixel variance, relative to generation 0's."""
    runs = _autoencoders(**protocol, seed=seed[0])
    return [Estimate(runs[real_fraction]["spread"][-1])]


def vae_first(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure generation 0's pixel variance, relative to that of real digits."""
    runs = _autoencoders(**protocol, seed=seed[0])
    return [Estimate(runs[real_fraction]["first"])]


def vae_loss(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure the share of generation 0's pixel variance that is lost at the end."""
    runs = _autoencoders(**protocol, seed=seed[0])
    return [Estimate(1 - runs[real_fraction]["spread"][-1])]


def vae_classes(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure how many classes the last generation still shows."""
    runs = _autoencoders(**protocol, seed=seed[0])
    return [Estimate(runs[real_fraction]["classes"][-1])]


def vae_classes_lost(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure how many of the ten classes the last generation has lost."""
    runs = _autoencoders(**protocol, seed=seed[0])
    return [Estimate(10 - runs[real_fraction]["classes"][-1])]


def vae_real_data_slow(*, seed, **protocol) -> list[Estimate]:
    """Measure how much more is left without real data than with 10 %; below 0: less."""
    runs = _autoencoders(**protocol, seed=seed[0])
    return [Estimate(runs[0.0]["spread"][-1] - runs[0.1]["spread"][-1])]


def vae_plateau(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure the fall over the last two generations, relative to the first two's."""
    runs = _autoencoders(**protocol, seed=seed[0])
    spread = runs[real_fraction]["spread"]
    return [Estimate((spread[-3] - spread[-1]) / (spread[0] - spread[2]))]


def vae_drift(*, real_fraction, seed, **protocol) -> list[Estimate]:
    """Measure the pixel variance lost, and gained, since generation 0."""
    runs = _autoencoders(**protocol, seed=seed[0])
    change = runs[real_fraction]["spread"][-1] - 1
    return [Estimate(-change), Estimate(change)]


def linear_autoencoder(
    *, refits, real_fraction, noise, beta, sample_size, chains, seed
) -> list[Estimate]:
    """Measure how much linear autoencoders' mean images vary, for each share."""
    rng, found = np.random.default_rng(seed), []
    for count, share in zip(refits, real_fraction, strict=True):
        ends = np.empty(chains)
        for chain in range(chains):
            data = rng.standard_normal(sample_size)
            for _ in range(count):
                scale = _best_decoder(np.mean(data**2), noise, beta)
                data = scale * rng.standard_normal(sample_size)
                real = round(share * sample_size)
                data[:real] = rng.standard_normal(real)
            ends[chain] = scale**2
        found.append(Estimate(ends))
    return found


def _best_decoder(square: float, noise: float, beta: float) -> float:
    """Maximise the linear autoencoder's bound for data of this mean square; give w."""

    def loss(weights: np.ndarray) -> float:
        w, a, log_variance = weights
        error = (1 - a * w) ** 2 * square + w**2 * np.exp(log_variance)
        kl = a**2 * square + np.exp(log_variance) - 1 - log_variance
        return error / (2 * noise) + beta * kl / 2

    return float(minimize(loss, [0.5, 0.5, -1.0], tol=1e-8).x[0])


class _Documents:
    """The encyclopaedia as blocks for a language model, without their first token."""

    chain_axis = True

    def sample(self, n, rng):
        return encyclopaedia().sample(n, rng)[..., 1:]


ARMS = {"warm": (1.0, 0.0), "cool": (0.8, 0.0), "tenth": (0.8, 0.1)}
"""Temperature and real share of each arm."""


@cache
def _language_models(
    refits: int,
    first_documents: int,
    first_steps: int,
    documents: int,
    steps: int,
    chains: int,
    seed: int,
) -> dict[str, dict[str, np.ndarray]]:
    """Follow the encyclopaedia in three arms; all entries use this one run.

    Returns
    -------
    dict
        For each arm ``real`` and ``own``, log perplexities; ``right``, the share of
        texts without a mistake; and ``facts``, how many are left: (refits, chains).
    """
    grammar, documents_of = encyclopaedia(), _Documents()
    config = OPTConfig(len(grammar.words), width=64, layers=2, positions=grammar.length)
    streams = Streams(np.random.default_rng([seed, 0]).spawn(chains))
    first = LanguageModel(config, Training(steps=first_steps), jobs=2).fit(
        documents_of.sample(first_documents, streams), streams
    )
    real = documents_of.sample(400, np.random.default_rng([seed, 1]))

    def look(model, data):
        texts = model.sample(400, np.random.default_rng([seed, 2]))
        counted = [grammar.census(each) for each in texts]
        return np.stack(
            [
                np.log(model.perplexity(real)),
                np.log(model.perplexity(texts)),
                [each.grammatical_documents / each.documents for each in counted],
                [np.count_nonzero(each.facts) for each in counted],
            ],
            axis=-1,
        )

    again, runs = Training(steps=steps, learning_rate=5e-3), {}
    for arm, (temperature, share) in ARMS.items():
        decoding = Decoding(temperature=temperature)
        seen = recurse(
            LanguageModel(first.networks, again, again, decoding, jobs=2),
            documents_of,
            generations=refits - 1,
            sample_size=documents,
            diet=Diet(real_fraction=share),
            chains=chains,
            rng=np.random.default_rng([seed, 3]),
            measures={"it": look},
        )["it"]
        names = ("real", "own", "right", "facts")
        runs[arm] = {name: seen[..., place] for place, name in enumerate(names)}
    return runs


def lm_real(*, seed, **protocol) -> list[Estimate]:
    """Measure generation 0's perplexity of real texts, relative to the last one's."""
    real = _language_models(**protocol, seed=seed[0])["cool"]["real"]
    return [Estimate(np.exp(real[0] - real[-1]))]


def lm_own(*, seed, **protocol) -> list[Estimate]:
    """Measure the last perplexity of the model's own texts, relative to the first."""
    own = _language_models(**protocol, seed=seed[0])["cool"]["own"]
    return [Estimate(np.exp(own[-1] - own[0]))]


def lm_facts(*, seed, **protocol) -> list[Estimate]:
    """Measure which share of the facts of generation 0 the last one still states."""
    facts = _language_models(**protocol, seed=seed[0])["cool"]["facts"]
    return [Estimate(facts[-1] / facts[0])]


def lm_two_ways(*, seed, **protocol) -> list[Estimate]:
    """Measure how grammar changes freely drawn, and, negated, cautiously drawn."""
    runs = _language_models(**protocol, seed=seed[0])
    warm, cool = (runs[arm]["right"] for arm in ("warm", "cool"))
    return [Estimate(warm[-1] - warm[0]), Estimate(cool[0] - cool[-1])]


def lm_tenth(*, seed, **protocol) -> list[Estimate]:
    """Measure the last perplexity of real texts with a tenth real, relative to none."""
    runs = _language_models(**protocol, seed=seed[0])
    return [Estimate(np.exp(runs["tenth"]["real"][-1] - runs["cool"]["real"][-1]))]


def lm_protection(*, seed, **protocol) -> list[Estimate]:
    """Measure which share of the facts' loss a tenth prevents, less that of the loss.

    The second loss is that of real texts, in nats a word, since generation 0.
    """
    runs = _language_models(**protocol, seed=seed[0])
    prevented = []
    for name in ("facts", "real"):
        change, less = (
            runs[arm][name][-1] - runs[arm][name][0] for arm in ("cool", "tenth")
        )
        prevented.append(1 - less / change)
    return [Estimate(prevented[0] - prevented[1])]
