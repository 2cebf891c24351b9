"""The full Jacobian of a function of 100 numbers with 100 results: ``tanh(v @ tanh(w @ x)) * x``.

Every function here returns a step (no arguments, returns the Jacobian in a list) for one contestant.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SIZE = 100
OPERATIONS = 1

Step = Callable[[], list[np.ndarray]]


def inputs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """w, v and x."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(SIZE, SIZE)) / 10, rng.normal(size=(SIZE, SIZE)) / 10, rng.normal(size=SIZE)


def gpugrad() -> Step:
    """``jacrev``, on the CPU."""
    import gpugrad as gg

    w, v, x = inputs()
    derivative = gg.jacrev(lambda x: gg.tanh(v @ gg.tanh(w @ x)) * x)
    return lambda: [derivative(x)]


def torch() -> Step:
    """``torch.func.jacrev``, on one thread."""
    import torch

    torch.set_num_threads(1)
    w, v, x = map(torch.from_numpy, inputs())
    derivative = torch.func.jacrev(lambda x: torch.tanh(v @ torch.tanh(w @ x)) * x)
    return lambda: [derivative(x).numpy()]


def jax() -> Step:
    """``jax.jit(jax.jacrev)``."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    w, v, x = map(jnp.asarray, inputs())
    derivative = jax.jit(jax.jacrev(lambda x: jnp.tanh(v @ jnp.tanh(w @ x)) * x))
    return lambda: [np.asarray(derivative(x))]


def autograd() -> Step:
    """HIPS Autograd."""
    import autograd.numpy as anp
    from autograd import jacobian

    w, v, x = inputs()
    derivative = jacobian(lambda x: anp.tanh(v @ anp.tanh(w @ x)) * x)
    return lambda: [derivative(x)]


def numpy() -> Step:
    """The derivative written out by hand."""
    w, v, x = inputs()

    def step() -> list[np.ndarray]:
        h = np.tanh(w @ x)
        y = np.tanh(v @ h)
        return [np.diag(y) + ((x * (1 - y * y))[:, None] * v * (1 - h * h)) @ w]

    return step
