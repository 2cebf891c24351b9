"""Calling a row's operation on a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optree

import gpugrad as gg

from .row import Row, Sample

FLOATS, COMPLEX = ("float16", "float32", "float64"), ("complex64", "complex128")


def dtypes(row: Row, device: str) -> tuple[str, ...]:
    """The dtypes that a row is tried with; on CUDA, where each is compiled, halves for fused kernels only."""
    body = getattr(getattr(row.function, "primitive", None), "body", None)
    reals = FLOATS if device == "cpu" or hasattr(body, "fused") else FLOATS[1:]
    return reals + (COMPLEX if "c" in row.dtypes else ())


def placed(tree: Any, device: str) -> Any:
    """NumPy arrays of a pytree moved to a device, everything else left alone."""
    return optree.tree_map(
        lambda x: gg.tensor(x, device=device).data if isinstance(x, np.ndarray) else x,
        tree,
        none_is_leaf=True,
    )


def on_floats(row: Row, sample: Sample, device: str, dtype: Any = np.float64) -> tuple[Callable, list]:
    """The operation as a function of its float operands alone, and those, as arrays of the device."""
    operands = placed(row.operands(sample, dtype), device)
    params = placed(sample.params, device)
    floats = [i for i, x in enumerate(operands) if x.dtype.kind in "fc"]

    def f(*xs: Any) -> Any:
        called = list(operands)
        for i, x in zip(floats, xs, strict=True):
            called[i] = x
        return row.function(*called, **params)

    f.__name__ = f"{row.name}({sample})"
    return f, [operands[i] for i in floats]


def strided(x: np.ndarray, device: str) -> Any:
    """These elements on the device, at every other place of its memory, backwards and with reversed axes."""
    holder = gg.tensor(np.zeros([2 * n for n in x.shape[::-1]], x.dtype), device=device).data.T
    view = holder[(..., *[slice(None, None, -2)] * x.ndim)]
    view[...] = placed(x, device)
    return view


def host(x: Any) -> np.ndarray:
    """A Tensor or an array of any device as a NumPy array."""
    return gg.tensor(x, device="cpu").numpy()


def leaves(result: Any) -> list[np.ndarray]:
    """The arrays of a result, on the host."""
    return [host(x) for x in optree.tree_leaves(result)]


def wide(x: np.ndarray) -> np.ndarray:
    """In double precision, if it is a float."""
    return x.astype(complex if x.dtype.kind == "c" else float) if x.dtype.kind in "fcV" else x


def assert_near(got: np.ndarray, want: np.ndarray, units: float, what: str) -> None:
    """``got`` is within so many units in the last place of ``want`` or, where that is smaller, of 1."""
    assert got.shape == np.shape(want), f"{what}: shape {got.shape}, expected {np.shape(want)}"
    limit = units * np.finfo(got.dtype).eps if got.dtype.kind in "fc" else 0
    np.testing.assert_allclose(wide(got), want, rtol=limit, atol=limit, err_msg=what)
