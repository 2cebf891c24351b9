"""Derivatives in given directions: hvp, linearize and elementwise_grad."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import optree

from ..backend.arrays import namespace
from ..core import make
from .evaluation import Evaluation, box_for, evaluate, positions_of, pull_back, push_through
from .gradient import along, grad, jvp
from .inputs import Inputs, has_tensor, name_of


def hvp(f: Callable, primals: Any, tangents: Any) -> Any:
    """The Hessian of ``f``, a function with one real number as its value, times ``tangents``.

    primals, tangents: tuples of arguments, as for :func:`jvp`, and the result is one too: the product of the
    whole Hessian; or one argument that is no tuple, and then so is the result.
    Forward mode over reverse mode: about the cost of four evaluations, whatever the dimension.
    Raises as :func:`grad` and :func:`jvp` do.
    """
    if not isinstance(primals, tuple):
        return hvp(f, (primals,), (tangents,))[0]
    return jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]


def linearize(f: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """``(f(*primals), linear)``: ``linear(*tangents)`` is the derivative in any direction.

    has_aux: ``f`` returns ``(value, aux)``; then this is ``(value, linear, aux)``.

    ``f`` is evaluated once; each call of ``linear`` only pushes tangents through what was recorded. It may be
    differentiated itself: ``vjp(linear, *tangents)`` is its transpose, the one of ``vjp(f, *primals)``.
    The tangents have the structure, shapes and dtypes of the primals (ValueError or TypeError otherwise).
    """
    inputs = Inputs(primals, f"linearize of {name_of(f)}")
    e = Evaluation(f, inputs, inputs.tree, has_aux=has_aux)

    def linear(*tangents: Any) -> Any:
        tree: Any = tangents
        given, spec = optree.tree_flatten(tree)
        directions = along(inputs, given, spec, f"linearize of {e.name}")
        box = box_for(inputs, given)
        derivatives = push_through(e.outputs, directions, box)
        if box is None:
            boxed = inputs.boxed or has_tensor(given)
            derivatives = [make(t.data) if boxed else t.data for t in derivatives]
        return optree.tree_unflatten(e.spec, derivatives)

    return (e.value(), linear, e.auxiliary()) if has_aux else (e.value(), linear)


def elementwise_grad(f: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """The derivative of a function that acts on each element by itself, at every element.

    It is the gradient of the sum of the result; for other functions that is the sum of the rows of the
    Jacobian (:func:`jacobian`). Repeat it for higher derivatives. Arguments as in :func:`grad`; the result of
    ``f`` is one real array of any shape (TypeError otherwise).
    """
    positions = positions_of(argnums, f)

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        e = evaluate(f, args, kwargs, positions, has_aux, "the derivative")
        if len(e.outputs) != 1 or e.outputs[0].dtype.kind not in "fV":
            raise TypeError(
                f"elementwise_grad needs a function with one real array as its value, got {e.described()} "
                f"from {e.name}; use gpugrad.jacobian for all derivatives, or gpugrad.vjp for one combination"
            )
        y, inputs = e.outputs[0], e.inputs
        ones = make(namespace(y.data).ones_like(y.data))
        found = pull_back([y], [ones], inputs, box_for(inputs))
        gradients = inputs.gradients(found, [ones], inputs.boxed or inputs.recorded)
        result = gradients if isinstance(argnums, tuple) else gradients[0]
        return (result, e.auxiliary()) if has_aux else result

    return derivative
