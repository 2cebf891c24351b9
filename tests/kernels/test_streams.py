"""Kernels are launched on the current stream; FK_LAZY=1 (test_sanitize.py) makes any other one show."""

import numpy as np
import pytest

from gpugrad.backend import kernels, rowwise


def fused(x):
    return kernels.elementwise("activations.cuh", "sigmoid", ["x"])(x)


def softmax_grad(x):
    return rowwise.softmax_grad(x, rowwise.softmax(x, axis=1), axis=1)


def cross_entropy_grad(x):
    labels = (x[:, 0] > 0).astype(int)
    return rowwise.cross_entropy_grad(rowwise.cross_entropy(x, labels), x, labels)


def sum_in_two_launches(x):
    return rowwise.sum_to(x, shape=())


@pytest.mark.parametrize("work", [fused, softmax_grad, cross_entropy_grad, sum_in_two_launches])
def test_the_current_stream_is_used(xp, work):
    x = xp.asarray(np.random.default_rng(11).normal(size=(200, 100)))
    want = work(x).get()
    stream = xp.cuda.Stream(non_blocking=True)
    with stream:
        got = work(x * 1.0)  # put off with the rest
    stream.synchronize()
    np.testing.assert_array_equal(got.get(), want)
