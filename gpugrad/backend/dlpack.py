"""DLPack in and out, without a copy, bfloat16 included.

NumPy's DLPack knows no bfloat16, though the format does. So the bits travel through NumPy as uint16, and the
type code in the capsule, which belongs to the one array being handed over, is changed on the way.
"""

import ctypes
from typing import Any

import numpy as np

from . import cuda
from .arrays import bfloat16, is_array, namespace

# Device types and type codes of the format (dlpack.h).
_HOST = {1: "CPU", 3: "pinned"}
_GPU = {2: "CUDA", 13: "managed"}
_UINT, _BFLOAT = 1, 4


def from_dlpack(source: Any) -> Any:
    """A NumPy or CuPy array over the memory of ``source``, an array of any library that offers DLPack.

    Nothing is copied: who writes to one writes to the other. Some libraries (JAX) give read-only arrays.
    """
    if is_array(source):
        return source
    kind = source.__dlpack_device__()[0]
    if kind in _GPU:
        return cuda.load().from_dlpack(source)
    if kind not in _HOST:
        raise TypeError(
            f"expected an array on the CPU or on a CUDA device, got one on DLPack's device type {int(kind)} "
            f"from {type(source).__module__}; move it to the CPU first"
        )
    if str(getattr(source, "dtype", "")).endswith("bfloat16"):
        return np.from_dlpack(_AsUint(source)).view(bfloat16())
    return np.from_dlpack(source)


def to_dlpack(array: Any, **options: Any) -> Any:
    """The capsule that ``__dlpack__(**options)`` should return for a NumPy or CuPy array.

    An array with negative strides is copied: PyTorch ends the process when it is handed one.
    """
    if any(stride < 0 for stride in array.strides):
        array = namespace(array).ascontiguousarray(array)
    if isinstance(array, np.ndarray) and array.dtype.name == "bfloat16":
        return _relabelled(array.view(np.uint16).__dlpack__(**options), _BFLOAT)
    return array.__dlpack__(**options)


class _AsUint:
    """Passes a bfloat16 array on as uint16."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.source.__dlpack_device__()

    def __dlpack__(self, **options: Any) -> Any:
        return _relabelled(self.source.__dlpack__(**options), _UINT)


# ---- the type code inside a capsule ----

_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi)
)
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32 * 2),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
    ]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_uint32 * 2),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _DLTensor),
    ]


def _relabelled(capsule: Any, code: int) -> Any:
    name = b"dltensor_versioned"
    if _is_valid(capsule, name):
        tensor = _Versioned.from_address(_pointer(capsule, name)).tensor
    else:
        tensor = _DLTensor.from_address(_pointer(capsule, b"dltensor"))
    tensor.code = code
    return capsule
