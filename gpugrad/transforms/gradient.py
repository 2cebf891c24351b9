"""grad, value_and_grad, vjp and jvp: sweeps from and to the arguments of a function.

Arguments and results are pytrees; when they are arrays and when Tensors is said in ``inputs.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import optree

from ..core import Tensor, outward, seed
from ..core.tensor import alike
from .evaluation import Evaluation, box_for, evaluate, positions_of, pull_back, push_through
from .inputs import Inputs, has_tensor, name_of

# ---- reverse ----


def value_and_grad(f: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """A function that returns ``(f(...), gradient)``.

    argnums: the argument(s) to differentiate with respect to; a tuple gives a tuple of gradients.
    has_aux: ``f`` returns ``(value, aux)``; then so does the first of the pair.
    The gradient has the structure, shapes and dtypes of the argument; for complex arguments it points in the
    direction of steepest ascent. Arguments that ``f`` does not use get zeros.
    Raises ValueError if the value is not one real number, TypeError for integer arguments.
    """
    positions = positions_of(argnums, f)

    @wraps(f)
    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        e = evaluate(f, args, kwargs, positions, has_aux, "the gradient")
        inputs = e.inputs
        value = e.outputs[0] if len(e.outputs) == 1 else None
        if value is None or value.size != 1 or value.dtype.kind not in "fV":
            if value is None or value.size != 1:
                cure = "reduce it, say with .sum(), or use gpugrad.jacobian, which gives all derivatives"
            elif value.dtype.kind == "c":
                cure = "take real(), imag() or abs() of it, or use gpugrad.jacobian"
            else:
                cure = (
                    "whole numbers have no gradient: leave the value a float, or return it with has_aux=True"
                )
            raise ValueError(
                f"grad needs a function with one real number as its value, got {e.described()} from "
                f"{e.name}; {cure}"
            )
        cotangent = seed(value)
        found = pull_back([value], [cotangent], inputs, box_for(inputs))
        gradients = inputs.gradients(found, [cotangent], inputs.boxed or inputs.recorded)
        out = inputs.outward(value)
        if has_aux:
            out = (out, e.auxiliary())
        return out, gradients if isinstance(argnums, tuple) else gradients[0]

    return both


def grad(f: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """The gradient of ``f``, a function with one real number as its value; with aux, ``(gradient, aux)``.

    See :func:`value_and_grad` for the arguments and errors.
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient


def vjp(f: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """``(f(*primals), pull)``: ``pull(cotangent)`` gives the gradients of all primals, as a tuple.

    has_aux: ``f`` returns ``(value, aux)``; then this is ``(value, pull, aux)``.

    The cotangent has the structure, shapes and dtypes of the result (ValueError or TypeError otherwise);
    ``pull`` may be called again and again.
    """
    inputs = Inputs(primals, f"vjp of {name_of(f)}")
    e = Evaluation(f, inputs, inputs.tree, has_aux=has_aux)

    def pull(cotangent: Any) -> tuple:
        given, given_spec = optree.tree_flatten(cotangent)
        if given_spec != e.spec:
            raise ValueError(f"the cotangent has structure {given_spec}, the result of {e.name} has {e.spec}")
        what = f"cotangent for the result of {e.name}"
        cotangents = [outward(alike(g, y.data, what)) for y, g in zip(e.outputs, given, strict=True)]
        box = box_for(inputs, given)
        found = pull_back(e.outputs, cotangents, inputs, box, retain=True)
        return inputs.gradients(found, cotangents, inputs.boxed or bool(box) or has_tensor(given))

    return (e.value(), pull, e.auxiliary()) if has_aux else (e.value(), pull)


# ---- forward ----


def jvp(f: Callable, primals: tuple, tangents: tuple, has_aux: bool = False) -> tuple:
    """``(f(*primals), tangent)``: the derivative of ``f`` in the direction ``tangents``.

    primals, tangents: tuples of the same structure, shapes (ValueError otherwise) and dtypes (TypeError).
    has_aux: ``f`` returns ``(value, aux)``; then this is ``(value, tangent, aux)``.
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            f"jvp of {name_of(f)} takes a tuple of arguments and a tuple of tangents, as in "
            f"jvp(f, (x,), (t,)); got {type(primals).__name__} and {type(tangents).__name__}"
        )
    tree: Any = tuple(tangents)
    given, spec = optree.tree_flatten(tree)
    inputs = Inputs(tuple(primals), f"jvp of {name_of(f)}", *given)
    directions = along(inputs, given, spec, f"jvp of {name_of(f)}")
    e = Evaluation(f, inputs, inputs.tree, has_aux=has_aux)
    derivatives = push_through(e.outputs, directions, box_for(inputs))
    tangent = optree.tree_unflatten(e.spec, [inputs.outward(t) for t in derivatives])
    return (e.value(), tangent, e.auxiliary()) if has_aux else (e.value(), tangent)


def along(inputs: Inputs, given: list[Any], spec: Any, what: str) -> dict[Any, Tensor]:
    """The leaves ``given`` of a pytree of tangents by the nodes of the inputs, checked."""
    if spec != inputs.spec:
        raise ValueError(f"{what}: the tangents have structure {spec}, the primals have {inputs.spec}")
    return {
        x.node: alike(t, x.data, f"tangent of {what}") for x, t in zip(inputs.tensors, given, strict=True)
    }


def stop_gradient(tree: Any) -> Any:
    """The same values, without a gradient: every Tensor of a pytree detached."""
    return optree.tree_map(lambda x: x.detach() if type(x) is Tensor else x, tree)
