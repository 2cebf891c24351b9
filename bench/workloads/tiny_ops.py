"""A chain of 999 operations on 8 floats, forward and backward: what the engine costs round each operation.

``y = tanh(a * y + b)``, 333 times; the gradients of ``sum(y)`` with respect to x, a and b. Every function
here returns a step (no arguments, returns the three gradients as NumPy arrays) for one contestant.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LENGTH = 333
OPERATIONS = 3 * LENGTH

Step = Callable[[], list[np.ndarray]]


def inputs() -> list[np.ndarray]:
    """x, a and b."""
    return [np.linspace(0.1, 0.8, 8, dtype="f4"), np.full(8, 1.1, "f4"), np.full(8, 0.01, "f4")]


def gpugrad() -> Step:
    """gpugrad, on the CPU."""
    import gpugrad as gg

    values = inputs()

    def step() -> list[np.ndarray]:
        x, a, b = (gg.tensor(v, requires_grad=True, device="cpu") for v in values)
        y = x
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = gg.tanh(y)
        y.sum().backward()
        return [t.grad.numpy() for t in (x, a, b)]

    return step


def torch() -> Step:
    """PyTorch eager, on one thread."""
    import torch

    torch.set_num_threads(1)
    values = inputs()

    def step() -> list[np.ndarray]:
        x, a, b = (torch.tensor(v, requires_grad=True) for v in values)
        y = x
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = y.tanh()
        y.sum().backward()
        return [t.grad.numpy() for t in (x, a, b)]

    return step


def autograd() -> Step:
    """HIPS Autograd."""
    import autograd.numpy as anp
    from autograd import grad

    def loss(args: list[np.ndarray]) -> np.ndarray:
        x, a, b = args
        y = x
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = anp.tanh(y)
        return anp.sum(y)

    gradient, values = grad(loss), inputs()
    return lambda: gradient(values)


def numpy() -> Step:
    """The derivative written out by hand: no engine at all."""

    x, a, b = inputs()

    def step() -> list[np.ndarray]:
        y, tape = x, []
        for _ in range(LENGTH):
            tape.append(y)
            y = np.tanh(y * a + b)
        g, ga, gb = np.ones_like(y), np.zeros_like(a), np.zeros_like(b)
        for before in reversed(tape):
            g = g * ((1 - y) * (1 + y))
            gb += g
            ga += g * before
            g = g * a
            y = before
        return [g, ga, gb]

    return step
