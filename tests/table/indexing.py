"""Rows of ``ops/indexing.py``. What index does what is for ``tests/ops/test_shapes.py`` to try at large."""

import numpy as np

from gpugrad import ops
from gpugrad.ops import indexing

from .row import Row, bad, call, distinct

ones = np.ones
_TWICE = np.array([0, 0, 2])
_MASK = np.array([[True, False, True], [False, False, True]])
_KEYS = (
    call((3,), key=1),
    call((3,), key=slice(None, None, -2)),
    call((2, 3), key=(..., None, slice(1, 3))),
    call((3,), key=_TWICE),
    call((3,), key=[2, 0]),
    call((2, 3), key=(np.array([[0], [1]]), np.array([0, 2]))),
    call((2, 3), key=_MASK),
    call((2, 3, 2), key=(slice(None), np.array([0, 0]), 1)),
    call((), key=()),
    call((3,), key=[]),
)


def _placed(x, key, shape):
    out = np.zeros(shape, x.dtype)
    np.add.at(out, key, x)
    return out


def _updated(x, values, key):
    out = np.array(x)
    out[key] = values
    return out


def _added(x, values, key):
    out = np.array(x)
    np.add.at(out, key, values)
    return out


_INDEX_ERRORS = (
    bad(IndexError, "out of bounds", ones(3), key=5),
    bad(TypeError, "integers or booleans, got an array of dtype float64", ones(3), key=np.array([0.5])),
)

ROWS = (
    Row("getitem", lambda x, key: x[key], _KEYS, dtypes="fc", exact=True, errors=_INDEX_ERRORS),
    Row(
        "_placed",
        _placed,
        (
            call((3,), key=_TWICE, shape=(3,)),
            call((2,), key=slice(1, 3), shape=(4,)),
            call((3,), key=_MASK, shape=(2, 3)),
        ),
        dtypes="fc",
        f=lambda x, key, shape: indexing._placed(x, key=indexing._plain(key, x), shape=shape),
    ),
    Row("zeros_beside", lambda x, shape: np.zeros(shape), (call((2,), shape=(3,)),), smooth=False),
    Row(
        "index_update",
        _updated,
        (
            call((3,), (), key=1),
            call((3,), (2,), key=slice(0, 2)),
            call((2, 3), (3,), key=_MASK),
            call((2, 3), (), key=_MASK),
            call((4,), (2,), key=[3, 1]),
            call((2, 3), (3,), key=(slice(None), slice(None))),
        ),
        dtypes="fc",
        exact=True,
        f=lambda x, values, key: ops.index_update(x, key, values),
        errors=(
            bad(ValueError, "broadcast|shape", ones(3), ones(2), key=slice(None)),
            bad(
                TypeError,
                "values of dtype complex128 do not go into float64",
                ones(3),
                ones(3) * 1j,
                key=_TWICE,
            ),
        ),
    ),
    Row(
        "_stays",
        # Which value for an element stays is not said on CUDA, only that one does.
        lambda x, key: np.unique(key).size,
        (call((3,), key=_TWICE),),
        f=lambda x, key: ops.sum(indexing._stays(x, key=key)),
        smooth=False,
    ),
    Row(
        "index_add",
        _added,
        (
            call((3,), (), key=1),
            call((3,), (3,), key=_TWICE),
            call((3,), (), key=_TWICE),
            call((2, 3), (3,), key=_MASK),
            call((2, 3), (3,), key=(slice(None), slice(None))),
        ),
        dtypes="f",
        f=lambda x, values, key: ops.index_add(x, key, values),
    ),
    Row(
        "take",
        np.take,
        (
            call((4,), indices=[0, 3, 0]),
            call((2, 3), indices=np.array([[2, 0]]), axis=1),
            call((2, 3), indices=4),
            call((2, 3), indices=-1, axis=-1),
        ),
        exact=True,
        f=lambda x, indices, axis=None: ops.take(x, indices, axis),
        errors=(bad(ValueError, "axis 1 is out of range", ones(3), indices=0, axis=1),),
    ),
    Row(
        "take_along_axis",
        lambda x, axis: np.sort(x, axis),
        (call((4,), axis=0), call((2, 3), axis=-1), call((2, 3), axis=0), call((2, 3), axis=None)),
        distinct,
        exact=True,
        f=lambda x, axis: ops.take_along_axis(x, ops.argsort(x, axis), axis),
    ),
)
