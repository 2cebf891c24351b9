"""Which library an array belongs to, told from its type alone.

CuPy is never imported here. Whoever holds a CuPy array has imported it, so looking at
``sys.modules`` finds it whenever there is something to find.
"""

import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

# Filled as types are met, so that every later look-up is one dictionary access.
_NAMESPACES: dict[type, ModuleType] = dict.fromkeys((np.ndarray, bool, int, float, complex, list, tuple), np)


class Indirect:
    """What counts as an array and computes by means of another, ``held``: the engine's batches."""

    __slots__ = ()
    held: Any
    library: Any


def array_types() -> tuple[type, ...]:
    """The array types in use: ``np.ndarray``, and ``cupy.ndarray`` once CuPy is loaded."""
    # While another thread is still importing CuPy, the module is there and its ndarray is not.
    cupy_array = getattr(sys.modules.get("cupy"), "ndarray", None)
    return (np.ndarray,) if cupy_array is None else (np.ndarray, cupy_array)


def is_array(x: object) -> bool:
    """Whether ``x`` is a NumPy or CuPy array, or counts as one. Scalars, lists and Tensors do not."""
    return isinstance(x, (np.ndarray, Indirect)) or isinstance(x, array_types())


def namespace(x: Any) -> ModuleType:
    """The module that computes with ``x``: ``cupy`` for its arrays, ``numpy`` for everything of the host."""
    try:
        return _NAMESPACES[type(x)]
    except KeyError:
        return x.library if isinstance(x, Indirect) else namespace_of_type(type(x))


def namespace_of_type(array_type: type) -> ModuleType:
    """The module that computes with arrays or scalars of this type."""
    found = _NAMESPACES.get(array_type)
    if found is None:
        found = _NAMESPACES[array_type] = _resolve(array_type)
    return found


def _resolve(array_type: type) -> ModuleType:
    if issubclass(array_type, (np.ndarray, np.generic, bool, int, float, complex, list, tuple)):
        return np
    if issubclass(array_type, array_types()):
        return sys.modules["cupy"]
    raise TypeError(
        f"expected a NumPy or CuPy array or a number, got {array_type.__module__}.{array_type.__qualname__}; "
        "convert it with gpugrad.tensor(...), which takes nested lists and any array that offers DLPack"
    )


def as_dtype(dtype: DTypeLike | str) -> np.dtype:
    """``np.dtype(dtype)``, where the name ``"bfloat16"`` is known too."""
    if isinstance(dtype, str) and dtype == "bfloat16":
        return bfloat16()
    return np.dtype(dtype)


def bfloat16() -> np.dtype:
    """The bfloat16 that NumPy and CuPy share; it comes with the package ml_dtypes."""
    try:
        import ml_dtypes
    except ImportError as error:
        raise ImportError(
            "bfloat16 needs the package ml_dtypes, which is not installed; run: pip install ml_dtypes"
        ) from error
    return np.dtype(ml_dtypes.bfloat16)


def floating(dtype: np.dtype) -> np.dtype:
    """``dtype`` itself; for integers and booleans the type of their sine: float64 for the usual ones."""
    return np.sin.resolve_dtypes((dtype, None))[1] if dtype.kind in "biu" else dtype
