"""The full Jacobian of a function of 100 numbers with 100 results: ``tanh(v @ tanh(w @ x)) * x``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting

TITLE = "Jacobian of 100 results with respect to 100 numbers, in float64"


def cases(device: str) -> list[Case]:
    return [Case("reverse-100x100", {"size": 100}, "float64")]


def inputs(s: Setting) -> list[Any]:
    """w, v and x."""
    n, rng = s["size"], np.random.default_rng(0)
    w, v = rng.normal(size=(2, n, n)) / 10
    return [s.array(w), s.array(v), s.array(rng.normal(size=n))]


def gpugrad(s: Setting):
    import gpugrad as gg

    w, v, x = inputs(s)
    derivative = gg.jacrev(lambda x: gg.tanh(v @ gg.tanh(w @ x)) * x)
    return lambda: [derivative(x)]


def torch(s: Setting):
    import torch

    w, v, x = inputs(s)
    derivative = s.compile(torch.func.jacrev(lambda x: torch.tanh(v @ torch.tanh(w @ x)) * x))
    return lambda: [derivative(x)]


def jax(s: Setting):
    import jax
    import jax.numpy as jnp

    w, v, x = inputs(s)
    derivative = s.compile(jax.jacrev(lambda x: jnp.tanh(v @ jnp.tanh(w @ x)) * x))
    return lambda: [derivative(x)]


def autograd(s: Setting):
    import autograd.numpy as anp
    from autograd import jacobian

    w, v, x = inputs(s)
    derivative = jacobian(lambda x: anp.tanh(v @ anp.tanh(w @ x)) * x)
    return lambda: [derivative(x)]


def by_hand(s: Setting):
    xp = s.xp
    w, v, x = inputs(s)

    def step() -> list[Any]:
        h = xp.tanh(w @ x)
        y = xp.tanh(v @ h)
        return [xp.diag(y) + ((x * (1 - y * y))[:, None] * v * (1 - h * h)) @ w]

    return step
