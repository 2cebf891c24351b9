"""Fourier transforms of arrays by NumPy and CuPy, round what each does badly."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np


def fftn(xp: Any, x: Any, axes: tuple[int, ...], norm: str, inverse: bool) -> Any:
    """The complex transform along these axes."""
    return _call(xp, "ifftn" if inverse else "fftn", x, norm, prod(x.shape[k] for k in axes), axes=axes)


def rfftn(xp: Any, x: Any, axes: tuple[int, ...], norm: str) -> Any:
    """The transform of a real ``x``; of the last of the axes the first half."""
    return _call(xp, "rfftn", x, norm, prod(x.shape[k] for k in axes), axes=axes)


def irfftn(xp: Any, x: Any, axes: tuple[int, ...], n: int, norm: str) -> Any:
    """The real inverse of half a spectrum, ``n`` long on the last of the axes.

    That axis is transformed by itself: libraries differ in what all axes at once make of an ``x`` that is
    not half of a Hermitian spectrum, and what comes to a transpose is not.
    """
    *others, last = axes
    z = fftn(xp, x, tuple(others), norm, inverse=True) if others else x
    return _call(xp, "irfft", z, norm, n, n=n, axis=last)


_WITHOUT_FACTOR = {"fftn": "backward", "rfftn": "backward", "ifftn": "forward", "irfft": "forward"}


def _call(xp: Any, name: str, x: Any, norm: str, points: int, **how: Any) -> Any:
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":
        x = x.astype("float32")
    if not x.size:  # which CuPy refuses
        return xp.asarray(getattr(np.fft, name)(np.empty(x.shape, x.dtype), norm=norm, **how))
    f = getattr(xp.fft, name)
    if xp is np and x.dtype.char in "fF" and norm == _WITHOUT_FACTOR[name]:
        # Where there is no factor NumPy (2.4) goes to double precision and back, up to eight times as long.
        y = f(x, norm="ortho", **how)
        y *= sqrt(points)
        return y
    return f(x, norm=norm, **how)
