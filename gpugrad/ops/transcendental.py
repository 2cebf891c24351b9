"""Exponentials, logarithms, roots, circular and hyperbolic functions and their inverses, erf."""

from __future__ import annotations

import math

import numpy as np

from ..backend.kernels import fused
from ..core import elementwise, primitive, ufunc
from .constants import ONE
from .erf import erf as _erf
from .erf import erfc as _erfc
from .select import one_for_zero

# ---- exponentials and logarithms ----


@primitive
def exp(xp, x):
    """``e ** x``, element by element."""
    return _single_complex_exp(x) if xp is np and x.dtype.char == "F" else xp.exp(x)


elementwise(exp, lambda t, y: t * y)


def _single_complex_exp(x):
    """By real functions, which NumPy (2.4) computes in an eighth of the time of its complex64 ``exp``."""
    y = np.empty(x.shape, x.dtype)
    with np.errstate(all="ignore"):
        size = np.exp(x.real)
        np.multiply(size, np.cos(x.imag), out=y.real)
        np.multiply(size, np.sin(x.imag), out=y.imag)
    return y if np.isfinite(y).all() else np.exp(x)  # whose infinities and NaNs follow the C standard


expm1 = ufunc("expm1", "``e ** x - 1``, exact near 0, element by element.")
elementwise(expm1, lambda t, y: t * (y + 1))

exp2 = ufunc("exp2", "``2 ** x``, element by element.")
elementwise(exp2, lambda t, y: t * (y * math.log(2)))

log = ufunc("log", "Natural logarithm, element by element.")
elementwise(log, lambda t, x: t / x)

log1p = ufunc("log1p", "``log(1 + x)``, exact near 0, element by element.")
elementwise(log1p, lambda t, x: t / (x + 1))

log2 = ufunc("log2", "Logarithm to base 2, element by element.")
elementwise(log2, lambda t, x: t / (x * math.log(2)))

log10 = ufunc("log10", "Logarithm to base 10, element by element.")
elementwise(log10, lambda t, x: t / (x * math.log(10)))

# ---- roots: infinite slope at 0 ----

sqrt = ufunc("sqrt", "Square root, element by element.")
elementwise(sqrt, lambda t, y: t / (y + y))

cbrt = ufunc("cbrt", "Cube root, element by element; real for negative numbers too.")
elementwise(cbrt, lambda t, y: t / (3 * (y * y)))

# ---- circular functions and their inverses ----

sin = ufunc("sin", "Sine, element by element; radians.")
elementwise(sin, lambda t, x: t * cos(x))

cos = ufunc("cos", "Cosine, element by element; radians.")
elementwise(cos, lambda t, x: -t * sin(x))

tan = ufunc("tan", "Tangent, element by element; radians.")
elementwise(tan, lambda t, y: t * (1 + y * y))

arcsin = ufunc("arcsin", "Inverse sine in [-pi/2, pi/2], element by element.")
elementwise(arcsin, lambda t, x: t / sqrt((1 - x) * (1 + x)))

arccos = ufunc("arccos", "Inverse cosine in [0, pi], element by element.")
elementwise(arccos, lambda t, x: -t / sqrt((1 - x) * (1 + x)))

arctan = ufunc("arctan", "Inverse tangent in (-pi/2, pi/2), element by element.")
elementwise(arctan, lambda t, x: t / (1 + x * x))

deg2rad = ufunc("deg2rad", "Degrees to radians, element by element.")
elementwise(deg2rad, lambda t: t * (math.pi / 180))

rad2deg = ufunc("rad2deg", "Radians to degrees, element by element.")
elementwise(rad2deg, lambda t: t * (180 / math.pi))

# ---- hyperbolic functions and their inverses ----

sinh = ufunc("sinh", "Hyperbolic sine, element by element.")
elementwise(sinh, lambda t, x: t * cosh(x))

cosh = ufunc("cosh", "Hyperbolic cosine, element by element.")
elementwise(cosh, lambda t, x: t * sinh(x))

arcsinh = ufunc("arcsinh", "Inverse hyperbolic sine, element by element.")
elementwise(arcsinh, lambda t, x: t / sqrt(x * x + 1))

arccosh = ufunc("arccosh", "Inverse hyperbolic cosine for x >= 1, element by element.")
elementwise(arccosh, lambda t, x: t / (sqrt(x - 1) * sqrt(x + 1)))

arctanh = ufunc("arctanh", "Inverse hyperbolic tangent in (-1, 1), element by element.")
elementwise(arctanh, lambda t, x: t / ((1 - x) * (1 + x)))

# ---- tanh: y' = 1 - y*y. The kernel takes (1 - y)(1 + y), which rounds once less; NumPy would need a fourth
# call for it, against a worst relative error of 3.7e-4 instead of 3.3e-4 (float32, 3 < |x| < 5), most of it
# from the rounding of y itself ----

tanh = ufunc("tanh", "Hyperbolic tangent, element by element.")


@primitive
@fused("activations.cuh")
def tanh_grad(xp, g, y):
    """``g * tanh'(x)`` where ``y = tanh(x)``."""
    return g * (ONE[y.dtype] - y * y)


elementwise(tanh, tanh_grad)
elementwise(tanh_grad, tanh_grad, lambda t, g, y: t * g * y * -2)

# ---- error function ----


@primitive
@fused("activations.cuh")
def erf(xp, x):
    """``2/sqrt(pi)`` times the integral of ``exp(-u*u)`` from 0 to ``x``, element by element."""
    return _erf(x)


elementwise(erf, lambda t, x: t * (exp(-x * x) * (2 / math.sqrt(math.pi))))


@primitive
@fused("activations.cuh")
def erfc(xp, x):
    """``1 - erf(x)``, exact where that is tiny, element by element."""
    return _erfc(x)


elementwise(erfc, lambda t, x: t * (exp(-x * x) * (-2 / math.sqrt(math.pi))))

# ---- functions of two numbers ----

arctan2 = ufunc(
    "arctan2", "Angle of the point (b, a), that is of ``a / b`` in its quadrant; radians.", "a", "b"
)
elementwise(arctan2, lambda t, a, b: _turned(t, b, hypot(a, b)), lambda t, a, b: -_turned(t, a, hypot(a, b)))

hypot = ufunc("hypot", "``sqrt(a*a + b*b)`` without overflow; gradient 0 at the origin.", "a", "b")
elementwise(hypot, lambda t, a, y: t * a / one_for_zero(y), lambda t, b, y: t * b / one_for_zero(y))


def _turned(t, x, h):
    """``t * x / h**2``; the square itself could overflow, or become 0."""
    h = one_for_zero(h)
    return t * (x / h) / h
