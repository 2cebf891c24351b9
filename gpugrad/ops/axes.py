"""Axes as users write them, made into non-negative numbers."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any


def ndim_of(x: Any) -> int:
    """Number of axes of an array, a Tensor, a number or a nested list."""
    n = getattr(x, "ndim", None)
    return len(shape_of(x)) if n is None else n


def shape_of(x: Any) -> tuple[int, ...]:
    """Lengths of the axes of an array, a Tensor, a number or a nested list."""
    shape = getattr(x, "shape", None)
    if shape is not None:
        return shape if type(shape) is tuple else tuple(shape)
    return (len(x), *(shape_of(x[0]) if len(x) else ())) if isinstance(x, (list, tuple)) else ()


def some_numbers(n: Any) -> tuple[int, ...]:
    """One whole number, or a tuple, list or array of them, as a tuple. Raises TypeError for others."""
    return tuple(map(index, n)) if ndim_of(n) else (index(n),)


def one_axis(axis: Any, ndim: int, name: str) -> int:
    """``axis`` counted from the front. Raises ValueError outside ``-ndim .. ndim - 1``."""
    k = index(axis)
    if not -ndim <= k < ndim:
        raise ValueError(f"{name}: axis {k} is out of range for an array of {ndim} dimensions")
    return k % ndim


def some_axes(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """``None`` (all), one axis or several, counted from the front. Raises ValueError for a repeated one."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    axes = tuple(one_axis(k, ndim, name) for k in (axis if isinstance(axis, Iterable) else (axis,)))
    if len(set(axes)) != len(axes):
        raise ValueError(f"{name}: an axis is named twice in {axis}")
    return axes


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with length 1 along ``axes``: that of a reduction with ``keepdims=True``."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))
