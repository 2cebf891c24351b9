"""Element by element: ``y = tanh(x) * sigmoid(x) + relu(x) * x**2``, its sum, and the gradient.

In the half types each row of 4,096 has a sum of its own, as the sum of all numbers does not fit into float16.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting
from ..formulas import ITEMSIZE, dtypes, named
from ..steps import pulled

TITLE = "sum of tanh(x) sigmoid(x) + relu(x) x², value and gradient"
SIZES = (256, 4_096, 65_536, 1_048_576, 4_194_304)
ROW = 4096


def cases(device: str) -> list[Case]:
    sizes = sorted({*SIZES, 16 * SIZES[-1], _largest()}) if device == "cuda" else SIZES
    small = [_case(size, "float32") for size in sizes[:-1]]
    return small + [_case(sizes[-1], dtype) for dtype in dtypes(device)]


def _largest() -> int:
    """What fits into the device's memory in float32: five contestants keep about ten arrays each."""
    import cupy

    return 1 << 28 if cupy.cuda.runtime.memGetInfo()[1] > 70e9 else 1 << 26


def _case(size: int, dtype: str) -> Case:
    # The least there is to do: x is read once and the gradient is written once; about 20 operations on each
    # number, a function such as tanh counted as one.
    return Case(
        named(f"{size}", dtype),
        {"size": size, "axis": None if dtype == "float32" else -1},
        dtype,
        flops=20 * size,
        bytes=2 * size * ITEMSIZE[dtype],
        size=size if dtype == "float32" else 0,
        quick=size >= SIZES[-1] or size == SIZES[1],
    )


def inputs(s: Setting) -> tuple[Any, Any]:
    """x, of rows, and the cotangent of the sums."""
    columns = min(s["size"], ROW)
    rows = s["size"] // columns
    return s.normal((rows, columns)), s.array(np.ones(() if s["axis"] is None else rows))


def gpugrad(s: Setting):
    import gpugrad as gg

    x, ones = inputs(s)
    x = s.parameter(x)

    def f(x):
        return (gg.tanh(x) * gg.sigmoid(x) + gg.relu(x) * x**2).sum(s["axis"])

    return pulled(f, [x], ones)


def torch(s: Setting):
    import torch

    x, ones = inputs(s)
    x = s.parameter(x)

    @s.compile
    def f(x):
        return (torch.tanh(x) * torch.sigmoid(x) + torch.relu(x) * x**2).sum(s["axis"])

    return pulled(f, [x], ones)


def jax(s: Setting):
    import jax
    import jax.numpy as jnp

    def f(x):
        return (jnp.tanh(x) * jax.nn.sigmoid(x) + jax.nn.relu(x) * x**2).sum(s["axis"])

    @s.compile
    def both(x, ones):
        y, pull = jax.vjp(f, x)
        return [y, *pull(ones)]

    x, ones = inputs(s)
    return lambda: both(x, ones)


def autograd(s: Setting):
    import autograd.numpy as anp
    from autograd import value_and_grad

    def f(x):
        return anp.sum(anp.tanh(x) * (1 / (1 + anp.exp(-x))) + anp.maximum(x, 0) * x**2)

    both, x = value_and_grad(f), inputs(s)[0]
    return lambda: both(x)


def by_hand(s: Setting):
    xp = s.xp
    x = inputs(s)[0]

    def step() -> list[Any]:
        t, r = xp.tanh(x), xp.maximum(x, 0)
        p = 1 / (1 + xp.exp(-x))
        # r * x**2 is the cube of r, and its derivative three times the square.
        rr = r * r
        tp = t * p
        y = (tp + rr * r).sum(s["axis"])
        return [y, (1 - t * t) * p + tp * (1 - p) + 3 * rr]

    return step
