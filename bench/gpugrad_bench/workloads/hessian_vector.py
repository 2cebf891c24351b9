"""The Hessian of Rosenbrock's function of 1,000 numbers times a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting

TITLE = "Hessian times a vector, Rosenbrock's function of 1,000 numbers, in float64"


def cases(device: str) -> list[Case]:
    return [Case("rosenbrock-1000", {"size": 1000}, "float64")]


def inputs(s: Setting) -> list[Any]:
    """The point and the vector."""
    return [s.array(v) for v in np.random.default_rng(0).normal(size=(2, s["size"]))]


def rosenbrock(x: Any) -> Any:
    """The function, for every contestant's arrays."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def gpugrad(s: Setting):
    import gpugrad as gg

    x, v = inputs(s)
    return lambda: [gg.hvp(rosenbrock, x, v)]


def torch(s: Setting):
    import torch

    x, v = inputs(s)
    gradient = torch.func.grad(rosenbrock)
    product = s.compile(lambda x, v: torch.func.jvp(gradient, (x,), (v,))[1])
    return lambda: [product(x, v)]


def jax(s: Setting):
    import jax

    x, v = inputs(s)
    product = s.compile(lambda x, v: jax.jvp(jax.grad(rosenbrock), (x,), (v,))[1])
    return lambda: [product(x, v)]


def autograd(s: Setting):
    from autograd import hessian_vector_product

    x, v = inputs(s)
    product = hessian_vector_product(rosenbrock)
    return lambda: [product(x, v)]


def by_hand(s: Setting):
    x, v = inputs(s)

    def step() -> list[Any]:
        product = s.xp.zeros_like(x)
        product[:-1] = (1200 * x[:-1] ** 2 - 400 * x[1:] + 2) * v[:-1] - 400 * x[:-1] * v[1:]
        product[1:] += 200 * v[1:] - 400 * x[:-1] * v[:-1]
        return [product]

    return step
