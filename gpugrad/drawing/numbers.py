"""Values and gradients in the few characters that fit above and below a line."""

from __future__ import annotations

from typing import Any

from ..backend.transfer import to_device

LONGEST = 3  # elements of an axis that is written out


def number(x: Any, digits: int) -> str:
    """One number with so many significant digits."""
    if isinstance(x, complex):
        return f"{number(x.real, digits)}{'−' if x.imag < 0 else '+'}{number(abs(x.imag), digits)}i"
    x = x or 0.0 if isinstance(x, float) else x  # no -0
    return (f"{x:.{digits}g}" if isinstance(x, float) else str(x)).replace("-", "−")


def elements(array: Any, digits: int) -> list[str] | None:
    """The lines that write out all elements, or ``None`` if there are too many."""
    if array.ndim > 2 or not array.size or max(array.shape, default=0) > LONGEST:
        return None
    host = to_device(array, "cpu")
    if str(host.dtype) in ("float16", "bfloat16", "float32"):
        host = host.astype("float64")
    rows = host.tolist()
    if array.ndim == 0:
        return [number(rows, digits)]
    rows = rows if array.ndim == 2 else [rows]
    return [f"[{', '.join(number(x, digits) for x in row)}]" for row in rows]


def value_lines(array: Any, digits: int) -> list[str]:
    """The elements of a small array, the shape of a larger one."""
    return elements(array, digits) or [str(array.shape)]


def gradient_lines(array: Any, digits: int) -> list[str]:
    """The elements of a small gradient, the Euclidean norm of a larger one, whose shape is the value's."""
    lines = elements(array, digits)
    if lines or not array.size:
        return lines or []
    wide = array.astype("complex128" if array.dtype.kind == "c" else "float64")
    return [f"‖∇‖ {number(float((abs(wide) ** 2).sum()) ** 0.5, digits)}"]
