"""Rows of ``ops/linalg.py`` (norms stand with the reductions) and ``ops/einsum.py``."""

import numpy as np

from gpugrad import ops

from .row import Row, bad, call

ones = np.ones


def _matmul(a, b):
    rows, columns = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    y = (rows[..., :, :, None] * columns[..., None, :, :]).sum(-2)
    y = y[..., 0] if b.ndim == 1 else y
    return y[..., 0, :] if a.ndim == 1 and b.ndim > 1 else y[..., 0] if a.ndim == 1 else y


def _einsum(*xs, subscripts):
    return np.einsum(subscripts, *xs)


ROWS = (
    Row(
        "matmul",
        _matmul,
        (
            call((2, 3), (3, 2)),
            call((3,), (3,)),
            call((3,), (3, 2)),
            call((2, 3), (3,)),
            call((2, 2, 3), (3, 2)),
            call((2, 1, 2, 3), (2, 3, 1)),
            call((3,), (2, 3, 2)),
            call((2, 2, 3), (3,)),
            call((2, 0), (0, 3)),
            call((0, 2), (2, 3)),
        ),
        dtypes="fc",
        condition=4,
        errors=(
            bad(ValueError, "use . for numbers", ones(()), ones(2)),
            bad(ValueError, r"shapes \(2, 3\) and \(2, 3\) do not fit", ones((2, 3)), ones((2, 3))),
            bad(ValueError, "broadcast", ones((2, 1, 3)), ones((3, 3, 1))),
        ),
    ),
    Row(
        "matmul_right_transposed",
        lambda a, b: _matmul(a, np.swapaxes(b, -1, -2)),
        (
            call((2, 3), (4, 3)),
            call((2, 2, 3), (4, 3)),
            call((2, 1, 2, 3), (2, 4, 3)),
            call((2, 0), (3, 0)),
        ),
        dtypes="fc",
        condition=4,
    ),
    Row(
        "matmul_left_transposed",
        lambda a, b: _matmul(np.swapaxes(a, -1, -2), b),
        (
            call((3, 2), (3, 4)),
            call((2, 3, 2), (3, 4)),
            call((2, 1, 3, 2), (2, 3, 4)),
            call((0, 2), (0, 3)),
        ),
        dtypes="fc",
        condition=4,
    ),
    Row(
        "affine",
        lambda x, w, b: _matmul(x, w) + b,
        (
            call((2, 3), (3, 4), (4,)),
            call((3,), (3, 2), (2,)),
            call((2, 2, 3), (3, 4), (4,)),
            call((0, 3), (3, 2), (2,)),
            call((2, 0), (0, 3), (3,)),
        ),
        dtypes="fc",
        condition=4,
        errors=(
            bad(ValueError, r"got \(2, 3\), \(2, 4\) and \(4,\)", ones((2, 3)), ones((2, 4)), ones(4)),
            bad(ValueError, r"and \(1, 4\)", ones((2, 3)), ones((3, 4)), ones((1, 4))),
            bad(ValueError, r"got \(\)", ones(()), ones((3, 4)), ones(4)),
        ),
    ),
    Row(
        "tensordot",
        np.tensordot,
        (
            call((2, 3), (3, 2), axes=1),
            call((2, 3), (2, 3)),
            call((2,), (3,), axes=0),
            call((2, 3, 4), (4, 2), axes=((0, 2), (1, 0))),
            call((2, 3), (3, 2), axes=(1, 0)),
        ),
        dtypes="fc",
        condition=4,
        errors=(
            bad(ValueError, "have to be equally long", ones((2, 3)), ones((2, 3)), axes=1),
            bad(ValueError, "axis -3 is out of range", ones((2, 3)), ones((2, 3)), axes=3),
        ),
    ),
    Row(
        "dot",
        np.dot,
        (
            call((3,), (3,)),
            call((2, 3), (3,)),
            call((2, 3), (4, 3, 2)),
            call((), (3,)),
            call((3,), (2, 3, 2)),
        ),
        condition=4,
    ),
    Row("inner", np.inner, (call((3,), (3,)), call((2, 3), (4, 3)), call((), (3,))), condition=4),
    Row("outer", np.outer, (call((2,), (3,)), call((2, 2), ()), call((0,), (2,))), dtypes="fc"),
    Row("vdot", np.vdot, (call((3,), (3,)), call((2, 3), (3, 2))), dtypes="fc", condition=4),
    Row(
        "einsum",
        _einsum,
        (
            call((2, 3), (3, 4), subscripts="ij,jk->ik"),
            call((3, 3), subscripts="ii"),
            call((3, 3), subscripts="ii->i"),
            call((2, 3), subscripts="ij->j"),
            call((2, 3), subscripts="ij->ji"),
            call((2, 3), (3,), subscripts="ij,j"),
            call((2, 2, 3), (2, 3, 2), subscripts="...ij,...jk->...ik"),
            call((2,), (3,), (2,), subscripts="a,b,a->b"),
            call((2, 3), (), subscripts="ij,->i"),
            call((3, 3), (3,), subscripts="ii,i->i"),
        ),
        dtypes="fc",
        condition=4,
        f=lambda *xs, subscripts: ops.einsum(subscripts, *xs),
        errors=(
            bad(ValueError, "has 2 terms for 1 operands", ones(2), subscripts="i,i"),
            bad(ValueError, "does not fit 2 dimensions", ones((2, 2)), subscripts="i->i"),
            bad(ValueError, "a letter twice, or one that no term has", ones(2), subscripts="i->j"),
        ),
    ),
)
