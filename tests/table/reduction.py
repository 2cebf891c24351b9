"""Rows of ``ops/reduction.py``, and of the norms of ``ops/linalg.py``."""

import numpy as np

from gpugrad import ops
from gpugrad.ops import reduction

from .row import POSITIVE, UNARY, Row, bad, call, distinct

ones = np.ones
_AXES = (
    call(()),
    call((4,)),
    call((2, 3), axis=-1),
    call((2, 3), axis=0, keepdims=True),
    call((2, 3, 2), axis=(0, -1)),
    call((2, 3, 2), axis=(2, 0), keepdims=True),
    call((2, 3), axis=()),
    call((2, 3), keepdims=True),
)
REDUCED = (*_AXES, call((0,)), call((2, 0), axis=1), call((0, 2), axis=1))
_AXIS_ERRORS = (
    bad(ValueError, "axis 2 is out of range for an array of 2 dimensions", ones((2, 3)), axis=2),
    bad(ValueError, "axis is named twice", ones((2, 3)), axis=(0, -2)),
    bad(TypeError, "integer", ones((2, 3)), axis=0.5),
)


def _sum(x, axis=None, keepdims=False):
    """Added up by a matrix product, element by element of the axes."""
    x = np.asarray(x)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(k % x.ndim for k in axes)
    kept = [k for k in range(x.ndim) if k not in axes]
    rows = x.transpose(*kept, *axes).reshape([x.shape[k] for k in kept] + [-1 if x.size else 0])
    if not x.size:
        rows = np.zeros([x.shape[k] for k in kept] + [0], x.dtype)
    y = rows @ np.ones(rows.shape[-1])
    return np.expand_dims(y, axes) if keepdims else y


def _count(x, axis):
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return np.prod([x.shape[k] for k in axes])


def _mean(x, axis=None, keepdims=False):
    return _sum(x, axis, keepdims) / _count(x, axis)


def _var(x, axis=None, ddof=0, keepdims=False):
    squares = np.abs(x - _mean(x, axis, True)) ** 2
    return _sum(squares, axis, keepdims) / (_count(x, axis) - ddof)


def _std(x, **params):
    return np.sqrt(_var(x, **params))


def _mean_square(x, axis=None):
    return _sum(x * x, axis) / _count(x, axis)


def _signed(x):
    return np.where(x < 0, -1.0, 1.0) if x.dtype.kind != "c" else x / np.abs(x)


def _prod(x, axis=None, keepdims=False):
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims)


def _best(pick, x, axis, keepdims):
    """By sorting."""
    if axis == ():
        return x
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(k % x.ndim for k in axes)
    kept = [k for k in range(x.ndim) if k not in axes]
    y = np.sort(x.transpose(*kept, *axes).reshape([x.shape[k] for k in kept] + [-1]), -1)[..., pick]
    return np.expand_dims(y, axes) if keepdims else y


def _logsumexp(x, axis=None, keepdims=False):
    return np.log(_sum(np.exp(x), axis, keepdims))


def _norm(x, ord=None, axis=None, keepdims=False):
    return np.linalg.norm(x, ord, axis, keepdims)


SPREAD = (*(s for s in _AXES if s.params.get("axis") != ()), call((3,), ddof=1), call((2, 3), axis=1, ddof=1))

ROWS = (
    Row("sum", _sum, REDUCED, dtypes="fc", condition=4, errors=_AXIS_ERRORS),
    Row("mean", _mean, _AXES, dtypes="fc", errors=_AXIS_ERRORS),
    Row(
        "_mean_square",
        _mean_square,
        (
            call((), axis=()),
            call((4,), axis=(0,)),
            call((2, 3), axis=(0, 1)),
            call((2, 3, 2), axis=(0, 2)),
        ),
        dtypes="fc",
        condition=4,
    ),
    Row("var", _var, (*SPREAD, call((2, 3), axis=())), dtypes="fc", condition=4, points=(1.0,)),
    Row("std", _std, SPREAD[1:], distinct, dtypes="fc", condition=4, kinks={1.0: 0.0}),
    Row("_root", np.sqrt, UNARY, POSITIVE, kinks={0.0: 0.0}),
    Row("prod", _prod, REDUCED, dtypes="fc", condition=4, points=(0.0,), errors=_AXIS_ERRORS),
    Row(
        "max",
        lambda x, axis=None, keepdims=False: _best(-1, x, axis, keepdims),
        _AXES,
        distinct,
        errors=(*_AXIS_ERRORS, bad(ValueError, "zero-size", ones((0,)))),
    ),
    Row(
        "min",
        lambda x, axis=None, keepdims=False: _best(0, x, axis, keepdims),
        _AXES,
        distinct,
        errors=(*_AXIS_ERRORS, bad(ValueError, "zero-size", ones((0,)))),
    ),
    Row(
        "_tied",
        lambda x, y, axis, keepdims: np.eye(4)[np.argmax(x)],
        (call((4,), (), axis=(0,), keepdims=False),),
        distinct,
        f=lambda x, y, **params: reduction._tied(x, ops.max(x), **params),
        smooth=False,
    ),
    Row(
        "_top",
        lambda x, axis: np.sort(x, axis[0])[..., -1:],
        (call((3,), axis=(0,)), call((2, 3), axis=(1,))),
        smooth=False,
    ),
    Row(
        "logsumexp",
        _logsumexp,
        _AXES,
        condition=4,
        points=(1000.0, -1000.0, 0.0),
        kinks={-np.inf: 0.0},
        errors=_AXIS_ERRORS,
    ),
    Row(
        "norm",
        _norm,
        (
            call(()),
            call((4,)),
            call((2, 3)),
            call((2, 3), axis=1),
            call((2, 3), axis=-2, keepdims=True),
            call((2, 3, 2), axis=(0, 2)),
            call((4,), ord=2),
            call((4,), ord=1),
            call((4,), ord=3),
            call((2, 3), ord=np.inf, axis=0),
            call((2, 3), ord=-np.inf, axis=0),
            call((4,), ord=0),
            call((2, 3), ord="fro"),
            call((2, 3), ord=1),
            call((2, 3), ord=-1, keepdims=True),
            call((2, 3, 2), ord=np.inf, axis=(1, 2)),
            call((2, 3, 2), ord=-np.inf, axis=(2, 0), keepdims=True),
        ),
        distinct,
        dtypes="fc",
        condition=4,
        kinks={0.0: 0.0},
        errors=(
            bad(ValueError, "ord='nuc' of a matrix is not here", ones((2, 2)), ord="nuc"),
            bad(ValueError, "ord='fro' is for matrices", ones(2), ord="fro"),
            bad(ValueError, "one axis or two, got 3", ones((2, 2, 2)), ord=2),
        ),
    ),
)
