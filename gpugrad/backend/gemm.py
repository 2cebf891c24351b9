"""Matrix products, the same values and dtypes on both devices."""

from typing import Any

import numpy as np

from .transfer import require_same_device

_tf32 = False


def allow_tf32(enabled: bool = True) -> None:
    """Let the GPU round float32 factors to TF32: several times faster, three digits. Off until asked for.

    It holds for the whole process.
    """
    global _tf32
    _tf32 = enabled


def matmul(a: Any, b: Any, out: Any = None, accumulate: bool = False) -> Any:
    """``a @ b`` with NumPy's meaning for vectors and batches, an array even where NumPy gives a scalar.

    The dtype is the one both promote to; half types multiply and add in float32 and are rounded once. With
    ``accumulate`` the product is added to ``out``, which then has to be given.
    """
    if out is None and not accumulate and type(a) is type(b) is np.ndarray and a.ndim == b.ndim == 2:
        dtype = a.dtype
        if dtype is b.dtype and dtype.char in "fd":
            try:  # dot takes 0.4 microseconds where NumPy's matmul takes 0.9
                return a.dot(b)
            except ValueError:
                raise _misfit(a, b) from None
    if out is not None:
        _require_shape(out, a, b)
    elif accumulate:
        raise ValueError("accumulate=True adds the product to out, so out has to be given")
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return _on_host(a, b, out, accumulate)
    if type(a) is not type(b):
        require_same_device(a, b)
    from . import cublas

    return cublas.matmul(a, b, result_shape(a, b), result_dtype(a, b), out, accumulate, _tf32)


def result_dtype(a: Any, b: Any) -> np.dtype:
    """The dtype of ``a @ b``. NumPy's own answer for two bfloat16 arrays is float32, CuPy's is bfloat16."""
    return a.dtype if a.dtype == b.dtype else np.promote_types(a.dtype, b.dtype)


def result_shape(a: Any, b: Any) -> tuple[int, ...]:
    """The shape of ``a @ b``, or a ValueError if the shapes do not fit."""
    columns = b.shape[-1:] if b.ndim > 1 else ()
    try:
        if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
            raise _misfit(a, b)
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) if a.ndim > 2 or b.ndim > 2 else ()
        return batch + a.shape[-2:-1] + columns
    except (ValueError, IndexError):
        raise _misfit(a, b) from None


def _misfit(a: Any, b: Any) -> ValueError:
    return ValueError(
        "matmul expected (..., m, k) @ (..., k, n), or vectors of length k, and leading axes that broadcast, "
        f"got {a.shape} @ {b.shape}; transpose or reshape one of them"
    )


def _require_shape(out: Any, a: Any, b: Any) -> None:
    shape, dtype = result_shape(a, b), result_dtype(a, b)
    if out.shape != shape or out.dtype != dtype:
        raise ValueError(
            f"matmul expected an out of shape {shape} and dtype {dtype} for {a.shape} @ {b.shape}, "
            f"got {out.shape} and {out.dtype}"
        )


# ---- NumPy ----


def _on_host(a: np.ndarray, b: np.ndarray, out: np.ndarray | None, accumulate: bool) -> np.ndarray:
    dtype = result_dtype(a, b)
    if dtype.char == "e" or dtype.kind == "V":
        # NumPy multiplies float16 without BLAS: 300 times slower at 600 × 600 (2.4.6, AMD EPYC, as below).
        a, b = a.astype(np.float32), b.astype(np.float32)
    product = _product(a, b)
    if out is None:
        return np.asarray(product, dtype)
    if accumulate:
        return np.add(out, product, out=out, casting="unsafe")
    out[...] = product
    return out


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    try:
        if a.ndim > 2 and b.ndim == 2 and a.size and a.flags.c_contiguous:
            # One product for the batch: 9 times faster for (64, 4, 128) @ (128, 128) than one for each.
            return np.matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
        if a.ndim > 2 and b.ndim > 2 and a.shape[-1] == b.shape[-2] == 1:
            return a * b  # outer products: 4 times faster for 64 of (256, 1) @ (1, 256)
        return np.matmul(a, b)
    except ValueError:
        raise _misfit(a, b) from None
