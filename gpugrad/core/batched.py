"""Batches: arrays with an axis in front that the code which computes with them does not see.

``vmap`` hands its function Tensors whose data is a ``Batched``. The order of the wrappers is the order of the
transforms: a graph made inside of ``vmap`` lies on top of the batch, and its cotangents are those of each
example; the graph of an outer ``grad`` lies beneath it, in the ``value`` that the batch is made of.

Every depth of nesting has a type of its own. So the flat call paths, which serve operands of one type, never
meet two levels at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from ..backend.arrays import Indirect, namespace
from .node import next_key

if TYPE_CHECKING:
    from ..ops.methods import Methods as _Base
else:
    _Base = object  # operators and NumPy's methods are put on this class by gpugrad.ops, as on Tensor


class _Levels(threading.local):
    def __init__(self) -> None:
        self.active: list[Level] = []


levels = _Levels()
"""The calls of ``vmap`` that are under way in this thread, innermost last."""


class Level:
    """One call of ``vmap``: how many examples it has, and the type of its batches.

    start: the key when it began; what has an older node is from outside. of: whom messages say it is of.
    """

    __slots__ = ("active", "of", "size", "start", "type")

    def __init__(self, size: int, name: str = "") -> None:
        self.active, self.size, self.type = True, size, _type(len(levels.active))
        self.of = f" of {name}" if name else ""
        self.start = next_key()


@contextmanager
def new_level(size: int, name: str = "") -> Iterator[Level]:
    """A block in which batches of ``size`` examples exist; ``name`` is the function mapped over."""
    level = Level(size, name)
    levels.active.append(level)
    try:
        yield level
    finally:
        level.active = False
        levels.active.remove(level)


@contextmanager
def only(outer: int) -> Iterator[None]:
    """A block that knows the ``outer`` outermost levels alone: what was computed before the others began."""
    later = levels.active[outer:]
    del levels.active[outer:]
    try:
        yield
    finally:
        levels.active += later


class Batched(Indirect, _Base):
    """An array for each example: ``value`` has their axis in front, or is one array that all share.

    value: an array, a batch of an outer level, or a Tensor with a graph. mapped: whether the axis is there.
    ``shape``, ``ndim``, ``size`` are those of one example.
    """

    __slots__ = ("__weakref__", "level", "mapped", "value")
    __array_ufunc__ = None  # an array on the left leaves the operator to us
    __hash__ = object.__hash__  # type: ignore[assignment]
    depth = 0

    def __init__(self, level: Level, value: Any, mapped: bool) -> None:
        self.level, self.value, self.mapped = level, value, mapped

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes of one example."""
        return self.value.shape[1:] if self.mapped else self.value.shape

    @property
    def ndim(self) -> int:
        """Number of axes of one example."""
        return self.value.ndim - self.mapped

    @property
    def size(self) -> int:
        """Number of elements of one example."""
        n = 1
        for length in self.shape:
            n *= length
        return n

    @property
    def dtype(self) -> Any:
        """NumPy dtype of the elements."""
        return self.value.dtype

    @property
    def held(self) -> Any:
        """The array of NumPy or CuPy in which all this is, with all hidden axes."""
        value = self.value
        while not hasattr(value, "flags"):
            value = value.value if isinstance(value, Batched) else value.data
        return value

    @property
    def library(self) -> Any:
        """What ``namespace`` gives for this."""
        return _library(namespace(self.held))

    @property
    def base(self) -> Any:
        """What owns the memory, if it is not the array itself."""
        return getattr(self.value, "base", None)

    def __len__(self) -> int:
        return self.shape[0]

    def __iadd__(self, other: Any) -> Batched:
        """The sweep adds cotangents in place; here only the handle changes."""
        total = self + other
        self.value, self.mapped = total.value, total.mapped
        return self

    def item(self) -> Any:
        """Asked for by ``if``, ``float`` and the like: an error, for there is a value for each example."""
        raise no_value(self, "one number")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise no_value(self, "an array")

    def __repr__(self) -> str:
        return f"Batched(shape={self.shape}, dtype={self.dtype}, examples={self.level.size})"


@cache
def _type(depth: int) -> type[Batched]:
    return type("Batched", (Batched,), {"__slots__": (), "depth": depth})


def depth_of(data: Any) -> int:
    """How deep in calls of ``vmap`` an array is; -1 for an array of NumPy or CuPy."""
    return data.depth if isinstance(data, Batched) else -1


def newest(arrays: Any) -> Level | None:
    """The innermost level that has a batch among ``arrays``."""
    found = None
    for x in arrays:
        if isinstance(x, Batched) and (found is None or x.depth > found.type.depth):
            found = x.level
    return found


def no_value(x: Any, wanted: str) -> TypeError:
    """The error of asking a batch for its value."""
    from .anomaly import user_line

    return TypeError(
        f"this Tensor of shape {x.shape} is not {wanted} inside of vmap: it has another value in each of the "
        f"{x.level.size} examples, so an if, a while, float(), int() or .numpy() cannot look at it; choose "
        "with gpugrad.where(condition, a, b), print its repr, or return it from the function and look there"
        f"\n  asked for at {user_line()}"
    )


def leaked(level: Level, where: str) -> RuntimeError:
    """The error of meeting a batch of ``level`` after its end."""
    return RuntimeError(
        f"{where} met a Tensor of a call of vmap{level.of} that is over: it was kept, in a list or an "
        "attribute say, by the function that vmap called; return it from that function instead"
    )


def unbatched(x: Any, wanted: str) -> Any:
    """``x`` itself, unless it is a batch."""
    if isinstance(x, Batched):
        raise no_value(x, wanted)
    return x


class _Library:
    """The array library of a batch: NumPy or CuPy, but for what is asked "like" a batch."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def zeros_like(self, x: Any) -> Any:
        """Zeros of the shape, dtype and place of one example, the same for all."""
        return self._like(self.xp.zeros_like, x)

    def ones_like(self, x: Any) -> Any:
        """Ones, likewise."""
        return self._like(self.xp.ones_like, x)

    def _like(self, make: Callable, x: Any) -> Any:
        if not isinstance(x, Batched):
            return make(x)
        y = make(x.held, shape=x.shape or (1,)).reshape(x.shape)  # CuPy takes shape=() for none given
        return type(x)(x.level, y, False)


_library = cache(_Library)
