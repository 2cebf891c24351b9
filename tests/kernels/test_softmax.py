"""Softmax and log-softmax with their gradients against float64, for every way in which rows are launched."""

import numpy as np
import pytest

from gpugrad.backend import rowwise


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x, axis):
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def softmax_grad(g, y, axis):
    return y * (g - (g * y).sum(axis, keepdims=True))


def log_softmax_grad(g, y, axis):
    return g - np.exp(y) * g.sum(axis, keepdims=True)


SHAPES = {  # shape, axis
    "one element": ((1, 1), -1),
    "a warp, by element": ((5, 7), -1),
    "a warp, by vector": ((3, 64), -1),
    "a block, by element": ((2, 1025), -1),
    "a block, by vector": ((2, 4096), 1),
    "the largest block": ((1, 16392), -1),
    "first axis": ((33, 3), 0),
    "middle axis": ((2, 9, 3), 1),
    "one dimension": ((1023,), 0),
}


def rows(rng, dtype, shape):
    return rng.normal(scale=4, size=shape).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(xp, check, dtype, shape):
    shape, axis = SHAPES[shape]
    rng = np.random.default_rng(2)
    x, g = rows(rng, dtype, shape), rng.normal(size=shape).astype(dtype)
    x64, g64 = x.astype(np.float64), g.astype(np.float64)
    for forward, backward, reference, reference_grad in (
        (rowwise.softmax, rowwise.softmax_grad, softmax, softmax_grad),
        (rowwise.log_softmax, rowwise.log_softmax_grad, log_softmax, log_softmax_grad),
    ):
        y = forward(xp.asarray(x), axis=axis)
        # A logarithm is a difference of terms of the size of x; one unit of a half is larger than that.
        scale = 4 if reference is log_softmax and dtype.itemsize > 2 else 0
        check(y, reference(x64, axis), dtype, scale, ulps=32)
        y64 = y.get().astype(np.float64)
        # The gradient is a difference of g and a sum of all of them.
        scale = np.abs(g64) + np.abs(g64).sum(axis, keepdims=True) * 2.0**-8
        check(backward(xp.asarray(g), y, axis=axis), reference_grad(g64, y64, axis), dtype, scale, ulps=32)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0,)])
def test_nothing_to_do(xp, dtype, shape):
    x = xp.empty(shape, dtype)
    y = rowwise.softmax(x, axis=-1)
    assert (y.shape, y.dtype) == (shape, dtype)
    assert rowwise.log_softmax_grad(y, y, axis=-1).shape == shape


def test_rows_that_are_not_aligned_are_read_by_element(xp, check, dtype):
    flat = rows(np.random.default_rng(3), dtype, 1 + 4 * 16)
    x = xp.asarray(flat)[1:].reshape(4, 16)
    check(rowwise.softmax(x, axis=-1), softmax(flat[1:].reshape(4, 16).astype(np.float64), -1), dtype)


def test_strided_rows(xp, check, dtype):
    x = rows(np.random.default_rng(4), dtype, (6, 10))
    check(rowwise.softmax(xp.asarray(x)[::2, ::-3], axis=-1), softmax(x[::2, ::-3].astype(float), -1), dtype)


def test_more_rows_than_a_grid_is_high(xp):
    y = rowwise.softmax(xp.zeros((65536 + 3, 2), "f"), axis=-1)
    assert (y == 0.5).all()


def test_a_gradient_may_be_broadcast(xp):
    y = rowwise.softmax(xp.asarray([[1.0, 2.0], [3.0, 5.0]]), axis=-1)
    got = rowwise.softmax_grad(xp.asarray([[1.0, 0.0]]), y, axis=-1)
    np.testing.assert_allclose(got.get(), softmax_grad(np.asarray([[1.0, 0.0]]), y.get(), -1))


@pytest.mark.parametrize("function", [rowwise.softmax, rowwise.log_softmax])
def test_extremes(xp, function):
    inf, nan = np.inf, np.nan
    x = np.array([[1e4, -1e4], [0, -inf], [-inf, -inf], [inf, 0], [nan, 0], [3e38, -3e38]], np.float32)
    got = function(xp.asarray(x), axis=-1).get()
    got = got if function is rowwise.softmax else np.exp(got)
    np.testing.assert_array_equal(got, [[1, 0], [1, 0], [nan, nan], [nan, nan], [nan, nan], [1, 0]])


def test_integers_become_floats(xp):
    assert rowwise.softmax(xp.arange(3), axis=0).dtype == np.float64
