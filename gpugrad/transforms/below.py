"""Functions with rules of their own inside of ``vmap``, where the gradient is asked for from outside.

The graph is then beneath the batch, and so has to be the call: it is made again, as a function of what the
batches are made of, which puts the axis of the examples out of sight for as long as the user's code runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..core import Tensor, is_grad_enabled, make
from ..core.batched import Batched, Level, depth_of, levels, new_level, newest
from ..core.tensor import beneath, lifted
from ..ops import broadcast_to, copy
from .inputs import as_tensor


def has_graph(t: Tensor) -> bool:
    """Whether ``t`` has a graph, on top of a batch or beneath it."""
    while True:
        if t.node is not None:
            return True
        value = t.data
        while isinstance(value, Batched):
            value = value.value
        if type(value) is not Tensor:
            return False
        t = value


def asked_from_below(tensors: Sequence[Tensor]) -> bool:
    """Whether a call on ``tensors`` has to be made beneath their batch to be recorded."""
    if not levels.active or not is_grad_enabled():
        return False
    level = newest([t.data for t in tensors])
    on_top = level and any(t.node is not None and type(t.data) is level.type for t in tensors)
    return level is not None and not on_top and any(map(has_graph, tensors))


def on_one_level(tensors: list[Tensor], outside: Level | None = None) -> list[Tensor]:
    """``tensors`` in the innermost batch, or in that ``outside`` of one: an older graph is then beneath it.

    Also where none of them is in it yet, for the function may close over one that is.
    """
    active = levels.active if outside is None else levels.active[: outside.type.depth]
    return [lifted(t, active[-1]) for t in tensors] if active else tensors


class Below:
    """The operands of one call, as what their batches are made of: ``values``."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.level: Any = newest([t.data for t in tensors])
        batches = [lifted(t, self.level).data for t in tensors]
        self.values = [as_tensor(b.value) for b in batches]
        self.mapped = [b.mapped for b in batches]

    @contextmanager
    def batched(self) -> Iterator[Level]:
        """A block for the user's code; after ``vmap`` has returned, the examples are batched once more."""
        if self.level.active:
            yield self.level
        else:
            with new_level(self.level.size) as level:
                yield level

    def operands(self, values: Sequence[Tensor], level: Level) -> list[Tensor]:
        """The operands as the user's code sees them."""
        return [batch(v, m, level) for v, m in zip(values, self.mapped, strict=True)]

    def cotangent(self, h: Any, i: int, level: Level) -> Tensor | None:
        """The gradient of operand ``i``; one that all examples share gets it from all of them."""
        if h is None:
            return None
        return examples(h, level) if self.mapped[i] else examples(h, level).sum(0)


def at_depth(t: Tensor, depth: int, change: Callable[[Tensor], Tensor]) -> Tensor:
    """``t`` with what lies ``depth`` batches deep in it changed."""
    if depth_of(t.data) <= depth:
        return change(t)
    b = t.data
    return make(type(b)(b.level, beneath(at_depth(as_tensor(b.value), depth, change)), b.mapped), t.node)


def batch(value: Any, mapped: bool, level: Level) -> Tensor:
    """A Tensor of the examples in ``value``."""
    return make(level.type(level, beneath(value), mapped))


def parts(t: Any, level: Level) -> tuple[Tensor, bool]:
    """What ``t`` is made of, and whether the axis of the examples is there."""
    b = lifted(as_tensor(t), level).data
    return as_tensor(b.value), b.mapped


def examples(t: Any, level: Level) -> Tensor:
    """What ``t`` is made of, with the axis of the examples in front."""
    value, mapped = parts(t, level)
    return value if mapped else copy(broadcast_to(value, (level.size, *value.shape)))
