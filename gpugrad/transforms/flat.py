"""A pytree of arrays as one real vector and back: how solvers see what users write."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import optree

from ..backend.device import Device
from ..backend.transfer import asarray, device_of, require_same_device
from ..core import Tensor, make
from ..core.batched import Batched
from ..core.tensor import require_inexact
from ..ops import concatenate, imag, real
from .inputs import has_tensor


class Flat:
    """The layout of ``leaves`` in a vector: one of float64 if a leaf is of double precision, else of float32.

    A complex leaf takes two stretches, its real and then its imaginary parts, so that solvers need to know
    nothing of complex numbers.
    """

    def __init__(self, leaves: Sequence[Any], spec: Any = None) -> None:
        self.spec = spec
        self.shapes = [x.shape for x in leaves]
        self.dtypes = [x.dtype for x in leaves]
        parts = [1 + (d.kind == "c") for d in self.dtypes]
        double = any(d.itemsize // n == 8 for d, n in zip(self.dtypes, parts, strict=True))
        self.dtype = np.dtype("float64" if double else "float32")
        self.ends = list(accumulate(math.prod(s) * n for s, n in zip(self.shapes, parts, strict=True)))
        self.size = self.ends[-1] if leaves else 0
        self.eps = max((precision(d) for d in self.dtypes), default=0.0)

    def ravel(self, tree: Any, what: str) -> Tensor:
        """``tree`` as a vector. Raises ValueError if it has not this structure and these shapes."""
        leaves, spec = optree.tree_flatten(tree)
        if spec != self.spec:
            raise ValueError(f"{what} has to have structure {self.spec}, got {spec}")
        device = common_device(leaves)
        return self.join([as_leaf(x, device) for x in leaves], what)

    def join(self, leaves: Sequence[Tensor], what: str) -> Tensor:
        """Leaves as a vector."""
        pieces = []
        for t, shape, dtype in zip(leaves, self.shapes, self.dtypes, strict=True):
            require_numbers(t, what)
            if t.shape != shape:
                raise ValueError(f"{what} has to have shape {shape}, got {t.shape}")
            if dtype.kind == "c":
                pieces += [real(t).reshape(-1), imag(t).reshape(-1)]
            elif t.dtype.kind == "c":
                raise TypeError(f"{what} has to have dtype {dtype}, got {t.dtype}; take real() or abs()")
            else:
                pieces.append(t.reshape(-1))
        pieces = [p if p.dtype == self.dtype else p.astype(self.dtype) for p in pieces]
        return pieces[0] if len(pieces) == 1 else concatenate(pieces)

    def split(self, vector: Tensor) -> list[Tensor]:
        """The leaves in ``vector``, whose axes before the last come first in each leaf."""
        leaves, start = [], 0
        for shape, dtype, end in zip(self.shapes, self.dtypes, self.ends, strict=True):
            piece = vector if self.size == end - start else vector[..., start:end]
            if dtype.kind == "c":
                half = (end - start) // 2
                piece = piece[..., :half] + 1j * piece[..., half:]
            piece = piece.reshape((*vector.shape[:-1], *shape))
            leaves.append(piece if piece.dtype == dtype else piece.astype(dtype))
            start = end
        return leaves

    def unravel(self, vector: Tensor) -> Any:
        """The pytree in ``vector``."""
        return optree.tree_unflatten(self.spec, self.split(vector))


def flatten(tree: Any, what: str, device: Device | None) -> tuple[Tensor, Flat]:
    """``tree`` as a vector, and its layout; numbers go to ``device``.

    Raises TypeError for integers, ValueError without a leaf or with leaves on different devices.
    """
    given, spec = optree.tree_flatten(tree)
    leaves = [as_leaf(x, device) for x in given]
    if not leaves:
        raise ValueError(f"{what} has no arrays in it")
    for t in leaves:
        try:
            require_inexact(t.dtype)
        except TypeError:
            raise TypeError(
                f"{what} has to be of floats or complex numbers, got dtype {t.dtype}; use astype"
            ) from None
    require_same_device(*[t.data for t in leaves])
    layout = Flat(leaves, spec)
    return layout.join(leaves, what), layout


def require_numbers(x: Any, what: str) -> None:
    """Raise TypeError for a batch."""
    if isinstance(x.data if type(x) is Tensor else x, Batched):
        raise TypeError(
            f"{what} depends on a Tensor that vmap maps over and that it closes over; pass it as an "
            "argument, for each example is solved for by itself"
        )


def precision(dtype: Any) -> float:
    """The relative distance of two neighbouring numbers; NumPy does not know that of bfloat16."""
    return 2.0**-7 if dtype.name == "bfloat16" else float(np.finfo(dtype).eps)


def as_leaf(x: Any, device: Device | None) -> Tensor:
    """A handle of our own on ``x``; numbers and lists go to ``device``."""
    if type(x) is Tensor:
        return make(x.data, x.node)
    return make(asarray(x, device=None if _has_place(x) else device))


def common_device(*trees: Any) -> Device | None:
    """The device of the first array or Tensor in ``trees``; None if there is none."""
    together: Any = trees
    for x in optree.tree_leaves(together):
        if _has_place(x):
            return device_of(x.data if type(x) is Tensor else asarray(x))
    return None


def _has_place(x: Any) -> bool:
    """Whether ``x`` is in some memory: an array of whatever library, not a number."""
    return hasattr(x, "__dlpack__") and not isinstance(x, np.generic)


def has_tensors(tree: Any) -> bool:
    """Whether a leaf is a Tensor."""
    return has_tensor(optree.tree_leaves(tree))


def plain(tree: Any) -> Any:
    """``tree`` with arrays in place of Tensors."""
    return optree.tree_map(lambda x: x.data if type(x) is Tensor else x, tree)


def fresh(tree: Any) -> Any:
    """``tree`` with new handles on its Tensors, for a function that may bind them to other values."""
    return optree.tree_map(lambda x: make(x.data, x.node) if type(x) is Tensor else x, tree)
