"""New arrays on a device (the default one unless named): plain NumPy or CuPy arrays, without gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..backend import asarray as _asarray
from ..backend import cuda, default_device
from ..backend.device import Device
from ..core import Tensor


def _on_device(name: str, doc: str) -> Callable:
    """The array libraries' function of this name, with ``device=``."""

    @wraps(getattr(np, name), assigned=("__name__",), updated=())
    def make(*args: Any, device: str | Device | None = None, **options: Any) -> Any:
        place = default_device() if device is None else Device.parse(device)
        if place.type == "cpu":
            return getattr(np, name)(*args, **options)
        cupy = cuda.load()
        with cupy.cuda.Device(place.index):
            return getattr(cupy, name)(*args, **options)

    make.__doc__ = doc
    return make


arange = _on_device("arange", "Numbers from ``start`` to before ``stop`` in steps.")
empty = _on_device("empty", "An array of this shape, its elements not set.")
eye = _on_device("eye", "The identity matrix.")
full = _on_device("full", "An array of this shape with one value everywhere.")
linspace = _on_device("linspace", "So many numbers, equally far apart, from ``start`` to ``stop``.")
ones = _on_device("ones", "Ones in this shape.")
zeros = _on_device("zeros", "Zeros in this shape.")


def asarray(x: Any, dtype: Any = None, device: str | Device | None = None) -> Any:
    """``x`` as an array, copied only where dtype or device demand it; a Tensor stays a Tensor."""
    if isinstance(x, Tensor):
        x = x if device is None else x.to(device)
        return x if dtype is None else x.astype(dtype)
    return _asarray(x, dtype=dtype, device=device)


def array(x: Any, dtype: Any = None, device: str | Device | None = None) -> Any:
    """A copy of ``x`` as an array; a Tensor gives a new Tensor, through which gradients flow."""
    return asarray(x, dtype, device).copy()
