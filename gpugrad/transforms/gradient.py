"""grad, value_and_grad, vjp and jvp: sweeps from and to the arguments of a function.

Arguments and results are pytrees; when they are arrays and when Tensors is said in ``inputs.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from operator import index
from typing import Any, cast

import optree

from ..backend.arrays import namespace
from ..backend.dispatch import one_array, quiet
from ..core import Tensor, is_grad_enabled, make, push_forward, seed, sweep
from ..core.modes import recorded
from ..core.tensor import alike, unshared
from ..core.trace import detached
from .inputs import Inputs, as_tensor, has_tensor, needs_grad


def _name(f: Callable) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _sweep(
    outputs: list[Tensor], cotangents: list[Tensor], inputs: Inputs, record: bool, retain: bool = False
) -> dict[Any, Any]:
    """Cotangents of the inputs by node. A result from before the inputs does not depend on them."""
    oldest = max((node.key for node in inputs.nodes), default=-math.inf)
    seeds: dict[Any, Any] = {}
    for y, g in zip(outputs, cotangents, strict=True):
        if y.node is not None and y.node.key <= oldest:
            g = g if record else g.data
            seeds[y.node] = seeds[y.node] + g if y.node in seeds else g
    with quiet():
        return sweep(seeds, inputs.nodes, retain_graph=retain or record, box=make if record else None)


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
        inputs = Inputs(tuple(args[k] for k in positions), f"the gradient of {_name(f)}")
        called = list(args)
        for k, traced in zip(positions, inputs.tree, strict=True):
            called[k] = traced
        with recorded():
            result = f(*called, **kwargs)
        aux: Any
        value, aux = result if has_aux else (result, None)
        value = as_tensor(value)
        if value.size != 1 or value.dtype.kind not in "fV":
            raise ValueError(
                f"grad needs a function with one real number as its value, got shape {value.shape} and dtype "
                f"{value.dtype} from {_name(f)}; reduce it, say with .sum(), or use gpugrad.vjp"
            )
        inputs.look_outside([value, *(x for x in optree.tree_leaves(aux) if type(x) is Tensor)])
        cotangent = seed(value)
        found = _sweep([value], [cotangent], inputs, inputs.recorded)
        gradients = inputs.gradients(found, [cotangent], inputs.boxed or inputs.recorded)
        out = inputs.outward(value)
        if has_aux:
            out = (out, optree.tree_map(lambda x: inputs.outward(x) if type(x) is Tensor else x, aux))
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
    inputs = Inputs(primals, f"vjp of {_name(f)}")
    with recorded():
        result = f(*inputs.tree)
    leaves, spec = optree.tree_flatten(result)
    outputs = [as_tensor(y) for y in leaves]
    inputs.look_outside(outputs)

    def pull(cotangent: Any) -> tuple:
        given, given_spec = optree.tree_flatten(cotangent)
        if given_spec != spec:
            raise ValueError(f"the cotangent has structure {given_spec}, the result of {_name(f)} has {spec}")
        cotangents = [seed(y, g) for y, g in zip(outputs, given, strict=True)]
        record = is_grad_enabled() and (inputs.recorded or needs_grad(given))
        found = _sweep(outputs, cotangents, inputs, record, retain=True)
        return inputs.gradients(found, cotangents, inputs.boxed or record or has_tensor(given))

    return optree.tree_unflatten(spec, [inputs.outward(y) for y in outputs]), pull


# ---- forward ----


def jvp(f: Callable, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """``(f(*primals), tangent)``: the derivative of ``f`` in the direction ``tangents``.

    primals, tangents: tuples of the same structure, shapes (ValueError otherwise) and dtypes (TypeError).
    """
    given, spec = optree.tree_flatten(cast(Any, tuple(tangents)))
    inputs = Inputs(tuple(primals), f"jvp of {_name(f)}", *given)
    if spec != inputs.spec:
        raise ValueError(f"jvp: the tangents have structure {spec}, the primals have {inputs.spec}")
    directions = [alike(t, x.data, "tangent of jvp") for x, t in zip(inputs.tensors, given, strict=True)]
    with recorded():
        result = f(*inputs.tree)
    leaves, out_spec = optree.tree_flatten(result)
    outputs = [as_tensor(y) for y in leaves]
    inputs.look_outside(outputs)
    box = make if inputs.recorded else None
    starts = {x.node: d if box else d.data for x, d in zip(inputs.tensors, directions, strict=True)}
    with quiet():
        pushed = push_forward([y.node for y in outputs if y.node], starts, box=box)
    taken = {id(d.data) for d in directions}
    derivatives = []
    for y in outputs:
        t = pushed.get(y.node)
        t = namespace(y.data).zeros_like(y.data) if t is None else t
        t = t if type(t) is Tensor else make(one_array(t, type(t)))
        derivatives.append(inputs.outward(unshared(t, taken)))
    values = [inputs.outward(y) for y in outputs]
    return optree.tree_unflatten(out_spec, values), optree.tree_unflatten(out_spec, derivatives)


def stop_gradient(tree: Any) -> Any:
    """The same values, without a gradient: every Tensor of a pytree detached."""
    return optree.tree_map(detached, tree)
