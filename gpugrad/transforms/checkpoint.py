"""checkpoint: compute again in the backward pass instead of keeping.

The call leaves one node that keeps the arguments. A sweep that reaches it evaluates the function again and
goes over what that records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import optree

from ..backend.arrays import namespace
from ..core import Tensor, is_grad_enabled, make, push_forward, sweep
from ..core.batched import levels, only
from ..core.joint import Joint, Parts, item, record_joint
from ..core.modes import recorded
from ..core.node import next_key
from ..core.trace import fork, met_outside
from .below import on_one_level
from .inputs import name_of
from .operands import Operands, connected, tensors_of, zeros
from .replay import RandomStates, closed_over


def checkpoint(f: Callable) -> Callable:
    """``f``, keeping only its arguments for the gradient and being evaluated again when that is asked for.

    Also a decorator. Arguments and result are pytrees; tensors that ``f`` closes over get their gradients
    too, and must not be changed in place before the backward pass. Derivatives of every order and in both
    directions go through it, and checkpoints may be nested. A chain of n layers in checkpoints of about
    sqrt(n) layers keeps about 2 sqrt(n) results instead of n. Where ``vmap`` maps over the call and the
    gradient is asked for from outside of it, the results are kept all the same; write ``checkpoint(vmap(f))``
    there.

    ``f`` has to compute the same the second time. Random numbers are drawn again alike if they come from a
    ``numpy.random.Generator`` among the arguments (or in a pytree there), from one that ``f`` closes over, or
    from NumPy's global functions (``numpy.random.normal``). A Generator found elsewhere, in a global variable
    or an attribute, and those of CuPy go on to new numbers: pass such a one as an argument, or draw outside.

    Raises RuntimeError if the second evaluation differs in the shapes of its results or the tensors it uses.
    """

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_grad_enabled():
            return f(*args, **kwargs)
        arguments = (args, kwargs)
        tensors = on_one_level(tensors_of(arguments))
        random = RandomStates((arguments, closed_over(f)))
        saved = _Call(f, Operands(arguments), [t.node is not None for t in tensors], random)
        run = saved.evaluate([make(t.data) for t in tensors])
        parents = [t.node for t in tensors] + run.outside
        if not any(parents) or not run.graph:
            return run.result
        saved.fits, saved.outside = run.fits, run.outside
        node = record_joint(_CHECKPOINT, parents, saved, tuple(t.data for t in tensors))
        leaves: list[Any] = run.leaves
        for k in run.graph:
            leaves[k] = make(leaves[k].data, item(node, k))
        return optree.tree_unflatten(run.spec, leaves)

    return call


class _Call:
    """What is needed to evaluate the function again, besides the arrays of its operands."""

    outside: list[Any]  # nodes that the function met without being given them
    fits: list[Any]

    def __init__(self, f: Callable, operands: Operands, needed: list[bool], random: RandomStates) -> None:
        self.f, self.operands, self.needed, self.random = f, operands, needed, random
        self.depth = len(levels.active)

    def evaluate(self, tensors: Sequence[Tensor]) -> _Run:
        """One evaluation, recorded, with nodes of its own for the operands that need a gradient."""
        start = next_key()
        tensors = [fork(t) if n else t for t, n in zip(tensors, self.needed, strict=True)]
        args, kwargs = self.operands.filled(tensors)
        with recorded():
            return _Run(self.f(*args, **kwargs), [t.node for t in tensors], start)

    def evaluate_again(self, arrays: tuple, node: Any) -> _Run:
        """The same once more, for a sweep: it may run in calls of ``vmap`` that began later."""
        with self.random.again(), only(self.depth):
            run = self.evaluate(connected(arrays, node))
        if run.fits != self.fits or set(run.outside) != set(self.outside):
            raise RuntimeError(
                f"checkpoint evaluated {name_of(self.f)} again, and it gave results of other shapes or used "
                f"other tensors than the first time: {run.fits} with {len(run.outside)} tensors closed over, "
                f"before {self.fits} with {len(self.outside)}; it must not depend on what changes meanwhile"
            )
        return run


class _Run:
    """The result of an evaluation and where its graph begins and ends."""

    def __init__(self, result: Any, inputs: list[Any], start: int) -> None:
        self.result, self.inputs = result, inputs
        self.leaves, self.spec = optree.tree_flatten(result)
        self.graph = {k: y.node for k, y in enumerate(self.leaves) if type(y) is Tensor and y.node}
        self.outside = met_outside(self.graph.values(), [node for node in inputs if node], start)
        self.fits = [(y.shape, y.dtype) if type(y) is Tensor else None for y in self.leaves]


class _Checkpoint(Joint):
    def pull(self, g: Parts, saved: _Call, arrays: tuple, node: Any) -> Parts:
        run = saved.evaluate_again(arrays, node)
        seeds: dict[Any, Any] = {}
        for k, y in run.graph.items():
            # Every result has a cotangent, so that all that was closed over gets one.
            h = g[k] if k in g else _zeros_like(run.leaves[k], node)
            seeds[y] = seeds[y] + h if y in seeds else h
        ends = run.inputs + saved.outside
        box = make if node else None
        found = sweep(seeds, {end for end in ends if end}, retain_graph=box is not None, box=box)
        cotangents = Parts({i: found[end] for i, end in enumerate(ends) if end in found})
        return zeros(cotangents, arrays, box)

    def push(self, t: Parts, saved: _Call, arrays: tuple, node: Any) -> Parts:
        run = saved.evaluate_again(arrays, node)
        ends = run.inputs + saved.outside
        pushed = push_forward(
            run.graph.values(), {ends[i]: part for i, part in t.items()}, box=make if node else None
        )
        return Parts({k: pushed[y] for k, y in run.graph.items() if y in pushed})


_CHECKPOINT = _Checkpoint("checkpoint")


def _zeros_like(y: Tensor, node: Any) -> Any:
    array = namespace(y.data).zeros_like(y.data)
    return make(array) if node else array
