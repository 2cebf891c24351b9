"""What the engine costs round each operation: ``y = tanh(a * y + b)``, 333 times, on 8 floats.

The gradients of ``sum(y)`` with respect to the first y, a and b.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting

TITLE = "one of 999 operations on 8 numbers, forward and backward"
LENGTH = 333


def cases(device: str) -> list[Case]:
    return [Case("chain", operations=3 * LENGTH)]


def inputs() -> list[np.ndarray]:
    """y, a and b."""
    return [np.linspace(0.1, 0.8, 8), np.full(8, 1.1), np.full(8, 0.01)]


def gpugrad(s: Setting):
    import gpugrad as gg

    x, a, b = (s.parameter(v) for v in inputs())

    def step() -> list[Any]:
        x.grad = a.grad = b.grad = None
        y = x
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = gg.tanh(y)
        y.sum().backward()
        return [x.grad, a.grad, b.grad]

    return step


def torch(s: Setting):
    x, a, b = (s.parameter(v) for v in inputs())

    @s.compile
    def loss(y, a, b):
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = y.tanh()
        return y.sum()

    def step() -> list[Any]:
        x.grad = a.grad = b.grad = None
        loss(x, a, b).backward()
        return [x.grad, a.grad, b.grad]

    return step


def jax(s: Setting):
    import jax.numpy as jnp
    from jax import grad

    def loss(y, a, b):
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = jnp.tanh(y)
        return y.sum()

    gradient, values = s.compile(grad(loss, (0, 1, 2))), [s.array(v) for v in inputs()]
    return lambda: gradient(*values)


def autograd(s: Setting):
    import autograd.numpy as anp
    from autograd import grad

    def loss(args):
        y, a, b = args
        for _ in range(LENGTH):
            y = y * a
            y = y + b
            y = anp.tanh(y)
        return anp.sum(y)

    gradient, values = grad(loss), [s.array(v) for v in inputs()]
    return lambda: gradient(values)


def by_hand(s: Setting):
    xp = s.xp
    x, a, b = (s.array(v) for v in inputs())

    def step() -> list[Any]:
        y, tape = x, []
        for _ in range(LENGTH):
            tape.append(y)
            y = xp.tanh(y * a + b)
        g, ga, gb = xp.ones_like(y), xp.zeros_like(a), xp.zeros_like(b)
        for before in reversed(tape):
            g = g * ((1 - y) * (1 + y))
            gb += g
            ga += g * before
            g = g * a
            y = before
        return [g, ga, gb]

    return step
