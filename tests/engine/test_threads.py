"""Threads share leaves and graphs, and nothing else."""

import sys
import threading

import numpy as np
import pytest

import gpugrad as gg

THREADS = 8


@pytest.fixture(autouse=True)
def _switch_as_often_as_possible():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def together(work):
    """Run ``work(k)`` in all threads at once; what any of them raises is raised here."""
    start, errors = threading.Barrier(THREADS), []

    def run(k):
        start.wait()
        try:
            work(k)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


def test_no_gradient_of_a_shared_leaf_is_lost():
    x = gg.tensor(1.0, requires_grad=True)

    def work(k):
        for _ in range(300):
            (x * 2).backward()

    together(work)
    assert x.grad.item() == THREADS * 300 * 2


def test_a_shared_graph_that_is_kept():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    shared = gg.tanh(x) * x
    shared = (shared + shared * shared).sum()

    def work(k):
        for _ in range(40):
            shared.backward(retain_graph=True)

    shared.backward(retain_graph=True)
    one, x.grad = x.grad, None
    together(work)
    np.testing.assert_allclose(x.grad.numpy(), THREADS * 40 * one.numpy(), rtol=1e-12)


def test_graphs_of_their_own_on_a_shared_part():
    x = gg.tensor(3.0, requires_grad=True)
    part = x * x
    sums = [0.0] * THREADS

    def work(k):
        for _ in range(50):
            w = gg.tensor(1.0, requires_grad=True)
            (part * w * k).backward(retain_graph=True)
            sums[k] += w.grad.item()

    together(work)
    assert sums == [50 * 9 * k for k in range(THREADS)]
    assert x.grad.item() == 50 * 6 * sum(range(THREADS))


def test_modes_do_not_meet():
    x = gg.tensor(1.0, requires_grad=True)

    def work(k):
        for _ in range(200):
            if k % 2:
                with gg.no_grad():
                    assert not (x * 2).requires_grad
            else:
                assert (x * 2).requires_grad
                assert gg.grad(lambda t: t * t)(3.0) == 6

    together(work)


def test_nested_transforms_do_not_meet():
    def work(k):
        for _ in range(30):
            assert gg.grad(gg.grad(lambda t: t**3))(float(k)) == 6 * k
            assert gg.jvp(gg.grad(lambda t: t**3), (float(k),), (1.0,))[1] == 6 * k

    together(work)


def test_hooks_of_one_thread():
    x = gg.tensor(1.0, requires_grad=True)

    def work(k):
        for _ in range(50):
            seen = []
            y = x * (k + 1)
            y.register_hook(lambda g, seen=seen: seen.append(g.item()))
            (y * 3).backward()
            assert seen == [3]

    together(work)
    assert x.grad.item() == 3 * 50 * sum(range(1, THREADS + 1))
