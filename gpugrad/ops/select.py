"""Choosing between values: where, maximum and minimum, clip, nan_to_num."""

from __future__ import annotations

from ..core import elementwise, nondifferentiable, primitive, ufunc
from .constants import kept
from .masking import zero_unless
from .nondiff import greater, isfinite, less, logical_not


@primitive
def where(xp, condition, a, b):
    """``a`` where ``condition`` holds, ``b`` elsewhere, with broadcasting.

    The branch that is not taken gets gradient 0, but is evaluated: if its own derivative is infinite there,
    0 times infinity gives NaN. Make its argument harmless first:
    ``where(x > 0, sqrt(where(x > 0, x, 1)), 0)``.
    """
    return xp.where(condition, a, b)


@primitive
def masked(xp, x, condition):
    """``x`` where ``condition`` holds, 0 elsewhere."""
    return zero_unless(xp, condition, x)


elementwise(masked, lambda t, condition: masked(t, condition), None)
elementwise(
    where,
    None,
    lambda t, condition: masked(t, condition),
    lambda t, condition: masked(t, logical_not(condition)),
)


def one_for_zero(x):
    """``x`` with 1 for 0: a divisor of what is 0 in the same places."""
    return where(x == 0, 1, x)


# ---- maximum and minimum: a tie shares the gradient equally, so that maximum(x, x) has gradient 1 ----


@nondifferentiable
@primitive
def _larger(xp, a, b, like):
    """1 where ``a > b``, 1/2 where they are equal, 0 elsewhere, in the dtype of ``like``; 1 beside a NaN."""
    share = xp.logical_not(xp.less(a, b)).astype(like.dtype)
    return share - xp.equal(a, b).astype(like.dtype) * 0.5


maximum = ufunc("maximum", "The larger of ``a`` and ``b``, element by element; NaN if one is NaN.", "a", "b")
elementwise(maximum, lambda t, a, b: t * _larger(a, b, t), lambda t, a, b: t * _larger(b, a, t))

minimum = ufunc("minimum", "The smaller of ``a`` and ``b``, element by element; NaN if one is NaN.", "a", "b")
elementwise(minimum, lambda t, a, b: t * _larger(b, a, t), lambda t, a, b: t * _larger(a, b, t))

# ---- clip: the gradient passes at the bounds ----


@primitive
def _clip(xp, x, *, low, high):
    return kept(xp.clip(x, low, high), x)


@nondifferentiable
@primitive
def _inside(xp, x, *, low, high):
    """Whether ``low <= x <= high``; a bound may be ``None``."""
    inside = xp.ones_like(x, dtype=bool) if low is None else xp.greater_equal(x, low)
    return inside if high is None else inside & (x <= high)


elementwise(_clip, lambda t, x, *, low, high: masked(t, _inside(x, low=low, high=high)))


def clip(x, a_min=None, a_max=None, *, min=None, max=None):
    """``x`` limited to ``[a_min, a_max]``; a bound may be a number, an array, a Tensor or ``None``.

    ``min`` and ``max`` are other names of the bounds. At the bounds themselves the gradient goes to ``x``.
    With ``a_min > a_max`` the result is ``a_max``.
    """
    a_min, a_max = min if a_min is None else a_min, max if a_max is None else a_max
    if all(bound is None or isinstance(bound, (int, float)) for bound in (a_min, a_max)):
        return _clip(x, low=a_min, high=a_max)
    if a_min is not None:
        x = where(less(x, a_min), a_min, x)
    return x if a_max is None else where(greater(x, a_max), a_max, x)


# ---- NaN and infinities replaced ----


@primitive
def _nan_to_num(xp, x, *, nan, posinf, neginf):
    return xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


elementwise(_nan_to_num, lambda t, x: masked(t, isfinite(x)))


def nan_to_num(x, *, nan=0.0, posinf=None, neginf=None):
    """``x`` with NaN and infinities replaced (by default by 0 and the largest numbers); no gradient there."""
    return _nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def isclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether ``|a - b| <= atol + rtol * |b|``, element by element; the result is bool."""
    return _isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


@nondifferentiable
@primitive
def _isclose(xp, a, b, *, rtol, atol, equal_nan):
    return xp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
