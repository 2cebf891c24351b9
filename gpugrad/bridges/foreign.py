"""A function of another library as an operation of gpugrad: what the bridges have in common.

The other library differentiates it. In a recorded sweep the derivative is again such a function, called the
same way, so derivatives of any order that the library knows are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol

import numpy as np
import optree

from ..backend.arrays import is_array, namespace
from ..backend.dispatch import one_array
from ..core import Tensor, is_grad_enabled, make, outward
from ..core.joint import Joint, Parts, item, record_joint
from ..core.tensor import require_inexact
from ..transforms.examples import each_example, one_by_one
from ..transforms.operands import connected


class Library(Protocol):
    """What a bridge says about its library. Functions take and return sequences of the library's arrays."""

    uphill: bool
    """Whether its complex gradients point uphill, as gpugrad's do at the door, or are plain transposes."""

    def is_array(self, x: Any) -> bool:
        """Whether ``x`` is one of its arrays."""
        ...

    def give(self, array: Any) -> Any:
        """A NumPy or CuPy array as one of its own, over the same memory."""
        ...

    def take(self, x: Any) -> Any:
        """One of its arrays as a NumPy or CuPy array, over the same memory."""
        ...

    def run(self, f: Callable, xs: Sequence[Any]) -> Any:
        """``f(*xs)`` without derivatives."""
        ...

    def vjp(self, f: Callable, xs: Sequence[Any]) -> tuple[Sequence[Any], Callable]:
        """``f(*xs)``, and what makes cotangents of the floating-point results into those of ``xs``."""
        ...

    def pulled(self, f: Callable, xs: Sequence[Any], gs: Sequence[Any]) -> Sequence[Any]:
        """The same in one call that the library can differentiate."""
        ...

    def pushed(self, f: Callable, xs: Sequence[Any], ts: Sequence[Any]) -> Sequence[Any]:
        """Tangents of the floating-point results, likewise."""
        ...


def imported(f: Callable, library: Library) -> Callable:
    """``f``, a function of pytrees of the library's arrays, as one of Tensors, arrays and numbers."""

    @each_example
    @wraps(f)
    def call(*args: Any) -> Any:
        tree: Any = args
        leaves, spec = optree.tree_flatten(tree)
        tensors = {i: x for i, x in enumerate(leaves) if type(x) is Tensor}
        wanted = [i for i, t in tensors.items() if t.node is not None] if is_grad_enabled() else []
        leaves = [np.asarray(x) if isinstance(x, np.generic) else x for x in leaves]
        arrays = [x.data if type(x) is Tensor else x for x in leaves]
        given = [library.give(x) if is_array(x) else x for x in arrays]
        specs: list[Any] = []

        def of_wanted(*xs: Any) -> Sequence[Any]:
            filled = list(given)
            for i, x in zip(wanted, xs, strict=True):
                filled[i] = x
            results, out_spec = optree.tree_flatten(f(*optree.tree_unflatten(spec, filled)))
            specs.append(out_spec)
            return tuple(results)

        xs = [given[i] for i in wanted]
        results, pull = library.vjp(of_wanted, xs) if wanted else (library.run(of_wanted, ()), None)
        outputs = [make(apart(library.take(y), arrays)) if library.is_array(y) else y for y in results]
        if wanted:
            operands = [tensors[i] for i in wanted]
            saved = (library, of_wanted, pull, [(y.shape, y.dtype) for y in outputs if differentiable(y)])
            call = record_joint(_FOREIGN, [t.node for t in operands], saved, tuple(t.data for t in operands))
            places = iter(range(len(outputs)))
            outputs = [make(y.data, item(call, next(places))) if differentiable(y) else y for y in outputs]
        if not tensors:
            outputs = [y.data if type(y) is Tensor else y for y in outputs]
        return optree.tree_unflatten(specs[0], outputs)

    return call


def differentiable(y: Any) -> bool:
    """Whether a result is a Tensor of floating-point numbers."""
    if type(y) is not Tensor:
        return False
    try:
        require_inexact(y.dtype)
    except TypeError:
        return False
    return True


class _Foreign(Joint):
    """A call of another library's function."""

    @one_by_one
    def pull(self, g: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        library, f, pull, outputs = saved
        gs = [_full(g.get(i), shape, dtype, arrays[0], node) for i, (shape, dtype) in enumerate(outputs)]
        turn = outward if library.uphill else lambda g: g
        if node is None:
            found = pull([library.give(turn(make(g)).data) for g in gs])
            return Parts(enumerate(turn(make(library.take(h))).data for h in found))
        n = len(arrays)
        both = imported(lambda *given: tuple(library.pulled(f, given[:n], given[n:])), library)
        found = both(*connected(arrays, node), *map(turn, gs))
        return Parts(enumerate(map(turn, found)))

    @one_by_one
    def push(self, t: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        library, f, _, _ = saved
        ts = [_full(t.get(i), x.shape, x.dtype, x, node) for i, x in enumerate(arrays)]
        n = len(arrays)
        both = imported(lambda *given: tuple(library.pushed(f, given[:n], given[n:])), library)
        return Parts(enumerate(both(*(connected(arrays, node) if node else arrays), *ts)))


_FOREIGN = _Foreign("foreign function")


def apart(array: Any, others: Sequence[Any]) -> Any:
    """``array``, or a copy if it shares memory with one of ``others``, which might be written to."""
    xp = namespace(array)
    shared = any(is_array(x) and namespace(x) is xp and xp.may_share_memory(x, array) for x in others)
    return array.copy() if shared else array


def exportable(array: Any) -> Tensor:
    """``array`` as any library takes it by DLPack: most refuse read-only memory, which is copied."""
    writable = getattr(array.flags, "writeable", True)  # CuPy has no read-only arrays
    return make(array if writable else array.copy())


def _full(part: Any, shape: tuple[int, ...], dtype: Any, like: Any, node: Any) -> Any:
    """``part``, or zeros where there is none; a Tensor if the sweep is recorded."""
    if part is None:
        part = namespace(like).zeros(shape, dtype)
    elif type(part) is not Tensor:
        part = one_array(part, type(like))
    return make(part) if node is not None and type(part) is not Tensor else part
