"""A chain of 100,000 operations ``y = y * a`` on 8 floats, forward and backward: what deep graphs cost.

torch.compile takes no part: it would unroll the loop. JAX has a loop of its own for this, ``lax.scan``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting

TITLE = "one of 100,000 operations in a row, forward and backward"
LENGTH = 100_000


def cases(device: str) -> list[Case]:
    return [Case("100k", {"length": LENGTH}, operations=LENGTH, memory=True)]


def inputs() -> list[np.ndarray]:
    """y and a, whose powers stay near 1."""
    return [np.linspace(0.1, 0.8, 8), np.linspace(1 - 1e-5, 1 + 1e-5, 8)]


def gpugrad(s: Setting):
    return _eager(s)


def torch(s: Setting):
    if s.compile(_chain) is not _chain:
        raise LookupError("takes no part: it would unroll the loop")
    return _eager(s)


def _eager(s: Setting):
    x, a = (s.parameter(v) for v in inputs())

    def step() -> list[Any]:
        y = _chain(x, a, s["length"])
        y.sum().backward()
        found = [y, x.grad, a.grad]
        x.grad = a.grad = None
        return found

    return step


def _chain(y: Any, a: Any, length: int) -> Any:
    for _ in range(length):
        y = y * a
    return y


def jax(s: Setting):
    import jax

    def chain(y, a):
        return jax.lax.scan(lambda y, _: (y * a, None), y, length=s["length"])[0]

    @s.compile
    def both(x, a):
        y, pull = jax.vjp(chain, x, a)
        return [y, *pull(jax.numpy.ones_like(y))]

    x, a = (s.array(v) for v in inputs())
    return lambda: both(x, a)


def autograd(s: Setting):
    from autograd import make_vjp

    x, a = (s.array(v) for v in inputs())
    both = make_vjp(lambda args: _chain(*args, s["length"]))

    def step() -> list[Any]:
        pull, y = both((x, a))
        return [y, *pull(s.xp.ones_like(x))]

    return step


def by_hand(s: Setting):
    x, a = (s.array(v) for v in inputs())

    def step() -> list[Any]:
        y, tape = x, []
        for _ in range(s["length"]):
            tape.append(y)
            y = y * a
        g, ga = s.xp.ones_like(y), s.xp.zeros_like(a)
        for before in reversed(tape):
            ga += g * before
            g = g * a
        return [y, g, ga]

    return step
