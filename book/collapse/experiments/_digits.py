"""What the experiments with digits share: one recursion, and what is measured on it.

Floor 3.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from .. import measures
from ..digits import digit_classifier, load_digits, principal_features
from ..recursion import Diet, recurse
from ..vae import VAE, VAEModel

LOOKED_AT = 500
"""How many images of each model are measured."""

SHOWN = 40
"""How many of them are kept of each of the first chains."""

PICTURED = 3
"""Of how many chains images are kept."""

COMPONENTS = 10
"""Principal components in which two sets of images are compared."""

MEASURES = (
    "pixel_variance",
    "frechet_pixels",
    "frechet_features",
    "effective_classes",
    "classes_named",
    "classes_held",
    "coverage",
    "kl",
)
"""What `digits_history` returns beside images."""


def digits_history(
    family: VAE,
    diet: Diet,
    *,
    generations: int,
    sample_size: int,
    chains: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Train autoencoders on what the ones before drew, and look at 500 images of each.

    The images of all generations come from the same random numbers. Real images are
    the training images of `load_digits`; what is measured is compared with the test
    images.

    Returns
    -------
    dict of str to array of float32, shape (generations + 1, chains)
        ``pixel_variance``; ``frechet_pixels`` and ``frechet_features``, the Fréchet
        distances along ten principal components and among a classifier's hidden
        units; ``effective_classes``, of the mean of the classifier's probabilities;
        ``classes_named``, how many are anyone's first choice; ``classes_held``, how
        many have at least three images (more than 0.5 %) shown with a confidence above
        0.9; ``coverage`` of the test images; ``kl``, with a further axis for the
        latent dimensions, in falling order. And ``images``, shape
        (generations + 1, 3, 40, 64) of uint8: grey values of 0 to 255, of the first
        three chains.
    """
    seed = int(rng.integers(2**32))

    def measure(model: VAEModel, data: np.ndarray) -> dict[str, np.ndarray]:
        images = model.sample(LOOKED_AT, np.random.default_rng(seed))
        shown = np.rint(255 * images[:, :SHOWN])
        return {**_measured(images), "kl": _sorted_kl(model), "images": shown}

    history = recurse(
        family,
        load_digits().train_images,
        generations=generations,
        sample_size=sample_size,
        diet=diet,
        chains=chains,
        rng=rng,
        measure=measure,
    )
    numbers = {name: history[name].astype(np.float32) for name in MEASURES}
    pictured = history["images"][:, :PICTURED]
    return {**numbers, "images": pictured.astype(np.uint8)}


@cache
def _reference() -> Mapping[str, Any]:
    """Return what images are compared with, computed once in each process."""
    digits, classifier = load_digits(), digit_classifier()
    project = principal_features(digits.train_images, COMPONENTS)
    return {
        "classifier": classifier,
        "project": project,
        "pixels": project(digits.test_images),
        "features": classifier.features(digits.test_images),
    }


def _measured(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measure images (chains, n, pixels), each in an array of shape (chains,)."""
    real = _reference()
    probabilities = real["classifier"].probabilities(images)
    pixels, features = real["project"](images), real["classifier"].features(images)
    names = probabilities.argmax(axis=-1)
    return {
        "pixel_variance": measures.pixel_variance(images),
        "frechet_pixels": measures.frechet_distance(pixels, real["pixels"]),
        "frechet_features": measures.frechet_distance(features, real["features"]),
        "effective_classes": measures.effective_classes(probabilities.mean(axis=-2)),
        "classes_named": np.array([len(np.unique(row)) for row in names]),
        "classes_held": measures.classes_held(probabilities, 0.9, least=0.005),
        "coverage": measures.coverage(pixels, real["pixels"]),
    }


def _sorted_kl(model: VAEModel) -> np.ndarray:
    kl = model.kl_per_dimension(load_digits().test_images)
    return -np.sort(-kl, axis=-1)
