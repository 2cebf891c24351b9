"""What a computation leaves behind: nodes that point from a result to what it was made of.

A node holds its parents (nodes, never tensors) and only the arrays that its rules will read, so a
graph keeps no more memory alive than its derivatives need, has no reference cycle, and dies with the
last tensor that points into it.
"""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

next_key = count(-1, -1).__next__
"""Keys fall by one with every node: ``heapq`` then yields the newest node first, and a node's consumers,
which are newer, all come before it. That is the topological order; no search for it is needed."""


class _Freed:
    def __repr__(self) -> str:
        return "<freed>"


FREED = _Freed()
"""Stands for what a node kept, once ``backward`` has let it go."""


class Leaf:
    """Where differentiation ends: a tensor made with ``requires_grad=True``, of this shape and dtype."""

    __slots__ = ("__weakref__", "dtype", "grad", "key", "lock", "shape")

    kept = None  # the sweep asks every node whether it was freed

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype
        self.key = next_key()
        self.grad: Any = None
        self.lock = threading.Lock()


def leads_to_leaf(node: Any) -> bool:
    """Whether a leaf is behind ``node``; if not, it comes from what a transform gave to its function."""
    seen: set[Any] = {None}
    stack = [node]
    while stack:
        node = stack.pop()
        if type(node) is Leaf:
            return True
        if node not in seen:
            seen.add(node)
            stack.extend(node.parents)
    return False


class Unary:
    """A call with one operand: the commonest node, without tuples round its fields.

    The fields are set by the caller, not by ``__init__``, which would take as long as all the rest.
    """

    __slots__ = ("__weakref__", "kept", "key", "origin", "parent", "primitive")

    fits: tuple | None = None  # see Node

    key: int
    primitive: Any
    parent: Any
    kept: Any
    origin: Any

    @property
    def parents(self) -> tuple:
        return (self.parent,)


class FittedUnary(Unary):
    """A Unary whose rule may return another shape or dtype than the operand's, or the result has another."""

    __slots__ = ("fits",)

    fits: tuple


class Binary:
    """A call with two operands and no parameters, likewise: what tuples would hold stands in its fields."""

    __slots__ = ("__weakref__", "kept", "kept_right", "key", "left", "origin", "primitive", "right")

    fits: tuple | None = None
    key: int
    primitive: Any
    left: Any
    right: Any
    kept: Any
    kept_right: Any
    origin: Any

    @property
    def parents(self) -> tuple:
        return (self.left, self.right)


class FittedBinary(Binary):
    """A Binary whose operands were broadcast, or differ in dtype."""

    __slots__ = ("fits",)

    fits: tuple


class Node:
    """A call with any number of operands.

    ``parents[i]`` is ``None`` where operand ``i`` needs no gradient; ``kept[i]`` is what the rule of
    operand ``i`` reads. ``fits`` is ``(shape, dtype)`` of each operand and, last, of the result; ``None``
    where cotangents and tangents come out of the rules as they have to be.
    """

    __slots__ = ("__weakref__", "fits", "kept", "key", "origin", "parents", "primitive")

    key: int
    primitive: Any
    parents: tuple
    kept: Any
    fits: tuple | None
    origin: Any


def kept_for(node: Unary | Binary | Node, i: int) -> Any:
    """What the rule of operand ``i`` reads; an error if ``backward`` has freed it."""
    if node.kept is FREED:
        raise RuntimeError(
            f"the graph behind this result was freed by an earlier backward() (at {node.primitive.name}); "
            "pass retain_graph=True to that backward(), or compute the result again"
        )
    if isinstance(node, Unary):
        return node.kept
    if isinstance(node, Binary):
        return node.kept_right if i else node.kept
    return node.kept[i]


def free(node: Unary | Binary | Node) -> None:
    """Let go of what the rules of ``node`` would have read."""
    node.kept = FREED
    if isinstance(node, Binary):
        node.kept_right = None
