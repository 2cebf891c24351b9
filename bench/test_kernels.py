"""Each kernel on arrays, without the engine: its CUDA code where there is CUDA, its definition on NumPy.

At 1,000 elements the time is that of the call, at 1,000,000 that of the arithmetic and the memory.
"""

from __future__ import annotations

from inspect import signature
from math import prod
from typing import Any

import pytest

import gpugrad as gg
from gpugrad.ops import activation, transcendental
from gpugrad.ops.softmax import cross_entropy, cross_entropy_grad, log_softmax_grad, softmax_grad
from gpugrad.optim import updates

pytestmark = pytest.mark.benchmark(max_time=0.3)

SIZES = [1_000, 1_000_000]
CLASSES = 100

GRADIENTS = {
    name.removesuffix("_grad"): f
    for name, f in {**vars(activation), "tanh_grad": transcendental.tanh_grad}.items()
    if name.endswith("_grad")
}
ROWS = {  # functions of numbers, their softmax, and a label for each row
    "softmax": lambda x, y, labels: gg.softmax(x),
    "softmax_grad": lambda x, y, labels: softmax_grad(x, y, axis=1),
    "log_softmax": lambda x, y, labels: gg.log_softmax(x),
    "log_softmax_grad": lambda x, y, labels: log_softmax_grad(x, y, axis=1),
    "cross_entropy": lambda x, y, labels: cross_entropy(x, labels),
    "cross_entropy_grad": lambda x, y, labels: cross_entropy_grad(x[:, 0], x, labels),
    "sum_to rows": lambda x, y, labels: gg.sum_to(x, (CLASSES,)),
    "sum_to columns": lambda x, y, labels: gg.sum_to(x, (len(x), 1)),
    "sum_to everything": lambda x, y, labels: gg.sum_to(x, ()),
}
DECAYS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "step": 1}
UPDATES: dict[str, tuple[int, dict[str, Any]]] = {  # state arrays, settings
    "sgd": (0, {"weight_decay": 0.0}),
    "momentum": (1, {"momentum": 0.9, "weight_decay": 0.0, "nesterov": False}),
    "rmsprop": (1, {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0}),
    "adam": (2, DECAYS),
    "adamw": (2, DECAYS),
}


@pytest.fixture(params=SIZES)
def size(request, xp, benchmark) -> int:
    """Elements of an array; the table has a part for each device and size."""
    what = request.function.__name__.removeprefix("test_").replace("_", " ")
    benchmark.group = f"{what}, {request.param:,} elements, {xp.__name__}"
    return request.param


def numbers(xp, *shape):
    """float32 between -3 and 3."""
    return xp.linspace(-3, 3, prod(shape), dtype="f4").reshape(shape)


@pytest.mark.parametrize("name", GRADIENTS)
def test_activation(measure, xp, size, name):
    assert measure(getattr(gg, name), numbers(xp, size)).shape == (size,)


@pytest.mark.parametrize("name", GRADIENTS)
def test_activation_gradient(measure, xp, size, name):
    f, defaults = GRADIENTS[name], signature(getattr(gg, name)).parameters
    x = numbers(xp, size)
    operands = {"g": xp.ones_like(x), "x": x, "y": getattr(gg, name)(x)}
    given = [operands[p.name] for p in signature(f).parameters.values() if p.kind is p.POSITIONAL_ONLY]
    params = {
        p.name: defaults[p.name].default for p in signature(f).parameters.values() if p.name not in operands
    }
    assert measure(lambda: f(*given, **params)).shape == (size,)


@pytest.mark.parametrize("name", ROWS)
def test_rows(measure, xp, size, name):
    x = numbers(xp, size // CLASSES, CLASSES)
    labels = xp.arange(len(x)) % CLASSES
    assert xp.isfinite(measure(ROWS[name], x, gg.softmax(x), labels)).all()


@pytest.mark.parametrize("name", UPDATES)
def test_update(measure, xp, size, name):
    states, settings = UPDATES[name]
    p, g = numbers(xp, size), xp.full(size, 1e-3, "f4")
    state = [xp.zeros_like(p) for _ in range(states)]
    measure(lambda: getattr(updates, name)(p, g, *state, lr=1e-3, **settings))
    assert not (p == numbers(xp, size)).any()
