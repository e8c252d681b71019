"""Exercise checks, both ways: right answers pass, plausible wrong ones do not."""

import re
import sys
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from collapse import theory
from collapse.categorical import CategoricalModel, zipf
from collapse.corpus.encyclopaedia import encyclopaedia
from collapse.digits import digit_classifier
from collapse.exercises import (
    check,
    gaussian,
    language_model,
    making_it_work,
    mixtures,
    rare_words,
    vae,
)
from collapse.exercises.answers import WrongAnswerError, number_checker
from collapse.exercises.check import SITE
from collapse.gaussian import Gaussian, GaussianModel, exact_law
from collapse.mixture import GaussianMixture
from collapse.recursion import recurse


def theory_points(frequency, risk):
    """The fewest points with which a group is halved no more often than that."""
    points = np.arange(1, 1000)
    return points[theory.minority_shortfall(frequency, points, 0.5) <= risk][0]


class LaplaceModel:
    def __init__(self, centre, scale):
        self.centre, self.scale = centre, scale

    def sample(self, n, rng):
        return rng.laplace(self.centre, self.scale, n)


class Laplace:
    """The reference solution of the chapter."""

    def fit(self, data):
        centre = np.median(data)
        return LaplaceModel(centre, np.abs(data - centre).mean())


class LaplaceWithSpread:
    """Mistakes the standard deviation for the scale."""

    def fit(self, data):
        return LaplaceModel(np.median(data), np.std(data))


class Remembers:
    """Samples with a fixed scale instead of the fitted one."""

    def fit(self, data):
        return LaplaceModel(np.median(data), 1.0)


class NoSample:
    """Has no sample method on what fit returns."""

    def fit(self, data):
        return data


class Bootstraps:
    """Hands out old points."""

    def fit(self, data):
        self.data = data
        return self

    def sample(self, n, rng):
        return rng.choice(self.data, n)


class FitsItself:
    """A right fit and a right sample, but all its models are one and the same."""

    def fit(self, data):
        self.centre = np.median(data)
        self.scale = np.abs(data - self.centre).mean()
        return self

    def sample(self, n, rng):
        return rng.laplace(self.centre, self.scale, n)


class SharedModel(LaplaceModel):
    """Keeps what was fitted where all of its objects look."""

    def __init__(self, centre, scale):
        SharedModel.centre, SharedModel.scale = centre, scale


class FitsTheClass(Laplace):
    def fit(self, data):
        model = Laplace.fit(self, data)
        return SharedModel(model.centre, model.scale)


class SharesItsArray(Laplace):
    """All its models hand out one array: right for who copies what is drawn."""

    points = np.empty(20_000)

    class Model(LaplaceModel):
        def sample(self, n, rng):
            SharesItsArray.points[:n] = super().sample(n, rng)
            return SharesItsArray.points[:n]

    def fit(self, data):
        model = super().fit(data)
        return self.Model(model.centre, model.scale)


class HasItsOwnSeed(Laplace):
    """Draws the same points every time, whatever `rng` it is given."""

    class Model(LaplaceModel):
        def sample(self, n, rng):
            own = np.random.default_rng(7)
            return own.laplace(self.centre, self.scale, n)

    def fit(self, data):
        model = Laplace.fit(self, data)
        return self.Model(model.centre, model.scale)


class HasItsOwnDice(HasItsOwnSeed):
    """Draws from a generator that nobody else knows."""

    class Model(LaplaceModel):
        def sample(self, n, rng):
            own = np.random.default_rng()
            return own.laplace(self.centre, self.scale, n)


class ForgetsItsModel:
    def fit(self, data):
        LaplaceModel(np.median(data), 1.0)


class ForgetsItsPoints(HasItsOwnSeed):
    class Model(LaplaceModel):
        def sample(self, n, rng):
            rng.laplace(self.centre, self.scale, n)


class Leaves(Laplace):
    def fit(self, data):
        sys.exit("enough")


class LaplaceOfTheSameVariance:
    """Takes the scale at which a Laplace law has the variance of the data."""

    def fit(self, data):
        return LaplaceModel(np.median(data), np.std(data) / 2**0.5)


class LaplaceAroundTheMean:
    def fit(self, data):
        return LaplaceModel(np.mean(data), np.abs(data - np.median(data)).mean())


class LaplaceWithMeanDeviation:
    """Right centre; its scale is the mean deviation from the mean."""

    def fit(self, data):
        return LaplaceModel(np.median(data), np.abs(data - np.mean(data)).mean())


class InWords(Laplace):
    """Right, but for numbers that are words."""

    def fit(self, data):
        model = super().fit(data)
        sample = model.sample
        model.sample = lambda n, rng: sample(n, rng).astype(str)
        return model


class KeepsItsGradient(Laplace):
    """Right, but for numbers that are still part of a computation."""

    def fit(self, data):
        model = super().fit(data)
        sample = model.sample
        model.sample = lambda n, rng: torch.tensor(sample(n, rng), requires_grad=True)
        return model


def by_place(things):
    return -np.arange(things.shape[0] * things.shape[1]).reshape(things.shape[:2])


def by_chance(things):
    return np.random.default_rng(0).random(things.shape[:2])


def masked(scores):
    return np.ma.array(scores, mask=scores > 0.5)


def copies_a_pixel(images, rng):
    drawn = rng.binomial(16, images) / 16
    drawn[:, 5] = drawn[:, 1]
    return drawn


class NormalModel(LaplaceModel):
    def sample(self, n, rng):
        return rng.normal(self.centre, self.scale * np.sqrt(np.pi / 2), n)


class NormalAroundTheMedian:
    """Right centre and mean deviation, wrong shape."""

    def fit(self, data):
        centre = np.median(data)
        return NormalModel(centre, np.abs(data - centre).mean())


@cache
def variances(estimator):
    """Of 4000 histories in generations 0 to 51."""
    return recurse(
        Gaussian(estimator),
        GaussianModel(0.0, 1.0),
        generations=51,
        sample_size=100,
        chains=4000,
        rng=np.random.default_rng(8),
        measures={"variance": lambda model, data: model.variance},
    )["variance"]


def mean_and_median(estimator, of=lambda variance: variance, generations=50):
    variance = of(variances(estimator)[: generations + 1])
    return variance.mean(axis=1), np.median(variance, axis=1)


def with_the_truth(rows):
    """Put generation "minus one" before the others."""
    return [[1.0, *row[:-1]] for row in rows]


def growing_sizes():
    sizes = (np.arange(1, 202) * 100_000 / (201 * 101)).astype(int)
    return np.maximum(sizes, 2)


class Discounting:
    """Takes 0.5 from each seen word, and shares it among the unseen."""

    discount, to_all, when_all_seen = 0.5, False, False

    def __init__(self, symbols):
        self.symbols = symbols

    def fit(self, data):
        kept = np.bincount(data, minlength=self.symbols).astype(float)
        unseen = kept == 0
        if unseen.any() or self.when_all_seen:
            kept[~unseen] -= self.discount
            heirs = np.ones_like(unseen) if self.to_all else unseen
            kept[heirs] += (len(data) - kept.sum()) / max(heirs.sum(), 1)
        return CategoricalModel(kept / kept.sum())


class DiscountsItself(Discounting):
    """All its models are one and the same."""

    def fit(self, data):
        self.model = super().fit(data)
        self.probabilities, self.sample = self.model.probabilities, self.model.sample
        return self


class GivesToAll(Discounting):
    to_all = True


class TakesToo(Discounting):
    discount = 0.25


class NeverLeavesBe(Discounting):
    when_all_seen = True


class Counts(Discounting):
    discount = 0.0


class Choosing:
    """Takes one component or two, by the Bayesian information criterion."""

    sizes = 1, 2
    per_parameter = staticmethod(np.log)
    total = staticmethod(np.sum)

    def fit(self, data, rng):
        models = [GaussianMixture(K).fit(data, rng) for K in self.sizes]
        scores = [
            (3 * K - 1) * self.per_parameter(len(data))
            - 2 * self.total(model.log_prob(data))
            for K, model in zip(self.sizes, models, strict=True)
        ]
        return models[int(np.argmin(scores))]


class ChoosesItself(Choosing):
    """All its models are one and the same."""

    def fit(self, data, rng):
        model = super().fit(data, rng)
        self.weights, self.sample = model.weights, model.sample
        return self


class ByAkaike(Choosing):
    per_parameter = staticmethod(lambda size: 2)


class HalfTheGain(Choosing):
    total = staticmethod(lambda scores: np.sum(scores) / 2)


class ByTheMean(Choosing):
    total = staticmethod(np.mean)


class OneTwoOrThree(Choosing):
    sizes = 1, 2, 3


class ByTheFit(Choosing):
    per_parameter = staticmethod(lambda size: 0)


def dots(images, rng):
    return rng.random((16, *images.shape)) < images


def spread_of_dots(images):
    return np.sqrt(16 * images * (1 - images))


def sureness(images):
    return digit_classifier().probabilities(images).max(axis=-1)


class StepBack:
    """The reference solution of the chapter."""

    steps, ddof = 1, 0

    def fit(self, data, rng):
        mean, variance = data.mean(), data.var()
        again = rng.normal(mean, np.sqrt(variance), len(data)).var(ddof=self.ddof)
        stepped = variance + self.steps * (variance - again)
        return GaussianModel(mean, max(stepped, 0.0))


class StepsItself(StepBack):
    """All its models are one and the same."""

    def fit(self, data, rng):
        model = super().fit(data, rng)
        self.mean, self.variance = model.mean, model.variance
        return self


class TwoSteps(StepBack):
    steps = 2


class StepForward(StepBack):
    steps = -1


class UnbiasedStep(StepBack):
    ddof = 1


class TwiceUnbiasedStep:
    """Right on average for so many points, to four digits."""

    def fit(self, data, rng):
        variance = data.var(ddof=1)
        again = rng.normal(data.mean(), np.sqrt(variance), len(data)).var(ddof=1)
        return GaussianModel(data.mean(), 2 * variance - again)


class HandsOverTheSpread(StepBack):
    def fit(self, data, rng):
        model = super().fit(data, rng)
        return GaussianModel(model.mean, np.sqrt(model.variance))


class MovesTheMean(StepBack):
    def fit(self, data, rng):
        model = super().fit(data, rng)
        again = model.sample(len(data), rng)
        return GaussianModel(2 * model.mean - again.mean(), model.variance)


class StepsAnyhow(StepBack):
    """It asks a generator of its own."""

    def fit(self, data, rng):
        return super().fit(data, np.random.default_rng())


class DrawsTheDataAgain(StepBack):
    def fit(self, data, rng):
        again = rng.choice(data, len(data)).var()
        return GaussianModel(data.mean(), 2 * data.var() - again)


class AlwaysAHundred(StepBack):
    def fit(self, data, rng):
        again = rng.normal(data.mean(), data.std(), 100).var()
        return GaussianModel(data.mean(), 2 * data.var() - again)


class NoStep(StepBack):
    def fit(self, data, rng):
        return GaussianModel(data.mean(), data.var())


class Silent:
    def fit(self, data, rng):
        return None


class SilentDiscounting(Discounting):
    def fit(self, data):
        return None


class Leaving:
    def fit(self, data, rng):
        raise SystemExit


def nucleus(p, mass):
    """The reference solution of the chapter."""
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    kept = np.zeros_like(p)
    chosen = order[before < mass - 1e-12]
    kept[chosen] = p[chosen]
    return kept / kept.sum()


def stops_before_the_mass(p, mass):
    order = np.argsort(-p)
    kept = np.zeros_like(p)
    chosen = order[: max(1, np.sum(np.cumsum(p[order]) <= mass))]
    kept[chosen] = p[chosen]
    return kept / kept.sum()


def takes_it_as_sorted(p, mass):
    kept = np.where(np.cumsum(p) - p < mass - 1e-12, p, 0)
    return kept / kept.sum()


def keeps_all_that_tie(p, mass):
    least = p[nucleus(p, mass) > 0].min()
    kept = np.where(p >= least, p, 0)
    return kept / kept.sum()


def keeps_the_last_that_tie(p, mass):
    return nucleus(p[::-1], mass)[::-1]


def changes_what_it_is_given(p, mass):
    p[:] = nucleus(p, mass)
    return p


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("gaussian-half-life", 693),
        ("gaussian-half-life", theory.half_life(1000)),
        ("gaussian-half-life", 0.69 * 1000),
        ("gaussian-half-life", np.array(693)),
        ("gaussian-half-life", [693]),
        ("gaussian-real-points", 10),
        ("gaussian-real-points", np.int64(10)),
        ("gaussian-real-points", 10.0),
        ("gaussian-mean-and-median", mean_and_median("unbiased")),
        ("gaussian-own-family", Laplace()),
        ("gaussian-own-family", SharesItsArray()),
        ("gaussian-sample-plan", [100_000 // 201] * 201),
        ("gaussian-sample-plan", np.full(201, 497)),
        ("mixtures-average", 8),
        ("mixtures-keep", 0.065),
        ("mixtures-keep", 0.1),
        ("mixtures-keep", 0.2),
        ("words-last-word", 0.2),
        ("words-first-reading", np.sum(1 - (1 - zipf(10_000)) ** 10_000)),
        ("words-first-reading", 2813),
        ("words-sharpening", 1 / (1 + (0.4 / 0.6) ** (0.9**-10))),
        ("words-discounting", Discounting),
        ("mixtures-choosing", Choosing),
        ("vae-generations", 11),
        ("vae-price", 0.818),
        ("vae-price", (1 + 0.25 - 1 - np.log(0.25)) / 2),
        ("vae-draws", lambda images, rng: rng.binomial(16, images) / 16),
        ("vae-draws", lambda images, rng: dots(images, rng).mean(axis=0)),
        ("vae-curator", sureness),
        ("vae-curator", lambda images: np.log(sureness(images))),
        ("lm-hesitation", 4),
        ("lm-slips", 0.99**200),
        ("lm-slips", 0.134),
        ("lm-nucleus", nucleus),
        ("lm-nucleus", lambda p, mass: nucleus(p, mass).astype(np.float16)),
        ("lm-nucleus", keeps_the_last_that_tie),
        ("lm-verifier", lambda texts: encyclopaedia().is_grammatical(texts)),
        ("lm-verifier", lambda texts: encyclopaedia().log_prob(texts)),
        ("keep-halve", 21),
        ("words-last-word", pd.DataFrame([[0.2]])),
        ("keep-push-share", 0.9 * 0.05 / (1 - 0.9 * 0.95)),
        ("keep-push-share", 0.31),
        ("keep-group-risk", theory_points(0.05, 0.1)),
        ("keep-pool", lambda generation: 100 if generation > 98 else 0),
        ("keep-pool", lambda generation: 100 * (generation == 100)),
        ("keep-pool", lambda generation: np.array([100 * (generation > 98)])),
        ("push-five-offers", 0.8),
        ("push-five-offers", Fraction(4, 5)),
        ("push-worth", 100),
        ("push-worth", 1 / 0.1**2),
        ("push-worth", 1 / np.float32(0.1) ** 2),
        ("push-four-to-one", 0.39),
        ("push-four-to-one", (17**0.5 - 1) / 8),
        ("push-half-the-words", 0.46),
        ("push-half-the-words", 0.4606),
        ("push-step-back", StepBack),
    ],
)
def test_right_answers_pass(exercise, answer):
    feedback = check(exercise, answer)
    assert feedback, feedback.message
    assert repr(feedback).startswith("Right.")


@pytest.mark.parametrize(
    ("exercise", "answer", "hint"),
    [
        ("keep-halve", 20, "Round up"),
        ("keep-halve", 5, "Fewer points"),
        ("keep-halve", 15, "Which k"),
        ("keep-halve", 40, "so are fewer"),
        ("keep-halve", 20.5, "is whole"),
        ("keep-halve", 20.9, "is whole"),
        ("keep-halve", 21.1, "is whole"),
        ("keep-push-share", 0.9, "should be kept"),
        ("keep-push-share", 31, "not per cent"),
        ("keep-push-share", 0.1, "v = γ"),
        ("keep-group-risk", 10, "peak at zero"),
        ("keep-group-risk", theory_points(0.05, 0.5), "half of the histories"),
        ("keep-group-risk", 51, "Look up"),
        ("keep-group-risk", 50, "Look up"),
        ("keep-group-risk", 51.5, "is whole"),
        ("keep-group-risk", 0.052, "is whole"),
        ("keep-group-risk", 53, "so are fewer"),
        ("keep-group-risk", 500, "so are fewer"),
        ("keep-pool", lambda generation: 2, "keeps 0.799"),
        ("keep-pool", lambda generation: 100, "uses 10000 points"),
        ("keep-pool", lambda generation: 0, "keeps 0.3"),
        ("keep-pool", lambda generation: 200 * (generation == 100), "0 to 100"),
        ("keep-pool", lambda generation: 0.5, "whole number"),
        ("keep-pool", lambda generation: None, "is a return missing"),
        ("keep-pool", 3, "function itself"),
        ("gaussian-half-life", 347, "variance halves"),
        ("gaussian-half-life", 1386, "unbiased"),
        ("gaussian-half-life", 69, "drift"),
        ("gaussian-half-life", "693", "one number"),
        ("gaussian-half-life", None, "one number"),
        ("gaussian-half-life", True, "one number"),
        ("gaussian-half-life", float("nan"), "finite"),
        ("gaussian-half-life", [693, 693], "one number"),
        ("gaussian-half-life", [], "one number"),
        ("gaussian-half-life", np.array([693, 693]), "one number"),
        ("gaussian-half-life", np.ma.array([693], mask=[True]), "one number"),
        ("gaussian-half-life", torch.tensor([693.0, 1.0]), "one number"),
        ("gaussian-half-life", np.array("693"), "one number"),
        ("gaussian-half-life", 693 + 0j, "one number"),
        ("gaussian-half-life", Decimal("NaN"), "finite"),
        ("gaussian-half-life", 10**400, "finite"),
        ("gaussian-real-points", 20, "so are fewer"),
        ("gaussian-real-points", 9, "only"),
        ("gaussian-real-points", 0.001, "That is a share"),
        ("gaussian-real-points", 9.5, "whole"),
        ("gaussian-real-points", 0, "Without a real point"),
        ("gaussian-real-points", -1, "between 1 and 10\N{NARROW NO-BREAK SPACE}000"),
        ("gaussian-real-points", 500, "so are fewer"),
        ("gaussian-mean-and-median", mean_and_median("mle"), "divide by M - 1"),
        (
            "gaussian-mean-and-median",
            (np.ma.masked_less(mean_and_median("unbiased")[0], 9), np.ones(51)),
            "two rows",
        ),
        ("gaussian-mean-and-median", mean_and_median("unbiased")[::-1], "are swapped"),
        ("gaussian-mean-and-median", mean_and_median("mle")[::-1], "are swapped"),
        ("gaussian-mean-and-median", mean_and_median("unbiased", np.sqrt), "of σ, the"),
        ("gaussian-mean-and-median", mean_and_median("mle", np.sqrt), "of σ, the"),
        (
            "gaussian-mean-and-median",
            np.array(mean_and_median("unbiased"))[:, ::-1],
            "run backwards",
        ),
        (
            "gaussian-mean-and-median",
            np.array(mean_and_median("unbiased")) * [[1.2], [1]],
            "in generation 0; it",
        ),
        (
            "gaussian-mean-and-median",
            torch.ones(2, 51, requires_grad=True),
            "call .detach()",
        ),
        (
            "gaussian-mean-and-median",
            (np.ones(51), np.sqrt(mean_and_median("unbiased")[1])),
            "not of σ",
        ),
        ("gaussian-mean-and-median", np.full((2, 51), 1.01), "rows are the same"),
        (
            "gaussian-mean-and-median",
            (np.ones(51), mean_and_median("unbiased")[1]),
            "the same in all generations",
        ),
        ("gaussian-mean-and-median", np.zeros((2, 51)), "above 0"),
        (
            "gaussian-mean-and-median",
            with_the_truth(mean_and_median("unbiased")),
            "begins with the truth",
        ),
        *(
            (
                "gaussian-mean-and-median",
                mean_and_median("unbiased", generations=last),
                f"generations 0 to 50, got {last + 1}",
            )
            for last in (40, 45, 49, 51)
        ),
        ("gaussian-mean-and-median", np.ones((2, 4000)), "over the histories"),
        ("gaussian-mean-and-median", (1.0, 0.6), "Two numbers do not show"),
        ("gaussian-mean-and-median", np.ones((3, 51)), "two rows"),
        ("gaussian-mean-and-median", 0.6, "two rows"),
        ("gaussian-mean-and-median", (np.ones(51), np.ones(50)), "two rows"),
        ("gaussian-mean-and-median", np.full((2, 51), np.nan), "not finite"),
        ("gaussian-mean-and-median", np.full((2, 51), "1"), "two rows"),
        ("gaussian-own-family", LaplaceWithSpread(), "not the scale that sample uses"),
        ("gaussian-own-family", LaplaceOfTheSameVariance(), "not the scale"),
        (
            "gaussian-own-family",
            LaplaceWithMeanDeviation(),
            "not the scale that sample uses",
        ),
        ("gaussian-own-family", InWords(), "method sample should return numbers"),
        ("gaussian-own-family", KeepsItsGradient(), "call .detach()"),
        ("gaussian-own-family", Remembers(), "not the scale that sample uses"),
        ("gaussian-own-family", NoSample(), "no attribute 'sample'"),
        ("gaussian-own-family", Bootstraps(), "old points"),
        ("gaussian-own-family", LaplaceAroundTheMean(), "take the median"),
        ("gaussian-own-family", NormalAroundTheMedian(), "Laplace distribution"),
        ("gaussian-own-family", Gaussian(), "take the median"),
        ("gaussian-own-family", Laplace, "not its class: Laplace"),
        ("gaussian-own-family", FitsItself(), "should return a new object"),
        ("gaussian-own-family", FitsTheClass(), "should return a new object"),
        ("gaussian-own-family", HasItsOwnSeed(), "Another rng gives the same"),
        ("gaussian-own-family", HasItsOwnDice(), "The same rng gives other"),
        ("gaussian-own-family", ForgetsItsModel(), "fit returned nothing"),
        ("gaussian-own-family", ForgetsItsPoints(), "sample returned nothing"),
        ("gaussian-own-family", Leaves(), "stopped with SystemExit: enough"),
        ("gaussian-own-family", 3, "a fit method"),
        ("gaussian-sample-plan", growing_sizes(), "sum of 1/M"),
        ("gaussian-sample-plan", growing_sizes()[::-1], "sum of 1/M"),
        (
            "gaussian-sample-plan",
            [498] * 201,
            "more than 100\N{NARROW NO-BREAK SPACE}000.",
        ),
        ("gaussian-sample-plan", [497] * 200, "201 sizes"),
        ("gaussian-sample-plan", [1] * 201, "at least 2"),
        ("gaussian-sample-plan", [497.5] * 201, "whole number"),
        ("gaussian-sample-plan", "many", "201 whole numbers"),
        ("gaussian-sample-plan", ["497"] * 201, "201 whole numbers"),
        ("gaussian-sample-plan", np.full(201, 497 + 0j), "201 whole numbers"),
        ("gaussian-sample-plan", [b"497"] * 201, "201 whole numbers"),
        ("gaussian-sample-plan", ["497"] + [497] * 200, "201 whole numbers"),
        (
            "gaussian-sample-plan",
            np.array(["497"] + [497] * 200, dtype=object),
            "201 whole numbers",
        ),
        (
            "gaussian-sample-plan",
            np.ma.array([497] * 201, mask=[True] + [False] * 200),
            "201 whole numbers",
        ),
        ("gaussian-sample-plan", [490] * 201, "leaves 1510 points unused"),
        ("gaussian-sample-plan", [496] * 201, "leaves 304 points unused"),
        ("gaussian-sample-plan", [np.nan] * 201, "not finite"),
        ("mixtures-average", 5.6, "do not stay at 8 %"),
        ("mixtures-average", 0.08, "per cent"),
        ("mixtures-average", 3, "pushes a weight"),
        ("mixtures-keep", 0.01, "have lost it"),
        ("mixtures-keep", 0.06, "5.1\N{NO-BREAK SPACE}%"),
        ("mixtures-keep", 0.05, "have lost it"),
        ("mixtures-keep", 0, "have lost it"),
        ("mixtures-keep", 10, "between 0 and 0.25, not per cent"),
        ("mixtures-keep", 0.3, "between 0 and 0.25."),
        ("mixtures-keep", -0.1, "between 0 and 0.25."),
        ("mixtures-keep", 0.25, "is the limit"),
        ("mixtures-keep", Fraction(1, 4), "is the limit"),
        ("words-last-word", 1 / 3, "not equally likely"),
        ("words-last-word", 0.5, "martingale"),
        ("words-last-word", 20, "not per cent"),
        ("words-last-word", [np.ma.array(0.2, mask=True)], "should be one number"),
        ("push-four-to-one", 0.389, "least lasting error"),
        ("push-half-the-words", 0.45, "halve the interval"),
        ("push-half-the-words", 0.47, "halve the interval"),
        ("lm-slips", 0.99**199, "without a slip"),
        ("lm-slips", 0.133, "without a slip"),
        ("words-first-reading", 28, "per cent of the list"),
        ("words-first-reading", 0.281, "share of the list"),
        ("words-first-reading", 7187, "are not drawn"),
        ("words-first-reading", 3000, "one more digit"),
        ("words-first-reading", 334, "1000 words and 1000 draws"),
        ("words-first-reading", 10_000, "chance of being drawn"),
        (
            "words-sharpening",
            0.6 ** (1 / 0.9) / (0.6 ** (1 / 0.9) + 0.4 ** (1 / 0.9)),
            "after one generation",
        ),
        ("words-sharpening", 0.6, "how often"),
        ("words-sharpening", 76.2, "not per cent"),
        ("words-sharpening", 0.8, "one more digit"),
        ("words-sharpening", 0.238, "second word"),
        ("words-sharpening", 0.7403, "nine generations"),
        ("words-sharpening", 0.7841, "eleven generations"),
        ("words-discounting", Discounting(5), "Hand over the class"),
        ("words-discounting", DiscountsItself, "should return a new object"),
        ("words-discounting", SilentDiscounting, "fit returned nothing"),
        ("words-discounting", GivesToAll, "three seen of five"),
        ("words-discounting", TakesToo, "three seen of five"),
        ("words-discounting", NeverLeavesBe, "all seen"),
        ("words-discounting", Counts, "three seen of five"),
        ("words-discounting", Silent, "TypeError"),
        ("push-five-offers", 0.2, "share of the others"),
        ("push-five-offers", 0.5, "best of two"),
        ("push-five-offers", 80, "not per cent"),
        ("push-five-offers", 4, "odds or a count"),
        ("push-five-offers", 0.7, "multiplied"),
        ("push-worth", 10, "compared squared"),
        ("push-worth", 0.01, "how many points"),
        ("push-worth", 25, "two standard errors"),
        ("push-worth", 1000, "lost all weight"),
        ("push-worth", 99, "lost all weight"),
        ("push-worth", 100.5, "lost all weight"),
        ("push-four-to-one", 0.2, "pooling"),
        ("push-four-to-one", 0.618, "one to one"),
        ("push-four-to-one", 0.828, "one to four"),
        ("push-four-to-one", 0.556, "error that pooling leaves"),
        ("push-four-to-one", 0.61, "other weight"),
        ("push-four-to-one", 0.4, "one more digit"),
        ("push-four-to-one", 0.3, "Try many weights"),
        ("push-half-the-words", 0.1, "equal words"),
        ("push-half-the-words", 0.373, "cure 1000"),
        ("push-half-the-words", 0.54, "share of the others"),
        ("push-half-the-words", 0.25, "halve the interval"),
        ("push-half-the-words", 46, "not per cent"),
        ("push-step-back", StepBack(), "Hand over the class"),
        ("push-step-back", StepsItself, "should return a new object"),
        ("push-step-back", NoStep, "Another rng gives the same"),
        ("push-step-back", StepForward, "not a step away"),
        ("push-step-back", UnbiasedStep, "divided by n - 1"),
        ("push-step-back", TwiceUnbiasedStep, "divided by n."),
        ("push-step-back", StepsAnyhow, "same rng gives other variances"),
        ("push-step-back", DrawsTheDataAgain, "as many normal points"),
        ("push-step-back", AlwaysAHundred, "as many normal points"),
        ("push-step-back", TwoSteps, "two steps"),
        ("push-step-back", HandsOverTheSpread, "yours is"),
        ("push-step-back", MovesTheMean, "takes no step"),
        ("push-step-back", Silent, "returned nothing"),
        ("mixtures-choosing", Choosing(), "Hand over the class"),
        ("mixtures-choosing", ChoosesItself, "should return a new object"),
        ("mixtures-choosing", ByAkaike, "around 2.5"),
        ("mixtures-choosing", HalfTheGain, "takes 1 components"),
        ("mixtures-choosing", ByTheMean, "takes 1 components"),
        ("mixtures-choosing", ByTheFit, "takes 2 components"),
        ("mixtures-choosing", OneTwoOrThree, "Of three groups"),
        ("mixtures-choosing", Silent, "fit returned nothing"),
        ("mixtures-choosing", Leaving, "stopped with SystemExit"),
        ("vae-generations", 10, "After 10 fits"),
        ("vae-generations", 3, "of what is left, not of what there was"),
        ("vae-generations", 10.3, "whole number"),
        ("vae-generations", 12, "so it is after fewer"),
        ("vae-generations", 10**9, "so it is after fewer"),
        ("vae-generations", 5, "After 5 fits 10.7\N{NO-BREAK SPACE}% are left"),
        ("vae-generations", -1, "whole number"),
        ("vae-price", 0.597, "standard deviation"),
        ("vae-price", 1.636, "factor 1/2"),
        ("vae-price", 1.18, "in bits"),
        ("vae-price", 1.125, "natural logarithm"),
        ("vae-price", 0.472, "of the variance"),
        ("vae-price", 0.5, "KL divergence"),
        ("vae-price", 0.8, "one more digit"),
        ("vae-draws", 0.28, "Hand over the function"),
        ("vae-draws", lambda images, rng: images, "0, 1/16"),
        ("vae-draws", lambda images, rng: rng.binomial(16, images), "0, 1/16"),
        ("vae-draws", lambda images, rng: np.rint(16 * images) / 16, "Another rng"),
        ("vae-draws", lambda images, rng: rng.binomial(1, images), "independent dots"),
        (
            "vae-draws",
            lambda images, rng: rng.binomial(16, images**2) / 16,
            "come out as",
        ),
        ("vae-draws", lambda images: images, "TypeError"),
        ("vae-draws", lambda images, rng: rng.binomial(16, images) // 16, "// drops"),
        (
            "vae-draws",
            lambda images, rng: (
                np.clip(np.rint(rng.normal(16 * images, spread_of_dots(images))), 0, 16)
                / 16
            ),
            "not as probable as",
        ),
        ("vae-draws", lambda images, rng: None, "returned nothing"),
        ("vae-draws", lambda images, rng: sys.exit(1), "SystemExit"),
        ("vae-draws", Laplace, "Hand over the function itself"),
        (
            "vae-draws",
            lambda images, rng: np.random.binomial(16, images) / 16,  # noqa: NPY002
            "from rng alone",
        ),
        (
            "vae-draws",
            lambda images, rng: (rng.random((16, 4000, 1)) < images).mean(axis=0),
            "share their dots",
        ),
        ("vae-draws", copies_a_pixel, "share their dots"),
        (
            "vae-draws",
            lambda images, rng: np.tile(rng.binomial(16, images[:2000]) / 16, (2, 1)),
            "images share their dots",
        ),
        (
            "vae-draws",
            lambda images, rng: (rng.binomial(16, images) / 16).astype(str),
            "function should return numbers",
        ),
        ("vae-draws", lambda images, rng: rng.random(3), "came back with shape"),
        ("vae-curator", 0.9, "Hand over the function"),
        ("vae-curator", lambda images: -sureness(images), "the best are kept"),
        ("vae-curator", lambda images: sureness(images).mean(), "one score"),
        ("vae-curator", lambda images: images.sum(axis=-1), "beat their blur"),
        ("vae-curator", by_place, "beat their blur"),
        ("vae-curator", lambda images: masked(sureness(images)), "return numbers"),
        ("vae-curator", lambda images: images.var(axis=-1), "not the contrast"),
        ("vae-curator", lambda images: images[..., 64], "IndexError"),
        ("vae-curator", lambda images: np.ones(images.shape[:2]), "exactly the score"),
        ("vae-curator", lambda images: None, "returned nothing"),
        ("vae-curator", lambda images: sureness(images) * np.nan, "not a number"),
        ("vae-curator", lambda images: exec("raise SystemExit"), "SystemExit"),
        ("lm-hesitation", 14 / 3, "Average the logarithms"),
        ("lm-hesitation", 64, "Per word"),
        ("lm-hesitation", np.log(4), "loss in nats"),
        ("lm-hesitation", 3, "equally likely words"),
        ("lm-slips", 0.669, "after one generation"),
        ("lm-slips", 0.2, "five that write"),
        ("lm-slips", 0.866, "has slips"),
        ("lm-slips", 13.4, "between 0 and 1"),
        ("lm-slips", 13, "not per cent"),
        ("lm-slips", 0.13, "one more digit"),
        ("lm-slips", 0.1, "one more digit"),
        ("lm-slips", 0.0896, "not six"),
        ("lm-slips", 0.95, "texts of one word"),
        ("lm-slips", 0.5, "without a slip"),
        ("lm-nucleus", 0.9, "Hand over the function"),
        ("lm-nucleus", lambda p, mass: nucleus(p, mass) * mass, "should be left"),
        ("lm-nucleus", stops_before_the_mass, "should be left"),
        ("lm-nucleus", takes_it_as_sorted, "should be left"),
        ("lm-nucleus", keeps_all_that_tie, "should be left"),
        ("lm-nucleus", lambda p, mass: nucleus(p, mass + 2e-12), "should be left"),
        ("lm-nucleus", lambda p, mass: np.array(p), "should be left"),
        ("lm-nucleus", changes_what_it_is_given, "were handed over changed"),
        (
            "lm-nucleus",
            lambda p, mass: nucleus(p, mass).astype(str),
            "should return numbers",
        ),
        ("lm-nucleus", lambda p: p, "TypeError"),
        ("lm-nucleus", lambda p, mass: None, "returned nothing"),
        ("lm-nucleus", lambda p, mass: sys.exit(), "SystemExit"),
        ("lm-verifier", True, "Hand over the function"),
        ("lm-verifier", by_place, "of real texts beat a copy"),
        ("lm-verifier", by_chance, "of real texts beat a copy"),
        (
            "lm-verifier",
            lambda texts: -encyclopaedia().is_grammatical(texts).astype(float),
            "the best are kept",
        ),
        ("lm-verifier", lambda texts: (texts == 2).sum(axis=-1), "two words exchanged"),
        ("lm-verifier", lambda texts: texts.mean(), "one score"),
        ("lm-verifier", lambda texts: np.zeros(texts.shape[:2]), "exactly the score"),
        ("lm-verifier", lambda texts: None, "returned nothing"),
        ("lm-verifier", lambda texts: texts[..., 99], "IndexError"),
    ],
)
def test_wrong_answers_get_a_hint(exercise, answer, hint):
    feedback = check(exercise, answer)
    assert not feedback, f"{answer!r} passed: {feedback.message}"
    assert feedback.correct is False
    assert re.search(re.escape(hint), feedback.message), feedback.message


@pytest.mark.parametrize("seed", range(5))
def test_honest_simulations_pass_whatever_their_seed(seed):
    _, variances = exact_law(
        generations=50,
        sample_size=100,
        chains=4000,
        estimator="unbiased",
        rng=np.random.default_rng(seed),
    )
    answer = variances.mean(axis=1), np.median(variances, axis=1)
    feedback = check("gaussian-mean-and-median", answer)
    assert feedback, feedback.message


class Column:
    """What pandas and polars have in common: no array, but an item."""

    def __init__(self, values):
        self.values = values

    def item(self):
        (value,) = self.values
        return value


ONE_NUMBER = {
    "gaussian-half-life": theory.half_life(1000).item(),
    "gaussian-real-points": 10,
    "mixtures-average": 8,
    "mixtures-keep": 0.125,
    "words-last-word": 0.2,
    "words-first-reading": np.sum(1 - (1 - zipf(10_000)) ** 10_000).item(),
    "words-sharpening": 1 / (1 + (0.4 / 0.6) ** (0.9**-10)),
    "vae-generations": 11,
    "vae-price": (1 + 0.25 - 1 - np.log(0.25).item()) / 2,
    "lm-hesitation": 4,
    "lm-slips": 0.99**200,
}
FORMS = {
    "a torch scalar": torch.tensor,
    "a torch scalar of a computation": lambda x: torch.tensor(
        float(x), requires_grad=True
    ),
    "a torch tensor of one element": lambda x: torch.tensor([x]),
    "a Decimal": lambda x: Decimal(str(x)),
    "a Fraction": Fraction,
    "an array of one element": lambda x: np.array([x]),
    "an array of one row and column": lambda x: np.array([[x]]),
    "an array of one Decimal": lambda x: np.array([Decimal(str(x))]),
    "an array without axes": np.array,
    "single precision": np.float32,
    "a column of one element": lambda x: Column([x]),
    "a masked array without a mask": lambda x: np.ma.array([x]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("exercise", ONE_NUMBER)
def test_one_number_may_come_in_any_form(exercise, form):
    feedback = check(exercise, FORMS[form](ONE_NUMBER[exercise]))
    assert feedback, f"{form}: {feedback.message}"


@pytest.mark.parametrize("exercise", ONE_NUMBER)
def test_the_last_hint_does_not_give_the_answer_away(exercise):
    """A wrong answer that nothing is known about: its hint holds no recipe."""
    hint = check(exercise, ONE_NUMBER[exercise] * 0.517 + 1e-3).message
    assert not re.search(r"exp\(|log 1/|1/0\.9, ten", hint), hint


@pytest.mark.parametrize("exercise", [*ONE_NUMBER, "gaussian-sample-plan"])
def test_nothing_that_an_answer_does_escapes(exercise):
    class Rude:
        def __float__(self):
            raise SystemExit

        def __repr__(self):
            raise SystemExit

        def __array__(self, *arguments, **options):
            raise SystemExit

    feedback = check(exercise, Rude())
    assert feedback.correct is False
    assert "SystemExit" in feedback.message


def test_a_reader_can_interrupt_a_check():
    def slow(p, mass):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("lm-nucleus", slow)


def test_long_answers_are_shortened():
    message = check("gaussian-half-life", list(range(10_000))).message
    assert len(message) < 200, message


def test_dots_are_no_answer_yet():
    feedback = check("gaussian-half-life", ...)
    assert not feedback
    assert feedback.correct is None
    assert repr(feedback).startswith("Waiting.")


def test_no_two_chapters_claim_the_same_exercise():
    chapters = (gaussian, mixtures, rare_words, vae, language_model, making_it_work)
    names = [name for chapter in chapters for name in chapter.CHECKERS]
    assert sorted(names) == sorted(set(names))
    for name in names:
        assert check(name, ...).correct is None


def test_an_unknown_exercise_is_named():
    with pytest.raises(ValueError, match="got 'gaussian-halflife'"):
        check("gaussian-halflife", 1)


def test_a_hint_leads_to_the_figure_that_refutes_the_mistake():
    feedback = check("gaussian-half-life", 1386)
    state = "gaussian.html#gaussian-walks?generation=140&estimator=MLE&sample_size=100"
    assert feedback.figure == state
    assert repr(feedback).endswith(f"See {SITE}{state}")
    shown = feedback._repr_html_()
    assert f'href="{SITE}{state.replace("&", "&amp;")}"' in shown
    assert "divides by M" in shown


@pytest.mark.parametrize("answer", [..., 693, 17])
def test_feedback_without_a_figure_is_text_alone(answer):
    assert check("gaussian-half-life", answer)._repr_html_() is None


def test_the_site_is_where_the_repository_publishes_it(root):
    """Who publishes a copy changes both."""
    address = yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"]
    owner, name = address.removeprefix("https://github.com/").split("/")
    assert f"https://{owner}.github.io/{name}/" == SITE


def test_a_mistake_that_leads_to_what_is_right_is_none():
    checker = number_checker(
        right=0.25,
        praise="Yes.",
        mistakes=[(1 / 4, "One of four?"), (0.75, "The others?")],
        otherwise="No.",
        within=0.01,
    )
    assert checker(0.25) == "Yes."
    with pytest.raises(WrongAnswerError, match="The others"):
        checker(0.75)
