"""Sums, averages, extremes and norms over axes.

The public functions make ``axis`` a tuple of non-negative axes, which is what the primitives get.
"""

from __future__ import annotations

import math
from functools import wraps

import numpy as np

from ..backend.arrays import as_dtype
from ..backend.dispatch import quiet
from ..core import by_hand, elementwise, linear, nondifferentiable, primitive
from .axes import kept_shape, ndim_of, shape_of, some_axes
from .casting import astype
from .complex import conj, real
from .scan import products_of_others
from .select import one_for_zero, where
from .shape import broadcast_to, moveaxis, reshape
from .transcendental import exp

# ---- what the rules share ----


def _spread(g, shape, axis, keepdims):
    """``g``, of a reduction's shape, back in the operand's ``shape``."""
    return broadcast_to(g if keepdims else reshape(g, kept_shape(shape, axis)), shape)


def _wide(x):
    """The dtype to sum in: float32 for the half types, else that of ``x``; integers as NumPy does."""
    if x.dtype.kind in "biu":
        return None
    return "float32" if x.dtype.itemsize == 2 else x.dtype


def _narrow(y, x):
    return y if y.dtype is x.dtype or x.dtype.kind in "biu" else y.astype(x.dtype)


# ---- sum and mean ----


@primitive
def _sum(xp, x, *, axis, keepdims):
    return _narrow(x.sum(axis, dtype=_wide(x), keepdims=keepdims), x)


linear(_sum, lambda g, x_shape, *, axis, keepdims: _spread(g, x_shape, axis, keepdims), exact=True)


def sum(x, axis=None, keepdims=False):
    """Sum over ``axis`` (all by default); nothing gives 0. Half types are summed in float32."""
    return _sum(x, axis=some_axes(axis, ndim_of(x), "sum"), keepdims=keepdims)


@primitive
def _mean(xp, x, *, axis, keepdims):
    # A sum, as ndarray.mean is Python: 2.8 microseconds for a small array, where this takes 1.2.
    total = x.sum(axis, dtype="float64" if x.dtype.kind in "biu" else _wide(x), keepdims=keepdims)
    return _narrow(total / (_count(x.shape, axis) or math.nan), x)


def _count(shape, axis):
    return math.prod([shape[k] for k in axis])


linear(
    _mean,
    lambda g, x_shape, *, axis, keepdims: _spread(g / _count(x_shape, axis), x_shape, axis, keepdims),
)


def mean(x, axis=None, keepdims=False):
    """Average over ``axis`` (all by default); integers give float64, nothing gives NaN."""
    return _mean(x, axis=some_axes(axis, ndim_of(x), "mean"), keepdims=keepdims)


# ---- mean of squares ----

_ROW = 8192
"""Elements in one product of vectors: BLAS adds them nearly one by one, so more would cost float32 digits."""


def _sum_of_squares(xp, flat):
    if xp is not np or flat.size <= _ROW:
        return flat.dot(flat)
    rows, rest = np.split(flat, [flat.size - flat.size % _ROW])
    rows = rows.reshape(-1, 1, _ROW)
    return np.matmul(rows, rows.swapaxes(1, 2)).sum() + rest.dot(rest)


@primitive
def _mean_square(xp, x, *, axis):
    """Average of ``x * x``; half types compute in float32, in which squares do not overflow so soon."""
    wide = x if x.dtype.char in "fd" else x.astype(as_dtype(_wide(x) or float), copy=False)
    if len(axis) == x.ndim:
        return _narrow(_sum_of_squares(xp, wide.reshape(-1)) / (x.size or math.nan), x)
    return _narrow(xp.sum(wide * wide, axis=axis) / (_count(x.shape, axis) or math.nan), x)


def _mean_square_vjp(g, x, *, axis):
    if len(axis) == x.ndim:
        return x * (g * (2 / (x.size or 1)))
    return x * reshape(g * (2 / (_count(x.shape, axis) or 1)), kept_shape(x.shape, axis))


by_hand(
    _mean_square,
    vjp=(_mean_square_vjp,),
    jvp=(lambda t, x, *, axis: _mean(t * x, axis=axis, keepdims=False) * 2,),
)


def mean_square(x):
    """Average of ``x * x`` over all elements."""
    return _mean_square(x, axis=tuple(range(ndim_of(x))))


# ---- variance and standard deviation; the latter has gradient 0 where all elements are equal ----


def _in_float32(f):
    """``f`` computed in float32 for the half types, in which squares soon overflow."""

    @wraps(f)
    def wider(x, *args, **kwargs):
        if not hasattr(x, "dtype") or x.dtype.itemsize != 2 or x.dtype.kind not in "fV":
            return f(x, *args, **kwargs)
        return astype(f(astype(x, "float32"), *args, **kwargs), x.dtype)

    return wider


@_in_float32
def var(x, axis=None, ddof=0, keepdims=False):
    """Mean squared distance from the mean over ``axis``, divided by ``n - ddof`` instead of ``n``."""
    axes = some_axes(axis, ndim_of(x), "var")
    d = x - mean(x, axes, keepdims=True)
    squares = real(d * conj(d)) if d.dtype.kind == "c" else d * d
    if not ddof:
        return mean(squares, axes, keepdims)
    return sum(squares, axes, keepdims) / _divisor(_count(shape_of(x), axes) - ddof)


def _divisor(n):
    """``n``, or NaN where that is not positive."""
    return n if n > 0 else math.nan


@primitive
def _root(xp, x):
    """Square root with slope 0, the subgradient of least size, at 0."""
    return xp.sqrt(x)


elementwise(_root, lambda t, y: where(y == 0, 0, t / (2 * one_for_zero(y))))


@_in_float32
def std(x, axis=None, ddof=0, keepdims=False):
    """Square root of :func:`var`; its gradient is 0 where all elements are equal."""
    return _root(var(x, axis, ddof, keepdims))


# ---- product: the derivative is the product of the others, which is right with zeros too ----


@primitive
def _prod(xp, x, *, axis, keepdims):
    return _narrow(xp.prod(x, axis=axis, keepdims=keepdims, dtype=_wide(x)), x)


def _others(x, axis):
    """For each element the product of all others over ``axis``, in the shape of ``x``."""
    n = len(axis)
    last = moveaxis(x, axis, tuple(range(-n, 0))) if n else reshape(x, (*x.shape, 1))
    flat = reshape(last, (*last.shape[: x.ndim - n], math.prod(last.shape[x.ndim - n :])))
    others = reshape(products_of_others(flat), last.shape)
    return moveaxis(others, tuple(range(-n, 0)), axis) if n else reshape(others, x.shape)


by_hand(
    _prod,
    vjp=(lambda g, x, *, axis, keepdims: _spread(g, x.shape, axis, keepdims) * _others(x, axis),),
    jvp=(lambda t, x, *, axis, keepdims: _sum(t * _others(x, axis), axis=axis, keepdims=keepdims),),
)


def prod(x, axis=None, keepdims=False):
    """Product over ``axis`` (all by default); nothing gives 1. Zeros have their right gradient."""
    return _prod(x, axis=some_axes(axis, ndim_of(x), "prod"), keepdims=keepdims)


# ---- extremes: tied elements share the gradient equally ----


@nondifferentiable
@primitive
def _tied(xp, x, y, *, axis, keepdims):
    """1/k at each of the k elements of ``x`` equal to their extreme ``y`` (or NaN like it), else 0."""
    y = y if keepdims else xp.reshape(y, kept_shape(x.shape, axis))
    same = xp.equal(x, y) | xp.not_equal(x, x)
    return (same / xp.sum(same, axis=axis, keepdims=True)).astype(x.dtype)


def _extreme(f):
    by_hand(
        f,
        vjp=(
            lambda g, x, y, *, axis, keepdims: (
                _spread(g, x.shape, axis, keepdims) * _tied(x, y, axis=axis, keepdims=keepdims)
            ),
        ),
        jvp=(
            lambda t, x, y, *, axis, keepdims: _sum(
                t * _tied(x, y, axis=axis, keepdims=keepdims), axis=axis, keepdims=keepdims
            ),
        ),
    )
    return f


@_extreme
@primitive
def _max(xp, x, *, axis, keepdims):
    return xp.max(x, axis=axis, keepdims=keepdims)


@_extreme
@primitive
def _min(xp, x, *, axis, keepdims):
    return xp.min(x, axis=axis, keepdims=keepdims)


def max(x, axis=None, keepdims=False):
    """Largest element over ``axis`` (of all by default); ties share the gradient. ValueError for nothing."""
    return _max(x, axis=some_axes(axis, ndim_of(x), "max"), keepdims=keepdims)


def min(x, axis=None, keepdims=False):
    """Smallest element over ``axis`` (of all by default); ties share the gradient. ValueError for nothing."""
    return _min(x, axis=some_axes(axis, ndim_of(x), "min"), keepdims=keepdims)


# ---- logsumexp ----


@primitive
def _logsumexp(xp, x, *, axis, keepdims):
    wide = x.astype(as_dtype(_wide(x) or float), copy=False)
    top = xp.max(wide, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0)
    with quiet():
        total = xp.log(xp.sum(xp.exp(wide - top), axis=axis, keepdims=True)) + top
    return _narrow(total if keepdims else xp.squeeze(total, axis), x)


@nondifferentiable
@primitive
def _top(xp, x, *, axis):
    """What is taken from ``x`` before the exponential; the shares do not depend on it."""
    top = xp.max(x, axis=axis, keepdims=True)
    return xp.where(xp.isfinite(top), top, 0)


def _shares(x, axis):
    """``exp(x) / sum(exp(x))``, not ``exp(x - y)`` with a rounded ``y``; 0 where all are ``-inf``."""
    e = exp(x - _top(x, axis=axis))
    return e / one_for_zero(_sum(e, axis=axis, keepdims=True))


by_hand(
    _logsumexp,
    vjp=(lambda g, x, *, axis, keepdims: _spread(g, x.shape, axis, keepdims) * _shares(x, axis),),
    jvp=(lambda t, x, *, axis, keepdims: _sum(t * _shares(x, axis), axis=axis, keepdims=keepdims),),
)


def logsumexp(x, axis=None, keepdims=False):
    """``log(sum(exp(x)))`` over ``axis``, shifted by the maximum so that nothing overflows.

    All ``-inf`` gives ``-inf`` with gradient 0.
    """
    return _logsumexp(x, axis=some_axes(axis, ndim_of(x), "logsumexp"), keepdims=keepdims)


# ---- Euclidean norm: gradient 0 at 0 ----


@primitive
def _norm(xp, x, *, axis, keepdims):
    wide = x.astype(as_dtype(_wide(x) or float), copy=False)
    y = xp.sqrt(xp.sum(xp.square(xp.abs(wide)), axis=axis, keepdims=keepdims))
    return y if x.dtype.kind in "biuc" else y.astype(x.dtype, copy=False)


by_hand(
    _norm,
    vjp=(lambda g, x, y, *, axis, keepdims: conj(x) * _spread(g / one_for_zero(y), x.shape, axis, keepdims),),
    jvp=(
        lambda t, x, y, *, axis, keepdims: (
            real(_sum(t * conj(x), axis=axis, keepdims=keepdims)) / one_for_zero(y)
        ),
    ),
)


def euclidean_norm(x, axis=None, keepdims=False):
    """``sqrt(sum(|x|**2))`` over ``axis`` (all by default); gradient 0 at 0."""
    return _norm(x, axis=some_axes(axis, ndim_of(x), "norm"), keepdims=keepdims)
