"""One evaluation of a function on traced arguments, and the sweeps over what it recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import index
from typing import Any

import optree

from ..backend.arrays import namespace
from ..backend.dispatch import one_array, quiet
from ..core import Tensor, is_grad_enabled, make, push_forward, sweep
from ..core.joint import unconnected
from ..core.modes import recorded
from ..core.tensor import unshared
from .inputs import Inputs, name_of, needs_grad, result_of


class Evaluation:
    """``f(*args, **kwargs)``, where ``args`` has the traced leaves of ``inputs`` in it.

    ``outputs`` are the leaves of the value as Tensors, ``spec`` is its structure.
    """

    def __init__(
        self, f: Callable, inputs: Inputs, args: Sequence[Any], kwargs: Any = (), has_aux: bool = False
    ) -> None:
        self.name, self.inputs = name_of(f), inputs
        with recorded():
            result = f(*args, **dict(kwargs))
        self.aux: Any
        value, self.aux = _with_aux(result, self.name) if has_aux else (result, None)
        leaves, self.spec = optree.tree_flatten(value)
        self.outputs = [result_of(self.name, y) for y in leaves]
        # Also what is not the value may lead outside, and goes out in the same way.
        inputs.look_outside([*self.outputs, *(x for x in optree.tree_leaves(self.aux) if type(x) is Tensor)])

    def value(self) -> Any:
        """The value, for the caller."""
        return optree.tree_unflatten(self.spec, [self.inputs.outward(y) for y in self.outputs])

    def auxiliary(self) -> Any:
        """What came beside the value, for the caller."""
        return optree.tree_map(lambda x: self.inputs.outward(x) if type(x) is Tensor else x, self.aux)

    def described(self) -> str:
        """Shape and dtype of the value, for messages."""
        if len(self.outputs) == 1:
            return f"shape {self.outputs[0].shape} and dtype {self.outputs[0].dtype}"
        return f"{len(self.outputs)} arrays"


def positions_of(argnums: int | tuple[int, ...], f: Callable) -> tuple[int, ...]:
    """``argnums`` as a tuple. Raises TypeError unless they are integers."""
    try:
        return tuple(map(index, argnums if isinstance(argnums, tuple) else (argnums,)))
    except TypeError:
        raise TypeError(
            f"argnums of {name_of(f)} has to be the number of an argument, an integer, or a tuple of them, "
            f"got {argnums!r}"
        ) from None


def evaluate(
    f: Callable, args: tuple, kwargs: dict, positions: tuple[int, ...], has_aux: bool, what: str
) -> Evaluation:
    """``f`` with the arguments at ``positions`` traced; ``what`` says for which purpose, in messages."""
    if any(not -len(args) <= k < len(args) for k in positions):
        raise ValueError(
            f"argnums={positions if len(positions) != 1 else positions[0]} of {name_of(f)}, which was called "
            f"with {len(args)} arguments by position; they count from 0, and keyword arguments have no number"
        )
    inputs = Inputs(tuple(args[k] for k in positions), f"{what} of {name_of(f)}")
    called = list(args)
    for k, traced in zip(positions, inputs.tree, strict=True):
        called[k] = traced
    return Evaluation(f, inputs, called, kwargs, has_aux)


def _with_aux(result: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"has_aux=True needs {name} to return (value, aux), got {type(result).__name__}")
    return result


# ---- the sweeps ----


Box = Callable | None
"""What makes the Tensors of a recorded sweep, ``make`` or ``unconnected``; ``None``: it is not recorded."""


def pull_back(
    outputs: list[Tensor], cotangents: list[Tensor], inputs: Inputs, box: Box, retain: bool = False
) -> dict[Any, Any]:
    """Cotangents of the inputs by node. A result from before the inputs does not depend on them."""
    oldest = max((node.key for node in inputs.nodes), default=-math.inf)
    seeds: dict[Any, Any] = {}
    for y, g in zip(outputs, cotangents, strict=True):
        if y.node is not None and y.node.key <= oldest:
            g = g if box else g.data
            seeds[y.node] = seeds[y.node] + g if y.node in seeds else g
    with quiet():
        return sweep(seeds, inputs.nodes, retain_graph=retain or box is not None, box=box)


def push_through(outputs: list[Tensor], tangents: dict[Any, Tensor], box: Box) -> list[Tensor]:
    """Tangents of the outputs, given those of input nodes; zeros where none arrives."""
    starts = {node: t if box else t.data for node, t in tangents.items()}
    with quiet():
        pushed = push_forward([y.node for y in outputs if y.node], starts, box=box)
    taken = {id(t.data) for t in tangents.values()}
    derivatives = []
    for y in outputs:
        t = pushed.get(y.node)
        t = namespace(y.data).zeros_like(y.data) if t is None else t
        derivatives.append(unshared(t if type(t) is Tensor else make(one_array(t, type(t))), taken))
    return derivatives


def box_for(inputs: Inputs, directions: Sequence[Any] = ()) -> Box:
    """How to record a sweep: wholly, or in ``directions`` only (cotangents or tangents), or not at all."""
    if not is_grad_enabled():
        return None
    return make if inputs.recorded else unconnected if needs_grad(directions) else None
