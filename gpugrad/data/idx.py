"""MNIST's file format: a magic number, the sizes as big-endian integers, then bytes."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, check_labels, check_parts, reading

IMAGES, LABELS = 2051, 2049  # the magic numbers: unsigned bytes with 3 and with 1 dimension


def read_idx(folder: Path) -> Dataset:
    """A folder with the four files of MNIST or one of its siblings, gzipped or not."""
    train_images, train_labels = _part(folder, "train")
    test_images, test_labels = _part(folder, "t10k")
    if train_images.shape[1:] != test_images.shape[1:]:
        raise DataError(
            f"{folder}: training images are {train_images.shape[1:]}, test images {test_images.shape[1:]}"
        )
    check_parts(folder, train_images, test_images)
    return Dataset(
        folder.name,
        _flat(train_images),
        train_labels,
        _flat(test_images),
        test_labels,
        train_images.shape[1:],
        classes=int(max(train_labels.max(), test_labels.max())) + 1,
    )


def _part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images = _array(_find(folder, f"{part}-images", "idx3-ubyte"), IMAGES)
    path = _find(folder, f"{part}-labels", "idx1-ubyte")
    return images, check_labels(path, _array(path, LABELS), len(images))


def _find(folder: Path, stem: str, kind: str) -> Path:
    """The file under either of the names in use, ``stem-kind`` and ``stem.kind``, gzipped or not."""
    for name in (f"{stem}-{kind}", f"{stem}.{kind}"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise DataError(f"{folder}: no file {stem}-{kind} or {stem}-{kind}.gz")


def _array(path: Path, magic: int) -> np.ndarray:
    content = _content(path)
    found = int.from_bytes(content[:4], "big")
    if len(content) < 4 or found != magic:
        raise DataError(f"{path}: wrong magic number, expected {magic}, got {found}")
    start = 4 + 4 * (magic & 0xFF)  # the magic number's last byte is the number of dimensions
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    if len(content) != start + math.prod(shape):
        raise DataError(
            f"{path}: {len(content)} bytes, expected {start + math.prod(shape)} for shape {shape}; "
            "the file is truncated or damaged"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(path: Path) -> bytes:
    with reading(path):
        if path.suffix != ".gz":
            return path.read_bytes()
        try:
            return gzip.decompress(path.read_bytes())
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{path}: not a complete gzip file ({error})") from error


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255
