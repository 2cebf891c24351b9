"""The handwritten digits that come with the package (see digits.txt for source and licence)."""

from importlib.resources import as_file, files

import numpy as np

from .dataset import Dataset, split


def digits() -> Dataset:
    """The UCI handwritten digits: 1,797 real images of 8 x 8 pixels.

    A fifth of every class is held out for testing, always the same images, so that weights from one run
    are never scored on what they were trained on. The writers of both parts are the same people.
    """
    with as_file(files("gpugrad.data") / "digits.npz") as path, np.load(path) as stored:
        images = stored["images"].reshape(-1, 64).astype(np.float32) / 16
        labels = stored["labels"].astype(np.int64)
    train, test = split(labels)
    return Dataset(
        "UCI handwritten digits", images[train], labels[train], images[test], labels[test], (8, 8), classes=10
    )
