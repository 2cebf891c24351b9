"""Rows of ``ops/scan.py`` and ``ops/sorting.py``."""

import numpy as np

from gpugrad import ops

from .row import Row, bad, call, distinct

ones = np.ones
_ALONG = (
    call((4,)),
    call((2, 3)),
    call((2, 3), axis=0),
    call((2, 3), axis=-1),
    call((2, 0), axis=1),
    call((1,), axis=0),
)


def _cumsum(x, axis=None):
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    n = x.shape[axis]
    return np.moveaxis(np.tensordot(np.tri(n), x, ((1,), (axis,))), 0, axis)


def _cumprod(x, axis=None):
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return np.multiply.accumulate(x, axis)


def _recurrence(a, b):
    """As the solution of a system of linear equations."""
    n = a.shape[-1]
    matrix = np.eye(n) - np.einsum("...i,ij->...ij", a, np.eye(n, k=-1))
    return np.linalg.solve(matrix, b[..., None])[..., 0]


def _sorted(x, axis=-1):
    y = np.array(x)
    y.sort(axis, kind="heapsort")
    return y


def _topk(x, k, axis=-1, largest=True):
    y = np.moveaxis(np.sort(x, axis), axis, -1)
    return np.moveaxis(y[..., ::-1][..., :k] if largest else y[..., :k], -1, axis)


ROWS = (
    Row(
        "cumsum",
        _cumsum,
        _ALONG,
        dtypes="fc",
        condition=4,
        errors=(bad(ValueError, "axis 1 is out", ones(3), axis=1),),
    ),
    Row("recurrence", _recurrence, (call((4,), (4,)), call((2, 3), (2, 3))), condition=4),
    Row(
        "cumprod",
        _cumprod,
        _ALONG,
        dtypes="fc",
        condition=4,
        errors=(bad(ValueError, "axis 1 is out", ones(3), axis=1),),
    ),
    Row(
        "sort",
        lambda x, axis=-1: np.sort(x.ravel()) if axis is None else _sorted(x, axis),
        (call((5,)), call((2, 3)), call((2, 3), axis=0), call((2, 3), axis=None), call((2, 0))),
        distinct,
        exact=True,
        errors=(bad(ValueError, "axis 2 is out", ones((2, 3)), axis=2),),
    ),
    Row(
        "argsort",
        lambda x, axis=-1: np.argsort(np.argsort(np.argsort(x, axis), axis), axis),
        (call((5,)), call((2, 3)), call((2, 3), axis=0)),
        distinct,
        smooth=False,
    ),
    Row(
        "topk",
        _topk,
        (call((5,), k=2), call((2, 3), k=1, axis=0), call((2, 3), k=3, largest=False), call((4,), k=0)),
        distinct,
        exact=True,
        f=lambda x, **params: ops.topk(x, **params)[0],
        errors=(bad(ValueError, "k has to be between 0 and 3, the length of axis 0; got 4", ones(3), k=4),),
    ),
)
