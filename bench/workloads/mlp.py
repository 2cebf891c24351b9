"""One training step of a classifier 784-512-256-10 on a batch of 128: relu, cross-entropy, SGD.

Every function here returns a step (no arguments, returns the loss as a NumPy array) for one contestant.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

SIZES, BATCH, RATE = (784, 512, 256, 10), 128, 0.05
OPERATIONS = 1

Step = Callable[[], list[np.ndarray]]


def inputs() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Examples, labels and initial parameters (weights and biases in turn)."""
    rng = np.random.default_rng(0)
    parameters: list[np.ndarray] = []
    for m, n in pairwise(SIZES):
        weights = rng.standard_normal((m, n)).astype("f4") * np.float32((2 / m) ** 0.5)
        parameters += [weights, np.zeros(n, "f4")]
    x = rng.standard_normal((BATCH, SIZES[0])).astype("f4")
    return x, rng.integers(0, SIZES[-1], BATCH), parameters


def gpugrad() -> Step:
    """gpugrad, on the CPU, with gg.nn and gg.optim left out: the engine alone."""
    import gpugrad as gg

    x, labels, start = inputs()
    parameters = [gg.tensor(p, requires_grad=True, device="cpu") for p in start]

    def step() -> list[np.ndarray]:
        h = gg.tensor(x, device="cpu")
        for k in range(0, len(parameters), 2):
            h = h @ parameters[k] + parameters[k + 1]
            if k + 2 < len(parameters):
                h = gg.relu(h)
        loss = gg.softmax_cross_entropy(h, labels)
        loss.backward()
        with gg.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return [loss.numpy()]

    return step


def torch() -> Step:
    """PyTorch eager, on one thread."""
    import torch

    torch.set_num_threads(1)
    x, labels, start = inputs()
    xs, targets = torch.from_numpy(x), torch.from_numpy(labels)
    parameters = [torch.tensor(p, requires_grad=True) for p in start]

    def step() -> list[np.ndarray]:
        h = xs
        for k in range(0, len(parameters), 2):
            h = h @ parameters[k] + parameters[k + 1]
            if k + 2 < len(parameters):
                h = h.relu()
        loss = torch.nn.functional.cross_entropy(h, targets)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return [loss.detach().numpy()]

    return step


def numpy() -> Step:
    """The derivative written out by hand: no engine at all."""
    x, labels, parameters = inputs()
    rows = np.arange(BATCH)

    def step() -> list[np.ndarray]:
        layers = [x]
        for k in range(0, len(parameters), 2):
            h = layers[-1] @ parameters[k] + parameters[k + 1]
            layers.append(np.maximum(h, 0) if k + 2 < len(parameters) else h)
        logits = layers[-1] - layers[-1].max(1, keepdims=True)
        e = np.exp(logits)
        total = e.sum(1, keepdims=True)
        loss = np.mean(np.log(total[:, 0]) - logits[rows, labels])
        g = e / total
        g[rows, labels] -= 1
        g /= np.float32(BATCH)
        for k in range(len(parameters) - 2, -1, -2):
            below = layers[k // 2]
            gw, gb = below.T @ g, g.sum(0)
            if k:
                g = (g @ parameters[k].T) * (below > 0)
            parameters[k] -= RATE * gw
            parameters[k + 1] -= RATE * gb
        return [np.asarray(loss)]

    return step
