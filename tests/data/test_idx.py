"""MNIST's files: every naming in use, and every way to be damaged."""

import gzip

import numpy as np
import pytest

from gpugrad import data


def encoded(array, magic):
    return b"".join(n.to_bytes(4, "big") for n in (magic, *array.shape)) + array.astype(np.uint8).tobytes()


def write(folder, *, separator="-", suffix="", pack=bytes):
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("t10k", 3)):
        images, labels = rng.integers(0, 256, (count, 4, 5)), np.arange(count) % 3
        (folder / f"{part}-images{separator}idx3-ubyte{suffix}").write_bytes(pack(encoded(images, 2051)))
        (folder / f"{part}-labels{separator}idx1-ubyte{suffix}").write_bytes(pack(encoded(labels, 2049)))
    return folder


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".gz", gzip.compress)])
def test_reads_both_namings_gzipped_or_not(tmp_path, separator, suffix, pack):
    read = data.read(write(tmp_path, separator=separator, suffix=suffix, pack=pack))
    assert read.train_images.shape == (6, 20) and read.train_images.dtype == np.float32
    assert read.test_images.shape == (3, 20) and 0 <= read.test_images.min() <= read.test_images.max() <= 1
    assert read.train_labels.tolist() == [0, 1, 2, 0, 1, 2] and read.train_labels.dtype == np.int64
    assert read.image_shape == (4, 5) and read.classes == 3
    expected = np.random.default_rng(0).integers(0, 256, (6, 20))
    np.testing.assert_array_equal(np.round(read.train_images * 255), expected)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("train-images-idx3-ubyte", lambda b: b"\0\0\x08\x01" + b[4:], "expected 2051, got 2049"),
        ("train-images-idx3-ubyte", lambda b: b"", "wrong magic number"),
        ("t10k-images-idx3-ubyte", lambda b: b[:-7], "69 bytes, expected 76 .* truncated"),
        ("t10k-images-idx3-ubyte", lambda b: b[:6], "6 bytes, expected"),
        ("t10k-images-idx3-ubyte", lambda b: b + b"x", "77 bytes, expected 76"),
        ("train-labels-idx1-ubyte", lambda b: encoded(np.zeros(5), 2049), "6 rows of data, but labels"),
        ("t10k-images-idx3-ubyte", lambda b: encoded(np.zeros((3, 5, 4)), 2051), "training images are"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, damage, message):
    path = write(tmp_path) / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(data.DataError, match=message) as error:
        data.read(tmp_path)
    assert "\n" not in str(error.value)


def test_missing_file_is_named(tmp_path):
    (write(tmp_path) / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(data.DataError, match=r"no file t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte\.gz"):
        data.read(tmp_path)


def test_empty_test_part(tmp_path):
    write(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(encoded(np.zeros((0, 4, 5)), 2051))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(encoded(np.zeros(0), 2049))
    with pytest.raises(data.DataError, match="the test part is empty"):
        data.read(tmp_path)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-12], lambda b: b"not gzip", lambda b: b[:20] + b"\xff" * 9 + b[29:]]
)
def test_damaged_gzip(tmp_path, damage):
    path = write(tmp_path, suffix=".gz", pack=gzip.compress) / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(data.DataError, match="not a complete gzip file"):
        data.read(tmp_path)
