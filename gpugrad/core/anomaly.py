"""Anomaly detection and guarded arrays: what is checked when somebody looks for a wrong gradient."""

from __future__ import annotations

import linecache
import os
import sys
import zlib
from pathlib import Path
from typing import Any

from ..backend.arrays import Indirect, is_array, namespace
from ..backend.transfer import to_device
from .modes import state
from .node import Unary

_PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep
_LIBRARIES = tuple(f"site-packages/{name}/" for name in ("numpy", "cupy"))


class Origin:
    """What a node made in one of these modes remembers besides its kept arrays."""

    __slots__ = ("line", "seals")

    def __init__(self, line: str, seals: Any) -> None:
        self.line, self.seals = line, seals


def remember(node: Any) -> None:
    """Note where ``node`` was made, and fingerprints of what it kept if arrays are guarded."""
    if state.anomaly or state.guard:
        node.origin = Origin(user_line(), seal(node.kept) if state.guard else None)


def user_line() -> str:
    """File, line and text of the innermost frame that is not gpugrad's, NumPy's or CuPy's."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_PACKAGE) and not any(name in file for name in _LIBRARIES):
            break
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f'File "{file}", line {line}, in {frame.f_code.co_name}: {linecache.getline(file, line).strip()}'


def describe(primitive: Any, i: int) -> str:
    """``operand 'x' of tanh``."""
    return f"operand {primitive.operand(i)!r} of {primitive.name}"


# ---- anomaly detection ----


def finite(x: Any) -> bool:
    """Whether ``x``, an array or a Tensor, is free of NaN and infinities; integers always are."""
    array = _array(x)
    if not is_array(array) or array.dtype.kind in "biu":
        return True
    return bool(namespace(array).isfinite(array).all())


def _array(x: Any) -> Any:
    """The array in a Tensor or a batch; anything else as it is."""
    array = x if is_array(x) else getattr(x, "data", x)
    return array.held if isinstance(array, Indirect) else array


def first_bad(x: Any) -> str:
    """The first value of ``x`` that is not finite, and where it stands."""
    array = to_device(_array(x), "cpu")
    index = namespace(array).argwhere(~namespace(array).isfinite(array))[0]
    place = tuple(int(k) for k in index)
    return f"{array[place]} at index {place} of shape {array.shape}, dtype {array.dtype}"


def check_result(primitive: Any, arrays: Any, y: Any) -> None:
    """Raise if ``y`` is not finite although all of ``arrays`` are."""
    if finite(y) or not all(finite(x) for x in arrays):
        return
    shapes = ", ".join(str(tuple(x.shape)) if is_array(x) else repr(x) for x in arrays)
    raise FloatingPointError(
        f"{primitive.name} of finite operands of shapes ({shapes}) gave {first_bad(y)}"
        f"\n  called at {user_line()}"
    )


def check_gradient(node: Any, i: int, g: Any, h: Any) -> None:
    """Raise if the gradient ``h`` of operand ``i`` is not finite although the cotangent ``g`` is."""
    if finite(h) or not finite(g):
        return
    origin = getattr(node, "origin", None)
    where = (
        f"made at {origin.line}"
        if origin
        else "run the forward pass under detect_anomaly() too to see its line"
    )
    raise FloatingPointError(
        f"the gradient of {describe(node.primitive, i)} is the first that is not finite: the cotangent of "
        f"shape {tuple(g.shape)} was finite, the gradient has {first_bad(h)}\n  {where}"
    )


# ---- guarded arrays ----


def seal(kept: Any) -> Any:
    """A fingerprint of every array in ``kept``."""
    if isinstance(kept, tuple):
        return tuple(seal(k) for k in kept)
    return zlib.crc32(to_device(_array(kept), "cpu").tobytes()) if is_array(kept) else None


def check_seal(node: Any, i: int, kept: Any) -> None:
    """Raise if what operand ``i`` kept is no longer what it was."""
    origin = getattr(node, "origin", None)
    if origin is None or origin.seals is None:
        return
    if (origin.seals if isinstance(node, Unary) else origin.seals[i]) != seal(kept):
        raise RuntimeError(
            f"an array kept for {describe(node.primitive, i)} was written to after the forward pass, so its "
            f"gradient would be wrong; write to a copy\n  made at {origin.line}"
        )
