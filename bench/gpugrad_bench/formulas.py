"""What several workloads need: dtypes, names, and formulas for the contestant by hand.

``xp`` is NumPy or CuPy. A ``*_grad`` takes the cotangent of the result first.
"""

from __future__ import annotations

from typing import Any

from .case import Setting

HALF = ("float16", "bfloat16")
ITEMSIZE = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}


def dtypes(device: str) -> tuple[str, ...]:
    """float32; on a GPU the half types too, for which it has units of its own."""
    return ("float32", *HALF) if device == "cuda" else ("float32",)


def named(name: str, dtype: str) -> str:
    """A case's name, with its dtype unless that is float32."""
    return name if dtype == "float32" else f"{name}-{dtype}"


def multiply_stacks(s: Setting) -> None:
    """Raise LookupError where products of stacks of matrices by hand are not to be had."""
    if s.dtype == "bfloat16":
        raise LookupError("takes no part: CuPy multiplies no stacks of bfloat16 matrices")


def softmax(xp: Any, x: Any) -> Any:
    """Over the last axis."""
    e = xp.exp(x - x.max(-1, keepdims=True))
    e /= e.sum(-1, keepdims=True)
    return e


def softmax_grad(g: Any, y: Any) -> Any:
    """Where ``y = softmax(x)``."""
    gy = g * y
    gy -= y * gy.sum(-1, keepdims=True)
    return gy


def log_softmax(xp: Any, x: Any) -> Any:
    """Over the last axis."""
    shifted = x - x.max(-1, keepdims=True)
    shifted -= xp.log(xp.exp(shifted).sum(-1, keepdims=True))
    return shifted


def cross_entropy(xp: Any, logits: Any, labels: Any) -> tuple[Any, Any]:
    """The mean over rows of ``-log(softmax(logits)[label])``, and its gradient."""
    rows = xp.arange(len(labels))
    shifted = logits - logits.max(1, keepdims=True)
    e = xp.exp(shifted)
    total = e.sum(1, keepdims=True)
    loss = (xp.log(total[:, 0]) - shifted[rows, labels]).mean()
    e /= total
    e[rows, labels] -= 1
    e /= len(labels)
    return loss, e


def squared_error(xp: Any, y: Any, targets: Any) -> tuple[Any, Any]:
    """The mean of ``(y - targets)**2``, and its gradient."""
    off = y - targets
    return (off * off).mean(), off * (2 / off.size)


def layer_norm(xp: Any, x: Any, weight: Any, bias: Any, eps: float = 1e-5) -> tuple[Any, Any, Any]:
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` over the last axis; the middle part, the root."""
    d = x - x.mean(-1, keepdims=True)
    root = xp.sqrt((d * d).mean(-1, keepdims=True) + eps)
    d /= root
    return d * weight + bias, d, root


def layer_norm_grad(g: Any, weight: Any, normal: Any, root: Any) -> tuple[Any, Any, Any]:
    """For x, weight and bias; ``normal`` and ``root`` are what `layer_norm` returns beside its value."""
    rows = tuple(range(g.ndim - 1))
    gn = g * weight
    gx = gn - gn.mean(-1, keepdims=True) - normal * (gn * normal).mean(-1, keepdims=True)
    return gx / root, (g * normal).sum(rows), g.sum(rows)
