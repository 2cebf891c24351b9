"""The gradient of a result with respect to every node behind it: hooks catch them in one sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend.dispatch import one_array, quiet
from ..core import HookHandle, Tensor, outward, seed, sweep
from ..core.joint import Parts
from ..core.node import FREED, Leaf


def nodes_behind(results: Iterable[Tensor]) -> list[Any]:
    """Every node that ``results`` were made of, oldest first."""
    seen: set[Any] = {None}
    stack = [t.node for t in results]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(() if type(node) is Leaf else node.parents)
    return sorted(seen - {None}, key=lambda node: -node.key)


def is_one_number(t: Tensor) -> bool:
    """Whether gradients of ``t`` need no cotangent."""
    return t.node is not None and t.size == 1 and t.dtype.kind in "fV"


def gradients_at(result: Tensor, nodes: list[Any]) -> dict[Any, Any]:
    """The gradient array of each node that one reaches. ``.grad`` and the graph stay as they are.

    After a ``backward`` that freed the graph only the gradients that it left in the leaves are known.
    """
    if any(type(node) is not Leaf and node.kept is FREED for node in nodes):
        return {n: n.grad.data for n in nodes if type(n) is Leaf and n.grad is not None}
    found: dict[Any, Any] = {}

    def catch(node: Any) -> Any:
        def hook(g: Any) -> Any:
            if not isinstance(g, Parts):
                found[node] = one_array(outward(g), type(g))
            return g

        return HookHandle(node, hook)

    handles = [catch(node) for node in nodes]
    try:
        with quiet():
            sweep({result.node: seed(result).data}, retain_graph=True)
    finally:
        for handle in handles:
            handle.remove()
    return found
