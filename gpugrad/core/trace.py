"""Cutting points in the graph: a copy of a tensor's handle that a sweep can be asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from .batched import levels
from .modes import special
from .node import Leaf, Unary, next_key
from .primitive import primitive
from .recorder import met
from .rules import elementwise
from .tensor import Tensor, lifted, make


@primitive
def identity(xp, x):
    """``x`` itself, as a node of its own."""
    return x


elementwise(identity, lambda t: t)


def fork(t: Tensor) -> Tensor:
    """The same data behind a node of its own.

    Differentiating with respect to that node cannot meet another derivative with respect to ``t``: this is
    what keeps nested transforms apart. If ``t`` has a graph, gradients of gradients still flow through to it.
    Inside of ``vmap`` the node lies on top of the innermost batch: its derivative is that of each example.
    """
    if levels.active:
        t = lifted(t, levels.active[-1])
    if special:
        met(t)
    node = Unary()
    node.key = next_key()
    node.primitive = identity.primitive  # type: ignore[attr-defined]
    node.parent = t.node
    node.kept = None
    return make(t.data, node)


def reaches_outside(results: Iterable[Any], inputs: Collection[Any]) -> bool:
    """Whether the nodes of ``results`` come from nodes older than ``inputs``: from tensors closed over."""
    return bool(met_outside(results, inputs, max((node.key for node in inputs), default=0)))


def met_outside(results: Iterable[Any], inputs: Iterable[Any], start: int) -> list[Any]:
    """The nodes older than the key ``start`` that ``results`` were made of without passing ``inputs``."""
    seen = {None, *inputs}
    found: dict[Any, None] = {}
    stack = list(results)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        if node.key > start:
            found[node] = None
            continue
        seen.add(node)
        if type(node) is not Leaf:
            stack.extend(node.parents)
    return list(found)


def detached(x: Any) -> Any:
    """A Tensor cut off from its graph; anything else as it is."""
    return make(x.data) if type(x) is Tensor else x
