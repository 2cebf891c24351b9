"""Arithmetic with broadcasting: ``+ - * / % **``, absolute value and sign, rounding."""

from __future__ import annotations

import math

from ..core import by_hand, elementwise, primitive, ufunc
from .complex import conj, imag, real
from .nondiff import floor_divide, isfinite, zeros_like
from .select import one_for_zero, where
from .transcendental import log

# ---- sums and products ----

add = ufunc("add", "``a + b``, element by element.", "a", "b")
elementwise(add, lambda t: t, lambda t: t)

subtract = ufunc("subtract", "``a - b``, element by element.", "a", "b")
elementwise(subtract, lambda t: t, lambda t: -t)

multiply = ufunc("multiply", "``a * b``, element by element.", "a", "b")
elementwise(multiply, lambda t, b: t * b, lambda t, a: t * a)

divide = ufunc("divide", "``a / b``, element by element; integers give floats.", "a", "b")
elementwise(divide, lambda t, b: t / b, lambda t, b, y: -t * y / b)

negative = ufunc("negative", "``-x``, element by element.")
elementwise(negative, lambda t: -t)

positive = ufunc("positive", "``+x``, a copy.")
elementwise(positive, lambda t: t)

square = ufunc("square", "``x * x``, element by element.")
elementwise(square, lambda t, x: t * (x + x))

reciprocal = ufunc("reciprocal", "``1 / x``, element by element.")
elementwise(reciprocal, lambda t, y: -t * (y * y))

# ---- remainders: a - floor(a / b) * b; the whole number is constant between its jumps ----

remainder = ufunc("remainder", "``a % b`` with the sign of ``b``, element by element.", "a", "b")
elementwise(remainder, lambda t: t, lambda t, a, b: -t * floor_divide(a, b))

fmod = ufunc("fmod", "Remainder with the sign of ``a``, as in C, element by element.", "a", "b")
elementwise(fmod, lambda t: t, lambda t, a, b: -t * trunc(a / b))

# ---- powers: x**0 has derivative 0 at 0 in x, and 0**x has derivative 0 in x ----

power = ufunc(
    "power", "``a ** b``, element by element; NaN for a negative real ``a`` and a broken ``b``.", "a", "b"
)


def _by_base(t, a, b):
    if isinstance(b, (int, float, complex)):
        return zeros_like(t) if b == 0 else t * (b * power(a, b - 1))
    return where(b == 0, 0, t * b * power(a, where(b == 0, 1, b - 1)))


def _by_exponent(t, a, b, y):
    """``y log(a)``; at ``a = 0`` that is 0, or -inf for a negative ``b``, where ``y`` is infinite."""
    if isinstance(a, (int, float)) and a != 0:
        return t * y * (math.log(a) if a > 0 else math.nan)
    flat = isfinite(y) & (a == 0)
    return where(flat, 0, t * y * log(where(flat, 1, a)))


elementwise(power, _by_base, _by_exponent)

# ---- size and sign ----

sign = ufunc("sign", "-1, 0 or 1, derivative 0; for complex numbers ``x / |x|``, which turns with ``x``.")


def _turned(x):
    """Unit vector along ``x``, and the same divided by ``|x|``; both 0 at 0."""
    unit = sign(x)
    return unit, unit / one_for_zero(absolute(x))


def _sign_vjp(g, x):
    if x.dtype.kind != "c":
        return zeros_like(g)
    unit, by_size = _turned(x)
    return conj(by_size) * imag(g * unit) * 1j


def _sign_jvp(t, x):
    if x.dtype.kind != "c":
        return zeros_like(t)
    unit, by_size = _turned(x)
    return by_size * imag(t * conj(unit)) * 1j


by_hand(sign, vjp=(_sign_vjp,), jvp=(_sign_jvp,))

absolute = ufunc("absolute", "``|x|``, element by element; derivative 0 at 0.")


def _slope(x, y):
    """Conjugate of the unit vector along ``x``, or 0; for real numbers its sign."""
    return sign(x) if x.dtype.kind != "c" else conj(x) / one_for_zero(y)


by_hand(
    absolute,
    vjp=(lambda g, x, y: g * _slope(x, y),),
    jvp=(lambda t, x, y: real(t * _slope(x, y)),),
)

# ---- steps: derivative 0 between the jumps, and said to be 0 at them ----

floor = ufunc("floor", "Largest whole number not above ``x``, element by element.")
elementwise(floor, lambda t: zeros_like(t))

ceil = ufunc("ceil", "Smallest whole number not below ``x``, element by element.")
elementwise(ceil, lambda t: zeros_like(t))

trunc = ufunc("trunc", "``x`` without its fraction, element by element.")
elementwise(trunc, lambda t: zeros_like(t))

rint = ufunc("rint", "The nearest whole number, the even one of two, element by element.")
elementwise(rint, lambda t: zeros_like(t))


@primitive
def _round(xp, x, *, decimals):
    return xp.round(x, decimals)


elementwise(_round, lambda t: zeros_like(t))


def round(x, decimals=0):
    """The nearest number with so many decimals, the even one of two, element by element."""
    return _round(x, decimals=decimals)
