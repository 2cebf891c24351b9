"""Calls with three operands: every one may need a gradient or not, and keeps only what is then read."""

from itertools import product

import numpy as np
import pytest

import gpugrad as gg

X, W, B = np.arange(6.0).reshape(2, 3), np.linspace(-1, 1, 12).reshape(3, 4), np.ones(4)
G = np.arange(8.0).reshape(2, 4)
WANT = (G @ W.T, X.T @ G, G.sum(0))


@pytest.mark.parametrize("needs", list(product([True, False], repeat=3))[:-1], ids=str)
def test_each_gradient_alone_and_together(needs, device):
    operands = [gg.tensor(v, requires_grad=n, device=device) for v, n in zip((X, W, B), needs, strict=True)]
    y = gg.affine(*operands)
    y.backward(gg.tensor(G, device=device))
    for t, want, need in zip(operands, WANT, needs, strict=True):
        assert (t.grad is not None) == need
        if need:
            np.testing.assert_allclose(t.grad.numpy(), want)


def test_without_gradients_there_is_no_node():
    assert not gg.affine(*map(gg.tensor, (X, W, B))).requires_grad


def test_what_no_rule_reads_is_not_kept():
    x, w, b = gg.tensor(X), gg.tensor(W, requires_grad=True), gg.tensor(B)
    kept = gg.affine(x, w, b).node.kept
    assert kept[0] is None  # w, which only the gradient of x would read
    assert kept[1] is x.data


@pytest.mark.parametrize("dtypes", [("f4", "f8", "f8"), ("f8", "f4", "f4"), ("f4", "f4", "f8")], ids=str)
def test_gradients_have_the_dtypes_of_their_operands(dtypes):
    operands = [gg.tensor(v, dtype=d, requires_grad=True) for v, d in zip((X, W, B), dtypes, strict=True)]
    y = gg.affine(*operands)
    y.sum().backward()
    assert [t.grad.dtype for t in operands] == list(dtypes)
    tangents = tuple(np.ones(t.shape, t.dtype) for t in operands)
    arrays = tuple(t.numpy() for t in operands)
    assert gg.jvp(gg.affine, arrays, tangents)[1].dtype == y.dtype


def test_arrays_tensors_and_numbers_mixed():
    w = gg.tensor(W, requires_grad=True)
    gg.affine(X, w, B).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), X.T @ np.ones((2, 4)))
    assert isinstance(gg.affine(X, W, B), np.ndarray)
