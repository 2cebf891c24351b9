"""A linear map as arrays: what it makes of every unit array, all of them in one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend.arrays import namespace
from ..core import Tensor, make
from ..core.batched import new_level
from ..ops import concatenate, expand_dims
from .below import batch, examples

_ELEMENTS = 1 << 24
"""How many numbers a batch of unit arrays may have; beyond that there are several batches."""


def along_basis(linear: Callable[[Any], list[Tensor]], like: Any, factor: complex = 1) -> list[Tensor]:
    """What ``linear`` gives for ``factor`` times each unit array ``e`` like the array ``like``.

    The results have the axis of the unit arrays, in the order of ``like.ravel()``, in front.
    """
    xp, n = namespace(like), like.size
    if n == 0:
        return [expand_dims(y, 0)[:0] for y in linear(make(xp.zeros(like.shape, like.dtype)))]
    count = max(1, _ELEMENTS // n)
    batches = []
    for start in range(0, n, count):
        units = xp.eye(min(count, n - start), n, start, dtype=like.dtype)
        units = units.reshape(-1, *like.shape)
        batches.append(_all(linear, units if factor == 1 else units * factor))
    return batches[0] if len(batches) == 1 else [concatenate(parts) for parts in zip(*batches, strict=True)]


def _all(linear: Callable[[Any], list[Tensor]], units: Any) -> list[Tensor]:
    """``vmap(linear)(units)``, less what it checks and sorts out for arguments of any kind."""
    with new_level(len(units)) as level:
        rows = linear(batch(units, True, level))
        return [examples(row, level) for row in rows]
