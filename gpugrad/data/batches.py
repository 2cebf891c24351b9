"""Shuffled minibatches."""

from collections.abc import Iterator

import numpy as np


def batches(
    images: np.ndarray, labels: np.ndarray, *, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All rows once, in an order drawn from ``rng``, ``size`` at a time; the last batch holds what is left.

    The order is drawn before the first batch is taken, so ``rng`` does not change while the batches are used.
    """
    order = rng.permutation(len(images))
    picks = (order[at : at + size] for at in range(0, len(order), size))
    return ((images[rows], labels[rows]) for rows in picks)
