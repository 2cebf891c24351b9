"""Arrays that gpugrad itself has written to, so that a graph that kept an older value says so.

A write takes a key from the counter that numbers the nodes: what a node kept is stale if its array was
written to after the node was made. Nothing is counted in the forward pass.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from ..backend.arrays import Indirect
from .modes import special, state
from .node import next_key
from .recorder import wrote

_stamps: dict[int, tuple[weakref.ref, int]] = {}


class _Last:
    key = 0


last = _Last()
"""Key of the newest write of all: nodes made since then need no further look."""


def _owner(array: Any) -> Any:
    """The array that owns the memory of ``array``."""
    if isinstance(array, Indirect):
        array = array.held
    while (base := getattr(array, "base", None)) is not None and type(base) is type(array):
        array = base
    return array


def written(
    array: Any, function: Callable | None = None, *operands: Any, also: Sequence[Any] = (), **params: Any
) -> None:
    """Say that ``array`` has been written to in place.

    Recorders are told how, so that a program can do it again: ``function(*operands, **params)`` wrote to
    ``array`` and to the arrays ``also``, which no graph keeps.
    """
    owner = _owner(array)
    name = id(owner)
    last.key = key = next_key()
    stamp = _stamps.get(name)
    known = weakref.ref(owner, lambda _: _stamps.pop(name, None)) if stamp is None else stamp[0]
    _stamps[name] = (known, key)
    if special and state.recorders:
        wrote((array, *also), function, operands, params)


def check_unwritten(node: Any, kept: Any) -> None:
    """Raise if an array among ``kept`` was written to after ``node`` was made."""
    for item in kept if isinstance(kept, tuple) else (kept,):
        if isinstance(item, tuple):
            check_unwritten(node, item)
            continue
        stamp = _stamps.get(id(_owner(item)))
        if stamp is not None and stamp[1] < node.key:
            raise RuntimeError(
                f"an array that {node.primitive.name} saved for its gradient was changed in place afterwards "
                "(an optimiser step or assign_ between the forward and the backward pass); "
                "compute the result again after the change, or change a copy"
            )
