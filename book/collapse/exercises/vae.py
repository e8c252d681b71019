"""Checkers of the chapter on the VAE (`vae.md`). Floor 4."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..numerals import per_cent
from .answers import (
    Checker,
    NumberChecker,
    Verdict,
    WrongAnswerError,
    callable_named,
    is_near,
    number_checker,
    rest,
)
from .tries import check_rng, scores_of, share_preferred, three_draws

_FITS = math.floor(math.log(0.01) / math.log(0.64)) + 1
_LINEAR = math.ceil(0.99 / 0.36)


def _generations() -> NumberChecker:
    table = (
        Verdict(
            _LINEAR,
            _LINEAR,
            False,
            "Each fit takes a share of what is left, not of what there was at first.",
            "vae.html#vae-errors?setting=standard",
        ),
        *(
            Verdict(
                fits,
                fits,
                False,
                f"After {fits} fits {per_cent(0.64**fits, 1)} are left.",
            )
            for fits in range(_FITS)
        ),
        Verdict(
            _FITS,
            _FITS,
            True,
            f"After {_FITS} fits {per_cent(0.64**_FITS, 2)} are left.",
        ),
        Verdict(
            _FITS,
            math.inf,
            False,
            "After so many fits less than 1 % is left, but so it is after fewer.",
            whole=True,
        ),
        rest("After n fits 0.64**n is left: a whole number n."),
    )
    return NumberChecker(table)


def _divergence(
    mean: float, variance: float, log: Callable[[float], float] = math.log
) -> float:
    """KL divergence from N(0, 1) to a Gaussian, in nats where ``log`` is natural."""
    return (mean**2 + variance - 1 - log(variance)) / 2


_PRICE = _divergence(1.0, 0.5**2)


def _draws(answer: object) -> str:
    draw = callable_named(answer, "draw")
    shape = 4000, 64
    ink = np.broadcast_to(np.tile([0.0, 0.3, 0.3, 1.0], 16), shape)
    drawn, same, other = three_draws(lambda rng: draw(ink, rng), "function")
    if drawn.shape != shape:
        raise WrongAnswerError(
            f"Images of shape {shape} came back with shape {drawn.shape}."
        )
    if not np.allclose(16 * drawn, np.rint(16 * drawn)) or drawn.max() > 1:
        raise WrongAnswerError("Return shares: 0, 1/16, 2/16, ..., 1.")
    if not drawn[:, 1:3].any():
        raise WrongAnswerError(
            "Pixels of 0.3 come out as 0: // drops what / keeps of a division."
        )
    check_rng(drawn, same, other, "images")
    _check_dots(drawn)
    return "Each pixel varies as sixteen dots do, and no two share any."


def _check_dots(drawn: np.ndarray) -> None:
    """Look at draws from pixels of 0, 0.3, 0.3 and 1, again and again."""
    black, white = drawn[:, ::4], drawn[:, 3::4]
    grey = np.hstack([drawn[:, 1::4], drawn[:, 2::4]])
    mean, variance = grey.mean(), grey.var()
    # Five standard errors, of 32 grey pixels an image, even if a pixel were one dot.
    near = 5 * math.sqrt(0.21 / grey.size)
    if abs(mean - 0.3) > near or black.any() or (white < 1).any():
        raise WrongAnswerError(
            f"Pixels of 0, 0.3, 1 come out as {black.mean():.3f}, {mean:.3f}, "
            f"{white.mean():.3f}."
        )
    if not is_near(variance, 0.21 / 16, 0.05):
        raise WrongAnswerError(
            f"A pixel of 0.3 varies by {variance:.4f}; sixteen independent dots "
            f"give {0.21 / 16:.4f}."
        )
    away = grey - mean
    # Sixteen dots lean to the right by 0.22, with a standard error of 0.007.
    lean = np.mean(away**3) / variance**1.5
    if abs(lean - 0.4 / math.sqrt(16 * 0.21)) > 0.05:
        raise WrongAnswerError(
            "Mean and variance are right, but 0 to 16 dots are not as probable as "
            "sixteen independent ones make them."
        )
    together = away.T @ away / variance / len(drawn)
    np.fill_diagonal(together, 0)
    # Six standard errors, of 496 pairs of pixels.
    if np.abs(together).max() > 6 / math.sqrt(len(drawn)):
        raise WrongAnswerError("Some pixels share their dots: draw for each its own.")
    # Two images of 32 grey pixels are never alike by chance.
    if len(np.unique(grey, axis=0)) < len(drawn):
        raise WrongAnswerError("Some images share their dots: draw for each its own.")


def _curator(answer: object) -> str:
    # Imported here, because scikit-learn takes a second and no other check needs it.
    from ..digits import load_digits

    curator = callable_named(answer, "curator")
    images = load_digits().test_images.reshape(3, 100, 64)
    # Halfway to the mean image, digits are hard to tell.
    blurred = (images + images.mean(axis=(0, 1))) / 2
    # So are two written over each other, and these have more contrast, not less.
    double = np.maximum(images, np.roll(images, 1, axis=1))
    shown = np.concatenate([images, blurred, double], axis=1)
    scores = scores_of(curator, shown, "curator", "image")
    clear, blur, over = np.split(scores, 3, axis=1)
    sharp = share_preferred(clear, blur, ("real digits", "blurred ones"))
    if sharp < 0.9:
        raise WrongAnswerError(
            f"Only {per_cent(sharp)} of real digits beat their blur."
        )
    single = float(np.mean(clear > over))
    if single < 0.7:
        raise WrongAnswerError(
            f"Only {per_cent(single)} of real digits beat two that are written over "
            "each other: ask the classifier, not the contrast."
        )
    return f"{per_cent(sharp)} of real digits score better than a blurred copy."


CHECKERS: dict[str, Checker] = {
    "vae-generations": _generations(),
    "vae-price": number_checker(
        right=_PRICE,
        praise=f"{_PRICE:.3f} nats.",
        mistakes=[
            (
                _divergence(1.0, 0.5),
                "0.5 is the standard deviation; the formula has 0.5².",
            ),
            (2 * _PRICE, "Do not forget the factor 1/2."),
            (_PRICE / math.log(2), "That is in bits."),
            (_divergence(1.0, 0.5**2, math.log2), "Take the natural logarithm."),
            (
                _divergence(1.0, 0.5**2, lambda variance: math.log(variance) / 2),
                "The logarithm is of the variance, 0.5², and not of 0.5.",
            ),
        ],
        otherwise="What is the KL divergence from N(0, 1) to N(1, 0.5²)?",
        within=0.01,
    ),
    "vae-draws": _draws,
    "vae-curator": _curator,
}
