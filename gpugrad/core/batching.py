"""Calling a primitive on batches: its batching rule computes all examples in one call.

A rule is ``batch(f, values, mapped, level, **params)``: ``f`` is the primitive itself, to be called on what
the batches are made of; ``mapped[i]`` says whether operand ``i`` has the axis of the examples in front. The
result has it. Where no operand has it the primitive is called once. Since the values may be Tensors or
batches of an outer level, rules are written in primitives and methods, as derivative rules are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .batched import Batched, Level, leaked, newest
from .modes import state
from .tensor import Tensor, beneath, lifted


def implementation(p: Any, array_type: type[Batched]) -> Callable:
    """What computes the primitive ``p`` where the newest batch among the operands has this type."""

    def run(*operands: Any, **params: Any) -> Batched:
        level: Any = None
        values, mapped = [], []
        for x in operands:
            if type(x) is array_type:
                if level is None:
                    level = x.level
                elif x.level is not level:
                    raise leaked(x.level if level.active else level, p.name)
                values.append(x.value)
                mapped.append(x.mapped)
            else:
                values.append(x)
                mapped.append(False)
        if not level.active:
            raise leaked(level, p.name)
        indices = [k for k in _parts(params) if isinstance(k, Batched)] if params else ()
        batch = any(mapped) or any(type(k) is array_type and k.mapped for k in indices)
        if batch:
            y = p.batch(p.function, values, mapped, level, **params)
        elif indices:
            y = _with_index(p.function, values, params, array_type)
        else:
            y = p.function(*values, **params)
        return array_type(level, beneath(y), batch)

    return run


def _with_index(f: Callable, values: list, params: dict[str, Any], array_type: type[Batched]) -> Any:
    """``f`` beneath a level in which nothing differs. Calls go by their operands, not by the index among
    the parameters, so the first operand is put on the level of that."""
    lower = {name: _beneath_index(value, array_type) for name, value in params.items()}
    level = newest(_parts(lower))
    first = values[0] if level is None else lifted(values[0], level)
    return f(first, *values[1:], **lower)


def _beneath_index(value: Any, array_type: type[Batched]) -> Any:
    if type(value) is tuple:
        return tuple([_beneath_index(part, array_type) for part in value])
    if type(value) is not array_type:
        return value
    return value.value.data if type(value.value) is Tensor else value.value


def _parts(params: dict[str, Any]) -> Iterator[Any]:
    """What may be an array among the parameters: an index, or a part of one."""
    for value in params.values():
        yield from value if type(value) is tuple else (value,)


def settle(operands: Sequence[Any], arrays: list, nodes: list) -> type | None:
    """Ready the operands of a call for the newest batch among them; its type, or ``None`` without a batch.

    A Tensor of an outer level has its graph beneath the batch, where the call on the values records.
    """
    level = newest(arrays)
    if level is None:
        return None
    for i, node in enumerate(nodes):
        if type(operands[i]) is Tensor and type(arrays[i]) is not level.type and (node or state.recorders):
            arrays[i], nodes[i] = lifted(operands[i], level).data, None
    return level.type


# ---- the rule of everything that acts on each element by itself ----


def along(f: Callable, values: Sequence[Any], mapped: Sequence[bool], level: Level, **params: Any) -> Any:
    """Broadcasting does it, once all examples have the same number of axes."""
    return f(*aligned(values, mapped), **params)


def aligned(values: Sequence[Any], mapped: Sequence[bool]) -> list:
    """Axes of length 1 put in behind the batch, so that examples broadcast as they would alone."""
    n = max([np.ndim(x) - m for x, m in zip(values, mapped, strict=True)])
    return [_with_ndim(x, n) if m else x for x, m in zip(values, mapped, strict=True)]


def _with_ndim(x: Any, n: int) -> Any:
    missing = n + 1 - x.ndim
    return x.reshape((x.shape[0], *(1,) * missing, *x.shape[1:])) if missing else x
