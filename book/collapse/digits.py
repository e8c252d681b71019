"""Handwritten digits: scikit-learn's own, or MNIST from its files, and who reads them.

Images are rows of grey values in [0, 1], black ink being 1. The classifier and the
principal components, both trained on real digits, turn images into the probabilities
and features that `collapse.measures` compares. Floor 1: it knows numpy, scipy,
scikit-learn and no family.
"""

import gzip
import hashlib
import math
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.neural_network import MLPClassifier

from .validation import (
    boolean,
    finite_array,
    generator,
    lent,
    refuse,
    whole_number,
)
from .whole_file import download, replace_file

MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
"""Where `load_mnist` downloads from, unless told otherwise."""

CHECKSUMS = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
"""MNIST's four files, and the MD5 of each in its gzipped form."""

_HELD_OUT = 6
"""Every sixth of scikit-learn's digits is kept for testing."""

_IDX_TYPES = {
    0x08: "unsigned bytes",
    0x09: "signed bytes",
    0x0B: "16-bit integers",
    0x0C: "32-bit integers",
    0x0D: "32-bit floats",
    0x0E: "64-bit floats",
}


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits with their labels; the arrays cannot be written to.

    Attributes
    ----------
    train_images, test_images : array of float32, shape (n, side * side)
        In [0, 1], rows of pixels from the top left.
    train_labels, test_labels : array of int, shape (n,)
        0 to 9.
    side : int
        Pixels along an edge: ``images.reshape(-1, side, side)`` can be drawn.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    side: int


def load_digits() -> Digits:
    """Return scikit-learn's 1797 digits of 8 x 8 pixels: 1497 to train on, 300 to test.

    Every sixth is held out; that is the same on every machine and spreads over the
    thirteen writers. A pixel counts, in sixteenths, the black ones among 4 x 4 of a
    finer scan.

    References
    ----------
    Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository (1998).
    """
    train_images, train_labels, test_images, test_labels = map(lent, _read_digits())
    return Digits(train_images, train_labels, test_images, test_labels, side=8)


@cache
def _read_digits() -> tuple[np.ndarray, ...]:
    images, labels = datasets.load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    held_out = np.arange(len(images)) % _HELD_OUT == 0
    return images[~held_out], labels[~held_out], images[held_out], labels[held_out]


def load_mnist(
    folder: str | os.PathLike, download: bool = False, source: str = MIRROR
) -> Digits:
    """Return MNIST from its four IDX files, gzipped or not.

    Parameters
    ----------
    folder : path
        Holds ``train-images-idx3-ubyte.gz`` and the three others.
    download : bool
        Whether files that are not there are fetched. Each is checked by its MD5 and
        put in its place only when it is whole.
    source : str
        The address before the file names, for a download.

    Raises
    ------
    ValueError
        If a file is missing, no IDX file, truncated, too long or of the wrong kind,
        if images and labels differ in number, or if a checksum is wrong; the message
        names the file.
    OSError
        If a download fails.

    References
    ----------
    LeCun, Cortes & Burges, "The MNIST database of handwritten digits" (1998).
    """
    folder = Path(folder)
    if boolean("download", download):
        folder.mkdir(parents=True, exist_ok=True)
        for name, checksum in CHECKSUMS.items():
            if _find(folder, name) is None:
                target = folder / f"{name}.gz"
                _fetch(f"{source.rstrip('/')}/{name}.gz", target, checksum)
    found = {name: _find(folder, name) for name in CHECKSUMS}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise ValueError(
            f"folder must hold MNIST's four files, but {', '.join(missing)} "
            f"(.gz or not) are not in {str(folder)!r}; download=True fetches them"
        )
    paths = [path for path in found.values() if path is not None]
    train_images, train_labels = _labelled(*paths[:2])
    test_images, test_labels = _labelled(*paths[2:])
    shapes = train_images.shape[1:], test_images.shape[1:]
    if shapes[0] != shapes[1] or shapes[0][0] != shapes[0][1]:
        raise ValueError(
            f"images must be square and equal in size, got {shapes[0]} in "
            f"{paths[0].name} and {shapes[1]} in {paths[2].name}"
        )
    return Digits(
        _frozen(_grey(train_images)),
        _frozen(train_labels),
        _frozen(_grey(test_images)),
        _frozen(test_labels),
        side=shapes[0][0],
    )


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or not.

    Returns
    -------
    array of uint8
        With as many axes as the file says.

    Raises
    ------
    ValueError
        If the file is no such file, is truncated or goes on after its end; the
        message names it.
    """
    name, content = Path(path).name, Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{name} is damaged or truncated: {error}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _IDX_TYPES:
        raise ValueError(
            f"{name} must be an IDX file, which begins with 00 00, a type and a number "
            f"of axes, got {content[:4].hex(' ') or 'nothing'}"
        )
    if content[2] != 0x08:
        raise ValueError(f"{name} must hold bytes, got {_IDX_TYPES[content[2]]}")
    header = 4 + 4 * content[3]
    if len(content) < header or content[3] == 0:
        raise ValueError(
            f"{name} must have a header of {header} bytes for {content[3]} axes, "
            f"got {len(content)} bytes in all"
        )
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], ">u4"))
    if len(content) - header != math.prod(shape):
        raise ValueError(
            f"{name} must hold {math.prod(shape)} values for shape {shape}, "
            f"got {len(content) - header}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network of one hidden layer that says which digit an image shows.

    Parameters
    ----------
    weights : tuple of two arrays, shapes (pixels, hidden) and (hidden, classes)
    biases : tuple of two arrays, shapes (hidden,) and (classes,)
    """

    weights: tuple[np.ndarray, np.ndarray]
    biases: tuple[np.ndarray, np.ndarray]

    def features(self, images: Any) -> np.ndarray:
        """Return the hidden layer's outputs: (..., pixels) to (..., hidden).

        Raises
        ------
        ValueError
            If the images are not finite or have other pixels.
        """
        images, pixels = finite_array("images", images, axes=1), len(self.weights[0])
        if images.shape[-1] != pixels:
            raise ValueError(
                f"images must have a last axis of {pixels} pixels, "
                f"got shape {images.shape}"
            )
        return np.maximum(images @ self.weights[0] + self.biases[0], 0)

    def probabilities(self, images: Any) -> np.ndarray:
        """Return how probably an image shows each class, (..., classes).

        Every image gets probabilities that add up to 1, a grey blur too: the largest
        one names a class even where there is no digit. Count a class as present only
        where the classifier is sure (`collapse.measures.classes_held`).

        Raises
        ------
        ValueError
            As `features`.
        """
        scores = self.features(images) @ self.weights[1] + self.biases[1]
        return special.softmax(scores, axis=-1)


def train_classifier(
    images: Any, labels: Any, rng: np.random.Generator, hidden: int = 64
) -> Classifier:
    """Train a classifier with scikit-learn's ``MLPClassifier``.

    Parameters
    ----------
    images : array, shape (n, pixels)
        In [0, 1].
    labels : array of int, shape (n,)
        Classes 0, 1, ..., each of them there.
    rng : Generator
        For the first weights and the minibatches.
    hidden : int
        Width of the hidden layer, whose outputs are the features.

    Raises
    ------
    ValueError
        If the images are not finite, or the labels do not fit them or leave out a
        class.
    """
    images = finite_array("images", images, axes=2)
    labels = finite_array("labels", labels, axes=1)
    if images.ndim != 2 or labels.shape != images.shape[:1]:
        raise ValueError(
            "images and labels must have shapes (n, pixels) and (n,), "
            f"got {images.shape} and {labels.shape}"
        )
    classes = np.unique(labels)
    if len(classes) < 3 or not np.array_equal(classes, np.arange(len(classes))):
        raise refuse("labels", classes.tolist(), "the classes 0, 1, 2, ..., all there")
    network = MLPClassifier(
        (whole_number("hidden", hidden, 1),),
        # Without this much weight decay it is sure what the average image shows.
        alpha=0.1,
        max_iter=1000,
        random_state=int(generator("rng", rng).integers(2**32)),
    )
    # In single precision, which takes a third of the time.
    network.fit(images.astype(np.float32), labels)
    parts = network.coefs_, network.intercepts_
    return Classifier(*(tuple(part.astype(float) for part in side) for side in parts))


@cache
def digit_classifier() -> Classifier:
    """Return the classifier of scikit-learn's digits, trained on its training images.

    Always the same: its generator's seed is fixed. Above 95 % of the held-out images
    are classified rightly.
    """
    digits = load_digits()
    rng = np.random.default_rng(0)
    return train_classifier(digits.train_images, digits.train_labels, rng)


def principal_features(
    images: Any, dimensions: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the map of images to their coordinates along real principal components.

    Parameters
    ----------
    images : array, shape (n, pixels)
        Real images, whose components they are.
    dimensions : int
        How many of them, at most n and pixels.

    Returns
    -------
    callable
        Turns images of shape (..., pixels) into features (..., dimensions).

    Raises
    ------
    ValueError
        If the images are not finite or too few.
    """
    images = finite_array("images", images, axes=2)
    most = min(images.shape)
    if images.ndim != 2 or whole_number("dimensions", dimensions, 1) > most:
        raise ValueError(
            f"dimensions must be at most {most} for images of shape {images.shape}, "
            f"got {dimensions}"
        )
    found = PCA(dimensions, svd_solver="full").fit(images.astype(float))
    centre, axes = found.mean_, found.components_.T
    return lambda rows: (finite_array("images", rows, axes=1) - centre) @ axes


def _labelled(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read images (n, side, side) with their labels (n,)."""
    pictures, classes = read_idx(images), read_idx(labels)
    for path, array, axes in ((images, pictures, 3), (labels, classes, 1)):
        if array.ndim != axes or array.size == 0:
            raise ValueError(
                f"{path.name} must have {axes} axes and not be empty, "
                f"got shape {array.shape}"
            )
    if len(pictures) != len(classes):
        raise ValueError(
            f"{images.name} and {labels.name} must hold equally many, "
            f"got {len(pictures)} images and {len(classes)} labels"
        )
    if classes.max() > 9:
        raise ValueError(f"{labels.name} must hold labels 0 to 9, got {classes.max()}")
    return pictures, classes.astype(np.int64)


def _grey(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / np.float32(255)


def _frozen(array: np.ndarray) -> np.ndarray:
    """Return the array, which is handed out to everyone, closed for writing."""
    array.flags.writeable = False
    return array


def _find(folder: Path, name: str) -> Path | None:
    """Return the file of this name; some unpack it with a dot for the second dash."""
    dotted = name.replace("-idx", ".idx")
    paths = (folder / f"{stem}{end}" for stem in (name, dotted) for end in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def _fetch(address: str, target: Path, checksum: str) -> None:
    """Download a file; what is not whole and right never stands at its target."""
    content = download(address)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != checksum:
        raise ValueError(
            f"{address} must have the MD5 {checksum}, got {found} for "
            f"{len(content)} bytes; nothing was saved"
        )
    replace_file(target, lambda path: path.write_bytes(content))
