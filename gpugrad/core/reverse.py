"""The reverse sweep: cotangents travel from results to what they were made of.

A heap of node keys gives the order: the newest pending node is always one whose consumers have all
been visited. Inside, the cotangent that a rule returns is the transpose of the derivative applied to
``g``, without any conjugate; complex gradients are conjugated where they enter and leave (``tensor.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heappop, heappush, heappushpop
from typing import Any

from ..backend.arrays import is_array
from .careful import pull_carefully
from .fit import fit
from .hooks import hooked, run_hooks
from .modes import special, state
from .node import FREED, Binary, Leaf, Unary
from .recorder import over_tensors
from .writes import last


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
    pending = dict(seeds)
    heap = sorted((node.key, node) for node in pending)
    waiting = heap[0][0] if heap else 0  # the heap's newest key
    oldest = max((node.key for node in wanted), default=0)
    careful = box is not None or bool(special)
    found: dict[Any, Any] = {}
    own: set[Any] = set()  # nodes whose pending sum is an array of ours, which may be added to in place
    # The first parent found is often the next node: it waits outside of the heap, with its cotangent.
    following: Any = None
    g_following: Any = None

    while True:
        if following is None:
            if not heap:
                return found
            node = heappop(heap)[1]
            waiting = heap[0][0] if heap else 0
            g = pending.pop(node)
        elif following.key < waiting:
            node = following
            g = g_following
            following = None
        else:
            pending[following] = g_following
            node = heappushpop(heap, (following.key, following))[1]
            waiting = heap[0][0]
            g = pending.pop(node)
            following = None

        if hooked:
            g = run_hooks(node, g)
        if wanted and node in wanted:
            found[node] = g
            continue
        if type(node) is Leaf:
            if not wanted:
                found[node] = g
            continue
        if type(node) is Binary:
            parents = (node.left, node.right)
            kept = (node.kept, node.kept_right)
            fits = node.fits
        elif type(node) is Unary:
            parents = (node.parent,)
            kept = (node.kept,)
            fits = None
        else:
            parents = node.parents
            kept = node.kept
            fits = node.fits
        check = careful or kept[0] is FREED or node.key > last.key

        pulls = node.primitive.pulls
        i = 0
        for parent in parents:
            if parent is not None and (not wanted or parent.key <= oldest):
                if check:
                    h = pull_carefully(node, i, g, box)
                elif kept[i] is None:
                    h = pulls[i](g)
                else:
                    h = pulls[i](g, kept[i])
                if fits is not None:
                    h = fit(h, *fits[i])

                if parent in pending:
                    if parent in own:
                        total = pending[parent]
                        total += h
                    else:
                        pending[parent] = total = pending[parent] + h
                        if box is None and is_array(total):  # not a NumPy scalar
                            own.add(parent)
                elif following is None:
                    following = parent
                    g_following = h
                elif parent is following:
                    g_following = g_following + h
                else:
                    pending[parent] = h
                    heappush(heap, (parent.key, parent))
                    waiting = heap[0][0]
            i += 1
        if not retain_graph:
            node.kept = FREED
            if type(node) is Binary:
                node.kept_right = None
