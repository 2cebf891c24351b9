"""The same values in other memory or another dtype."""

from __future__ import annotations

from ..backend.arrays import as_dtype, namespace
from ..core import Tensor, linear, nondifferentiable, primitive
from .complex import real


@primitive
def copy(xp, x):
    """The same values in memory of their own."""
    return xp.array(x)


linear(copy, lambda g: g)


@primitive
def _astype(xp, x, *, dtype):
    return x.astype(dtype)


linear(_astype, lambda g, x_dtype: _real_if(g, x_dtype))


def _real_if(g, dtype):
    return _astype(real(g) if g.dtype.kind == "c" and dtype.kind != "c" else g, dtype=dtype)


def as_array(x, like):
    """An array or Tensor ``x`` itself; a number or a list as an array on the device of ``like``."""
    if hasattr(x, "dtype"):
        return x
    return namespace(like.data if isinstance(like, Tensor) else like).asarray(x)


@nondifferentiable
@primitive
def _astype_integer(xp, x, *, dtype):
    return x.astype(dtype)


def astype(x, dtype):
    """``x`` converted to ``dtype``. Gradients come back in the old dtype; integers and booleans have none.

    Raises TypeError from complex to real, which would drop the imaginary part: use ``real`` or ``absolute``.
    """
    dtype, x = as_dtype(dtype), as_array(x, x)
    if x.dtype.kind == "c" and dtype.kind in "biuf":
        raise TypeError(
            f"astype from {x.dtype} to {dtype} would drop the imaginary part; use real() or absolute()"
        )
    return _astype_integer(x, dtype=dtype) if dtype.kind in "biu" else _astype(x, dtype=dtype)
