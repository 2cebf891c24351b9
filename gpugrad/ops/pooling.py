"""Pooling: the largest element or the mean of each window of an image.

Windows are met one offset at a time: what all of them have at one place of theirs is a strided slice of the
image. Elements of the padding are never looked at, so they neither win nor tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np

from ..backend.arrays import floating
from ..core import by_hand, linear, multilinear, primitive
from .axes import ndim_of, shape_of
from .masking import zero_unless
from .spatial import Field, Layout, Pair, layout_of, pair, require_places


def _along(field: Field, axis: int) -> Iterator[tuple[slice, slice]]:
    """For each offset along one axis: the windows that meet the image there, and what they meet."""
    n, places = field.size[axis], field.places[axis]
    step, before = field.layout.stride[axis], field.layout.padding[axis][0]
    for offset in range(field.kernel[axis]):
        first = max(-((offset - before) // step), 0)
        last = min((n - 1 + before - offset) // step, places - 1)
        if first <= last:
            start = first * step + offset - before
            yield slice(first, last + 1), slice(start, start + (last - first) * step + 1, step)


def _offsets(field: Field) -> Iterator[tuple[tuple, tuple]]:
    """The same for both axes, as indices of windows and of images."""
    for rows, down in _along(field, 0):
        for columns, across in _along(field, 1):
            yield (..., rows, columns), (..., down, across)


# ---- the largest: along the rows, where neighbours in memory stay neighbours, then along the columns ----


@primitive
def _max_pool2d(xp, x, *, kernel, layout):
    field, lowest = Field(x.shape[-2:], kernel, layout), _lowest(x.dtype)
    return _joined(xp, xp.maximum, _joined(xp, xp.maximum, x, field, 0, lowest), field, 1, lowest)


def _joined(xp: Any, join: Any, x: Any, field: Field, axis: int, start: Any) -> Any:
    """What each window meets along one axis, joined by a function of two; padding counts as ``start``."""
    behind = (slice(None),) * (1 - axis)
    met = [((..., windows, *behind), x[(..., there, *behind)]) for windows, there in _along(field, axis)]
    if not any(field.layout.padding[axis]):
        return reduce(join, [elements for _, elements in met])
    shape = list(x.shape)
    shape[axis - 2] = field.places[axis]
    y = xp.full(shape, start, x.dtype)
    for windows, elements in met:
        join(y[windows], elements, out=y[windows])
    return y


def _lowest(dtype: Any) -> Any:
    if dtype.kind == "b":
        return False
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


# ---- its gradient and its tangent: linear, and each other's transpose ----


def _won(xp: Any, x: Any, y: Any, field: Field) -> tuple[list, Any]:
    """Where which elements are the largest of their window, by offset, and how many those are, by window.

    In a window with NaN every element counts, since none is less.
    """
    won = [(windows, there, xp.logical_not(x[there] < y[windows])) for windows, there in _offsets(field)]
    count = xp.zeros(y.shape, np.min_scalar_type(field.kernel[0] * field.kernel[1]))
    for windows, _, mask in won:
        xp.add(count[windows], mask, out=count[windows])
    return won, count


def _shared(g: Any, count: Any) -> Any:
    return (g / count).astype(g.dtype, copy=False)


@primitive
def _max_pool2d_grad(xp, g, x, y, *, kernel, layout):
    """An image with ``g`` at the largest element ``y`` of each window of ``x``; those that tie share it."""
    field = Field(x.shape[-2:], kernel, layout)
    won, count = _won(xp, x, y, field)
    share = _shared(g, count)
    image = xp.zeros(x.shape, g.dtype)
    for windows, there, mask in won:
        mine = zero_unless(xp, mask, share[windows])
        if field.overlaps:
            xp.add(image[there], mine, out=image[there])
        else:
            image[there] = mine
    return image


@primitive
def _max_pool2d_pick(xp, t, x, y, *, kernel, layout):
    """For each window ``t`` at its largest element, or the mean of ``t`` at those that tie."""
    won, count = _won(xp, x, y, Field(x.shape[-2:], kernel, layout))
    total = xp.zeros(y.shape, t.dtype)
    for windows, there, mask in won:
        xp.add(total[windows], zero_unless(xp, mask, t[there]), out=total[windows])
    return _shared(total, count)


by_hand(
    _max_pool2d,
    vjp=(lambda g, x, y, *, kernel, layout: _max_pool2d_grad(g, x, y, kernel=kernel, layout=layout),),
    jvp=(lambda t, x, y, *, kernel, layout: _max_pool2d_pick(t, x, y, kernel=kernel, layout=layout),),
)
multilinear(
    _max_pool2d_grad,
    lambda g, x, y, *, kernel, layout: _max_pool2d_pick(g, x, y, kernel=kernel, layout=layout),
    None,
    None,
)
multilinear(
    _max_pool2d_pick,
    lambda g, x, y, *, kernel, layout: _max_pool2d_grad(g, x, y, kernel=kernel, layout=layout),
    None,
    None,
)


# ---- the mean, in which the padding counts as zeros ----


@primitive
def _avg_pool2d(xp, x, *, kernel, layout):
    field, dtype = Field(x.shape[-2:], kernel, layout), floating(x.dtype)
    wide = x.astype(_summed_in(dtype), copy=False)
    total = _joined(xp, xp.add, _joined(xp, xp.add, wide, field, 0, 0), field, 1, 0)
    return (total / (kernel[0] * kernel[1])).astype(dtype, copy=False)


@primitive
def _avg_pool2d_spread(xp, g, *, size, kernel, layout):
    """An image of this size with an equal part of ``g`` at each element of a window."""
    part = g.astype(_summed_in(g.dtype), copy=False) / (kernel[0] * kernel[1])
    image = xp.zeros((*g.shape[:-2], *size), part.dtype)
    for windows, there in _offsets(Field(size, kernel, layout)):
        xp.add(image[there], part[windows], out=image[there])
    return image.astype(g.dtype, copy=False)


def _summed_in(dtype: Any) -> Any:
    return np.dtype("float32") if dtype.itemsize == 2 else dtype


linear(
    _avg_pool2d,
    lambda g, x_shape, *, kernel, layout: _avg_pool2d_spread(
        g, size=x_shape[-2:], kernel=kernel, layout=layout
    ),
)
linear(_avg_pool2d_spread, lambda g, *, kernel, layout: _avg_pool2d(g, kernel=kernel, layout=layout))


# ---- as users call them ----


def max_pool2d(x, kernel_size, *, stride: Any = None, padding: Any = 0):
    """The largest element of each window of images ``x`` (..., h, w); NaN if there is one.

    kernel_size, stride, padding: a number, or a pair for rows and columns. Windows are a stride apart, by
    default their own size; a last one that does not fit is left out. Padding, at most half a window, holds no
    elements. Those that tie share the gradient. Raises ValueError for a window larger than the padded image.
    """
    kernel, layout = _windows(x, kernel_size, stride, padding, "max_pool2d")
    if getattr(x, "dtype", np.dtype(float)).kind == "c":
        raise TypeError(
            "max_pool2d: complex numbers have no order; take the real part, or the absolute value, first"
        )
    return _max_pool2d(x, kernel=kernel, layout=layout)


def avg_pool2d(x, kernel_size, *, stride: Any = None, padding: Any = 0):
    """The mean of each window of images ``x`` (..., h, w); padding counts as zeros. Else as max_pool2d."""
    kernel, layout = _windows(x, kernel_size, stride, padding, "avg_pool2d")
    return _avg_pool2d(x, kernel=kernel, layout=layout)


def _windows(x: Any, kernel_size: Any, stride: Any, padding: Any, of: str) -> tuple[Pair, Layout]:
    """Size and layout of the windows on images ``x``."""
    kernel, padded = pair(kernel_size, 1, f"{of}: kernel_size"), pair(padding, 0, f"{of}: padding")
    if ndim_of(x) < 2:
        raise ValueError(f"{of} expects images (..., h, w), got shape {shape_of(x)}")
    if any(2 * p > k for p, k in zip(padded, kernel, strict=True)):
        raise ValueError(f"{of}: padding {padded} has to be at most half of kernel_size {kernel}")
    layout = layout_of(kernel, kernel if stride is None else stride, padded, of=of)
    require_places(Field(shape_of(x)[-2:], kernel, layout), of)
    return kernel, layout
