"""Checks a reader's answer to an exercise and says what may have gone wrong.

Floor 4. A checker computes what is right from `collapse.theory` or by running the
loop; it never holds a list of answers. Tests hand each of them right and plausible
wrong answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real

import numpy as np

from . import theory
from .categorical import CategoricalModel, sharpen, zipf
from .gaussian import GaussianModel
from .mixture import GaussianMixtureModel
from .recursion import recurse


class WrongAnswerError(Exception):
    """Raised inside a checker; its text is the hint that the reader sees."""


@dataclass(frozen=True)
class Feedback:
    """Whether an answer is right, and a sentence about it; shows itself."""

    correct: bool | None
    message: str

    def __bool__(self) -> bool:
        return self.correct is True

    def __repr__(self) -> str:
        sign = {True: "Right.", False: "Not yet.", None: "Waiting."}[self.correct]
        return f"{sign} {self.message}"


def check(exercise: str, answer: object) -> Feedback:
    """Check the answer to an exercise.

    Parameters
    ----------
    exercise : str
        The exercise's name, as its cell gives it.
    answer : object
        What the exercise asks for; ``...`` stands for no answer yet.

    Returns
    -------
    Feedback
        True where the answer is right; shows a hint where it is not.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    if exercise not in _CHECKERS:
        raise ValueError(
            f"exercise must be one of {sorted(_CHECKERS)}, got {exercise!r}"
        )
    if answer is ...:
        return Feedback(None, "Put your answer where the dots are and run the cell.")
    try:
        return Feedback(True, _CHECKERS[exercise](answer))
    except WrongAnswerError as hint:
        return Feedback(False, str(hint))


def _number(answer: object) -> float:
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, Real):
        raise WrongAnswerError(f"The answer should be one number, got {answer!r}.")
    try:
        number = float(answer)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongAnswerError("The answer should be a finite number of sensible size.")
    return number


def _near(value: float, target: float, share: float) -> bool:
    return abs(value - target) <= share * abs(target)


@contextmanager
def _their_code(what: str = "family") -> Iterator[None]:
    """Turn what a reader's own code raises into a hint."""
    try:
        yield
    except WrongAnswerError:
        raise
    except Exception as error:
        raise WrongAnswerError(
            f"Your {what} stopped with {type(error).__name__}: {error}"
        ) from error


def _half_life(answer: object) -> str:
    value = _number(answer)
    right = float(theory.half_life(1000))
    if _near(value, float(theory.half_life(1000, "unbiased")), 0.02):
        raise WrongAnswerError("That is the unbiased estimator; np.std divides by M.")
    if _near(value, right / 2, 0.02):
        raise WrongAnswerError("That is when the variance halves, not the spread.")
    if not _near(value, right, 0.02):
        raise WrongAnswerError("Use the drift -2/M of log σ², and log σ = ½ log σ².")
    return f"The median spread halves every {right:.0f} refits: 0.69 M."


def _real_points(answer: object) -> str:
    value = _number(answer)
    if not float(value).is_integer():
        raise WrongAnswerError("A number of points is whole.")
    value = int(value)
    size = 10_000
    if not 1 <= value <= size:
        raise WrongAnswerError(f"There are between 1 and {size} points a generation.")
    kept = float(theory.fresh_mixing_variance(value / size, size))
    if kept < 0.95:
        raise WrongAnswerError(f"With {value} real points only {kept:.1%} is kept.")
    fewer = value - 1
    if fewer and theory.fresh_mixing_variance(fewer / size, size) >= 0.95:
        raise WrongAnswerError(f"{value} are enough, but so are fewer.")
    return f"{value} real points of {size} keep {kept:.1%} of the variance."


def _mean_and_median(answer: object) -> str:
    try:
        mean, median = (_number(np.asarray(part).item()) for part in answer)
    except (TypeError, ValueError):
        raise WrongAnswerError(
            f"Give two numbers, (mean, median), got {answer!r}."
        ) from None
    right = float(theory.median_sd(51, 100, "unbiased")) ** 2
    biased = float(theory.expected_variance(51, 100))
    if _near(mean, biased, 0.05):
        raise WrongAnswerError("The mean has fallen: divide by M - 1, not by M.")
    if not _near(mean, 1, 0.1):
        raise WrongAnswerError(
            f"The mean over universes is {mean:.2f}; it should stay."
        )
    if not _near(median, right, 0.1):
        raise WrongAnswerError(
            f"The median {median:.2f} is off: take it over the universes of generation "
            "50, of σ² and not of σ."
        )
    return "The mean stays near 1 while the typical universe has lost its spread."


def _own_family(answer: object) -> str:
    if not callable(getattr(answer, "fit", None)):
        raise WrongAnswerError("Hand over a family: an object with a fit method.")
    with _their_code():
        _check_laplace(answer)
        spreads = recurse(
            answer,
            GaussianModel(0.0, 1.0),
            generations=60,
            sample_size=40,
            chains=40,
            rng=np.random.default_rng(5),
            measures={"spread": lambda _model, data: np.std(data, axis=-1)},
        )["spread"]
    last = np.median(spreads[-1])
    if last > 0.8:
        raise WrongAnswerError(
            f"After 60 generations the median spread is {last:.2f}. Does sample draw "
            "new points from the fitted model?"
        )
    return f"Your family collapses too: the median spread fell to {last:.2f}."


def _check_laplace(family: object) -> None:
    """Fit skewed data, whose mean is not its median, and look at what is sampled."""
    rng = np.random.default_rng(9)
    data = rng.exponential(1.0, 20_000)
    sample = np.asarray(family.fit(data).sample(20_000, rng), float)
    if sample.shape != (20_000,) or not np.isfinite(sample).all():
        raise WrongAnswerError(
            f"sample(20000, rng) gave an array of shape {sample.shape}; it should be "
            "20000 finite numbers."
        )
    if np.isin(sample, data).mean() > 0.01:
        raise WrongAnswerError("sample hands out old points; draw new ones.")
    centre, scale = np.median(data), np.abs(data - np.median(data)).mean()
    if abs(np.median(sample) - centre) > 0.1:
        raise WrongAnswerError(
            f"The samples lie around {np.median(sample):.2f}; the median of the data "
            f"is {centre:.2f}. Does fit take the median?"
        )
    found = np.abs(sample - np.median(sample)).mean()
    if not _near(found, scale, 0.1):
        raise WrongAnswerError(
            f"The samples deviate by {found:.2f} on average, the data by {scale:.2f}: "
            "the scale that fit finds is not the scale that sample uses."
        )
    # Within one scale of the centre lie 63 % of a Laplace law, 58 % of a normal one.
    inside = np.mean(np.abs(sample - np.median(sample)) < found)
    if abs(inside - (1 - np.exp(-1))) > 0.02:
        raise WrongAnswerError("The samples do not follow a Laplace distribution.")


def _sample_plan(answer: object) -> str:
    try:
        sizes = np.asarray(answer, float)
    except (TypeError, ValueError):
        raise WrongAnswerError(f"Give 201 whole numbers, got {answer!r}.") from None
    if sizes.shape != (201,):
        raise WrongAnswerError(f"Give 201 sizes, one a generation, got {sizes.shape}.")
    if not np.isfinite(sizes).all() or (sizes != np.floor(sizes)).any():
        raise WrongAnswerError("Every size is a whole number.")
    if (sizes < 2).any():
        raise WrongAnswerError("A variance needs at least 2 points a generation.")
    if sizes.sum() > 100_000:
        raise WrongAnswerError(
            f"The plan uses {sizes.sum():.0f} points, more than 100000."
        )
    median = float(theory.growing_median_sd(sizes.astype(int))[-1])
    best = float(theory.growing_median_sd(np.full(201, 497))[-1])
    if median < 0.99 * best:
        raise WrongAnswerError(
            f"The median spread ends at {median:.3f}; {best:.3f} can be had. What "
            "makes the sum of 1/M smallest when the sum of M is given?"
        )
    return f"The median spread ends at {median:.3f}, as high as it can."


def _last_word(answer: object) -> str:
    value = _number(answer)
    right = float(theory.fixation_probability(0.2))
    if _near(value, 1 / 3, 0.02):
        raise WrongAnswerError("The words are not equally likely to win.")
    if not _near(value, right, 0.02):
        raise WrongAnswerError("A frequency is a martingale: what is its expectation?")
    return "A word wins with a probability equal to its frequency."


def _first_reading(answer: object) -> str:
    value = _number(answer)
    size = 10_000
    p = zipf(size)
    right = float(np.sum(-np.expm1(size * np.log1p(-p))))
    if _near(value, float(theory.expected_support(1, 1000, zipf(1000))), 0.02):
        raise WrongAnswerError("That is for 1000 words and 1000 draws.")
    if not _near(value, right, 0.02):
        raise WrongAnswerError("Add up, over the words, the chance of being drawn.")
    return f"{right:.0f} words, {right / size:.0%} of the list."


def _sharpening(answer: object) -> str:
    value = _number(answer)
    wrong = float(sharpen(np.array([0.6, 0.4]), 0.9)[0])
    if _near(value, wrong, 0.005):
        raise WrongAnswerError("That is after one generation.")
    right = float(sharpen(np.array([0.6, 0.4]), 0.9**10)[0])
    if not _near(value, right, 0.005):
        raise WrongAnswerError("Multiply the log-odds by 1/0.9, ten times.")
    return f"The first word has grown from 0.6 to {right:.3f}, without any chance."


def _average_minority(answer: object) -> str:
    value = _number(answer)
    if _near(value, 5.6, 0.02):
        raise WrongAnswerError("The histories that still hold it do not stay at 8 %.")
    if _near(value, 0.08, 0.02):
        raise WrongAnswerError("Give the share in per cent.")
    if not _near(value, 8, 0.05):
        raise WrongAnswerError("Is there anything that pushes a weight up or down?")
    return "Lost in some histories, gained in others: 8 % on average."


def _keep_minority(answer: object) -> str:
    share = _number(answer)
    if not 0 <= share <= 0.25:
        raise WrongAnswerError("Give a share between 0 and 0.25.")
    gone = float(theory.loss_probability(51, 200, 0.05, share))
    if gone > 0.05:
        raise WrongAnswerError(f"Then {gone:.1%} of the histories have lost it.")
    return f"Then {gone:.1%} of the histories have lost the minority."


def _discounting(answer: object) -> str:
    if not callable(answer):
        raise WrongAnswerError("Hand over the class: answer = Discounting.")
    cases = {
        "three seen of five": ([0, 0, 0, 1, 1, 2], [2.5, 1.5, 0.5, 0.75, 0.75]),
        "one seen of four": ([3, 3], [1 / 6, 1 / 6, 1 / 6, 1.5]),
        "all seen": ([0, 1, 1, 2], [1, 2, 1]),
    }
    with _their_code():
        for name, (data, kept) in cases.items():
            right = np.array(kept) / len(data)
            model = answer(len(kept)).fit(np.array(data))
            found = np.asarray(model.probabilities, float)
            if found.shape != right.shape or not np.allclose(found, right):
                raise WrongAnswerError(
                    f"For {name}, data {data}, the probabilities should be "
                    f"{np.round(right, 3).tolist()}, not "
                    f"{np.round(found, 3).tolist()}."
                )
        left = recurse(
            answer(300),
            CategoricalModel(zipf(300)),
            generations=10,
            sample_size=300,
            chains=4,
            rng=np.random.default_rng(3),
            measures={"p": lambda model, data: np.atleast_2d(model.probabilities)},
        )["p"][-1]
    if not (left > 0).all():
        raise WrongAnswerError("In the loop some words end with a probability of 0.")
    return "After ten generations every word still has a chance."


def _choosing(answer: object) -> str:
    if not callable(answer):
        raise WrongAnswerError("Hand over the class: answer = Choosing.")
    # Twice the gain in log-likelihood is about 250, 5, 13 and 17, where the criterion
    # asks for 3 log 200 = 16. A constant penalty gives way in the third case, half the
    # gain in the last.
    cases = (
        (1, 0.2, 6.0, 2),
        (2, 0.0, 6.0, 1),
        (5, 0.2, 2.5, 1),
        (0, 0.2, 2.5, 2),
    )
    with _their_code():
        for seed, minority, centre, right in cases:
            rng = np.random.default_rng(seed)
            labels = rng.random(200) < minority
            few, many = rng.normal(centre, 0.5, 200), rng.normal(0, 1, 200)
            data = np.where(labels, few, many)
            model = answer().fit(data, np.random.default_rng(0))
            found = np.size(model.weights)
            if found != right:
                raise WrongAnswerError(
                    f"Where {minority:.0%} of 200 points lie around {centre:g}, your "
                    f"family takes {found} components; the criterion takes {right}."
                )
        recurse(
            answer(),
            GaussianMixtureModel([0.9, 0.1], [0.0, 6.0], [1.0, 0.25]),
            generations=3,
            sample_size=100,
            chains=2,
            rng=np.random.default_rng(3),
        )
    return "It takes two components for two groups and one for one."


def _generations(answer: object) -> str:
    value = _number(answer)
    right = math.floor(math.log(0.01) / math.log(0.64)) + 1
    if value == right - 1:
        raise WrongAnswerError(f"After {right - 1} fits {0.64**value:.1%} are left.")
    if value != right:
        raise WrongAnswerError("After n fits 0.64**n is left: a whole number n.")
    return f"After {right} fits {0.64**right:.2%} are left."


def _price(answer: object) -> str:
    value = _number(answer)
    m, s = 1.0, 0.5
    right = (m**2 + s**2 - 1 - math.log(s**2)) / 2
    if _near(value, (m**2 + s - 1 - math.log(s)) / 2, 0.01):
        raise WrongAnswerError("0.5 is the standard deviation; the formula has 0.5².")
    if _near(value, 2 * right, 0.01):
        raise WrongAnswerError("Do not forget the factor 1/2.")
    if _near(value, right / math.log(2), 0.01):
        raise WrongAnswerError("That is in bits.")
    if _near(value, (m**2 + s**2 - 1 - math.log2(s**2)) / 2, 0.01):
        raise WrongAnswerError("Take the natural logarithm.")
    if not _near(value, right, 0.01):
        raise WrongAnswerError("What is the KL divergence from N(0, 1) to N(1, 0.5²)?")
    return f"{right:.3f} nats."


def _draws(answer: object) -> str:
    if not callable(answer):
        raise WrongAnswerError("Hand over the function: answer = draw.")
    shape = 4000, 64
    ink = np.broadcast_to(np.tile([0.0, 0.3, 0.3, 1.0], 16), shape)
    with _their_code("function"):
        drawn, same, other = (
            np.asarray(answer(ink, np.random.default_rng(seed)), float)
            for seed in (4, 4, 5)
        )
    if drawn.shape != shape:
        raise WrongAnswerError(
            f"Images of shape {shape} came back with shape {drawn.shape}."
        )
    if not np.allclose(16 * drawn, np.rint(16 * drawn)) or drawn.max() > 1:
        raise WrongAnswerError("Return shares: 0, 1/16, 2/16, ..., 1.")
    if not np.array_equal(drawn, same):
        raise WrongAnswerError("The same rng gives other images: draw from rng alone.")
    if np.array_equal(drawn, other):
        raise WrongAnswerError("Another rng gives the same images: draw from rng.")
    _check_dots(drawn)
    return "Each pixel varies as sixteen dots do, and no two share any."


def _check_dots(drawn: np.ndarray) -> None:
    """Look at draws from pixels of 0, 0.3, 0.3 and 1, again and again."""
    black, white = drawn[:, ::4], drawn[:, 3::4]
    grey = drawn[:, 1::4], drawn[:, 2::4]
    mean, variance = np.mean(grey), np.var(grey)
    # Five standard errors, of 32 grey pixels an image, even if a pixel were one dot.
    near = 5 * math.sqrt(0.21 / np.size(grey))
    if abs(mean - 0.3) > near or black.any() or (white < 1).any():
        raise WrongAnswerError(
            f"Pixels of 0, 0.3, 1 come out as {black.mean():.3f}, {mean:.3f}, "
            f"{white.mean():.3f}."
        )
    if not _near(variance, 0.21 / 16, 0.05):
        raise WrongAnswerError(
            f"A pixel of 0.3 varies by {variance:.4f}; sixteen independent dots "
            f"give {0.21 / 16:.4f}."
        )
    together = np.mean((grey[0] - mean) * (grey[1] - mean)) / variance
    if abs(together) > 5 / math.sqrt(grey[0].size):
        raise WrongAnswerError("Neighbouring pixels share their dots.")


def _scores(
    answer: Callable[[np.ndarray], object], shown: np.ndarray, what: str, thing: str
) -> np.ndarray:
    """Return the scores that a reader's function gives to (chains, n, ...)."""
    with _their_code(what):
        scores = np.asarray(answer(shown), float)
    if scores.shape != shown.shape[:2]:
        raise WrongAnswerError(
            f"{thing.capitalize()}s of shape {shown.shape} got scores of shape "
            f"{scores.shape}; one score for each {thing} is wanted."
        )
    return scores


def _curator(answer: object) -> str:
    # Imported here, because scikit-learn takes a second and no other check needs it.
    from .digits import load_digits

    if not callable(answer):
        raise WrongAnswerError("Hand over the function: answer = curator.")
    images = load_digits().test_images.reshape(3, 100, 64)
    # Halfway to the mean image, digits are hard to tell.
    blurred = (images + images.mean(axis=(0, 1))) / 2
    # So are two written over each other, and these have more contrast, not less.
    double = np.maximum(images, np.roll(images, 1, axis=1))
    shown = np.concatenate([images, blurred, double], axis=1)
    scores = _scores(answer, shown, "curator", "image")
    if not np.isfinite(scores).all():
        raise WrongAnswerError("Scores must be finite.")
    clear, blur, over = np.split(scores, 3, axis=1)
    sharp = np.mean(clear > blur)
    if sharp < 0.4:
        raise WrongAnswerError(
            "Blurred digits get better scores than sharp ones: the best are kept."
        )
    if sharp < 0.9:
        raise WrongAnswerError(f"Only {sharp:.0%} of real digits beat their blur.")
    single = np.mean(clear > over)
    if single < 0.7:
        raise WrongAnswerError(
            f"Only {single:.0%} of real digits beat two that are written over each "
            "other: ask the classifier, not the contrast."
        )
    return f"{sharp:.0%} of real digits score better than a blurred copy."


def _hesitation(answer: object) -> str:
    value = _number(answer)
    p = np.array([1 / 2, 1 / 4, 1 / 8])
    right = float(np.exp(-np.mean(np.log(p))))
    if _near(value, float(np.mean(1 / p)), 0.01):
        raise WrongAnswerError("Average the logarithms, not the inverse probabilities.")
    if _near(value, float(1 / np.prod(p)), 0.01):
        raise WrongAnswerError("Per word: divide the sum of the logarithms by 3.")
    if _near(value, math.log(right), 0.01):
        raise WrongAnswerError("That is the loss in nats; take exp of it.")
    if not _near(value, right, 0.01):
        raise WrongAnswerError("What is exp(-(log 1/2 + log 1/4 + log 1/8) / 3)?")
    return "As if each word were one of four."


def _slips(answer: object) -> str:
    value = _number(answer)
    if _near(value, 0.99**40, 0.01):
        raise WrongAnswerError("That is after one generation.")
    if _near(value, 0.99**160, 0.01):
        raise WrongAnswerError("Generations 0 to 4 are five that write.")
    right = 0.99**200
    if _near(value, 1 - right, 0.01):
        raise WrongAnswerError("That share has slips.")
    if _near(value, 100 * right, 0.01):
        raise WrongAnswerError("Give a share between 0 and 1.")
    if not _near(value, right, 0.02):
        raise WrongAnswerError("How many words have been written without a slip?")
    return f"{right:.1%} are left, of {0.99**40:.0%} after generation 0."


def _nucleus(answer: object) -> str:
    if not callable(answer):
        raise WrongAnswerError("Hand over the function: answer = nucleus.")
    cases = (
        ([0.5, 0.3, 0.15, 0.05], 0.9, [0.5, 0.3, 0.15, 0]),
        ([0.5, 0.3, 0.15, 0.05], 0.4, [0.5, 0, 0, 0]),
        ([0.05, 0.6, 0.15, 0.2], 0.7, [0, 0.6, 0, 0.2]),
        ([0.5, 0.25, 0.25], 0.5, [0.5, 0, 0]),
        ([0.1, 0.2, 0.7], 1.0, [0.1, 0.2, 0.7]),
    )
    for p, mass, kept in cases:
        right = np.array(kept) / sum(kept)
        given = np.array(p)
        with _their_code("function"):
            found = np.asarray(answer(given, mass), float)
        if not np.array_equal(given, p):
            raise WrongAnswerError("The probabilities that were handed over changed.")
        if found.shape != right.shape or not np.allclose(found, right):
            raise WrongAnswerError(
                f"Of {p} with mass {mass} should be left {right.round(3).tolist()}, "
                f"not {np.round(found, 3).tolist()}."
            )
    return "The tail is cut off, and the rest adds up to 1."


def _verifier(answer: object) -> str:
    # Imported here: no other check needs the encyclopaedia.
    from .corpus.encyclopaedia import encyclopaedia

    if not callable(answer):
        raise WrongAnswerError("Hand over the function: answer = verifier.")
    texts = encyclopaedia().sample(300, np.random.default_rng(6))[:, 1:]
    wrong = texts.copy()
    # Two words that stand side by side in the first sentence change places.
    wrong[:, [2, 3]] = texts[:, [3, 2]]
    both = np.concatenate([texts, wrong]).reshape(3, 200, -1)
    scores = _scores(answer, both, "function", "text")
    if np.isnan(scores).any():
        raise WrongAnswerError("A score is not a number.")
    right, broken = scores.reshape(2, 300)
    better = np.mean(right > broken)
    if np.mean(right < broken) > 0.5:
        raise WrongAnswerError("Broken texts get better scores; the best are kept.")
    if better < 0.9:
        raise WrongAnswerError(
            f"Only {better:.0%} of real texts beat a copy with two words exchanged."
        )
    return f"{better:.0%} of real texts beat a copy with two words exchanged."


_CHECKERS: dict[str, Callable[[object], str]] = {
    "gaussian-half-life": _half_life,
    "gaussian-real-points": _real_points,
    "gaussian-mean-and-median": _mean_and_median,
    "gaussian-own-family": _own_family,
    "gaussian-sample-plan": _sample_plan,
    "mixtures-average": _average_minority,
    "mixtures-keep": _keep_minority,
    "mixtures-choosing": _choosing,
    "words-last-word": _last_word,
    "words-first-reading": _first_reading,
    "words-sharpening": _sharpening,
    "words-discounting": _discounting,
    "vae-generations": _generations,
    "vae-price": _price,
    "vae-draws": _draws,
    "vae-curator": _curator,
    "lm-hesitation": _hesitation,
    "lm-slips": _slips,
    "lm-nucleus": _nucleus,
    "lm-verifier": _verifier,
}
