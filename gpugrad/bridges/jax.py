"""Functions of gpugrad in JAX, and functions of JAX in gpugrad, over the same memory where JAX allows it.

JAX copies host arrays that are not aligned as it wants them, and gives read-only ones.
"""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import optree

try:
    import jax
except ImportError as error:
    raise ImportError(
        "gpugrad.bridges.jax needs JAX, which is not installed; see https://docs.jax.dev/en/latest/installation.html"
    ) from error

import jax.numpy as jnp
import numpy as np

from ..backend.arrays import as_dtype, is_array
from ..backend.transfer import from_dlpack, to_device
from ..core import Tensor, make, outward
from ..transforms.flat import plain
from ..transforms.gradient import vjp
from ..transforms.inputs import as_tensor
from .foreign import apart, differentiable, exportable, imported


def from_jax(f: Callable) -> Callable:
    """``f``, a function of pytrees of JAX arrays, as a function of pytrees of gpugrad's Tensors and arrays.

    Numbers and other leaves are passed on as they are. Gradients reach the arguments. Derivatives in both
    modes, of any order. Raises TypeError for 64-bit arrays while JAX runs in 32 bits.
    """
    return imported(f, _Jax())


def to_jax(f: Callable) -> Callable:
    """``f``, a function of pytrees of gpugrad's Tensors, as a differentiable function of pytrees of JAX
    arrays.

    ``f`` gets Tensors. ``jax.grad`` and ``jax.vjp`` of any order work on it, ``jax.jvp`` does not
    (``jax.custom_vjp``). Under ``jax.jit`` and ``jax.vmap`` it is called back on the host, with NumPy
    arrays, and evaluated once more, at ones, to learn the shapes of its results: these must depend on those
    of the arguments alone.
    """

    @wraps(f)
    def call(*args: Any) -> Any:
        tree: Any = args
        leaves, spec = optree.tree_flatten(tree)
        specs: list[Any] = []

        def flat(*xs: Any) -> list[Any]:
            results, out_spec = optree.tree_flatten(f(*optree.tree_unflatten(spec, xs)))
            specs.append(out_spec)
            return results

        outputs = _differentiable(flat)(*[jnp.asarray(x) for x in leaves])
        return optree.tree_unflatten(specs[0], outputs)

    return call


# ---- a gpugrad function with a custom_vjp ----


class _Pull:
    """A pull on its way to the backward pass, as a pytree without leaves; None under a JAX transform."""

    def __init__(self, pull: Callable | None) -> None:
        self.pull = pull


jax.tree_util.register_pytree_node(_Pull, lambda p: ((), p), lambda p, _: p)


def _differentiable(flat: Callable) -> Callable:
    """``flat``, a function of Tensors to a list of them, as one of JAX arrays to a tuple."""

    @jax.custom_vjp
    def call(*xs: Any) -> tuple:
        if _traced(xs):
            return _called_back(flat, xs)
        arrays = [_take(x) for x in xs]
        return tuple(_result(y, arrays) for y in flat(*map(make, arrays)))

    def forward(*xs: Any) -> tuple[tuple, tuple]:
        if _traced(xs):
            return call(*xs), (xs, _Pull(None))
        arrays = [_take(x) for x in xs]
        results, pull, others = _pulled(flat, arrays)
        outputs = [others[i] if i in others else results[i] for i in range(len(results) + len(others))]
        return tuple(_result(y, arrays) for y in outputs), (xs, _Pull(pull))

    def backward(kept: tuple, gs: tuple) -> tuple:
        xs, pull = kept[0], kept[1].pull
        gs = tuple(g for g in gs if g.dtype != jax.dtypes.float0)
        if pull is None or _traced(gs):
            n = len(xs)
            found = _differentiable(lambda *given: _transposed(flat, given[:n], given[n:]))(*xs, *gs)
        else:
            found = [_give(_turned(h)) for h in plain(pull([_turned(_take(g)) for g in gs]))]
        places = iter(found)
        return tuple(next(places) if _floating(x) else None for x in xs)

    call.defvjp(forward, backward)
    return call


def _pulled(flat: Callable, arrays: Sequence[Any]) -> tuple[dict, Callable, dict]:
    """Differentiable results by position, their pull, and the other results."""
    wanted = [i for i, a in enumerate(arrays) if differentiable(make(a) if is_array(a) else a)]
    others: dict[int, Any] = {}
    places: list[int] = []

    def of_wanted(*xs: Any) -> list:
        filled = [a if type(a) is Tensor else make(a) for a in arrays]
        for i, x in zip(wanted, xs, strict=True):
            filled[i] = x
        results = flat(*filled)
        others.update((i, y) for i, y in enumerate(results) if not differentiable(y))
        places.extend(i for i, y in enumerate(results) if differentiable(y))
        return [y for y in results if differentiable(y)]

    results, pull = vjp(of_wanted, *[arrays[i] for i in wanted])
    return dict(zip(places, results, strict=True)), pull, others


def _transposed(flat: Callable, xs: Sequence[Tensor], gs: Sequence[Tensor]) -> list[Tensor]:
    """The backward pass as a function of Tensors."""
    return [_turned(h) for h in _pulled(flat, xs)[1]([_turned(g) for g in gs])]


_turned = outward  # between gpugrad's gradients, which point uphill, and JAX's plain transposes


def _called_back(flat: Callable, xs: Sequence[Any]) -> tuple:
    """A call on the host in the middle of a compiled program."""

    def on_host(*given: Any) -> tuple:
        return tuple(to_device(as_tensor(y).data, "cpu") for y in flat(*[make(np.asarray(x)) for x in given]))

    shapes = tuple(
        jax.ShapeDtypeStruct(y.shape, y.dtype)
        for y in on_host(*[np.ones(x.shape, as_dtype(x.dtype)) for x in xs])
    )
    return tuple(jax.pure_callback(on_host, shapes, *xs, vmap_method="sequential"))


def _traced(xs: Sequence[Any]) -> bool:
    return any(isinstance(x, jax.core.Tracer) for x in xs)


def _floating(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)


# ---- memory ----


def _take(x: Any) -> Any:
    """The array over the memory of a JAX array."""
    return from_dlpack(x)


def _give(array: Any) -> Any:
    """A JAX array over the memory of an array."""
    if array.dtype.itemsize == 8 * (1 + (array.dtype.kind == "c")) and not jax.config.jax_enable_x64:
        raise TypeError(
            f"JAX runs in 32 bits and would round {array.dtype}; say "
            "jax.config.update('jax_enable_x64', True), or convert with astype"
        )
    return jnp.from_dlpack(exportable(array))


def _result(y: Any, arrays: Sequence[Any]) -> Any:
    """A result for JAX, whose arrays never change: in memory of its own."""
    return _give(apart(as_tensor(y).data, arrays))


# ---- a JAX function in gpugrad ----


class _Jax:
    """JAX, as ``foreign.Library``."""

    uphill = False

    def is_array(self, x: Any) -> bool:
        return isinstance(x, jax.Array)

    def give(self, array: Any) -> Any:
        return _give(array)

    def take(self, x: Any) -> Any:
        return _take(x)

    def run(self, f: Callable, xs: Sequence[Any]) -> Any:
        return f(*xs)

    def vjp(self, f: Callable, xs: Sequence[Any]) -> tuple[Sequence[Any], Callable]:
        ys, pull, others = jax.vjp(lambda *xs: _parted(f(*xs)), *xs, has_aux=True)
        rest, places = list(ys), others
        return [rest.pop(0) if y is None else y for y in places], lambda gs: pull(list(gs))

    def pulled(self, f: Callable, xs: Sequence[Any], gs: Sequence[Any]) -> Sequence[Any]:
        return jax.vjp(lambda *xs: _parted(f(*xs))[0], *xs)[1](list(gs))

    def pushed(self, f: Callable, xs: Sequence[Any], ts: Sequence[Any]) -> Sequence[Any]:
        return jax.jvp(lambda *xs: _parted(f(*xs))[0], tuple(xs), tuple(ts))[1]


def _parted(ys: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Floating-point results, and all results with None in place of these."""
    inexact = [isinstance(y, jax.Array) and _floating(y) for y in ys]
    return [y for y, is_one in zip(ys, inexact, strict=True) if is_one], [
        None if is_one else y for y, is_one in zip(ys, inexact, strict=True)
    ]
