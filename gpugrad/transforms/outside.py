"""What a function reads besides its arguments: found by recording it, whether it was passed on or closed
over.

A derivative that has equations of its own needs the function again, and the nodes that it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from ..backend.arrays import namespace
from ..backend.dispatch import one_array, quiet
from ..core import Tensor, make, push_forward, sweep
from ..core.modes import recorded
from ..core.node import next_key
from ..core.trace import fork, met_outside


class Reading(NamedTuple):
    """One recorded evaluation: result, arguments, and the nodes older than them that the result comes from.

    Sweeps stop at the arguments, though these may themselves come from what is outside.
    """

    result: Tensor
    inputs: tuple[Tensor, ...]
    outside: list

    def pull(self, g: Any, wanted: Collection[Any], box: Callable | None) -> dict[Any, Any]:
        """Cotangents of ``wanted`` and the inputs for an array ``g``, or a Tensor together with ``box``."""
        if self.result.node is None:
            return {}
        ends = frozenset((*wanted, *[x.node for x in self.inputs]))
        with quiet():
            return sweep({self.result.node: g}, ends, retain_graph=True, box=box)

    def push(self, tangents: dict[Any, Any], box: Callable | None) -> Any:
        """The tangent of the result, None if it is zero, for those of inputs and outside."""
        if self.result.node is None:
            return None
        if box:  # only then do the arguments have a graph behind them
            tangents = {x.node: box(namespace(x.data).zeros_like(x.data)) for x in self.inputs} | tangents
        with quiet():
            return push_forward([self.result.node], tangents, box=box).get(self.result.node)


def read(f: Callable, *at: Tensor) -> Reading:
    """Evaluate ``f`` and record it."""
    start = next_key()
    inputs = tuple([fork(x) for x in at])
    with recorded():
        result = f(*[make(x.data, x.node) for x in inputs])
    return Reading(result, inputs, met_outside([result.node], [x.node for x in inputs], start))


def bare(t: Tensor, box: Callable | None) -> Any:
    """What a sweep takes: a Tensor if it is recorded, else the array."""
    return t if box else t.data


def boxed(x: Any, like: Any, shape: Sequence[int] | None = None, dtype: Any = None) -> Tensor:
    """What a sweep gave, as a Tensor: nothing means zeros, by default of the shape and dtype of ``like``."""
    if type(x) is Tensor:
        return x
    array = like.data if type(like) is Tensor else like
    if x is None:
        x = namespace(array).zeros(array.shape if shape is None else tuple(shape), dtype or array.dtype)
    return make(one_array(x, type(array)))
