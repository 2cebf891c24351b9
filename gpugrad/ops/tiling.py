"""More of the same elements: tile, repeat, pad."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from ..backend.arrays import namespace
from ..core import Tensor, linear, primitive
from .axes import ndim_of, one_axis, shape_of, some_numbers
from .indexing import take
from .select import where
from .shape import broadcast_to, expand_dims, ravel, reshape

# ---- repetition ----


def tile(x, reps):
    """``x`` repeated ``reps`` times along each axis."""
    counts = some_numbers(reps)
    n = max(len(counts), ndim_of(x))
    counts = (1,) * (n - len(counts)) + counts
    shape = (1,) * (n - ndim_of(x)) + shape_of(x)
    paired = tuple(k for pair in zip((1,) * n, shape, strict=True) for k in pair)
    repeated = tuple(k for pair in zip(counts, shape, strict=True) for k in pair)
    flat = tuple(c * m for c, m in zip(counts, shape, strict=True))
    return reshape(broadcast_to(reshape(x, paired), repeated), flat)


def repeat(x, repeats, axis=None):
    """Each element ``repeats`` times in a row along ``axis`` (of the flattened array by default)."""
    if axis is None:
        x, axis = ravel(x), 0
    axis = one_axis(axis, ndim_of(x), "repeat")
    n = shape_of(x)[axis]
    if ndim_of(repeats):
        return take(x, _sent_to(np.repeat(np.arange(n), repeats), x), axis=axis)
    k = index(repeats)
    shape = shape_of(x)
    wide = (*shape[: axis + 1], k, *shape[axis + 1 :])
    return reshape(broadcast_to(expand_dims(x, axis + 1), wide), (*shape[:axis], n * k, *shape[axis + 1 :]))


# ---- padding ----


@primitive
def _pad(xp, x, *, widths):
    return xp.pad(x, widths)


linear(
    _pad,
    lambda g, x_shape, *, widths: g[
        tuple(slice(before, before + n) for (before, _), n in zip(widths, x_shape, strict=True))
    ],
)


def pad(x, pad_width, mode: Any = "constant", constant_values=0):
    """``x`` with ``pad_width`` elements put before and after: one number, a pair, or a pair for each axis.

    constant_values: given like the widths, or one Tensor of no dimensions.
    mode: ``"constant"``, ``"edge"``, ``"reflect"``, ``"symmetric"``, ``"wrap"``.
    """
    n = ndim_of(x)
    widths = tuple((int(a), int(b)) for a, b in np.broadcast_to(np.asarray(pad_width), (n, 2)))
    if min((k for pair in widths for k in pair), default=0) < 0:
        raise ValueError(f"pad: widths have to be at least 0, got {pad_width}")
    if mode != "constant":
        for axis, (before, after) in enumerate(widths):
            if before or after:
                places = np.pad(np.arange(shape_of(x)[axis]), (before, after), mode)
                x = take(x, _sent_to(places, x), axis=axis)
        return x
    padded = _pad(x, widths=widths)
    if isinstance(constant_values, (int, float)) and constant_values == 0:
        return padded
    outside = np.pad(np.zeros(shape_of(x), bool), widths, constant_values=True)
    if ndim_of(constant_values):
        constants = np.pad(np.zeros(shape_of(x), padded.dtype), widths, constant_values=constant_values)
        constant_values = _sent_to(constants, padded)
    return where(_sent_to(outside, padded), constant_values, padded)


def _sent_to(constants, x):
    """A NumPy array of ours on the device of ``x``."""
    return namespace(x.data if isinstance(x, Tensor) else x).asarray(constants)
