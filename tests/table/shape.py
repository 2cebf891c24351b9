"""Rows of ``ops/shape.py``, ``ops/casting.py``, ``ops/transfer.py`` and ``ops/diagonal.py``."""

import numpy as np

from gpugrad import Tensor, ops
from gpugrad.ops import transfer

from .row import UNARY, Row, bad, call

ones = np.ones


def _repeated(x, shape):
    return x + np.zeros(shape, x.dtype)


def _transpose(x, axes=None):
    """Element by element."""
    axes = range(x.ndim)[::-1] if axes is None else [k % x.ndim for k in axes]
    y = np.empty([x.shape[k] for k in axes], x.dtype)
    for place in np.ndindex(x.shape):
        y[tuple(place[k] for k in axes)] = x[place]
    return y


def _sum_to(x, shape):
    extra = x.ndim - len(shape)
    y = x.sum(tuple(range(extra)))
    return y.sum(tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)


def _trace(x, offset=0, axis1=0, axis2=1):
    return np.diagonal(x, offset, axis1, axis2).sum(-1)


def _there_and_back(x):
    """To the default device, the CPU in these tests, and back."""
    return ops.add(transfer.to(transfer.to(x, "cpu"), x.device), 0) if isinstance(x, Tensor) else x


MATRICES = (call((3, 3)), call((2, 4)), call((4, 2)))

ROWS = (
    Row(
        "reshape",
        lambda x, shape: np.array(list(x.flat), x.dtype).reshape(shape),
        (
            call((2, 3), shape=(3, 2)),
            call((4,), shape=(2, -1)),
            call((), shape=(1, 1)),
            call((2, 0), shape=(0,)),
        ),
        dtypes="fc",
        exact=True,
        errors=(
            bad(ValueError, "reshape", ones(3), shape=(2, 2)),
            bad(TypeError, "integer", ones(3), shape=1.5),
        ),
    ),
    Row("ravel", lambda x: np.array(list(x.flat), x.dtype), exact=True, dtypes="fc"),
    Row(
        "expand_dims",
        np.expand_dims,
        (call((2, 3), axis=1), call((2,), axis=-1), call((), axis=0), call((2, 3), axis=(0, -1))),
        exact=True,
        errors=(bad(ValueError, "axis 3 is out of range", ones(2), axis=3),),
    ),
    Row(
        "squeeze",
        np.squeeze,
        (call((1, 3, 1)), call((1, 3, 1), axis=0), call((1, 1), axis=(0, -1)), call(()), call((2,))),
        exact=True,
        errors=(bad(ValueError, "axis 0 has length 2, not 1", ones((2, 1)), axis=0),),
    ),
    Row("atleast_1d", np.atleast_1d, exact=True),
    Row("atleast_2d", np.atleast_2d, exact=True),
    Row(
        "transpose",
        _transpose,
        (*UNARY, call((2, 3, 2), axes=(1, 2, 0)), call((2, 3, 2), axes=(-1, 0, 1))),
        dtypes="fc",
        exact=True,
        errors=(bad(ValueError, "1 axes given for an array of 2 dimensions", ones((2, 3)), axes=(0,)),),
    ),
    Row(
        "swapaxes",
        np.swapaxes,
        (call((2, 3), axis1=0, axis2=-1), call((2, 3, 2), axis1=1, axis2=1)),
        exact=True,
    ),
    Row(
        "moveaxis",
        np.moveaxis,
        (call((2, 3, 4), source=0, destination=-1), call((2, 3, 4), source=(0, 1), destination=(-1, 0))),
        exact=True,
        errors=(bad(ValueError, "2 axes to move but 1 places", ones((2, 3)), source=(0, 1), destination=0),),
    ),
    Row(
        "broadcast_to",
        _repeated,
        (call((3,), shape=(2, 3)), call((2, 1), shape=(2, 3)), call((), shape=(2,)), call((1,), shape=(0,))),
        dtypes="fc",
        exact=True,
        errors=(bad(ValueError, "broadcast", ones(3), shape=(2,)),),
    ),
    Row(
        "sum_to",
        _sum_to,
        (
            call((2, 3), shape=(3,)),
            call((2, 3), shape=(2, 1)),
            call((2, 3), shape=()),
            call((0, 2), shape=(1, 2)),
        ),
        dtypes="fc",
        f=lambda x, shape: ops.sum_to(x, shape),
        errors=(bad(ValueError, "broadcast", ones(3), shape=(2,)),),
    ),
    Row(
        "broadcast_arrays",
        lambda a, b: (_repeated(a, np.broadcast(a, b).shape), _repeated(b, np.broadcast(a, b).shape)),
        (call((2, 1), (3,)), call((), (2,))),
        exact=True,
        errors=(bad(ValueError, "broadcast", ones(3), ones(2)),),
    ),
    Row(
        "flip",
        np.flip,
        (*UNARY, call((2, 3), axis=1), call((2, 3), axis=(0, -1))),
        dtypes="fc",
        exact=True,
        errors=(bad(ValueError, "axis 1 is out of range", ones(2), axis=1),),
    ),
    Row(
        "roll",
        np.roll,
        (
            call((5,), shift=2),
            call((2, 3), shift=-1),
            call((2, 3), shift=1, axis=-1),
            call((2, 3), shift=(1, 2), axis=(0, 1)),
            call((2, 3), shift=4, axis=(0, 1)),
        ),
        dtypes="fc",
        exact=True,
        errors=(bad(ValueError, "2 shifts for 1 axes", ones(2), shift=(1, 2), axis=0),),
    ),
    Row("copy", np.array, dtypes="fc", exact=True),
    Row(
        "astype",
        lambda x, dtype: x,
        (call((3,), dtype="float64"), call((), dtype="float64")),
        f=lambda x, dtype: ops.astype(ops.astype(x, dtype), ops.positive(x).dtype),
        exact=True,
        errors=(bad(TypeError, "drop the imaginary part; use real", ones(2, complex), dtype="float64"),),
    ),
    Row(
        "_astype_integer",
        np.trunc,
        UNARY,
        f=lambda x: ops.astype(x, "int32"),
        smooth=False,
    ),
    Row("_to", lambda x: x, UNARY, exact=True, f=_there_and_back),
    Row(
        "diagonal",
        np.diagonal,
        (
            *MATRICES,
            call((3, 3), offset=1),
            call((2, 4), offset=-1),
            call((2, 3, 2), axis1=2, axis2=0),
            call((2, 2), offset=5),
        ),
        exact=True,
        errors=(
            bad(ValueError, "axis1 and axis2 have to differ", ones((2, 2)), axis1=0, axis2=-2),
            bad(ValueError, "out of range", ones(2)),
        ),
    ),
    Row(
        "diag",
        np.diag,
        (call((3,)), call((2,), k=1), call((2,), k=-2), *MATRICES, call((3, 3), k=-1)),
        exact=True,
        errors=(bad(ValueError, "needs a vector or a matrix", ones((2, 2, 2))),),
    ),
    Row("trace", _trace, (*MATRICES, call((3, 3), offset=1), call((2, 3, 2), axis1=0, axis2=2))),
    Row("tril", np.tril, (*MATRICES, call((3, 3), k=1), call((2, 2, 3), k=-1)), exact=True),
    Row("triu", np.triu, (*MATRICES, call((3, 3), k=1), call((2, 2, 3), k=-1)), exact=True),
)
