"""Networks of dense layers: where they start, their value for any library, their gradients by hand.

``parameters`` are weights, of shape (inputs, outputs), and biases in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np


def dense(rng: np.random.Generator, sizes: Sequence[int]) -> list[np.ndarray]:
    """Weights of variance 2 / inputs (He et al. 2015), biases of 0."""
    start: list[np.ndarray] = []
    for m, n in pairwise(sizes):
        start += [rng.normal(0, sqrt(2 / m), (m, n)), np.zeros(n)]
    return start


def affine(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b


def network(parameters: Sequence, x: Any, activation: Callable, layer: Callable = affine) -> Any:
    """``layer`` after ``layer`` with ``activation`` between them."""
    *below, last = zip(parameters[::2], parameters[1::2], strict=True)
    for pair in below:
        x = activation(layer(x, *pair))
    return layer(x, *last)


def values(parameters: Sequence, x: Any, activation: Callable) -> list[Any]:
    """What `gradients` needs: x, the values of the layers below the last, and the value of the network."""
    found = [x]
    for k in range(0, len(parameters) - 2, 2):
        found.append(activation(affine(found[-1], *parameters[k : k + 2])))
    return [*found, affine(found[-1], *parameters[-2:])]


def gradients(parameters: Sequence, values: Sequence, g: Any, slope: Callable[[Any], Any]) -> list[Any]:
    """For every parameter; ``slope(h)`` is the derivative of the activation where its value is h."""
    found: list[Any] = []
    for k in range(len(parameters) - 2, -1, -2):
        h = values[k // 2]
        found[:0] = [h.T @ g, g.sum(0)]
        if k:
            g = (g @ parameters[k].T) * slope(h)
    return found
