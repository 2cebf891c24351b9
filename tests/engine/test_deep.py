"""Graphs of a million nodes: forward, backward, release; no recursion, no collector, under 1 kB a node."""

import gc
import sys
import tracemalloc

import numpy as np
import pytest

import gpugrad as gg

N = 10**6


@pytest.fixture(autouse=True)
def _without_the_collector():
    gc.collect()
    gc.disable()
    limit = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(limit)
    gc.enable()


def chain(y, n):
    for _ in range(n):
        y = y * 1.000001
    return y


def diamond(y, n):
    c = 1e-6
    for _ in range(n // 2):
        y = y + y * c
    return y


@pytest.mark.parametrize("graph", [chain, diamond])
def test_forward_backward_and_release(graph):
    x = gg.tensor(1.0, requires_grad=True)
    y = graph(x, N)
    y.backward()
    growth = 1.000001 ** (N if graph is chain else N // 2)
    np.testing.assert_allclose(x.grad.item(), growth, rtol=1e-9)
    del y


@pytest.mark.parametrize("graph", [chain, diamond])
def test_release_without_backward(graph):
    y = graph(gg.tensor(1.0, requires_grad=True), N // 4)
    del y


def test_transforms(n=10**5):
    np.testing.assert_allclose(gg.grad(lambda x: diamond(x, n))(1.0), 1.000001 ** (n // 2), rtol=1e-9)
    _, t = gg.jvp(lambda x: chain(x, n), (1.0,), (1.0,))
    np.testing.assert_allclose(t, 1.000001**n, rtol=1e-9)


def test_a_recorded_sweep(n=20_000):
    x = gg.tensor(1.0, requires_grad=True)
    y = chain(x, n) * x
    y.backward(create_graph=True)
    g, x.grad = x.grad, None
    g.backward()
    np.testing.assert_allclose(x.grad.item(), 2 * 1.000001**n, rtol=1e-9)


@pytest.mark.parametrize("graph", [chain, diamond])
def test_at_most_a_kilobyte_a_node(graph, n=10**5):
    x = gg.tensor(np.ones(8), requires_grad=True)
    chain(x, 10).sum().backward()
    tracemalloc.start()
    try:
        y = graph(x, n)
        after_forward, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        y.sum().backward()
        _, peak = tracemalloc.get_traced_memory()
        del y
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after_forward / n < 1000
    assert peak / n < 1000
    assert left < 10_000
