"""From a primitive's one body to the function that runs for an array type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import cuda, kernels
from .arrays import array_types, is_array, namespace, namespace_of_type
from .guard import guard
from .transfer import require_same_device


def implementation(body: Callable, array_type: type) -> Callable:
    """What computes ``body`` for this array type: a fused kernel, the library's own function, or the body."""
    xp = namespace_of_type(array_type)
    own = getattr(xp, getattr(body, "ufunc", ""), None)
    if xp is np:
        return own or partial(body, np)
    f = _fused(body, xp) if hasattr(body, "fused") else own or partial(body, xp)
    return guard(f) if cuda.device_count() > 1 else f


def _fused(body: Callable, xp: Any) -> Callable:
    """The kernel, and the body where there is none: for complex arrays."""
    kernel = kernels.implementation(body)

    def run(*arrays: Any, **params: Any) -> Any:
        try:
            return kernel(*arrays, **params)
        except kernels.NoKernel:
            return body(xp, *arrays, **params)

    return run


_PYTHON_NUMBERS = frozenset((bool, int, float, complex))


def as_operands(operands: Sequence[Any], name: str) -> tuple[list[Any], type]:
    """The operands of a call as arrays and numbers, and the array type that computes with them.

    Lists become arrays, and so do numbers if nothing else is there. Raises ValueError if arrays are on
    different devices, TypeError for what is no array and no number; both name the operation.
    """
    array_type: type = np.ndarray
    for x in operands:
        if is_array(x):
            array_type = type(x) if type(x) in array_types() else np.ndarray
            break
    else:
        # Beside a NumPy scalar, which an array of no dimensions turns into, a Python number widens nothing.
        bare = [type(_number(x, name)) in _PYTHON_NUMBERS for x in operands]
        lone = all(bare)
        kept = [x if b and not lone else np.asarray(x) for x, b in zip(operands, bare, strict=True)]
        return kept, array_type
    xp = namespace_of_type(array_type)
    out = []
    for x in operands:
        if type(x) is not array_type:
            if is_array(x):
                _one_device(operands, name)
                x = xp.asarray(x)  # a subclass of ndarray
            elif isinstance(_number(x, name), (list, tuple)):
                x = xp.asarray(x)
        out.append(x)
    return out, array_type


def _number(x: Any, name: str) -> Any:
    try:
        namespace(x)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None
    return x


def _one_device(operands: Sequence[Any], name: str) -> None:
    try:
        require_same_device(*operands)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def one_array(y: Any, array_type: type) -> Any:
    """What an operation returned, as an array: NumPy has scalars for arrays of no dimensions."""
    return y if type(y) is np.ndarray or is_array(y) else namespace_of_type(array_type).asarray(y)


def quiet() -> Any:
    """A block in which NumPy does not warn of overflow and the like: a derivative may well be infinite."""
    return np.errstate(all="ignore")
