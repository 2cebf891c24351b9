"""Diagonals and triangles of matrices."""

from __future__ import annotations

from ..backend.arrays import namespace
from ..core import Tensor
from .axes import one_axis, shape_of
from .indexing import getitem, index_add, zeros_beside
from .reduction import sum
from .select import where
from .shape import moveaxis


def _arange(x, n):
    return namespace(x.data if isinstance(x, Tensor) else x).arange(n)


def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonal of the matrices in ``axis1`` and ``axis2``, as the last axis; ``offset > 0`` is above."""
    n = len(shape_of(x))
    rows, columns = one_axis(axis1, n, "diagonal"), one_axis(axis2, n, "diagonal")
    if rows == columns:
        raise ValueError(f"diagonal: axis1 and axis2 have to differ, got {axis1} and {axis2}")
    x = moveaxis(x, (rows, columns), (-2, -1))
    m, k = shape_of(x)[-2:]
    length = max(0, min(m + min(offset, 0), k - max(offset, 0)))
    i = _arange(x, length)
    return getitem(x, (..., i - min(offset, 0), i + max(offset, 0)))


def diag(x, k=0):
    """The diagonal of a matrix, or the matrix with the vector ``x`` on its diagonal; ``k`` > 0 lies above."""
    shape = shape_of(x)
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1:
        raise ValueError(f"diag: needs a vector or a matrix, got shape {shape}")
    n = shape[0] + abs(k)
    i = _arange(x, shape[0])
    return index_add(zeros_beside(x, shape=(n, n)), (i - min(k, 0), i + max(k, 0)), x)


def trace(x, offset=0, axis1=0, axis2=1):
    """Sum of the diagonal."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


def tril(x, k=0):
    """The matrix (or stack of them) with zeros above diagonal ``k``."""
    m, n = shape_of(x)[-2:]
    return where(_arange(x, n) <= _arange(x, m)[:, None] + k, x, 0)


def triu(x, k=0):
    """The matrix (or stack of them) with zeros below diagonal ``k``."""
    m, n = shape_of(x)[-2:]
    return where(_arange(x, n) >= _arange(x, m)[:, None] + k, x, 0)
