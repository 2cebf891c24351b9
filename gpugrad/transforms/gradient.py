"""grad, value_and_grad, vjp and jvp: sweeps from and to the arguments of a function.

Arguments and results are pytrees. Plain arrays in, plain arrays of the same library out; with a Tensor among
the arguments the results are Tensors, and derivatives of derivatives are recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import index
from typing import Any

import optree

from ..backend.arrays import is_array, namespace
from ..backend.dispatch import quiet
from ..backend.transfer import asarray
from ..core import Tensor, enable_grad, make, outward, push_forward, seed, sweep
from ..core.tensor import require_inexact
from ..core.trace import detached, fork


def _name(f: Callable) -> str:
    return getattr(f, "__name__", type(f).__name__)


# ---- arguments and results ----


class _Inputs:
    """Traced copies of the leaves of a pytree."""

    def __init__(self, tree: Any, what: str) -> None:
        leaves, self.spec = optree.tree_flatten(tree)
        self.boxed = any(type(leaf) is Tensor for leaf in leaves)
        self.tensors = [fork(_tensor(leaf, what)) for leaf in leaves]
        self.tree = optree.tree_unflatten(self.spec, self.tensors)

    def gather(self, found: dict[Any, Any]) -> Any:
        """Cotangents by node as a pytree of gradients in the shape of the inputs; zeros for unused ones."""
        gradients = []
        for t in self.tensors:
            g = found.get(t.node)
            if g is None:
                g = namespace(t.data).zeros_like(t.data)
            gradients.append(self.plain(outward(g if type(g) is Tensor else make(g))))
        return optree.tree_unflatten(self.spec, gradients)

    def plain(self, x: Any) -> Any:
        """``x`` as the caller gave his: a Tensor among Tensors, otherwise an array."""
        return x if self.boxed or type(x) is not Tensor else x.data

    @property
    def box(self) -> Callable | None:
        return make if self.boxed else None


def _tensor(leaf: Any, what: str) -> Tensor:
    t = leaf if type(leaf) is Tensor else make(leaf if is_array(leaf) else asarray(leaf))
    try:
        require_inexact(t.dtype)
    except TypeError:
        raise TypeError(
            f"{what} differentiates with respect to float and complex arguments, got dtype {t.dtype}; "
            "convert the argument, or leave it out of argnums"
        ) from None
    return t


def _sweep(outputs: list[Tensor], cotangents: list[Tensor], inputs: _Inputs, retain: bool) -> dict[Any, Any]:
    seeds: dict[Any, Any] = {}
    for y, g in zip(outputs, cotangents, strict=True):
        if y.node is not None:
            g = g if inputs.boxed else g.data
            seeds[y.node] = seeds[y.node] + g if y.node in seeds else g
    with quiet():
        return sweep(
            seeds,
            frozenset(t.node for t in inputs.tensors),
            retain_graph=retain or inputs.boxed,
            box=inputs.box,
        )


# ---- reverse ----


def value_and_grad(f: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """A function that returns ``(f(...), gradient)``.

    argnums: the argument(s) to differentiate with respect to; a tuple gives a tuple of gradients.
    has_aux: ``f`` returns ``(value, aux)``; then so does the first of the pair.
    The gradient has the structure, shapes and dtypes of the argument; for complex arguments it points in the
    direction of steepest ascent. Arguments that ``f`` does not use get zeros.
    Raises ValueError if the value is not one real number, TypeError for integer arguments.
    """
    positions = argnums if isinstance(argnums, tuple) else (index(argnums),)

    @wraps(f)
    def evaluate(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        if any(not -len(args) <= k < len(args) for k in positions):
            raise ValueError(f"argnums={argnums} of {_name(f)}, which was called with {len(args)} arguments")
        inputs = _Inputs(tuple(args[k] for k in positions), f"the gradient of {_name(f)}")
        called = list(args)
        for k, traced in zip(positions, inputs.tree, strict=True):
            called[k] = traced
        with enable_grad():
            result = f(*called, **kwargs)
        value, aux = result if has_aux else (result, None)
        if type(value) is not Tensor:
            value = make(asarray(value))
        if value.size != 1 or value.dtype.kind not in "fV":
            raise ValueError(
                f"grad needs a function with one real number as its value, got shape {value.shape} and dtype "
                f"{value.dtype} from {_name(f)}; reduce it, say with .sum(), or use gpugrad.vjp"
            )
        found = _sweep([value], [seed(value)], inputs, retain=False)
        gradients = inputs.gather(found)
        out = inputs.plain(value)
        if has_aux:
            out = (out, optree.tree_map(lambda x: inputs.plain(detached(x)), aux))
        return out, gradients if isinstance(argnums, tuple) else gradients[0]

    return evaluate


def grad(f: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """The gradient of ``f``, a function with one real number as its value; with aux, ``(gradient, aux)``.

    See :func:`value_and_grad` for the arguments and errors.
    """
    evaluate = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, g = evaluate(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient


def vjp(f: Callable, *primals: Any) -> tuple[Any, Callable]:
    """``(f(*primals), pull)``: ``pull(cotangent)`` gives the gradients of all primals, as a tuple.

    The cotangent has the structure, shapes and dtypes of the result (ValueError or TypeError otherwise);
    ``pull`` may be called again and again.
    """
    inputs = _Inputs(primals, f"vjp of {_name(f)}")
    with enable_grad():
        result = f(*inputs.tree)
    leaves, spec = optree.tree_flatten(result)
    outputs = [y if type(y) is Tensor else make(asarray(y)) for y in leaves]

    def pull(cotangent: Any) -> tuple:
        given, given_spec = optree.tree_flatten(cotangent)
        if given_spec != spec:
            raise ValueError(f"the cotangent has structure {given_spec}, the result of {_name(f)} has {spec}")
        boxed = inputs.boxed or any(type(g) is Tensor for g in given)
        seeds = [seed(y, g) for y, g in zip(outputs, given, strict=True)]
        if boxed and not inputs.boxed:
            seeds = [detached(g) for g in seeds]
        return inputs.gather(_sweep(outputs, seeds, inputs, retain=True))

    return optree.tree_unflatten(spec, [inputs.plain(y) for y in outputs]), pull


# ---- forward ----


def jvp(f: Callable, primals: tuple, tangents: tuple) -> tuple[Any, Any]:
    """``(f(*primals), tangent)``: the derivative of ``f`` in the direction ``tangents``.

    primals, tangents: tuples of the same structure, shapes and dtypes (ValueError otherwise).
    """
    inputs = _Inputs(tuple(primals), f"jvp of {_name(f)}")
    given, spec = optree.tree_flatten(tuple(tangents))
    if spec != inputs.spec:
        raise ValueError(f"jvp: the tangents have structure {spec}, the primals have {inputs.spec}")
    boxed = inputs.boxed or any(type(t) is Tensor for t in given)
    directions: dict[Any, Any] = {}
    for x, t in zip(inputs.tensors, given, strict=True):
        direction = t if type(t) is Tensor else make(asarray(t, dtype=x.dtype, device=x.device))
        if direction.shape != x.shape:
            raise ValueError(f"jvp: a tangent has shape {direction.shape}, its primal has {x.shape}")
        directions[x.node] = direction if boxed else direction.data
    with enable_grad():
        result = f(*inputs.tree)
    leaves, out_spec = optree.tree_flatten(result)
    outputs = [y if type(y) is Tensor else make(asarray(y)) for y in leaves]
    with quiet():
        pushed = push_forward([y.node for y in outputs if y.node], directions, box=make if boxed else None)
    values, derivatives = [], []
    for y in outputs:
        t = pushed.get(y.node)
        t = make(namespace(y.data).zeros_like(y.data)) if t is None else t if type(t) is Tensor else make(t)
        values.append(y if boxed else y.data)
        derivatives.append(t if boxed else t.data)
    return optree.tree_unflatten(out_spec, values), optree.tree_unflatten(out_spec, derivatives)


def stop_gradient(tree: Any) -> Any:
    """The same values, without a gradient: every Tensor of a pytree detached."""
    return optree.tree_map(detached, tree)
