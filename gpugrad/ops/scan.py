"""Running sums and products along one axis, and the recurrence behind their derivatives."""

from __future__ import annotations

from ..core import by_hand, linear, primitive
from .axes import ndim_of, one_axis
from .joining import concatenate
from .nondiff import ones_like, zeros_like
from .shape import flip, ravel, swapaxes

# ---- cumsum ----


@primitive
def _cumsum(xp, x, *, axis):
    wide = "float32" if x.dtype.itemsize == 2 and x.dtype.kind in "fV" else None
    y = xp.cumsum(x, axis=axis, dtype=wide)
    return y if x.dtype.kind in "biu" else y.astype(x.dtype, copy=False)


linear(_cumsum, lambda g, *, axis: flip(_cumsum(flip(g, axis), axis=axis), axis))


def cumsum(x, axis=None):
    """Running sum along ``axis`` (of the flattened array by default)."""
    return _cumsum(x, axis=one_axis(axis, ndim_of(x), "cumsum")) if axis is not None else cumsum(ravel(x), 0)


# ---- the recurrence c[j] = b[j] + a[j] c[j-1]: no division, so nothing goes wrong at zeros ----


@primitive
def recurrence(xp, a, b):
    """``c[j] = b[j] + a[j] * c[j-1]`` along the last axis, with ``c[-1] = 0``; shapes and dtypes as ``a``."""
    c = xp.array(b)
    for j in range(1, c.shape[-1]):
        c[..., j] += a[..., j] * c[..., j - 1]
    return c


def _before(c):
    """``c[j-1]`` at ``j``, 0 first."""
    return concatenate([zeros_like(c[..., :1]), c[..., :-1]], -1)


def _after(a):
    """``a[j+1]`` at ``j``, 0 last."""
    return concatenate([a[..., 1:], zeros_like(a[..., :1])], -1)


def _backwards(a, b):
    """``c[j] = b[j] + a[j+1] * c[j+1]``: the transpose of the recurrence."""
    return flip(recurrence(flip(_after(a), -1), flip(b, -1)), -1)


by_hand(
    recurrence,
    vjp=(lambda g, a, y: _backwards(a, g) * _before(y), lambda g, a: _backwards(a, g)),
    jvp=(lambda t, a, y: recurrence(a, t * _before(y)), lambda t, a: recurrence(a, t)),
)

# ---- cumprod ----


@primitive
def _cumprod(xp, x):
    return xp.cumprod(x, axis=-1)


def _products_before(y):
    """``y[j-1]`` at ``j``, 1 first."""
    return concatenate([ones_like(y[..., :1]), y[..., :-1]], -1)


by_hand(
    _cumprod,
    vjp=(lambda g, x, y: _backwards(x, g) * _products_before(y),),
    jvp=(lambda t, x, y: recurrence(x, t * _products_before(y)),),
)


def cumprod(x, axis=None):
    """Running product along ``axis`` (of the flattened array by default); zeros have their right gradient."""
    if axis is None:
        return _cumprod(ravel(x))
    axis = one_axis(axis, ndim_of(x), "cumprod")
    last = ndim_of(x) - 1
    return _cumprod(x) if axis == last else swapaxes(_cumprod(swapaxes(x, axis, last)), axis, last)


def products_of_others(x):
    """At each place along the last axis the product of all other elements."""
    before = _products_before(_cumprod(x))
    after = flip(_products_before(_cumprod(flip(x, -1))), -1)
    return before * after
