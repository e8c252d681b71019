"""Experiments of the chapter on pushes, `making-it-work.md`."""

from __future__ import annotations

import numpy as np

from claims.experiments.estimates import Estimate
from collapse import categorical, gaussian, measures
from collapse.categorical import zipf
from collapse.gaussian import Gaussian, GaussianModel
from collapse.recursion import Diet, recurse


def pushed_variance(
    *, real_fraction, sample_size, shrinkage, refits, chains, seed
) -> list[Estimate]:
    """Measure the variance where samples vary too little and some points are real."""
    rng = np.random.default_rng(seed)

    def last(share, size):
        _, variances = gaussian.exact_law(
            generations=refits - 1,
            sample_size=size,
            chains=chains,
            real_fraction=share,
            sampling_bias=shrinkage,
            rng=rng,
        )
        return variances[-1]

    pairs = zip(real_fraction, sample_size, strict=True)
    return [Estimate(last(*pair)) for pair in pairs]


def best_word(
    *, symbols, candidates, real_fraction, refits, sample_size, chains, seed
) -> list[Estimate]:
    """Measure the share of the rarest word where the rarer word is kept."""
    rng = np.random.default_rng(seed)

    def ends(several, share):
        return categorical.exact_law(
            zipf(symbols),
            generations=refits - 1,
            sample_size=sample_size,
            chains=chains,
            candidates=several,
            reward=range(symbols),
            real_fraction=share,
            measures={"best": lambda p, symbols: p[:, -1]},
            rng=rng,
        )["best"][-1]

    pairs = zip(candidates, real_fraction, strict=True)
    return [Estimate(ends(*pair)) for pair in pairs]


def larger_half(*, real_fraction, refits, sample_size, chains, seed) -> list[Estimate]:
    """Measure the mean of a Gaussian fitted to the larger half of its samples."""
    means = recurse(
        Gaussian(),
        GaussianModel(0.0, 1.0),
        generations=refits - 1,
        sample_size=sample_size,
        diet=Diet(
            real_fraction=np.repeat(real_fraction, chains),
            curator=lambda candidates: candidates,
            curator_keep=0.5,
        ),
        chains=chains * len(real_fraction),
        rng=np.random.default_rng(seed),
        measures={"mean": lambda model, data: model.mean},
    )["mean"][-1]
    return [Estimate(each) for each in means.reshape(-1, chains)]


def cold_words(*, symbols, exponent, refits, real_fraction, **other) -> list[Estimate]:
    """Measure the effective words at the end; real ones are there all the time."""
    share = np.full((refits - 1, 1), real_fraction)
    return _effective_words(zipf(symbols, exponent), share, **other)


def cured_words(*, symbols, alone, mended, real_fraction, **other) -> list[Estimate]:
    """Measure the effective words of equal ones if real ones come late."""
    share = np.repeat([0.0, real_fraction], [alone, mended])[:, None]
    return _effective_words(np.full(symbols, 1 / symbols), share, **other)


def _effective_words(
    words, share, *, temperature, sample_size, chains, seed
) -> list[Estimate]:
    left = categorical.exact_law(
        words,
        generations=len(share),
        sample_size=sample_size,
        chains=chains,
        temperature=temperature,
        real_fraction=share,
        measures={"words": lambda p, symbols: measures.effective_classes(p)},
        rng=np.random.default_rng(seed),
    )["words"]
    return [Estimate(left[-1])]


def verified_error(
    *,
    refits,
    sample_size,
    verifier_width,
    verifier_bias,
    accepted,
    chains,
    seed,
    real_share=0.0,
) -> list[Estimate]:
    """Measure the squared error of a mean after numbers of refits.

    The first fit is to `sample_size` real points; they keep `real_share` of the weight.
    """
    rounds = max(refits) - 1
    weight = real_share / (1 - real_share) * (accepted - sample_size) / sample_size
    means, _ = gaussian.exact_law(
        generations=rounds,
        sample_size=[sample_size, *[accepted] * rounds],
        chains=chains,
        known_variance=1.0,
        verifier=(verifier_bias, verifier_width),
        replay=real_share > 0,
        real_fraction=sample_size / accepted if real_share else 0.0,
        real_weight=weight or 1.0,
        rng=np.random.default_rng(seed),
    )
    return [Estimate(means[refit - 1] ** 2) for refit in refits]


def weighted_error(
    *, real_weight, synthetic_per_real, real_points, refits, chains, seed
) -> list[Estimate]:
    """Measure the squared error of weighted means, relative to real points alone."""
    rng = np.random.default_rng(seed)
    size = real_points * (1 + synthetic_per_real)

    def squares(weight):
        means, _ = gaussian.exact_law(
            generations=refits - 1,
            sample_size=[real_points, *[size] * (refits - 1)],
            chains=chains,
            known_variance=1.0,
            real_fraction=1 / (1 + synthetic_per_real),
            real_weight=synthetic_per_real * weight / (1 - weight),
            rng=rng,
        )
        return real_points * means[-1] ** 2

    return [Estimate(squares(weight)) for weight in real_weight]


def stepped_back(*, sample_size, chains, seed) -> list[Estimate]:
    """Measure 2v - v', where v' is the variance of samples of the fit v."""
    _, (fitted, refitted) = gaussian.exact_law(
        generations=1,
        sample_size=sample_size,
        chains=chains,
        rng=np.random.default_rng(seed),
    )
    return [Estimate(2 * fitted - refitted)]
