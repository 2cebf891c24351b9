"""Reading and updating by index: slices, integer arrays, boolean masks, and along an axis.

An index may hold slices, ``...``, ``None``, integers, lists, and integer or boolean arrays or Tensors of the
device of what is indexed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend.arrays import is_array, namespace
from ..backend.scatter import add_at, repeats
from ..backend.transfer import require_same_device
from ..core import Tensor, by_hand, linear, make, nondifferentiable, primitive
from ..core.batched import Batched, levels, newest, unbatched
from ..core.modes import special
from ..core.recorder import asked
from ..core.tensor import lifted
from .axes import ndim_of, one_axis, shape_of
from .casting import as_array
from .select import masked, where
from .shape import ravel, reshape


def _plain(key: Any, like: Any) -> Any:
    """The index with arrays in place of Tensors and lists; ValueError if one is on another device."""
    array = like.data if isinstance(like, Tensor) else like
    xp = namespace(array)

    def part(k: Any) -> Any:
        if isinstance(k, Tensor):
            k = k.data
        if isinstance(k, list):
            k = xp.asarray(k, dtype=None if k else int)
        if is_array(k):
            if k.dtype.kind not in "biu":
                raise TypeError(
                    f"an index has to be of integers or booleans, got an array of dtype {k.dtype}"
                )
            if is_array(array):
                require_same_device(array, k)
        return k

    return tuple(map(part, key)) if isinstance(key, tuple) else part(key)


def beside(x: Any, key: Any) -> Any:
    """``x`` on the level of ``vmap`` of the index, if that is the inner one: calls go by their operands."""
    level = newest(key if isinstance(key, tuple) else (key,)) if levels.active else None
    if level is None or isinstance(x, Batched):
        return x
    return lifted(x if isinstance(x, Tensor) else make(x), level)


def _batched_mask(key: Any) -> bool:
    return isinstance(key, Batched) and key.dtype.kind == "b"


# ---- reading ----


@primitive
def _getitem(xp, x, *, key):
    return x[key]


@primitive
def _placed(xp, x, *, key, shape):
    """Zeros of ``shape`` with ``x`` added in at ``key``: the transpose of reading."""
    half = xp is not np and x.dtype.itemsize == 2
    out = xp.zeros(shape, "float32" if half else x.dtype)
    if repeats(key):
        add_at(out, key, x.astype(out.dtype, copy=False))
    else:
        out[key] = x
    return out.astype(x.dtype, copy=False)


linear(_getitem, lambda g, x_shape, *, key: _placed(g, key=key, shape=x_shape))
linear(_placed, lambda g, *, key: _getitem(g, key=key))


def getitem(x, key):
    """``x[key]``: a copy or, for slices alone, a view."""
    key = _plain(key, x)
    return _getitem(beside(x, key), key=key)


def take(x, indices, axis=None):
    """Elements at ``indices`` along ``axis`` (of the flattened array by default).

    Raises ValueError if the indices are on another device.
    """
    if axis is None:
        x, axis = ravel(x), 0
    axis = one_axis(axis, ndim_of(x), "take")
    return getitem(x, (slice(None),) * axis + (as_array(indices, x),))


def _along(x: Any, indices: Any, axis: int) -> tuple:
    """The full index that names ``indices`` along ``axis`` and every place along the other axes."""
    indices = indices.data if isinstance(indices, Tensor) else indices
    xp, n = namespace(indices), indices.ndim
    if n != ndim_of(x):
        raise ValueError(f"indices have {n} dimensions, the array has {ndim_of(x)}; they have to agree")
    shape = shape_of(x)
    return tuple(
        indices if k == axis else xp.arange(shape[k]).reshape([-1 if j == k else 1 for j in range(n)])
        for k in range(n)
    )


def take_along_axis(x, indices, axis):
    """``x`` at ``indices`` along ``axis``, the other axes side by side, as ``argsort`` returns them."""
    if axis is None:
        return take_along_axis(ravel(x), ravel(indices), 0)
    return getitem(x, _along(x, indices, one_axis(axis, ndim_of(x), "take_along_axis")))


# ---- updating: the result is a new value ----


def _over(mask: Any, x: Any, values: Any) -> Any:
    """A mask that differs by example, with axes of length 1 for those of ``x`` that it leaves alone.

    Where it stands alone as the index, an update is a ``where``, if there is one value for all places.
    """
    rest = ndim_of(x) - mask.ndim
    if ndim_of(values) > rest:
        raise TypeError(
            f"values of shape {shape_of(values)} cannot be put where a boolean mask of shape {mask.shape} "
            "holds inside of vmap: it holds at another number of places in each example; use gpugrad.where"
        )
    return reshape(mask, shape_of(mask) + (1,) * rest)


@primitive
def _index_update(xp, x, values, *, key):
    out = xp.array(x)
    out[key] = values
    return out


@nondifferentiable
@primitive
def zeros_beside(xp, like, *, shape):
    return xp.zeros(shape, like.dtype)


@nondifferentiable
@primitive
def _stays(xp, x, *, key):
    """For each value of ``x[key] = values`` whether it is the last to be written to its element."""
    order = xp.zeros(x.shape, int)
    places = xp.arange(order[key].size).reshape(order[key].shape)
    order[key] = places
    return order[key] == places


def _read_once(g, key):
    read = _getitem(g, key=key)
    return masked(read, _stays(g, key=key)) if repeats(key) else read


by_hand(
    _index_update,
    vjp=(lambda g, *, key: _index_update(g, 0, key=key), lambda g, *, key: _read_once(g, key)),
    jvp=(
        lambda t, *, key: _index_update(t, 0, key=key),
        lambda t, x_shape, *, key: _index_update(zeros_beside(t, shape=x_shape), t, key=key),
    ),
)


def _require_room(x, values, name):
    if (
        hasattr(values, "dtype")
        and hasattr(x, "dtype")
        and not np.can_cast(values.dtype, x.dtype, "same_kind")
    ):
        raise TypeError(
            f"{name}: values of dtype {values.dtype} do not go into {x.dtype}; convert with astype"
        )


def index_update(x, key, values):
    """``x`` with ``values`` at ``key``; gradients go to both.

    Of several values for one element the last counts, on CUDA any. The dtype stays that of ``x``: TypeError
    for complex values in a real array and the like.
    """
    _require_room(x, values, "index_update")
    key = _plain(key, x)
    if _batched_mask(key):
        return where(_over(key, x, values), values, x)
    return _index_update(beside(x, key), values, key=key)


@primitive
def _index_add(xp, x, values, *, key):
    out = xp.array(x)
    add_at(out, key, values)
    return out


by_hand(
    _index_add,
    vjp=(lambda g: g, lambda g, *, key: _getitem(g, key=key)),
    jvp=(lambda t: t, lambda t, x_shape, *, key: _index_add(zeros_beside(t, shape=x_shape), t, key=key)),
)


def index_add(x, key, values):
    """``x`` with ``values`` added at ``key``, once for each time that an element is named.

    The dtype stays that of ``x``: TypeError for complex values in a real array and the like.
    """
    _require_room(x, values, "index_add")
    key = _plain(key, x)
    if _batched_mask(key):
        return x + where(_over(key, x, values), values, 0)
    return _index_add(beside(x, key), values, key=key)


# ---- indices from values ----


def nonzero(x):
    """Indices of the elements that are not zero: one array for each axis."""
    if special and isinstance(x, Tensor):
        asked(x, "nonzero()")
    array = unbatched(x.data if isinstance(x, Tensor) else x, "what nonzero() can count")
    return namespace(array).nonzero(array)
