"""Operations on the rows of a large array: softmax and cross-entropy each way, sums that undo a broadcast.

What a gradient needs of the forward pass was computed before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import formulas
from ..case import Case, Setting
from ..formulas import ITEMSIZE, dtypes, named

TITLE = "one operation, or its gradient, on rows of 4,096 numbers"
# Large arrays read or written, and operations on each number, a function such as exp counted as one.
KERNELS = {
    "softmax": (2, 4),
    "softmax_grad": (3, 4),
    "log_softmax": (2, 4),
    "log_softmax_grad": (3, 4),
    "cross_entropy": (1, 3),
    "cross_entropy_grad": (2, 4),
    "sum_to_row": (1, 1),
    "sum_to_column": (1, 1),
}
CLASSES = 4096


def cases(device: str) -> list[Case]:
    shape = (32768 if device == "cuda" else 1024, CLASSES)
    return [
        Case(
            named(name, dtype),
            {"kernel": name, "shape": shape},
            dtype,
            flops=flops * shape[0] * CLASSES,
            bytes=arrays * shape[0] * CLASSES * ITEMSIZE[dtype],
            quick=name in ("softmax", "softmax_grad", "cross_entropy_grad", "sum_to_row"),
        )
        for dtype in dtypes(device)
        for name, (arrays, flops) in KERNELS.items()
    ]


def inputs(s: Setting) -> list[Any]:
    """x, labels, and the cotangent of the value."""
    shape = s["shape"]
    labels = np.random.default_rng(1).integers(0, shape[1], shape[0])
    g = s.array(np.ones(shape[0])) if "cross" in s["kernel"] else s.normal(shape, seed=1)
    return [s.normal(shape), s.array(labels), g]


def split(s: Setting) -> tuple[str, bool]:
    """The operation, and whether its gradient is what is measured."""
    return s["kernel"].removesuffix("_grad"), s["kernel"].endswith("_grad")


def gpugrad(s: Setting):
    import gpugrad as gg

    x, labels, g = inputs(s)
    name, backward = split(s)
    f = {
        "softmax": gg.softmax,
        "log_softmax": gg.log_softmax,
        "cross_entropy": lambda x: gg.softmax_cross_entropy(x, labels, reduction="none"),
        "sum_to_row": lambda x: gg.sum_to(x, x.shape[1:]),
        "sum_to_column": lambda x: gg.sum_to(x, (len(x), 1)),
    }[name]
    if not backward:
        return lambda: [f(x)]
    pull = gg.vjp(f, x)[1]
    return lambda: list(pull(g))


def torch(s: Setting):
    import torch

    x, labels, g = inputs(s)
    name, backward = split(s)
    f = {
        "softmax": lambda x: torch.softmax(x, -1),
        "log_softmax": lambda x: torch.log_softmax(x, -1),
        "cross_entropy": lambda x: torch.nn.functional.cross_entropy(x, labels, reduction="none"),
        "sum_to_row": lambda x: x.sum(0),
        "sum_to_column": lambda x: x.sum(1, keepdim=True),
    }[name]
    f = s.compile(f)
    if not backward:
        return lambda: [f(x)]
    y = f(x.requires_grad_())
    return lambda: list(torch.autograd.grad(y, x, g, retain_graph=True))


def jax(s: Setting):
    import jax

    x, labels, g = inputs(s)
    name, backward = split(s)
    f = {
        "softmax": jax.nn.softmax,
        "log_softmax": jax.nn.log_softmax,
        "cross_entropy": lambda x: -jax.nn.log_softmax(x)[jax.numpy.arange(len(x)), labels],
        "sum_to_row": lambda x: x.sum(0),
        "sum_to_column": lambda x: x.sum(1, keepdims=True),
    }[name]
    if not backward:
        f = s.compile(f)
        return lambda: [f(x)]
    pull = s.compile(lambda x: jax.vjp(f, x)[1])(x)
    pulled = s.compile(lambda pull, g: pull(g))
    return lambda: list(pulled(pull, g))


def by_hand(s: Setting):
    xp = s.xp
    x, labels, g = inputs(s)
    rows = xp.arange(len(x))
    if s["kernel"] in ("softmax_grad", "log_softmax_grad"):
        y = getattr(formulas, split(s)[0])(xp, x)

    def cross_entropy_grad() -> Any:
        gx = formulas.softmax(xp, x)
        gx[rows, labels] -= 1
        gx *= g[:, None]
        return gx

    f = {
        "softmax": lambda: formulas.softmax(xp, x),
        "softmax_grad": lambda: formulas.softmax_grad(g, y),
        "log_softmax": lambda: formulas.log_softmax(xp, x),
        "log_softmax_grad": lambda: g - xp.exp(y) * g.sum(1, keepdims=True),
        "cross_entropy": lambda: -formulas.log_softmax(xp, x)[rows, labels],
        "cross_entropy_grad": cross_entropy_grad,
        "sum_to_row": lambda: x.sum(0),
        "sum_to_column": lambda: x.sum(1, keepdims=True),
    }[s["kernel"]]
    return lambda: [f()]
