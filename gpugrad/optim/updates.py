"""One step of each optimiser, written into the parameter ``p`` and its state; ``g`` is the gradient.

The Python of a function is its definition and what runs on NumPy arrays; on CuPy arrays the template of the
same name in ``kernels/optim.cuh`` does everything in one pass over the memory. The formulas are PyTorch's.
Half types compute in float32; their state may be float32, and should be where squares can underflow.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from math import sqrt
from typing import Any

import numpy as np

from ..backend import kernels


def _fused(name: str, g: Any, written: tuple, *params: float) -> None:
    """Run the template ``name`` of ``optim.cuh``, which writes to ``p`` and its state."""
    kernels.update("optim.cuh", name, len(written) - 1, len(params))(g, *params, *written)


_BLOCK = 65536
"""Elements whose parameter, gradient, state and temporaries fit into a core's cache together."""


def _on_numpy(update: Callable) -> Callable:
    """How an update runs on NumPy arrays: large ones in blocks, half types on float32 copies.

    In blocks Adam takes half of the time for 4 million float32 parameters (NumPy 2.4.6, AMD EPYC): what one
    of its dozen operations leaves, the next finds in the cache. A half type is rounded once, at the end.
    """

    @wraps(update)
    def run(p: Any, g: Any, *state: Any, **params: Any) -> None:
        if type(p) is not np.ndarray or (p.size <= _BLOCK and p.dtype.itemsize != 2):
            return update(p, g, *state, **params)
        if p.dtype.itemsize == 2:
            copies = [a.astype(np.float32) for a in (p, g, *state)]
            run(*copies, **params)
            for array, copy in zip((p, *state), (copies[0], *copies[2:]), strict=True):
                array[...] = copy
        elif all(a.flags.c_contiguous for a in (p, *state)):
            flat = [a.reshape(-1) for a in (p, g, *state)]
            for i in range(0, p.size, _BLOCK):
                update(*[a[i : i + _BLOCK] for a in flat], **params)
        else:
            update(p, g, *state, **params)

    return run


@lru_cache(256)
def _number(value: float, dtype: np.dtype) -> np.ndarray:
    """A number as an array, which NumPy multiplies by in half the time that it takes for a Python number."""
    return np.array(value, dtype)


def _decayed(p: np.ndarray, g: np.ndarray, weight_decay: float) -> np.ndarray:
    """The gradient with that of ``weight_decay / 2 * sum(p**2)`` added to it."""
    return g + weight_decay * p if weight_decay else g


@_on_numpy
def sgd(p: Any, g: Any, *, lr: float, weight_decay: float) -> None:
    """Gradient descent."""
    if type(p) is not np.ndarray:
        return _fused("sgd", g, (p,), lr, weight_decay)
    if weight_decay:
        g = _decayed(p, g, weight_decay)
    p -= g * _number(float(lr), p.dtype)


@_on_numpy
def momentum(
    p: Any, g: Any, m: Any, *, lr: float, momentum: float, weight_decay: float, nesterov: bool
) -> None:
    """Gradient descent along ``m``, the sum of all gradients so far, each worth ``momentum`` of the next."""
    if not isinstance(p, np.ndarray):
        return _fused("momentum", g, (p, m), lr, momentum, weight_decay, nesterov)
    g = _decayed(p, g, weight_decay)
    m *= momentum
    m += g
    p -= lr * (g + momentum * m if nesterov else m)


@_on_numpy
def rmsprop(p: Any, g: Any, v: Any, *, lr: float, alpha: float, eps: float, weight_decay: float) -> None:
    """Steps divided by the root of the running mean ``v`` of squared gradients."""
    if not isinstance(p, np.ndarray):
        return _fused("rmsprop", g, (p, v), lr, 1 - alpha, eps, weight_decay)
    g = _decayed(p, g, weight_decay)
    _move(v, np.square(g), 1 - alpha)
    p -= _quotient(g, v, lr, eps)


@_on_numpy
def adam(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    step: int,
) -> None:
    """Running means ``m`` of gradients and ``v`` of their squares, corrected for having started at zero.

    ``step`` is 1 in the first call (Kingma and Ba 2015, algorithm 1).
    """
    rate, root = lr / (1 - beta1**step), sqrt(1 - beta2**step)
    if not isinstance(p, np.ndarray):
        return _fused("adam", g, (p, m, v), rate, root, 1 - beta1, 1 - beta2, eps, weight_decay)
    g = _decayed(p, g, weight_decay)
    _move(m, g, 1 - beta1)
    _move(v, np.square(g), 1 - beta2)
    p -= _quotient(m, v, rate * root, eps * root)


@_on_numpy
def adamw(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    step: int,
) -> None:
    """``adam`` whose weight decay shrinks ``p`` beside both means (Loshchilov and Hutter 2019)."""
    rate, root = lr / (1 - beta1**step), sqrt(1 - beta2**step)
    keep = 1 - lr * weight_decay
    if not isinstance(p, np.ndarray):
        return _fused("adamw", g, (p, m, v), rate, root, 1 - beta1, 1 - beta2, eps, keep)
    p *= keep
    adam(p, g, m, v, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=0.0, step=step)


def _move(mean: np.ndarray, new: np.ndarray, share: float) -> None:
    """``mean`` moved towards ``new`` by this share of the way, in place."""
    way = new - mean
    way *= _number(share, way.dtype)
    mean += way


def _quotient(step: np.ndarray, v: np.ndarray, lr: float, eps: float) -> np.ndarray:
    """``lr * step / (sqrt(v) + eps)``."""
    below = np.sqrt(v)
    below += _number(eps, below.dtype)
    y = step / below
    y *= _number(lr, y.dtype)
    return y
