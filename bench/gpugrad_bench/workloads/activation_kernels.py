"""The gradient of each activation function alone, on a large array: its share of the rate of a copy."""

from __future__ import annotations

from typing import Any

from .. import activations
from ..case import Case, Setting
from ..formulas import ITEMSIZE, dtypes, named

TITLE = "the gradient of an activation function alone"
# What it takes for each number at least, a function such as exp counted as one.
FLOPS = {
    "sigmoid": 3,
    "relu": 1,
    "tanh": 3,
    "gelu": 10,
    "gelu_tanh": 14,
    "silu": 7,
    "softplus": 4,
    "mish": 10,
    "elu": 3,
    "selu": 4,
}


def cases(device: str) -> list[Case]:
    size = 1 << (27 if device == "cuda" else 22)
    return [
        Case(
            named(name, dtype),
            {"activation": name, "size": size},
            dtype,
            flops=flops * size,
            bytes=3 * size * ITEMSIZE[dtype],  # reads the cotangent and the argument or value, and writes
            quick=name in ("sigmoid", "relu", "tanh", "gelu"),
        )
        for dtype in dtypes(device)
        for name, flops in FLOPS.items()
    ]


def inputs(s: Setting) -> list[Any]:
    """The argument, and the cotangent of the value."""
    return [s.normal((s["size"],)), s.normal((s["size"],), seed=1)]


def gpugrad(s: Setting):
    import gpugrad as gg

    x, g = inputs(s)
    pull = gg.vjp(getattr(gg, s["activation"]), x)[1]
    return lambda: list(pull(g))


def torch(s: Setting):
    import torch
    import torch.nn.functional as F

    x, g = inputs(s)
    other = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    }
    f = other.get(s["activation"]) or getattr(F, s["activation"])
    x.requires_grad_()
    y = s.compile(f)(x)
    return lambda: list(torch.autograd.grad(y, x, g, retain_graph=True))


def jax(s: Setting):
    import jax

    x, g = inputs(s)
    other = {
        "tanh": jax.numpy.tanh,
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        "gelu_tanh": jax.nn.gelu,
    }
    f = other.get(s["activation"]) or getattr(jax.nn, s["activation"])
    pull = s.compile(lambda x: jax.vjp(f, x)[1])(x)
    pulled = s.compile(lambda pull, g: pull(g))
    return lambda: list(pulled(pull, g))


def by_hand(s: Setting):
    x, g = inputs(s)
    gradient = getattr(activations, f"{s['activation']}_grad")
    # Kept of the forward pass is the value where the gradient is simpler in it.
    value = getattr(activations, s["activation"], None)
    kept = value(s.xp, x) if value else x
    return lambda: [gradient(s.xp, g, kept)]
