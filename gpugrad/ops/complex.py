"""Complex numbers: parts, conjugate, angle.

Rules are transposes with respect to ``sum(g * t)``, of which the real part counts where the operand is
real; the sweep conjugates once at either end (see ``core/reverse.py``).
"""

from __future__ import annotations

from ..core import by_hand, primitive, ufunc
from .select import one_for_zero

conj = ufunc("conj", "Complex conjugate, element by element; a real array as it is.")
by_hand(conj, vjp=(lambda g: conj(g),), jvp=(lambda t: conj(t),))


@primitive
def real(xp, x):
    """Real part, element by element; a real array as it is."""
    return xp.real(x)


by_hand(real, vjp=(lambda g, x_dtype: _as(g, x_dtype),), jvp=(lambda t: real(t),))


@primitive
def imag(xp, x):
    """Imaginary part, element by element; zeros for a real array."""
    return xp.imag(x)


by_hand(
    imag,
    vjp=(lambda g, x_dtype: _as(g, x_dtype) * (-1j if x_dtype.kind == "c" else 0),),
    jvp=(lambda t: imag(t),),
)


@primitive
def angle(xp, x):
    """Angle of a complex number in (-pi, pi], radians; gradient 0 at 0 and for real numbers."""
    return xp.angle(x)


def _turn(x):
    """``-1j * conj(x) / |x|**2``: the angle changes by the real part of this times a small step."""
    return conj(x) * -1j / one_for_zero(real(x * conj(x)))


by_hand(
    angle,
    vjp=(lambda g, x: _as(g, x.dtype) * _turn(x) if x.dtype.kind == "c" else g * 0,),
    jvp=(lambda t, x: real(t * _turn(x)) if x.dtype.kind == "c" else t * 0,),
)


def _as(g, dtype):
    return g if g.dtype == dtype else g.astype(dtype)
