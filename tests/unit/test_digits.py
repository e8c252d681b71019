"""Digits as they come, IDX files whole and broken, and a classifier put to the test."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import datasets

from collapse import digits
from collapse.digits import (
    CHECKSUMS,
    Classifier,
    digit_classifier,
    load_digits,
    load_mnist,
    principal_features,
    read_idx,
    train_classifier,
)
from support.servers import serving
from support.silence import silence

NAMES = list(CHECKSUMS)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES


def idx(array: np.ndarray, kind: int = 0x08) -> bytes:
    """Write an array as an IDX file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes()


def small_mnist() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        TRAIN_IMAGES: rng.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        TRAIN_LABELS: rng.integers(0, 10, 20, dtype=np.uint8),
        TEST_IMAGES: rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        TEST_LABELS: rng.integers(0, 10, 6, dtype=np.uint8),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four small files, half of them gzipped, one of them named with a dot."""
    arrays = small_mnist()
    (tmp_path / TRAIN_IMAGES).write_bytes(idx(arrays[TRAIN_IMAGES]))
    (tmp_path / "train-labels.idx1-ubyte").write_bytes(idx(arrays[TRAIN_LABELS]))
    for name in (TEST_IMAGES, TEST_LABELS):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(arrays[name])))
    return tmp_path


class TestOwnDigits:
    def test_they_are_scikit_learns_in_sixteenths(self):
        found = load_digits()
        images, labels = datasets.load_digits(return_X_y=True)
        assert found.train_images.shape == (1497, 64)
        assert found.test_images.shape == (300, 64)
        assert found.train_images.dtype == np.float32
        assert found.side == 8
        joined = np.concatenate([found.train_images, found.test_images])
        order, expected = np.lexsort(joined.T), np.lexsort(images.T)
        assert np.array_equal(16 * joined[order], images[expected])
        joined = np.concatenate([found.train_labels, found.test_labels])
        assert np.array_equal(np.bincount(joined), np.bincount(labels))
        assert np.array_equal(16 * found.test_images, images[::6])
        assert np.array_equal(found.test_labels, labels[::6])

    def test_every_class_is_in_both_parts(self):
        found = load_digits()
        assert np.bincount(found.train_labels).min() > 140
        assert np.bincount(found.test_labels).min() > 20

    def test_nobody_can_spoil_them_for_others(self):
        with pytest.raises(ValueError, match="read-only"):
            load_digits().train_images[0, 0] = 1

    @pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
    def test_torch_spoils_nothing_but_its_own(self):
        """It writes into read-only memory after a mere warning."""
        torch.from_numpy(load_digits().train_images).zero_()
        assert load_digits().train_images.mean() > 0.3


class TestFiles:
    def test_whole_files_are_read(self, folder):
        found, arrays = load_mnist(folder), small_mnist()
        assert found.side == 28
        assert found.train_images.dtype == np.float32
        images = found.train_images.reshape(20, 28, 28) * 255
        np.testing.assert_allclose(images, arrays[TRAIN_IMAGES], atol=1e-4)
        assert np.array_equal(found.train_labels, arrays[TRAIN_LABELS])
        images = found.test_images.reshape(6, 28, 28) * 255
        np.testing.assert_allclose(images, arrays[TEST_IMAGES], atol=1e-4)
        assert np.array_equal(found.test_labels, arrays[TEST_LABELS])

    def test_a_folder_may_be_given_as_text(self, folder):
        assert len(load_mnist(str(folder)).train_images) == 20

    @pytest.mark.parametrize("axes", [1, 2, 3, 4])
    def test_any_number_of_axes(self, axes, tmp_path):
        array = np.arange(24, dtype=np.uint8).reshape((24, 1, 1, 1)[:axes])
        (tmp_path / "file").write_bytes(idx(array))
        assert np.array_equal(read_idx(tmp_path / "file"), array)

    def test_missing_files_are_named(self, folder, tmp_path):
        (folder / f"{TEST_LABELS}.gz").unlink()
        with pytest.raises(ValueError, match=f"but {TEST_LABELS} .* download=True"):
            load_mnist(folder)
        with pytest.raises(ValueError, match=f"{TRAIN_IMAGES}, {TRAIN_LABELS}"):
            load_mnist(tmp_path / "nowhere")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "must be an IDX file, .* got nothing"),
            (b"\0\0\x08", "must be an IDX file"),
            (b"<html>not found</html>", "must be an IDX file, .* got 3c 68 74 6d"),
            (bytes([0, 0, 7, 1, 0, 0, 0, 0]), "must be an IDX file"),
            (idx(np.zeros((2, 2, 2), ">f4"), 0x0D), "must hold bytes, got 32-bit floa"),
            (bytes([0, 0, 8, 0]), "header of 4 bytes for 0 axes"),
            (bytes([0, 0, 8, 3, 0, 0, 0, 20]), "header of 16 bytes for 3 axes, got 8"),
            (idx(np.zeros((20, 28, 28), np.uint8))[:-1], "hold 15680 .* got 15679"),
            (idx(np.zeros((20, 28, 28), np.uint8)) + b"x", "hold 15680 .* got 15681"),
            (b"\0\0\x08\x03" + b"\xff" * 12, "must hold 79228162458924105385300197375"),
            (
                gzip.compress(idx(np.zeros(99, np.uint8)), mtime=0)[:-9],
                "damaged or truncated",
            ),
            (
                gzip.compress(bytes(999), mtime=0)[:12] + b"spoiled",
                "damaged or truncated",
            ),
            (b"\x1f\x8b" + bytes(30), "damaged or truncated"),
            (idx(np.zeros(20, np.uint8)), "must have 3 axes"),
            (idx(np.zeros((0, 28, 28), np.uint8)), "3 axes and not be empty"),
            (idx(np.zeros((19, 28, 28), np.uint8)), "19 images and 20 labels"),
            (idx(np.zeros((20, 28, 27), np.uint8)), "images must be square"),
            (
                idx(np.zeros((20, 8, 8), np.uint8)),
                r"equal in size, got \(8, 8\) in train.* and \(28, 28\) in t10k-images",
            ),
        ],
    )
    def test_a_broken_file_is_named_with_what_is_wrong(self, folder, content, message):
        (folder / TRAIN_IMAGES).write_bytes(content)
        with pytest.raises(ValueError, match=f"(?s){message}") as error:
            load_mnist(folder)
        if "square" not in message:
            assert TRAIN_IMAGES in str(error.value)

    def test_every_truncation_is_noticed(self, tmp_path):
        whole = idx(small_mnist()[TEST_LABELS])
        for content in (whole, gzip.compress(whole)):
            for length in range(len(content)):
                (tmp_path / "file").write_bytes(content[:length])
                with pytest.raises(ValueError, match="file "):
                    read_idx(tmp_path / "file")

    def test_labels_beyond_nine(self, folder):
        path = folder / "train-labels.idx1-ubyte"
        path.write_bytes(idx(np.full(20, 10, np.uint8)))
        with pytest.raises(ValueError, match="labels 0 to 9, got 10"):
            load_mnist(folder)
        path.write_bytes(idx(np.full(20, 9, np.uint8)))
        assert (load_mnist(folder).train_labels == 9).all()


@pytest.fixture
def server(tmp_path):
    """A web server on this machine with the four files; counts what it is asked."""
    served = tmp_path / "served"
    served.mkdir()
    for name, array in small_mnist().items():
        (served / f"{name}.gz").write_bytes(gzip.compress(idx(array), mtime=0))
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=served)

        def log_message(self, *_):
            asked.append(self.path)

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield f"{address}/", served, asked


@pytest.fixture
def checksums(server, monkeypatch):
    """The checksums of the small files, in place of MNIST's."""
    _, served, _ = server
    for name in NAMES:
        content = (served / f"{name}.gz").read_bytes()
        monkeypatch.setitem(CHECKSUMS, name, hashlib.md5(content).hexdigest())


class TestDownload:
    @pytest.mark.usefixtures("checksums")
    def test_files_are_fetched_once(self, server, tmp_path):
        address, _, asked = server
        folder = tmp_path / "new" / "mnist"
        found = load_mnist(folder, download=True, source=address)
        assert np.array_equal(found.test_labels, small_mnist()[TEST_LABELS])
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            f"{name}.gz" for name in NAMES
        )
        assert len(asked) == 4
        load_mnist(folder, download=True, source=address)
        load_mnist(folder)
        assert len(asked) == 4

    @pytest.mark.usefixtures("checksums")
    def test_only_what_is_missing_is_fetched(self, server, folder):
        address, _, asked = server
        (folder / f"{TEST_LABELS}.gz").unlink()
        load_mnist(folder, download=True, source=address.rstrip("/"))
        assert asked == [f"/{TEST_LABELS}.gz"]

    @pytest.mark.usefixtures("checksums")
    @pytest.mark.parametrize("spoil", ["truncated", "another", "page"])
    def test_a_wrong_file_is_refused_and_not_left_behind(self, server, tmp_path, spoil):
        address, served, _ = server
        place = served / f"{TRAIN_LABELS}.gz"
        content = place.read_bytes()
        place.write_bytes(
            {
                "truncated": content[:-5],
                "another": gzip.compress(idx(np.zeros(20, np.uint8))),
                "page": b"<html>log in first</html>",
            }[spoil]
        )
        folder = tmp_path / "mnist"
        with pytest.raises(ValueError, match=rf"{TRAIN_LABELS}\.gz must have the MD5"):
            load_mnist(folder, download=True, source=address)
        # The first one was right and stays; of the second nothing is left.
        assert [path.name for path in folder.iterdir()] == [f"{TRAIN_IMAGES}.gz"]

    def test_mnists_own_checksums_refuse_other_files(self, server, tmp_path):
        with pytest.raises(ValueError, match="f68b3c2dcbeaaa9fbdd348bbdeb94873"):
            load_mnist(tmp_path / "mnist", download=True, source=server[0])

    def test_no_answer_is_an_error_that_names_the_address(self, server, tmp_path):
        address, served, _ = server
        (served / f"{TRAIN_IMAGES}.gz").unlink()
        folder = tmp_path / "mnist"
        with pytest.raises(OSError, match=f"{TRAIN_IMAGES}.gz could not be downloaded"):
            load_mnist(folder, download=True, source=address)
        with pytest.raises(OSError, match="could not be downloaded"):
            load_mnist(folder, download=True, source="nonsense")
        assert list(folder.iterdir()) == []

    def test_nothing_is_half_written(self, server, tmp_path, monkeypatch):
        address, _, _ = server

        def fail(*_):
            raise OSError("disk full")

        monkeypatch.setattr(digits.os, "replace", fail)
        content = (server[1] / f"{TRAIN_IMAGES}.gz").read_bytes()
        monkeypatch.setitem(CHECKSUMS, TRAIN_IMAGES, hashlib.md5(content).hexdigest())
        with pytest.raises(OSError, match="disk full"):
            load_mnist(tmp_path / "mnist", download=True, source=address)
        assert list((tmp_path / "mnist").iterdir()) == []

    def test_download_is_yes_or_no(self, tmp_path):
        with pytest.raises(ValueError, match="download must be True or False"):
            load_mnist(tmp_path, download="yes")


class TestClassifier:
    def test_a_classifier_cannot_be_changed_and_equals_itself_alone(self):
        found = digit_classifier()
        with pytest.raises(AttributeError):
            found.weights = found.weights[::-1]
        twin = Classifier(found.weights, found.biases)
        assert len({found, twin}) == 2

    def test_it_reads_digits_that_it_has_not_seen(self):
        found, held_out = digit_classifier(), load_digits()
        chosen = found.probabilities(held_out.test_images).argmax(axis=-1)
        accuracy = (chosen == held_out.test_labels).mean()
        assert accuracy > 0.95, f"{accuracy:.3f} of 300"

    @pytest.mark.slow
    def test_other_seeds_read_as_well(self):
        data = load_digits()
        for seed in (1, 2):
            with silence():
                rng = np.random.default_rng(seed)
                found = train_classifier(data.train_images, data.train_labels, rng)
            chosen = found.probabilities(data.test_images).argmax(axis=-1)
            accuracy = (chosen == data.test_labels).mean()
            assert accuracy > 0.95, f"seed {seed}: {accuracy:.3f}"

    def test_it_is_sure_about_digits_and_unsure_about_their_average(self):
        found, data = digit_classifier(), load_digits()
        sure = found.probabilities(data.test_images).max(axis=-1) > 0.9
        assert sure.mean() > 0.85, f"{sure.mean():.2f}"
        for image in (data.train_images.mean(axis=0), np.zeros(64), np.full(64, 0.3)):
            assert found.probabilities(image).max() < 0.9

    def test_it_is_scikit_learns_network(self):
        from sklearn.neural_network import MLPClassifier

        found, images = digit_classifier(), load_digits().test_images.astype(float)
        theirs = MLPClassifier((64,), max_iter=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.fit(images, load_digits().test_labels)
        theirs.coefs_, theirs.intercepts_ = list(found.weights), list(found.biases)
        np.testing.assert_allclose(
            found.probabilities(images), theirs.predict_proba(images), atol=1e-9
        )

    def test_chains_are_an_axis(self):
        found, images = digit_classifier(), load_digits().test_images
        together = found.probabilities(images.reshape(3, 100, 64))
        assert together.shape == (3, 100, 10)
        np.testing.assert_allclose(together.sum(axis=-1), 1)
        alone = found.probabilities(images)
        np.testing.assert_allclose(together.reshape(300, 10), alone)
        assert found.features(images.reshape(3, 100, 64)).shape == (3, 100, 64)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"images": np.zeros((5, 5, 4))}, r"shapes \(n, pixels\) and \(n,\)"),
            ({"labels": 3}, "labels must have at least 1 axes"),
            ({"labels": [0, 1, 2]}, r"shapes \(n, pixels\) and \(n,\)"),
            ({"labels": [0, 1, 3, 0, 1, 3]}, "labels must be the classes"),
            ({"labels": [0, 1, 1, 0, 1, 1]}, "labels must be the classes"),
            ({"images": np.full((6, 4), np.nan)}, "images must be finite"),
            ({"rng": 1}, "rng must be a numpy.random.Generator"),
            ({"hidden": 0}, "hidden must be"),
        ],
    )
    def test_bad_training_data(self, change, message):
        good = {
            "images": np.zeros((6, 4)),
            "labels": [0, 1, 2, 0, 1, 2],
            "rng": np.random.default_rng(1),
        }
        with pytest.raises(ValueError, match=message):
            train_classifier(**good | change)

    def test_other_pixels(self):
        with pytest.raises(ValueError, match="last axis of 64 pixels"):
            digit_classifier().probabilities(np.zeros((5, 784)))


class TestPrincipalFeatures:
    def test_they_are_coordinates_along_eigenvectors(self):
        images = load_digits().train_images
        features = principal_features(images, 5)(images)
        covariance = np.cov(images.astype(float).T, ddof=0)
        values = np.linalg.eigvalsh(covariance)[::-1][:5]
        np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
        found = np.cov(features.T, ddof=0)
        np.testing.assert_allclose(found, np.diag(values), atol=1e-6)

    def test_all_of_them_keep_all_distances(self):
        images = load_digits().test_images
        features = principal_features(images, 64)(images.reshape(3, 100, 64))
        assert features.shape == (3, 100, 64)
        gap = np.square(features[0, 0] - features[1, 0]).sum()
        expected = np.square(images[0] - images[100]).sum()
        assert gap == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("dimensions", [0, 65, 2.5])
    def test_as_many_as_there_are(self, dimensions):
        with pytest.raises(ValueError, match="dimensions must be"):
            principal_features(load_digits().test_images, dimensions)
