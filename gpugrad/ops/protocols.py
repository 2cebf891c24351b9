"""NumPy's protocols: ``np.sin(t)``, ``array * t`` and ``np.sum(t)`` record like ``gg.sin(t)``.

A Tensor never turns into an array by itself, which would lose its gradient: no ``__cuda_array_interface__``,
and an ``__array__`` that refuses. CuPy's *operators* honour ``__array_ufunc__``; its functions take no Tensor
and say so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.device import Device
from ..backend.dlpack import to_dlpack
from ..backend.transfer import device_of
from ..core import Tensor
from ..core.batched import unbatched
from ..core.modes import special
from ..core.recorder import asked

_functions: dict[Callable, Callable] = {
    np.shape: lambda t: t.shape,
    np.ndim: lambda t: t.ndim,
    np.size: lambda t, axis=None: t.size if axis is None else t.shape[axis],
}
"""What serves which function of NumPy; not told by name, as ``np.emath.sqrt`` means something else."""


def install(functions: dict[str, Callable], transforms: dict[str, Any]) -> None:
    """Give Tensor the protocols, served by functions under their names in NumPy and in ``numpy.fft``."""
    for name, f in functions.items():
        theirs = getattr(np, name, None) or getattr(np.linalg, name, None)
        if callable(theirs):
            _functions[theirs] = f
    for name in ("matmul", "outer", "tensordot"):
        _functions[getattr(np.linalg, name)] = functions[name]
    for name, f in transforms.items():
        if callable(f) and hasattr(np.fft, name):
            _functions[getattr(np.fft, name)] = f
    for protocol in (__array_ufunc__, __array_function__, __array__, __dlpack__, __dlpack_device__):
        setattr(Tensor, protocol.__name__, protocol)


def __array_ufunc__(self: Any, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    f = _functions.get(ufunc)
    if "out" in options and options["out"][0] is inputs[0]:
        raise TypeError(
            "a NumPy array cannot take a Tensor in place (array += t), which would lose its gradient; write "
            "array = array + t, or make a Tensor of the array first: gpugrad.tensor(array)"
        )
    if method != "__call__" or f is None or options:
        asked = ufunc.__name__ + ("" if method == "__call__" else f".{method}")
        how = f" with {', '.join(options)}" if options else ""
        raise TypeError(
            f"numpy.{asked}{how} does not work on a gpugrad.Tensor; use a function of gpugrad.numpy, or go "
            "on with the values alone by t.numpy()"
        )
    return f(*inputs)


def __array_function__(self: Any, func: Any, types: Any, args: Any, options: Any) -> Any:
    f = _functions.get(func)
    if f is None:
        raise TypeError(
            f"gpugrad has no {func.__module__}.{func.__name__} for a Tensor yet; go on with the values alone "
            "by t.numpy(), or make it differentiable with gpugrad.primitive"
        )
    return f(*args, **options)


def __array__(self: Any, dtype: Any = None, copy: Any = None) -> Any:
    unbatched(self.data, "an index of a plain array (which gpugrad.take(array, t) takes) or an array itself")
    raise TypeError(
        "a gpugrad.Tensor does not become a NumPy array by itself, which would lose its gradient; put "
        "Tensors together with np.stack or np.concatenate, or use t.numpy() for the values alone"
    )


def __dlpack__(self: Any, **options: Any) -> Any:
    if self.requires_grad:
        raise TypeError(
            "a Tensor that requires grad is not exported, which would lose its gradient; use t.detach()"
        )
    if special:
        asked(self, "DLPack")
    return to_dlpack(unbatched(self.data, "an array to export"), **options)


def __dlpack_device__(self: Any) -> tuple[int, int]:
    device: Device = device_of(self.data)
    return (1, 0) if device.type == "cpu" else (2, device.index)
