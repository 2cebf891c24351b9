"""Jacobians and Hessians: the rows by reverse mode, or the columns by forward mode, of one evaluation."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import optree

from ..core import Tensor
from .basis import along_basis
from .evaluation import Evaluation, box_for, evaluate, positions_of, pull_back, push_through
from .inputs import as_tensor, name_of

Argnums = int | tuple[int, ...]


def jacrev(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """The Jacobian of ``f`` by reverse mode, a row for each output; best for fewer outputs than inputs.

    argnums: the argument(s) to differentiate with respect to; a tuple gives a tuple for each output.
    has_aux: ``f`` returns ``(value, aux)``; then so does this, ``(jacobian, aux)``.

    For arrays, the shape is that of the output followed by that of the input. For pytrees, every leaf of the
    output becomes a pytree like the input. Dtype: that of the input, or the output's complex one.

    Complex: for a complex output of a complex input, ``f`` has to be holomorphic and the entries are its
    complex derivatives; for a real output they are the gradient, which points uphill as in :func:`grad`; for
    a real input, the derivatives of real and imaginary part as one number.
    Raises TypeError for integer arguments or outputs, ValueError for argnums that are not there.
    """
    return _transform(f, argnums, has_aux, lambda e: True)


def jacfwd(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """The Jacobian of ``f`` by forward mode, a column for each input; best for more outputs than inputs.

    As :func:`jacrev`, but for the dtype, which is that of the output, or the input's complex one.
    """
    return _transform(f, argnums, has_aux, lambda e: False)


def jacobian(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """The Jacobian of ``f``: :func:`jacrev` if it has fewer outputs than inputs, else :func:`jacfwd`."""
    return _transform(f, argnums, has_aux, _fewer_outputs)


def hessian(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """The second derivatives of ``f``, ``jacfwd(jacrev(f))``: shape of the output, then the input's, twice.

    For pytrees, blocks: a pytree like the input whose leaves are pytrees like the input. Arguments are real:
    second derivatives in a complex one are those in its real and its imaginary part (TypeError).
    """
    positions = positions_of(argnums, f)
    second = jacfwd(jacrev(f, argnums, has_aux), argnums, has_aux)

    @wraps(f)
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        for k in positions:
            leaves = optree.tree_leaves(args[k]) if -len(args) <= k < len(args) else ()
            if any(as_tensor(x).dtype.kind == "c" for x in leaves):
                raise TypeError(
                    f"hessian of {name_of(f)} takes real arguments, argument {k} is complex; make its real "
                    "part and its imaginary part two arguments"
                )
        return second(*args, **kwargs)

    return derivatives


def _transform(f: Callable, argnums: Argnums, has_aux: bool, reverse: Callable) -> Callable:
    positions = positions_of(argnums, f)

    @wraps(f)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        e = evaluate(f, args, kwargs, positions, has_aux, "the Jacobian")
        for y in e.outputs:
            if y.dtype.kind not in "fcV":
                raise TypeError(
                    f"the Jacobian of {e.name} needs float or complex outputs, got dtype {y.dtype}; return "
                    "it beside the value with has_aux=True, or convert it with .astype(float)"
                )
        blocks = _by_rows(e) if reverse(e) else _by_columns(e)
        trees = [optree.tree_unflatten(e.inputs.spec, row) for row in blocks]
        if not isinstance(argnums, tuple):
            trees = [tree[0] for tree in trees]
        result = optree.tree_unflatten(e.spec, trees)
        return (result, e.auxiliary()) if has_aux else result

    return jacobian


def _fewer_outputs(e: Evaluation) -> bool:
    return sum(y.size for y in e.outputs) < sum(x.size for x in e.inputs.tensors)


def _by_rows(e: Evaluation) -> list[list[Any]]:
    """For each output, the blocks of all inputs."""
    inputs = e.inputs
    table = []
    for y in e.outputs:

        def pull(g: Tensor, y: Tensor = y) -> list[Tensor]:
            found = pull_back([y], [g], inputs, box_for(inputs), retain=True)
            return optree.tree_leaves(inputs.gradients(found, [g], True))

        rows = along_basis(pull, y.data)
        if y.dtype.kind == "c":
            # What a real input gets for the unit i is the derivative of the imaginary part.
            imaginary = along_basis(pull, y.data, 1j) if any(_real(x) for x in inputs.tensors) else rows
            rows = [
                a - b * 1j if _real(x) else a.conj()
                for x, a, b in zip(inputs.tensors, rows, imaginary, strict=True)
            ]
        table.append(
            [inputs.outward(h.reshape(y.shape + x.shape)) for x, h in zip(inputs.tensors, rows, strict=True)]
        )
    return table


def _by_columns(e: Evaluation) -> list[list[Any]]:
    """For each output, the blocks of all inputs."""
    inputs = e.inputs
    columns = []
    for x in inputs.tensors:

        def push(t: Tensor, x: Tensor = x) -> list[Tensor]:
            return push_through(e.outputs, {x.node: t}, box_for(inputs))

        found = along_basis(push, x.data)
        if not _real(x) and any(_real(y) for y in e.outputs):
            imaginary = along_basis(push, x.data, 1j)
            found = [
                a + b * 1j if _real(y) else a for y, a, b in zip(e.outputs, found, imaginary, strict=True)
            ]
        columns.append([_last(h).reshape(y.shape + x.shape) for y, h in zip(e.outputs, found, strict=True)])
    return [[inputs.outward(column[k]) for column in columns] for k in range(len(e.outputs))]


def _real(t: Tensor) -> bool:
    return t.dtype.kind != "c"


def _last(h: Tensor) -> Tensor:
    """The axis of the unit arrays moved to the end."""
    return h.transpose(*range(1, h.ndim), 0) if h.ndim > 1 else h
