"""Making arrays, and moving them between devices. Nothing moves unless one of these is called."""

import functools
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from . import cuda
from .arrays import Indirect, array_types, as_dtype, is_array
from .device import Device, default_device, usable
from .dlpack import from_dlpack as from_dlpack


def asarray(data: Any, dtype: DTypeLike | None = None, device: str | Device | None = None) -> Any:
    """``data`` as a NumPy or CuPy array, copied only where dtype or device demand it.

    Taken are numbers, nested lists, and arrays of any library that offers DLPack. Without ``device`` an array
    stays where it is and everything else goes to the default device. Python floats make float64, as in NumPy.
    """
    array, found = _found(data, dtype)
    if dtype is not None:
        array = array.astype(as_dtype(dtype), copy=False)
    _require_numbers(array.dtype, data)
    if device is not None:
        return to_device(array, device)
    return array if found else to_device(array, default_device())


def to_device(array: Any, device: str | Device) -> Any:
    """``array`` on ``device``: itself if it is there already, else a copy."""
    goal, origin = usable(device), device_of(array)
    if goal == origin:
        return array
    if goal.type == "cpu":
        return array.get(order="A")
    cupy = cuda.load()
    if origin.type == "cpu":
        with cupy.cuda.Device(goal.index):
            return cupy.asarray(array)
    # Streams of different devices do not wait for each other: what computes the array has to be done before
    # the copy begins, and the copy before anybody gets back the memory it reads.
    with cupy.cuda.Device(origin.index):
        source = array if array.flags.c_contiguous or array.flags.f_contiguous else array.copy()
        cupy.cuda.get_current_stream().synchronize()
    with cupy.cuda.Device(goal.index):
        copy = source.copy(order="A")
        cupy.cuda.get_current_stream().synchronize()
    return copy


def device_of(array: Any) -> Device:
    """Where a NumPy or CuPy array is."""
    if isinstance(array, np.ndarray):
        return Device.CPU
    if isinstance(array, array_types()):
        return _gpu(array.device.id)
    if isinstance(array, Indirect):
        return device_of(array.held)
    raise TypeError(
        f"expected a NumPy or CuPy array, got {type(array).__module__}.{type(array).__qualname__}"
    )


def require_same_device(*operands: Any) -> Device | None:
    """The device that all arrays among ``operands`` share, None without an array; a mixture is a ValueError.

    Numbers belong to no device. An array of no dimensions is an array.
    """
    first = None
    for operand in operands:
        if not is_array(operand):
            continue
        if first is None:
            first = operand
        elif device_of(operand) != device_of(first):
            raise ValueError(
                "expected arrays of one device, but "
                f"one of shape {first.shape} and dtype {first.dtype} is on {device_of(first)} and "
                f"one of shape {operand.shape} and dtype {operand.dtype} is on {device_of(operand)}; "
                f'move one with .to("{device_of(operand)}") or .to("{device_of(first)}")'
            )
    return None if first is None else device_of(first)


@functools.cache
def _gpu(index: int) -> Device:
    return Device("cuda", index)


def _found(data: Any, dtype: DTypeLike | None) -> tuple[Any, bool]:
    """``data`` as an array, and whether it was one before."""
    if is_array(data):
        return _plain(data), True
    if hasattr(data, "__dlpack__"):
        return from_dlpack(data), True
    if hasattr(data, "__cuda_array_interface__"):
        return cuda.load().asarray(data), True
    # The dtype is given to NumPy at once: 2**70 or 0.1 should not pass through another type on their way.
    return _plain(np.asarray(data, None if dtype is None else as_dtype(dtype))), False


def _plain(array: Any) -> Any:
    """In this machine's byte order, and no subclass of ndarray, which could mean something else by ``*``."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            "expected a plain array, got a masked one, whose mask would be lost; fill it with .filled(value)"
        )
    if isinstance(array, np.ndarray):
        array = np.asarray(array)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _require_numbers(dtype: np.dtype, data: Any) -> None:
    # Kind V is a void or a record in NumPy itself, and bfloat16 and its relatives in ml_dtypes.
    if dtype.kind in "biufc" or (dtype.kind == "V" and dtype.type is not np.void):
        return
    raise TypeError(
        f"expected numbers, got {type(data).__name__} with elements of dtype {dtype}; "
        "convert the elements to a number type, or take the arrays out of the list with gpugrad.stack"
    )
