"""The frequencies that the bins of Fourier transforms stand for, as plain arrays on a device."""

from __future__ import annotations

from operator import index
from typing import Any

from numpy.typing import DTypeLike

from ..backend.device import Device
from .creation import arange


def fftfreq(
    n: int, d: float = 1.0, dtype: DTypeLike | None = None, device: str | Device | None = None
) -> Any:
    """The frequencies of the bins of :func:`fft`, of ``n`` points at a distance ``d``, in cycles per unit.

    A plain array on the device (the default one unless named), float64 unless ``dtype`` says otherwise.
    """
    bins = arange(index(n), device=device)
    return _scaled((bins + n // 2) % n - n // 2, n, d, dtype)


def rfftfreq(
    n: int, d: float = 1.0, dtype: DTypeLike | None = None, device: str | Device | None = None
) -> Any:
    """The frequencies of the bins of :func:`rfft`, 0 to ``n // 2``; see :func:`fftfreq`."""
    return _scaled(arange(index(n) // 2 + 1, device=device), n, d, dtype)


def _scaled(bins: Any, n: int, d: float, dtype: DTypeLike | None) -> Any:
    return (bins / (n * d)).astype("float64" if dtype is None else dtype, copy=False)
