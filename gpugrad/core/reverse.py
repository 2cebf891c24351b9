"""The reverse sweep: cotangents travel from results to what they were made of.

A heap of node keys gives the order: the newest node that waits is always one whose consumers have all
been visited. Inside, the cotangent that a rule returns is the transpose of the derivative applied to
``g``, without any conjugate; complex gradients are conjugated where they enter and leave (``tensor.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heapify, heappop, heappush
from typing import Any

from ..backend.arrays import is_array
from .careful import pull_carefully
from .fit import fit
from .hooks import hooked, run_hooks
from .modes import special, state
from .node import FREED, Binary, FittedBinary, FittedUnary, Leaf, Unary, free
from .recorder import over_tensors
from .writes import last


class _Waiting:
    """Cotangents of the nodes that the sweep has yet to visit, summed up, and the order of the visits."""

    __slots__ = ("cotangents", "heap", "in_place", "newest", "own")

    def __init__(self, seeds: dict[Any, Any], in_place: bool) -> None:
        self.cotangents = dict(seeds)
        self.heap = [(node.key, node) for node in seeds]
        heapify(self.heap)
        self.newest = self.heap[0][0] if self.heap else 0
        self.in_place = in_place
        self.own: set[Any] = set()  # nodes whose sum is an array of ours, which may be added to in place

    def add(self, node: Any, h: Any) -> None:
        """One more contribution to the cotangent of ``node``."""
        cotangents = self.cotangents
        if node not in cotangents:
            cotangents[node] = h
            if type(node) is not Leaf:  # nothing lies behind a leaf: what it gets is looked at in the end
                heappush(self.heap, (node.key, node))
                self.newest = self.heap[0][0]
        elif node in self.own:
            total = cotangents[node]
            total += h
        else:
            cotangents[node] = total = cotangents[node] + h
            if self.in_place and is_array(total):  # a NumPy scalar is not added to in place
                self.own.add(node)

    def take(self) -> tuple[Any, Any]:
        """The newest node and its cotangent."""
        node = heappop(self.heap)[1]
        self.newest = self.heap[0][0] if self.heap else 0
        return node, self.cotangents.pop(node)

    def leaves(self, wanted: Collection[Any]) -> dict[Any, Any]:
        """When all other nodes have been taken: the leaves and their cotangents."""
        left = {node: g for node, g in self.cotangents.items() if not wanted or node in wanted}
        return {node: run_hooks(node, g) for node, g in left.items()} if hooked else left


def sweep(
    seeds: dict[Any, Any],
    wanted: Collection[Any] = (),
    *,
    retain_graph: bool = False,
    box: Callable | None = None,
) -> dict[Any, Any]:
    """Cotangents of the nodes in ``wanted`` or, if that is empty, of every leaf that is reached.

    ``seeds`` maps nodes of results to their cotangents: bare arrays, or Tensors together with ``box``, which
    makes a Tensor of an array and a node; the sweep is then itself recorded. What the graph kept is freed on
    the way unless ``retain_graph``.
    """
    if special and box is None and state.recorders:
        return over_tensors(sweep, seeds, wanted, retain_graph=retain_graph)
    waiting = _Waiting(seeds, in_place=box is None)
    add, met, own = waiting.add, waiting.cotangents, waiting.own
    oldest = max([node.key for node in wanted]) if wanted else 0
    careful = box is not None or bool(special)
    found: dict[Any, Any] = {}
    # The operand of a Unary node, and the first of a Binary one, is often the next node: it waits here.
    following: Any = None
    g_following: Any = None
    node: Any

    while True:
        if following is None:
            if not waiting.heap:
                return found | waiting.leaves(wanted)
            node, g = waiting.take()
        elif following.key < waiting.newest:
            node, g = following, g_following
            following = None
        else:
            add(following, g_following)
            following = None
            node, g = waiting.take()
        if hooked:
            g = run_hooks(node, g)

        if wanted:
            if node in wanted:
                found[node] = g
                continue
            if node.key > oldest or type(node) is Leaf:  # nothing that is wanted lies behind it
                continue

        # The common nodes are pulled through here and now; _visit knows all kinds and makes every check.
        kind = None if careful or node.key > last.key or node.kept is FREED else type(node)
        if kind is Unary:
            parent, kept, pull = node.parent, node.kept, node.primitive.pulls[0]
            if not retain_graph:
                node.kept = FREED
            h = pull(g) if kept is None else pull(g, kept)
        elif kind is Binary or kind is FittedBinary:
            pull, pull_right = node.primitive.pulls
            parent, kept, right, kept_right = node.left, node.kept, node.right, node.kept_right
            fits = node.fits
            if not retain_graph:
                node.kept = FREED
                node.kept_right = None
            if wanted:  # an operand older than all of them does not depend on any
                if parent is not None and parent.key > oldest:
                    parent = None
                if right is not None and right.key > oldest:
                    right = None
            if parent is None:
                if right is None:
                    continue
                parent, kept, pull = right, kept_right, pull_right
            elif right is not None:
                h = pull_right(g) if kept_right is None else pull_right(g, kept_right)
                if fits is not None:
                    h = fit(h, *fits[1])
                if right in own:
                    total = met[right]
                    total += h
                else:
                    add(right, h)
            h = pull(g) if kept is None else pull(g, kept)
            if fits is not None:
                h = fit(h, *fits[parent is right])
        elif kind is FittedUnary:
            parent, kept, fits = node.parent, node.kept, node.fits[0]
            if not retain_graph:
                node.kept = FREED
            pull = node.primitive.pulls[0]
            h = fit(pull(g) if kept is None else pull(g, kept), *fits)
        elif type(node) is Leaf:
            found[node] = g
            continue
        else:
            _visit(node, g, add, oldest, box)
            if not retain_graph:
                free(node)
            continue
        if parent in met:
            add(parent, h)
        else:
            following, g_following = parent, h


def _visit(node: Any, g: Any, add: Callable, oldest: int, box: Callable | None) -> None:
    fits, pulls = node.fits, node.primitive.pulls
    check = box is not None or special or node.key > last.key or node.kept is FREED
    for i, parent in enumerate(node.parents):
        if parent is None or parent.key > oldest:
            continue
        if check:
            h = pull_carefully(node, i, g, box)
        else:
            kept = node.kept[i]
            h = pulls[i](g) if kept is None else pulls[i](g, kept)
        add(parent, h if fits is None else fit(h, *fits[i]))
