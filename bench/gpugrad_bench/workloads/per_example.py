"""The gradient of every example of a batch of 64: cross-entropy of a classifier 20-64-64-10 with tanh."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting
from ..formulas import softmax
from ..networks import dense, network, values

TITLE = "gradients of 64 examples one by one, MLP 20-64-64-10"


def cases(device: str) -> list[Case]:
    return [Case("vmap-64", {"sizes": (20, 64, 64, 10), "batch": 64})]


def inputs(s: Setting) -> tuple[list[Any], Any, Any]:
    """Weights and biases in turn, examples, labels."""
    rng, sizes, batch = np.random.default_rng(0), s["sizes"], s["batch"]
    parameters = [s.array(p) for p in dense(rng, sizes)]
    x, labels = rng.standard_normal((batch, sizes[0])), rng.integers(0, sizes[-1], batch)
    return parameters, s.array(x), s.array(labels)


def gpugrad(s: Setting):
    import gpugrad as gg

    def loss(parameters, x, label):
        return gg.softmax_cross_entropy(network(parameters, x, gg.tanh), label)

    given, each = inputs(s), gg.vmap(gg.grad(loss), (None, 0, 0))
    return lambda: each(*given)


def torch(s: Setting):
    import torch

    def loss(parameters, x, label):
        return torch.nn.functional.cross_entropy(network(parameters, x, torch.tanh), label)

    given, each = inputs(s), s.compile(torch.func.vmap(torch.func.grad(loss), (None, 0, 0)))
    return lambda: each(*given)


def jax(s: Setting):
    import jax

    def loss(parameters, x, label):
        return -jax.nn.log_softmax(network(parameters, x, jax.numpy.tanh))[label]

    given, each = inputs(s), s.compile(jax.vmap(jax.grad(loss), (None, 0, 0)))
    return lambda: each(*given)


def by_hand(s: Setting):
    xp = s.xp
    parameters, x, labels = inputs(s)
    rows = xp.arange(len(x))

    def step() -> list[Any]:
        *below, logits = values(parameters, x, xp.tanh)
        g = softmax(xp, logits)
        g[rows, labels] -= 1
        found: list[Any] = []
        for w, h in zip(reversed(parameters[::2]), reversed(below), strict=True):
            found[:0] = [h[:, :, None] * g[:, None], g]
            g = (g @ w.T) * (1 - h * h)
        return found

    return step
