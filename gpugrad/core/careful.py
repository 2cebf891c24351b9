"""The rule of one operand with everything that the fast path of the reverse sweep leaves out.

The forward sweep, which has no fast path, takes its checks and Tensors from here too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend.arrays import is_array
from .anomaly import check_gradient, check_seal
from .modes import state
from .node import kept_for
from .writes import check_unwritten, last


def pull_carefully(node: Any, i: int, g: Any, box: Callable | None) -> Any:
    """The cotangent for operand ``i``, after a look at what was kept; with ``box``, a recorded Tensor."""
    kept = checked(node, i)
    h = apply_rule(node.primitive.pulls[i], g, boxed(node, i, kept, box) if box else kept)
    if state.anomaly:
        check_gradient(node, i, g, h)
    return box(h, None) if box and is_array(h) else h


def apply_rule(rule: Callable, g: Any, kept: Any) -> Any:
    """A rule is called with the cotangent or tangent and with what its operand kept, if it kept anything."""
    return rule(g) if kept is None else rule(g, kept)


def checked(node: Any, i: int) -> Any:
    """What operand ``i`` kept, if it is there and still has the value that it had."""
    kept = kept_for(node, i)
    if node.key > last.key:
        check_unwritten(node, kept)
    if state.guard:
        check_seal(node, i, kept)
    return kept


def boxed(node: Any, i: int, kept: Any, box: Callable) -> Any:
    """``kept`` with its arrays made Tensors again, each connected to its own place in the graph."""
    parents = node.parents
    reads = node.primitive.reads[i]

    def connect(read: Any, item: Any) -> Any:
        if read.kind == "value":
            return box(item, node)
        if read.kind == "all":
            return tuple(box(x, p) if is_array(x) else x for x, p in zip(item, parents, strict=True))
        return box(item, parents[read.index]) if is_array(item) else item

    if node.primitive.bare and len(reads) < 2:
        return connect(reads[0], kept) if reads else None
    arrays = tuple(connect(read, item) for read, item in zip(reads, kept, strict=False))
    return arrays + kept[len(reads) :]
