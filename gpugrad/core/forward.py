"""The forward sweep: tangents travel through a recorded graph, from inputs to results.

It runs over the same nodes as the reverse sweep, oldest first, and uses the forward rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..backend.arrays import is_array, namespace
from .careful import apply_rule, boxed, checked
from .modes import special, state
from .node import Leaf
from .recorder import over_tensors


def push_forward(
    results: Iterable[Any], tangents: dict[Any, Any], *, box: Callable | None = None
) -> dict[Any, Any]:
    """Tangents of the ``results``' nodes, given those of input nodes; a node that none reaches is left out.

    ``tangents`` maps input nodes to tangents of their shape: bare arrays or, with ``box``, Tensors, by
    which the sweep is itself recorded. Raises TypeError where a primitive has no forward rule.
    """
    if special and box is None and state.recorders:
        results = list(results)
        return over_tensors(lambda starts, box: push_forward(results, starts, box=box), tangents)
    known = dict(tangents)
    for node in _between(results, known):
        primitive = node.primitive
        total = None
        for i, parent in enumerate(node.parents):
            t = known.get(parent) if parent is not None else None
            if t is None:
                continue
            push = primitive.pushes[i]
            if push is None:
                raise TypeError(
                    f"{primitive.name} has no forward rule; give gpugrad.by_hand a jvp for operand "
                    f"{primitive.operand(i)!r}, or differentiate in reverse (grad, vjp, jacrev)"
                )
            kept = checked(node, i)
            dt = apply_rule(push, t, boxed(node, i, kept, box) if box else kept)
            if box and is_array(dt):
                dt = box(dt, None)
            total = dt if total is None else total + dt
        if total is not None:
            fits = node.fits
            known[node] = total if fits is None else _spread(total, *fits[-1])
    return {node: known[node] for node in results if node in known}


def _spread(t: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A tangent in the shape and dtype of the result that its operand was broadcast to."""
    if t.dtype != dtype:
        t = t.astype(dtype)
    if t.shape == shape:
        return t
    return t.broadcast_to(shape) if hasattr(t, "broadcast_to") else namespace(t).broadcast_to(t, shape)


def _between(results: Iterable[Any], inputs: dict[Any, Any]) -> list[Any]:
    """Every node between ``inputs`` and ``results``, operands first; the inputs themselves left out."""
    oldest = max((node.key for node in inputs), default=0)
    seen: set[Any] = set()
    stack = [node for node in results if node is not None]
    while stack:
        node = stack.pop()
        if node in seen or node in inputs or type(node) is Leaf or node.key > oldest:
            continue
        seen.add(node)
        stack.extend(parent for parent in node.parents if parent is not None)
    return sorted(seen, key=lambda node: -node.key)
