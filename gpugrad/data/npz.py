"""NumPy archives, with a test part of their own or without."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, check_labels, check_parts, reading, split

PARTS = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")


def read_npz(path: Path, *, seed: int = 0) -> Dataset:
    """An archive with ``x_train``, ``y_train``, ``x_test``, ``y_test``, or with ``x`` and ``y``, then split.

    Rows of ``x`` are vectors or images; values are scaled by the range of the training part to [0, 1].
    """
    arrays = _arrays(path)
    if all(name in arrays for name in PARTS):
        parts = _pair(path, arrays, "x_train", "y_train") + _pair(path, arrays, "x_test", "y_test")
    elif all(name in arrays for name in WHOLE):
        images, labels = _pair(path, arrays, *WHOLE)
        train, test = split(labels, seed=seed)
        parts = images[train], labels[train], images[test], labels[test]
    else:
        raise DataError(
            f"{path}: expected the arrays {', '.join(PARTS)} or {', '.join(WHOLE)}, "
            f"got {', '.join(arrays) or 'none'}"
        )
    return _dataset(path, *parts)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with reading(path):
        try:
            with open(path, "rb") as file, np.load(file) as stored:
                return dict(stored.items())
        except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{path}: not a NumPy archive of plain arrays") from error


def _pair(path: Path, arrays: dict[str, np.ndarray], x: str, y: str) -> tuple[np.ndarray, np.ndarray]:
    images = arrays[x]
    if images.ndim < 2:
        raise DataError(f"{path}: {x} must have a row for each example, got shape {images.shape}")
    if images.dtype.kind not in "iufb":
        raise DataError(f"{path}: {x} must hold finite numbers, got {images.dtype}")
    if (wrong := ~np.isfinite(images)).any():
        raise DataError(f"{path}: {x} must hold finite numbers, got {images[wrong][0]}")
    return images, check_labels(path, arrays[y], len(images))


def _dataset(path: Path, train_images, train_labels, test_images, test_labels) -> Dataset:
    if train_images.shape[1:] != test_images.shape[1:]:
        raise DataError(
            f"{path}: x_train has rows of {train_images.shape[1:]}, x_test of {test_images.shape[1:]}"
        )
    check_parts(path, train_images, test_images)
    low, high = float(train_images.min()), float(train_images.max())

    def scaled(images):
        flat = images.reshape(len(images), -1).astype(np.float32)
        return (flat - np.float32(low)) / np.float32((high - low) or 1)

    return Dataset(
        path.stem,
        scaled(train_images),
        train_labels,
        scaled(test_images),
        test_labels,
        train_images.shape[1:] if _is_image(train_images.shape[1:]) else None,
        classes=int(max(train_labels.max(), test_labels.max())) + 1,
    )


def _is_image(shape: tuple[int, ...]) -> bool:
    """Height and width, and perhaps colours last."""
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
