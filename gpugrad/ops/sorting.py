"""Sorting: order is found without gradient, values are taken with one."""

from __future__ import annotations

from operator import index

from ..core import nondifferentiable, primitive
from .axes import ndim_of, one_axis, shape_of
from .indexing import take_along_axis
from .shape import flip, ravel


@nondifferentiable
@primitive
def _argsort(xp, x, *, axis):
    return xp.argsort(x, axis=axis, kind="stable")


def argsort(x, axis=-1):
    """Indices that sort ``x`` along ``axis`` (flattened with ``None``); equal elements keep their order."""
    if axis is None:
        return argsort(ravel(x), 0)
    return _argsort(x, axis=one_axis(axis, ndim_of(x), "argsort"))


def sort(x, axis=-1):
    """``x`` in ascending order along ``axis`` (flattened with ``None``); NaN comes last."""
    if axis is None:
        return sort(ravel(x), 0)
    return take_along_axis(x, argsort(x, axis), axis)


def topk(x, k, axis=-1, largest=True):
    """The ``k`` largest (or smallest) elements along ``axis``, the foremost first, and their indices.

    Equal elements come in an order of their own. Raises ValueError if there are fewer than ``k``.
    """
    axis, k = one_axis(axis, ndim_of(x), "topk"), index(k)
    n = shape_of(x)[axis]
    if not 0 <= k <= n:
        raise ValueError(f"topk: k has to be between 0 and {n}, the length of axis {axis}; got {k}")
    order = argsort(x, axis)
    cut = (slice(None),) * axis
    indices = flip(order, axis)[(*cut, slice(k))] if largest else order[(*cut, slice(k))]
    return take_along_axis(x, indices, axis), indices
