"""The same elements in another shape or order: reshape, transpose, broadcast, flip, roll."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..backend import broadcast
from ..core import linear, primitive
from .axes import ndim_of, one_axis, shape_of, some_axes, some_numbers

# ---- reshape ----


@primitive
def _reshape(xp, x, *, shape):
    return xp.reshape(x, shape)


linear(_reshape, lambda g, x_shape: _reshape(g, shape=x_shape), exact=True)


def reshape(x, shape):
    """The elements of ``x`` in row-major order, in another shape; one length may be -1."""
    return _reshape(x, shape=some_numbers(shape))


def ravel(x):
    """The elements of ``x`` in row-major order, in one axis."""
    return _reshape(x, shape=(-1,))


def expand_dims(x, axis):
    """An axis of length 1 (or several) put in, so that it stands at ``axis`` in the result."""
    count = len(axis) if isinstance(axis, Sequence) else 1
    axes = some_axes(axis, ndim_of(x) + count, "expand_dims")
    rest = iter(shape_of(x))
    return _reshape(x, shape=tuple(1 if i in axes else next(rest) for i in range(ndim_of(x) + count)))


def squeeze(x, axis=None):
    """Axes of length 1 taken out: all, or those named. Raises ValueError for a longer one."""
    shape = shape_of(x)
    if axis is None:
        return _reshape(x, shape=tuple(n for n in shape if n != 1))
    axes = some_axes(axis, len(shape), "squeeze")
    for k in axes:
        if shape[k] != 1:
            raise ValueError(f"squeeze: axis {k} has length {shape[k]}, not 1, in shape {shape}")
    return _reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


def atleast_1d(x):
    """``x`` with at least one axis."""
    return _reshape(x, shape=shape_of(x) or (1,))


def atleast_2d(x):
    """``x`` with at least two axes; new ones come first."""
    return _reshape(x, shape=shape_of(x) if ndim_of(x) > 1 else (1, -1))


# ---- transpose ----


@primitive
def _transpose(xp, x, *, axes):
    return xp.transpose(x, axes)


linear(
    _transpose,
    lambda g, *, axes: _transpose(g, axes=tuple(sorted(range(len(axes)), key=axes.__getitem__))),
    exact=True,
)


def transpose(x, axes=None):
    """Axes in another order, by default reversed."""
    n = ndim_of(x)
    order = tuple(reversed(range(n))) if axes is None else some_axes(axes, n, "transpose")
    if len(order) != n:
        raise ValueError(f"transpose: {len(order)} axes given for an array of {n} dimensions")
    return _transpose(x, axes=order)


def swapaxes(x, axis1, axis2):
    """Two axes exchanged."""
    order = list(range(ndim_of(x)))
    i, j = (one_axis(k, len(order), "swapaxes") for k in (axis1, axis2))
    order[i], order[j] = j, i
    return _transpose(x, axes=tuple(order))


def moveaxis(x, source, destination):
    """Axes moved from ``source`` to ``destination``, the others in their old order."""
    n = ndim_of(x)
    start, end = some_axes(source, n, "moveaxis"), some_axes(destination, n, "moveaxis")
    if len(start) != len(end):
        raise ValueError(f"moveaxis: {len(start)} axes to move but {len(end)} places")
    order = [k for k in range(n) if k not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return _transpose(x, axes=tuple(order))


# ---- broadcasting and its transpose ----


@primitive
def _broadcast_to(xp, x, *, shape):
    return xp.broadcast_to(x, shape)


@primitive
def _sum_to(xp, x, *, shape):
    return broadcast.sum_to(x, shape)


linear(_broadcast_to, lambda g, x_shape: _sum_to(g, shape=x_shape), exact=True)
linear(_sum_to, lambda g, x_shape: _broadcast_to(g, shape=x_shape), exact=True)


def broadcast_to(x, shape):
    """``x`` repeated along new axes and axes of length 1 until it has this shape; a read-only view."""
    return _broadcast_to(x, shape=some_numbers(shape))


def sum_to(x, shape):
    """``x`` summed over what broadcasting from ``shape`` would repeat: the transpose of ``broadcast_to``."""
    return _sum_to(x, shape=tuple(shape))


def broadcast_arrays(*xs):
    """All operands in the shape that they broadcast to together."""
    shape = np.broadcast_shapes(*[shape_of(x) for x in xs])
    return tuple(_broadcast_to(x, shape=shape) for x in xs)


# ---- order along an axis ----


@primitive
def _flip(xp, x, *, axis):
    return xp.flip(x, axis)


linear(_flip, lambda g, *, axis: _flip(g, axis=axis))


def flip(x, axis=None):
    """The order of the elements reversed along ``axis`` (by default along all)."""
    return _flip(x, axis=some_axes(axis, ndim_of(x), "flip"))


@primitive
def _roll(xp, x, *, shift, axis):
    return xp.roll(x, shift, axis)


linear(
    _roll,
    lambda g, *, shift, axis: _roll(g, shift=tuple(-k for k in shift), axis=axis),
)


def roll(x, shift, axis=None):
    """Elements moved by ``shift`` places along ``axis``, those pushed out coming in at the other end.

    Without an axis the array is rolled as if it were flat.
    """
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape_of(x))
    axes = some_axes(axis, ndim_of(x), "roll")
    shifts = some_numbers(shift) if ndim_of(shift) else some_numbers(shift) * len(axes)
    if len(shifts) != len(axes):
        raise ValueError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    return _roll(x, shift=shifts, axis=axes)
