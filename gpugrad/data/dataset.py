"""What every reader returns, and the error every reader raises."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Far above any real classification task; a label beyond it is a column of measurements read as classes.
MAX_CLASSES = 65_536


class DataError(ValueError):
    """A data file that is missing or not what it should be; the message is one line that names the file."""


@dataclass(frozen=True)
class Dataset:
    """Images (or other rows of numbers) with a class each, in a training and a test part."""

    name: str
    train_images: np.ndarray  # float32 (count, features)
    train_labels: np.ndarray  # int64 (count,)
    test_images: np.ndarray
    test_labels: np.ndarray
    image_shape: tuple[int, ...] | None  # None where a row is not an image
    classes: int


def split(labels: np.ndarray, *, test_share: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Indices of a training and a test part, drawn at random within every class."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        drawn[members[: round(len(members) * test_share)]] = True
    return np.flatnonzero(~drawn), np.flatnonzero(drawn)


def check_labels(path: Path, labels: np.ndarray, count: int, name: str = "labels") -> np.ndarray:
    """``labels`` as int64, after checking that they are ``count`` class numbers."""
    if labels.shape != (count,):
        raise DataError(f"{path}: {count} rows of data, but {name} of shape {labels.shape}")
    if labels.dtype.kind not in "iufb":
        raise DataError(f"{path}: {name} must be numbers, got {labels.dtype}")
    wrong = ~((labels >= 0) & (labels < MAX_CLASSES) & (labels == np.floor(labels)))
    if wrong.any():
        raise DataError(
            f"{path}: {name} must be whole numbers from 0 to {MAX_CLASSES - 1}, got {labels[wrong][0]}"
        )
    return labels.astype(np.int64)


def check_parts(path: Path, train: np.ndarray, test: np.ndarray) -> None:
    """Neither part may be empty."""
    for part, name in ((train, "training"), (test, "test")):
        if part.size == 0:
            raise DataError(f"{path}: the {name} part is empty")


@contextmanager
def reading(path: Path):
    """Turn what the operating system says about ``path`` into a `DataError`."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
