"""Matrix products of CuPy arrays, straight by cuBLAS. Imported when the first CuPy array comes.

``cupy.matmul`` (as of 14.2) copies a transposed operand of a batch, which is every backward pass, widens
batches of float16 to float32, fails on batches of bfloat16, and cannot add to its result. cuBLAS can do all
of it: it reads a transposed matrix by a flag, a slice of a larger one by its leading dimension, a broadcast
batch by a stride of 0.
"""

import math
from typing import Any, NamedTuple

import cupy as cp
import numpy as np
from cupy_backends.cuda.libs import cublas


class _Kind(NamedTuple):
    """How cuBLAS names a dtype, what it computes in, and where 0 and 1 of that type lie in host memory."""

    data: int
    compute: int
    zero: int
    one: int


_SCALARS = {name: np.array([0, 1], name) for name in ("float32", "float64", "complex64", "complex128")}


def _kind(data: int, compute: int, scalar: str) -> _Kind:
    zero = _SCALARS[scalar].ctypes.data
    return _Kind(data, compute, zero, zero + _SCALARS[scalar].itemsize)


# By dtype.char, since dtype.name takes NumPy a microsecond; E is bfloat16.
_KINDS = {
    "e": _kind(cp.cuda.runtime.CUDA_R_16F, cublas.CUBLAS_COMPUTE_32F, "float32"),
    "E": _kind(cp.cuda.runtime.CUDA_R_16BF, cublas.CUBLAS_COMPUTE_32F, "float32"),
    "f": _kind(cp.cuda.runtime.CUDA_R_32F, cublas.CUBLAS_COMPUTE_32F, "float32"),
    "d": _kind(cp.cuda.runtime.CUDA_R_64F, cublas.CUBLAS_COMPUTE_64F, "float64"),
    "F": _kind(cp.cuda.runtime.CUDA_C_32F, cublas.CUBLAS_COMPUTE_32F, "complex64"),
    "D": _kind(cp.cuda.runtime.CUDA_C_64F, cublas.CUBLAS_COMPUTE_64F, "complex128"),
}
_TF32_KINDS = _KINDS | {
    char: _KINDS[char]._replace(compute=cublas.CUBLAS_COMPUTE_32F_FAST_TF32) for char in "fF"
}


def matmul(
    a: Any, b: Any, shape: tuple[int, ...], dtype: np.dtype, out: Any, accumulate: bool, tf32: bool
) -> Any:
    """``a @ b``, which fit and give that shape and dtype; stored in ``out``, or added to it."""
    kind = (_TF32_KINDS if tf32 else _KINDS).get(dtype.char)
    if kind is None:
        product = cp.asarray(cp.matmul(a, b), dtype)
    else:
        direct = out is not None and out.flags.c_contiguous
        product = out if direct else cp.ndarray(shape, dtype)
        a, b = cp.asarray(a, dtype), cp.asarray(b, dtype)
        _into(product, a, b, kind, accumulate and direct)
    if out is None or product is out:
        return product
    if accumulate:
        return cp.add(out, product, out=out)
    out[...] = product
    return out


def _into(out: Any, a: Any, b: Any, kind: _Kind, accumulate: bool) -> None:
    a = a[None, :] if a.ndim == 1 else a
    b = b[:, None] if b.ndim == 1 else b
    k = a.shape[-1]
    if out.size == 0 or k == 0:
        if not accumulate:
            out.fill(0)
    elif b.ndim > 2:
        _batch(out, a, b, kind, accumulate)
    elif a.ndim == 2:
        _single(out, a, b, kind, accumulate)
    elif a.flags.c_contiguous:
        _single(out, a.reshape(-1, k), b, kind, accumulate)
    else:
        _batch(out, a, b, kind, accumulate)


# cuBLAS stores by columns: what it takes for the transposed product, bᵀ aᵀ, is a b stored by rows. So b
# goes first. Operands that had to be copied are held by variables until the call has been made.


def _single(out: Any, a: Any, b: Any, kind: _Kind, accumulate: bool) -> None:
    (m, k), n = a.shape, b.shape[1]
    a, op_a, leading_a = _readable(a)
    b, op_b, leading_b = _readable(b)
    data, compute, zero, one = kind
    cublas.gemmEx(
        cp.cuda.device.get_cublas_handle(), op_b, op_a, n, m, k,
        one, b.data.ptr, data, leading_b, a.data.ptr, data, leading_a,
        one if accumulate else zero, out.data.ptr, data, n, compute, cublas.CUBLAS_GEMM_DEFAULT,
    )  # fmt: skip


def _batch(out: Any, a: Any, b: Any, kind: _Kind, accumulate: bool) -> None:
    m, k, n = *a.shape[-2:], b.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, op_a, leading_a, step_a = _readable_batch(a, batch)
    b, op_b, leading_b, step_b = _readable_batch(b, batch)
    data, compute, zero, one = kind
    cublas.gemmStridedBatchedEx(
        cp.cuda.device.get_cublas_handle(), op_b, op_a, n, m, k,
        one, b.data.ptr, data, leading_b, step_b, a.data.ptr, data, leading_a, step_a,
        one if accumulate else zero, out.data.ptr, data, n, m * n, math.prod(batch),
        compute, cublas.CUBLAS_GEMM_DEFAULT,
    )  # fmt: skip


# ---- how an array can be read ----


def _readable(x: Any) -> tuple[Any, int, int]:
    """``x``, copied if it has to be, with the transposition flag and leading dimension of its matrices."""
    *_, rows, columns = x.shape
    *_, row_stride, column_stride = x.strides
    size = x.itemsize
    if (leading := _leading(columns, row_stride, column_stride, size)) is not None:
        return x, cublas.CUBLAS_OP_N, leading
    if (leading := _leading(rows, column_stride, row_stride, size)) is not None:
        return x, cublas.CUBLAS_OP_T, leading
    return cp.ascontiguousarray(x), cublas.CUBLAS_OP_N, columns


def _leading(columns: int, row_stride: int, column_stride: int, size: int) -> int | None:
    """The distance between rows, in elements, of a matrix stored by rows that do not overlap."""
    if columns > 1 and column_stride != size:
        return None
    leading, remainder = divmod(row_stride, size)
    return leading if leading >= columns and not remainder else None


def _readable_batch(x: Any, batch: tuple[int, ...]) -> tuple[Any, int, int, int]:
    """As ``_readable``, with the distance between the matrices; copied too where that differs."""
    x, op, leading = _readable(x)
    step = _step(x, batch)
    if step is not None:
        return x, op, leading, step
    rows, columns = x.shape[-2:]
    x = cp.ascontiguousarray(cp.broadcast_to(x, (*batch, rows, columns)))
    return x, cublas.CUBLAS_OP_N, columns, rows * columns


def _step(x: Any, batch: tuple[int, ...]) -> int | None:
    """The one distance between consecutive matrices, in elements; None if ``x`` has no such distance."""
    missing = len(batch) - (x.ndim - 2)
    own = zip(x.shape[:-2], x.strides[:-2], strict=True)
    strides = [0] * missing + [0 if length == 1 else stride for length, stride in own]
    step, size = None, 1
    for length, stride in zip(reversed(batch), reversed(strides), strict=True):
        if length == 1:
            continue
        if step is None:
            step = stride
        if stride != step * size:
            return None
        size *= length
    elements, remainder = divmod(step or 0, x.itemsize)
    return elements if elements >= 0 and not remainder else None
