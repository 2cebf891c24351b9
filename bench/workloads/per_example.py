"""Gradients of every example of a batch of 64: cross-entropy of a classifier 20-64-64-10 with tanh.

Every function here returns a step (no arguments, returns the gradients of the first two examples and the
squared norms of all as NumPy arrays) for one contestant.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

SIZES, BATCH = (20, 64, 64, 10), 64
OPERATIONS = 1

Step = Callable[[], list[np.ndarray]]
Layers = list[tuple[np.ndarray, np.ndarray]]


def inputs() -> tuple[Layers, np.ndarray, np.ndarray]:
    """Weights and biases of each layer, examples, labels."""
    rng = np.random.default_rng(0)
    layers = [
        ((rng.standard_normal((m, n)) / m**0.5).astype("f4"), np.zeros(n, "f4")) for m, n in pairwise(SIZES)
    ]
    x = rng.standard_normal((BATCH, SIZES[0])).astype("f4")
    return layers, x, rng.integers(0, SIZES[-1], BATCH)


def _shown(gradients: list[np.ndarray]) -> list[np.ndarray]:
    return [g[:2] for g in gradients] + [np.square(gradients[-1]).sum(-1)]


def gpugrad() -> Step:
    """``vmap(grad(loss))``, on the CPU."""
    import gpugrad as gg

    def loss(layers: Layers, x: gg.Tensor, label: gg.Tensor) -> gg.Tensor:
        for w, b in layers[:-1]:
            x = gg.tanh(x @ w + b)
        w, b = layers[-1]
        return gg.softmax_cross_entropy(x @ w + b, label)

    layers, x, labels = inputs()
    each = gg.vmap(gg.grad(loss), (None, 0, 0))
    return lambda: _shown([g for pair in each(layers, x, labels) for g in pair])


def torch() -> Step:
    """``torch.func.vmap(torch.func.grad(loss))``, on one thread."""
    import torch

    torch.set_num_threads(1)

    def loss(layers, x, label):
        for w, b in layers[:-1]:
            x = torch.tanh(x @ w + b)
        w, b = layers[-1]
        return torch.nn.functional.cross_entropy(x @ w + b, label)

    layers, x, labels = inputs()
    given = [tuple(map(torch.from_numpy, pair)) for pair in layers]
    xs, targets = torch.from_numpy(x), torch.from_numpy(labels)
    each = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))
    return lambda: _shown([g.numpy() for pair in each(given, xs, targets) for g in pair])


def jax() -> Step:
    """``jax.jit(jax.vmap(jax.grad(loss)))``."""
    import jax
    import jax.numpy as jnp

    def loss(layers, x, label):
        for w, b in layers[:-1]:
            x = jnp.tanh(x @ w + b)
        w, b = layers[-1]
        logits = x @ w + b
        return jax.nn.logsumexp(logits) - logits[label]

    layers, x, labels = jax.tree.map(jnp.asarray, inputs())
    each = jax.jit(jax.vmap(jax.grad(loss), (None, 0, 0)))
    return lambda: _shown([np.asarray(g) for pair in each(layers, x, labels) for g in pair])


def numpy() -> Step:
    """The derivative written out by hand, for all examples together."""
    layers, x, labels = inputs()
    rows = np.arange(BATCH)

    def step() -> list[np.ndarray]:
        below = [x]
        for w, b in layers[:-1]:
            below.append(np.tanh(below[-1] @ w + b))
        w, b = layers[-1]
        logits = below[-1] @ w + b
        e = np.exp(logits - logits.max(1, keepdims=True))
        g = e / e.sum(1, keepdims=True)
        g[rows, labels] -= 1
        found: list[np.ndarray] = []
        for (w, _), h in zip(reversed(layers), reversed(below), strict=True):
            found[:0] = [h[:, :, None] * g[:, None], g]
            g = (g @ w.T) * (1 - h * h)
        return _shown(found)

    return step
