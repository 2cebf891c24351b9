"""Operators and NumPy's methods of a Tensor, put on the class when gpugrad is imported."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..backend.transfer import require_same_device, to_device
from ..core import Tensor, is_grad_enabled, written
from ..core.batched import Batched, unbatched
from ..core.modes import special
from ..core.recorder import BRANCH, LEAVE, asked, bound
from . import (
    arithmetic,
    casting,
    diagonal,
    indexing,
    linalg,
    nondiff,
    reduction,
    scan,
    select,
    shape,
    sorting,
    tiling,
    transfer,
)
from .complex import conj, imag, real


def _reflected(f: Callable) -> Callable:
    return lambda self, other: f(other, self)


def _in_place(f: Callable, write: Callable) -> Callable:
    """``t += v`` makes a new value, except for a leaf under ``no_grad``, whose array is written to."""

    def method(self, other):
        if not self.requires_grad or not self.is_leaf:
            return f(self, other)
        if is_grad_enabled():
            raise RuntimeError(
                "a leaf that requires grad cannot be updated in place while gradients are recorded; "
                "update it under gpugrad.no_grad(), or write t = t + v for a new value"
            )
        value = unbatched(other.data if isinstance(other, Tensor) else other, "a value for one leaf")
        require_same_device(self.data, value)
        write(self.data, value)
        written(self.data, write, self.data, value)
        return self

    return method


def _one(t: Any, how: str, cure: str = LEAVE) -> Any:
    """The only element, asked for by ``how``."""
    if t.data.size != 1:
        raise ValueError(f"{how} needs one element, this Tensor has shape {t.data.shape}")
    unbatched(t.data, "one number")
    if special:
        asked(t, how, cure)
    return t.data.item()


def _constant(t: Any, how: str) -> Any:
    """The only element. NumPy, CuPy and ``math`` ask for it by ``float(t)`` without the user's knowing."""
    if t.requires_grad:
        raise TypeError(
            "a gpugrad.Tensor that requires grad does not become a Python number by itself, which would lose "
            "its gradient; use t.item() for its value"
        )
    return _one(t, how)


def _power(x, exponent):
    return arithmetic.square(x) if type(exponent) is int and exponent == 2 else arithmetic.power(x, exponent)


class Methods:
    """What :class:`gpugrad.Tensor` can do besides differentiating; a mixin for type checkers only."""

    # The slots of Tensor, for type checkers:
    data: Any
    node: Any
    requires_grad: Any
    is_leaf: Any
    assign_: Any

    # ---- operators ----

    __add__: Any = arithmetic.add
    __radd__ = _reflected(arithmetic.add)
    __iadd__ = _in_place(arithmetic.add, operator.iadd)
    __sub__: Any = arithmetic.subtract
    __rsub__ = _reflected(arithmetic.subtract)
    __isub__ = _in_place(arithmetic.subtract, operator.isub)
    __mul__: Any = arithmetic.multiply
    __rmul__ = _reflected(arithmetic.multiply)
    __imul__ = _in_place(arithmetic.multiply, operator.imul)
    __truediv__: Any = arithmetic.divide
    __rtruediv__ = _reflected(arithmetic.divide)
    __itruediv__ = _in_place(arithmetic.divide, operator.itruediv)
    __floordiv__: Any = nondiff.floor_divide
    __rfloordiv__ = _reflected(nondiff.floor_divide)
    __ifloordiv__ = _in_place(nondiff.floor_divide, operator.ifloordiv)
    __mod__: Any = arithmetic.remainder
    __rmod__ = _reflected(arithmetic.remainder)
    __imod__ = _in_place(arithmetic.remainder, operator.imod)
    __pow__ = _power
    __rpow__ = _reflected(arithmetic.power)
    __ipow__ = _in_place(_power, operator.ipow)
    __matmul__: Any = linalg.matmul
    __rmatmul__ = _reflected(linalg.matmul)
    __imatmul__ = _in_place(linalg.matmul, operator.imatmul)
    __neg__: Any = arithmetic.negative
    __pos__: Any = arithmetic.positive
    __abs__: Any = arithmetic.absolute
    __invert__: Any = nondiff.invert
    __and__: Any = nondiff.bitwise_and
    __rand__ = _reflected(nondiff.bitwise_and)
    __or__: Any = nondiff.bitwise_or
    __ror__ = _reflected(nondiff.bitwise_or)
    __xor__: Any = nondiff.bitwise_xor
    __rxor__ = _reflected(nondiff.bitwise_xor)
    __lt__: Any = nondiff.less
    __le__: Any = nondiff.less_equal
    __gt__: Any = nondiff.greater
    __ge__: Any = nondiff.greater_equal

    def __eq__(self, other: Any) -> Any:
        return False if other is None else nondiff.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return True if other is None else nondiff.not_equal(self, other)

    # ---- indexing: t[i] = v gives this handle a new value ----

    __getitem__: Any = indexing.getitem

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.requires_grad and self.is_leaf:
            if is_grad_enabled():
                raise RuntimeError(
                    "an element of a leaf that requires grad cannot be set while gradients are recorded; set "
                    "it under gpugrad.no_grad(), or use gpugrad.index_update(t, key, value) for a new value"
                )
            self.assign_(indexing.index_update(self, key, value))
            return
        updated = indexing.index_update(self, key, value)
        self.data, self.node = updated.data, updated.node
        if special:
            bound(self, "data", self.data)

    def __len__(self) -> int:
        if not self.data.ndim:
            raise TypeError("a Tensor of no dimensions has no length")
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    # ---- one number, text ----

    def item(self) -> Any:
        """The only element as a Python number. ValueError for more than one."""
        return _one(self, "item()")

    def __float__(self) -> float:
        return float(_constant(self, "float()"))

    def __int__(self) -> int:
        return int(_constant(self, "int()"))

    def __complex__(self) -> complex:
        return complex(_constant(self, "complex()"))

    def __bool__(self) -> bool:
        return bool(_one(self, "bool()", BRANCH))

    def __index__(self) -> int:
        return operator.index(_one(self, "an index"))

    def __round__(self, decimals: int = 0) -> Any:
        return arithmetic.round(self, decimals)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        if isinstance(self.data, Batched):
            return f"Tensor({self.data!r})"
        body = np.array2string(to_device(self.data, "cpu"), separator=", ", prefix="Tensor(")
        device = "" if isinstance(self.data, np.ndarray) else f", device={transfer.device_of(self.data)}"
        grad = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({body}, dtype={self.data.dtype}{device}{grad})"

    # ---- elsewhere ----

    to = transfer.to
    cpu = transfer.cpu
    cuda = transfer.cuda
    numpy = transfer.numpy_of

    def tolist(self) -> Any:
        """The elements as nested Python lists."""
        return transfer.numpy_of(self).tolist()

    # ---- NumPy's methods ----

    T = property(shape.transpose, doc="Axes reversed.")
    mT = property(lambda self: shape.swapaxes(self, -1, -2), doc="The last two axes exchanged.")
    real = property(real, doc="Real part.")
    imag = property(imag, doc="Imaginary part.")
    conj: Any = conj
    conjugate: Any = conj
    astype = casting.astype
    copy: Any = casting.copy
    sum = reduction.sum
    mean = reduction.mean
    var = reduction.var
    std = reduction.std
    prod = reduction.prod
    max = reduction.max
    min = reduction.min
    logsumexp = reduction.logsumexp
    cumsum = scan.cumsum
    cumprod = scan.cumprod
    clip = select.clip
    round = arithmetic.round
    argmax = nondiff.argmax
    argmin = nondiff.argmin
    all = nondiff.all
    any = nondiff.any
    nonzero = indexing.nonzero
    dot = linalg.dot
    ravel = shape.ravel
    flatten = shape.ravel
    squeeze = shape.squeeze
    swapaxes = shape.swapaxes
    broadcast_to = shape.broadcast_to
    sum_to = shape.sum_to
    take = indexing.take
    repeat = tiling.repeat
    trace = diagonal.trace
    diagonal = diagonal.diagonal
    sort = sorting.sort
    argsort = sorting.argsort

    def reshape(self, *shape_: Any) -> Any:
        """Another shape, as one tuple or as several numbers."""
        return shape.reshape(self, shape_[0] if len(shape_) == 1 else shape_)

    def transpose(self, *axes: Any) -> Any:
        """Axes in another order, as one tuple or as several numbers; reversed by default."""
        return shape.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)


def install() -> None:
    """Put the methods on Tensor, and on the batches of ``vmap``, which rules meet in its place."""
    for name, value in vars(Methods).items():
        if name not in ("__module__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__hash__"):
            setattr(Tensor, name, value)
            if name not in vars(Batched):
                setattr(Batched, name, value)
