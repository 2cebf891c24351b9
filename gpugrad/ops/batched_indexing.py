"""Batching rules of reading and updating by index.

An index that is the same in all examples gets a slice in front. In one with arrays that differ by example,
these become indices of the batch axis too. NumPy puts the axes of index arrays where the first of them stands
or, if anything separates them, in front: what was computed is moved from where it is with the batch axis to
where it would be without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backend.arrays import is_array, namespace
from ..core import Tensor
from ..core.batched import Level
from .axes import ndim_of, shape_of
from .indexing import beside
from .shape import broadcast_to, moveaxis, reshape


class _Index:
    """An index into one example with ``ndim`` axes, and what it does to an array of them all.

    width: number of axes of the index arrays together. start: where in the result of one example they are.
    ndim: number of axes of that result.
    """

    def __init__(self, key: Any, ndim: int, level: Level) -> None:
        self.size = level.size
        given = [_opened(k, level) for k in (key if isinstance(key, tuple) else (key,))]
        self.differs = any(differs for _, differs in given)
        # A mask beside index arrays that differ is written as what it is short for: where it holds.
        parts = [part for k in given for part in (_indices(k) if self.differs else (k,))]
        self.key = tuple([k for k, _ in parts])
        arrays = [(k, k.ndim - d) for k, d in parts if is_array(k) and (k.ndim or d)]
        self.width = max([1 if k.dtype.kind == "b" else n for k, n in arrays], default=0)
        self.key = tuple([_widened(k, self.width) if d else k for k, d in parts])
        # Whole numbers are index arrays where there is one, too; by themselves they are like slices.
        places = [i for i, (k, _) in enumerate(parts) if arrays and not _keeps_axes(k)]
        rest = ndim - sum([_consumed(k) for k, _ in parts])
        kept = [rest if k is Ellipsis else int(_keeps_axes(k)) for k, _ in parts]
        total = sum(kept) + (0 if any(k is Ellipsis for k, _ in parts) else rest)
        self.ndim = total + self.width
        self.separated = bool(places) and places[-1] - places[0] + 1 != len(places)
        self.start = 0 if self.separated or not places else sum(kept[: places[0]])

    def into(self, x: Any) -> tuple:
        """The index into an array with the examples in front."""
        if not self.differs:
            return (slice(None), *self.key)
        numbers = namespace(x.data if type(x) is Tensor else x).arange(self.size)
        return (numbers.reshape(-1, *(1,) * self.width), *self.key)

    def settled(self, y: Any, batched: bool) -> Any:
        """What was read, with the batch in front of the axes of one example.

        batched: whether the array had the examples in front, or was one for all.
        """
        if not self.differs:
            return moveaxis(y, self.width, 0) if self.separated else y
        if not batched:
            return moveaxis(y, self.start, 0)
        return moveaxis(y, self._front(), self._place())

    def ready(self, values: Any, batched: bool) -> Any:
        """What is to be written, in the layout of what ``into`` names: the reverse of ``settled``."""
        shape = shape_of(values)[batched:]
        surplus = len(shape) - self.ndim  # NumPy lets values have more axes, of length 1
        shape = shape[max(surplus, 0) :]
        shape = (1,) * (self.ndim - len(shape)) + shape
        values = reshape(values, (self.size if batched else 1, *shape))
        if not self.differs:
            return moveaxis(values, 0, self.width) if self.separated else values
        return moveaxis(values, self._place(), self._front())

    def _front(self) -> tuple[int, ...]:
        return tuple(range(1, 1 + self.width))

    def _place(self) -> tuple[int, ...]:
        return tuple(range(1 + self.start, 1 + self.start + self.width))


def _opened(k: Any, level: Level) -> tuple[Any, bool]:
    """A part of an index as it is beneath the batch, and whether it differs by example."""
    if type(k) is not level.type:
        return k, False
    if k.mapped and k.dtype.kind == "b":
        raise TypeError(
            f"a boolean mask of shape {k.shape} picks another number of elements in each example of vmap; "
            "use gpugrad.where(mask, x, other), which keeps the shape, or t[mask] = number"
        )
    return (k.value.data if type(k.value) is Tensor else k.value), k.mapped


def _indices(part: tuple[Any, bool]) -> Sequence[tuple[Any, bool]]:
    k, _ = part
    return [(i, False) for i in k.nonzero()] if is_array(k) and k.dtype.kind == "b" else [part]


def _widened(k: Any, width: int) -> Any:
    """An array with the batch in front of ``width`` axes."""
    return reshape(k, (k.shape[0], *(1,) * (width + 1 - k.ndim), *k.shape[1:]))


def _keeps_axes(k: Any) -> bool:
    return k is None or k is Ellipsis or isinstance(k, slice)


def _consumed(k: Any) -> int:
    """How many axes of the array this part is for; ``...`` is for the rest."""
    if k is None or k is Ellipsis:
        return 0
    return k.ndim if is_array(k) and k.dtype.kind == "b" else 1


# ---- the rules ----


def getitem(f: Callable, values: list, mapped: list, level: Level, *, key: Any) -> Any:
    """Read by index."""
    (x,), (batched,) = values, mapped
    index = _Index(key, ndim_of(x) - batched, level)
    key = index.into(x) if batched else index.key
    return index.settled(f(beside(x, key), key=key), batched)


def placed(f: Callable, values: list, mapped: list, level: Level, *, key: Any, shape: tuple) -> Any:
    """Zeros, with values added in."""
    (x,), (batched,) = values, mapped
    index = _Index(key, len(shape), level)
    if not batched:
        x = broadcast_to(x, (level.size, *shape_of(x)))
    x, key = index.ready(x, True), index.into(x)
    return f(beside(x, key), key=key, shape=(level.size, *shape))


def updated(f: Callable, values: list, mapped: list, level: Level, *, key: Any) -> Any:
    """Values written or added to a copy."""
    (x, v), (batched, differing) = values, mapped
    if not batched:
        x = broadcast_to(x, (level.size, *shape_of(x)))
    index = _Index(key, ndim_of(x) - 1, level)
    key = index.into(x)
    if ndim_of(v):
        v = index.ready(v, differing)
    return f(beside(x, key), v, key=key)


def stays(f: Callable, values: list, mapped: list, level: Level, *, key: Any) -> Any:
    """Which of the values written by an update stay: they are written to an array of each example's own."""
    (x,), (batched,) = values, mapped
    if not batched:
        x = broadcast_to(x, (level.size, *shape_of(x)))
    index = _Index(key, ndim_of(x) - 1, level)
    key = index.into(x)
    return index.settled(f(beside(x, key), key=key), True)
