"""What the engine costs round the arithmetic: calls and graphs of arrays of eight floats."""

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


def leaf():
    """A Tensor on the CPU that wants a gradient."""
    return gg.tensor(SMALL, requires_grad=True, device="cpu")


def chain(x):
    """1,000 operations, each on the result of the one before."""
    for _ in range(500):
        x = gg.tanh(x * x)
    return x


def fan(x):
    """500 operations on one array, and as many additions of their results."""
    return sum((gg.tanh(x) for _ in range(500)), start=x)


def loss(x):
    """Three operations that end in one number."""
    return gg.tanh(x * x).sum()


GRAPHS = {"chain": chain, "fan": fan}
TRANSFORMS = {
    "the function alone": loss,
    "grad": gg.grad(loss),
    "value_and_grad": gg.value_and_grad(loss),
    "vjp": lambda x: gg.vjp(loss, x)[1](np.float32(1)),
    "jvp": lambda x: gg.jvp(loss, (x,), (x,))[1],
    "hvp": lambda x: gg.hvp(loss, (x,), (x,)),
    "jacobian": gg.jacobian(lambda x: gg.tanh(x * x)),
    "vmap": gg.vmap(lambda x: gg.tanh(x * x)),
    "vmap of grad": gg.vmap(gg.grad(lambda x: gg.tanh(x * x))),
    "checkpoint": gg.grad(gg.checkpoint(loss)),
}


@pytest.mark.benchmark(group="one call", max_time=0.5)
@pytest.mark.parametrize("name", OPERATIONS)
def test_forward(warm, name):
    assert warm(OPERATIONS[name], leaf()).requires_grad


@pytest.mark.benchmark(group="one call, backward", max_time=0.5)
@pytest.mark.parametrize("name", OPERATIONS)
def test_backward(warm, name):
    y = OPERATIONS[name](leaf())
    seed = np.ones(y.shape, "f4")
    warm(lambda: y.backward(seed, retain_graph=True))


@pytest.mark.benchmark(group="graph of 1,000 nodes")
@pytest.mark.parametrize("name", GRAPHS)
def test_building(warm, name):
    assert warm(GRAPHS[name], leaf()).requires_grad


@pytest.mark.benchmark(group="graph of 1,000 nodes, backward")
@pytest.mark.parametrize("name", GRAPHS)
def test_sweep(warm, name):
    x = leaf()
    y = GRAPHS[name](x)
    warm(lambda: y.backward(SMALL, retain_graph=True))
    assert x.grad is not None


@pytest.mark.benchmark(group="graph of 1,000 nodes, backward")
def test_sweep_to_many_leaves(warm):
    leaves = [leaf() for _ in range(1000)]
    total = sum(leaves[1:], start=leaves[0])
    warm(lambda: total.backward(SMALL, retain_graph=True))
    assert all(x.grad is not None for x in leaves)


@pytest.mark.benchmark(group="transforms", max_time=0.5)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform(warm, name):
    warm(TRANSFORMS[name], SMALL)
