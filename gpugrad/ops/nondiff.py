"""Functions whose results have no gradient: comparisons, tests, logic, indices, constants."""

from __future__ import annotations

from typing import Any

from ..core import nondifferentiable, primitive, ufunc


def _silent(name: str, doc: str, *operands: str) -> Any:
    return nondifferentiable(ufunc(name, doc, *operands))


# ---- comparisons and logic; the result is bool ----

equal = _silent("equal", "``a == b``, element by element.", "a", "b")
not_equal = _silent("not_equal", "``a != b``, element by element.", "a", "b")
less = _silent("less", "``a < b``, element by element.", "a", "b")
less_equal = _silent("less_equal", "``a <= b``, element by element.", "a", "b")
greater = _silent("greater", "``a > b``, element by element.", "a", "b")
greater_equal = _silent("greater_equal", "``a >= b``, element by element.", "a", "b")
logical_and = _silent("logical_and", "``a and b``, element by element.", "a", "b")
logical_or = _silent("logical_or", "``a or b``, element by element.", "a", "b")
logical_xor = _silent("logical_xor", "Exactly one of ``a`` and ``b``, element by element.", "a", "b")
logical_not = _silent("logical_not", "``not x``, element by element.")
isnan = _silent("isnan", "Whether an element is NaN.")
isinf = _silent("isinf", "Whether an element is infinite.")
isfinite = _silent("isfinite", "Whether an element is neither NaN nor infinite.")
signbit = _silent("signbit", "Whether the sign bit is set; it is for -0.0.")

# ---- whole numbers ----

floor_divide = _silent("floor_divide", "``a // b``, element by element.", "a", "b")
bitwise_and = _silent("bitwise_and", "``a & b`` of integers or booleans.", "a", "b")
bitwise_or = _silent("bitwise_or", "``a | b`` of integers or booleans.", "a", "b")
bitwise_xor = _silent("bitwise_xor", "``a ^ b`` of integers or booleans.", "a", "b")
invert = _silent("invert", "``~x`` of integers or booleans.")

# ---- constants in the shape of something ----


@nondifferentiable
@primitive
def _zeros_like(xp, x, *, dtype):
    return xp.zeros_like(x, dtype=dtype)


def zeros_like(x, dtype=None):
    """Zeros of the shape, dtype and device of ``x``."""
    return _zeros_like(x, dtype=dtype)


@nondifferentiable
@primitive
def _ones_like(xp, x, *, dtype):
    return xp.ones_like(x, dtype=dtype)


def ones_like(x, dtype=None):
    """Ones of the shape, dtype and device of ``x``."""
    return _ones_like(x, dtype=dtype)


@nondifferentiable
@primitive
def _full_like(xp, x, *, fill_value, dtype):
    return xp.full_like(x, fill_value, dtype=dtype)


def full_like(x, fill_value, dtype=None):
    """``fill_value`` everywhere, in the shape, dtype and device of ``x``."""
    return _full_like(x, fill_value=fill_value, dtype=dtype)


# ---- over an axis ----


@nondifferentiable
@primitive
def _argmax(xp, x, *, axis, keepdims):
    return xp.argmax(x, axis=axis, keepdims=keepdims)


def argmax(x, axis=None, keepdims=False):
    """Index of the first largest element over ``axis`` (of all, flattened, by default)."""
    return _argmax(x, axis=axis, keepdims=keepdims)


@nondifferentiable
@primitive
def _argmin(xp, x, *, axis, keepdims):
    return xp.argmin(x, axis=axis, keepdims=keepdims)


def argmin(x, axis=None, keepdims=False):
    """Index of the first smallest element over ``axis`` (of all, flattened, by default)."""
    return _argmin(x, axis=axis, keepdims=keepdims)


@nondifferentiable
@primitive
def _all(xp, x, *, axis, keepdims):
    return xp.all(x, axis=axis, keepdims=keepdims)


def all(x, axis=None, keepdims=False):
    """Whether every element over ``axis`` is true."""
    return _all(x, axis=axis, keepdims=keepdims)


@nondifferentiable
@primitive
def _any(xp, x, *, axis, keepdims):
    return xp.any(x, axis=axis, keepdims=keepdims)


def any(x, axis=None, keepdims=False):
    """Whether some element over ``axis`` is true."""
    return _any(x, axis=axis, keepdims=keepdims)


@nondifferentiable
@primitive
def _count_nonzero(xp, x, *, axis, keepdims):
    return xp.sum(x != 0, axis=axis, keepdims=keepdims)


def count_nonzero(x, axis=None, keepdims=False):
    """How many elements over ``axis`` are not zero."""
    return _count_nonzero(x, axis=axis, keepdims=keepdims)
