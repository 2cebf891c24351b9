"""Batching rules of what is not elementwise, and the loop that serves where there is none.

See ``core/batching.py`` for what a rule is. Most move the axes in a parameter one place on; those of indexing
are in ``batched_indexing.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from string import ascii_letters
from typing import Any

from ..core import Primitive
from ..core.batched import Level
from ..core.batching import aligned, along
from . import (
    batched_convolution,
    batched_indexing,
    casting,
    complex,
    convolution,
    einsum,
    fft,
    indexing,
    joining,
    linalg,
    nondiff,
    normalization,
    pooling,
    reduction,
    scan,
    select,
    shape,
    softmax,
    sorting,
    tiling,
    transfer,
)
from .axes import ndim_of, shape_of, some_axes

# ---- without a rule: the examples one by one ----


def one_by_one(f: Callable, values: list, mapped: list, level: Level, **params: Any) -> Any:
    """Right for every primitive, as slow as a loop. Without examples, the result of zeros says its shape."""
    if not level.size:
        zeros = [_zeros(x) if m else x for x, m in zip(values, mapped, strict=True)]
        return shape.expand_dims(f(*zeros, **params), 0)[:0]
    results = []
    for i in range(level.size):
        results.append(f(*[x[i] if m else x for x, m in zip(values, mapped, strict=True)], **params))
    return joining.stack(results)


def _zeros(x: Any) -> Any:
    """One example of zeros, from a batch of none."""
    return shape.broadcast_to(shape.sum_to(x, (1,) * ndim_of(x)).reshape(()), shape_of(x)[1:])


# ---- rules that several share ----


def _one(f: Callable) -> Callable:
    """The rule of a primitive with one operand: ``f(function, value, level, **params)``."""

    def batch(function: Callable, values: list, mapped: list, level: Level, **params: Any) -> Any:
        return f(function, values[0], level, **params)

    return batch


def full(values: list, mapped: list, level: Level) -> list:
    """All operands with the batch in front."""
    return [
        x if m else shape.broadcast_to(x, (level.size, *shape_of(x)))
        for x, m in zip(values, mapped, strict=True)
    ]


def _on_full(f: Callable, values: list, mapped: list, level: Level, **params: Any) -> Any:
    """For what works along the last axis, any axes being in front of it."""
    return f(*full(values, mapped, level), **params)


def _compared(f: Callable, values: list, mapped: list, level: Level) -> Any:
    """For what has a third operand of which only the dtype counts: that does not bring in the batch."""
    y = f(*aligned(values[:2], mapped[:2]), values[2])
    return y if any(mapped[:2]) else shape.broadcast_to(y, (level.size, *shape_of(y)))


def _axes_behind(f: Callable, values: list, mapped: list, level: Level, *, axis: Any, **params: Any) -> Any:
    """For what takes axes that count from the front."""
    axis = tuple([k + 1 for k in axis]) if isinstance(axis, tuple) else axis + 1
    return f(*full(values, mapped, level), axis=axis, **params)


@_one
def _over_axes(f: Callable, x: Any, level: Level, *, axis: Any, keepdims: bool) -> Any:
    """For what takes axes as users write them."""
    n = ndim_of(x) - 1
    if axis is not None and not isinstance(axis, tuple):
        return f(x, axis=some_axes(axis, n, f.__name__)[0] + 1, keepdims=keepdims)
    if axis is None and not keepdims:  # of the flattened array, which argmax needs
        return f(x.reshape((level.size, math.prod(shape_of(x)[1:]))), axis=1, keepdims=False)
    if axis is None:
        y = f(x.reshape((level.size, math.prod(shape_of(x)[1:]))), axis=1, keepdims=False)
        return y.reshape((level.size, *(1,) * n))
    return f(x, axis=tuple([k + 1 for k in some_axes(axis, n, f.__name__)]), keepdims=keepdims)


# ---- shapes ----


@_one
def _reshape(f: Callable, x: Any, level: Level, *, shape: tuple) -> Any:
    if -1 in shape:
        known, whole = -math.prod(shape), math.prod(shape_of(x)[1:])
        shape = tuple([whole // known if known else 0, n][n != -1] for n in shape)
    return f(x, shape=(level.size, *shape))


@_one
def _transpose(f: Callable, x: Any, level: Level, *, axes: tuple) -> Any:
    return f(x, axes=(0, *[k + 1 for k in axes]))


@_one
def _broadcast_to(f: Callable, x: Any, level: Level, *, shape: tuple) -> Any:
    missing = len(shape) + 1 - ndim_of(x)
    return f(x.reshape((level.size, *(1,) * missing, *shape_of(x)[1:])), shape=(level.size, *shape))


@_one
def _sum_to(f: Callable, x: Any, level: Level, *, shape: tuple) -> Any:
    missing = ndim_of(x) - 1 - len(shape)
    return f(x, shape=(level.size, *(1,) * missing, *shape)).reshape((level.size, *shape))


@_one
def _pad(f: Callable, x: Any, level: Level, *, widths: tuple) -> Any:
    return f(x, widths=((0, 0), *widths))


@_one
def _constant(f: Callable, x: Any, level: Level, *, shape: tuple) -> Any:
    return f(x, shape=(level.size, *shape))


def _concatenate(f: Callable, values: list, mapped: list, level: Level, *, axis: int, ends: tuple) -> Any:
    return f(*full(values, mapped, level), axis=axis + 1, ends=ends)


# ---- products ----


def _matmul(f: Callable, values: list, mapped: list, level: Level) -> Any:
    a, b = aligned(values, mapped)
    if not mapped[0] and ndim_of(a) == 2 and b.ndim == 3 and b.shape[2] == 1:
        # A matrix times a vector for each example: all vectors, as rows, in one product.
        vectors = b.reshape(b.shape[:2])
        return linalg.matmul_right_transposed(vectors, a).reshape((b.shape[0], a.shape[0], 1))
    return _by_rows(f, a, b, mapped)


def _matmul_right_transposed(f: Callable, values: list, mapped: list, level: Level) -> Any:
    a, b = aligned(values, mapped)
    return _by_rows(f, a, b, mapped)


def _by_rows(f: Callable, a: Any, b: Any, mapped: list) -> Any:
    """Rows of all examples times the one matrix ``b`` of all in one product, where it is so."""
    if mapped[1] or ndim_of(b) != 2:
        return f(a, b)
    y = f(a.reshape((math.prod(a.shape[:-1]), a.shape[-1])), b)
    return y.reshape((*a.shape[:-1], y.shape[-1]))


def _affine(f: Callable, values: list, mapped: list, level: Level) -> Any:
    x, weight, bias = values
    if not mapped[1] and not mapped[2]:
        return linalg.affine(x, weight, bias)
    return linalg.matmul(x, weight) + (shape.expand_dims(bias, 1) if mapped[2] else bias)


def _einsum(f: Callable, values: list, mapped: list, level: Level, *, terms: tuple, result: str) -> Any:
    letter = min(set(ascii_letters) - set("".join(terms) + result))
    terms = tuple([letter + t if m else t for t, m in zip(terms, mapped, strict=True)])
    return f(*values, terms=terms, result=letter + result)


# ---- losses of rows: the rows of all examples are rows ----


def _cross_entropy(f: Callable, values: list, mapped: list, level: Level) -> Any:
    """For (n, classes) and whatever else has n first."""
    wide = full(values, mapped, level)
    y = f(*[x.reshape((-1, *shape_of(x)[2:])) for x in wide])
    n = shape_of(wide[0])[1]
    return y.reshape((level.size, n, *y.shape[1:]))


RULES: dict[Callable, tuple[Any, ...]] = {
    along: (
        casting.copy, casting._astype, casting._astype_integer, complex.real, complex.imag, complex.angle,
        nondiff._zeros_like, nondiff._ones_like, nondiff._full_like, select._inside,
        select._isclose, transfer._to, linalg.matmul_left_transposed,
    ),
    _on_full: (
        scan.recurrence, scan._cumprod, pooling._max_pool2d, pooling._max_pool2d_grad,
        pooling._max_pool2d_pick, pooling._avg_pool2d, pooling._avg_pool2d_spread,
    ),
    _axes_behind: (
        reduction._sum, reduction._mean, reduction._mean_square, reduction._prod, reduction._tied,
        reduction._max, reduction._min, normalization.standardize, normalization.standardize_grad,
        reduction._logsumexp, reduction._top, reduction._norm, scan._cumsum, softmax._softmax,
        softmax.softmax_grad, softmax._log_softmax, softmax.log_softmax_grad, shape._flip, shape._roll,
        sorting._argsort, fft._fftn, fft._rfftn, fft._irfftn, fft._folded,
    ),
    _compared: (select._larger,),
    _over_axes: (nondiff._argmax, nondiff._argmin, nondiff._all, nondiff._any, nondiff._count_nonzero),
    _reshape: (shape._reshape,),
    _transpose: (shape._transpose,),
    _broadcast_to: (shape._broadcast_to,),
    _sum_to: (shape._sum_to,),
    _pad: (tiling._pad,),
    _constant: (indexing.zeros_beside,),
    _concatenate: (joining._concatenate,),
    _matmul: (linalg._matmul,),
    _affine: (linalg._affine,),
    _matmul_right_transposed: (linalg.matmul_right_transposed,),
    _einsum: (einsum._einsum,),
    _cross_entropy: (softmax.cross_entropy, softmax.cross_entropy_grad),
    batched_convolution.results: (convolution._conv2d,),
    batched_convolution.images: (convolution._conv2d_images,),
    batched_convolution.kernels: (convolution._conv2d_kernels,),
    batched_indexing.getitem: (indexing._getitem,),
    batched_indexing.placed: (indexing._placed,),
    batched_indexing.stays: (indexing._stays,),
    batched_indexing.updated: (indexing._index_update, indexing._index_add),
}  # fmt: skip


def install() -> None:
    """Give the rules to the primitives."""
    Primitive.batch = staticmethod(one_by_one)
    for batch, functions in RULES.items():
        for f in functions:
            f.primitive.batch = batch
