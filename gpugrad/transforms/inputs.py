"""What a transform differentiates with respect to: traced copies of the leaves of a pytree.

Plain arrays in, plain arrays out; Tensors in, Tensors out. A sweep is recorded, so that it can be
differentiated again, only if something outside could ask for that: an argument, a tangent or a cotangent that
requires grad, or a Tensor that requires grad and is closed over. In the last case the results are Tensors,
whatever the arguments are: an array would lose the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Number
from typing import Any

import optree

from ..backend.arrays import is_array, namespace
from ..backend.device import Device
from ..backend.transfer import asarray, device_of
from ..core import Tensor, is_grad_enabled, make
from ..core.batched import Batched, leaked, levels
from ..core.tensor import finished, require_inexact
from ..core.trace import detached, fork, reaches_outside


class Inputs:
    """Traced copies of the leaves of a pytree, and how to hand out what is computed from them."""

    def __init__(self, tree: Any, what: str, *others: Any) -> None:
        leaves, self.spec = optree.tree_flatten(tree)
        self.boxed = has_tensor(leaves) or has_tensor(others) or bool(levels.active)
        self.may_record = is_grad_enabled()
        arrays = [x.data if type(x) is Tensor else x for x in leaves]
        beside = next((device_of(x) for x in arrays if is_array(x)), None)
        self.tensors = [fork(_tensor(leaf, what, beside)) for leaf in leaves]
        # Asked of the forks: what has its graph beneath a batch is recorded there in any case.
        parents = [t.node.parent for t in self.tensors]
        self.recorded = self.may_record and (any(parents) or needs_grad(others))
        self.nodes = frozenset(t.node for t in self.tensors)
        # Handles of the function's own: ``t[i] = v`` gives a handle another node.
        self.tree: Any = optree.tree_unflatten(self.spec, [make(t.data, t.node) for t in self.tensors])

    def look_outside(self, results: Iterable[Tensor]) -> None:
        """Record if what the function closed over requires grad."""
        if self.may_record and not self.recorded:
            self.recorded = reaches_outside([t.node for t in results], self.nodes)

    def outward(self, t: Tensor) -> Any:
        """A value for the caller."""
        if self.recorded:
            return t
        return detached(t) if self.boxed else t.data

    def gradients(self, found: dict[Any, Any], cotangents: list[Tensor], boxed: bool) -> Any:
        """Cotangents by node as a pytree like the inputs; zeros for unused ones."""
        taken = {id(g.data) for g in cotangents}
        out = []
        for t in self.tensors:
            g = found.get(t.node)
            g = finished(namespace(t.data).zeros_like(t.data) if g is None else g, t.shape, t.dtype, taken)
            out.append(g if boxed else g.data)
        return optree.tree_unflatten(self.spec, out)


def name_of(f: Callable) -> str:
    """What messages call ``f``."""
    return getattr(f, "__name__", type(f).__name__)


def has_tensor(leaves: Iterable[Any]) -> bool:
    """Whether there is a Tensor among ``leaves``."""
    return any(type(leaf) is Tensor for leaf in leaves)


def needs_grad(leaves: Iterable[Any]) -> bool:
    """Whether there is a Tensor among ``leaves`` that requires grad."""
    return any(type(leaf) is Tensor and leaf.node is not None for leaf in leaves)


def as_tensor(x: Any) -> Tensor:
    """A result or a tangent, whatever it came as, as a Tensor."""
    return x if type(x) is Tensor else make(asarray(x))


def result_of(name: str, y: Any, own: Any = None) -> Tensor:
    """``y``, which the function ``name`` returned, as a Tensor; of the ended batches it may be in ``own``."""
    try:
        t = as_tensor(y)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} has to return Tensors, arrays or numbers, or a pytree of them, got {type(y).__name__} "
            f"({y!r:.60}); for a derivative, return other things beside the value, with has_aux=True"
        ) from None
    if isinstance(t.data, Batched) and t.data.level is not own and not t.data.level.active:
        raise leaked(t.data.level, f"the result of {name}")
    return t


def _tensor(leaf: Any, what: str, beside: Device | None) -> Tensor:
    """``leaf`` as a Tensor; a number goes to the device of the arrays ``beside`` it."""
    try:
        t = make(asarray(leaf, device=beside)) if isinstance(leaf, Number) else as_tensor(leaf)
    except (TypeError, ValueError):
        raise TypeError(
            f"{what} needs an argument of arrays, Tensors or numbers, got {type(leaf).__name__} "
            f"({leaf!r:.60}); leave it out of argnums, or out of the pytree"
        ) from None
    try:
        require_inexact(t.dtype)
    except TypeError:
        raise TypeError(
            f"{what} differentiates with respect to float and complex arguments, got dtype {t.dtype}; "
            "convert the argument, or leave it out of argnums"
        ) from None
    return t
