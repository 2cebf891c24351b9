"""Launch code of the kernels that see whole rows: softmax, cross-entropy, the sum that undoes a broadcast.

Every launch goes to the current device and stream.
"""

from collections.abc import Sequence
from itertools import groupby
from math import prod
from operator import itemgetter
from typing import Any

import numpy as np

from . import kernels
from .cuda import load

_MAX_GRID = 2**31 - 1


def softmax(x: Any, *, axis: int) -> Any:
    """``exp(x) / sum(exp(x))`` along ``axis``. A row that is ``-inf`` throughout is NaN."""
    return _along(axis, "softmax", x)


def softmax_grad(g: Any, y: Any, *, axis: int) -> Any:
    """``y * (g - sum(g * y))`` along ``axis``, where ``y = softmax(x)``."""
    return _along(axis, "softmax_grad", g, y)


def log_softmax(x: Any, *, axis: int) -> Any:
    """``log(softmax(x))`` along ``axis``. A row that is ``-inf`` throughout is NaN."""
    return _along(axis, "log_softmax", x)


def log_softmax_grad(g: Any, y: Any, *, axis: int) -> Any:
    """``g - exp(y) * sum(g)`` along ``axis``, where ``y = log_softmax(x)``."""
    return _along(axis, "log_softmax_grad", g, y)


def cross_entropy(logits: Any, labels: Any) -> Any:
    """``-log(softmax(logits)[label])`` for each row; NaN where the label is no column."""
    cupy = load()
    logits, labels = _matrix_and_labels(logits, labels)
    losses = cupy.empty(len(labels), logits.dtype)
    if logits.size == 0:
        losses.fill(np.nan)
    return _over_rows("cross_entropy.cuh", "cross_entropy", (logits,), (logits, labels, losses))


def cross_entropy_grad(g: Any, logits: Any, labels: Any) -> Any:
    """``(softmax(logits) - onehot(label)) * g`` for each row; NaN where the label is no column."""
    cupy = load()
    g, logits = kernels.promoted((g, logits), "cross_entropy_grad")
    logits, labels = _matrix_and_labels(logits, labels)
    g = cupy.ascontiguousarray(cupy.broadcast_to(g, labels.shape))
    out = cupy.empty_like(logits)
    return _over_rows("cross_entropy.cuh", "cross_entropy_grad", (logits, out), (g, logits, labels, out))


def _along(axis: int, kernel: str, *arrays: Any) -> Any:
    """Run a kernel on arrays of one shape as matrices whose rows go along ``axis``."""
    cupy = load()
    same = cupy.broadcast_arrays(*kernels.promoted(arrays, kernel))
    rows = [cupy.ascontiguousarray(cupy.moveaxis(a, axis, -1)) for a in same]
    rows.append(cupy.empty_like(rows[0]))
    return cupy.moveaxis(_over_rows("softmax.cuh", kernel, rows, rows), -1, axis)


def _matrix_and_labels(logits: Any, labels: Any) -> tuple[Any, Any]:
    cupy = load()
    (logits,) = kernels.promoted((logits,), "cross_entropy")
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or labels.dtype.kind not in "iu":
        raise TypeError(
            "cross_entropy expects logits of shape (n, classes) and n integer labels, got logits of shape "
            f"{logits.shape} and labels of shape {labels.shape} and dtype {labels.dtype}; reshape them, and "
            "cast the labels with astype(int)"
        )
    return cupy.ascontiguousarray(logits), cupy.ascontiguousarray(labels, dtype=np.int64)


def _over_rows(file: str, kernel: str, matrices: Sequence, arguments: Sequence) -> Any:
    """Launch one team of threads for each row of the contiguous matrices; return the last argument."""
    matrix = matrices[0]
    if matrix.size:
        n = matrix.shape[-1]
        rows = matrix.size // n
        wide = 16 // matrix.itemsize
        aligned = n % wide == 0 and all(a.data.ptr % 16 == 0 for a in matrices)
        # A warp for a short row, four of them to a block; else a block, the larger the longer the row is.
        team = 32 if n <= 1024 else 256 if n <= 16384 else 1024
        block = max(team, 128)
        start = kernels.function(file, kernel, matrix.dtype, wide if aligned else 1, team)
        start((min(-(-rows * team // block), _MAX_GRID),), (block,), (*arguments, rows, n))
    return arguments[-1]


# ---- sum_to ----

_THREADS = 256  # of a block of the kernel sum_to
_ENOUGH = 1024  # blocks that keep a GPU busy; a constant, so that every GPU adds up in the same order


def sum_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The sum of ``x`` over the axes along which broadcasting ``shape`` to ``x.shape`` repeated it."""
    cupy = load()
    kept = (1,) * (x.ndim - len(shape)) + tuple(shape)
    if len(kept) != x.ndim or any(k not in (1, n) for k, n in zip(kept, x.shape, strict=True)):
        raise ValueError(
            f"sum_to expects a shape that broadcasts to that of its array, got {tuple(shape)} for an array "
            f"of shape {x.shape}"
        )
    if x.size == 0:
        return cupy.zeros(shape, x.dtype)
    if x.dtype.char not in "eEfd":  # integers, which have no gradient, and complex numbers
        axes = tuple(i for i, n in enumerate(x.shape) if n != kept[i])
        return x.sum(axis=axes, dtype=x.dtype).reshape(shape)
    passes = _passes(x.shape, kept)
    y = cupy.ascontiguousarray(x) if passes else x
    for outer, reduce, inner in passes:
        y = _sum_middle(y, outer, reduce, inner)
    return y.astype(x.dtype, copy=False).reshape(shape)


def _passes(shape: tuple[int, ...], kept: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """The sums that take ``shape`` to ``kept``, as (outer, reduce, inner): one for each run of summed axes.

    The longest comes first, because it leaves the least to read for the others.
    """
    axes = [(n, n != k) for n, k in zip(shape, kept, strict=True) if n != 1]
    runs = [(prod(n for n, _ in run), summed) for summed, run in groupby(axes, key=itemgetter(1))]
    passes = []
    while any(summed for _, summed in runs):
        i = max((i for i, (_, summed) in enumerate(runs) if summed), key=lambda i: runs[i][0])
        outer, inner = (prod(n for n, _ in part) for part in (runs[:i], runs[i + 1 :]))
        passes.append((outer, runs[i][0], inner))
        del runs[i]
    return passes


def _sum_middle(x: Any, outer: int, reduce: int, inner: int) -> Any:
    """The sum over the middle axis of contiguous ``x``, as (outer, inner) in the compute type."""
    lanes = max(min(32, _power_of_two(inner)), _THREADS // _power_of_two(reduce))
    shares = _THREADS // lanes
    blocks = -(-outer * inner // lanes)
    # Few outputs with long sums: the sums are cut, none below 32 elements a thread, and so few times that
    # the second launch, which joins them, has at most as many.
    most = 32 * shares
    chunks = max(1, min(_ENOUGH // blocks, reduce // most, most))
    length = -(-reduce // chunks)
    chunks = -(-reduce // length)
    dtype = np.dtype(np.float32) if x.dtype.itemsize == 2 else x.dtype
    y = load().empty((outer, chunks, inner), dtype)
    start = kernels.function("reduce.cuh", "sum_to", x.dtype, dtype)
    grid = (min(blocks, _MAX_GRID), chunks)
    start(grid, (_THREADS,), (x, y, outer, reduce, inner, length, np.int32(lanes)))
    return y if chunks == 1 else _sum_middle(y, outer, chunks, inner)


def _power_of_two(n: int) -> int:
    """The smallest power of two that is at least ``n``."""
    return 1 << (n - 1).bit_length()
