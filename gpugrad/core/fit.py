"""The shape rule: the gradient of an operand has the shape and dtype of that operand."""

from __future__ import annotations

from typing import Any

from ..backend.broadcast import sum_to


def fit(h: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """``h`` summed over what broadcasting had repeated and cast to ``dtype`` (real part for a real one).

    A Tensor or a batch is fitted by its own methods, so that the fitting is differentiated as well.
    """
    if h.shape != shape:
        h = h.sum_to(shape) if hasattr(h, "sum_to") else sum_to(h, shape)
    if h.dtype is not dtype and h.dtype != dtype:
        if h.dtype.kind == "c" and dtype.kind != "c":
            h = h.real
        h = h.astype(dtype)
    return h
