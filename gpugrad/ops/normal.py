"""gelu and its slope in float32 on NumPy, by the tail of the normal distribution: few passes over memory.

For a >= 0, P(Z > a) = exp(-a*a/2) * p(a) / q(a) with the polynomials below, which were fitted so that the
largest relative error on 0 <= a <= 14 is least: 6e-9. In float32 rounding adds to that: gelu is right to
6e-7 of itself for x > -3 and to 1.3e-6 down to x = -6, where ``x * (1 + erf(x / sqrt(2))) / 2`` has lost all
digits. float64 takes the longer road by ``erf.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def _boxed(*coefficients: float) -> list[np.ndarray]:
    return [np.array(c, np.float32) for c in coefficients]


_P = _boxed(0.004077605755, 0.04037251879, 0.1824617155, 0.4372507382, 0.5)
_Q = _boxed(0.01022091312, 0.1012057072, 0.4674288002, 1.199290225, 1.672386432, 1.0)
_MINUS_HALF, _MINUS_TWO, _ONE, _DENSITY, _FAR = _boxed(-0.5, -2.0, 1.0, 1 / math.sqrt(2 * math.pi), 40.0)

_BLOCK = 65536
"""Elements at a time: a fifth quicker for a million, and temporaries stay small (NumPy 2.4.6, AMD EPYC)."""


def gelu(x: np.ndarray) -> np.ndarray:
    """``x * P(Z <= x)`` in float32."""
    return _in_blocks(_gelu, x)


def gelu_grad(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``g * gelu'(x)`` in float32."""
    return _in_blocks(_gelu_grad, g, x)


def _in_blocks(f: Callable, *arrays: np.ndarray) -> np.ndarray:
    if arrays[0].size <= _BLOCK or any(a.shape != arrays[0].shape for a in arrays):
        return f(*arrays)
    flat = [a.reshape(-1) for a in arrays]
    y = np.empty_like(flat[0])
    for i in range(0, y.size, _BLOCK):
        y[i : i + _BLOCK] = f(*[a[i : i + _BLOCK] for a in flat])
    return y.reshape(arrays[0].shape)


def _gelu(x: np.ndarray) -> np.ndarray:
    """``max(x, 0) - |x| P(Z > |x|)``: both sides of 0 in one formula."""
    a = _size(x)
    tail = _tail_by_density(a)
    tail *= _density(a)
    tail *= a
    return np.maximum(x, 0) - tail


def _gelu_grad(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Below 0 the slope is ``P(Z > |x|) - |x| density``, above it is 1 minus that."""
    a = _size(x)
    below = _tail_by_density(a)
    below -= a * _DENSITY
    below *= _density(a)
    slope = below * _MINUS_TWO
    slope += _ONE
    slope *= (x > 0).astype(np.float32)
    slope += below
    return slope * g


def _size(x: np.ndarray) -> np.ndarray:
    """``|x|``, or a number beyond which nothing is left of the tail: its square does not overflow."""
    return np.minimum(np.abs(x), _FAR)


def _density(a: np.ndarray) -> np.ndarray:
    """``exp(-a*a/2)``."""
    e = a * a
    e *= _MINUS_HALF
    return np.exp(e)


def _tail_by_density(a: np.ndarray) -> np.ndarray:
    return _horner(_P, a) / _horner(_Q, a)


def _horner(coefficients: list[np.ndarray], a: np.ndarray) -> np.ndarray:
    first, second, *rest = coefficients
    y = a * first
    y += second
    for c in rest:
        y *= a
        y += c
    return y
