"""What a call costs, for developers: ``pytest bench --benchmark-only``.

Compare two states of the code by ``--benchmark-autosave`` before a change, ``--benchmark-compare`` after it.
"""

from __future__ import annotations

import numpy as np
import pytest

import gpugrad as gg

SMALL = np.linspace(0.1, 0.8, 8, dtype="f4")
OPERATIONS = {
    "tanh": lambda x: gg.tanh(x),
    "x * x": lambda x: x * x,
    "x * 2.0": lambda x: x * 2.0,
    "sum": lambda x: x.sum(),
    "reshape": lambda x: x.reshape(2, 4),
    "x[1:]": lambda x: x[1:],
    "matmul": lambda x: x @ x,
    "softmax": lambda x: gg.softmax(x),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_forward(benchmark, name):
    x = gg.tensor(SMALL, requires_grad=True, device="cpu")
    assert benchmark(OPERATIONS[name], x).requires_grad


@pytest.mark.parametrize("name", OPERATIONS)
def test_backward(benchmark, name):
    y = OPERATIONS[name](gg.tensor(SMALL, requires_grad=True, device="cpu"))
    seed = np.ones(y.shape, "f4")
    benchmark(lambda: y.backward(seed, retain_graph=True))


def test_grad(benchmark):
    gradient = gg.grad(lambda x: gg.tanh(x * x).sum())
    assert benchmark(gradient, SMALL).shape == SMALL.shape
