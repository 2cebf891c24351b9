"""A training step of a classifier 784-512-256-10: relu, cross-entropy, SGD or Adam."""

from __future__ import annotations

from itertools import pairwise

from ..case import Case
from ..formulas import HALF, ITEMSIZE, named
from ..training import autograd as autograd
from ..training import by_hand as by_hand
from ..training import gpugrad as gpugrad
from ..training import jax as jax
from ..training import torch as torch

TITLE = "training step of an MLP 784-512-256-10"
SIZES = (784, 512, 256, 10)
RATES = {"sgd": 1e-2, "adam": 1e-4}


def cases(device: str) -> list[Case]:
    batches = (128, 1024, 8192) if device == "cuda" else (128, 1024)
    found = [_case(name, batch, "float32") for name in RATES for batch in batches]
    # Not Adam: PyTorch keeps its averages in the type of the parameters, and in float16 small squares are 0.
    return found + [_case("sgd", 8192, dtype) for dtype in HALF if device == "cuda"]


def _case(optimizer: str, batch: int, dtype: str) -> Case:
    weights = sum(m * n for m, n in pairwise(SIZES))
    parameters = {
        "sizes": SIZES,
        "batch": batch,
        "activation": "relu",
        "loss": "cross_entropy",
        "optimizer": optimizer,
        "rate": RATES[optimizer],
    }
    # Each weight takes a product forward, one for its gradient and, beyond the first layer, one for what is
    # below. The examples are read; weights (Adam: and two averages) are read and written, gradients written.
    return Case(
        named(f"{optimizer}-{batch}", dtype),
        parameters,
        dtype,
        flops=2 * batch * (3 * weights - SIZES[0] * SIZES[1]),
        bytes=(batch * SIZES[0] + (7 if optimizer == "adam" else 3) * weights) * ITEMSIZE[dtype],
        memory=optimizer == "sgd" and batch >= 1024,
    )
