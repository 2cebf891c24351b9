"""The Hessian of Rosenbrock's function of 1,000 numbers times a vector.

Every function here returns a step (no arguments, returns the product in a list) for one contestant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SIZE = 1000
OPERATIONS = 1

Step = Callable[[], list[np.ndarray]]


def inputs() -> np.ndarray:
    """The point and the vector."""
    return np.random.default_rng(0).normal(size=(2, SIZE))


def rosenbrock(x: Any) -> Any:
    """The function, for every contestant's arrays."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def gpugrad() -> Step:
    """``hvp``, on the CPU."""
    import gpugrad as gg

    x, v = inputs()
    return lambda: [gg.hvp(rosenbrock, x, v)]


def torch() -> Step:
    """``jvp`` of ``grad`` of ``torch.func``, on one thread."""
    import torch

    torch.set_num_threads(1)
    x, v = map(torch.from_numpy, inputs())
    gradient = torch.func.grad(rosenbrock)
    return lambda: [torch.func.jvp(gradient, (x,), (v,))[1].numpy()]


def jax() -> Step:
    """``jax.jit`` of ``jax.jvp`` of ``jax.grad``."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, v = map(jnp.asarray, inputs())
    product = jax.jit(lambda x, v: jax.jvp(jax.grad(rosenbrock), (x,), (v,))[1])
    return lambda: [np.asarray(product(x, v))]


def autograd() -> Step:
    """HIPS Autograd."""
    from autograd import hessian_vector_product

    x, v = inputs()
    product = hessian_vector_product(lambda x: rosenbrock(x))
    return lambda: [product(x, v)]


def numpy() -> Step:
    """The derivative written out by hand."""
    x, v = inputs()

    def step() -> list[np.ndarray]:
        product = np.zeros(SIZE)
        product[:-1] = (1200 * x[:-1] ** 2 - 400 * x[1:] + 2) * v[:-1] - 400 * x[:-1] * v[1:]
        product[1:] += 200 * v[1:] - 400 * x[:-1] * v[:-1]
        return [product]

    return step
